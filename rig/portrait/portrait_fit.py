"""Fits the head to the landmarks of one picture: camera, pose, identity, expression, then whatever is left over."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from rig.arkit import INDEX, NAMES
from rig.correspondence import FaceCorrespondence
from rig.face_rig import FaceRig
from rig.portrait.portrait_expression import blink_gains, own_expression, seen_brows
from rig.portrait.portrait_lip_shapes import seen_jaw, seen_pucker
from rig.portrait.portrait_pose import Pose
from rig.portrait.portrait_residual import spread_residual

FOCAL_PER_FACE_HEIGHT = 5.0
"""Focal length over the face's height in pixels: a portrait lens about a metre away."""
LANDMARK_SIGMA_M = 0.003
ROBUST_SCALE_M = 0.004
DEPTH_SIGMA_M = 0.08
IDENTITY_SIGMA = 1.0
EXPRESSION_SIGMA = 0.15
GAZE_SIGMA = 0.03
LARGEST_IDENTITY = 3.0
STEPS = 12

_GAZE = [INDEX[name] for name in NAMES if name.startswith("eyeLook")]
_FACE_TOP, _FACE_BOTTOM, _RIGHT_EYE, _LEFT_EYE = 10, 152, 33, 263  # landmarks


@dataclass(frozen=True, eq=False)
class PortraitFit:
    """The head as one picture shows it.

    rig: the head that was fitted, with this person's identity (neutral shape).
    pose: camera and place of the head.
    identity: (M,) coefficients of rig.identity_modes.
    expression: (52,) float32 in [0, 1], the person's own expression in the picture, which motion takes away first;
        zero for a calm face.
    vertices: (V, 3) float32 metres, head frame, the face exactly as in the picture, own expression included.
    deltas: (52, V, 3) float32 metres, the rig's shapes with the blinks scaled so that this person's eyes close, and
        pucker and jaw as a picture shows them.
    landmarks: (478, 2) float32 pixels.
    image_size: (width, height) in pixels.
    eye_distance_px: outer corner to outer corner.
    error, error_without_residual: root mean square distance of the landmarks over the eye distance.
    """

    rig: FaceRig
    correspondence: FaceCorrespondence
    pose: Pose
    identity: np.ndarray
    expression: np.ndarray
    vertices: np.ndarray
    deltas: np.ndarray
    landmarks: np.ndarray
    image_size: tuple[int, int]
    eye_distance_px: float
    error: float
    error_without_residual: float


def fit_portrait(
    points: np.ndarray,
    scores: np.ndarray,
    image_size: tuple[int, int],
    rig: FaceRig | None = None,
    correspondence: FaceCorrespondence | None = None,
) -> PortraitFit:
    """Fit the head to a face.

    points: (478, 3) pixels as FaceLandmarks has them (z away from the viewer); scores: (52,) in [0, 1], an estimate of
    the expression; image_size: (width, height). The rig and its correspondence default to the packed ones.
    """
    rig = rig or FaceRig.load()
    correspondence = correspondence or FaceCorrespondence.load()
    target = points[: len(correspondence.triangles)].astype(np.float64)
    problem = _Problem.build(rig, correspondence, target, scores, image_size)
    state = problem.start()
    for _ in range(STEPS):
        state = problem.step(state)
    pose, identity, expression = problem.pose(state), state.identity, state.expression

    person = rig.with_identity(identity)
    shaped = person.neutral + np.tensordot(expression.astype(np.float32), rig.deltas, 1)
    before = pose.to_pixels(pose.to_camera(correspondence.positions(shaped)))
    vertices = spread_residual(rig, correspondence, pose, shaped, target[:, :2])
    after = pose.to_pixels(pose.to_camera(correspondence.positions(vertices)))
    own = own_expression(expression, scores)
    deltas = personal_deltas(rig, person, correspondence, vertices, own)
    eye_distance = float(np.linalg.norm(target[_RIGHT_EYE, :2] - target[_LEFT_EYE, :2]))
    return PortraitFit(
        person, correspondence, pose, identity, own, vertices, deltas, points[:, :2].astype(np.float32), image_size,
        eye_distance, _rms(after, target) / eye_distance, _rms(before, target) / eye_distance,
    )  # fmt: skip


