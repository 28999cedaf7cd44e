"""What geometry knows about a rendered head: keypoints, pose, dense motion and occlusion, all exact.

Everything is in the renderer's keypoint space (renderer.keypoints): x right and y up over [-1, 1] of the picture, z
toward the viewer in the same unit, 0 at the depth of the head's middle at rest.
"""

from dataclasses import dataclass

import numpy as np

from rig.avatar import Avatar
from rig.camera import Camera
from rig.correspondence import FaceCorrespondence
from rig.face_rig import FaceRig
from rig.gl import MeshRasterizer
from rig.rotation import matrix_from_angles

LANDMARKS = (159, 386, 145, 374, 55, 285, 105, 334, 1, 61, 291, 152, 50, 280, 234, 454, 10)
"""MediaPipe landmarks that serve as keypoints: upper lids, lower lids, inner brows, brows, nose tip, mouth corners,
chin, cheeks, sides of the head, forehead; right side of the person first."""
INNER_LIPS = {13: 0, 14: 19, 81: 33, 311: 5, 178: 24, 402: 14}
"""Landmarks of the inner lips -> their index in the rig's loop lips_inner: midline, then half-way to the corners."""
KEYPOINT_LANDMARKS = LANDMARKS + tuple(INNER_LIPS)
SKULL_M = (
    (0.0, 0.105, -0.06), (-0.055, 0.085, -0.05), (0.055, 0.085, -0.05), (-0.08, 0.03, -0.08), (0.08, 0.03, -0.08),
)  # fmt: skip
"""Further keypoints, the same on everyone: crown, temples and back of the head in the rig's axes, so that hair follows
the head. They have no expression."""
KEYPOINT_COUNT = len(KEYPOINT_LANDMARKS) + len(SKULL_M)
HEAD_MIDDLE_M = (0.0, -0.03, -0.05)
"""The head's turning point as the networks see it, in the rig's axes."""
MAP_SIZE = 64
"""Side of the motion maps, that of the dense motion network's output."""
DEPTH_TOLERANCE = 0.06  # in keypoint space, about a centimetre


@dataclass(frozen=True, eq=False)
class HeadTruth:
    """Geometry of N pictures of one head before one camera; the first S of them serve as sources.

    canonical: (K, 3), rotation: (N, 3, 3), translation: (N, 3), positions: (N, K, 3), float32: true keypoints.
    flow: (S, N, 64, 64, 2) float32, for each cell of picture n the place in source s of what it shows (the cell itself
        where no head is).
    visible: (S, N, 64, 64) bool, whether the source shows that place.
    """

    canonical: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    positions: np.ndarray
    flow: np.ndarray
    visible: np.ndarray


