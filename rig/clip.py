"""BlendshapeClip: the curves that every stage of the product exchanges."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.errors import RigError
from rig.gaze import eye_rotation_from_weights
from rig.resampling import resampled


def _frozen_array(name: str, value: Any, shape: tuple[int | None, ...]) -> np.ndarray:
    array = np.array(value, dtype=np.float32)
    if array.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, array.shape, strict=True)):
        wanted = " x ".join("frames" if size is None else str(size) for size in shape)
        raise RigError(f"{name} has the shape {array.shape}; a clip needs {wanted}.")
    if not np.isfinite(array).all():
        raise RigError(f"{name} holds NaN or infinite values; fill or drop those frames first.")
    array.setflags(write=False)
    return array


def _frozen_marks(value: Any, count: int) -> np.ndarray:
    marks = np.array(value, dtype=bool)
    if marks.shape != (count,):
        raise RigError(f"seen has the shape {marks.shape}; a clip needs one mark a frame, {count}.")
    marks.setflags(write=False)
    return marks


@dataclass(frozen=True, eq=False)
class BlendshapeClip:
    """A stretch of facial motion.

    weights: (T, 52) float32 in [0, 1], columns in the order of rig.arkit.NAMES; zeros are the neutral face with
        closed lips.
    head_rotation: (T, 3) float32 radians (pitch, yaw, roll), a turn away from the head's own rest pose; axes and
        signs in rig.rotation.
    fps: frames a second, > 0.
    eye_rotation: (T, 2, 3) float32 radians, left and right eye, or None when the source had no eye angles.
    seen: (T,) bool, False where a capture had lost the face and the curves only lead across; None = all of it is meant.

    Arrays are copied and read-only. Raises RigError where shapes differ, values are not finite or weights leave
    [0, 1].
    """

    weights: np.ndarray
    head_rotation: np.ndarray
    fps: float
    eye_rotation: np.ndarray | None = None
    seen: np.ndarray | None = None

    def __post_init__(self) -> None:
        weights = _frozen_array("weights", self.weights, (None, len(NAMES)))
        count = len(weights)
        if count == 0:
            raise RigError("The clip has no frames; a clip needs at least one.")
        if weights.min() < 0 or weights.max() > 1:
            worst = np.unravel_index(np.argmax(np.abs(weights - 0.5)), weights.shape)
            raise RigError(
                f"{NAMES[worst[1]]} is {weights[worst]:g} in frame {worst[0]}; "
                "weights lie between 0 and 1, clip them first."
            )
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise RigError(f"The clip has {self.fps} frames a second; it needs a rate above 0.")
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "head_rotation", _frozen_array("head_rotation", self.head_rotation, (count, 3)))
        object.__setattr__(self, "fps", float(self.fps))
        if self.eye_rotation is not None:
            object.__setattr__(self, "eye_rotation", _frozen_array("eye_rotation", self.eye_rotation, (count, 2, 3)))
        if self.seen is not None:
            object.__setattr__(self, "seen", _frozen_marks(self.seen, count))

    @classmethod
    def rest(cls, frame_count: int, fps: float) -> Self:
        """The neutral face, held still for `frame_count` frames."""
        return cls(np.zeros((frame_count, len(NAMES))), np.zeros((frame_count, 3)), fps)

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def duration_s(self) -> float:
        """Seconds that the clip fills: frames / fps."""
        return len(self) / self.fps

    def column(self, name: str) -> np.ndarray:
        """The curve of one shape, (T,) float32. Raises RigError for a name that is not one of the 52."""
        if name not in INDEX:
            raise RigError(f"{name!r} is not an ARKit shape; the names are those of rig.NAMES, such as jawOpen.")
        return self.weights[:, INDEX[name]]

    def eyes(self) -> np.ndarray:
        """Eye rotation (T, 2, 3) in radians: the source's own, or else derived from the eyeLook weights."""
        return eye_rotation_from_weights(self.weights) if self.eye_rotation is None else self.eye_rotation

    def resampled(self, fps: float, *, keep_peaks: bool = True) -> "BlendshapeClip":
        """The same motion at another frame rate.

        keep_peaks: going down, blinks and closures between the new instants are kept (rig.resampling); False takes
        the straight line at every instant. Head and eyes are linear in their angles. A frame is seen where the frames
        that it lies between were. Raises RigError for a rate that is none.
        """
        return resampled(self, fps, keep_peaks)

    def replaced(self, **fields: Any) -> "BlendshapeClip":
        """A copy with some fields changed, checked like a new clip."""
        return replace(self, **fields)
