"""What emotions do to a performance: are they told apart, do they grow with intensity, do the lips stay in sync?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from dreamtalk import measures
from dreamtalk.evaluation.avatar_reading import read_avatar, stills
from dreamtalk.evaluation.lip_curves import lip_curves
from dreamtalk.evaluation.phone_measures import bilabials_closed, vowels_falsely_closed
from dreamtalk.evaluation.recognition import STEADY, Confusion, confusion, nearest_centroid, side_free
from dreamtalk.expression.emotions import EMOTIONS
from dreamtalk.pipeline import DreamTalk
from dreamtalk.speech.audio import Waveform
from dreamtalk.speech.phones import Phone
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import LipBasis, lip_basis

NEUTRAL = "neutral"
INTENSITIES = (0.25, 0.5, 0.75, 1.0)
SWEPT_SEEDS = 2
"""So many seeds are tried at every intensity; the others only at full intensity, for the recognition."""
_UPPER = np.intersect1d(measures.UPPER_FACE, STEADY)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Speech:
    """A speech to try emotions on. phones: what is said when, empty where nobody knows."""

    name: str
    waveform: Waveform
    phones: tuple[Phone, ...] = ()


@dataclass(frozen=True)
class EmotionRow:
    """One emotion at one intensity, as means over speeches and seeds.

    aperture_r, amplitude, closures_kept: of the lips against those of the neutral face with the same speech and seed.
    bilabials_closed, vowels_falsely_closed: by the phones, NaN without them. upper_face_shift: mean distance of the
    upper face's mean weights from neutral's, gaze and blinks aside. mouth_shift_mm: of the mean lip shape.
    """

    emotion: str
    intensity: float
    clips: int
    aperture_r: float
    amplitude: float
    closures_kept: float
    bilabials_closed: float
    vowels_falsely_closed: float
    upper_face_shift: float
    mouth_shift_mm: float
    blinks_per_minute: float
    blink_length_s: float
    head_pitch_deg: float
    head_yaw_deg: float
    head_roll_deg: float


@dataclass(frozen=True, eq=False)
class EmotionReport:
    """rows: per emotion and intensity. monotone: share of steps in intensity that move the upper face further from
    neutral. by_curves, by_avatar: who is taken for whom at full intensity, from the mean weights and from MediaPipe's
    scores of the rendered avatar (None where nothing was rendered).
    """

    rows: tuple[EmotionRow, ...]
    monotone: float
    by_curves: Confusion
    by_avatar: Confusion | None

    @property
    def matrices(self) -> dict[str, Confusion]:
        """The confusion matrices by what they were read from."""
        avatar = {} if self.by_avatar is None else {"MediaPipe on the avatar": self.by_avatar}
        return {"mean curves": self.by_curves, **avatar}


_Key = tuple[str, float, int, int]  # emotion, intensity, number of the speech, seed
_Clips = Mapping[_Key, BlendshapeClip]


def emotion_report(
    talk: DreamTalk, speeches: Sequence[Speech], seeds: int = 5, avatar: bool = True, progress: Progress | None = None
) -> EmotionReport:
    """Animate every speech in eight emotions, `seeds` seeds (at least 2) and four intensities, and compare."""
    wanted = [
        (emotion, intensity, speech, seed)
        for speech in range(len(speeches))
        for seed in range(seeds)
        for emotion in EMOTIONS
        for intensity in (INTENSITIES if seed < SWEPT_SEEDS and emotion != NEUTRAL else INTENSITIES[-1:])
    ]
    full = [key for key in wanted if key[1] == 1.0]
    total, clips = len(wanted) + (len(full) if avatar else 0), {}
    for done, (emotion, intensity, speech, seed) in enumerate(wanted, start=1):
        performance = talk.animate(speeches[speech].waveform, emotion, intensity, seed=seed)
        clips[emotion, intensity, speech, seed] = performance.clip
        if progress:
            progress(done, total)
    by_avatar = _confusion_of(_avatar_scores(clips, full, len(wanted), total, progress), full) if avatar else None
    means = np.stack([_steady_mean(clips[key]) for key in full])
    return EmotionReport(_rows(clips, speeches), _monotone(clips), _confusion_of(means, full), by_avatar)


def _confusion_of(features: np.ndarray, keys: Sequence[_Key]) -> Confusion:
    """features: (N, 52), recognised from samples of other seeds and, where there are several, other speeches."""
    truth, speeches, seeds = (np.array([key[place] for key in keys]) for place in (0, 2, 3))
    return confusion(truth, nearest_centroid(side_free(features), truth, (seeds, speeches)), EMOTIONS)


def _steady_mean(clip: BlendshapeClip) -> np.ndarray:
    mean = np.zeros(clip.weights.shape[1])
    mean[STEADY] = clip.weights[:, STEADY].mean(axis=0)
    return mean


def _avatar_scores(
    clips: _Clips, keys: Sequence[_Key], before: int, total: int, progress: Progress | None
) -> np.ndarray:
    from dreamtalk.face.face_landmarks import FaceDetector

    rig, scores = FaceRig.load(), []
    with FaceDetector(most_faces=1) as detector:
        for done, key in enumerate(keys, start=before + 1):
            scores.append(read_avatar(detector, stills(clips[key]), rig)[0])
            if progress:
                progress(done, total)
    return np.stack(scores)


def _rows(clips: _Clips, speeches: Sequence[Speech]) -> tuple[EmotionRow, ...]:
    basis, found = lip_basis(FaceRig.load()), {}
    for emotion, intensity, speech, seed in clips:
        neutral = clips[NEUTRAL, 1.0, speech, seed]
        row = _against_neutral(clips[emotion, intensity, speech, seed], neutral, speeches[speech].phones, basis)
        found.setdefault((emotion, intensity), []).append(row)
    return tuple(
        EmotionRow(emotion, intensity, len(rows), *_means(rows)) for (emotion, intensity), rows in found.items()
    )


def _means(rows: Sequence[Mapping[str, float]]) -> list[float]:
    """In the order of EmotionRow; NaN counts for nothing."""
    table = np.ma.masked_invalid([[row[field.name] for field in fields(EmotionRow)[3:]] for row in rows])
    return table.mean(axis=0).filled(np.nan).tolist()


def _against_neutral(
    clip: BlendshapeClip, neutral: BlendshapeClip, phones: Sequence[Phone], basis: LipBasis
) -> dict[str, float]:
    own, calm = lip_curves(clip.weights, basis), lip_curves(neutral.weights, basis)
    blinks, head = measures.blinks(clip.weights, clip.fps), measures.head_deviation_deg(clip.head_rotation).tolist()
    return {
        "aperture_r": measures.correlation(own.aperture, calm.aperture),
        "amplitude": measures.amplitude(own.aperture, calm.aperture),
        "closures_kept": _share(measures.closures_met(own.aperture, calm.aperture, clip.fps)),
        "bilabials_closed": _share(bilabials_closed(own.aperture, phones, clip.fps)),
        "vowels_falsely_closed": _share(vowels_falsely_closed(own.aperture, phones, clip.fps)),
        "upper_face_shift": _upper_shift(clip, neutral),
        "mouth_shift_mm": float(np.linalg.norm(own.points.mean(0) - calm.points.mean(0), axis=-1).mean()),
        "blinks_per_minute": blinks.per_minute,
        "blink_length_s": blinks.length_s or float("nan"),
        "head_pitch_deg": head[0], "head_yaw_deg": head[1], "head_roll_deg": head[2],
    }  # fmt: skip


def _share(counts: tuple[int, int]) -> float:
    found, there = counts
    return found / there if there else float("nan")


def _upper_shift(clip: BlendshapeClip, neutral: BlendshapeClip) -> float:
    return float(np.abs(clip.weights[:, _UPPER].mean(axis=0) - neutral.weights[:, _UPPER].mean(axis=0)).mean())


def _monotone(clips: _Clips) -> float:
    """Share of rises among the steps from one intensity to the next; the step from neutral itself always rises."""
    rises = []
    for emotion, intensity, speech, seed in clips:
        if emotion == NEUTRAL or seed >= SWEPT_SEEDS or intensity == INTENSITIES[-1]:
            continue
        higher = INTENSITIES[INTENSITIES.index(intensity) + 1]
        neutral = clips[NEUTRAL, 1.0, speech, seed]
        below, above = (_upper_shift(clips[emotion, level, speech, seed], neutral) for level in (intensity, higher))
        rises.append(above > below)
    return float(np.mean(rises)) if rises else float("nan")
