"""Prepared corpora: the format, synthetic speech by fake engines, phones and pauses, videos, the command."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from apps.cli import main
from dreamtalk.corpus import kokoro, read_corpus
from dreamtalk.corpus.augmentation import augmented, pitched
from dreamtalk.corpus.cmu_voices import phones_of_ends, speak_festival, speak_flite
from dreamtalk.corpus.espeak import ipa_clauses
from dreamtalk.corpus.ipa import IPA, phones_of_symbols
from dreamtalk.corpus.kokoro import Kokoro, extra_output, kokoro_symbols
from dreamtalk.corpus.mouth_of_phones import with_mouth
from dreamtalk.corpus.pauses import PAUSE_S, shifted, silences, with_pauses_heard
from dreamtalk.corpus.prepared import Item, PreparedWriter, read_list, read_prepared
from dreamtalk.corpus.spoken import Spoken
from dreamtalk.corpus.synthetic import prepare_synthetic, spoken_plan
from dreamtalk.corpus.synthetic_plan import LANGUAGES, TEST_VOICES, Planned, planned, sentences
from dreamtalk.corpus.video_layouts import talking_videos
from dreamtalk.corpus.videos import prepare_videos, usable_spans
from dreamtalk.errors import DreamTalkError, OptionError
from dreamtalk.face_capture import FaceCapture
from dreamtalk.phones import PHONE_INDEX, Phone
from dreamtalk.speaking_style import SpeakingStyle
from dreamtalk.training_clip import Recording
from rig.arkit import INDEX

VOICES = ("af_heart", "af_one", "af_two", "am_puck", "bf_emma", "bm_one", "ef_dora", "em_alex")


def recording(seconds: float = 2.0, phones: tuple[Phone, ...] = (), seen: bool = True) -> Recording:
    count = round(seconds * 25)
    weights = np.zeros((count, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = np.linspace(0, 0.5, count) * seen
    samples = (0.2 * np.sin(np.arange(count * 640) / 9)).astype(np.float32)
    return Recording(
        "x/1", "x", samples, weights, np.ones(count, bool), np.zeros((count, 3), np.float32), phones, "ann", "en",
        np.full(52, seen),
    )  # fmt: skip


def item(name: str = "1", split: str = "train") -> Item:
    return Item(name, "ann", "en", "Hello.", split)


def fake_spoken() -> Spoken:
    """Half a second of tone between silences."""
    samples = np.zeros(24_000, np.float32)
    samples[6_000:18_000] = 0.3 * np.sin(np.arange(12_000) / 5)
    phones = (Phone(0.0, 0.3, "sil"), Phone(0.3, 0.5, "m"), Phone(0.5, 0.7, "a"), Phone(0.7, 1.0, "sil"))
    return Spoken(samples, 24_000, phones, exact=False)


def test_a_prepared_corpus_is_read_as_it_was_written(tmp_path: Path):
    writer = PreparedWriter(tmp_path / "c", "mine", "CC0", "a test")
    phones = (Phone(0.1, 0.3, "p"), Phone(0.3, 0.5, "a"))
    writer.add(item(), recording(phones=phones))
    writer.add(item("2", "test"), recording(seen=False))
    (first, seen), (second, unseen) = read_prepared(tmp_path / "c")
    assert first.text == "Hello." and seen.phones == phones and seen.speaker == "ann" and seen.name == "mine/1"
    assert np.allclose(seen.weights, recording().weights, atol=1e-3) and seen.captured.all() and seen.valid.all()
    assert np.allclose(seen.samples, recording().samples, atol=1e-4) and len(seen.samples) == len(seen) * 640
    assert second.split == "test" and not unseen.captured.any() and unseen.weights.max() == 0
    assert set(second.files) == {"audio/2.flac"}
    both = read_corpus(tmp_path)
    assert [len(part) for part in (both.training, both.validation)] == [1, 1]
    assert not read_corpus(tmp_path, articulate=False).validation


class FakeArticulation:
    """A jaw that opens by the style's gain."""

    def mouth(self, phones: tuple[Phone, ...], count: int, style: SpeakingStyle) -> np.ndarray:
        weights = np.zeros((count, 52), np.float32)
        weights[:, INDEX["jawOpen"]] = 0.1 * style.jaw_gain * len(phones)
        return weights


