"""Emotion over time: what a user writes, in text and files, and how the shares run."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.errors import OptionError
from dreamtalk.expression.emotion_mix import EmotionMix
from dreamtalk.expression.emotion_track import EmotionKey, EmotionTrack
from dreamtalk.expression.emotion_track_file import is_track_file, read_emotion_track
from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary

FPS = 25.0


@st.composite
def mixes(draw) -> EmotionMix:
    names = draw(st.lists(st.sampled_from(EMOTIONS), min_size=1, max_size=3, unique=True))
    return EmotionMix(tuple((name, draw(st.floats(0.0, 1.0)) / len(names)) for name in names))


@st.composite
def tracks(draw) -> EmotionTrack:
    times = sorted(draw(st.sets(st.floats(0.0, 8.0), min_size=1, max_size=6)))
    keys = tuple(EmotionKey(time_s, draw(mixes())) for time_s in times)
    return EmotionTrack(keys, draw(st.floats(0.0, 3.0)))


@given(tracks())
@settings(max_examples=100, deadline=None)
def test_a_track_written_out_reads_as_itself(track):
    assert EmotionTrack.parse(str(track), track.transition_s) == track


@given(tracks())
@settings(max_examples=100, deadline=None)
def test_shares_make_a_whole_and_have_changed_at_their_key(track):
    shares = track.shares(250, FPS)
    assert shares.shape == (len(track.mixes), 250) and shares.min() >= 0.0
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-5)
    for key, following in zip(track.keys, (*track.keys[1:], None), strict=True):
        end_s = 9.9 if following is None else following.time_s - min(track.transition_s, following.time_s - key.time_s)
        held = np.arange(250)[(np.arange(250) / FPS >= key.time_s) & (np.arange(250) / FPS < end_s)]
        assert (shares[track.mixes.index(key.mix)][held] == 1.0).all()


@given(st.text(alphabet="0123456789.:,+ahpsy -", max_size=20))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_track_or_refused_in_one_sentence(text):
    try:
        track = EmotionTrack.parse(text)
    except OptionError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    else:
        assert EmotionTrack.parse(str(track)) == track


def test_what_a_user_writes():
    track = EmotionTrack.parse("neutral, 3.2:happy:0.8, 7 : sad+angry:0.25")
    assert [key.time_s for key in track.keys] == [0.0, 3.2, 7.0]
    assert track.keys[1].mix.parts == (("happy", 0.8),)
    assert track.keys[2].mix.parts == (("sad", 0.5), ("angry", 0.25))
    assert track.shown() == "0:neutral, 3.2:happy:0.8, 7:sad:0.5+angry:0.25"
    assert EmotionTrack.parse("happy:0.8").shown() == "happy:0.8" and EmotionTrack.parse("sad").shown() == "sad"


def test_before_the_first_key_the_face_is_neutral():
    track = EmotionTrack.parse("2:happy")
    assert [mix.shown() for mix in track.mixes] == ["neutral", "happy"]
    shares = track.shares(100, FPS)
    assert (shares[0, :35] == 1).all() and (shares[1, 50:] == 1).all() and (np.diff(shares[1]) >= 0).all()


def test_without_a_transition_the_key_is_a_step():
    assert EmotionTrack.parse("neutral, 2:sad", 0.0).shares(100, FPS)[1].tolist() == [0.0] * 50 + [1.0] * 50


def test_emotions_that_repeat_share_a_style():
    track = EmotionTrack.parse("neutral, 1:happy, 2:neutral, 3:happy, 4:happy:0.5")
    assert [mix.shown() for mix in track.mixes] == ["neutral", "happy", "happy:0.5"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty key"), ("happy,,sad", "empty key"), ("3:happy, 2:sad", "rising"), ("0:happy, 0:sad", "rising"),
        ("happy, sad", "no time"), ("-1:happy", "from 0 on"), ("inf:happy", "from 0 on"), ("1.5", "not an emotion"),
        ("happy+happy", "twice"), ("happy:0.7+sad:0.7", "together"), ("happy:1.5", "0 to 1"), ("3:", "not an emotion"),
        ("0:happy:loud", "0 to 1"), ("happy+", "not an emotion"),
    ],
)  # fmt: skip
def test_what_is_no_track(text, part):
    with pytest.raises(OptionError, match=part):
        EmotionTrack.parse(text)


def test_odd_tracks_in_python():
    with pytest.raises(OptionError, match="no keys"):
        EmotionTrack(())
    for transition_s in (-0.1, 11.0, float("nan")):
        with pytest.raises(OptionError, match="transition"):
            EmotionTrack.parse("happy", transition_s)
    with pytest.raises(OptionError, match="not an emotion"):
        EmotionMix(())


def test_keys_past_the_end_are_refused():
    track = EmotionTrack.parse("neutral, 3:happy")
    track.check_within(3.1)
    EmotionTrack.parse("happy").check_within(0.01)
    for duration_s in (3.0, 1.0):
        with pytest.raises(OptionError, match="past the end"):
            track.check_within(duration_s)


def test_a_mixture_shows_both_and_blinks_once():
    library = EmotionLibrary.load()
    mixed = EmotionMix.parse("happy:0.5+surprised:0.5").clip(library, 0)
    happy, surprised = library.clip("happy", 0.5), library.clip("surprised", 0.5)
    assert mixed.column("mouthSmileLeft").mean() > 0.8 * happy.column("mouthSmileLeft").mean()
    assert mixed.column("browInnerUp").mean() > 0.8 * surprised.column("browInnerUp").mean()
    above = [(clip.column("eyeBlinkLeft") > 0.5).sum() for clip in (mixed, happy)]
    assert above[0] <= above[1] + 2


def test_one_emotion_is_the_librarys_own_clip():
    library = EmotionLibrary.load()
    clip, own = EmotionMix.parse("sad:0.6").clip(library, 3), library.clip("sad", 0.6, 3)
    assert clip.weights.tobytes() == own.weights.tobytes() and clip.fps == own.fps


WANTED = EmotionTrack.parse("0:neutral, 3.2:happy:0.8, 7:sad:0.25+angry:0.15")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "time,emotion,intensity\n0,neutral,\n\n3.2, happy ,0.8\n7,sad:0.5+angry:0.3,0.5\n"),
        ("b.csv", "\ufeffEmotion,Time\nneutral,0\nhappy:0.8,3.2\nsad:0.25+angry:0.15,7\n"),
        ("c.json", '[{"time": 0, "emotion": "neutral"}, {"time": 3.2, "emotion": "happy", "intensity": 0.8},'
                   ' {"time": 7, "emotion": "sad:0.25+angry:0.15"}]'),
        ("d.JSON", '{"keys": [{"time": 0, "emotion": "neutral"}, {"time": "3.2", "emotion": "happy:0.8"},'
                   ' {"time": 7, "emotion": "sad:0.25+angry:0.15"}]}'),
    ],
)  # fmt: skip
def test_files(name: str, content: str, tmp_path: Path):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert is_track_file(name) and not is_track_file("happy:0.5")
    assert read_emotion_track(tmp_path / name) == WANTED


def test_a_file_may_set_the_transition_and_the_caller_may_overrule_it(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text('{"transition": 1.5, "keys": [{"time": 0, "emotion": "sad"}]}')
    assert read_emotion_track(path).transition_s == 1.5 and read_emotion_track(path, 0.2).transition_s == 0.2


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("gone.csv", None, "no file"), ("a.csv", "", "is empty"), ("a.csv", "time,mood\n0,happy\n", "time, mood"),
        ("a.csv", "time,emotion\n0,happy,1\n", "too many cells"), ("a.csv", "time,emotion\nsoon,happy\n", "number"),
        ("a.csv", "time,emotion\n,happy\n", "Key 1"), ("a.csv", "time,emotion\n", "no keys"),
        ("a.csv", b"\xff\xfe\x00", "UTF-8"), ("a.json", "{", "not JSON"), ("a.json", "3", "no keys"),
        ("a.json", "[[0, 1]]", "no keys"), ("a.json", '[{"time": 0}]', "no emotion"),
        ("a.json", '[{"time": 0, "emotion": 3}]', "give text"),
        ("a.json", '[{"time": true, "emotion": "sad"}]', "number"),
        ("a.json", '[{"time": 0, "emotion": "sad", "intensity": 2}]', "0 to 1"),
        ("a.json", '[{"time": 0, "emotion": "sad", "mood": 2}]', "has mood"), ("a.json", "[" * 5000, "not JSON"),
    ],
)  # fmt: skip
def test_files_that_hold_no_track(name: str, content: str | bytes | None, part: str, tmp_path: Path):
    if content is not None:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(OptionError, match=part) as refused:
        read_emotion_track(tmp_path / name)
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)
