"""Two clips in one film: both on one time axis, each where it belongs, the shorter one held."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from apps.cli import main
from dreamtalk.comparison import ENDED_LIGHT, compared, page_width
from dreamtalk.errors import OptionError
from dreamtalk.performance import Performance, Video
from rig import INDEX, BlendshapeClip, RigError
from rig.clip_file import write_clip

SIZE = 128


def ramp(frames: int, fps: float, most: float = 1.0) -> BlendshapeClip:
    weights = np.zeros((frames, 52))
    weights[:, INDEX["jawOpen"]] = np.linspace(0, most, frames)
    return BlendshapeClip(weights, np.zeros((frames, 3)), fps)


@pytest.fixture
def grey_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures as grey as the jaw is open, instead of the avatar."""

    def render(self: Performance, size: int, rig: object) -> Video:
        def draw(clip: BlendshapeClip):
            for jaw in clip.column("jawOpen"):
                yield np.full((size, size, 3), round(100 + 100 * float(jaw)), np.uint8)

        return Video(draw, self.clip, None)

    monkeypatch.setattr(Performance, "render", render)


def middles(frame: np.ndarray) -> tuple[int, int]:
    """The grey in the middle of both pictures."""
    row, quarter = 40 + SIZE // 2, SIZE // 2 + 12
    return int(frame[row, quarter, 0]), int(frame[row, page_width(SIZE) - quarter, 0])


def test_both_clips_stand_on_one_time_axis_at_the_higher_rate(grey_heads):
    film = compared(ramp(26, 25), ramp(61, 60, 0.5), size=SIZE)
    frames = list(film.frames())
    assert film.fps == 60 and len(film) == len(frames) == 62
    left, right = np.array([middles(frame) for frame in frames[:60]]).T
    np.testing.assert_allclose(left, 100 + 100 * np.arange(60) / 60, atol=1.1)
    np.testing.assert_allclose(right, 100 + 50 * np.arange(60) / 60, atol=1.1)
    assert len(compared(ramp(25, 25), ramp(60, 60), fps=30)) == 30


def test_the_shorter_clip_holds_its_last_frame_dimmed(grey_heads):
    frames = list(compared(ramp(10, 25), ramp(20, 25), size=SIZE).frames())
    assert middles(frames[9]) == (200, round(100 + 100 * 9 / 19))
    assert middles(frames[19]) == (int(200 * ENDED_LIGHT), 200)


def test_labels_curves_and_a_moving_cursor_are_drawn(grey_heads):
    film = compared(ramp(10, 25), ramp(10, 25, 0.5), ("before", "after"), size=SIZE, shapes=("jawOpen", "jawLeft"))
    first, last = (frame.astype(int) for frame in list(film.frames())[:: 9])
    below = 40 + SIZE + 8
    dark = [np.flatnonzero((frame[below + 4] < 60).all(axis=1)) for frame in (first, last)]
    assert dark[0].tolist() == [12, 13] and dark[1][0] == pytest.approx(12 + 0.9 * (page_width(SIZE) - 24), abs=1)
    assert first.shape == (below + 2 * 84, page_width(SIZE), 3)
    for half in (first[:40, : SIZE], first[:40, SIZE + 24 :]):
        assert (half < 90).all(axis=2).sum() > 20  # letters
    bare = compared(ramp(10, 25), ramp(10, 25), size=SIZE, shapes=())
    assert next(bare.frames()).shape == (below, page_width(SIZE), 3)


def test_the_avatar_shows_both():
    film = compared(ramp(2, 25), BlendshapeClip.rest(2, 25), size=SIZE)
    frame = list(film.frames())[1].astype(int)
    left, right = frame[40 : 40 + SIZE, 12 : 12 + SIZE], frame[40 : 40 + SIZE, 20 + SIZE : 20 + 2 * SIZE]
    apart = np.abs(left - right).sum(axis=2) > 30
    assert left.std() > 10 and 20 < apart.sum() < 0.1 * apart.size  # the same head but for its mouth
    rows = np.flatnonzero(apart.any(axis=1))
    assert rows.min() > 0.4 * SIZE


def test_the_command_writes_a_film_with_sound_or_pictures(grey_heads, tmp_path, speech, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_clip(ramp(25, 25), "a.npz")
    write_clip(ramp(30, 30), "b.csv")
    words = ["compare", "a.npz", "b.csv", "--size", "128"]
    assert main([*words, "--audio", str(speech), "--labels", "before, after", "-o", "film.mp4"]) == 0
    with av.open("film.mp4") as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]
        assert film.streams.video[0].average_rate == Fraction(30) and film.streams.video[0].frames == 30
    assert main([*words, "--no-curves", "--fps", "10", "--quiet", "-o", "frames/"]) == 0
    assert len(list(Path("frames").iterdir())) == 10
    assert capsys.readouterr().out == "wrote film.mp4\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--labels one -o c.mp4", "give two with a comma"),
        ("--size 20 -o c.mp4", "give 128 to 2048"),
        ("--fps 0 -o c.mp4", "give one above 0"),
        ("--shapes jawDrop -o c.mp4", "'jawDrop' is not known"),
        ("--no-curves --shapes jawOpen -o c.mp4", "both given"),
        ("--audio none.wav -o c.mp4", "none.wav"),
        ("-o c.gif", "suffix picks the format"),
        ("-o none/c.mp4", "missing"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(grey_heads, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    write_clip(ramp(5, 25), "a.npz")
    assert main(["compare", "a.npz", "a.npz", *words.split()]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1 and [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_a_comparison_of_two_rates_is_refused():
    with pytest.raises(OptionError, match="one rate"):
        type(compared(ramp(2, 25), ramp(2, 25)))(ramp(2, 25), ramp(2, 30))
    with pytest.raises(RigError, match="above 0"):
        compared(ramp(2, 25), ramp(2, 25), fps=-1)
