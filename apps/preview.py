"""Pictures of the emotions, for choosing one by eye."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary
from rig.arkit import INDEX
from rig.camera import Camera
from rig.clip import BlendshapeClip

LEVELS = np.linspace(0, 1, 5)
CLOSE_UP = Camera(position=(0.0, 0.0, 1.35), target=(0.0, 0.0, 0.0), field_of_view_rad=0.2)
BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


@dataclass(frozen=True, eq=False)
class EmotionPictures:
    """The avatar at each emotion's strongest moment. pictures: (8, 5, S, S, 3) uint8, emotions by LEVELS."""

    pictures: np.ndarray

    @classmethod
    def drawn(cls, library: EmotionLibrary, size: int) -> Self:
        """Draw them all in one go, which opens OpenGL once. Raises RigError where there is none."""
        from rig.face_rig import FaceRig
        from rig.render import render_frames

        frames = np.stack(list(render_frames(FaceRig.load(), stills(library), size, camera=CLOSE_UP)))
        return cls(frames.reshape(len(EMOTIONS), len(LEVELS), size, size, 3))

    def nearest(self, emotion: str, intensity: float) -> np.ndarray:
        """The picture (S, S, 3) uint8 of an emotion at the level nearest to `intensity`."""
        return self.pictures[EMOTIONS.index(emotion), int(np.abs(LEVELS - intensity).argmin())]


def stills(library: EmotionLibrary) -> BlendshapeClip:
    """One frame for each emotion and level, emotions first."""
    weights, heads = [], []
    for emotion in EMOTIONS:
        apex = strongest_frame(library.clip(emotion, 1.0))
        for level in LEVELS:
            clip = library.clip(emotion, float(level))
            weights.append(clip.weights[apex])
            heads.append(clip.head_rotation[apex])
    return BlendshapeClip(np.stack(weights), np.stack(heads), clip.fps)


def strongest_frame(clip: BlendshapeClip) -> int:
    """The frame with the most expression while the eyes are open."""
    blink = clip.weights[:, BLINKS].sum(axis=1)
    return int(np.argmax(clip.weights.sum(axis=1) - 50 * np.maximum(blink - blink.min() - 0.1, 0) - blink))
