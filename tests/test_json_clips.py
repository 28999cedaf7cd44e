"""JSON of Audio2Face, LAM-A2E, Azure and MediaPipe, and Face Cap's text: layouts, round trips, bad files."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import INDEX, NAMES, BlendshapeClip, RigError
from rig.clip_file import read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.naming import Naming
from rig.rotation import matrix_from_angles

TRACKS = Path(__file__).parents[2] / "shared" / "data" / "grid_mixed" / "tracks.npz"


def random_clip(frames: int = 20, fps: float = 60.0, seed: int = 0, eyes: bool = True) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    eye = rng.normal(0, 0.1, (frames, 2, 3)) if eyes else None
    return BlendshapeClip(rng.uniform(0, 1, (frames, 52)), rng.normal(0, 0.2, (frames, 3)), fps, eye)


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 200), st.sampled_from([24.0, 25.0, 29.97, 30.0, 60.0]), st.booleans())
@pytest.mark.parametrize("suffix", [".json", ".a2f.json"])
def test_json_weights_come_back_exactly(tmp_path_factory, suffix, frames, fps, eyes):
    path = tmp_path_factory.mktemp("json") / f"take{suffix}"
    clip = random_clip(frames, fps, frames, eyes)
    write_clip(clip, path)
    back = read_clip(path)
    assert back.fps == fps
    np.testing.assert_array_equal(back.weights, clip.weights)
    if suffix == ".json":
        np.testing.assert_array_equal(back.head_rotation, clip.head_rotation)
        np.testing.assert_array_equal(back.eyes(), clip.eyes())


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 300), st.sampled_from([24.0, 25.0, 30.0, 60.0, 120.0]))
def test_face_cap_weights_come_back_exactly_on_their_frames(tmp_path_factory, frames, fps):
    path = tmp_path_factory.mktemp("txt") / "take.txt"
    clip = random_clip(frames, fps, frames)
    write_clip(clip, path)
    back = read_clip(path)
    assert len(back) == frames and back.seen is None
    if frames > fps:  # milliseconds cannot tell 23.976 from 24 over a short take
        assert back.fps == fps
    np.testing.assert_array_equal(back.weights, clip.weights)
    np.testing.assert_allclose(back.head_rotation, clip.head_rotation, atol=1e-6)
    np.testing.assert_allclose(back.eyes()[:, :, :2], clip.eyes()[:, :, :2], atol=1e-6)


def test_a2f_json_has_the_apps_members(tmp_path):
    clip = random_clip(3, 30)
    write_clip(clip, tmp_path / "a.a2f.json", ExportOptions(sound=tmp_path / "voice.wav"))
    told = json.loads((tmp_path / "a.a2f.json").read_text(encoding="utf-8"))
    assert set(told) == {
        "exportFps", "trackPath", "numPoses", "numFrames", "facsNames", "weightMat", "joints", "rotations",
        "translations",
    }  # fmt: skip
    assert (told["exportFps"], told["trackPath"], told["numPoses"], told["numFrames"]) == (30, "voice.wav", 52, 3)
    row = dict(zip(told["facsNames"], told["weightMat"][2], strict=True))
    assert row["mouthLeft"] == pytest.approx(clip.column("mouthLeft")[2])


def test_lam_json_has_lams_members_in_lams_order(tmp_path):
    write_clip(BlendshapeClip.rest(4, 25), tmp_path / "a.json")
    told = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert list(told) == ["names", "metadata", "frames"]
    assert told["names"][0] == "browDownLeft" and told["names"][-2:] == ["noseSneerRight", "tongueOut"]
    assert told["metadata"] == {"fps": 25, "frame_count": 4, "blendshape_names": told["names"]}
    assert told["frames"][3] == {"weights": [0] * 52, "time": 0.12, "rotation": []}


def test_azure_chunks_count_the_frames_before_them(tmp_path):
    weights = np.zeros((70, 52))
    weights[65, INDEX["tongueOut"]] = 0.5
    head = np.zeros((70, 3))
    head[:, 2] = 0.25
    write_clip(BlendshapeClip(weights, head, 60), tmp_path / "a.azure.json")
    chunks = json.loads((tmp_path / "a.azure.json").read_text(encoding="utf-8"))
    assert [chunk["FrameIndex"] for chunk in chunks] == [0, 60]
    assert [len(chunk["BlendShapes"]) for chunk in chunks] == [60, 10]
    row = chunks[1]["BlendShapes"][5]
    assert len(row) == 55 and row[51] == 0.5  # the 52nd of Microsoft's table is tongueOut, the 53rd headRoll
    assert row[52] == -0.25  # Live Link's sign
    back = read_clip(tmp_path / "a.azure.json")
    np.testing.assert_array_equal(back.weights, weights.astype(np.float32))
    np.testing.assert_allclose(back.head_rotation, head)


def test_azure_is_written_at_sixty_and_reads_one_chunk_a_line(tmp_path):
    write_clip(random_clip(25, 25.0), tmp_path / "a.azure.json")
    back = read_clip(tmp_path / "a.azure.json")
    assert back.fps == 60 and len(back) == 60
    row = [0.0] * 55
    lines = [json.dumps({"FrameIndex": n, "BlendShapes": [row] * 3}) for n in (0, 3)]
    (tmp_path / "b.json").write_text("\n".join(lines))
    assert len(read_clip(tmp_path / "b.json")) == 6
    (tmp_path / "b.json").write_text("\n".join([lines[0], lines[0]]))
    with pytest.raises(RigError, match="missing, doubled"):
        read_clip(tmp_path / "b.json")


def test_lines_of_the_audio2face_live_link_stand_at_their_index(tmp_path):
    def line(index: int, value: float) -> str:
        face = {"Body": {}, "Facial": {"Names": ["jawOpen"], "Weights": [value]}}
        return json.dumps({"Audio2Face": {**face, "FrameTiming": {"FPS": 30, "Index": index}}})

    (tmp_path / "a.json").write_text("\n".join([line(7, 0.1), line(8, 0.2), line(10, 0.4)]))
    clip = read_clip(tmp_path / "a.json")
    assert clip.fps == 30
    np.testing.assert_allclose(clip.column("jawOpen"), [0.1, 0.2, 0.3, 0.4], atol=1e-6)
    assert clip.seen.tolist() == [True, True, False, True]


def mediapipe_frame(score: float, matrix: np.ndarray | None = None) -> dict:
    categories = [{"categoryName": "_neutral", "score": 0.9}, {"categoryName": "jawOpen", "score": score}]
    frame: dict = {"faceBlendshapes": [{"categories": categories}]}
    if matrix is not None:
        frame["facialTransformationMatrixes"] = [{"rows": 4, "columns": 4, "data": matrix.T.ravel().tolist()}]
    return frame


def test_mediapipe_results_give_scores_and_the_heads_turn(tmp_path, caplog):
    angles = np.array([0.1, -0.2, 0.3])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = matrix_from_angles(angles) * 1.01, (1, 2, -50)
    frames = [mediapipe_frame(0.2, matrix), {"faceBlendshapes": []}, mediapipe_frame(0.4, matrix)]
    (tmp_path / "a.mediapipe.json").write_text(json.dumps({"fps": 25, "frames": frames}))
    clip = read_clip(tmp_path / "a.mediapipe.json")
    np.testing.assert_allclose(clip.column("jawOpen"), [0.2, 0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(clip.head_rotation, [angles] * 3, atol=1e-6)
    assert clip.seen.tolist() == [True, False, True] and clip.fps == 25
    assert "no eyeBlinkLeft" in caplog.text and "_neutral" not in caplog.text


def test_mediapipe_frames_are_told_by_python_names_rows_or_timestamps(tmp_path):
    python = [[[{"category_name": "jawOpen", "score": 0.5}]]]
    rows = {"names": ["_neutral", "jawOpen"], "frames": [[0.9, 0.5]], "fps": 30}
    timed = [{"timestamp_ms": 40 * n, "blendshapes": {"jawOpen": 0.5}} for n in (0, 1, 9)]
    for number, content in enumerate(({"frames": python, "fps": 30}, rows, timed)):
        (tmp_path / f"{number}.json").write_text(json.dumps(content))
        assert read_clip(tmp_path / f"{number}.json").column("jawOpen")[0] == 0.5
    clip = read_clip(tmp_path / "2.json")
    assert clip.fps == 25 and clip.seen.tolist() == [True, True, *[False] * 7, True]
    (tmp_path / "3.json").write_text(json.dumps([{"blendshapes": {"jawOpen": 0.5}}]))
    with pytest.raises(RigError, match='"fps": 25'):
        read_clip(tmp_path / "3.json")


@pytest.mark.skipif(not TRACKS.is_file(), reason="the data pack is not here")
def test_real_mediapipe_tracks_are_read(caplog):
    clip = read_clip(TRACKS, "mediapipe-npz")
    assert (len(clip), clip.fps) == (75, 25) and clip.column("jawOpen").max() > 0.05
    assert "no tongueOut" in caplog.text and np.abs(clip.head_rotation).max() < 1


def test_face_cap_text_is_read_by_its_names_in_degrees(tmp_path):
    lines = ["info,Face Cap,whatever", "bs,jawOpen,eyeBlink_L"]
    rows = ((0, 0.1), (17, 0.2), (50, 0.4), (67, 0.5))
    lines += [f"k,{ms},1,2,3,10,20,-30,4,5,6,7,{value},0.25" for ms, value in rows]
    (tmp_path / "a.txt").write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")
    clip = read_clip(tmp_path / "a.txt")
    assert clip.fps == 60 and clip.seen is None  # a row that is missing is a phone that was busy
    np.testing.assert_allclose(clip.column("jawOpen"), [0.1, 0.2, 0.3, 0.4, 0.5], atol=1e-6)
    np.testing.assert_allclose(clip.column("eyeBlinkLeft"), 0.25)
    np.testing.assert_allclose(np.degrees(clip.head_rotation[0]), [10, 20, -30], atol=1e-5)
    np.testing.assert_allclose(np.degrees(clip.eyes()[0]), [[4, 5, 0], [6, 7, 0]], atol=1e-5)


def test_face_cap_is_written_in_the_apps_order(tmp_path):
    weights = np.zeros((2, 52))
    weights[:, INDEX["browInnerUp"]], weights[:, INDEX["tongueOut"]] = 0.25, 0.75
    write_clip(BlendshapeClip(weights, np.zeros((2, 3)), 60), tmp_path / "a.txt")
    info, names, first, second = (tmp_path / "a.txt").read_text().splitlines()
    assert info.startswith("info,") and names.startswith("bs,browInnerUp,browDown_L,browDown_R,browOuterUp_L")
    assert names.endswith(",tongueOut") and len(names.split(",")) == 53
    assert second.split(",")[:2] == ["k", "17"] and [first.split(",")[place] for place in (12, 63)] == ["0.25", "0.75"]


@pytest.mark.parametrize("suffix", [".json", ".a2f.json", ".txt"])
def test_names_and_subset_are_the_users(tmp_path, suffix):
    naming = Naming(style="pascal", prefix="Face.", shapes=("tongueOut", "jawOpen"))
    clip = random_clip(3)
    write_clip(clip, tmp_path / f"a{suffix}", ExportOptions(naming=naming))
    text = (tmp_path / f"a{suffix}").read_text()
    assert text.index("Face.TongueOut") < text.index("Face.JawOpen") and "eyeBlink" not in text
    back = read_clip(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(back.column("tongueOut"), clip.column("tongueOut"))
    assert not back.column("eyeBlinkLeft").any()


LAM = '{{"names": ["jawOpen"], "metadata": {{"fps": {fps}}}, "frames": [{frames}]}}'
A2F = '{{"exportFps": {fps}, "facsNames": ["jawOpen"], "weightMat": [{rows}]}}'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "holds no curves"),
        ("{}", "holds no curves"),
        ('{"mouthCues": []}', "holds no curves"),
        ("[" * 100_000 + '"weights"', "nested too deep"),
        (LAM.format(fps=30, frames='{"weights": [0.1]}')[:-2], "no JSON in line 1"),
        (LAM.format(fps=30, frames='{"weights": [0.1]}, {"weights": [0.1, 0.2]}'), "frame 1 has 2 numbers"),
        (LAM.format(fps=30, frames='{"weights": ["0.1"]}'), "frame 0 holds a value that is no number"),
        (LAM.format(fps=30, frames='{"weights": [null]}'), "frame 0 holds a value that is no number"),
        (LAM.format(fps=30, frames='{"weights": [NaN]}'), "NaN is no JSON number"),
        (LAM.format(fps=30, frames='{"weights": [1e999]}'), "jawOpen is no finite number in frame 0"),
        (LAM.format(fps=30, frames='{"time": 0}, {"weights": [1]}'), "weights of frame 0 is no list"),
        (LAM.format(fps=0, frames='{"weights": [0.1]}'), "usable fps"),
        (LAM.format(fps='"30"', frames='{"weights": [0.1]}'), "usable fps"),
        (LAM.format(fps=30, frames='{"weights": [0.1, 0.2]}'), "names"),
        (LAM.format(fps=30, frames='{"weights": []}'), "no list of numbers"),
        (LAM.format(fps=30, frames="").replace('"frames"', '"weights": 0, "frames"'), "is empty"),
        (LAM.format(fps=30, frames='{"weights": [0.1]}').replace("jawOpen", "chin"), "none of the 52"),
        (A2F.format(fps=-1, rows="[0.1]"), "usable exportFps"),
        (A2F.format(fps=30, rows="[0.1], [0.1, 0.2]"), "weightMat of frame 1"),
        (A2F.format(fps=30, rows="[0.1, 0.2]"), "one name a weight"),
        (A2F.format(fps=30, rows="[0.1],"), "no JSON"),
        ('{"FrameIndex": 0, "BlendShapes": [[0, 0]]}', "55"),
        ('{"BlendShapes": [[0]]}', "FrameIndex"),
        ('{"FrameIndex": 1e30, "BlendShapes": [[0]]}', "missing, doubled"),
        ('{"fps": 25, "frames": [{"face_blendshapes": []}]}', "no frames"),
        ('{"fps": 25, "frames": [{"categories": [{"categoryName": "jawOpen"}]}]}', "name and a score"),
        ('[{"timestampMs": 1, "categoryName": 1, "scores": [1]}]', "no frames"),
    ],
)
def test_bad_json_is_refused_in_one_sentence(tmp_path, text, word):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(RigError, match=word) as refusal:
        read_clip(tmp_path / "a.json")
    assert "a.json" in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no line that begins with k"),
        ("bs,jawOpen\n", "no line that begins with k"),
        ("frame,1\n", "Line 1 of a.txt"),
        ("bs,jawOpen\nk,0,0,0,0,0,0,0,0,0,0,0,x\n", "Line 2 of a.txt"),
        ("bs,jawOpen\nk,0,0,0,0,0,0,0,0,0,0,0,1\nk,1,0\n", "Line 3 of a.txt"),
        ("bs,jawOpen\nk,0,0,0,0,0,0,0,0,0,0,0\n", "without weights"),
        ("bs,jawOpen\nk,0,0,0,0,0,0,0,0,0,0,0,1,1\n", "names 1 shapes"),
        ("k,0,0,0,0,0,0,0,0,0,0,0,1\n", "names 0 shapes"),
        ("bs,jawOpen\n" + "k,5,0,0,0,0,0,0,0,0,0,0,1\n" * 2, "from line 2 to line 3"),
        ("bs,jawOpen\nk,nan,0,0,0,0,0,0,0,0,0,0,1\n", "time is no finite number"),
        ("bs,jawOpen\n" + "".join(f"k,{t},0,0,0,0,0,0,0,0,0,0,1\n" for t in (0, 16, 1e11)), "leave gaps"),
        ("bs,jawOpen\n" + "".join(f"k,{t},0,0,0,0,0,0,0,0,0,0,1\n" for t in (0, 0.1, 0.2)), "no take"),
        ("bs,jawOpen\nk,0,0,0,0,inf,0,0,0,0,0,0,1\n", "head angle is no finite"),
        ("bs,jawOpen\nk,0,0,0,0,0,0,0,0,0,0,0,nan\n", "jawOpen is no finite"),
    ],
)
def test_bad_face_cap_text_is_refused_in_one_sentence(tmp_path, text, word):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(RigError, match=word):
        read_clip(tmp_path / "a.txt")


def test_weights_out_of_range_are_clipped_and_said(tmp_path, caplog):
    (tmp_path / "a.json").write_text(A2F.format(fps=30, rows="[-0.1], [1.5]"))
    assert read_clip(tmp_path / "a.json").column("jawOpen").tolist() == [0, 1]
    assert "a.json has weights outside 0 to 1, which were clipped: " in caplog.text
    assert "a.json has no eyeBlinkLeft" in caplog.text and str(len(NAMES) - 6) in caplog.text
