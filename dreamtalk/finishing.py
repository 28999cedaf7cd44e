"""What happens to motion after the networks: lips that rest or close, eyes and head, and what the user turned."""

import zlib

import numpy as np

from dreamtalk.diffusion.motion_space import clip_of
from dreamtalk.expression.dialled import dialled
from dreamtalk.expression.dials import Dials
from dreamtalk.expression.liveliness import enlivened, likely_blink_rate
from dreamtalk.expression.style_track import StyleTrack
from dreamtalk.mouth.lip_contacts import LipContacts
from dreamtalk.mouth.lip_seal import sealed
from dreamtalk.options import AnimationOptions
from rig.arkit import MOUTH, NAMES
from rig.clip import BlendshapeClip

_COUNT = len(NAMES)


def finished(
    motion: np.ndarray,
    fps: float,
    track: StyleTrack,
    options: AnimationOptions,
    contacts: LipContacts | None = None,
    energy: np.ndarray | None = None,
) -> BlendshapeClip:
    """Raw motion (T, 55) -> the clip a user gets.

    contacts: where the lips must meet, or None where nobody knows.
    energy: loudness of the speech (T,) >= 0 in any unit, for blinks in its pauses and brows on its accents.
    """
    motion = motion.copy()
    motion[:, :_COUNT] = sealed(motion[:, :_COUNT].clip(0.0, 1.0), fps)
    motion = _lively(motion, fps, track, options.seed, options.dials, energy)
    weights = dialled(motion[:, :_COUNT], options.dials)
    if contacts is not None:  # after everything that opens a mouth: an astonished p closes the lips as well
        weights = contacts.applied(weights)
    motion[:, :_COUNT] = options.shapes.applied(weights)
    return clip_of(_mouth_alone(motion) if options.mouth_only else motion, fps)


def _lively(
    motion: np.ndarray, fps: float, track: StyleTrack, seed: int, dials: Dials, energy: np.ndarray | None
) -> np.ndarray:
    """Upper face, eyes, lids and head in the manner of the styles, each by its share.

    All styles draw the same events at one blink rate, the mean by their shares, so that no blink is seen by halves.
    """
    # The speech has its say in the draws, else every line of a batch would begin with the same wait for a blink.
    speech = 0 if energy is None else zlib.crc32(np.ascontiguousarray(energy, dtype=np.float32).tobytes())
    rates = [likely_blink_rate(style) for style in track.styles]
    blended = rates[0] if len(rates) == 1 else np.float64(rates) @ track.shares.astype(np.float64)
    mixed = np.zeros_like(motion)
    for style, rate, share in zip(track.styles, rates, track.shares, strict=True):
        lively = enlivened(
            motion,
            fps,
            style,
            np.random.default_rng((seed, 1, speech)),
            energy,
            share=share,
            blink_rate_scale=dials.blink * (blended / rate),
            gaze_scale=dials.gaze,
            head_scale=dials.head * dials.strength,
        )
        mixed += share[:, None] * lively
    mixed[:, :_COUNT] = mixed[:, :_COUNT].clip(0.0, 1.0)
    return mixed


def _mouth_alone(motion: np.ndarray) -> np.ndarray:
    """Only jaw and mouth; the rest of the face and the head stand still."""
    alone = np.zeros_like(motion)
    alone[:, MOUTH] = motion[:, MOUTH]
    return alone
