"""Prepared corpora: the format, speech without a face, augmentation, videos, the command."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from apps.cli import main
from dreamtalk.corpus import read_corpus
from dreamtalk.corpus.augmentation import augmented, pitched
from dreamtalk.corpus.mouth_of_phones import with_mouth
from dreamtalk.corpus.prepared import Item, PreparedWriter, read_list, read_prepared
from dreamtalk.corpus.video_layouts import talking_videos
from dreamtalk.corpus.videos import prepare_videos, usable_spans
from dreamtalk.errors import DreamTalkError, OptionError
from dreamtalk.face.face_capture import FaceCapture
from dreamtalk.mouth.speaking_style import SpeakingStyle
from dreamtalk.speech.phones import Phone
from dreamtalk.training.training_clip import Recording
from rig.arkit import INDEX


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
