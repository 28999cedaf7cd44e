"""Live Link Face CSV against an independent reader, real recordings, the app's take file, and broken files."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import INDEX, NAMES, BlendshapeClip, RigError
from rig.clip_file import read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.frame_rate import FrameRate
from rig.formats.live_link_csv import HEADER, live_link_rows
from rig.formats.naming import Naming
from rig.formats.timecode import timecode

RECORDINGS = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "live_link"


def made_clip(frames=20, fps=30.0, seed=0, eyes=True, seen=None) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    eye = rng.normal(0, 0.1, (frames, 2, 3)) if eyes else None
    return BlendshapeClip(rng.uniform(0, 1, (frames, 52)), rng.normal(0, 0.2, (frames, 3)), fps, eye, seen)


def rated(text: str, **rest) -> ExportOptions:
    return ExportOptions(rate=FrameRate.parse(text), **rest)


def table(path: Path, rows: list[str], header: str = "Timecode,BlendshapeCount,JawOpen", end: str = "\n") -> Path:
    path.write_bytes((end.join([header, *rows]) + end).encode())
    return path


def code(frame: float, fps: float = 60.0) -> str:
    return timecode(frame / fps)


def rows_of_its_own(path: Path) -> list[dict[str, str]]:
    """A reader from the layout alone: csv, the header's names, nothing of this program."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d:\d\d\.\d\d\d", row["Timecode"]) for row in rows)
    assert all(re.fullmatch(r"-?\d\.\d{10}", value) for row in rows for value in list(row.values())[2:])
    return rows


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(0, 10**6), st.sampled_from(["24", "29.97", "60"]))
def test_an_independent_reader_finds_every_value_under_its_name(tmp_path_factory, frames, seed, text):
    path = tmp_path_factory.mktemp("csv") / "take.csv"
    clip = made_clip(frames, FrameRate.parse(text).fps, seed)
    write_clip(clip, path, rated(text, start="01:00:00:00"))
    rows = rows_of_its_own(path)
    assert len(rows) == frames and tuple(rows[0]) == HEADER and {row["BlendshapeCount"] for row in rows} == {"61"}
    for frame in (0, frames - 1):
        hours, _, seconds, sixtieths = rows[frame]["Timecode"].split(":")
        assert int(hours) == 1 and abs(int(seconds) + float(sixtieths) / 60 - frame / clip.fps) < 1e-4
        for name in NAMES:
            assert rows[frame][name[0].upper() + name[1:]] == f"{clip.weights[frame, INDEX[name]]:.10f}"
        pitch, yaw, roll = clip.head_rotation[frame].tolist()
        assert float(rows[frame]["HeadYaw"]) == pytest.approx(-yaw, abs=1e-9)
        assert float(rows[frame]["HeadPitch"]) == pytest.approx(pitch, abs=1e-9)
        assert float(rows[frame]["HeadRoll"]) == pytest.approx(-roll, abs=1e-9)
        assert float(rows[frame]["RightEyeYaw"]) == pytest.approx(-clip.eye_rotation[frame, 1, 1], abs=1e-9)


