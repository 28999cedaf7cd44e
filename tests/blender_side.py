"""Runs in a Python that has bpy, never in the tests' own: what Blender makes of a file, as JSON or a picture.

python blender_side.py see FILE FPS FRAMES OUT.json      at frames of the scene, as 0,7,12
python blender_side.py key SCRIPT HEAD OUT.json [ARGS]   imports the head, then runs a generated script with ARGS
python blender_side.py export FILE FPS LAST OUT           imports, and writes frames 0 to LAST as .usdc or .glb
python blender_side.py draw FILE FPS FRAME OUT.png       a small Cycles picture
"""

import json
import math
import sys
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

TO_OURS = Matrix(((1, 0, 0), (0, 0, 1), (0, -1, 0)))


def import_file(path: str, fps: float) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = round(fps), round(fps) / fps  # importers count time in the scene's frames
    if path.endswith((".glb", ".gltf")):
        bpy.ops.import_scene.gltf(filepath=path)
    elif path.endswith(".fbx"):
        bpy.ops.import_scene.fbx(filepath=path, anim_offset=0.0)
    else:
        bpy.ops.wm.usd_import(filepath=path)


def face():
    keyed = [thing for thing in bpy.data.objects if thing.type == "MESH" and thing.data.shape_keys]
    return max(keyed, key=lambda thing: len(thing.data.shape_keys.key_blocks))


def head_turn() -> list[list[float]] | None:
    """How the bone called head is turned from its rest, in the axes of rig.rotation."""
    armature = face().find_armature()
    bone = armature.pose.bones.get("head") if armature else None
    if bone is None:
        return None
    world = armature.matrix_world.to_3x3().normalized()
    turn = world @ bone.matrix.to_3x3() @ bone.bone.matrix_local.to_3x3().inverted() @ world.inverted()
    return [list(row) for row in TO_OURS @ turn @ TO_OURS.inverted()]


def seen(frames: list[int], first: int = 0) -> dict:
    """Shape keys, their values and the vertices in our axes, at frames of the scene after the first."""
    scene, mesh = bpy.context.scene, face()
    blocks = mesh.data.shape_keys.key_blocks
    report: dict = {
        "names": [block.name for block in blocks if block != mesh.data.shape_keys.reference_key],
        "fps": scene.render.fps / scene.render.fps_base, "range": [scene.frame_start, scene.frame_end],
        "values": [], "turns": [], "vertices": [],
    }  # fmt: skip
    for frame in frames:
        scene.frame_set(first + frame)
        report["values"].append([blocks[name].value for name in report["names"]])
        report["turns"].append(head_turn())
        posed = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
        to_ours = TO_OURS.to_4x4() @ posed.matrix_world
        report["vertices"].append([list(to_ours @ vertex.co) for vertex in posed.data.vertices])
    return report


def key(script: str, head: str, arguments: list[str]) -> dict:
    """Run as `blender -P` would, with a scene that holds the head, or is empty where that is "-"."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if head != "-":
        import_file(head, 24.0)
    sys.argv = ["blender", "--", *arguments]
    code = compile(Path(script).read_text(encoding="utf-8"), script, "exec")
    try:
        exec(code, {"__name__": "__main__", "__file__": script})
    except RuntimeError as error:
        return {"error": str(error)}
    scene = bpy.context.scene
    count = scene.frame_end - scene.frame_start + 1
    editor = scene.sequence_editor
    strips = getattr(editor, "strips", None) or getattr(editor, "sequences", ())
    report = seen(sorted({0, count // 2, count - 1}), scene.frame_start)
    return {**report, "sounds": [strip.sound.filepath for strip in strips]}


def export(out: str, last: int) -> None:
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 0, last
    if out.endswith(".glb"):
        bpy.ops.export_scene.gltf(filepath=out, export_force_sampling=True)
    else:
        bpy.ops.wm.usd_export(filepath=out, export_animation=True)


def draw(out: str, frame: int) -> None:
    """Head and shoulders from the front in soft light."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location, camera.rotation_euler, camera.data.lens = (0.03, -0.50, -0.05), (math.radians(90), 0, 0.05), 50
    scene.collection.objects.link(camera)
    scene.camera = camera
    for place, power in (((-0.7, -0.9, 0.6), 16), ((0.9, -0.6, 0.1), 5), ((0.5, 0.7, 0.7), 10)):
        light = bpy.data.objects.new("light", bpy.data.lights.new("light", "AREA"))
        light.data.energy, light.data.size, light.location = power, 0.5, place
        light.rotation_euler = (Vector((0, 0, -0.05)) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
        scene.collection.objects.link(light)
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True  # of itself from Blender 5.0 on
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.35, 0.38, 0.42, 1)
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 32, False
    scene.render.resolution_x = scene.render.resolution_y = 480
    scene.view_settings.view_transform = "Standard"
    scene.render.filepath = out
    bpy.ops.render.render(write_still=True)


def main() -> None:
    what, first, second, *rest = sys.argv[1:]
    if what == "key":
        Path(rest[0]).write_text(json.dumps(key(first, second, rest[1:])), encoding="utf-8")
        return
    import_file(first, float(second))
    if what == "export":
        export(rest[1], int(rest[0]))
    elif what == "draw":
        draw(rest[1], int(rest[0]))
    else:
        Path(rest[1]).write_text(json.dumps(seen([int(frame) for frame in rest[0].split(",")])), encoding="utf-8")


main()
