"""Text to words, words to phones, and phones to times."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamtalk.errors import DreamTalkError
from dreamtalk.speech import alignment
from dreamtalk.speech.arpabet import ARPABET, phones_of_arpabet
from dreamtalk.speech.audio import load_audio
from dreamtalk.speech.loudness import frame_loudness_db
from dreamtalk.speech.phones import PHONES, phone_frames
from dreamtalk.speech.spelling import spelled_out, spoken_words

HELLO = Path(__file__).resolve().parents[1] / "examples" / "hello.wav"
HELLO_TEXT = "Hello! I'm your new avatar. Give me a voice, a feeling, and a face; and I will speak for you."


def test_every_arpabet_phone_is_in_the_inventory():
    assert all(name in PHONES for names in ARPABET.values() for name in names)


def test_diphthongs_share_their_time():
    first, second = phones_of_arpabet(1.0, 1.2, "AY1")
    assert (first.symbol, second.symbol) == ("a", "ɪ")
    assert first.start_s == 1.0 and second.end_s == 1.2 and 1.0 < first.end_s == second.start_s < 1.2


def test_noise_is_silence_and_nonsense_an_error():
    assert phones_of_arpabet(0, 1, "+NSN+")[0].symbol == "sil"
    with pytest.raises(DreamTalkError, match="no ARPAbet phone"):
        phones_of_arpabet(0, 1, "QQ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bin blue, at F two now!", "bin blue at f two now"),
        ("It’s 1,250 miles.", "it's one thousand two hundred fifty miles"),
        ("Mr. Smith paid 3.05%", "mister smith paid three point zero five percent"),
        ("well-known 007", "well known zero zero seven"),
        ("1000000", "one million"),
    ],
)
def test_text_becomes_spoken_words(text, words):
    assert " ".join(spoken_words(text)) == words


def test_text_without_words_is_an_error():
    with pytest.raises(DreamTalkError, match="no English word"):
        spoken_words("¿?")


@given(st.integers(0, 10**14))
def test_numbers_are_letters(number):
    assert all(word.isalpha() for word in spoken_words(str(number)))


@given(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1).filter(lambda word: word.strip("'")))
def test_any_word_gets_arpabet(word):
    assert set(spelled_out(word).split()) <= set(ARPABET)


def test_unknown_words_sound_like_themselves():
    assert spelled_out("blimpish") == "B L IH M P IH SH"


def test_a_missing_aligner_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    alignment._decoder.cache_clear()
    try:
        with pytest.raises(DreamTalkError, match=r'pip install "dreamtalk\[align\]"'):
            alignment.aligned_phones(np.zeros(16000), "hello")
    finally:
        alignment._decoder.cache_clear()


def test_a_pause_lost_in_a_stop_is_found_again():
    late = alignment._without_pause(alignment.Phone(0.0, 0.74, "p"))
    assert late.end_s == 0.74 and late.start_s == pytest.approx(0.62)
    vowel = alignment.Phone(0.0, 0.74, "ɑ")
    assert alignment._without_pause(vowel) is vowel


def test_pieces_end_in_pauses_and_lose_nothing():
    words, start = [], 0
    for number in range(40):
        words.append(alignment._Word(start, start + 40, f"w{number}"))
        words.append(alignment._Word(start + 40, start + 50, "<sil>"))
        start += 50
    pieces = list(alignment._pieces(words))
    assert [word.name for piece in pieces for word in piece if word.spoken] == [f"w{number}" for number in range(40)]
    assert len(pieces) > 1 and all(piece[-1].stop - piece[0].start < 2500 for piece in pieces)


def test_text_that_is_not_said_is_an_error_or_squeezed(monkeypatch):
    pytest.importorskip("pocketsphinx")
    with pytest.raises(DreamTalkError, match="does not fit"):
        alignment.aligned_phones(np.zeros(3200), "many more words than such a short sound could ever hold in it")


def test_real_speech_is_aligned():
    pytest.importorskip("pocketsphinx")
    waveform = load_audio(HELLO)
    phones = alignment.aligned_phones(waveform.samples, HELLO_TEXT)
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in zip(phones, phones[1:], strict=False))
    assert "".join(phone.symbol for phone in phones[:5]) in ("hɛloʊ", "həloʊ")
    loud = frame_loudness_db(waveform.samples, round(waveform.duration_s * 25))
    speaking = phone_frames(phones, len(loud), 25.0) > 0
    assert loud[speaking].mean() > loud[~speaking].mean() + 15
