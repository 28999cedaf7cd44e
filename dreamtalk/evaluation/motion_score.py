"""Motion against captured truth: one row of measures per system and corpus."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from dreamtalk import measures
from dreamtalk.loudness import frame_loudness_db, speech_frames
from dreamtalk.training_clip import FPS, Recording
from rig.arkit import INDEX
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm, lip_vertices_mm, mouth_width_mm

System = Callable[[Recording], np.ndarray]
"""Speech of a recording -> weights (T, 52); it must not look at the recording's own weights."""


@dataclass(frozen=True)
class MotionScore:
    """Means over the clips of one corpus; definitions in dreamtalk.measures. Lags are medians in milliseconds."""

    clips: int
    jaw_r: float
    jaw_lag_ms: float
    aperture_r: float
    aperture_lag_ms: float
    width_r: float
    lip_vertex_error_mm: float
    amplitude: float
    jitter: float
    closures_met: float
    falsely_closed: float
    silence_mm: float

    def rounded(self) -> dict[str, float | None]:
        """The fields by name, to three decimals; None where there was nothing to measure."""
        return {name: None if np.isnan(value) else round(value, 3) for name, value in asdict(self).items()}


@dataclass(frozen=True, eq=False)
class _Lips:
    jaw: np.ndarray
    aperture: np.ndarray
    width: np.ndarray
    vertices: np.ndarray


def score(system: System, recordings: Sequence[Recording], rig: FaceRig) -> MotionScore:
    """Measure a system on recordings of one corpus; frames where the tracker lost the face are left out."""
    rows, met, wanted = [], 0, 0
    for recording in recordings:
        predicted = system(recording)[recording.valid]
        truth = recording.weights[recording.valid]
        own, real = _lips(predicted, rig), _lips(truth, rig)
        speaking = speech_frames(frame_loudness_db(recording.samples, len(recording)))[recording.valid]
        found, there = measures.closures_met(own.aperture, real.aperture, FPS)
        met, wanted = met + found, wanted + there
        rows.append((
            measures.correlation(own.jaw, real.jaw),
            measures.best_lag_s(own.jaw, real.jaw, FPS) * 1000,
            measures.correlation(own.aperture, real.aperture),
            measures.best_lag_s(own.aperture, real.aperture, FPS) * 1000,
            measures.correlation(own.width, real.width),
            measures.lip_vertex_error_mm(own.vertices, real.vertices),
            measures.amplitude(own.aperture, real.aperture),
            measures.jitter(predicted, truth),
            measures.falsely_closed(own.aperture, real.aperture),
            measures.silence_deviation_mm(own.aperture, speaking, FPS),
        ))  # fmt: skip
    table = np.ma.masked_invalid(np.array(rows))
    mean, lag = table.mean(axis=0).filled(np.nan), np.ma.median(table, axis=0).filled(np.nan)
    mean, lag = mean.tolist(), lag.tolist()
    return MotionScore(
        len(rows), mean[0], lag[1], mean[2], lag[3], mean[4], mean[5], mean[6], mean[7],
        met / wanted if wanted else float("nan"), mean[8], mean[9],
    )  # fmt: skip


def _lips(weights: np.ndarray, rig: FaceRig) -> _Lips:
    return _Lips(
        weights[:, INDEX["jawOpen"]],
        lip_aperture_mm(rig, weights),
        mouth_width_mm(rig, weights),
        lip_vertices_mm(rig, weights),
    )