def test_unseen_speech_gets_a_mouth_from_its_phones():
    unseen = recording(phones=(Phone(0.2, 0.5, "a"), Phone(0.5, 0.7, "m")), seen=False)
    first, again, plain = (with_mouth(unseen, any_style, FakeArticulation()) for any_style in (True, True, False))
    assert np.array_equal(first.weights, again.weights) and not np.array_equal(first.weights, plain.weights)
    assert plain.weights[:, INDEX["jawOpen"]] == pytest.approx(0.2) and not first.captured.any()
    seen = with_mouth(recording(), any_style=True)
    assert np.array_equal(seen.weights, recording().weights)


def test_what_is_there_is_kept_when_work_goes_on(tmp_path: Path):
    PreparedWriter(tmp_path, "mine", "CC0", "a test").add(item(), recording())
    again = PreparedWriter(tmp_path, "mine", "CC0", "a test")
    assert "1" in again and "2" not in again
    again.add(item("2"), recording())
    assert [one.id for one in read_list(tmp_path).items] == ["1", "2"]
    with pytest.raises(DreamTalkError, match="holds the corpus mine, not yours"):
        PreparedWriter(tmp_path, "yours", "CC0", "a test")
    with pytest.raises(DreamTalkError, match="plain file name"):
        again.add(item("../3"), recording())


def test_altered_and_missing_files_are_told(tmp_path: Path):
    PreparedWriter(tmp_path, "mine", "CC0", "a test").add(item(), recording(phones=(Phone(0, 1, "a"),)))
    phones = tmp_path / "phones" / "1.json"
    phones.write_text(json.dumps([[0, 1, "o"]]))
    with pytest.raises(DreamTalkError, match="SHA-256 differs"):
        read_prepared(tmp_path)
    assert read_prepared(tmp_path, check=False)[0][1].phones[0].symbol == "o"
    for broken, complaint in (([[0, 1, "qq"]], "not in the inventory"), ([[0, 1]], "no rows")):
        phones.write_text(json.dumps(broken))
        with pytest.raises(DreamTalkError, match=complaint):
            read_prepared(tmp_path, check=False)
    phones.unlink()
    with pytest.raises(DreamTalkError, match="lacks"):
        read_prepared(tmp_path)
    (tmp_path / "corpus.json").write_text('{"format": 9, "name": "a", "licence": "", "source": "", "items": []}')
    with pytest.raises(DreamTalkError, match="format 9"):
        read_list(tmp_path)
    for text in ("{", "[]", '{"format": 1}'):
        (tmp_path / "corpus.json").write_text(text)
        with pytest.raises(DreamTalkError, match="no list of a prepared corpus"):
            read_list(tmp_path)
    with pytest.raises(DreamTalkError, match=r"holds no corpus\.json"):
        read_list(tmp_path / "phones")


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


