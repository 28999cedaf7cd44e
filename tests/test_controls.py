"""What the command line lets a user turn, and what it refuses before any work is done."""

from pathlib import Path

import pytest
from test_bad_input import refused  # noqa: F401 - a fixture

from apps.cli import build_parser, main
from apps.controls import DIALS, requested_options
from dreamtalk import pipeline
from dreamtalk.expression.dials import Dials
from dreamtalk.expression.emotion_track import EmotionTrack
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.audio import load_audio
from dreamtalk.speech.phones import BILABIAL
from dreamtalk.speech.transcript import check_english, read_transcript
from rig.clip_file import read_clip
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm
from rig.shape_adjustments import ShapeAdjustment, ShapeAdjustments


def animate(speech: Path, output: Path, *words: str) -> int:
    return main(["animate", str(speech), "--quiet", *words, "-o", str(output)])


def test_emotion_over_time(stub_talk, speech: Path, tmp_path: Path) -> None:
    words = ["--emotion", "0:neutral, 0.5:happy:0.8", "--transition", "0.3"]
    assert animate(speech, tmp_path / "a.csv", *words) == 0
    assert stub_talk.requests[0].emotion == EmotionTrack.parse("0:neutral, 0.5:happy:0.8", 0.3)


def test_emotion_from_a_file(stub_talk, speech: Path, tmp_path: Path) -> None:
    (tmp_path / "track.csv").write_text("time,emotion\n0,neutral\n0.5,happy:0.8\n")
    assert animate(speech, tmp_path / "a.csv", "--emotion", str(tmp_path / "track.csv")) == 0
    assert stub_talk.requests[0].emotion == EmotionTrack.parse("0:neutral, 0.5:happy:0.8")


def test_every_dial_has_its_argument(stub_talk, speech: Path, tmp_path: Path) -> None:
    assert tuple(DIALS) == tuple(vars(Dials()))
    words = [word for index, name in enumerate(DIALS) for word in (f"--{name}", f"{index / 4}")]
    assert animate(speech, tmp_path / "a.csv", *words, "--mouth-only") == 0
    options = stub_talk.requests[0].options
    assert options.dials == Dials(*(index / 4 for index in range(len(DIALS)))) and options.mouth_only


def test_shapes(stub_talk, speech: Path, tmp_path: Path) -> None:
    (tmp_path / "shapes.csv").write_text("shape,gain\njawOpen,1.2\n")
    assert animate(speech, tmp_path / "a.csv", "--shapes", str(tmp_path / "shapes.csv")) == 0
    assert stub_talk.requests[0].options.shapes == ShapeAdjustments((ShapeAdjustment("jawOpen", gain=1.2),))


def test_variations_are_takes_of_following_seeds(stub_talk, speech: Path, tmp_path: Path) -> None:
    words = ["--variations", "3", "--seed", "5", "--avatar", str(tmp_path / "v.mp4")]
    assert animate(speech, tmp_path / "a.csv", *words) == 0
    assert [request.options.seed for request in stub_talk.requests] == [5, 6, 7]
    names = {path.name for path in tmp_path.iterdir()} - {speech.name}
    assert names == {"a_1.csv", "a_2.csv", "a_3.csv", "v_1.mp4", "v_2.mp4", "v_3.mp4"}


