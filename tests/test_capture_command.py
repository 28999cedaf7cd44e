"""dreamtalk capture: a video to curve files and a preview."""

import numpy as np
import pytest

from apps.cli import main
from dreamtalk.face.capture_preview import HEIGHT_PX, write_capture_preview
from dreamtalk.video import write_video
from dreamtalk.video_frames import VideoFrames
from rig.arkit import INDEX
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip
from rig.face_rig import FaceRig
from rig.render import render_frames


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    weights = np.zeros((30, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = 0.3 * np.abs(np.sin(np.arange(30) / 3))
    clip = BlendshapeClip(weights, np.zeros((30, 3)), 25.0)
    path = tmp_path_factory.mktemp("command") / "talk.mp4"
    write_video(path, render_frames(FaceRig.load(), clip, size=256, camera=Camera(field_of_view_rad=0.25)), 25.0)
    return path


def test_a_video_becomes_curves_at_a_rate_and_a_preview(video, tmp_path, capsys) -> None:
    curves, exact, preview = tmp_path / "face.csv", tmp_path / "face.npz", tmp_path / "preview.mp4"
    options = ["--fps", "30", "--neutral", "0:0", "--preview", str(preview)]
    assert main(["capture", str(video), *options, "-o", str(curves), "-o", str(exact)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["captured 1.2 s at 25 frames a second", *(f"wrote {path}" for path in (curves, exact, preview))]
    assert read_clip(exact).fps == 30 and len(read_clip(curves)) == 36
    assert np.ptp(read_clip(exact).column("jawOpen")) > 0.15
    with VideoFrames(preview) as pictures:
        first = next(iter(pictures))
    assert first.shape[1] == pytest.approx(2 * first.shape[0], abs=2)


def test_where_the_face_is_lost_the_preview_says_so_in_red(video, tmp_path) -> None:
    seen = np.arange(30) < 15
    clip = BlendshapeClip.rest(30, 25.0).replaced(seen=seen)
    write_capture_preview(tmp_path / "preview.mp4", video, clip)
    with VideoFrames(tmp_path / "preview.mp4") as pictures:
        shown = list(pictures)
    assert len(shown) == 30
    edge = [frame[HEIGHT_PX // 2, 1].astype(int) for frame in (shown[5], shown[25])]
    assert edge[1][0] > 150 > 100 > edge[1][1] and not edge[0][0] > edge[0][1] + 50


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["gone.mp4", "-o", "a.csv"], "no video"),
        (["talk.mp4", "-o", "a.docx"], "suffix"),
        (["talk.mp4", "-o", "a.csv", "--face", "0"], "numbered from 1"),
        (["talk.mp4", "-o", "a.csv", "--neutral", "now"], "'now'"),
        (["talk.mp4", "-o", "a.csv", "--neutral", "3:1"], "first to last"),
        (["talk.mp4", "-o", "a.csv", "--seconds", "3"], "webcam"),
        (["talk.mp4", "-o", "a.csv", "--camera", "0"], "webcam"),
        (["talk.mp4", "-o", "a.mediapipe.json"], "only be read"),
        (["webcam", "-o", "a.csv", "--preview", "b.mp4"], "not kept"),
        (["webcam", "-o", "a.csv", "--seconds", "-1"], "--seconds is -1"),
        (["webcam", "-o", "a.csv", "--camera", "97"], "no camera 97"),
        (["talk.mp4", "-o", "a.csv", "--preview", "a.avi"], "suffix"),
    ],
)
def test_bad_requests_end_in_one_sentence(video, tmp_path, monkeypatch, capfd, arguments: list[str], word: str) -> None:
    (tmp_path / "talk.mp4").write_bytes(video.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(["capture", *arguments, "--quiet"]) == 2
    (complaint,) = capfd.readouterr().err.splitlines()
    assert word in complaint and complaint.startswith("dreamtalk: ")
    assert [path.name for path in tmp_path.iterdir()] == ["talk.mp4"]
