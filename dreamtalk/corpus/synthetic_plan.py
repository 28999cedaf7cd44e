"""Who says what: voices, languages, sentences and speeds of the synthetic speech, the same plan every time.

Whole voices are kept for tests, and they say sentences that no training voice says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from dreamtalk.corpus.kokoro import BORROWED
from dreamtalk.corpus.kokoro import LANGUAGES as KOKORO_LANGUAGES
from dreamtalk.corpus.prepared import TEST, TRAIN
from dreamtalk.errors import OptionError

LANGUAGES = ("en", "es", "fr", "it", "pt", "hi", "de")
"""ISO 639 codes of the languages whose phone times were checked."""
WHOLE_MINUTES = 35.0
"""Length of the whole plan; other lengths thin it out or repeat sentences in other voices."""
TEST_VOICES = frozenset({"am_puck", "bf_emma", "em_alex", "im_nicola", "pm_alex", "hm_psi", "rms"})
_KOKORO_SPEEDS, _CMU_SPEEDS = (0.8, 1.3), (0.85, 1.25)
_EACH_ENGLISH_VOICE, _EACH_LANGUAGE, _EACH_BORROWED = 6, 27, 40  # sentences
_MIXTURES = {"a": 36, "b": 14}  # of two American, of two British voices
_BORROWED_VOICES = ("ff_siwis", "if_sara", "ef_dora", "pm_santa", "bf_alice", "bm_george", "af_heart", "am_michael")
_CMU = (("flite", "kal", 22), ("flite", "awb", 34), ("flite", "slt", 30), ("festival", "slt-hts", 28),
        ("festival", "kal-diphone", 16))  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """One sentence to be spoken. engine: kokoro, flite or festival. language: ISO 639. split: train or test."""

    id: str
    engine: str
    voice: str
    language: str
    text: str
    split: str
    speed: float

    @property
    def speaker(self) -> str:
        return f"{self.engine}-{self.voice}"


def sentences(language: str) -> list[str]:
    """The project's sentences in one of LANGUAGES. Raises OptionError for another."""
    if language not in LANGUAGES:
        raise OptionError(f"There are no sentences in {language!r}; choose from {', '.join(LANGUAGES)}.")
    text = (files("dreamtalk.corpus") / "sentences" / f"{language}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip()]


def planned(
    voices: Sequence[str], languages: Iterable[str] = LANGUAGES, minutes: float = WHOLE_MINUTES
) -> list[Planned]:
    """The plan for `minutes` of speech: Kokoro's `voices` (names), and flite and festival where English is wanted."""
    wanted = [language for language in LANGUAGES if language in set(languages)]
    scale = minutes / WHOLE_MINUTES
    plan = _kokoro(sorted(voices), [language for language in wanted if language not in BORROWED], scale)
    for language in wanted:
        plan += _borrowed(sorted(voices), language, scale) if language in BORROWED else []
    return plan + (_cmu(scale) if "en" in wanted else [])


def _split_sentences(language: str, tested: bool) -> tuple[list[str], list[str]]:
    """(for training, for tests)."""
    lines = sentences(language)
    every = 10 if language == "en" else 5
    test = lines[::every] if tested else []
    return [line for line in lines if line not in test], test


def _kokoro(voices: Sequence[str], languages: Sequence[str], scale: float) -> list[Planned]:
    rng = np.random.default_rng(4)
    spoken: list[tuple[str, str, str, str]] = []
    for language in languages:
        able = [voice for voice in voices if KOKORO_LANGUAGES.get(voice[0], "")[:2] == language]
        teaching = [voice for voice in able if voice not in TEST_VOICES]
        testing = [voice for voice in able if voice in TEST_VOICES]
        train, test = _split_sentences(language, bool(testing))
        count = round(scale * len(test)) or 1
        spoken += [(voice, language, line, TEST) for voice in testing for line in test[:count]]
        jobs = _jobs(teaching, language, scale, rng)
        spoken += [(job, language, line, TRAIN) for job, line in zip(jobs, _dealt(train, len(jobs), rng), strict=True)]
    rng.shuffle(spoken)
    speeds = rng.uniform(*_KOKORO_SPEEDS, len(spoken))
    return [
        Planned(f"kokoro-{voice}-{number:04d}", "kokoro", voice, language, text, split, round(float(speed), 2))
        for number, ((voice, language, text, split), speed) in enumerate(zip(spoken, speeds, strict=True))
    ]


def _jobs(voices: list[str], language: str, scale: float, rng: np.random.Generator) -> list[str]:
    """Voices, each as often as it speaks, shuffled; English ones also mixed."""
    if not voices:
        return []
    each = _EACH_ENGLISH_VOICE if language == "en" else round(_EACH_LANGUAGE / len(voices))
    jobs = [voice for voice in voices for _ in range(max(1, round(scale * each)))]
    for accent, count in _MIXTURES.items() if language == "en" else ():
        pair = [voice for voice in voices if voice[0] == accent]
        for _ in range(round(scale * count) if len(pair) > 1 else 0):
            first, second = rng.choice(pair, 2, replace=False)
            jobs.append(f"{first}+{second}@{rng.uniform(0.3, 0.7):.2f}")
    rng.shuffle(jobs)
    return jobs


def _dealt(lines: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """`count` of the lines in shuffled order, all of them once before any comes again."""
    dealt: list[str] = []
    pool: list[int] = []
    for _ in range(count):
        if not pool:
            pool = list(rng.permutation(len(lines)))
        dealt.append(lines[pool.pop()])
    return dealt


def _borrowed(voices: Sequence[str], language: str, scale: float) -> list[Planned]:
    """A language without voices of its own, said by a few of other languages."""
    rng = np.random.default_rng(6)
    able = [voice for voice in voices if voice in _BORROWED_VOICES]
    count = round(scale * _EACH_BORROWED) if able else 0
    lines, speeds = _dealt(sentences(language), count, rng), rng.uniform(*_KOKORO_SPEEDS, count)
    chosen = [able[number % len(able)] for number in range(count)]
    return [
        Planned(
            f"kokoro-{voice}-{language}-{number:04d}", "kokoro", voice, language, line, TRAIN, round(float(speed), 2)
        )
        for number, (voice, line, speed) in enumerate(zip(chosen, lines, speeds, strict=True))
    ]


def _cmu(scale: float) -> list[Planned]:
    rng = np.random.default_rng(5)
    train, test = _split_sentences("en", True)
    spoken = [("flite", "rms", line, TEST) for line in test[: round(scale * len(test)) or 1]]
    jobs = [(engine, voice) for engine, voice, count in _CMU for _ in range(max(1, round(scale * count)))]
    lines = _dealt(train, len(jobs), rng)
    spoken += [(engine, voice, line, TRAIN) for (engine, voice), line in zip(jobs, lines, strict=True)]
    speeds = rng.uniform(*_CMU_SPEEDS, len(spoken))
    return [
        Planned(f"{engine}-{voice}-{number:04d}", engine, voice, "en", text, split, round(float(speed), 2))
        for number, ((engine, voice, text, split), speed) in enumerate(zip(spoken, speeds, strict=True))
    ]
