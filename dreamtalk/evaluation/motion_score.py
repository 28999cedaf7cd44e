"""Motion against captures and phone times: one row of measures per system and corpus."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace

import numpy as np

from dreamtalk import measures
from dreamtalk.evaluation.lip_curves import LipCurves, fitted_gain, lip_curves
from dreamtalk.evaluation.phone_measures import bilabials_closed, speaking_frames, vowels_falsely_closed
from dreamtalk.speech.loudness import frame_loudness_db, speech_frames
from dreamtalk.speech.phones import Phone
from dreamtalk.training.training_clip import FPS, Recording
from rig.arkit import INDEX, MOUTH, indices
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import LipBasis, lip_basis

System = Callable[[Recording], BlendshapeClip]
"""Speech of a recording -> its motion at 25 fps; it must not look at the recording's own curves."""

NOT_MEASURED = float("nan")
_LIDS = indices("eyeBlinkLeft", "eyeBlinkRight")
_MEDIANS = ("jaw_lag_ms", "aperture_lag_ms")
_HEAD = ("head_pitch_deg", "head_yaw_deg", "head_roll_deg")
_BANDS = ("head_slow", "head_1_2_hz", "head_2_4_hz", "head_4_8_hz")

_Measured = dict[str, tuple[float, float]]
"""Measure -> its value in one clip and how much that counts among the clips."""


@dataclass(frozen=True)
class MotionScore:
    """What a system does on one corpus; definitions in docs/evaluation.md, NaN where there was nothing to measure.

    Means over clips; shares count phones or closures over all clips, and lags are medians. Lengths in millimetres on
    the rig; head_slow and the three after it share the head's power from 0.3 Hz on.
    """

    clips: int
    jaw_r: float = NOT_MEASURED
    jaw_lag_ms: float = NOT_MEASURED
    aperture_r: float = NOT_MEASURED
    aperture_lag_ms: float = NOT_MEASURED
    width_r: float = NOT_MEASURED
    lip_vertex_error_mm: float = NOT_MEASURED
    lip_vertex_error_gain_mm: float = NOT_MEASURED
    lip_vertex_error_dyn_mm: float = NOT_MEASURED
    gain: float = NOT_MEASURED
    amplitude: float = NOT_MEASURED
    bilabials_closed: float = NOT_MEASURED
    vowels_falsely_closed: float = NOT_MEASURED
    closures_met: float = NOT_MEASURED
    jitter: float = NOT_MEASURED
    jitter_per_frame: float = NOT_MEASURED
    silence_mm: float = NOT_MEASURED
    upper_face_deviation: float = NOT_MEASURED
    blinks_per_minute: float = NOT_MEASURED
    blink_length_s: float = NOT_MEASURED
    head_pitch_deg: float = NOT_MEASURED
    head_yaw_deg: float = NOT_MEASURED
    head_roll_deg: float = NOT_MEASURED
    head_slow: float = NOT_MEASURED
    head_1_2_hz: float = NOT_MEASURED
    head_2_4_hz: float = NOT_MEASURED
    head_4_8_hz: float = NOT_MEASURED

    def rounded(self) -> dict[str, float | None]:
        """The fields by name, to three decimals; None where there was nothing to measure."""
        return {name: None if np.isnan(value) else round(value, 3) for name, value in asdict(self).items()}


def score(
    system: System, recordings: Iterable[Recording], rig: FaceRig, gain: float = NOT_MEASURED
) -> MotionScore:
    """Measure a system on recordings of one corpus; frames where the tracker lost the face are left out.

    gain: of `system_gain`, for the gain-fitted lip vertex error; without it that error is not measured.
    """
    basis = lip_basis(rig)
    return replace(pooled(clip_measures(system(each), each, basis, gain) for each in recordings), gain=gain)


def system_gain(system: System, development: Sequence[Recording], rig: FaceRig) -> float:
    """The one gain of a system's lips, fitted on recordings that the score is not taken on; NaN without any."""
    basis, captured = lip_basis(rig), [each for each in development if each.captured.any()]
    if not captured:
        return NOT_MEASURED
    return fitted_gain(_lips_on_both_sides(system(each), each, basis) for each in captured)


def clip_measures(clip: BlendshapeClip, recording: Recording, basis: LipBasis, gain: float) -> _Measured:
    """All measures of one clip against the recording it was made for."""
    clip = fitting(clip, recording)
    own = lip_curves(clip.weights, basis)
    found = _phones_met(own.aperture, recording) | _life(clip) | _silence(own.aperture, recording)
    mouth = np.abs(np.diff(clip.weights[:, MOUTH], 2, axis=0))
    found["jitter_per_frame"] = _plain(float(mouth.mean()) if mouth.size else NOT_MEASURED)
    if recording.captured.any() and recording.valid.sum() > 2:
        found |= _against_truth(clip, recording, basis, gain)
    return found


def pooled(clips: Iterable[_Measured]) -> MotionScore:
    """The measures of many clips as one row."""
    rows = list(clips)
    values = {}
    for name in (field.name for field in fields(MotionScore) if field.name not in ("clips", "gain")):
        pairs = np.array([row[name] for row in rows if name in row and row[name][1] > 0]).reshape(-1, 2)
        if len(pairs):
            average = np.median(pairs[:, 0]) if name in _MEDIANS else np.average(pairs[:, 0], weights=pairs[:, 1])
            values[name] = float(average)
    return MotionScore(clips=len(rows), **values)