def test_digits_are_those_of_pythons_own_formatting(tmp_path):
    values = np.random.default_rng(3).uniform(0, 1, (400, 52)) ** np.arange(1, 53)
    values[0], values[1], values[2, :4] = 1.0, -0.0, (5e-11, 1.5e-10, 2.5e-10, 1e-30)
    head = np.full((400, 3), -1e-12)
    clip = BlendshapeClip(values, head, 60)
    write_clip(clip, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()[1:]
    order = [INDEX[name[0].lower() + name[1:]] for name in HEADER[2:54]]
    wanted = [",".join(f"{value:.10f}" for value in row) for row in np.float32(values)[:, order].tolist()]
    assert all(f",{row}," in line for row, line in zip(wanted, lines, strict=True))
    assert list(live_link_rows(clip)) == [line + "\n" for line in lines]


@pytest.mark.parametrize("name", ["take_a.csv", "take_b.csv"])
def test_real_recordings_come_back_exact_to_the_written_digits(tmp_path, name):
    if not (RECORDINGS / name).is_file():
        pytest.skip("the recordings are not here")
    clip, rows = read_clip(RECORDINGS / name), rows_of_its_own(RECORDINGS / name)
    write_clip(clip, tmp_path / "back.csv", ExportOptions(start=rows[0]["Timecode"]))
    back = rows_of_its_own(tmp_path / "back.csv")
    codes = [row["Timecode"] for row in rows]
    times = [60 * int(text[3:5]) + int(text[6:8]) + float(text[9:]) / 60 for text in codes]
    frames = [round((time_s - times[0]) * 30) for time_s in times]
    assert clip.fps == 30 and len(back) == len(clip) == frames[-1] + 1 == len(rows) + 1  # the phone dropped one
    assert clip.seen is None and back[0]["Timecode"] == rows[0]["Timecode"]
    for frame, row in zip(frames, rows, strict=True):
        for column in HEADER[2:]:
            # One weight of take_a lies above 1, which is clipped.
            wanted = "1.0000000000" if column in HEADER[2:54] and float(row[column]) > 1 else row[column]
            assert back[frame][column].replace("-0.0000000000", "0.0000000000") == wanted.replace(
                "-0.0000000000", "0.0000000000"
            ), (frame, column)


REAL_ROWS = (
    # The look of a recording: made values, a phone's clock that runs 1.001 of a frame a row, a fraction from elsewhere.
    "11:54:29:58.804,61,0.0182390027,0.0000000461", "11:54:29:59.805,61,0.0183787327,0.0000000458",
    "11:54:30:00.806,61,0.0184195396,0.0000000468", "11:54:30:01.808,61,0.0184890181,0.0000000451",
)  # fmt: skip


@pytest.mark.parametrize(
    ("separator", "decimal", "end", "mark"),
    [
        (",", ".", "\n", ""), (",", ".", "\r\n", "\ufeff"), (";", ",", "\r\n", "\ufeff"), ("\t", ".", "\n\n", ""),
        (";", ".", "\n", ""), (",", ".", "\r", "\ufeff"),
    ],
)  # fmt: skip
def test_separators_decimal_commas_marks_and_line_ends_make_no_difference(tmp_path, separator, decimal, end, mark):
    rows = [row.replace(",", separator).replace(".", decimal) for row in REAL_ROWS]
    header = mark + separator.join(("Timecode", '"BlendShapeCount"', " eyeBlink_L", "TongueOut"))
    clip = read_clip(table(tmp_path / "a.csv", rows, header, end))
    assert len(clip) == 4 and clip.fps == 59.94
    np.testing.assert_array_equal(clip.column("eyeBlinkLeft"), np.float32([row.split(",")[2] for row in REAL_ROWS]))
    np.testing.assert_array_equal(clip.column("tongueOut"), np.float32([row.split(",")[3] for row in REAL_ROWS]))


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 80), st.integers(0, 10**6), st.booleans(), st.sampled_from(["0", "01:00:00:00", "23:59:59:30.5"]),
    st.sampled_from(["23.976", "24", "25", "29.97", "29.97ndf", "29.97df", "30", "60", "59.94df"]),
)  # fmt: skip
def test_what_is_written_is_read_again_with_its_rate(tmp_path_factory, frames, seed, eyes, start, text):
    path, rate = tmp_path_factory.mktemp("csv") / "face.csv", FrameRate.parse(text)
    clip = made_clip(frames, rate.fps, seed, eyes)
    write_clip(clip, path, rated(text, start=start, take_file=True))
    back = read_clip(path)
    assert back.fps == rate.fps and len(back) == frames and back.seen is None
    np.testing.assert_allclose(back.weights, clip.weights, atol=1e-9)
    np.testing.assert_allclose(back.head_rotation, clip.head_rotation, atol=1e-9)
    np.testing.assert_allclose(back.eyes(), clip.eyes(), atol=1e-9)


