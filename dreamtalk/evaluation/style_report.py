"""Whether a performance has the manner of its style clip, and none of the clip's words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dreamtalk import measures
from dreamtalk.evaluation.emotion_report import NEUTRAL, Speech
from dreamtalk.evaluation.lip_curves import lip_curves
from dreamtalk.pipeline import DreamTalk
from rig.arkit import GROUPS, indices
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import lip_basis

REGIONS = {
    "eyes": GROUPS["left eye"] + GROUPS["right eye"],
    "brows": GROUPS["brows"],
    "cheeks and nose": GROUPS["cheeks"] + GROUPS["nose"],
    "jaw": GROUPS["jaw"],
    "mouth": GROUPS["mouth"],
}


@dataclass(frozen=True)
class RegionRow:
    """One region of the face, means over its shapes: weight, standard deviation in time, and range (5 to 95 %).

    shape_r: Pearson r of the mean weights over the region's shapes, the clip's against the performance's.
    """

    region: str
    clip_mean: float
    own_mean: float
    clip_std: float
    own_std: float
    clip_range: float
    own_range: float
    shape_r: float


@dataclass(frozen=True)
class StyleReport:
    """One style clip, means over the speeches.

    regions: see RegionRow. clip_/own_ blinks and head: of the clip and of the performance; head_deg: mean over axes.
    mouth_r: Pearson r of the performance's aperture with the clip's own, over the length that both have. chance_r: the
    same for a neutral performance, which never saw the clip; where both agree, nothing is copied. neutral_r: r of the
    performance's aperture with that of the neutral one.
    """

    style: str
    regions: tuple[RegionRow, ...]
    clip_blinks_per_minute: float
    own_blinks_per_minute: float
    clip_head_deg: float
    own_head_deg: float
    mouth_r: float
    chance_r: float
    neutral_r: float


def style_report(
    talk: DreamTalk, name: str, style: BlendshapeClip, speeches: Sequence[Speech], seed: int = 0
) -> StyleReport:
    """Animate the speeches in the manner of `style` (25 fps) and compare. name: what the clip is called."""
    own = [talk.animate(speech.waveform, style=style, seed=seed).clip for speech in speeches]
    calm = [talk.animate(speech.waveform, NEUTRAL, seed=seed).clip for speech in speeches]
    basis = lip_basis(FaceRig.load())
    words = lip_curves(style.weights, basis).aperture
    copied, chance, kept = [], [], []
    for performance, neutral in zip(own, calm, strict=True):
        mouth, plain = (lip_curves(clip.weights, basis).aperture for clip in (performance, neutral))
        both = min(len(mouth), len(words))
        copied.append(measures.correlation(mouth[:both], words[:both]))
        chance.append(measures.correlation(plain[:both], words[:both]))
        kept.append(measures.correlation(mouth, plain))
    return StyleReport(
        name,
        tuple(_region(region, indices(*shapes), style, own) for region, shapes in REGIONS.items()),
        measures.blink_rate(style.weights, style.fps),
        float(np.average([measures.blink_rate(c.weights, c.fps) for c in own], weights=[len(c) for c in own])),
        float(measures.head_deviation_deg(style.head_rotation).mean()),
        float(np.mean([measures.head_deviation_deg(clip.head_rotation).mean() for clip in own])),
        float(np.mean(copied)),
        float(np.mean(chance)),
        float(np.mean(kept)),
    )


def _region(region: str, columns: np.ndarray, style: BlendshapeClip, own: Sequence[BlendshapeClip]) -> RegionRow:
    theirs, ours = _statistics(style, columns), np.mean([_statistics(clip, columns) for clip in own], axis=0)
    pairs = [float(value) for there, here in zip(theirs, ours, strict=True) for value in (there.mean(), here.mean())]
    return RegionRow(region, *pairs, measures.correlation(ours[0], theirs[0]))


def _statistics(clip: BlendshapeClip, columns: np.ndarray) -> np.ndarray:
    """(3, C): mean, standard deviation and range of each shape."""
    weights = clip.weights[:, columns]
    low, high = np.percentile(weights, (5, 95), axis=0)
    return np.stack([weights.mean(axis=0), weights.std(axis=0), high - low])
