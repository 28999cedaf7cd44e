"""Speech and style clips -> curves: the speech encoder, EmoDiff and the lip refiner as one stream, then the finish.

    waveform -> features -> stream: EmoDiff -> lip refiner    one pass for each style and stretch (passes.py)
                                                 |
                                    raw motion, mixed by shares -> finished (finishing.py) -> clip
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from dreamtalk.diffusion.emodiff import EmoDiff
from dreamtalk.diffusion.motion_space import MOTION_SIZE
from dreamtalk.errors import OptionError
from dreamtalk.expression.expression_model import synthesize_expression
from dreamtalk.expression.style_track import Pass, StyleTrack
from dreamtalk.finishing import finished
from dreamtalk.mouth.closures import lip_shares
from dreamtalk.mouth.lip_contacts import LipContacts
from dreamtalk.mouth.lip_refiner import LipRefiner
from dreamtalk.one_thread import one_thread
from dreamtalk.options import AnimationOptions
from dreamtalk.passes import mixed_passes
from dreamtalk.prefetched import prefetched
from dreamtalk.speech.audio import Waveform
from dreamtalk.speech.hearing import Hearing, posteriors_of
from dreamtalk.speech.loudness import frame_loudness_db, relative_loudness
from dreamtalk.speech.speech_states import FEATURE_FPS, STATES_PER_FRAME
from dreamtalk.weights import resolve
from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.timing import frame_count

FPS = float(FEATURE_FPS)
_NEUTRAL_STYLE_FRAMES = 200


@dataclass(frozen=True, eq=False)
class MotionGenerator:
    """Audio to curves. lip_refiner may be None: EmoDiff's own mouth then stays (for measurements)."""

    hearing: Hearing
    emodiff: EmoDiff
    lip_refiner: LipRefiner | None

    @classmethod
    def load(cls) -> Self:
        """Load the shipped weights and the speech encoder, hashes checked. Raises WeightsError where one is amiss."""
        return cls(
            Hearing.load(),
            EmoDiff.from_directory(resolve("emodiff")),
            LipRefiner.from_directory(resolve("lip_refiner")),
        )

    def generate(
        self,
        waveform: Waveform,
        style: BlendshapeClip | StyleTrack | None = None,
        initial: np.ndarray | None = None,
        options: AnimationOptions | None = None,
        progress: Callable[[int, int], None] | None = None,
        contacts: LipContacts | None = None,
    ) -> BlendshapeClip:
        """Curves for `waveform` (16 kHz) at 25 fps, as many frames as rig.timing.frame_count gives for its duration.

        style: a clip of any length and rate whose manner is followed, or styles over time; None draws a neutral one.
        initial: (52,) weights in [0, 1] the face starts from; None starts neutral.
        options: sampling, dials and adjustments; fps is left to the caller.
        progress: called with (frames done, frames in all).
        contacts: where the lips must meet, if a transcript tells; None asks the phone head.
        Same input, options and machine give the same bytes. Memory beyond waveform and clip does not grow with length.
        Raises AudioError for another sample rate, OptionError for a bad initial state.
        """
        options = options or AnimationOptions()
        track = _as_track(style, frame_count(waveform.duration_s, FPS), options.seed)
        heard = np.zeros(STATES_PER_FRAME * len(track), np.float32)
        with one_thread():
            motion = self.raw_motion(waveform, track, initial_motion(initial), options, progress, heard)
        if contacts is None:
            contacts = LipContacts.of_shares(heard, len(track), FPS)
        energy = relative_loudness(frame_loudness_db(waveform.samples, len(track)))
        return finished(motion, FPS, track, options, contacts, energy)

    def raw_motion(
        self,
        waveform: Waveform,
        track: StyleTrack,
        initial: np.ndarray,
        options: AnimationOptions,
        progress: Callable[[int, int], None] | None = None,
        heard: np.ndarray | None = None,
    ) -> np.ndarray:
        """What the networks alone make of the speech, (T, 55) float32, styles mixed by their shares.

        heard: (2 T,) to be filled with the share of p, b and m in what the phone head hears.
        """

        def play(heard: Iterator[np.ndarray], run: Pass, before: np.ndarray | None) -> Iterator[np.ndarray]:
            start = initial if before is None else before
            return self.stream(heard, track.styles[run.style], start, options, _pass_seed(options.seed, run.start))

        features = prefetched(self.hearing.iter_features(waveform, len(track)))
        if heard is not None:
            features = _noted(features, heard)
        return mixed_passes(features, track, FPS, play, progress)

    def stream(
        self,
        features: Iterable[np.ndarray],
        style: BlendshapeClip,
        initial: np.ndarray,
        options: AnimationOptions,
        seed: int,
    ) -> Iterator[np.ndarray]:
        """Raw motion (n, 55) of consecutive pieces of speech features (m, F) in one style, as it is made.

        initial: (55,) raw motion just before the first frame.
        """
        pieces = self.emodiff.stream(
            features,
            style,
            initial,
            steps=options.steps,
            audio_guidance=options.audio_guidance,
            style_guidance=options.style_guidance,
            seed=seed,
        )
        if self.lip_refiner is None:
            return (piece for _, piece in pieces)
        return self.lip_refiner.stream(pieces, style)


def _as_track(style: BlendshapeClip | StyleTrack | None, count: int, seed: int) -> StyleTrack:
    if isinstance(style, StyleTrack):
        return style
    if style is None:
        style = neutral_style(seed)
    return StyleTrack.steady(style, count)


def neutral_style(seed: int) -> BlendshapeClip:
    """The style of a performance that was given none."""
    return synthesize_expression("neutral", 0.5, _NEUTRAL_STYLE_FRAMES, np.random.default_rng(seed))


def _noted(features: Iterable[np.ndarray], heard: np.ndarray) -> Iterator[np.ndarray]:
    """The pieces as they come, their lip shares written into `heard` (2 T,)."""
    done = 0
    for piece in features:
        heard[done : done + STATES_PER_FRAME * len(piece)] = lip_shares(posteriors_of(piece))
        done += STATES_PER_FRAME * len(piece)
        yield piece


def _pass_seed(seed: int, start: int) -> int:
    """A seed of its own for every pass but the first, so that a later one does not repeat the head's first turns."""
    return seed if start == 0 else int(np.random.SeedSequence((seed, start)).generate_state(1)[0])


def initial_motion(initial: np.ndarray | None) -> np.ndarray:
    """Raw motion (55,) of the face a performance starts from: 52 weights in [0, 1], or neutral.

    Raises OptionError for anything else.
    """
    motion = np.zeros(MOTION_SIZE, np.float32)
    if initial is None:
        return motion
    weights = np.asarray(initial, np.float32)
    if weights.shape != (len(NAMES),) or not np.isfinite(weights).all() or weights.min() < 0 or weights.max() > 1:
        raise OptionError(f"The initial state has the shape {weights.shape}; give {len(NAMES)} weights from 0 to 1.")
    motion[: len(NAMES)] = weights
    return motion