@given(st.integers(0, 200))
@settings(max_examples=25, deadline=None)
def test_augmented_copies_are_sound_and_keep_the_motion(seed):
    source = recording(1.0, (Phone(0.2, 0.4, "m"),))
    same_length = augmented(source, np.random.default_rng(seed), speeds=(1, 1))
    assert same_length.weights is source.weights and same_length.samples.shape == source.samples.shape
    first, second = (augmented(source, np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(first.samples, second.samples) and first.samples.dtype == np.float32
    assert np.isfinite(first.samples).all() and np.abs(first.samples).max() <= 1
    assert len(first.samples) / 16_000 == pytest.approx(len(first) / 25, abs=0.05)
    assert first.phones[0].end_s < len(first) / 25


def test_a_raised_voice_keeps_its_time():
    time = np.arange(16_000) / 16_000
    bursts = (np.sin(2 * np.pi * 200 * time) * (np.sin(2 * np.pi * 2 * time) > 0.5)).astype(np.float32)
    raised = pitched(bursts, 3.0)
    assert raised.shape == bursts.shape and np.array_equal(pitched(bursts, 0.0), bursts)
    spectrum = np.abs(np.fft.rfft(raised))
    assert np.argmax(spectrum) == pytest.approx(200 * 2**0.25, rel=0.03)
    loud = [np.flatnonzero(np.convolve(np.abs(x), np.ones(160) / 160, "same") > 0.2) for x in (bursts, raised)]
    assert abs(int(loud[0][0]) - int(loud[1][0])) < 320 and abs(int(loud[0][-1]) - int(loud[1][-1])) < 320


def touched(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_layouts_are_known_by_name(tmp_path: Path):
    touched(tmp_path / "mead", "M003/video/front/angry/level_2/001.mp4", "M003/audio/angry/level_2/001.m4a")
    (mead,) = talking_videos(tmp_path / "mead")
    assert mead.speaker == "M003" and mead.labels == {"view": "front", "emotion": "angry", "level": "2"}
    assert mead.sound.suffix == ".m4a" and mead.id == "M003-front-angry-2-001"
    touched(tmp_path / "hdtf", "RD_Radio10_000.mp4", "WDA_AnnLee0_003.mp4", "WDA_AnnLee1_000.mp4")
    assert [one.speaker for one in talking_videos(tmp_path / "hdtf")] == ["RD_Radio10", "WDA_AnnLee", "WDA_AnnLee"]
    touched(tmp_path / "own", "take one.mp4", "take_one.mov", "bob/1.mp4")
    own = talking_videos(tmp_path / "own")
    assert [one.speaker for one in own] == ["bob", "take one", "take_one"] and len({one.id for one in own}) == 3
    with pytest.raises(OptionError, match="does not fit the layout mead"):
        talking_videos(tmp_path / "own", "mead")
    with pytest.raises(OptionError, match="holds no videos"):
        talking_videos(tmp_path / "mead" / "M003" / "audio")


def test_pieces_end_at_cuts_lost_faces_and_long_silence():
    valid = np.ones(500, bool)
    valid[100:130] = False  # away for 1.2 s
    valid[200:205] = False  # a blink of the tracker
    assert usable_spans(valid, [(14.0, 18.0)], [250]) == [(0, 100), (130, 250), (250, 362), (438, 500)]
    assert usable_spans(np.zeros(50, bool), [], []) == []


def test_videos_become_recordings_at_25_fps(tmp_path: Path):
    folder = tmp_path / "films"
    touched(folder, "ann/1.mp4", "ann/2.mp4", "ann/bad.mp4")
    noise = np.random.default_rng(0).integers(-9000, 9000, 48_000).astype(np.int16)
    for name in ("1", "2"):
        wavfile.write(folder / "ann" / f"{name}.wav", 16_000, noise)
    calls: list[str] = []

    def capture(path: Path) -> FaceCapture:
        calls.append(path.stem)
        weights = np.repeat(np.linspace(0, 1, 90, dtype=np.float32)[:, None], 52, axis=1)
        return FaceCapture(weights, np.zeros((90, 3), np.float32), np.ones(90, bool), 30.0, (45,))

    for _ in range(2):
        listed = prepare_videos(folder, tmp_path / "out", language="de", capture=capture)
    assert calls == ["1", "2"]  # the second run has them, and bad.mp4 has no sound to begin with
    assert [one.id for one in listed.items] == ["ann-1-00", "ann-1-01", "ann-2-00", "ann-2-01"]
    _, made = read_prepared(tmp_path / "out")[1]
    assert len(made) == 37 and made.language == "de" and made.speaker == "ann"
    assert made.weights[:, INDEX["jawOpen"]] == pytest.approx((np.arange(38, 75) * 1.2 / 89).clip(0, 1), abs=2e-3)
    assert not made.captured[INDEX["tongueOut"]] and made.captured[INDEX["jawOpen"]]
    with pytest.raises(DreamTalkError, match="None of the 3 videos"):
        prepare_videos(folder, tmp_path / "none", capture=lambda path: (_ for _ in ()).throw(OptionError("No face.")))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["synthetic", "--minutes", "0"], "--minutes is 0"),
        (["synthetic", "--languages", "tlh"], "names tlh"),
        (["grid", "nowhere"], "tracks.npz"),
        (["facegood", "nowhere"], "curves"),
        (["videos", "nowhere"], "is no folder"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, complaint, tmp_path: Path, capsys):
    assert main(["prepare", *arguments, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip()
    assert complaint in said and "\n" not in said
