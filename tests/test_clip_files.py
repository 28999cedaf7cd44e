"""Live Link Face CSV and npz: layout, round trips, bad files."""

import csv
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import INDEX, BlendshapeClip, RigError
from rig.clip_file import read_clip, write_clip
from rig.formats.live_link_csv import HEADER
from rig.formats.timecode import timecode


def random_clip(frames=20, fps=25.0, seed=0, eyes=True) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    eye = rng.normal(0, 0.1, (frames, 2, 3)) if eyes else None
    return BlendshapeClip(rng.uniform(0, 1, (frames, 52)), rng.normal(0, 0.2, (frames, 3)), fps, eye)


def test_header_is_that_of_the_app():
    assert len(HEADER) == 63
    assert HEADER[:3] == ("Timecode", "BlendshapeCount", "EyeBlinkLeft")
    assert HEADER.index("JawRight") + 1 == HEADER.index("JawLeft")
    assert HEADER.index("MouthRight") + 1 == HEADER.index("MouthLeft")
    assert HEADER[-9:-6] == ("HeadYaw", "HeadPitch", "HeadRoll") and HEADER[-1] == "RightEyeRoll"


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 90), st.sampled_from([23.976, 24.0, 25.0, 29.97, 30.0, 60.0]), st.booleans())
def test_csv_round_trip_is_exact_to_the_written_digits(tmp_path_factory, frames, fps, eyes):
    path = tmp_path_factory.mktemp("csv") / "take.csv"
    clip = random_clip(frames, fps, frames, eyes)
    write_clip(clip, path)
    back = read_clip(path)
    assert len(back) == frames
    if frames > 30:  # a short take cannot tell 29.97 from 30
        assert back.fps == fps
    np.testing.assert_allclose(back.weights, clip.weights, atol=1e-9)
    np.testing.assert_allclose(back.head_rotation, clip.head_rotation, atol=1e-9)
    np.testing.assert_allclose(back.eyes(), clip.eyes(), atol=1e-9)


def test_csv_holds_each_value_under_its_name_with_unreals_signs(tmp_path):
    weights = np.zeros((2, 52))
    weights[:, INDEX["jawLeft"]], weights[:, INDEX["mouthRight"]] = 0.25, 0.75
    head = np.array([[0.1, 0.2, 0.3]] * 2)  # pitch down, yaw to the picture's right, roll
    write_clip(BlendshapeClip(weights, head, 30), tmp_path / "a.csv")
    row = list(csv.DictReader((tmp_path / "a.csv").open()))[1]
    assert float(row["JawLeft"]) == 0.25 and float(row["JawRight"]) == 0
    assert float(row["MouthRight"]) == 0.75 and row["BlendshapeCount"] == "61"
    assert (float(row["HeadYaw"]), float(row["HeadPitch"])) == pytest.approx((-0.2, 0.1))
    assert float(row["HeadRoll"]) == pytest.approx(-0.3)


def write_table(path, times, column=("JawOpen",), values=None, count="61"):
    values = np.linspace(0, 1, len(times))[:, None] if values is None else values
    lines = [",".join(("Timecode", "BlendShapeCount", *column))]
    lines += [",".join([t, count, *(f"{v:.6f}" for v in row)]) for t, row in zip(times, values, strict=True)]
    path.write_text("\n".join(lines) + "\n")


def test_a_dropped_row_is_filled_and_the_rate_is_kept(tmp_path):
    write_table(
        tmp_path / "a.csv",
        [timecode(n / 30) for n in (0, 1, 2, 4, 5)],
        values=np.array([[0], [0.1], [0.2], [0.4], [0.5]]),
    )
    clip = read_clip(tmp_path / "a.csv")
    assert clip.fps == 30 and len(clip) == 6
    np.testing.assert_allclose(clip.column("jawOpen"), np.arange(6) / 10, atol=1e-6)


def test_rows_without_a_face_are_left_out_and_midnight_is_crossed(tmp_path):
    times = [timecode(86400 - 1 / 30 + n / 30) for n in range(3)]
    write_table(tmp_path / "a.csv", times)
    assert len(read_clip(tmp_path / "a.csv")) == 3
    write_table(tmp_path / "b.csv", times, count="0")
    with pytest.raises(RigError, match="no row with a face"):
        read_clip(tmp_path / "b.csv")


def test_missing_columns_become_zeros_with_a_warning(tmp_path, caplog):
    write_table(tmp_path / "a.csv", [timecode(n / 25) for n in range(5)])
    clip = read_clip(tmp_path / "a.csv")
    assert clip.column("mouthSmileLeft").max() == 0 and "has no eyeBlinkLeft, " in caplog.text
    assert clip.eye_rotation is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Timecode"),
        ("a,b\n1,2\n", "Timecode"),
        ("Timecode,BlendshapeCount,JawOpen\n00:00:00:00.000,61,x\n", "Line 2"),
        ("Timecode,BlendshapeCount,JawOpen\n00:00:00:00.000,61,0,0\n", "Line 2"),
        ("Timecode,BlendshapeCount,JawOpen\nnoon,61,0\n", "Line 2"),
        ("Timecode,BlendshapeCount,JawOpen\n00:00:01:00.000,61,0\n00:00:00:00.000,61,0\n", "rise"),
        ("Timecode,BlendshapeCount,JawOpen\n00:00:00:00.000,61,nan\n", "Line 2 .* JawOpen"),
    ],
)
def test_a_bad_csv_is_refused_in_one_sentence(tmp_path, text, word):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(RigError, match=word):
        read_clip(tmp_path / "a.csv")


def test_npz_round_trip_is_exact(tmp_path):
    clip = random_clip()
    write_clip(clip, tmp_path / "a.npz")
    back = read_clip(tmp_path / "a.npz")
    assert back.fps == clip.fps
    for field in ("weights", "head_rotation", "eye_rotation"):
        np.testing.assert_array_equal(getattr(back, field), getattr(clip, field))


def test_npz_without_its_parts_or_not_npz_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", names=np.array(["jawOpen"]), weights=np.zeros((2, 2)), fps=25)
    np.savez(tmp_path / "e.npz", names=np.array(["AU12"]), weights=np.zeros((2, 1)), fps=25)
    np.savez(tmp_path / "f.npz", names=np.array(["jawOpen"]), weights=np.zeros((2, 1)))
    (tmp_path / "b.npz").write_bytes(b"no archive")
    with zipfile.ZipFile(tmp_path / "g.npz", "w") as archive:
        for name in ("names.npy", "weights.npy", "fps.npy"):
            archive.writestr(name, b"no array")
    for name, word in (
        ("g.npz", "names is no array"),
        ("a.npz", "names of shape"),
        ("e.npz", "none of the 52"),
        ("f.npz", "no fps"),
        ("b.npz", "cannot be read"),
        ("c.npz", "no file"),
        ("d.doc", r"\.csv, .*\.npz"),
    ):
        with pytest.raises(RigError, match=word):
            read_clip(tmp_path / name)


def test_nothing_is_harmed_where_writing_fails(tmp_path):
    with pytest.raises(RigError, match="does not exist"):
        write_clip(random_clip(), tmp_path / "missing" / "a.csv")
    (tmp_path / "a.csv").write_text("mine")

    class Broken(BlendshapeClip):
        def eyes(self):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_clip(Broken(np.zeros((1, 52)), np.zeros((1, 3)), 25), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
