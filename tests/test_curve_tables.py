"""Plain tables, wide and long, Parquet and Audio2Face's CSV: independent readers, round trips, bad files."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import INDEX, NAMES, BlendshapeClip, RigError
from rig.clip_file import read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.naming import Naming

EXACT = ("face.wide.csv", "face.long.csv", "face.parquet")
RATES = (23.976, 24000 / 1001, 24.0, 25.0, 29.97, 30000 / 1001, 30.0, 30.1, 60.0, 12.3456789)
TONGUE = ("TongueTipUp", "TongueTipDown", "TongueRollLeft", "TongueIn", "TongueNarrow")


def made_clip(frames=20, fps=30.0, seed=0, eyes=True, seen=None) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    eye = rng.normal(0, 0.1, (frames, 2, 3)) if eyes else None
    return BlendshapeClip(rng.uniform(0, 1, (frames, 52)) ** 4, rng.normal(0, 0.2, (frames, 3)), fps, eye, seen)


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(EXACT), st.integers(2, 60), st.integers(0, 10**6), st.sampled_from(RATES), st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_what_is_written_is_read_again_exactly(tmp_path_factory, name, frames, seed, fps, eyes, lost):
    path = tmp_path_factory.mktemp("table") / name
    seen = np.arange(frames) % 5 > 0 if lost and frames > 5 else None
    clip = made_clip(frames, fps, seed, eyes, seen)
    write_clip(clip, path)
    back = read_clip(path)
    meant = slice(None) if seen is None else seen
    assert back.fps == fps and len(back) == frames
    np.testing.assert_array_equal(back.weights[meant], clip.weights[meant])
    np.testing.assert_array_equal(back.head_rotation[meant], clip.head_rotation[meant])
    assert (back.eye_rotation is None) == (not eyes)
    np.testing.assert_array_equal(back.eyes()[meant], clip.eyes()[meant])
    assert (back.seen is None) == (seen is None)
    if seen is not None:
        np.testing.assert_array_equal(back.seen, seen)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 60), st.integers(0, 10**6), st.sampled_from(RATES))
def test_audio2face_tables_keep_the_weights_exactly(tmp_path_factory, frames, seed, fps):
    path = tmp_path_factory.mktemp("table") / "animation_frames.a2f.csv"
    clip = made_clip(frames, fps, seed)
    write_clip(clip, path)
    back = read_clip(path)
    assert back.fps == fps and back.eye_rotation is None and not back.head_rotation.any()
    np.testing.assert_array_equal(back.weights, clip.weights)


def flattened(record: dict, before: str = "") -> dict[str, float]:
    """As pandas.json_normalize names what lies within: blendShapes.JawOpen."""
    flat: dict[str, float] = {}
    for key, value in record.items():
        flat |= flattened(value, f"{before}{key}.") if isinstance(value, dict) else {before + key: value}
    return flat


def test_audio2face_layout_is_that_of_a_flattened_stream(tmp_path):
    clip = made_clip(5)
    write_clip(clip, tmp_path / "face.a2f.csv")
    frames = [
        {
            "timeCode": index / 30,
            "blendShapes": {
                name[0].upper() + name[1:]: float(np.float32(value)) for name, value in zip(NAMES, row, strict=True)
            },
        }
        for index, row in enumerate(clip.weights)
    ]
    with (tmp_path / "face.a2f.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["", *flattened(frames[0])]
    for index, (row, frame) in enumerate(zip(rows[1:], frames, strict=True)):
        assert row[0] == str(index)
        np.testing.assert_array_equal(np.float32(row[1:]), np.float32(list(flattened(frame).values())))


@pytest.mark.parametrize("name", [*EXACT, "face.a2f.csv", "face.csv"])
@pytest.mark.parametrize("frames", [3, 6, 9, 52, 61])
def test_as_many_frames_as_columns_are_still_rows(tmp_path, name, frames):
    clip = made_clip(frames)
    write_clip(clip, tmp_path / name)
    np.testing.assert_allclose(read_clip(tmp_path / name).weights, clip.weights, atol=1e-9)


def test_audio2faces_own_tongue_is_left_out_with_a_warning(tmp_path, caplog):
    names = [name[0].upper() + name[1:] for name in NAMES] + list(TONGUE)
    with (tmp_path / "animation_frames.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["", "timeCode", *(f"blendShapes.{name}" for name in names)])
        for index in range(4):  # the service's float32 seconds
            writer.writerow([index, float(np.float32(index / 30)), *([index / 10] * len(names))])
    clip = read_clip(tmp_path / "animation_frames.csv")
    assert clip.fps == 30 and clip.column("jawLeft").tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert len(caplog.records) == 1 and "blendShapes.TongueRollLeft" in caplog.text


def test_the_wide_table_is_what_its_header_says(tmp_path):
    clip = made_clip(3, 25.0)
    write_clip(clip, tmp_path / "face.wide.csv")
    with (tmp_path / "face.wide.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[0] == "time_s" and tuple(rows[0])[1:53] == NAMES
    assert float(rows[2]["time_s"]) == 0.08
    assert np.float32(rows[1]["jawRight"]) == clip.weights[1, INDEX["jawRight"]]
    assert np.float32(rows[1]["head_yaw_rad"]) == clip.head_rotation[1, 1]
    assert np.float32(rows[1]["right_eye_pitch_rad"]) == clip.eye_rotation[1, 1, 0]


def test_the_long_table_may_stand_in_any_order(tmp_path):
    clip = made_clip(6, 25.0)
    write_clip(clip, tmp_path / "face.long.csv")
    header, *rows = (tmp_path / "face.long.csv").read_text().splitlines()
    assert header == "time_s,name,value" and rows[0].startswith("0.0,eyeBlinkLeft,") and len(rows) == 6 * 61
    np.random.default_rng(0).shuffle(rows)
    (tmp_path / "mixed.csv").write_text("\n".join([header, *rows]))
    np.testing.assert_array_equal(read_clip(tmp_path / "mixed.csv").weights, clip.weights)


def test_parquet_is_read_by_another_program(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    clip = made_clip(30, 30000 / 1001)
    write_clip(clip, tmp_path / "face.parquet")
    table = parquet.read_table(tmp_path / "face.parquet")
    assert float(parquet.read_metadata(tmp_path / "face.parquet").metadata[b"fps"]) == clip.fps
    np.testing.assert_array_equal(table["jawOpen"].to_numpy(), clip.column("jawOpen"))


def test_the_same_clip_gives_the_same_bytes(tmp_path):
    for name in (*EXACT, "face.a2f.csv"):
        write_clip(made_clip(50), tmp_path / name)
        first = (tmp_path / name).read_bytes()
        write_clip(made_clip(50), tmp_path / name)
        assert (tmp_path / name).read_bytes() == first


@pytest.mark.parametrize("name", [*EXACT, "face.a2f.csv"])
def test_names_and_subset_are_the_users(tmp_path, name):
    naming = Naming(prefix="face.", shapes=("mouthLeft", "jawOpen"))
    clip = made_clip(4)
    write_clip(clip, tmp_path / name, ExportOptions(naming=naming))
    if name.endswith("csv"):
        text = (tmp_path / name).read_text()
        assert "face.mouthLeft" in text or "blendShapes.face.MouthLeft" in text
    back = read_clip(tmp_path / name)
    np.testing.assert_array_equal(back.column("jawOpen"), clip.column("jawOpen"))
    assert back.column("jawLeft").max() == 0


@pytest.mark.parametrize(("digits", "fps"), [(3, 30.0), (3, 60.0), (3, 25.0), (6, 29.97), (2, 25.0)])
def test_rounded_times_give_their_rate(tmp_path, digits, fps):
    rows = [f"{index},{index / fps:.{digits}f},0.5" for index in range(90)]
    (tmp_path / "a.csv").write_text("\n".join(["frame,time,jawOpen", *rows]))
    clip = read_clip(tmp_path / "a.csv")
    assert clip.fps == pytest.approx(fps, rel=1e-6) and len(clip) == 90


def test_milliseconds_and_missing_rows_are_understood(tmp_path):
    rows = [f"{index * 40};0,{index}" for index in (0, 1, 2, 4, 5)]
    (tmp_path / "a.csv").write_text("\n".join(["time_ms;jaw_open", *rows]))
    clip = read_clip(tmp_path / "a.csv")
    assert clip.fps == 25 and clip.seen is None
    np.testing.assert_allclose(clip.column("jawOpen"), np.arange(6) / 10, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jawForward,jawLeft,jawRight,jawOpen\n0,0,0,0\n", "no column of times"),
        ("frame,jawOpen\n0,0\n", "no column of times"),
        ("time,time_s,jawOpen\n0,0,0\n", "more than one column of times"),
        ("time,jawOpen,JawOpen\n0,0,0\n", "jawOpen twice"),
        ("time,smile\n0,0\n", "names none of the 52"),
        ("time,jawOpen\n", "no rows"),
        ("time,jawOpen\n0,0\n0.04,wide\n0.08,0\n", "Line 3 of a.csv has no finite number in its column jawOpen"),
        ("time,jawOpen\n0,0\n0.04,nan\n0.08,0\n", "Line 3"),
        ("time,jawOpen\n0,0\nlater,0\n0.08,0\n", "Line 3 .* time"),
        ("time,jawOpen\n0,0\n0,0\n", "do not rise from line 2 to line 3"),
        ("time,jawOpen,seen\n0,0,0\n", "no row with a face"),
        ("time,name,value\n0,jawOpen,0\n0,jawLeft,0\n1,jawOpen,0\n", "no value of jawLeft at 1"),
        ("time,name,value\n0,jawOpen,0\n0,jawOpen,0\n", "gives a curve twice"),
        ("time,name,value\n0,jawOpen,0\n0,jaw_open,0\n", "jawOpen twice"),
        ("time,name,value\n0,smile,0\n", "names none of the 52"),
        ("time,name,value\n0,jawOpen,wide\n1,jawOpen,0\n", "Line 2"),
        ("time,name,value\n", "no rows"),
    ],
)
def test_a_broken_table_is_refused_in_one_sentence(tmp_path, text, words):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(RigError, match=words) as caught:
        read_clip(tmp_path / "a.csv")
    assert "\n" not in str(caught.value)


def test_a_first_line_without_end_is_refused_soon(tmp_path):
    (tmp_path / "a.csv").write_text("time," + "jaw.ajar." * 100_000 + "\n0,0\n")
    with pytest.raises(RigError, match="names none of the 52") as caught:
        read_clip(tmp_path / "a.csv")
    assert len(str(caught.value)) < 200


def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(tmp_path, monkeypatch):
    import polars as pl

    def full(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError("parquet: No space left on device")

    (tmp_path / "a.parquet").write_bytes(b"before")
    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(RigError, match="could not be written"):
        write_clip(made_clip(), tmp_path / "a.parquet")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


def write_parquet(path: Path, columns: dict[str, list], metadata: dict[str, str] | None = None) -> Path:
    import polars as pl

    pl.DataFrame(columns).write_parquet(path, metadata=metadata)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b""), "cannot be read as Parquet"),
        (lambda path: path.write_bytes(b"PAR1" + bytes(60) + b"PAR1"), "cannot be read as Parquet"),
        (lambda path: None, "no file"),
        (lambda path: write_parquet(path, {"time_s": [0.0], "smile": [0.0]}), "names none of the 52"),
        (lambda path: write_parquet(path, {"jawOpen": [0.0]}), "no column of times"),
        (lambda path: write_parquet(path, {"time_s": [0.0, 1.0], "jawOpen": [0.0, None]}), "Line 2 .*jawOpen"),
        (lambda path: write_parquet(path, {"time_s": [0.0, 1.0], "jawOpen": ["0", "wide"]}), "Line 2 .*jawOpen"),
        (lambda path: write_parquet(path, {"time_s": [1.0, 0.0], "jawOpen": [0, 0]}), "do not rise"),
        (lambda path: write_parquet(path, {"time_s": [], "jawOpen": []}), "no row"),
    ],
)
def test_a_broken_parquet_is_refused_in_one_sentence(tmp_path, make: Callable[[Path], object], words):
    make(tmp_path / "a.parquet")
    with pytest.raises(RigError, match=words) as caught:
        read_clip(tmp_path / "a.parquet")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fps", ["50", "nonsense", "1e9", "-1"])
def test_a_rate_in_the_metadata_counts_where_the_times_agree(tmp_path, fps):
    path = write_parquet(tmp_path / "a.parquet", {"time_s": [0.0, 0.0201, 0.04], "jawOpen": [0, 0, 1]}, {"fps": fps})
    assert read_clip(path).fps == pytest.approx(50, rel=1e-3)
    assert read_clip(path).column("jawOpen").tolist() == [0, 0, 1]


@pytest.mark.parametrize("name", ["face.csv", "face.wide.csv", "face.a2f.csv", "face.long.csv"])
@pytest.mark.parametrize("behind", [",,,,\n,,,,\n", "\n\n", ",\n"])
def test_the_empty_rows_that_spreadsheets_leave_are_passed_over(tmp_path, name, behind):
    write_clip(made_clip(), tmp_path / name)
    before = read_clip(tmp_path / name)
    with (tmp_path / name).open("a", encoding="utf-8", newline="") as file:
        header_cells = (tmp_path / name).read_text(encoding="utf-8").split("\n", 1)[0].count(",")
        file.write("," * header_cells + "\n" + behind)
    np.testing.assert_array_equal(read_clip(tmp_path / name).weights, before.weights)
