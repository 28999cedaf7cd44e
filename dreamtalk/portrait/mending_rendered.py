"""Rendered heads for the generator: the fit is known, so the way from picture to picture is exact.

What a head does is moved by PortraitMotion as at use, lip contact included, and drawn anew with the very same vertices.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from dreamtalk.portrait.mending_record import PairCollector, PortraitPairs
from dreamtalk.portrait.random_poses import random_weights
from dreamtalk.portrait.rendered_heads import random_background, varied_layer
from rig.arkit import INDEX, NAMES
from rig.avatar import Avatar
from rig.camera import Camera
from rig.correspondence import FaceCorrespondence
from rig.eyeball import IRIS_RAD
from rig.face_rig import FaceRig
from rig.gaze import eye_rotation_from_weights
from rig.head_turn import HeadTurn
from rig.lip_contact import LipContact, LipLine
from rig.look import Look
from rig.portrait.portrait_fit import PortraitFit, personal_deltas
from rig.portrait.portrait_motion import PortraitMotion
from rig.portrait.portrait_pose import Pose
from rig.render_moderngl import ModernglRenderer
from rig.rotation import angles_from_matrix, matrix_from_angles
from rig.smoothstep import smoothstep

TARGETS, LIP_COLUMNS = 14, 19
PICTURE_SIZE = 512
SUPERSAMPLING, SAMPLES = 2, 2
EYE_DISTANCES_PX = (62.0, 165.0)
OWN_SCALE_SHARE = 0.6
"""Heads drawn so that a window's pixels are the picture's own; the others are nearer or farther."""
DISTANCE_M = 1.0
AJAR_M = 0.0015
SLIT_M, SLIT_LIGHT = (0.0005, 0.006), (0.3, 1.0)
"""Gap of the lips in which teeth are dim, and in which they are lit."""
OUTER_EYES = (33, 263)  # landmarks
_GAZE = [INDEX[name] for name in NAMES if name.startswith("eyeLook")]


def rendered_pairs(
    base: FaceRig, rng: np.random.Generator, targets: int = TARGETS, size: int = PICTURE_SIZE
) -> PortraitPairs | None:
    """One random head: its windows in `targets` expressions and turns. About five CPU seconds."""
    person = base.with_identity(rng.normal(0, 0.8, len(base.identity_modes)))
    scene = _Scene.random(base, person, rng, size)
    style = random_style(rng)
    renderer = ModernglRenderer(scene.avatar, SUPERSAMPLING * size, SAMPLES)
    try:
        picture = style(_drawn(renderer, scene, scene.world(scene.fit.vertices), scene.turn.matrix, scene.gaze))
        collector = PairCollector(scene.fit, picture)
        with PortraitMotion(scene.fit, picture) as motion:
            for number in range(targets):
                weights = target_weights(rng, number)
                turn = HeadTurn.of_angles(random_turn(rng), person.neck_pivot)
                gaze = matrix_from_angles(eye_rotation_from_weights(weights[None])[0].astype(np.float64))
                still = motion.expressed(weights)
                away = angles_from_matrix(gaze @ np.swapaxes(scene.gaze, 1, 2))
                maps = motion.maps_to(still, turn, weights, away)
                turned = still + person.head_weight[:, None] * (turn.apply(still) - still)
                drawn = _drawn(renderer, scene, scene.world(turned), scene.turn.matrix @ turn.matrix, gaze)
                collector.add(maps, style(drawn))
        return collector.pairs()
    finally:
        renderer.release()


def source_weights(rng: np.random.Generator) -> np.ndarray:
    """The expression of a portrait, (52,) float32: mostly calm, three in ten with the mouth open or smiling."""
    weights = 0.1 * random_weights(rng)
    weights[_GAZE] *= 4
    kind = rng.random()
    if kind < 0.18:
        weights = np.maximum(weights, rng.uniform(0.4, 1.0) * _mouth_only(random_weights(rng)))
        weights[INDEX["jawOpen"]] = rng.uniform(0.05, 0.5)
    elif kind < 0.32:
        for side in ("Left", "Right"):
            weights[INDEX[f"mouthSmile{side}"]] = weights[INDEX[f"cheekSquint{side}"]] = rng.uniform(0.3, 0.9)
            weights[INDEX[f"mouthUpperUp{side}"]] = rng.uniform(0, 0.4)
    lids = rng.uniform(0.2, 0.5) if rng.random() < 0.15 else rng.uniform(0, 0.06)
    weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = lids
    return weights.astype(np.float32)


def target_weights(rng: np.random.Generator, number: int) -> np.ndarray:
    """The expression of a frame, (52,) float32; the first ones make sure of shut and of wide open mouths and lids."""
    weights = random_weights(rng)
    blinks = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    if number == 0:
        weights = 0.1 * weights
        weights[blinks] = 1.0
    elif number == 1:
        weights[INDEX["jawOpen"]], weights[INDEX["mouthClose"]] = rng.uniform(0.5, 1.0), 0.0
        weights[blinks] = rng.uniform(0.3, 0.8)
    elif number == 2:
        weights = np.where(np.isin(NAMES, ("jawOpen",)), 0.0, weights).astype(np.float32)
    elif number in (3, 4):
        for side in ("Left", "Right"):
            weights[INDEX[f"mouthUpperUp{side}"]] = rng.uniform(0.2, 0.7)
            weights[INDEX[f"mouthLowerDown{side}"]] = rng.uniform(0.2, 0.7)
    return weights


def random_turn(rng: np.random.Generator) -> np.ndarray:
    """Away from the portrait's pose: (pitch, yaw, roll) radians, up to 15 degrees."""
    return np.radians(np.clip(rng.normal(0, (4.0, 6.0, 2.5)), -15, 15))