def test_timecodes_that_count_frames_bring_the_take_file_which_tells_the_rate(tmp_path, caplog):
    clip = made_clip(2000, 30000 / 1001)
    for text in ("29.97ndf", "29.97df"):
        path = tmp_path / f"{text}.csv"
        write_clip(clip, path, rated(text, start="00:58:30:00", subject="Ann"))
        take = json.loads((tmp_path / f"{text}.take.json").read_text())
        assert take["frames"] == 2000 and take["slate"] == take["subject"] == "Ann"
        assert take["startTimecode"] == "00:58:30:00.000" and take["frameRate"] == "30000/1001"
        back = read_clip(path)
        assert back.fps == 30000 / 1001 and len(back) == 2000
        (tmp_path / f"{text}.take.json").unlink()
        # Without it the labels pass for 30 a second: all there, and those that drop-frame left out are filled.
        alone = read_clip(path)
        assert alone.fps == 30 and len(alone) == (2000 if text.endswith("ndf") else 2002)
    assert not caplog.text
    write_clip(clip, tmp_path / "clock.csv", rated("29.97"))
    assert not (tmp_path / "clock.take.json").exists()


def test_a_take_file_of_another_recording_is_left_out_and_renewed_when_its_csv_is_written_anew(tmp_path, caplog):
    clip, path = made_clip(100, 30), tmp_path / "face.csv"
    write_clip(clip, path, rated("29.97ndf"))
    other = path.read_text().splitlines(keepends=True)
    path.write_text("".join([other[0], *other[20:]]))
    assert read_clip(path).fps == 30 and "face.take.json was left out" in caplog.text
    (tmp_path / "face.take.json").write_text("[1]")
    assert read_clip(path).fps == 30 and "no take file" in caplog.text
    write_clip(clip, path)
    assert json.loads((tmp_path / "face.take.json").read_text())["frameRate"] == "30"


def test_the_apps_own_take_json_tells_30_from_2997_by_its_target(tmp_path):
    # As a recording of app version 1.3.2 has it: 60 wanted, 59.9 made, and the last row behind endTimecode.
    header = "Timecode,BlendshapeCount,EyeBlinkLeft,TongueOut"
    path = table(tmp_path / "MySlate_1_iPhone.csv", list(REAL_ROWS), header)
    assert read_clip(path).fps == 59.94
    take = {"startTimecode": "11:54:29:58.804", "endTimecode": "11:54:30:00.806", "videoTargetFrameRate": 60, "take": 1}
    (tmp_path / "take.json").write_text(json.dumps(take))
    assert read_clip(path).fps == 60
    (tmp_path / "take.json").write_text(json.dumps(take | {"startTimecode": "10:00:00:00.000"}))
    assert read_clip(path).fps == 59.94


def test_a_lost_face_is_written_as_count_0_and_read_back_as_not_seen(tmp_path):
    seen = np.ones(30, dtype=bool)
    seen[[0, 10, 11, 12, 29]] = False
    clip = made_clip(30, seen=seen)
    write_clip(clip, tmp_path / "a.csv")
    rows = rows_of_its_own(tmp_path / "a.csv")
    assert [row["BlendshapeCount"] != "0" for row in rows] == seen.tolist()
    back = read_clip(tmp_path / "a.csv")
    np.testing.assert_array_equal(back.seen, seen)
    np.testing.assert_allclose(back.weights[seen], clip.weights[seen], atol=1e-9)
    np.testing.assert_allclose(back.weights[11], (clip.weights[9] + clip.weights[13]) / 2, atol=1e-6)
    np.testing.assert_allclose(back.weights[0], clip.weights[1], atol=1e-9)


