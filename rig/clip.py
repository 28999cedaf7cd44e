"""BlendshapeClip: the curves that every stage of the product exchanges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.editing import edit_mix, edit_shape, edit_time
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

    def trimmed(self, start_s: float = 0.0, end_s: float | None = None) -> "BlendshapeClip":
        """The stretch from `start_s` to `end_s` (None: the end); neighbouring stretches share no frame.

        Raises RigError where it leaves the clip or holds no frame.
        """
        return edit_time.trimmed(self, start_s, end_s)

    def joined(self, other: "BlendshapeClip", crossfade_s: float = 0.0) -> "BlendshapeClip":
        """This clip, then `other` at this one's rate; the last seconds of one fade into the first of the other.

        Raises RigError where the cross-fade is longer than either clip.
        """
        return edit_time.joined(self, other, crossfade_s)

    def looped(
        self, count: int | None = None, *, duration_s: float | None = None, crossfade_s: float = 0.0
    ) -> "BlendshapeClip":
        """The clip over and over: `count` rounds, or cut at `duration_s`.

        With a cross-fade every round, the first too, starts in what the last seconds fade from, so that the result
        itself repeats without a seam; a round is shorter by the fade. Raises RigError for a count below 1 or a fade
        longer than half the clip.
        """
        return edit_time.looped(self, count, duration_s, crossfade_s)

    def stretched(self, factor: float | None = None, *, duration_s: float | None = None) -> "BlendshapeClip":
        """The motion `factor` times as long (0.01 to 100; below 1 is faster), or as long as given, at the same rate.

        Blinks last as much longer; closures are kept as in `resampled`.
        """
        return edit_time.stretched(self, factor, duration_s)

    def reversed(self) -> "BlendshapeClip":
        """From the last frame to the first."""
        return edit_time.reversed_in_time(self)

    def shifted(self, seconds: float) -> "BlendshapeClip":
        """Later by so many seconds, the first frame held before; earlier for a number below 0, the start cut off."""
        return edit_time.shifted(self, seconds)

    def mirrored(self) -> "BlendshapeClip":
        """Left and right exchanged: shapes, eyes, and the head's yaw and roll."""
        return edit_shape.mirrored(self)

    def scaled(self, gains: Mapping[str, float]) -> "BlendshapeClip":
        """Regions (rig.editing.regions) or single shapes times a gain of 0 to 10, weights kept in [0, 1].

        Head and eyes turn about their own axes by so much more. mouthClose is a shape like the others.
        """
        return edit_shape.scaled(self, gains)

    def smoothed(self, cutoff_hz: float, regions: Iterable[str] = ("face", "head")) -> "BlendshapeClip":
        """Changes faster than `cutoff_hz` taken out of regions without lag; blinks and closures stay.

        Angles are smoothed one by one: up to 30 degrees that is within 0.1 degrees of smoothing the turns themselves.
        """
        return edit_shape.smoothed(self, cutoff_hz, regions)

    def mixed(
        self,
        other: "BlendshapeClip",
        regions: Iterable[str],
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        fade_s: float = edit_mix.FADE_S,
    ) -> "BlendshapeClip":
        """This clip with regions of `other`, from start_s to end_s where given, with fades inside.

        All else stays to the bit, and so does what lies behind the end of a shorter `other`. Turns go along the
        shortest arc. Raises RigError for an unknown region or a range outside the clip.
        """
        return edit_mix.mixed(self, other, regions, start_s, end_s, fade_s)

    def blended(
        self, other: "BlendshapeClip", share: float = 0.5, *, fade_s: float = edit_mix.FADE_S
    ) -> "BlendshapeClip":
        """`share` (0 to 1) of the way from this clip to `other` in everything."""
        return edit_mix.blended(self, other, share, fade_s)

    def with_blinks(
        self, source: "BlendshapeClip | Iterable[float]", *, add: bool = False, fade_s: float = edit_mix.FADE_S
    ) -> "BlendshapeClip":
        """The blinks of another clip, or blinks that start at the given seconds; add: on top of the own."""
        other = source if isinstance(source, BlendshapeClip) else edit_mix.blinking(self, source)
        return edit_mix.with_layer(self, other, "blinks", add, fade_s)

    def with_gaze(
        self, other: "BlendshapeClip", *, add: bool = False, fade_s: float = edit_mix.FADE_S
    ) -> "BlendshapeClip":
        """The gaze of another clip, eyeLook shapes and eye angles; add: on top of the own."""
        return edit_mix.with_layer(self, other, "gaze", add, fade_s)

    def with_head(
        self, other: "BlendshapeClip", *, add: bool = False, fade_s: float = edit_mix.FADE_S
    ) -> "BlendshapeClip":
        """The head's turns of another clip; add: within the own turns."""
        return edit_mix.with_layer(self, other, "head", add, fade_s)

    def replaced(self, **fields: Any) -> "BlendshapeClip":
        """A copy with some fields changed, checked like a new clip."""
        return replace(self, **fields)
