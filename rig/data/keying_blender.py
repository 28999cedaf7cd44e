"""Key a head in Blender (4.2 to 5.0) with curves that dreamtalk made: shape keys, head and eyes, rate, range, sound.

In Blender: open it in the Text Editor, select the mesh and run it. Or from a shell:

    blender -b head.blend -P face.blender.py -- --fbx face.fbx

Options after --: --mesh NAME, --armature NAME, --first-frame N (1), --no-turns, --sound FILE, --glb FILE (imports a
head first), --fbx FILE and --save FILE.blend (write the result). What was animated before is kept as an action.
"""

import argparse
import os
import sys
from array import array

import bpy
from mathutils import Matrix

# isort: split
from keying_common import TAKE, columns, log, part_of, shapes_among

# Our axes (x to the character's left, y up, z out of the face) in Blender's, where a face looks along -Y.
TO_BLENDER = Matrix(((1, 0, 0), (0, 0, -1), (0, 1, 0)))
LINEAR = 1  # as foreach_set numbers the interpolations


def key_blocks(mesh):
    """Shape of the take -> its key block's name in the mesh: by its written name, else by its ARKit name."""
    keys = mesh.data.shape_keys
    names = [block.name for block in keys.key_blocks] if keys else []
    return shapes_among(names)


def chosen_mesh(name):
    """The named mesh, else the active one, else the one with most of the shapes."""
    meshes = [thing for thing in bpy.context.scene.objects if thing.type == "MESH"]
    if name:
        named = [thing for thing in meshes if name in (thing.name, thing.data.name)]
        if not named:
            raise RuntimeError(f"The scene has no mesh called {name}; name one of its meshes with --mesh.")
        return named[0]
    active = bpy.context.view_layer.objects.active
    if active in meshes and key_blocks(active):
        return active
    best = max(meshes, key=lambda mesh: len(key_blocks(mesh)), default=None)
    if best is None or not key_blocks(best):
        raise RuntimeError("No mesh here has shape keys called like jawOpen; import your head first, or use --glb.")
    return best


def curves_of(thing, label):
    """The F-curves of a new action on an ID; the action it had is kept in the file."""
    data = thing.animation_data_create()
    if data.action:
        data.action.use_fake_user = True
    action = bpy.data.actions.new(f"{TAKE['subject']} {label}")
    if not hasattr(action, "slots"):  # before Blender 4.4
        data.action = action
        return action.fcurves
    slot = action.slots.new(id_type=thing.id_type, name=label)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    data.action = action
    data.action_slot = slot
    return strip.channelbag(slot, ensure=True).fcurves


def key(fcurves, path, values, first_frame, index=0):
    count = len(values)
    points = array("f", bytes(8 * count))
    points[0::2] = array("f", range(first_frame, first_frame + count))
    points[1::2] = values
    curve = fcurves.new(data_path=path, index=index)
    curve.keyframe_points.add(count)
    curve.keyframe_points.foreach_set("co", points)
    curve.keyframe_points.foreach_set("interpolation", [LINEAR] * count)
    curve.update()


def key_shapes(mesh, take, first_frame):
    blocks = key_blocks(mesh)
    fcurves = curves_of(mesh.data.shape_keys, "face")
    for shape, name in blocks.items():
        key(fcurves, f'key_blocks["{bpy.utils.escape_identifier(name)}"].value', take[shape], first_frame)
    missing = [shape for shape in TAKE["shapes"] if shape not in blocks]
    if missing:
        log.warning("%s has no shape key for %s.", mesh.name, ", ".join(missing))


def head_bones(armature):
    """Part -> pose bone, of those called head and eye."""
    found = {}
    for bone in armature.pose.bones:
        found.setdefault(part_of(bone.name), bone)
    found.pop(None, None)
    return found


