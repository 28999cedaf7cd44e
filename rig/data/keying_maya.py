"""Key a head in Maya (2022 and later) with curves that dreamtalk made: blend shapes, head and eyes, rate, sound.

Select the mesh and run this in the Script Editor (File > Source Script). Without a selection the blendShape node with
most of the shapes is taken. Keys that were on the same attributes in the take's range are replaced; one undo is not
kept for the keys, so save the scene first.
"""

import math
import os

from maya import cmds

# isort: split
from keying_common import TAKE, columns, log, part_of, shapes_among

FIRST_FRAME = 1
TURNS = True  # False leaves joints called head, eye_left and eye_right as they are
RATES = {15: "game", 24: "film", 25: "pal", 30: "ntsc", 48: "show", 50: "palf", 60: "ntscf"}


def aliases(node):
    """Shape of the take -> its alias on a blendShape node: by its written name, else by its ARKit name."""
    names = cmds.listAttr(node + ".weight", multi=True) or []
    return shapes_among(names)


def chosen_node():
    selected = cmds.ls(selection=True) or []
    history = cmds.listHistory(selected) if selected else []
    nodes = (cmds.ls(history, type="blendShape") if history else []) or cmds.ls(type="blendShape") or []
    best = max(nodes, key=lambda node: len(aliases(node)), default=None)
    if best is None or not aliases(best):
        raise RuntimeError("No blendShape node here has targets called like jawOpen; open your head's scene first.")
    return best


def set_time():
    """The scene's rate and range; gives the time of each frame, in the scene's own frames."""
    rate, base = TAKE["fps"]
    fps = rate / base
    named = RATES.get(fps) or f"{fps:.5g}fps"
    step = 1.0
    try:
        cmds.currentUnit(time=named)
    except RuntimeError:  # a rate that Maya does not have: the keys fall between the frames of another
        cmds.currentUnit(time="film")
        step = 24.0 / fps
    last = FIRST_FRAME + (TAKE["frames"] - 1) * step
    cmds.playbackOptions(minTime=FIRST_FRAME, maxTime=last, animationStartTime=FIRST_FRAME, animationEndTime=last)
    return [FIRST_FRAME + frame * step for frame in range(TAKE["frames"])]


def key(attribute, times, values):
    """Linear keys; frames between two of the same value need none."""
    cmds.cutKey(attribute, time=(times[0], times[-1]), clear=True)
    last = len(times) - 1
    for n, value in enumerate(values):
        if n in (0, last) or not values[n - 1] == value == values[n + 1]:
            cmds.setKeyframe(attribute, time=times[n], value=value, inTangentType="linear", outTangentType="linear")


def joints():
    """Part -> joint, of those called head and eye."""
    found = {}
    for joint in cmds.ls(type="joint") or []:
        found.setdefault(part_of(joint), joint)
    found.pop(None, None)
    return found


def frame_of(joint):
    """Rows of the joint's own axes in the world as it stands, turned back by its own rotation, which must be 0."""
    if any(abs(angle) > 1e-3 for angle in cmds.getAttr(joint + ".rotate")[0]) or cmds.getAttr(joint + ".rotateOrder"):
        return None
    matrix = cmds.xform(joint, query=True, worldSpace=True, matrix=True)
    rows = (matrix[0:3], matrix[4:7], matrix[8:11])
    return [[value / math.sqrt(sum(v * v for v in row)) for value in row] for row in rows]


def angles_in(axes, w, x, y, z):
    """Degrees for rotateOrder xyz of a turn by a quaternion of the world, in the joint's own axes (rows)."""
    x, y, z = (row[0] * x + row[1] * y + row[2] * z for row in axes)
    about_x = math.atan2(2 * (y * z + w * x), 1 - 2 * (x * x + y * y))
    about_y = math.asin(max(-1.0, min(1.0, 2 * (w * y - x * z))))
    about_z = math.atan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z))
    return [math.degrees(angle) for angle in (about_x, about_y, about_z)]


def key_turns(take, times):
    for part, joint in joints().items():
        axes = frame_of(joint)
        if axes is None:
            log.warning("%s is turned already, or turns in another order than xyz; its turns are left out.", joint)
            continue
        w, x, y, z = (take[part + "." + letter] for letter in "wxyz")
        angles = [angles_in(axes, w[n], x[n], y[n], z[n]) for n in range(len(times))]
        for axis, letter in enumerate("XYZ"):
            key(joint + ".rotate" + letter, times, [angle[axis] for angle in angles])


def add_sound():
    folders = ["", os.path.dirname(globals().get("__file__", "")), cmds.workspace(query=True, rootDirectory=True) or ""]
    folders.append(os.path.dirname(cmds.file(query=True, sceneName=True) or ""))
    path = next((p for p in (os.path.join(f, TAKE["sound"]) for f in folders) if os.path.isfile(p)), None)
    if path is None:
        log.warning("The sound %s was not found; import it by File > Import.", TAKE["sound"])
        return
    cmds.sound(file=os.path.abspath(path).replace(os.sep, "/"), offset=FIRST_FRAME)


def main():
    node = chosen_node()
    take = columns()
    recording = cmds.undoInfo(query=True, state=True)
    cmds.undoInfo(stateWithoutFlush=False)  # millions of undo steps would fill the memory
    try:
        times = set_time()
        found = aliases(node)
        for shape, alias in found.items():
            key(node + "." + alias, times, take[shape])
        if TURNS:
            key_turns(take, times)
    finally:
        cmds.undoInfo(stateWithoutFlush=recording)
    missing = [shape for shape in TAKE["shapes"] if shape not in found]
    if missing:
        log.warning("%s has no target for %s.", node, ", ".join(missing))
    if TAKE["sound"]:
        add_sound()


main()