def fitting(clip: BlendshapeClip, recording: Recording) -> BlendshapeClip:
    """The clip at the recording's rate and, where it ends early or late, held or cut to its length."""
    clip = clip if clip.fps == FPS else clip.resampled(FPS)
    rows = np.minimum(np.arange(len(recording)), len(clip) - 1)
    return clip if len(clip) == len(recording) else BlendshapeClip(clip.weights[rows], clip.head_rotation[rows], FPS)


def _plain(value: float) -> tuple[float, float]:
    return value, float(np.isfinite(value))


def _share(counts: tuple[int, int]) -> tuple[float, float]:
    found, there = counts
    return found / max(there, 1), float(there)


def _lips_on_both_sides(
    clip: BlendshapeClip, recording: Recording, basis: LipBasis
) -> tuple[LipCurves, LipCurves]:
    """Predicted and true lips over the valid frames; shapes that were not captured rest on both sides."""
    own, real = (
        lip_curves(np.where(recording.captured, weights, 0.0), basis).shown(recording.valid)
        for weights in (fitting(clip, recording).weights, recording.weights)
    )
    return own, real


def _against_truth(clip: BlendshapeClip, recording: Recording, basis: LipBasis, gain: float) -> _Measured:
    own, real = _lips_on_both_sides(clip, recording, basis)
    predicted, truth = clip.weights[recording.valid], recording.weights[recording.valid]
    upper = _plain(measures.upper_face_deviation(predicted, truth, recording.captured))
    if not recording.captured[MOUTH].any():
        return {"upper_face_deviation": upper}
    found = _lip_errors(own, real, gain) | {
        "aperture_r": _plain(measures.correlation(own.aperture, real.aperture)),
        "aperture_lag_ms": _plain(measures.best_lag_s(own.aperture, real.aperture, FPS) * 1000),
        "width_r": _plain(measures.correlation(own.width, real.width)),
        "amplitude": _plain(measures.amplitude(own.aperture, real.aperture)),
        "closures_met": _share(measures.closures_met(own.aperture, real.aperture, FPS)),
        "jitter": _plain(measures.jitter(predicted, truth, recording.captured)),
        "upper_face_deviation": upper,
    }
    if recording.captured[INDEX["jawOpen"]]:
        found["jaw_r"] = _plain(measures.correlation(own.jaw, real.jaw))
        found["jaw_lag_ms"] = _plain(measures.best_lag_s(own.jaw, real.jaw, FPS) * 1000)
    return found


def _lip_errors(own: LipCurves, real: LipCurves, gain: float) -> _Measured:
    error = measures.lip_vertex_error_mm
    still_own, still_real = own.points.mean(axis=0), real.points.mean(axis=0)
    return {
        "lip_vertex_error_mm": _plain(error(own.points, real.points)),
        "lip_vertex_error_gain_mm": _plain(error(gain * own.points, real.points)),
        "lip_vertex_error_dyn_mm": _plain(error(own.points - still_own, real.points - still_real)),
    }


def _phones_met(aperture_mm: np.ndarray, recording: Recording) -> _Measured:
    """Closures and false closures of the phones during which the tracker held the face."""
    seen = tuple(_seen(recording))
    return {
        "bilabials_closed": _share(bilabials_closed(aperture_mm, seen, FPS)),
        "vowels_falsely_closed": _share(vowels_falsely_closed(aperture_mm, seen, FPS)),
    }


def _seen(recording: Recording) -> Iterator[Phone]:
    for phone in recording.phones:
        frame = round(phone.centre_s * FPS)
        if frame < len(recording) and recording.valid[frame]:
            yield phone


def _silence(aperture_mm: np.ndarray, recording: Recording) -> _Measured:
    if recording.phones:
        speaking = speaking_frames(recording.phones, len(recording), FPS)
    else:
        speaking = speech_frames(frame_loudness_db(recording.samples, len(recording)))
    speaking = speaking | ~recording.valid
    return {"silence_mm": _plain(measures.silence_deviation_mm(aperture_mm, speaking, FPS))}


def _life(clip: BlendshapeClip) -> _Measured:
    """Blinks and head; nothing where lids or head never move, as in a truth that did not capture them."""
    found: _Measured = {}
    if clip.weights[:, _LIDS].any():
        blinks = measures.blinks(clip.weights, FPS)
        found["blinks_per_minute"] = (blinks.per_minute, clip.duration_s)
        found["blink_length_s"] = (blinks.length_s, blinks.per_minute * clip.duration_s)
    if clip.head_rotation.any():
        deviation = measures.head_deviation_deg(clip.head_rotation)
        bands = measures.head_band_power(clip.head_rotation, FPS)
        found |= {name: _plain(float(value)) for name, value in zip(_HEAD, deviation, strict=True)}
        found |= {name: _plain(float(value)) for name, value in zip(_BANDS, bands, strict=True)}
    return found