def key_turns(armature, take, first_frame):
    """Turn each bone about its own place as the take says, whatever its own axes; its parents are at rest."""
    bones = head_bones(armature)
    if not bones:
        log.warning("%s has no bone called head; its turns are left out.", armature.name)
        return
    fcurves = curves_of(armature, "head")
    for part, bone in bones.items():
        world = armature.matrix_world.to_3x3() @ bone.bone.matrix_local.to_3x3()
        axes = (world.normalized().inverted() @ TO_BLENDER).to_quaternion()
        w, x, y, z = (take[f"{part}.{letter}"] for letter in "wxyz")
        # A turn's axis is carried into the bone's axes; its angle, and so w, stays.
        matrix = axes.to_matrix()
        bone.rotation_mode = "QUATERNION"
        path = f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"].rotation_quaternion'
        key(fcurves, path, w, first_frame, 0)
        for row in range(3):
            a, b, c = matrix[row]
            turned = array("f", (a * i + b * j + c * k for i, j, k in zip(x, y, z, strict=True)))
            key(fcurves, path, turned, first_frame, row + 1)


def set_time(scene, first_frame):
    rate, base = TAKE["fps"]
    scene.render.fps, scene.render.fps_base = rate, base
    scene.frame_start, scene.frame_end = first_frame, first_frame + TAKE["frames"] - 1
    scene.frame_set(first_frame)


def add_sound(scene, name, first_frame):
    folders = ["", os.path.dirname(globals().get("__file__", "")), os.path.dirname(bpy.data.filepath)]
    folders += [os.path.dirname(bpy.path.abspath(text.filepath)) for text in bpy.data.texts if text.filepath]
    path = next((p for p in (os.path.join(folder, name) for folder in folders) if os.path.isfile(p)), None)
    if path is None:
        log.warning("The sound %s was not found; add it in the Video Sequencer.", name)
        return
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences  # the name before Blender 4.4
    try:
        strips.new_sound(TAKE["subject"], os.path.abspath(path), 1, first_frame)
    except RuntimeError as error:  # no sound in this Blender, or no sound file: the keys are worth keeping
        log.warning("The sound %s could not be added: %s", path, " ".join(str(error).split()))


def options():
    parser = argparse.ArgumentParser(prog="blender -b head.blend -P face.blender.py --")
    for name in ("--mesh", "--armature", "--sound", "--glb", "--fbx", "--save"):
        parser.add_argument(name)
    parser.add_argument("--first-frame", type=int, default=1)
    parser.add_argument("--no-turns", action="store_true")
    return parser.parse_args(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])


def main():
    wanted = options()
    scene = bpy.context.scene
    if wanted.glb:
        bpy.ops.import_scene.gltf(filepath=os.path.abspath(wanted.glb))
    mesh = chosen_mesh(wanted.mesh or TAKE["mesh"])
    armature = bpy.data.objects.get(wanted.armature) if wanted.armature else mesh.find_armature()
    if wanted.armature and (armature is None or armature.type != "ARMATURE"):
        raise RuntimeError(f"The scene has no armature called {wanted.armature}; name one of its armatures.")
    take = columns()
    set_time(scene, wanted.first_frame)
    key_shapes(mesh, take, wanted.first_frame)
    if armature is not None and not wanted.no_turns:
        key_turns(armature, take, wanted.first_frame)
    if wanted.sound or TAKE["sound"]:
        add_sound(scene, wanted.sound or TAKE["sound"], wanted.first_frame)
    if wanted.fbx:
        bpy.ops.export_scene.fbx(
            filepath=os.path.abspath(wanted.fbx), object_types={"ARMATURE", "EMPTY", "MESH"}, add_leaf_bones=False,
            bake_anim_use_nla_strips=False, bake_anim_use_all_actions=False, bake_anim_simplify_factor=0.0,
        )
    if wanted.save:
        bpy.ops.wm.save_as_mainfile(filepath=os.path.abspath(wanted.save), copy=True)


main()
