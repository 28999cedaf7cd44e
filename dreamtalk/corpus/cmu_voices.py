"""The English voices of flite and festival, run as programs of their own; they tell the times of their phones."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from dreamtalk.corpus.ipa import merged
from dreamtalk.corpus.spoken import Spoken
from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.arpabet import phones_of_arpabet
from dreamtalk.speech.audio import load_audio
from dreamtalk.speech.phones import Phone

FLITE_VOICES = ("kal", "awb", "rms", "slt")
FESTIVAL_VOICES = {"slt-hts": "cmu_us_slt_arctic_hts", "kal-diphone": "kal_diphone"}
_SAME_AS = {"PAU": "SIL", "H#": "SIL", "BRTH": "SIL", "SSIL": "SIL", "AXR": "ER", "IX": "IH", "UX": "UW", "HV": "HH",
            "NX": "N"}  # fmt: skip
_SYLLABIC = {"EL": "L", "EM": "M", "EN": "N"}


def speak_flite(text: str, voice: str, speed: float = 1.0) -> Spoken:
    """Say `text` with one of FLITE_VOICES. Raises DreamTalkError where flite or the voice is missing."""
    if voice not in FLITE_VOICES:
        raise DreamTalkError(f"flite has no voice {voice}; it has {', '.join(FLITE_VOICES)}.")
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        stretch = f"duration_stretch={1 / speed:.3f}"
        printed = _run("flite", "-voice", voice, "--setf", stretch, "-psdur", "-t", text, "-o", str(wav))
        samples = load_audio(wav).samples
    labels = [entry.rsplit(":", 1) for entry in printed.split()]
    return Spoken(samples, 16_000, phones_of_ends((float(end), name) for name, end in labels), exact=True)


def speak_festival(text: str, voice: str, speed: float = 1.0) -> Spoken:
    """Say `text` with one of FESTIVAL_VOICES. Raises DreamTalkError where festival or the voice is missing."""
    if voice not in FESTIVAL_VOICES:
        raise DreamTalkError(f"festival has no voice {voice}; it has {', '.join(FESTIVAL_VOICES)}.")
    words = text.replace("\\", " ").replace('"', " ")
    with tempfile.TemporaryDirectory() as folder:
        wav, segments = Path(folder) / "speech.wav", Path(folder) / "speech.segs"
        program = (
            f"(begin (voice_{FESTIVAL_VOICES[voice]}) (Parameter.set 'Duration_Stretch {1 / speed:.3f}) "
            f'(set! u (Utterance Text "{words}")) (utt.synth u) '
            f'(utt.save.segs u "{segments}") (utt.save.wave u "{wav}"))'
        )
        _run("festival", "-b", program)
        samples = load_audio(wav).samples
        rows = segments.read_text().partition("#")[2].split("\n")
    fields = [row.split() for row in rows if row.strip()]
    return Spoken(samples, 16_000, phones_of_ends((float(row[0]), row[2]) for row in fields), exact=True)


def phones_of_ends(ends: Iterable[tuple[float, str]]) -> tuple[Phone, ...]:
    """(end_s, ARPAbet label) in order -> phones. Times that start anew belong to the next sentence."""
    phones: list[Phone] = []
    offset = start = 0.0
    for end, label in ends:
        if offset + end < start - 1e-6:
            offset = start
        stop, name = offset + end, _SAME_AS.get(label.upper(), label.upper())
        if stop - start > 1e-3:
            if name in _SYLLABIC:
                middle = (start + stop) / 2
                phones += [*phones_of_arpabet(start, middle, "AX"), *phones_of_arpabet(middle, stop, _SYLLABIC[name])]
            else:
                phones += phones_of_arpabet(start, stop, name)
        start = stop
    return merged(phones)


def _run(program: str, *arguments: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise DreamTalkError(f"{program} is not installed; install it (apt install {program}) or leave its voices out.")
    done = subprocess.run([path, *arguments], capture_output=True, encoding="utf-8")
    if done.returncode:
        tail = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DreamTalkError(f"{program} failed ({tail}); check that its voice is installed.")
    return done.stdout
