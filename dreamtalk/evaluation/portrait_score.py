"""One portrait, one clip, all measures of the video: does the face follow, stay itself, sharp and steady?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dreamtalk.evaluation.face_regions import face_box, face_height, lip_gap, luma
from dreamtalk.evaluation.mouth_look import mouth_look
from dreamtalk.evaluation.portrait_following import eyes_following, following, lips_following
from dreamtalk.evaluation.portrait_identity import Identity
from dreamtalk.evaluation.portrait_sharpness import face_detail, mouth_detail
from dreamtalk.evaluation.portrait_stillness import Stillness, background_region, psnr
from dreamtalk.face.face_landmarks import FaceDetector, FaceLandmarks
from dreamtalk.portrait.portrait import Portrait
from rig.clip import BlendshapeClip

IDENTITY_EVERY = 3
OPEN_SEEN = 0.05
"""Openings of the lips over this, in face heights, are looked into."""
NEAR_OWN_OPENING = 0.02
"""Lips are compared in sharpness while they are open about as far as in the source, in face heights."""
FOLLOWED = ("jawOpen", "mouthSmile", "eyeBlink", "mouthPucker", "browInnerUp")
"""The commands whose mean r is reported."""


@dataclass(frozen=True, eq=False)
class PortraitScore:
    """The measures of one portrait by name, nan where the clip did not ask for them; see docs/portrait.md.

    identity: (K,) distances of the descriptor from the source's, every third frame.
    """

    name: str
    figures: dict[str, float]
    identity: np.ndarray = field(default_factory=lambda: np.zeros(0))


def portrait_score(
    name: str, portrait: Portrait, clip: BlendshapeClip, frames: Iterable[np.ndarray], detector: FaceDetector,
    identity: Identity | None = None,
) -> PortraitScore:  # fmt: skip
    """Measure one video.

    frames: (512, 512, 3) uint8 RGB, one for each frame of the clip, as portrait_frames yields them; they are looked at
    one at a time. identity: left out, the person is not compared.
    """
    looks = _Looks(portrait, identity)
    for frame in frames:
        looks.add(frame, next(iter(detector(frame)), None))
    figures = following(clip, looks.faces)
    figures["followed_r"] = nan_mean([figures[f"{command}_r"] for command in FOLLOWED])
    figures["followed_alone_r"] = nan_mean([figures[f"{command}_alone_r"] for command in FOLLOWED])
    figures |= lips_following(clip, looks.faces, portrait.face, portrait.fit)
    figures |= eyes_following(clip, looks.faces, portrait.face)
    return PortraitScore(name, figures | looks.figures(), np.array(looks.identity))


class _Looks:
    """What every frame is looked at for; keeps figures, no pictures."""

    def __init__(self, portrait: Portrait, identity: Identity | None) -> None:
        self.faces: list[FaceLandmarks | None] = []
        self.identity: list[float] = []
        source, picture = portrait.face, portrait.picture
        self._source, self._picture, self._box = source, picture, face_box(picture.shape, source)
        self._height, self._own_gap = face_height(source), lip_gap(source)
        grey = luma(picture)
        self._face_detail, self._mouth_detail = face_detail(grey, source), mouth_detail(grey, source)
        self._far = Stillness(picture, background_region(source, picture.shape))
        self._ground = Stillness(picture, background_region(source, picture.shape, portrait.person))
        self._describe = identity
        self._descriptor = identity(picture, source) if identity else None
        self._rest = (np.inf, float("nan"))
        self._sharp: dict[str, list[float]] = {"face": [], "mouth": []}
        self._mouths: list[tuple[float, float, float]] = []

    def add(self, frame: np.ndarray, face: FaceLandmarks | None) -> None:
        self._far.add(frame)
        self._ground.add(frame)
        self.faces.append(face)
        if face is None:
            return
        off = float(np.linalg.norm(face.points[:, :2] - self._source.points[:, :2], axis=1).mean())
        if off < self._rest[0]:
            self._rest = (off, psnr(frame[self._box], self._picture[self._box]))
        if self._describe and len(self.faces) % IDENTITY_EVERY == 0:
            self.identity.append(float(np.linalg.norm(self._describe(frame, face) - self._descriptor)))
        grey, gap = luma(frame), lip_gap(face)
        self._sharp["face"].append(face_detail(grey, face) / self._face_detail)
        if abs(gap - self._own_gap) < NEAR_OWN_OPENING * self._height:
            self._sharp["mouth"].append(mouth_detail(grey, face) / self._mouth_detail)
        if gap > OPEN_SEEN * self._height and (look := mouth_look(frame, face)) is not None:
            self._mouths.append((look.flat, look.dark, float(look.teeth)))

    def figures(self) -> dict[str, float]:
        mouths = np.array(self._mouths).reshape(-1, 3)
        return {
            "identity_mean": nan_mean(self.identity),
            "identity_p90": float(np.percentile(self.identity, 90)) if self.identity else float("nan"),
            "rest_psnr_db": self._rest[1],
            "background_std": self._ground.deviation, "background_flicker": self._ground.flicker,
            "background_changed": self._ground.changed, "far_std": self._far.deviation,
            "sharpness_face": nan_mean(self._sharp["face"]), "sharpness_mouth": nan_mean(self._sharp["mouth"]),
            "mouth_flat": nan_mean(mouths[:, 0]), "mouth_dark": nan_mean(mouths[:, 1]),
            "mouth_teeth": nan_mean(mouths[:, 2]),
            "faces_found": float(np.mean([face is not None for face in self.faces])),
        }  # fmt: skip


LOWEST = {
    "lips_gain": "lips_gain_least",
    "rest_psnr_db": "rest_psnr_least_db",
    "sharpness_face": "sharpness_face_least",
}
HIGHEST = {"sharpness_face": "sharpness_face_most", "background_std": "background_std_most"}


def mean_score(scores: Sequence[PortraitScore]) -> PortraitScore:
    """The means over portraits, with the extremes that the targets name; identity's p90 is over all frames."""
    names = list(scores[0].figures)
    figures = {name: nan_mean([score.figures[name] for score in scores]) for name in names}
    for extremes, of in ((LOWEST, np.nanmin), (HIGHEST, np.nanmax)):
        for name, called in extremes.items():
            values = np.array([score.figures[name] for score in scores])
            figures[called] = float(of(values)) if np.isfinite(values).any() else float("nan")
    identity = np.concatenate([score.identity for score in scores])
    if len(identity):
        figures["identity_p90"] = float(np.percentile(identity, 90))
    return PortraitScore("mean", figures, identity)


def nan_mean(values: Sequence[float] | np.ndarray) -> float:
    """Mean of what is finite, nan where nothing is."""
    kept = np.asarray(values, np.float64)
    kept = kept[np.isfinite(kept)]
    return float(kept.mean()) if len(kept) else float("nan")


def still_frames(portrait: Portrait, clip: BlendshapeClip) -> Iterator[np.ndarray]:
    """The video that does nothing: perfect guards, nothing followed."""
    return (portrait.picture for _ in range(len(clip)))
