"""What becomes of a video: films without loss, numbered pictures, posters, and what they say about themselves."""

import os
import weakref
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from apps.cli import main
from apps.outputs import output_path
from dreamtalk.errors import OptionError
from dreamtalk.performance import Performance, Video
from dreamtalk.provenance import SOURCE_TYPE, STATEMENT
from dreamtalk.speech.audio import Waveform
from dreamtalk.video import write_video
from dreamtalk.video_mark import marked
from dreamtalk.video_sequence import is_sequence, write_sequence
from rig.clip import BlendshapeClip


def noise(count: int, height: int = 33, width: int = 47) -> list[np.ndarray]:
    rng = np.random.default_rng(count)
    return [rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]


def tone(seconds: float) -> Waveform:
    return Waveform(0.5 * np.sin(np.arange(round(16_000 * seconds)) / 7), 16_000)


def grey_video(count: int, height: int = 64, width: int = 64) -> Video:
    def draw(clip: BlendshapeClip):
        for number in range(len(clip)):
            yield np.full((height, width, 3), 100 + number, np.uint8)

    return Video(draw, BlendshapeClip.rest(count, 25), None)


@pytest.mark.parametrize("size", [(33, 47), (64, 64)])
def test_nothing_is_lost_in_a_lossless_film(tmp_path: Path, size: tuple[int, int]) -> None:
    frames, sound = noise(13, *size), tone(13 / 25)
    write_video(tmp_path / "out.mp4", frames, 25, sound, lossless=True)
    with av.open(str(tmp_path / "out.mp4")) as film:
        came = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert all(np.array_equal(one, other) for one, other in zip(came, frames, strict=True))
    with av.open(str(tmp_path / "out.mp4")) as film:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)])
    assert np.abs(heard[: len(sound)] - sound.samples * 32768).max() <= 0.501