@pytest.mark.parametrize("shapes", [NAMES, ("jawOpen",)])
def test_every_row_is_what_unreals_importer_asks_for(tmp_path, shapes):
    # Its rules: these two columns first, three at least, as many cells in each row, none of them empty, since it drops
    # empty ones before it counts; else it stops there.
    clip = made_clip(20, seen=np.arange(20) % 7 > 1)
    write_clip(clip, tmp_path / "a.csv", rated("29.97df", start="00:59:59:50", naming=Naming(shapes=shapes)))
    header, *rows = [line.split(",") for line in (tmp_path / "a.csv").read_text().split("\n") if line]
    assert [name.lower() for name in header[:2]] == ["timecode", "blendshapecount"] and len(header) >= 3
    assert len(rows) == 20 and all(len([cell for cell in row if cell]) == len(header) for row in rows)
    assert all(len(row[0].split(":")) == 4 for row in rows)


def test_rows_without_a_face_may_end_after_their_count(tmp_path):
    rows = [f"{code(0)},61,0.5", f"{code(1)},0", f"{code(2)},0,", f"{code(3)},61,0.8"]
    clip = read_clip(table(tmp_path / "a.csv", rows))
    assert clip.seen.tolist() == [True, False, False, True]
    np.testing.assert_allclose(clip.column("jawOpen"), [0.5, 0.6, 0.7, 0.8], atol=1e-6)


def test_a_row_that_the_phone_dropped_is_no_lost_face_but_a_longer_gap_is(tmp_path):
    frames = [0, 1, 2, 4, 5, 6, 36, 37]
    clip = read_clip(table(tmp_path / "a.csv", [f"{code(frame)},61,{frame / 40}" for frame in frames]))
    assert len(clip) == 38 and clip.seen[:7].all() and not clip.seen[7:36].any() and clip.seen[36:].all()
    np.testing.assert_allclose(clip.column("jawOpen"), np.arange(38) / 40, atol=1e-6)


