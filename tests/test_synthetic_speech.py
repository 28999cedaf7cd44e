"""Synthetic speech: phones of symbols, pauses heard, fake engines, the plan."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dreamtalk.corpus import kokoro
from dreamtalk.corpus.cmu_voices import phones_of_ends, speak_festival, speak_flite
from dreamtalk.corpus.espeak import ipa_clauses
from dreamtalk.corpus.ipa import IPA, phones_of_symbols
from dreamtalk.corpus.kokoro import Kokoro, extra_output, kokoro_symbols
from dreamtalk.corpus.pauses import PAUSE_S, shifted, silences, with_pauses_heard
from dreamtalk.corpus.prepared import read_prepared
from dreamtalk.corpus.spoken import Spoken
from dreamtalk.corpus.synthetic import prepare_synthetic, spoken_plan
from dreamtalk.corpus.synthetic_plan import LANGUAGES, TEST_VOICES, Planned, planned, sentences
from dreamtalk.errors import DreamTalkError, OptionError
from dreamtalk.speech.phones import PHONE_INDEX, Phone

VOICES = ("af_heart", "af_one", "af_two", "am_puck", "bf_emma", "bm_one", "ef_dora", "em_alex")


def fake_spoken() -> Spoken:
    """Half a second of tone between silences."""
    samples = np.zeros(24_000, np.float32)
    samples[6_000:18_000] = 0.3 * np.sin(np.arange(12_000) / 5)
    phones = (Phone(0.0, 0.3, "sil"), Phone(0.3, 0.5, "m"), Phone(0.5, 0.7, "a"), Phone(0.7, 1.0, "sil"))
    return Spoken(samples, 24_000, phones, exact=False)


def test_every_phone_named_is_in_the_inventory():
    assert {phone for phones in IPA.values() for phone in phones} <= set(PHONE_INDEX)


def test_marks_lend_their_time_to_the_sounds_beside_them():
    symbols = ("", "p", "ˈ", "A", "ː", " ", "m", "ɜ", "ɹ", ".")
    phones = phones_of_symbols(symbols, np.full(10, 0.1))
    assert [phone.symbol for phone in phones] == ["sil", "p", "e", "ɪ", "m", "ɜ", "sil"]
    assert phones[2].start_s == pytest.approx(0.2) and phones[3].end_s == pytest.approx(0.55)
    assert phones[4].start_s == pytest.approx(0.55) and phones[5].end_s == pytest.approx(0.9)


def test_a_rhotic_before_a_vowel_stays_an_r():
    phones = phones_of_symbols(tuple("əɹi"), np.full(3, 0.1))
    assert [phone.symbol for phone in phones] == ["ə", "r", "i"]


def test_sentences_in_a_row_go_on_in_time():
    phones = phones_of_ends([(0.2, "pau"), (0.4, "b"), (0.5, "el"), (0.1, "pau"), (0.3, "ey1")])
    assert [phone.symbol for phone in phones] == ["sil", "p", "ə", "l", "sil", "e", "ɪ"]
    assert phones[-1].end_s == pytest.approx(0.8)


@given(st.lists(st.tuples(st.sampled_from(["p", "a", "s", "m", "sil", "t"]), st.floats(0.03, 0.4)), max_size=12),
       st.integers(0, 50))  # fmt: skip
@example(
    [("p", 0.25), ("p", 0.25756737), ("p", 0.1875), ("sil", 0.28125), ("p", 0.25), ("p", 0.3671875), ("p", 0.37236),
     ("p", 0.21875)], 0,
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_heard_pauses_leave_phones_in_order_and_inside_the_sound(drawn, seed):
    edges = np.concatenate([[0], np.cumsum([length for _, length in drawn])])
    phones = tuple(Phone(a, b, name) for a, b, (name, _) in zip(edges[:-1], edges[1:], drawn, strict=True))
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal(round((edges[-1] + 0.5) * 16_000)) * np.repeat(rng.integers(0, 2, 99), 800)[: round(
        (edges[-1] + 0.5) * 16_000)]  # fmt: skip
    found = with_pauses_heard(shifted(phones, 0.05, 0.065), samples, 16_000)
    times = [time for phone in found for time in (phone.start_s, phone.end_s)]
    assert times == sorted(times) and all(0 <= time <= len(samples) / 16_000 + 1e-3 for time in times)
    assert all(phone.end_s > phone.start_s for phone in found)


def test_pauses_lie_where_the_sound_is_silent():
    spoken = fake_spoken()
    assert np.allclose(silences(spoken.samples, 24_000), [(0.0, 0.25), (0.75, 1.0)], atol=0.02)
    found = with_pauses_heard(spoken.phones, spoken.samples, 24_000)
    assert [phone.symbol for phone in found] == ["sil", "m", "a", "sil"]
    assert found[1].start_s == pytest.approx(0.25, abs=0.02) and found[2].end_s == pytest.approx(0.75, abs=0.02)
    assert PAUSE_S == 0.08


def test_an_output_is_added_to_an_onnx_graph_by_bytes():
    assert extra_output("ab") == b"\x3a\x06\x62\x04\x0a\x02ab"


class FakeSession:
    """Two frames of tone for every symbol, ten for the start."""

    def run(self, names: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.inputs = inputs
        frames = np.full(inputs["tokens"].size, 2.0, np.float32)
        frames[0] = 10.0
        return [np.ones(round(frames.sum()) * 600, np.float32), frames]


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    for number, voice in enumerate(("af_a", "am_b")):
        np.full((9, 256), number, np.float32).tofile(tmp_path / f"{voice}.bin")
    (tmp_path / "bf_short.bin").write_bytes(b"1234")
    return tmp_path


def test_kokoro_tells_when_each_sound_is_spoken(voices: Path, monkeypatch):
    monkeypatch.setattr(kokoro, "ipa_clauses", lambda text, language: [("mˈe^ɪ", "."), ("t^ʃɜː", "।")])
    assert kokoro_symbols("", "en-us") == "mˈA. ʧɜɹ."
    session = FakeSession()
    vocabulary = {symbol: 1 + number for number, symbol in enumerate("mˈA. ʧɜɹ")}
    spoken = Kokoro(voices, session, vocabulary).speak("x", "af_a+am_b@0.25")
    assert session.inputs["tokens"][0, [0, -1]].tolist() == [0, 0] and session.inputs["tokens"].shape == (1, 11)
    assert np.allclose(session.inputs["style"], 0.25) and spoken.rate == 24_000 and not spoken.exact
    assert [phone.symbol for phone in spoken.phones] == ["sil", "m", "e", "ɪ", "sil", "tʃ", "ɜ", "sil"]
    assert spoken.phones[1].start_s == pytest.approx(0.25 - kokoro.CONSONANT_LATE_S)
    assert spoken.phones[2].start_s == pytest.approx(0.30 - kokoro.VOWEL_LATE_S)


def test_kokoro_refuses_what_it_cannot_say(voices: Path, monkeypatch):
    monkeypatch.setattr(kokoro, "ipa_clauses", lambda text, language: [("m" * 12, ".")])
    speaker = Kokoro(voices, FakeSession(), {"m": 1})
    complaints = {"af_a": "12 sounds", "af_c": r"no af_c\.bin", "bf_short": "1 numbers", "zf_x": "none of"}
    for voice, complaint in complaints.items():
        with pytest.raises(DreamTalkError, match=complaint):
            speaker.speak("x", voice)


def test_programs_that_are_missing_are_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    for program, argument in ((speak_flite, "kal"), (speak_festival, "slt-hts"), (ipa_clauses, "de")):
        with pytest.raises(DreamTalkError, match="is not installed"):
            program("x", argument)
    with pytest.raises(DreamTalkError, match="flite has no voice bob"):
        speak_flite("x", "bob")


def test_the_plan_keeps_whole_voices_and_their_sentences_for_tests():
    plan = planned(VOICES)
    assert plan == planned(tuple(reversed(VOICES))) and len({one.id for one in plan}) == len(plan)
    said = {split: {one.text for one in plan if one.split == split} for split in ("train", "test")}
    assert not said["train"] & said["test"]
    assert {one.voice for one in plan if one.split == "test"} <= TEST_VOICES
    assert not any(voice in one.voice for one in plan if one.split == "train" for voice in TEST_VOICES)
    assert {one.language for one in plan} == {"en", "es", "de"}
    assert len(planned(VOICES, minutes=4)) < len(plan) / 4
    assert all(sentences(language) for language in LANGUAGES)


def test_synthetic_speech_is_spoken_once(tmp_path: Path):
    said: list[str] = []

    def engine(one: Planned) -> Spoken:
        said.append(one.text)
        return fake_spoken()

    absent = Planned("a-2", "gone", "x", "en", "No.", "test", 1.0)
    plan = [Planned("a-1", "flite", "kal", "en", "Map.", "train", 1.0), absent]
    for _ in range(2):
        listed = spoken_plan(plan, tmp_path, {"flite": engine})
    assert said == ["Map."] and [one.id for one in listed.items] == ["a-1"]
    ((_, made),) = read_prepared(tmp_path)
    assert len(made.samples) == 16_000 and made.phones[1].symbol == "m" and not made.captured.any()
    with pytest.raises(OptionError, match="No speech synthesizer"):
        spoken_plan(plan, tmp_path, {})


def test_languages_and_voices_are_checked_before_work(tmp_path: Path):
    with pytest.raises(OptionError, match="names xx; choose from en"):
        prepare_synthetic(tmp_path, languages=("en", "xx"))
    with pytest.raises(OptionError, match="Only Kokoro speaks"):
        prepare_synthetic(tmp_path, languages=("es",))
    with pytest.raises(OptionError, match="no style vectors"):
        prepare_synthetic(tmp_path, voices=tmp_path)
