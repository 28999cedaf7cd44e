"""Our GLB in three.js, drawn by headless Chromium, beside our own pictures of the same frames."""

import json
import math

import numpy as np
import pytest
from browser import in_chromium, picture

from dreamtalk.face.face_landmarks import FaceDetector
from rig.arkit import INDEX
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.clip_file import write_clip
from rig.face_rig import FaceRig
from rig.look import Look
from rig.render import render_frames
from rig.rotation import quaternions_from_angles

SIZE_PX = 512
FACES = (
    {},
    {"jawOpen": 0.6, "mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "browInnerUp": 0.5, "mouthUpperUpLeft": 0.3},
    {"eyeBlinkLeft": 1.0, "mouthPucker": 0.8, "browDownLeft": 0.6, "browDownRight": 0.6},
)
"""At rest; laughing, with the head turned; winking, with the eyes aside."""
UPPER_LIP, LOWER_LIP, LIDS_LEFT, LIDS_RIGHT, IRISES = 13, 14, (386, 374), (159, 145), slice(468, 478)


def three_faces() -> BlendshapeClip:
    """One face each half second."""
    weights, head, eyes = np.zeros((3, 52)), np.zeros((3, 3)), np.zeros((3, 2, 3))
    for row, face in zip(weights, FACES, strict=True):
        row[[INDEX[name] for name in face]] = list(face.values())
    head[1] = (0.08, 0.35, 0.05)
    eyes[2] = (0.1, 0.4, 0.0)
    return BlendshapeClip(weights, head, 2.0, eyes)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[float, dict]:
    """What three.js shows of that clip: seconds -> picture, silhouette, weights and turns."""
    folder = tmp_path_factory.mktemp("three")
    write_clip(three_faces(), folder / "faces.glb")
    camera, times_s = Camera(), [0.0, 0.5, 0.75, 1.0]
    place = {
        "position": camera.position, "target": camera.target, "near": camera.near_m, "far": camera.far_m,
        "fov_deg": math.degrees(camera.field_of_view_rad),
    }  # fmt: skip
    answer = in_chromium(
        "pages/render.html", {"files": folder}, file="/files/faces.glb", size=SIZE_PX, times=json.dumps(times_s),
        camera=json.dumps(place),
    )  # fmt: skip
    return dict(zip(times_s, answer["frames"], strict=True))


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((first & second).sum() / (first | second).sum())


def gap_px(points: np.ndarray, upper: int, lower: int) -> float:
    return float(np.linalg.norm(points[upper] - points[lower]))


def test_three_js_shows_what_our_renderer_shows(drawn: dict[float, dict]) -> None:
    """Silhouettes, colours, and the places of lips, lids and irises, which MediaPipe finds in both pictures."""
    clip, rig = three_faces(), FaceRig.load()
    theirs = [drawn[0.0], drawn[0.5], drawn[1.0]]
    ours = list(render_frames(rig, clip, SIZE_PX))
    before_black = render_frames(rig, clip, SIZE_PX, look=Look(background=(0, 0, 0)))
    places = []
    with FaceDetector(most_faces=1) as detector:
        for frame, own, black in zip(theirs, ours, before_black, strict=True):
            head = np.abs(own.astype(int) - black).sum(axis=2) < 60
            shot = picture(frame["picture"])
            assert overlap(head, picture(frame["silhouette"])[..., 0] > 127) > 0.98
            assert np.abs(own.astype(int) - shot)[head].mean() < 12  # of 255; the lights are not computed alike
            (mine,), (other,) = detector(own), detector(shot)
            apart_px = np.linalg.norm(mine.points[:, :2] - other.points[:, :2], axis=1)
            assert apart_px.mean() < 1.2 and apart_px.max() < 3 and apart_px[IRISES].mean() < 1.6
            for pair in ((UPPER_LIP, LOWER_LIP), LIDS_LEFT, LIDS_RIGHT):
                assert abs(gap_px(mine.points, *pair) - gap_px(other.points, *pair)) < 2
            np.testing.assert_allclose(other.angles, mine.angles, atol=0.02)
            places.append(other.points)
    assert gap_px(places[1], UPPER_LIP, LOWER_LIP) > 20 > 3 > gap_px(places[0], UPPER_LIP, LOWER_LIP)
    assert gap_px(places[2], *LIDS_LEFT) < gap_px(places[0], *LIDS_LEFT) / 2 < gap_px(places[2], *LIDS_RIGHT)


def test_three_js_plays_the_curves(drawn: dict[float, dict]) -> None:
    """Weights and turns at the frames, and between them."""
    clip = three_faces()
    expected = {0.5: clip.weights[1], 0.75: (clip.weights[1] + clip.weights[2]) / 2, 1.0: clip.weights[2]}
    for time_s, weights in expected.items():
        np.testing.assert_allclose([drawn[time_s]["weights"][name] for name in INDEX], weights, atol=1e-6)
    heads, eyes = quaternions_from_angles(clip.head_rotation), quaternions_from_angles(clip.eyes()[:, 0])
    np.testing.assert_allclose(drawn[0.5]["turns"]["head"], heads[1], atol=1e-6)
    np.testing.assert_allclose(drawn[1.0]["turns"]["eye_left"], eyes[2], atol=1e-6)
    half_way = (heads[1] + heads[2]) / np.linalg.norm(heads[1] + heads[2])
    np.testing.assert_allclose(drawn[0.75]["turns"]["head"], half_way, atol=1e-6)