def personal_deltas(
    rig: FaceRig, person: FaceRig, correspondence: FaceCorrespondence, vertices: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """(52, V, 3) float32: the shapes of `rig` as this person does them, see PortraitFit.deltas.

    person: the same head with the person's identity.  vertices: (V, 3) as pictured.  own: (52,) expression they hold.
    """
    gains = blink_gains(rig, correspondence, vertices, rig.deltas, own)
    deltas = rig.deltas.copy()
    deltas[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] *= gains[..., None]
    seen_brows(deltas)
    for name, seen in (("mouthPucker", seen_pucker), ("jawOpen", seen_jaw)):
        deltas[INDEX[name]] = seen(person, deltas[INDEX[name]])
    return deltas


def _rms(pixels: np.ndarray, target: np.ndarray) -> float:
    return float(np.sqrt(((pixels - target[:, :2]) ** 2).sum(1).mean()))


@dataclass(frozen=True, eq=False)
class _State:
    """What the Gauss-Newton steps move."""

    rotation: np.ndarray
    translation: np.ndarray
    identity: np.ndarray
    expression: np.ndarray


@dataclass(frozen=True, eq=False)
class _Problem:
    """Landmarks, priors and the rig's shapes at the landmarks: (L, 3) neutral, (M + 52, L, 3) basis."""

    target: np.ndarray
    weights: np.ndarray
    neutral: np.ndarray
    basis: np.ndarray
    identity_count: int
    prior_mean: np.ndarray
    prior_sigma: np.ndarray
    focal_px: float
    centre_px: np.ndarray

    @classmethod
    def build(
        cls, rig: FaceRig, correspondence: FaceCorrespondence, target: np.ndarray, scores: np.ndarray,
        image_size: tuple[int, int],
    ) -> "_Problem":  # fmt: skip
        basis = np.concatenate([correspondence.positions(rig.identity_modes), correspondence.positions(rig.deltas)])
        modes = len(rig.identity_modes)
        mean, sigma = np.zeros(modes + len(NAMES)), np.full(modes + len(NAMES), IDENTITY_SIGMA)
        mean[modes:], sigma[modes:] = scores, EXPRESSION_SIGMA
        gaze = modes + np.array(_GAZE)
        mean[gaze], sigma[gaze] = 0.0, GAZE_SIGMA
        height = float(np.linalg.norm(target[_FACE_TOP, :2] - target[_FACE_BOTTOM, :2]))
        return cls(
            target, correspondence.weights, correspondence.positions(rig.neutral).astype(np.float64),
            basis.astype(np.float64), modes, mean, sigma, FOCAL_PER_FACE_HEIGHT * height,
            (np.array(image_size, np.float64) - 1) / 2,
        )  # fmt: skip

    def start(self) -> _State:
        """Pose by aligning MediaPipe's rough depths with the neutral head (Kabsch), expression by its scores."""
        cloud = self.target * (1.0, -1.0, -1.0)
        a, b = self.neutral - self.neutral.mean(0), cloud - cloud.mean(0)
        rotation = Rotation.align_vectors(b, a)[0].as_matrix()
        turned = a @ rotation.T
        px_per_m = float((turned[:, :2] * b[:, :2]).sum() / (turned[:, :2] ** 2).sum())
        distance = self.focal_px / px_per_m
        middle = (self.target[:, :2].mean(0) - self.centre_px) / px_per_m * (1, -1)
        translation = np.array([*middle, -distance]) - rotation @ self.neutral.mean(0)
        return _State(
            rotation, translation, np.zeros(self.identity_count), self.prior_mean[self.identity_count :].copy()
        )

    def pose(self, state: _State) -> Pose:
        return Pose(state.rotation, state.translation, self.focal_px, self.centre_px)

    def step(self, state: _State) -> _State:
        """One damped Gauss-Newton step on landmarks, rough depths and priors."""
        current = np.concatenate([state.identity, state.expression])
        turned = (self.neutral + np.tensordot(current, self.basis, 1)) @ state.rotation.T
        camera = turned + state.translation
        residual = self.target[:, :2] - self.pose(state).to_pixels(camera)
        moves = np.concatenate(
            [_rotation_moves(turned), _translation_moves(len(turned)), self.basis @ state.rotation.T]
        )

        px_per_m = self.focal_px / -state.translation[2]
        distance_m = np.linalg.norm(residual, axis=1) / px_per_m
        robust = 1 / np.sqrt(1 + (distance_m / ROBUST_SCALE_M) ** 2)
        weight = (self.weights * robust / (px_per_m * LANDMARK_SIGMA_M))[:, None]
        rows = (_pixel_moves(moves, camera, self.focal_px) * weight).reshape(len(moves), -1)
        wanted = (residual * weight).ravel()

        depth = -self.target[:, 2] / px_per_m - camera[:, 2]
        depth_rows = (moves[..., 2] - moves[..., 2].mean(1, keepdims=True)) * self.weights / DEPTH_SIGMA_M
        depth_wanted = (depth - depth.mean()) * self.weights / DEPTH_SIGMA_M

        precision = np.concatenate([np.full(6, 1e-6), self.prior_sigma**-2])
        pull = np.concatenate([np.zeros(6), (self.prior_mean - current) * self.prior_sigma**-2])
        normal = rows @ rows.T + depth_rows @ depth_rows.T + np.diag(precision)
        change = np.linalg.solve(normal, rows @ wanted + depth_rows @ depth_wanted + pull)
        return self._moved(state, change)

    def _moved(self, state: _State, change: np.ndarray) -> _State:
        shapes = 6 + self.identity_count
        return _State(
            Rotation.from_rotvec(change[:3]).as_matrix() @ state.rotation,
            state.translation + change[3:6],
            np.clip(state.identity + change[6:shapes], -LARGEST_IDENTITY, LARGEST_IDENTITY),
            np.clip(state.expression + change[shapes:], 0.0, 1.0),
        )


def _rotation_moves(turned: np.ndarray) -> np.ndarray:
    """Velocity of every point for a small turn about each axis: e_k x p, (3, L, 3)."""
    return np.cross(np.eye(3)[:, None, :], turned[None])


def _translation_moves(count: int) -> np.ndarray:
    return np.repeat(np.eye(3)[:, None, :], count, axis=1)


def _pixel_moves(moves: np.ndarray, camera: np.ndarray, focal_px: float) -> np.ndarray:
    """Camera velocities (K, L, 3) -> pixel velocities (K, L, 2): the projection's derivative."""
    distance = -camera[:, 2]
    dx = moves[..., 0] + moves[..., 2] * camera[:, 0] / distance
    dy = -(moves[..., 1] + moves[..., 2] * camera[:, 1] / distance)
    return np.stack([dx, dy], axis=-1) * (focal_px / distance)[:, None]