class KeypointSpace:
    """One camera's view of one head: metres -> keypoint space."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self.rotation = camera.view()[:3, :3]
        self._depth = float(camera.clip_positions(np.float32([HEAD_MIDDLE_M]))[0, 3])
        self.scale = 1.0 / (self._depth * np.tan(camera.field_of_view_rad / 2))

    def positions(self, points: np.ndarray) -> np.ndarray:
        """(V, 3) metres -> (V, 3) float32."""
        clip = self._camera.clip_positions(points)
        plane = clip[:, :2] / clip[:, 3:]
        return np.column_stack((plane, self.scale * (self._depth - clip[:, 3]))).astype(np.float32)


def keypoints_of(rig: FaceRig, values: np.ndarray) -> np.ndarray:
    """(V, 3) per-vertex values -> (23, 3) at the keypoints of the face, KEYPOINT_LANDMARKS."""
    on_face = FaceCorrespondence.load().positions(values)[list(LANDMARKS)]
    lips = values[rig.loops["lips_inner"][list(INNER_LIPS.values())]]
    return np.concatenate((on_face, lips)).astype(np.float32)


def canonical_keypoints(rig: FaceRig) -> np.ndarray:
    """(K, 3) float32 metres: the calm face's keypoints about the head's middle."""
    return np.concatenate((keypoints_of(rig, rig.neutral), np.float32(SKULL_M))) - np.float32(HEAD_MIDDLE_M)


@dataclass(frozen=True, eq=False)
class KeypointTracks:
    """Keypoints of one head in N pictures: canonical (K, 3), rotation (N, 3, 3), translation (N, 3), positions
    (N, K, 3); float32.
    """

    canonical: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    positions: np.ndarray


def rig_keypoints(
    rig: FaceRig, camera: Camera, weights: np.ndarray, head_rotation: np.ndarray, eye_rotation: np.ndarray
) -> KeypointTracks:
    """Exact keypoints of N poses: weights (N, 52), head_rotation (N, 3), eye_rotation (N, 2, 3), see BlendshapeClip."""
    space = KeypointSpace(camera)
    poses = zip(weights, head_rotation, eye_rotation, strict=True)
    posed = [space.positions(rig.vertices(*pose)) for pose in poses]
    turns = matrix_from_angles(head_rotation).astype(np.float32)
    rigid = (np.float32([HEAD_MIDDLE_M, *SKULL_M]) - rig.neck_pivot) @ turns.mT + rig.neck_pivot
    rigid = np.stack([space.positions(points) for points in rigid])
    faces = zip(posed, rigid[:, 1:], strict=True)
    return KeypointTracks(
        canonical=canonical_keypoints(rig) * np.float32(space.scale),
        rotation=space.rotation @ turns,
        translation=rigid[:, 0],
        positions=np.stack([np.concatenate((keypoints_of(rig, points), skull)) for points, skull in faces]),
    )


def head_truth(
    avatar: Avatar, weights: np.ndarray, head_rotation: np.ndarray, eye_rotation: np.ndarray, sources: int
) -> HeadTruth:
    """Geometry of N poses, arguments as of rig_keypoints; the first `sources` pictures serve as sources."""
    tracks = rig_keypoints(avatar.rig, avatar.camera, weights, head_rotation, eye_rotation)
    poses = zip(weights, head_rotation, eye_rotation, strict=True)
    flow, visible = _true_motion(avatar, [avatar.pose(*pose).points for pose in poses], sources)
    return HeadTruth(tracks.canonical, tracks.rotation, tracks.translation, tracks.positions, flow, visible)


def cell_centres(size: int) -> np.ndarray:
    """(size, size, 2) float32: (x, y) of a picture's pixel centres in keypoint space."""
    line = ((2 * np.arange(size) + 1) / size - 1).astype(np.float32)
    x, y = np.meshgrid(line, -line)
    return np.stack((x, y), axis=-1)


def _true_motion(avatar: Avatar, posed: list[np.ndarray], sources: int) -> tuple[np.ndarray, np.ndarray]:
    """HeadTruth.flow and .visible: each picture is drawn with its vertices' places in the sources as attributes."""
    space = KeypointSpace(avatar.camera)
    layers = [layer for layer in avatar.layers if layer.name != "background"]
    labels = np.zeros((len(avatar.uv), 1), np.float32)
    for number, layer in enumerate(layers, start=1):
        labels[layer.faces.ravel()] = number
    places = [space.positions(points) for points in posed]
    with MeshRasterizer(np.concatenate([layer.faces for layer in layers]), MAP_SIZE, MAP_SIZE) as rasterizer:
        drawn = []
        for points, own in zip(posed, places, strict=True):
            attributes = np.concatenate((labels, own[:, 2:], *places[:sources]), axis=1)
            drawn.append(rasterizer.draw(avatar.camera.clip_positions(points), attributes)[0])
    maps = np.stack(drawn)
    label, depth = np.rint(maps[..., 0]).astype(int), maps[..., 1]
    flow = np.empty((sources, len(posed), MAP_SIZE, MAP_SIZE, 2), np.float32)
    visible = np.empty(flow.shape[:-1], bool)
    for source in range(sources):
        there = maps[..., 2 + 3 * source : 5 + 3 * source]
        flow[source] = np.where((label > 0)[..., None], there[..., :2], cell_centres(MAP_SIZE))
        visible[source] = _shown(flow[source], there[..., 2], label, label[source], depth[source])
    return flow, visible


def _shown(
    flow: np.ndarray, depth: np.ndarray, label: np.ndarray, source_label: np.ndarray, source_depth: np.ndarray
) -> np.ndarray:
    """(N, 64, 64) bool: one of the four source cells about each place shows the same part at the same depth."""
    column = (flow[..., 0] + 1) / 2 * MAP_SIZE - 0.5
    row = (1 - flow[..., 1]) / 2 * MAP_SIZE - 0.5
    shown = np.zeros(label.shape, bool)
    for down in (np.floor(row), np.ceil(row)):
        for across in (np.floor(column), np.ceil(column)):
            i, j = (np.clip(index.astype(int), 0, MAP_SIZE - 1) for index in (down, across))
            near = np.abs(source_depth[i, j] - depth) < DEPTH_TOLERANCE
            shown |= (source_label[i, j] == label) & (near | (label == 0))
    return shown