def random_style(rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """How a portrait is made: as rendered, softer, sharper, painted or drawn; the same for all its pictures."""
    kind = rng.random()
    if kind < 0.5:
        return lambda picture: picture
    if kind < 0.65:
        soft = float(rng.uniform(0.5, 1.3))
        return lambda picture: cv2.GaussianBlur(picture, (0, 0), soft)
    if kind < 0.8:
        amount = float(rng.uniform(0.3, 1.2))
        return lambda picture: cv2.addWeighted(picture, 1 + amount, cv2.GaussianBlur(picture, (0, 0), 1.5), -amount, 0)
    reach, similar = float(rng.uniform(3, 6)), float(rng.uniform(25, 60))
    if kind < 0.93:
        return lambda picture: cv2.bilateralFilter(picture, 9, similar, reach)
    ink = float(rng.uniform(1.5, 4))
    return lambda picture: _inked(cv2.bilateralFilter(picture, 9, similar, reach), ink)


def _inked(picture: np.ndarray, ink: float) -> np.ndarray:
    """With dark lines where brightness changes."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lines = cv2.GaussianBlur(grey, (0, 0), 1.6) - cv2.GaussianBlur(grey, (0, 0), 0.8)
    return np.clip(picture - ink * np.maximum(lines, 0)[..., None], 0, 255).astype(np.uint8)


def _mouth_only(weights: np.ndarray) -> np.ndarray:
    return weights * np.array([name.startswith(("mouth", "jaw")) for name in NAMES])


@dataclass(frozen=True, eq=False)
class _Scene:
    """A head as the portrait shows it. turn: its own turn away from the front; gaze: (2, 3, 3) of its eyes; inside:
    vertices of the avatar that lie in the mouth."""

    avatar: Avatar
    fit: PortraitFit
    turn: HeadTurn
    gaze: np.ndarray
    lips: LipLine
    inside: np.ndarray

    @classmethod
    def random(cls, base: FaceRig, person: FaceRig, rng: np.random.Generator, size: int) -> "_Scene":
        weights = source_weights(rng)
        turn = HeadTurn.of_angles(np.radians(rng.normal(0, (3.0, 4.0, 3.0))), person.neck_pivot)
        gaze = matrix_from_angles(eye_rotation_from_weights(weights[None])[0].astype(np.float64))
        camera = _random_camera(person, rng, size)
        avatar = Avatar(person, Look.random(rng), camera)
        if rng.random() < 0.3:
            background = random_background(rng, 256)
            avatar.layers = tuple(
                replace(layer, texture=background) if layer.name == "background" else layer for layer in avatar.layers
            )
        avatar.layers = tuple(varied_layer(layer, rng) for layer in avatar.layers)
        vertices = _lips_met(person, person.morph(weights))
        still = vertices + person.head_weight[:, None] * (turn.apply(vertices) - vertices)
        pinned = (still - turn.pivot.astype(np.float32)) @ turn.matrix.astype(np.float32) + person.neck_pivot
        fit = _true_fit(base, person, camera, size, turn, weights, pinned, gaze)
        inside = np.unique(np.concatenate([one.faces for one in avatar.layers if one.name in ("mouth", "teeth")]))
        return cls(avatar, fit, turn, gaze, LipLine.of_rig(person, LIP_COLUMNS), inside)

    def world(self, vertices: np.ndarray) -> np.ndarray:
        """Vertices in the frame of the fitted head -> metres before the camera."""
        return self.turn.apply(vertices)


def _lips_met(person: FaceRig, vertices: np.ndarray) -> np.ndarray:
    """Lips that are all but closed, closed: a random identity's own leave a slit through which teeth shine."""
    if LipLine.of_rig(person, LIP_COLUMNS).gap(vertices).max() > AJAR_M:
        return vertices
    top, chin = FaceCorrespondence.load().positions(vertices)[[10, 152]]
    contact = LipContact.of_fit(person, vertices, person.deltas, float(np.linalg.norm(top - chin)))
    met = replace(contact, resting_gap_m=np.zeros_like(contact.resting_gap_m))
    return met.apply(vertices, np.zeros(len(NAMES), np.float32))


def _random_camera(person: FaceRig, rng: np.random.Generator, size: int) -> Camera:
    """From a little to the side, so near that the eyes have a certain distance in the picture."""
    own = rng.random() < OWN_SCALE_SHARE
    wanted = 100 * rng.uniform(0.985, 1.015) if own else np.exp(rng.uniform(*np.log(EYE_DISTANCES_PX)))
    wanted *= size / PICTURE_SIZE
    corners = FaceCorrespondence.load().positions(person.neutral)[list(OUTER_EYES)]
    focal_px = wanted * (DISTANCE_M - corners[:, 2].mean()) / np.linalg.norm(corners[0] - corners[1])
    x, y = rng.uniform(-0.012, 0.012, 2)
    place = (float(x), float(y - 0.03), 0.0)
    camera = Camera(position=(place[0], place[1], DISTANCE_M), target=place)
    camera = camera.moved(float(rng.normal(0, 0.1)), float(rng.normal(0, 0.06)))
    return replace(camera, field_of_view_rad=float(2 * np.arctan(size / 2 / focal_px)))


def _true_fit(
    base: FaceRig, person: FaceRig, camera: Camera, size: int, turn: HeadTurn, weights: np.ndarray,
    vertices: np.ndarray, gaze: np.ndarray,
) -> PortraitFit:  # fmt: skip
    """The fit that a perfect eye would make. vertices: (V, 3), the head as pictured, before its turn."""
    view = camera.view().astype(np.float64)
    rotation = view[:3, :3] @ turn.matrix
    translation = view[:3, :3] @ (turn.pivot - turn.matrix @ turn.pivot) + view[:3, 3]
    focal_px = size / 2 / np.tan(camera.field_of_view_rad / 2)
    pose = Pose(rotation, translation, float(focal_px), np.full(2, (size - 1) / 2))
    correspondence = FaceCorrespondence.load()
    marks = np.concatenate([correspondence.positions(vertices), _iris_marks(person, gaze)])
    pixels = pose.to_pixels(pose.to_camera(marks.astype(np.float64)))
    own = weights.copy()
    own[_GAZE] = 0.0
    deltas = personal_deltas(base, person, correspondence, vertices, own)
    distance = float(np.linalg.norm(pixels[OUTER_EYES[0]] - pixels[OUTER_EYES[1]]))
    return PortraitFit(
        person, correspondence, pose, np.zeros(0), own, vertices.astype(np.float32), deltas,
        pixels.astype(np.float32), (size, size), distance, 0.0, 0.0,
    )  # fmt: skip


def _iris_marks(person: FaceRig, gaze: np.ndarray) -> np.ndarray:
    """(10, 3) metres: middle and rim of the right iris, then of the left, as landmarks 468 to 477."""
    around = np.array([(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)]) * np.sin(IRIS_RAD)
    directions = np.column_stack([around, np.sqrt(1 - (around**2).sum(axis=1))])
    marks = []
    for eye, name in ((1, "eye_right"), (0, "eye_left")):
        radius = np.ptp(person.neutral[person.regions[name]], axis=0) / 2
        marks.append((directions * radius) @ gaze[eye].T + person.eye_pivots[eye])
    return np.concatenate(marks)


def _drawn(
    renderer: ModernglRenderer, scene: _Scene, world: np.ndarray, head_turn: np.ndarray, gaze: np.ndarray
) -> np.ndarray:
    pose = scene.avatar.pose_of(world.astype(np.float32), head_turn, gaze)
    pose.colours[scene.inside] *= _light_inside(scene, world)
    large = renderer.draw(pose)
    size = len(large) // SUPERSAMPLING
    return cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)


def _light_inside(scene: _Scene, world: np.ndarray) -> np.float32:
    """How much light falls through the lips: through a slit, teeth are dim, or the network would learn to draw white
    lines between lips that all but touch."""
    upper, lower = scene.lips.rims(world)
    gap = float(np.linalg.norm(upper - lower, axis=1).max())
    dim, bright = SLIT_LIGHT
    return np.float32(dim + (bright - dim) * smoothstep(*SLIT_M, gap))
