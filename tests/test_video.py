"""Videos hold every frame and start with their sound; sheets show them on a page; both whole or not at all."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.contact_sheet import FRAMES_SHOWN, draw_contact_sheet, write_contact_sheet
from dreamtalk.errors import OptionError
from dreamtalk.plots.panels import WIDTH, strongest_curves
from dreamtalk.speech.audio import SAMPLE_RATE, Waveform, load_audio
from dreamtalk.telling_frames import telling_frames
from dreamtalk.video import write_video
from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError


def pictures(count: int, height: int = 32, width: int = 48):
    for number in range(count):
        yield np.full((height, width, 3), (200, 60, 10 + number % 200), np.uint8)


def chirp(seconds: float, rate: int = SAMPLE_RATE) -> Waveform:
    t = np.arange(round(seconds * rate)) / rate
    return Waveform(0.5 * np.sin(2 * np.pi * (200 + 400 * t) * t), rate)


def clip_of(count: int, fps: float = 25) -> BlendshapeClip:
    rng = np.random.default_rng(count)
    return BlendshapeClip(rng.uniform(0, 1, (count, 52)), rng.normal(0, 0.1, (count, 3)), fps)


@settings(max_examples=15, deadline=None)
@given(
    count=st.integers(1, 40),
    fps=st.sampled_from([25, 30, 60, 12.5, 23.976, 30_000 / 1001, 1]),
    height=st.integers(16, 40),
    width=st.integers(16, 40),
    sound_s=st.one_of(st.none(), st.floats(0.1, 2.0)),
)
def test_a_video_holds_as_many_frames_as_came_and_sound_of_their_length(
    tmp_path_factory, count, fps, height, width, sound_s
):
    path = tmp_path_factory.mktemp("video") / "out.mp4"
    write_video(path, pictures(count, height, width), fps, None if sound_s is None else chirp(sound_s))
    with av.open(str(path)) as container:
        picture = container.streams.video[0]
        frames = list(container.decode(picture))
        assert len(frames) == count
        assert picture.average_rate == Fraction(fps).limit_denominator(1001) or count == 1
        assert frames[0].pts == 0 and (frames[0].height, frames[0].width) == (height + height % 2, width + width % 2)
        assert len(container.streams.audio) == (sound_s is not None)
        if sound_s is not None:
            sound = container.streams.audio[0]
            assert sound.start_time == 0
            assert float(sound.duration * sound.time_base) == pytest.approx(count / fps, abs=0.002)


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 47_999, 96_000])
def test_sound_starts_with_the_picture(tmp_path, rate):
    waveform = chirp(2, rate)
    write_video(tmp_path / "out.mp4", pictures(50), 25, waveform)
    heard = load_audio(tmp_path / "out.mp4").samples[1_000:30_000]
    said = chirp(2).samples
    # AAC adds noise but must not move anything: a few samples off, the two part.
    error = {shift: np.abs(heard - said[1_000 + shift : 30_000 + shift]).mean() for shift in range(-3, 4)}
    assert abs(min(error, key=error.__getitem__)) <= 1


def test_short_sound_is_followed_by_silence_and_long_sound_is_cut(tmp_path):
    write_video(tmp_path / "short.mp4", pictures(50), 25, chirp(1))
    after = load_audio(tmp_path / "short.mp4").samples[round(1.2 * SAMPLE_RATE) :]
    assert np.abs(after).max() < 1e-3
    write_video(tmp_path / "long.mp4", pictures(25), 25, chirp(3))
    assert load_audio(tmp_path / "long.mp4").duration_s == pytest.approx(1, abs=0.08)


def test_colours_come_back_as_they_went_in_and_are_named(tmp_path):
    write_video(tmp_path / "out.mp4", pictures(5, 64, 64), 25)
    with av.open(str(tmp_path / "out.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)  # BT.709, studio range
        assert frame.format.name == "yuv420p"
        assert np.abs(frame.to_ndarray(format="rgb24")[20, 20].astype(int) - (200, 60, 10)).max() <= 4


def test_the_same_frames_give_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, pictures(30), 25, chirp(1))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_progress_counts_every_frame(tmp_path):
    seen = []
    write_video(tmp_path / "out.mp4", pictures(4), 25, frame_count=4, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    "name, frames, fps, says",
    [
        ("out.avi", lambda: pictures(2), 25, "must end in .mp4"),
        ("out.mp4", lambda: pictures(2), 0, "frames a second"),
        ("out.mp4", lambda: pictures(2), float("nan"), "frames a second"),
        ("out.mp4", lambda: pictures(0), 25, "no frames"),
        ("out.mp4", lambda: iter([np.zeros((8, 8, 4), np.uint8)]), 25, "give .H, W, 3. uint8"),
        ("out.mp4", lambda: iter([np.zeros((8, 8, 3), np.float32)]), 25, "uint8"),
        ("out.mp4", lambda: (f for s in (16, 32) for f in pictures(1, s, s)), 25, "change their size"),
    ],
)
def test_bad_videos_are_refused_and_leave_nothing(tmp_path, name, frames, fps, says):
    with pytest.raises(OptionError, match=says):
        write_video(tmp_path / name, frames(), fps, chirp(1))
    assert not list(tmp_path.iterdir())


def test_a_failure_on_the_way_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"what was there")

    def failing():
        yield from pictures(3)
        raise RuntimeError("the renderer gave up")

    with pytest.raises(RuntimeError):
        write_video(path, failing(), 25, chirp(1))
    assert path.read_bytes() == b"what was there" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", ["video", "sheet"])
def test_a_missing_folder_is_refused_before_any_frame_is_drawn(tmp_path, write):
    def untouched():
        pytest.fail("a frame was drawn")
        yield

    with pytest.raises(RigError, match="does not exist"):
        if write == "video":
            write_video(tmp_path / "none" / "out.mp4", untouched(), 25)
        else:
            write_contact_sheet(tmp_path / "none" / "out.png", clip_of(9), None, untouched())


@settings(max_examples=30, deadline=None)
@given(frames=st.integers(1, 300), count=st.integers(1, 12))
def test_telling_frames_are_spread_over_the_clip(frames, count):
    picked = telling_frames(clip_of(frames), count)
    assert len(picked) == min(frames, count) and picked[0] >= 0 and picked[-1] < frames
    assert (np.diff(picked) > 0).all()
    if count > 1:
        assert np.diff(picked).min(initial=frames) > frames / count / 2 - 2


def test_telling_frames_prefer_open_mouths_and_open_eyes():
    weights = np.zeros((40, 52), np.float32)
    weights[[20, 22, 24], INDEX["jawOpen"]] = (0.6, 0.9, 0.7)
    weights[22, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1.0
    assert telling_frames(BlendshapeClip(weights, np.zeros((40, 3)), 25), 1).tolist() == [24]


def test_strongest_curves_join_sides_and_keep_the_wanted_first():
    weights = np.zeros((10, 52), np.float32)
    weights[:, INDEX["mouthSmileLeft"]], weights[:, INDEX["mouthSmileRight"]] = 0.8, 0.6
    weights[:, INDEX["jawLeft"]] = 0.3
    curves = strongest_curves(BlendshapeClip(weights, np.zeros((10, 3)), 25), ("jaw", "mouth"), ("jawOpen",))
    assert list(curves) == ["jawOpen", "mouthSmile", "jawLeft"]
    assert curves["mouthSmile"] == pytest.approx(0.7)


def test_the_sheet_shows_its_pictures():
    colours = [(number, 0, 255 - number) for number in range(FRAMES_SHOWN)]
    pictures = (np.full((64, 64, 3), colour, np.uint8) for colour in colours)
    sheet = np.asarray(draw_contact_sheet(clip_of(80), chirp(3.2), pictures, "happy"))
    assert sheet.shape[1] == WIDTH
    for colour in colours:
        assert (sheet == colour).all(axis=2).sum() > 10_000


@pytest.mark.parametrize(
    "count, sound, title", [(1, None, ""), (3, chirp(0.12), "two\nlines"), (40_000, None, "x" * 300)]
)
def test_sheets_of_odd_performances_are_drawn(tmp_path, count, sound, title):
    rest = BlendshapeClip.rest(count, 25) if count > 1_000 else clip_of(count)
    write_contact_sheet(tmp_path / "out.png", rest, sound, title=title)
    assert (tmp_path / "out.png").stat().st_size > 1_000


def test_a_sheet_is_a_png(tmp_path):
    with pytest.raises(OptionError, match="must end in .png"):
        write_contact_sheet(tmp_path / "out.jpg", clip_of(3), None)
    assert len(NAMES) == 52 and not list(tmp_path.iterdir())
