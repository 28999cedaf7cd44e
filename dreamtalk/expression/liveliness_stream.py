"""The finish of a stream: what liveliness and lip_seal do to a clip, done frame by frame.

A clip's own mean and range are not known while it comes, so they are those of what has been seen, and they are trusted
as they grow. Blinks and glances are drawn ahead. Nothing here looks into the future.
"""

from collections import deque

import numpy as np

from dreamtalk.expression.blinks import close_lids
from dreamtalk.expression.dials import Dials
from dreamtalk.expression.event_stream import EventRates, Events, events
from dreamtalk.expression.gaze import HEAD_COMPENSATION, look_weights
from dreamtalk.expression.liveliness import (
    LEAST_HEAD_GAIN,
    MOST_HEAD_GAIN,
    OWN_BLINK_S,
    POSTURE_S,
    USUAL_FIXATION_S,
    USUAL_GLANCES,
    gaze_manner,
    likely_blink_rate,
)
from dreamtalk.expression.running_moments import RunningMoments
from dreamtalk.expression.style_match import MATCHED, SETTLING_S, style_moments, toward_style
from dreamtalk.mouth.lip_seal import OPEN_MM, REST_S, SEALED_MM
from rig.arkit import INDEX, NAMES, indices
from rig.clip import BlendshapeClip
from rig.lip_gap import APERTURE_MM
from rig.smoothstep import smoothstep

MEMORY_S = 60.0
_HEAD_TRUSTED_S = 8.0
_SEALING = 0.25  # of a seal, in one frame: lips come together without a snap
_COUNT = len(NAMES)
_BLINK = indices("eyeBlinkLeft", "eyeBlinkRight")
_LOOK = indices(*(name for name in NAMES if name.startswith("eyeLook")))
_GAP_MM = np.array([APERTURE_MM.get(name, 0.0) for name in NAMES])
_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


class LivelinessStream:
    """Upper face, eyes, lids and head in the manner of one style, from the first frame on."""

    def __init__(self, style: BlendshapeClip, fps: float, seed: int, dials: Dials) -> None:
        self._fps, self._dials, self._frame = fps, dials, 0
        rates = EventRates(likely_blink_rate(style) * dials.blink, USUAL_FIXATION_S, USUAL_GLANCES)
        self._events = events(seed, fps, rates)
        self._style_s, self._style_moments = style.duration_s, style_moments(style)
        self._gaze_deg, self._gaze_width = gaze_manner(style)
        self._resting_lids = _looking(dials.gaze * self._gaze_deg)[_BLINK]
        self._upper = RunningMoments(len(MATCHED), MEMORY_S * fps)
        self._head = RunningMoments(3, MEMORY_S * fps)
        posture = _Posture(style.head_rotation[0], style.fps)
        self._style_head_std = np.std([posture.push(head) for head in style.head_rotation], axis=0)
        self._posture: _Posture | None = None
        self._lids: deque[np.ndarray] = deque(maxlen=2 * round(OWN_BLINK_S * fps / 2) + 1)

    def push(self, motion: np.ndarray) -> np.ndarray:
        """The next frames of raw motion (n, 55), any n -> the same frames, alive, (n, 55) float32."""
        return np.array([self._enlivened(row) for row in motion], np.float32).reshape(-1, motion.shape[1])

    def _enlivened(self, row: np.ndarray) -> np.ndarray:
        event, weights = next(self._events), row[:_COUNT].astype(np.float64)
        weights[MATCHED] = self._matched(weights[MATCHED], event)
        head = self._dials.head * self._dials.strength * self._turned(row[_COUNT:].astype(np.float64))
        self._look(weights, head, event)
        close_lids(weights[None], event.closure[None])
        self._frame += 1
        return np.concatenate([weights.clip(0.0, 1.0), head])

    def _matched(self, upper: np.ndarray, event: Events) -> np.ndarray:
        self._upper.push(upper)
        since_s = self._frame / self._fps
        own = self._upper
        gain, shift, missing = toward_style(self._style_moments, self._style_s, own.mean, own.std, since_s)
        change = (gain - 1.0) * (upper - own.mean) + shift + missing * event.upper
        return np.clip(upper + smoothstep(0.0, SETTLING_S, since_s) * change, 0.0, 1.0)

    def _turned(self, head: np.ndarray) -> np.ndarray:
        """The head (3,) in radians with its movement about the slow posture as wide as the style's."""
        if self._posture is None:
            self._posture = _Posture(head, self._fps)
        moved = self._posture.push(head)
        self._head.push(moved)
        gain = np.clip(self._style_head_std / np.maximum(self._head.std, 1e-5), LEAST_HEAD_GAIN, MOST_HEAD_GAIN)
        trust = self._frame / (self._frame + _HEAD_TRUSTED_S * self._fps)
        return head + trust * (gain - 1.0) * moved

    def _look(self, weights: np.ndarray, head: np.ndarray, event: Events) -> None:
        """Writes look and lid columns of `weights` (52,)."""
        wandering = self._dials.gaze * (self._gaze_width * event.gaze_deg + self._gaze_deg)
        looked = _looking(wandering - HEAD_COMPENSATION * np.degrees(head[:2]))
        weights[_LOOK] = looked[_LOOK].clip(0.0, 1.0)
        self._lids.append(weights[_BLINK])
        lids = np.median(np.array(self._lids), axis=0)
        weights[_BLINK] = (lids + looked[_BLINK] - self._resting_lids).clip(0.0, 1.0)


class _Posture:
    """Splits head angles into a slow posture and the movement about it, by what came before."""

    def __init__(self, head: np.ndarray, fps: float) -> None:
        self._slow, self._share = head.astype(np.float64), 1.0 / (POSTURE_S * fps)

    def push(self, head: np.ndarray) -> np.ndarray:
        """The next angles (3,) -> the movement about the posture, (3,)."""
        self._slow = self._slow + self._share * (head - self._slow)
        return head - self._slow


class SealStream:
    """Lips that have rested nearly shut for a while are brought together; they part at once when they open."""

    def __init__(self, fps: float) -> None:
        self._gaps: deque[float] = deque(maxlen=round(REST_S * fps))
        self._share = 0.0

    def push(self, motion: np.ndarray) -> np.ndarray:
        """The next frames of raw motion (n, 55), any n -> the same with jawOpen lowered where the lips rest."""
        sealed = motion.copy()
        for row in sealed:
            gap = max(float(row[:_COUNT] @ _GAP_MM), 0.0)
            self._gaps.append(gap)
            self._share = min(float(smoothstep(OPEN_MM, SEALED_MM, max(self._gaps))), self._share + _SEALING)
            row[_JAW] = max(row[_JAW] - self._share * gap / APERTURE_MM["jawOpen"], min(row[_JAW], row[_CLOSE]))
        return sealed


def _looking(gaze_deg: np.ndarray) -> np.ndarray:
    """What eyes turned by (2,) degrees put into the 52 weights."""
    looked = np.zeros((1, _COUNT))
    look_weights(gaze_deg[None], looked)
    return looked[0]