def test_text_is_words_or_a_file(stub_talk, speech: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("Bob met mum.\n")
    for given in ("Bob met mum.\n", str(tmp_path / "words.txt")):
        assert animate(speech, tmp_path / "a.csv", "--text", given) == 0
    assert [request.text for request in stub_talk.requests] == ["Bob met mum.\n"] * 2


def test_without_arguments_the_options_are_the_defaults() -> None:
    arguments = build_parser().parse_args(["animate", "a.wav", "-o", "a.csv"])
    assert requested_options(arguments) == (AnimationOptions(),)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--emotion", "0:happy, 0.5:bored"], "'bored'"), (["--emotion", "0.5:happy, 0.2:sad"], "rising"),
        (["--emotion", "0:neutral, 3:happy"], "past the end"), (["--emotion", "gone.json"], "gone.json"),
        (["--transition", "1"], "--emotion"), (["--emotion", "happy", "--transition", "99"], "transition"),
        (["--head", "3"], "dial head is 3"), (["--blink", "-1"], "dial blink"), (["--mouth", "nan"], "dial mouth"),
        (["--strength", "much"], "--strength"), (["--shapes", "gone.csv"], "gone.csv"), (["--text", " "], "empty"),
        (["--text", "gone.txt"], "gone.txt"),
        (["--variations", "0"], "1 to 100"), (["--variations", "101"], "1 to 100"),
        (["--seed", "9223372036854775807", "--variations", "2"], "seed"),
    ],
)  # fmt: skip
def test_bad_controls(words, part, stub_talk, refused, speech: Path, tmp_path: Path) -> None:  # noqa: F811
    assert part in refused("animate", speech, *words, "-o", tmp_path / "a.csv")
    assert stub_talk.requests == []


def test_tables_are_not_overwritten(stub_talk, refused, speech: Path, tmp_path: Path) -> None:  # noqa: F811
    for name, content in (("s.csv", "shape,gain\n"), ("t.csv", "time,emotion\n0,happy\n"), ("t_1.csv", "")):
        (tmp_path / name).write_text(content)
    assert "input" in refused("animate", speech, "--shapes", tmp_path / "s.csv", "-o", tmp_path / "s.csv")
    assert "input" in refused("animate", speech, "--emotion", tmp_path / "t.csv", "-o", tmp_path / "t.csv")
    words = ("--emotion", tmp_path / "t_1.csv", "--variations", 2)
    assert "input" in refused("animate", speech, *words, "-o", tmp_path / "t.csv")


def test_transcripts_of_other_languages_are_refused() -> None:
    check_english("A naïve café, 42 %: Zoë's résumé!")
    check_english("...")
    for text in ("Привет, мир", "你好，世界", "Größe übt Äpfel"):
        with pytest.raises(ValueError, match="not in English"):
            check_english(text)


def test_a_transcript_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="UTF-8"):
        read_transcript(str(tmp_path / "a.txt"))
    assert read_transcript("word " * 3000).startswith("word")


def test_python_takes_a_track_in_words_and_scales_it() -> None:
    track = pipeline._emotion_track("neutral, 1:happy:0.8", 0.5)
    assert track.shown() == "0:neutral:0.5, 1:happy:0.4"
    assert pipeline._emotion_track(None, 1.0).shown() == "neutral"
    for intensity in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="intensity"):
            pipeline._emotion_track("happy", intensity)


HELLO = Path(__file__).parents[1] / "examples" / "hello.wav"
SAID = "Hello! I'm your new avatar. Give me a voice, a feeling, and a face; and I will speak for you."


def test_a_transcript_shuts_the_lips_of_the_shipped_weights(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    from dreamtalk.speech.alignment import aligned_phones

    assert main(["animate", str(HELLO), "--quiet", "--steps", "3", "--text", SAID, "-o", str(tmp_path / "a.npz")]) == 0
    clip = read_clip(tmp_path / "a.npz")
    gap_mm = lip_aperture_mm(FaceRig.load(), clip.weights)
    phones = aligned_phones(load_audio(HELLO).samples, SAID)
    centres = [round(phone.centre_s * clip.fps) for phone in phones if phone.symbol in BILABIAL]
    assert len(centres) == 3 and all(gap_mm[centre - 1 : centre + 2].min() < 1.0 for centre in centres)


@pytest.mark.parametrize(
    "text",
    [
        "Das ist ein ganz anderer Satz auf Deutsch",
        "Completely different words are here that nobody said at all in this file",
    ],
)
def test_a_transcript_of_something_else_is_refused(text, refused, tmp_path: Path) -> None:  # noqa: F811
    pytest.importorskip("pocketsphinx")
    assert "does not fit the speech" in refused("animate", HELLO, "--text", text, "-o", tmp_path / "a.csv")
