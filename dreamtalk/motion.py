"""Speech and an emotion clip -> curves: the speech encoder, EmoDiff and the lip refiner as one stream."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from dreamtalk.audio import Waveform
from dreamtalk.emodiff import EmoDiff
from dreamtalk.errors import OptionError
from dreamtalk.expression_model import synthesize_expression
from dreamtalk.lip_refiner import LipRefiner
from dreamtalk.lip_seal import sealed
from dreamtalk.liveliness import enlivened
from dreamtalk.motion_space import MOTION_SIZE, clip_of
from dreamtalk.one_thread import one_thread
from dreamtalk.options import AnimationOptions
from dreamtalk.speech_encoder import SpeechEncoder
from dreamtalk.speech_features import FEATURE_FPS, iter_speech_features
from dreamtalk.weights import resolve
from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.timing import frame_count

FPS = float(FEATURE_FPS)
_NEUTRAL_STYLE_FRAMES = 200


@dataclass(frozen=True, eq=False)
class MotionGenerator:
    """Audio to curves. lip_refiner may be None: EmoDiff's own mouth then stays (for measurements)."""

    encoder: SpeechEncoder
    emodiff: EmoDiff
    lip_refiner: LipRefiner | None

    @classmethod
    def load(cls) -> Self:
        """Load the shipped weights and the speech encoder, hashes checked. Raises WeightsError where one is amiss."""
        return cls(
            SpeechEncoder.load(),
            EmoDiff.from_directory(resolve("emodiff")),
            LipRefiner.from_directory(resolve("lip_refiner")),
        )

    def generate(
        self,
        waveform: Waveform,
        style: BlendshapeClip | None = None,
        initial: np.ndarray | None = None,
        options: AnimationOptions | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> BlendshapeClip:
        """Curves for `waveform` (16 kHz) at 25 fps, as many frames as rig.timing.frame_count gives for its duration.

        style: an emotion clip of any length and rate whose manner is followed; None draws a neutral one.
        initial: (52,) weights in [0, 1] the face starts from; None starts neutral.
        options: steps, guidance and seed; fps is left to the caller.
        progress: called with (frames done, frames in all).
        Same input, options and machine give the same bytes. Memory beyond waveform and clip does not grow with length.
        Raises AudioError for another sample rate, OptionError for a bad initial state.
        """
        options = options or AnimationOptions()
        if style is None:
            rng = np.random.default_rng(options.seed)
            style = synthesize_expression("neutral", 0.5, _NEUTRAL_STYLE_FRAMES, rng)
        count = frame_count(waveform.duration_s, FPS)
        motion = np.empty((count, MOTION_SIZE), np.float32)
        done = 0
        with one_thread():
            for piece in self._stream(waveform, count, style, _initial_motion(initial), options):
                motion[done : done + len(piece)] = piece
                done += len(piece)
                if progress:
                    progress(done, count)
        motion[:, : len(NAMES)] = sealed(motion[:, : len(NAMES)], FPS)
        rng = np.random.default_rng((options.seed, 1))
        return clip_of(enlivened(motion, FPS, style, rng), FPS)

    def _stream(
        self, waveform: Waveform, count: int, style: BlendshapeClip, initial: np.ndarray, options: AnimationOptions
    ) -> Iterator[np.ndarray]:
        features = iter_speech_features(waveform, self.encoder, count)
        pieces = self.emodiff.stream(
            features,
            style,
            initial,
            steps=options.steps,
            audio_guidance=options.audio_guidance,
            style_guidance=options.style_guidance,
            seed=options.seed,
        )
        if self.lip_refiner is None:
            return (piece for _, piece in pieces)
        return self.lip_refiner.stream(pieces, style)


def _initial_motion(initial: np.ndarray | None) -> np.ndarray:
    motion = np.zeros(MOTION_SIZE, np.float32)
    if initial is None:
        return motion
    weights = np.asarray(initial, np.float32)
    if weights.shape != (len(NAMES),) or not np.isfinite(weights).all() or weights.min() < 0 or weights.max() > 1:
        raise OptionError(f"The initial state has the shape {weights.shape}; give {len(NAMES)} weights from 0 to 1.")
    motion[: len(NAMES)] = weights
    return motion