def test_neurosyncs_milliseconds_and_emotions_are_understood(tmp_path, caplog):
    moments_ms = [n * 1000 // 60 for n in range(130)]
    codes = [f"00:00:{ms // 1000:02d}:{int(ms % 1000 * 0.06):02d}.{ms % 1000:03d}" for ms in moments_ms]
    assert codes[1] == "00:00:00:00.016" and codes[59] == "00:00:00:58.983"
    rows = [f"{text},68,{n / 200},0.5,0.1" for n, text in enumerate(codes)]
    clip = read_clip(table(tmp_path / "a.csv", rows, "Timecode,BlendshapeCount,JawOpen,Angry,Sad"))
    assert clip.fps == 60 and len(clip) == 130 and clip.seen is None
    np.testing.assert_allclose(clip.column("jawOpen"), np.arange(130) / 200, atol=1e-6)
    unknown = [record.message for record in caplog.records if "Angry" in record.message]
    assert len(unknown) == 1 and "Sad" in unknown[0]


def test_a_cut_off_last_row_is_left_out_with_a_warning(tmp_path, caplog):
    path = table(tmp_path / "a.csv", [f"{code(n)},61,0.5" for n in range(3)])
    whole = path.read_bytes()
    for cut in (b",61", b",", b""):
        path.write_bytes(whole + code(3).encode() + cut)
        caplog.clear()
        assert len(read_clip(path)) == 3 and "line 5, its last, is cut off" in caplog.text
    path.write_bytes(whole + code(3).encode() + b",61,")
    assert len(read_clip(path)) == 3


def test_weights_outside_0_to_1_are_clipped_with_a_warning(tmp_path, caplog):
    clip = read_clip(table(tmp_path / "a.csv", [f"{code(0)},61,1.5", f"{code(1)},61,-0.5"]))
    assert clip.column("jawOpen").tolist() == [1, 0] and "clipped: jawOpen" in caplog.text


def test_a_few_missing_columns_are_named(tmp_path, caplog):
    header, first = ",".join(HEADER), ",".join([code(0), "61", *["0.5"] * 61])
    header = header.replace("TongueOut", "Tail").replace("CheekPuff", "Ear")
    clip = read_clip(table(tmp_path / "a.csv", [first], header))
    assert clip.column("tongueOut")[0] == 0 and clip.column("jawOpen")[0] == 0.5
    assert [record.message for record in caplog.records] == [
        "a.csv has columns that are no ARKit shape: Ear, Tail; left out.",
        "a.csv has no cheekPuff, tongueOut; taken as 0.",
    ]


GOOD = [f"{code(n)},61,0.5" for n in range(3)]


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        ("Timecode,BlendshapeCount,JawOpen,jaw_open", [], "jawOpen twice"),
        ("Timecode,BlendshapeCount,TIMECODE,JawOpen", [], "Timecode twice"),
        ("Timecode,BlendshapeCount", [], "names none of the 52"),
        ("BlendshapeCount,JawOpen", [], "no Timecode"),
        (None, [GOOD[0], f"{code(1)},61,wide", GOOD[2]], "Line 3 of a.csv has no finite number in its column JawOpen"),
        (None, [GOOD[0], f"{code(1)},61,inf", GOOD[2]], "Line 3 .*JawOpen"),
        (None, [GOOD[0], f"{code(1)},61,", GOOD[2]], "Line 3 .*JawOpen"),
        (None, [GOOD[0], f"{code(1)},some,0.5", GOOD[2]], "Line 3 .*BlendshapeCount"),
        (None, [GOOD[0], "00:00:00:0\u0663,61,0.5"], "Line 3 of a.csv has no timecode"),
        (None, [GOOD[0], "00:00:99:00,61,0.5"], "Line 3 of a.csv has no timecode hh:mm:ss:ff.fff"),
        (None, [GOOD[0], f"{code(1)};61;0.5", GOOD[2]], "Line 3 of a.csv has 1 cells where the first line has 3"),
        (None, [GOOD[0], "", f"{code(1)},61,0.5,0.5"], "Line 4 of a.csv has 4 cells"),
        (None, [GOOD[0], f"{code(1)},61", GOOD[2]], "Line 3 of a.csv has 2 cells"),
        (None, [GOOD[1], GOOD[0]], "do not rise from line 2 to line 3"),
        (None, [GOOD[0], GOOD[1], "11:00:00:00.000,61,0.5"], "gaps"),
        (None, [], "no row with a face"),
        (None, [f"{code(0)},0,0.5"], "no row with a face"),
    ],
)
def test_a_broken_file_is_refused_by_line_and_column(tmp_path, header, rows, words):
    path = table(tmp_path / "a.csv", rows, header or "Timecode,BlendshapeCount,JawOpen")
    with pytest.raises(RigError, match=words) as caught:
        read_clip(path)
    assert "\n" not in str(caught.value)


def test_names_subset_and_style_are_the_writers_own(tmp_path):
    naming = Naming(prefix="face.", shapes=("mouthLeft", "jawOpen"), names={"jawOpen": "Open"})
    clip = made_clip(3)
    write_clip(clip, tmp_path / "a.csv", ExportOptions(naming=naming))
    row = rows_of_its_own(tmp_path / "a.csv")[2]
    assert list(row)[:5] == ["Timecode", "BlendshapeCount", "face.MouthLeft", "Open", "HeadYaw"]
    assert row["BlendshapeCount"] == "11" and row["Open"] == f"{clip.column('jawOpen')[2]:.10f}"
    write_clip(clip, tmp_path / "b.csv", ExportOptions(naming=Naming(style="underscore")))
    header = (tmp_path / "b.csv").read_text().splitlines()[0]
    assert "jawForward,jawRight,jawLeft,jawOpen" in header and "eyeBlink_L" in header


def test_nothing_is_written_where_the_start_is_none(tmp_path):
    with pytest.raises(RigError, match="no start"):
        write_clip(made_clip(), tmp_path / "a.csv", ExportOptions(start="soon", take_file=True))
    assert not list(tmp_path.iterdir())
