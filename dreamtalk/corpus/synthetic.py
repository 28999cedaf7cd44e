"""Synthetic speech written as a prepared corpus, sentence by sentence; what is there already is kept."""

import logging
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from dreamtalk.corpus.cmu_voices import speak_festival, speak_flite
from dreamtalk.corpus.kokoro import BORROWED, Kokoro
from dreamtalk.corpus.pauses import with_pauses_heard
from dreamtalk.corpus.prepared import CorpusList, Item, PreparedWriter
from dreamtalk.corpus.spoken import Spoken
from dreamtalk.corpus.synthetic_plan import LANGUAGES, WHOLE_MINUTES, Planned, planned
from dreamtalk.errors import OptionError
from dreamtalk.training.training_clip import FPS, SAMPLE_RATE, Recording
from rig.arkit import NAMES
from rig.timing import frame_count

CORPUS = "synthetic"
LICENCE = "Apache-2.0 (Kokoro-82M and its voices); free licences of the CMU and Edinburgh voices, see NOTICE"
SOURCE = "dreamtalk prepare synthetic: Kokoro-82M int8, flite, festival"
PEAK = 0.5

Speak = Callable[[Planned], Spoken]
"""What an engine is: it says one planned sentence."""

log = logging.getLogger(__name__)


def prepare_synthetic(
    out: str | Path,
    voices: str | Path | None = None,
    languages: Iterable[str] = LANGUAGES,
    minutes: float = WHOLE_MINUTES,
    progress: Callable[[int, int], None] | None = None,
) -> CorpusList:
    """Speak the plan of dreamtalk.corpus.synthetic_plan into the folder `out`.

    voices: folder with the style vectors of kokoro-js; without it only flite and festival speak, English. minutes:
    about how much speech in all. Engines that are not installed are left out with a warning. Raises DreamTalkError
    where no engine is left, a language is unknown or needs Kokoro.
    """
    languages = tuple(languages)
    check_languages(languages, voices is not None)
    names = [path.stem for path in Path(voices).glob("*.bin")] if voices else []
    if voices and not names:
        raise OptionError(f"{voices} holds no style vectors (*.bin); give the folder `voices` of kokoro-js 1.2.1.")
    plan = planned(names, languages, minutes)
    return spoken_plan(plan, out, engines(Path(voices) if voices else None), progress)


def check_languages(languages: tuple[str, ...], with_kokoro: bool) -> None:
    """Raises OptionError for a language that cannot be spoken."""
    unknown = sorted(set(languages) - set(LANGUAGES))
    if unknown or not languages:
        raise OptionError(f"--languages names {', '.join(unknown) or 'none'}; choose from {', '.join(LANGUAGES)}.")
    if not with_kokoro and "en" not in languages:
        raise OptionError("Only Kokoro speaks other languages than en; name its folder of style vectors by --voices.")


def engines(voices: Path | None) -> dict[str, Speak]:
    """The engines at hand, by name."""
    found: dict[str, Speak] = {}
    if voices:
        kokoro = Kokoro.load(voices)
        found["kokoro"] = lambda one: kokoro.speak(
            one.text, one.voice, one.speed, one.language if one.language in BORROWED else None
        )
    if shutil.which("flite"):
        found["flite"] = lambda one: speak_flite(one.text, one.voice, one.speed)
    if shutil.which("festival"):
        found["festival"] = lambda one: speak_festival(one.text, one.voice, one.speed)
    return found


def spoken_plan(
    plan: list[Planned],
    out: str | Path,
    speakers: dict[str, Speak],
    progress: Callable[[int, int], None] | None = None,
) -> CorpusList:
    """Let `speakers` say the plan; the corpus may be read while it grows."""
    able = [one for one in plan if one.engine in speakers]
    for missing in sorted({one.engine for one in plan} - set(speakers)):
        log.warning("%s is not installed; its %d sentences are left out", missing,
                    sum(one.engine == missing for one in plan))  # fmt: skip
    if not able:
        raise OptionError("No speech synthesizer was found; install flite or festival, or give Kokoro's --voices.")
    writer = PreparedWriter(out, CORPUS, LICENCE, SOURCE)
    for number, one in enumerate(able):
        if one.id not in writer:
            spoken = speakers[one.engine](one)
            labels = {"engine": one.engine, "speed": str(one.speed)}
            item = Item(one.id, one.speaker, one.language, one.text, one.split, labels)
            writer.add(item, recording_of(spoken, one))
        if progress:
            progress(number + 1, len(able))
    return writer.listed


def recording_of(spoken: Spoken, one: Planned) -> Recording:
    """Speech at 16 kHz and one level, whole frames long, with the times of its phones and no curves yet."""
    divisor = np.gcd(spoken.rate, SAMPLE_RATE)
    samples = resample_poly(spoken.samples, SAMPLE_RATE // divisor, spoken.rate // divisor).astype(np.float32)
    samples *= PEAK / max(float(np.abs(samples).max()), 1e-6)
    phones = spoken.phones if spoken.exact else with_pauses_heard(spoken.phones, samples, SAMPLE_RATE)
    count = frame_count(len(samples) / SAMPLE_RATE, FPS)
    hop = round(SAMPLE_RATE / FPS)
    samples = np.pad(samples, (0, max(0, count * hop - len(samples))))[: count * hop]
    nothing = np.zeros((count, len(NAMES)), np.float32)
    return Recording(
        f"{CORPUS}/{one.id}", CORPUS, samples, nothing, np.ones(count, bool), np.zeros((count, 3), np.float32),
        phones, one.speaker, one.language, np.zeros(len(NAMES), bool),
    )  # fmt: skip
