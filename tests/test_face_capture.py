"""Curves from videos of a face: what is measured of a rendered avatar whose curves are known, and odd files."""

import struct

import av
import numpy as np
import pytest

from dreamtalk.errors import OptionError
from dreamtalk.expression.compose import add_expression
from dreamtalk.expression.expression_model import synthesize_expression
from dreamtalk.expression.style_clip import load_style_clip
from dreamtalk.face.face_calibration import calibrated_weights
from dreamtalk.face.face_capture import FaceCapture, capture_face
from dreamtalk.face.webcam import Webcam
from dreamtalk.measures import blinks
from dreamtalk.video import write_video
from dreamtalk.video_frames import VideoFrames
from rig.arkit import INDEX
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm
from rig.render import render_frames

FPS = 25.0
COUNT = 100


def talking() -> BlendshapeClip:
    """Four seconds of an avatar that talks, blinks and smiles."""
    mood = synthesize_expression("happy", 0.5, COUNT, np.random.default_rng(3))
    speech = np.zeros((COUNT, 52), np.float32)
    syllables = np.maximum(np.sin(2 * np.pi * 2.3 * np.arange(COUNT) / FPS), 0) * (np.arange(COUNT) % 50 < 38)
    speech[:, INDEX["jawOpen"]] = 0.4 * syllables
    speech[:, INDEX["mouthPucker"]] = 0.5 * (np.arange(COUNT) // 25 == 2) * syllables
    return BlendshapeClip(add_expression(speech, mood.weights), mood.head_rotation, FPS)


@pytest.fixture(scope="module")
def truth():
    return talking()


@pytest.fixture(scope="module")
def frames(truth):
    return list(render_frames(FaceRig.load(), truth, size=256, camera=Camera(field_of_view_rad=0.25)))


@pytest.fixture(scope="module")
def video(frames, tmp_path_factory):
    path = tmp_path_factory.mktemp("capture") / "talk.mp4"
    write_video(path, frames, FPS)
    return path


@pytest.fixture(scope="module")
def captured(video):
    return capture_face(video)


def r(one, other):
    return float(np.corrcoef(one, other)[0, 1])


def turned_mp4(source, target, matrix):
    """A copy of an mp4 whose first video track carries a display matrix (a, b, c, d in 16.16 fixed point)."""
    data = bytearray(source.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = matrix
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    target.write_bytes(data)
    return target


def test_a_rendered_face_gives_its_curves_back(truth, captured):
    rig = FaceRig.load()
    assert len(captured) == COUNT and captured.fps == FPS and captured.valid.all() and captured.cuts == ()
    assert r(captured.weights[:, INDEX["jawOpen"]], truth.column("jawOpen")) > 0.9
    assert r(lip_aperture_mm(rig, captured.weights), lip_aperture_mm(rig, truth.weights)) > 0.93
    assert r(captured.weights[:, INDEX["eyeBlinkLeft"]], truth.column("eyeBlinkLeft")) > 0.93
    assert captured.weights[:, INDEX["mouthSmileLeft"]].mean() == pytest.approx(
        truth.column("mouthSmileLeft").mean(), abs=0.2
    )
    for axis in (1, 2):
        assert r(captured.head_rotation[:, axis], truth.head_rotation[:, axis]) > 0.85


def test_blinks_are_kept(truth, captured):
    assert blinks(captured.weights, FPS).per_minute == blinks(truth.weights, FPS).per_minute > 0


def test_a_video_is_a_style(video, captured):
    calls = []
    style = load_style_clip(video, lambda done, count: calls.append((done, count)))
    assert style.fps == 25 and np.array_equal(style.weights, captured.clip().weights)
    assert calls[-1] == (COUNT, COUNT) and len(calls) == COUNT


def test_a_turned_video_is_set_upright(video, captured, tmp_path):
    one = 1 << 16
    path = turned_mp4(video, tmp_path / "turned.mp4", (0, one, -one, 0))
    with VideoFrames(path) as turned, VideoFrames(video) as plain:
        picture, upright = next(iter(turned)), next(iter(plain))
    # The matrix orders a turn by a quarter to the right.
    assert np.abs(np.rot90(picture).astype(int) - upright).mean() < 1.0


def test_of_two_faces_the_larger_is_followed_and_a_gap_is_marked(frames, captured, tmp_path):
    def beside(frame, number):
        canvas = np.full((256, 448, 3), 128, np.uint8)
        canvas[:, 192:] = 0 if 40 <= number < 60 else frame
        canvas[64:150, :86] = frames[0][::3, ::3]
        return canvas

    write_video(tmp_path / "two.mp4", (beside(frame, number) for number, frame in enumerate(frames)), FPS)
    found = capture_face(tmp_path / "two.mp4")
    assert not found.valid[42:58].any() and found.valid[:39].all() and found.valid[62:].all()
    assert r(found.weights[:40, INDEX["jawOpen"]], captured.weights[:40, INDEX["jawOpen"]]) > 0.9
    assert len(found.clip()) == COUNT and len(found.seen()) == found.valid.sum()
    assert np.isfinite(found.clip().weights).all()


def test_a_small_face_is_found_and_kept(frames, truth, tmp_path):
    def far_away(frame):
        canvas = np.full((540, 960, 3), 150, np.uint8)
        canvas[330:458, 700:828] = frame[::2, ::2]
        return canvas

    write_video(tmp_path / "far.mp4", (far_away(frame) for frame in frames[:40]), FPS)
    found = capture_face(tmp_path / "far.mp4")
    assert found.valid.all()
    assert r(found.weights[:, INDEX["jawOpen"]], truth.column("jawOpen")[:40]) > 0.8


def test_a_cut_begins_a_shot(frames, tmp_path):
    other = [np.roll(frame[::-1, ::-1][::-1], 10, axis=1) // 2 for frame in frames[:30]]
    write_video(tmp_path / "cut.mp4", [*frames[:30], *other], FPS)
    assert capture_face(tmp_path / "cut.mp4").cuts == (30,)


def test_an_uneven_rate_keeps_its_time(frames, tmp_path):
    path = tmp_path / "uneven.mkv"
    instants = [number for number in range(60) if number % 7 not in (2, 3)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 256
        stream.pix_fmt = "yuv420p"
        for number in instants:
            frame = av.VideoFrame.from_ndarray(np.full((256, 256, 3), 4 * number, np.uint8), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with VideoFrames(path) as video:
        fps, levels = video.timing.fps, np.array([picture.mean() / 4 for picture in video])
    nearest = [min(instants, key=lambda one: abs(one - number / fps * 25)) for number in range(len(levels))]
    assert np.abs(levels - nearest).max() < 2.1
    assert len(levels) == pytest.approx(60 * fps / 25, abs=2)


def test_fast_and_large_videos_are_brought_down(tmp_path):
    write_video(tmp_path / "fast.mp4", (np.zeros((1080, 1440, 3), np.uint8) for _ in range(24)), 120.0)
    with VideoFrames(tmp_path / "fast.mp4") as video:
        assert video.timing.fps == 30.0
        pictures = list(video)
    assert len(pictures) == 6 and pictures[0].shape == (720, 960, 3)


def test_files_without_a_face_get_one_sentence(tmp_path):
    write_video(tmp_path / "grey.mp4", (np.full((96, 96, 3), 120, np.uint8) for _ in range(20)), FPS)
    (tmp_path / "text.mp4").write_text("no video")
    with av.open(str(tmp_path / "sound.m4v"), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    for name, words in (
        ("grey.mp4", "no face"), ("text.mp4", "cannot be read"), ("sound.m4v", "no picture"), ("gone.mp4", "no video"),
    ):  # fmt: skip
        with pytest.raises(OptionError, match=words) as caught:
            capture_face(tmp_path / name)
        assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_lost_ends_are_left_out_and_short_losses_bridged():
    valid = np.ones(100, bool)
    valid[:10] = valid[40:45] = valid[60:80] = False
    capture = FaceCapture(np.zeros((100, 52), np.float32), np.zeros((100, 3), np.float32), valid, FPS)
    assert len(capture.clip()) == 100 and len(capture.seen()) == 100 - 10 - 20


def test_a_constant_smile_is_expression_and_a_persons_own_lids_are_rest():
    scores = np.zeros((200, 52), np.float32)
    scores[:, INDEX["mouthSmileLeft"]] = scores[:, INDEX["mouthSmileRight"]] = 0.5
    scores[:, INDEX["eyeBlinkLeft"]] = scores[:, INDEX["eyeBlinkRight"]] = 0.15
    scores[50:53, INDEX["eyeBlinkLeft"]] = scores[50:53, INDEX["eyeBlinkRight"]] = 0.65
    weights = calibrated_weights(scores, np.full(200, 0.002), np.full((200, 2), 0.25), np.ones(200, bool), FPS)
    assert weights[:, INDEX["mouthSmileLeft"]].mean() > 0.4
    assert np.median(weights[:, INDEX["eyeBlinkLeft"]]) == 0 and weights[51, INDEX["eyeBlinkLeft"]] > 0.9
    assert lip_aperture_mm(FaceRig.load(), weights).max() < 1.0


class FakeCamera:
    """A camera of 25 pictures a second whose clock runs with it."""

    def __init__(self, frames, most=None):
        self.frames, self.count, self.most, self.released = frames, 0, most, False

    def isOpened(self):
        return bool(self.frames)

    def read(self):
        if self.count == self.most:
            return False, None
        self.count += 1
        return True, self.frames[self.count % len(self.frames)][..., ::-1]

    def clock(self):
        return self.count / 25

    def release(self):
        self.released = True


def test_a_camera_is_recorded_at_a_steady_rate_and_let_go(frames, truth):
    camera = FakeCamera(frames)
    with Webcam(0, 2.0, open_camera=lambda number: camera, clock=camera.clock) as webcam:
        pictures = list(webcam)
    assert len(pictures) == 60 and camera.released and abs(camera.count - 50) <= 3
    again = FakeCamera(frames)
    found = capture_face(Webcam(0, 2.0, open_camera=lambda number: again, clock=again.clock))
    assert found.fps == 30 and len(found) == 60 and found.valid.all()
    spoken = truth.resampled(30).column("jawOpen")[1:61]
    assert r(found.weights[:, INDEX["jawOpen"]], spoken) > 0.85


def test_a_camera_that_is_taken_away_leaves_what_it_saw_and_one_that_is_not_there_says_so(frames):
    camera = FakeCamera(frames, most=26)
    with Webcam(0, open_camera=lambda number: camera, clock=camera.clock) as webcam:
        assert 28 <= len(list(webcam)) <= 32
    with pytest.raises(OptionError, match="no camera 3"):
        Webcam(3, open_camera=lambda number: FakeCamera([]))


def test_a_person_is_chosen_by_number_from_left_to_right(frames, truth, tmp_path):
    still = frames[0]

    def beside(frame):
        canvas = np.full((256, 512, 3), 128, np.uint8)
        canvas[:, 256:], canvas[40:232, 20:212] = still, frame[::4, ::4].repeat(3, 0).repeat(3, 1)[:192, :192]
        return canvas

    write_video(tmp_path / "two.mp4", (beside(frame) for frame in frames[:50]), FPS)
    left, right = (capture_face(tmp_path / "two.mp4", face=number) for number in (1, 2))
    assert left.valid.all() and right.valid.all()
    assert r(left.weights[:, INDEX["jawOpen"]], truth.column("jawOpen")[:50]) > 0.7
    assert np.ptp(right.weights[:, INDEX["jawOpen"]]) < 0.1 < np.ptp(left.weights[:, INDEX["jawOpen"]])
    with pytest.raises(OptionError, match="2 faces, numbered from left to right; face 3"):
        capture_face(tmp_path / "two.mp4", face=3)


def test_a_stretch_that_is_known_to_be_neutral_is_zero(video, truth):
    smiling = int(np.argmax(truth.column("mouthSmileLeft"))) / FPS
    found = capture_face(video, neutral_s=(smiling - 0.1, smiling + 0.1))
    frame = round(smiling * FPS)
    assert found.weights[frame - 2 : frame + 3, INDEX["mouthSmileLeft"]].mean() < 0.05
    assert np.abs(found.head_rotation[frame]).max() < 0.03
    with pytest.raises(OptionError, match="not seen between 50 and 60 s"):
        capture_face(video, neutral_s=(50, 60))


def test_what_is_lost_is_marked_in_the_clip():
    valid = np.ones(50, bool)
    weights, head = np.zeros((50, 52), np.float32), np.zeros((50, 3), np.float32)
    assert FaceCapture(weights, head, valid, FPS).clip().seen is None
    valid[20:30] = False
    np.testing.assert_array_equal(FaceCapture(weights, head, valid, FPS).clip().seen, valid)
