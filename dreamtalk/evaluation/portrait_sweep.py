"""The clip that portraits are judged by: one command after another, each up, held and down, with rest between."""

import numpy as np

from dreamtalk.errors import OptionError
from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip

SWEEP_FPS = 12.5
REST, RISE, HOLD = 2, 5, 2
"""Frames before and after each command, on its way up (and down), and at its top."""

SHAPES = {
    "jawOpen": 0.8, "mouthSmile": 0.8, "eyeBlink": 1.0, "mouthPucker": 0.8, "browInnerUp": 0.8, "browDown": 0.8,
}  # fmt: skip
"""Commanded shapes and how far they go; both sides where the name leaves the side out."""

TURNS_DEG = {"pitch": 8.0, "yaw": 12.0}
"""Commanded turns of the head, to either side."""

COMMANDS = (*SHAPES, *reversed(TURNS_DEG))
_AXES = {"pitch": 0, "yaw": 1}


def columns(shape: str) -> list[int]:
    """A shape's columns: both sides where the name leaves the side out."""
    return [INDEX[name] for name in (shape, f"{shape}Left", f"{shape}Right") if name in INDEX]


def command_curve(clip: BlendshapeClip, command: str) -> np.ndarray:
    """What a clip asks of one command, (T,): the mean weight of a shape's sides, or radians of a turn."""
    if command in _AXES:
        return clip.head_rotation[:, _AXES[command]].astype(np.float64)
    return clip.weights[:, columns(command)].mean(axis=1, dtype=np.float64)


def axis(turn: str) -> int:
    """The column of head angles that a turn moves."""
    return _AXES[turn]


def sweep(commands: tuple[str, ...] = COMMANDS) -> BlendshapeClip:
    """One command after another; a turn goes to both sides. Raises OptionError for a command there is not."""
    up = np.linspace(0, 1, RISE + 1)[1:]
    bump = np.concatenate([np.zeros(REST), up, np.ones(HOLD), up[::-1], np.zeros(REST)])
    parts = [part for command in commands for part in _parts(command, bump)]
    weights, turns = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    return BlendshapeClip(weights, turns, SWEEP_FPS)


def _parts(command: str, bump: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    if command not in COMMANDS:
        raise OptionError(f"The sweep has no command {command!r}; choose of {', '.join(COMMANDS)}.")
    weights, turns = np.zeros((len(bump), len(NAMES))), np.zeros((len(bump), 3))
    if command in SHAPES:
        weights[:, columns(command)] = SHAPES[command] * bump[:, None]
        return [(weights, turns)]
    turns[:, _AXES[command]] = np.radians(TURNS_DEG[command]) * bump
    return [(weights, turns), (weights, -turns)]