@pytest.mark.parametrize("lossless", [False, True])
def test_films_say_what_they_are(tmp_path: Path, lossless: bool) -> None:
    write_video(tmp_path / "out.mp4", noise(3), 25, tone(0.1), lossless=lossless)
    with av.open(str(tmp_path / "out.mp4"), options={"export_xmp": "1"}) as film:
        tags = film.metadata
    assert STATEMENT in tags["comment"] and "dreamtalk" in tags["comment"]
    assert SOURCE_TYPE in tags["xmp"] and STATEMENT in tags["xmp"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg"])
def test_posters_say_what_they_are_and_show_a_frame(tmp_path: Path, suffix: str) -> None:
    grey_video(9).save_poster(tmp_path / f"poster{suffix}")
    with Image.open(tmp_path / f"poster{suffix}") as picture:
        packet = picture.info["xmp"]
        assert 98 <= picture.convert("RGB").getpixel((9, 9))[0] <= 110
    assert SOURCE_TYPE.encode() in packet and STATEMENT.encode() in packet


def test_a_poster_must_be_a_picture(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"must end in one of \.png, \.jpg"):
        grey_video(3).save_poster(tmp_path / "poster.mp4")
    assert not list(tmp_path.iterdir())


def test_numbered_pictures_are_the_frames_bit_by_bit(tmp_path: Path) -> None:
    frames, seen = noise(12), []
    pattern = tmp_path / "take" / "%03d.png"
    write_sequence(pattern, iter(frames), frame_count=12, progress=lambda done, of: seen.append((done, of)))
    assert sorted(path.name for path in pattern.parent.iterdir()) == [f"{number:03d}.png" for number in range(12)]
    for number, frame in enumerate(frames):
        with Image.open(pattern.parent / f"{number:03d}.png") as picture:
            assert np.array_equal(np.asarray(picture), frame) and picture.info["Comment"] == STATEMENT
    assert seen == [(done, 12) for done in range(1, 13)]


def test_a_shorter_sequence_does_not_mix_with_a_longer_one(tmp_path: Path) -> None:
    pattern = tmp_path / "%05d.png"
    write_sequence(pattern, noise(5), frame_count=5)
    write_sequence(pattern, noise(5), frame_count=5)
    with pytest.raises(OptionError, match=r"holds 00004\.png of a longer sequence"):
        write_sequence(pattern, noise(4), frame_count=4)


def test_a_failure_on_the_way_leaves_no_pictures(tmp_path: Path) -> None:
    def failing():
        yield from noise(3)
        raise RuntimeError("the renderer gave up")

    for folder in ("new", "old"):
        (tmp_path / "old").mkdir(exist_ok=True)
        with pytest.raises(RuntimeError):
            write_sequence(tmp_path / folder / "%05d.png", failing(), frame_count=9)
    assert [path.name for path in tmp_path.rglob("*")] == ["old"]


@pytest.mark.parametrize(
    ("name", "sequence"),
    [("%05d.png", True), ("a_%d.PNG", True), ("a.png", False), ("%05d.jpg", False), ("%d_%d.png", False)],
)
def test_sequences_are_told_by_their_name(name: str, sequence: bool) -> None:
    assert is_sequence(Path("folder") / name) == sequence


def test_a_slash_means_numbered_pictures() -> None:
    assert output_path("frames/") == Path("frames/%05d.png") and output_path(f"a{os.sep}") == Path("a/%05d.png")
    assert output_path("frames") == Path("frames") and output_path("-") == Path("-")


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(512, 512), (300, 900), (120, 120)])
def test_the_mark_is_seen_in_its_corner_and_nowhere_else(level: int, size: tuple[int, int]) -> None:
    plain = np.full((*size, 3), level, np.uint8)
    (shown,) = marked([plain])
    change = np.abs(shown.astype(int) - plain).max(axis=2)
    assert change[:, : size[1] // 8].max() == 0 and change[: size[0] * 3 // 4].max() == 0
    corner = shown[size[0] * 3 // 4 :].astype(int)
    assert np.ptp(corner) > 60 and 20 < (change > 30).sum() < 0.1 * change.size
    assert (plain == level).all()


def test_marks_reach_film_poster_and_pictures(tmp_path: Path) -> None:
    video = grey_video(3).marked()
    video.save_poster(tmp_path / "poster.png")
    video.save(tmp_path / "%05d.png")
    for name in ("poster.png", "00000.png", "00002.png"):
        assert np.ptp(np.asarray(Image.open(tmp_path / name)).astype(int)[40:]) > 40


def test_a_performance_writes_the_avatar_in_numbered_pictures(stub_talk, tmp_path: Path) -> None:
    Performance(BlendshapeClip.rest(2, 25)).save(tmp_path / "%05d.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000.png", "00001.png"]


@pytest.mark.parametrize("name", ["out.mp4", "lossless.mp4", "%05d.png"])
def test_frames_are_let_go_as_they_are_written(tmp_path: Path, name: str) -> None:
    came: list[weakref.ref] = []
    most = 0

    def draw(clip: BlendshapeClip):
        nonlocal most
        for _ in range(len(clip)):
            frame = np.zeros((64, 64, 3), np.uint8)
            came.append(weakref.ref(frame))
            most = max(most, sum(one() is not None for one in came))
            yield frame

    video = Video(draw, BlendshapeClip.rest(60, 25), None).marked()
    video.save(tmp_path / name, lossless=name.startswith("lossless"))
    assert len(came) == 60 and most <= 4


# The command line


def test_animate_writes_pictures_poster_and_mark(stub_talk, speech: Path, tmp_path: Path, capsys) -> None:
    words = ["--poster", str(tmp_path / "p.jpg"), "--mark", "--lossless", "-o", str(tmp_path / "a.mp4")]
    assert main(["animate", str(speech), *words, "-o", f"{tmp_path}/frames/"]) == 0
    assert len(list((tmp_path / "frames").glob("*.png"))) == 25
    assert capsys.readouterr().out.splitlines()[-1] == f"wrote {tmp_path / 'p.jpg'}"
    with av.open(str(tmp_path / "a.mp4")) as film:
        pixels = next(film.decode(video=0)).to_ndarray(format="rgb24")
        assert film.streams.video[0].codec_context.pix_fmt == "gbrp"
    assert np.array_equal(pixels, np.asarray(Image.open(tmp_path / "frames" / "00000.png")))
    assert np.ptp(pixels.astype(int)) > 40


def test_render_takes_the_same_and_another_rate(stub_talk, tmp_path: Path) -> None:
    clip = tmp_path / "a.npz"
    from rig.clip_file import write_clip

    write_clip(BlendshapeClip.rest(25, 25), clip)
    words = ["--poster", str(tmp_path / "p.png"), "--fps", "60"]
    assert main(["render", str(clip), *words, "-o", str(tmp_path / "a.mp4")]) == 0
    assert main(["render", str(clip), "-o", f"{tmp_path}/frames/"]) == 0
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert (film.streams.video[0].average_rate, film.streams.video[0].frames) == (60, 60)
    assert len(list((tmp_path / "frames").iterdir())) == 25 and (tmp_path / "p.png").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--face", "2"], "--face is given without --portrait"),
        (["--frame", "full"], "--frame is given without --portrait"),
        (["--size", "8"], "--size is 8"),
        (["--poster", "p.mp4"], "has"),
        (["--poster", "none/p.png"], "is missing"),
    ],
)
def test_video_options_are_checked_before_any_work(
    words: list[str], says: str, stub_talk, speech: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["animate", str(speech), *words, "-o", "a.mp4"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and (says in told or "suffix" in told)
    assert stub_talk.requests == []


def test_pictures_do_not_write_over_the_input(stub_talk, speech: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    sound = speech.rename(folder / "00001.png")
    assert main(["animate", str(sound), "-o", f"{folder}/"]) == 2
    assert "also an input" in capsys.readouterr().err
