"""Moves a fitted portrait: for every frame, where each pixel comes from and what must be painted over it."""

from dataclasses import dataclass

import numpy as np

from rig.aperture import Strip, aperture_strip, soft_line
from rig.arkit import INDEX, NAMES
from rig.face_rig import drawable_weights
from rig.gaze import eye_rotation_from_weights
from rig.head_turn import HeadTurn
from rig.lip_contact import PROBE_JAW, LipContact, LipLine
from rig.mouth_inside import MouthInside
from rig.one_blas_thread import one_blas_thread
from rig.picture_softness import softness
from rig.portrait.portrait_colours import LUMA, palette, sample
from rig.portrait.portrait_eyes import Eye, hidden_eyes
from rig.portrait.portrait_fit import PortraitFit
from rig.portrait.portrait_folds import Folds, light_direction
from rig.portrait.portrait_glasses import glasses_mask, stiffened
from rig.portrait.portrait_grid import ElasticGrid
from rig.portrait.portrait_lids import LidLayers, Lids
from rig.portrait.portrait_raster import DEPTH_SPAN_M, Layer, OpenMouth, PortraitRaster
from rig.portrait.portrait_skin import Skin
from rig.rotation import matrix_from_angles
from rig.smoothstep import smoothstep
from rig.vertex_normals import vertex_normals

MOUTH_COLUMNS, MOUTH_ROWS, MOUTH_FEATHER_PX = 64, 12, 0.7
CLOSED_LIPS_PX = 0.4
POUT_SHADOW = 0.4
"""How much lips that are pushed forward darken the inside."""
LIGHT_IN_MOUTH = (0.85, 1.0)
"""How bright the inside of the mouth is when just open, and when wide open."""
SLID_PX = 1.5
"""How far an eyeball must have slid under its lids before what they hid is painted."""
LIP_LINES = ((0.4, 0.024), (0.65, 0.011))
"""Opacity and half width, in distances between the eyes' outer corners, of the shadow between closed lips and of its
core."""
_FOREHEAD, _CHIN = 10, 152  # landmarks
_IRISES = (slice(473, 478), slice(468, 473))  # left, right


@dataclass(frozen=True, eq=False)
class MotionMaps:
    """One frame of motion, for a picture of (H, W).

    flow: (H, W, 2) float32 pixels; the frame shows at (x, y) what the picture has at (x, y) + flow[y, x].
    paint: (H, W, 4) uint8, laid over the warped picture, RGB already multiplied by opacity: what the picture does not
        show (inside of the mouth, lids, hidden skin). Its opacity is the occlusion map.
    face: (H, W) float32 in [0, 1], share of the face layer; the rest is hair, neck and background.
    mouth_centre: (2,), eye_centres: (2, 2) pixels [left, right], where mouth and eyes have moved to.
    """

    flow: np.ndarray
    paint: np.ndarray
    face: np.ndarray
    mouth_centre: np.ndarray
    eye_centres: np.ndarray


class PortraitMotion:
    """The moving parts of one portrait. Holds GL buffers: call release(), or use as a context manager.

    fit: the fitted head.  picture: (H, W, 3) uint8 RGB, the picture it was fitted to.  person: (H, W), over 0.5 on the
    person's hair and body, or None where that is not known; the background beyond stays still.
    """

    def __init__(self, fit: PortraitFit, picture: np.ndarray, person: np.ndarray | None = None) -> None:
        self.fit = fit
        rig, pose = fit.rig, fit.pose
        self._camera0 = pose.to_camera(fit.vertices)
        self._pixels0 = pose.to_pixels(self._camera0)
        colours = palette(picture, fit.landmarks, fit.eye_distance_px)
        self._palette = colours
        self._softness = softness(picture, fit.landmarks)
        self._eyes = [Eye.of_fit(rig, fit.vertices, side) for side in ("left", "right")]
        self._skin = Skin.of_fit(fit, picture, self._pixels0, self._camera0, colours, self._eyes)
        marks = fit.correspondence.positions(fit.vertices)
        face_height = float(np.linalg.norm(marks[_FOREHEAD] - marks[_CHIN]))
        self._contact = LipContact.of_fit(rig, fit.vertices, fit.deltas, face_height)
        self._lips = LipLine.of_rig(rig, MOUTH_COLUMNS)
        glasses = glasses_mask(picture, fit.landmarks, fit.eye_distance_px)
        deltas = fit.deltas
        if glasses is not None:
            rims = np.concatenate([rim for eye in self._eyes for rim in (eye.upper, eye.lower)])
            deltas = stiffened(deltas, glasses, self._pixels0, self._skin.faces, rims)
        self._deltas = deltas.reshape(len(deltas), -1)
        parted = np.zeros(len(NAMES), np.float32)
        parted[INDEX["jawOpen"]] = PROBE_JAW
        face_px = float(np.linalg.norm(fit.landmarks[_FOREHEAD] - fit.landmarks[_CHIN]))
        self._contact = self._contact.as_pictured(self.expressed(parted), pose, face_height / face_px)
        # a mouth that the picture shows closed has gaps of a pixel or so between its landmarks
        resting = LipLine.of_rig(rig, MOUTH_COLUMNS).gap(fit.vertices)
        shut = float(self._contact.shut)
        px_per_m = pose.focal_px / -pose.translation[2]
        self._lips_closed_px = np.maximum(resting, 0.0) * shut * px_per_m + CLOSED_LIPS_PX
        self._lids = Lids(fit, picture, self._pixels0, self._eyes, glasses)
        front = self._skin.front
        lit = light_direction(
            vertex_normals(self._camera0, self._skin.faces)[front], sample(picture, self._pixels0[front]) @ LUMA
        )
        self._folds = Folds(fit, picture, lit, colours.skin)
        self._inside = MouthInside.of_head(rig, self.expressed(np.zeros(len(NAMES), np.float32)), colours)
        head = np.flatnonzero(rig.regions["head"] & rig.regions["skin"])
        self._grid = ElasticGrid.around_head(
            pose, fit.image_size, self._pixels0, self._camera0, self._skin.front, head,
            float(fit.landmarks[_CHIN, 1]), fit.eye_distance_px, person,
        )  # fmt: skip
        # the grid's own points as head points, so that they turn with the head
        self._grid_in_head = (self._grid.space - pose.translation) @ pose.rotation
        self._raster = PortraitRaster(fit.image_size, float(-pose.translation[2]) - DEPTH_SPAN_M / 2)
        self._openings = [eye.strip(self._pixels0) for eye in self._eyes]
        self._raster.set_lids(self._lids.atlas)
        self._raster.set_hidden(hidden_eyes(picture, self._openings, [fit.landmarks[own] for own in _IRISES]))

    def __enter__(self) -> "PortraitMotion":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give the GL memory back."""
        self._raster.release()

    def maps(
        self, weights: np.ndarray, head_rotation: np.ndarray | None = None, eye_rotation: np.ndarray | None = None
    ) -> MotionMaps:
        """One frame.

        weights: (52,) in [0, 1], absolute: zeros are this person neutral, lips closed.  head_rotation: (3,) radians
        (pitch, yaw, roll), a turn away from the picture's own pose.  eye_rotation: (2, 3) radians [left, right], away
        from where the eyes look in the picture; None = from the eyeLook weights.
        """
        weights = drawable_weights(weights)
        if eye_rotation is None:
            eye_rotation = eye_rotation_from_weights(weights[None])[0]
        turn = HeadTurn.of_picture(np.zeros(3) if head_rotation is None else head_rotation, self.fit.rig.neck_pivot)
        with one_blas_thread():
            return self.maps_to(self.expressed(weights), turn, weights, eye_rotation)

    def maps_to(self, still: np.ndarray, turn: HeadTurn, weights: np.ndarray, eye_rotation: np.ndarray) -> MotionMaps:
        """The frame in which the head is exactly (V, 3) `still`, before the turn; the rest as in `maps`."""
        pose = self.fit.pose
        turned = still + self.fit.rig.head_weight[:, None] * (turn.apply(still) - still)
        camera = pose.to_camera(turned)
        pixels = pose.to_pixels(camera)
        eyes = self._eye_layers(pixels, turn, eye_rotation)
        lids = self._lids.layers(pixels)
        layers = [*self._under_layers(pixels, turn), self._skin_flow(pixels, camera, turn.angle), *lids.flow, *eyes[0]]
        flow = self._raster.flow(layers)
        paint = self._paint(weights, still, camera, pixels, turn, eyes[1], lids)
        # Interpolation at edges of triangles may leave the range by a rounding error.
        face = flow[..., 2].clip(0.0, 1.0)
        return MotionMaps(np.ascontiguousarray(flow[..., :2]), paint, face, *self._centres(pixels))

    def _centres(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The middles of the mouth (2,) and of both eyes (2, 2)."""
        loops = self.fit.rig.loops
        corners = pixels[self._lips.upper[[0, -1]]].mean(axis=0)
        mouth = (corners + pixels[loops["lip_midline"].ravel()].mean(axis=0)) / 2
        return mouth, np.stack([pixels[loops[f"lids_{side}"]].mean(axis=0) for side in ("left", "right")])

    def expressed(self, weights: np.ndarray) -> np.ndarray:
        """(V, 3) head vertices with this expression, before any turn."""
        change = (weights - self.fit.expression) @ self._deltas
        return self._contact.apply(self.fit.vertices + change.reshape(-1, 3), weights)

    def _under_layers(self, pixels: np.ndarray, turn: HeadTurn) -> list[Layer]:
        """Hair and background, then what lies between lips and between lids, stretched from rim to rim."""
        grid, pose = self._grid, self.fit.pose
        carried = pose.to_pixels(pose.to_camera(turn.apply(self._grid_in_head)))
        moves = grid.move(carried, pixels - self._pixels0)
        layers = [_flow_layer(grid.points + moves, -moves, None, grid.faces, face=0.0)]
        for opening in (self._lips, *self._eyes):
            now, before = (aperture_strip(*opening.rims(place), 4, 0.0) for place in (pixels, self._pixels0))
            layers.append(_flow_layer(now.positions, before.positions - now.positions, None, now.faces))
        return layers

    def _skin_flow(self, pixels: np.ndarray, camera: np.ndarray, turn_rad: float) -> Layer:
        opacity = self._skin.shown(turn_rad)
        return _flow_layer(pixels, self._pixels0 - pixels, -camera[:, 2], self._skin.faces, opacity=opacity)

    def _eye_layers(
        self, pixels: np.ndarray, turn: HeadTurn, eye_rotation: np.ndarray
    ) -> tuple[list[Layer], list[Layer]]:
        """For flow and for paint: the eyeballs, seen through the openings of the lids."""
        flows, paints = [], []
        size = np.array(self.fit.image_size)
        for eye, before, rotation in zip(self._eyes, self._openings, eye_rotation, strict=True):
            strip = eye.strip(pixels)
            source = eye.source_pixels(
                strip.positions.astype(np.float64), self.fit.pose, turn, matrix_from_angles(rotation.astype(np.float64))
            )
            flows.append(_flow_layer(strip.positions, source - strip.positions, None, strip.faces, opacity=strip.share))
            slid = np.linalg.norm(source - before.positions, axis=1)  # against the lids' rims
            needed = strip.share * np.clip(slid / SLID_PX, 0, 1)
            values = np.column_stack([(source + 0.5) / size, needed, needed])
            paints.append(Layer(strip.positions, None, values, strip.faces))
        return flows, paints

    def _paint(
        self, weights: np.ndarray, still: np.ndarray, camera: np.ndarray, pixels: np.ndarray, turn: HeadTurn,
        eyes: list[Layer], lids: LidLayers,
    ) -> np.ndarray:  # fmt: skip
        turned = turn.angle
        skin = Layer(pixels, -camera[:, 2], self._skin.paint(pixels, turned), self._skin.faces, True)
        feather = MOUTH_FEATHER_PX * self._softness
        strip = aperture_strip(*self._lips.drawn_rims(pixels), MOUTH_ROWS, feather, self._lips_closed_px)
        lines = lids.seams + (self._lip_line(pixels, strip) if self._skin.open_mouth else [])
        mouth = self._open_mouth(weights, still, turn, strip) if strip.share.max() > 0 else None
        folds = self._folds.layer(weights, pixels)
        return self._raster.paint([skin, *([folds] if folds else [])], eyes, mouth, lines, lids.skin, lids.lashes)

    def _open_mouth(self, weights: np.ndarray, still: np.ndarray, turn: HeadTurn, strip: Strip) -> OpenMouth:
        pose = self.fit.pose
        points, colours, faces = self._inside.posed(still)
        camera = pose.to_camera(turn.apply(points))
        scale = strip.gap / self.fit.eye_distance_px
        dim, bright = LIGHT_IN_MOUTH
        light = float(dim + (bright - dim) * smoothstep(0.02, 0.25, scale.max()))
        light *= 1 - POUT_SHADOW * float(weights[[INDEX["mouthFunnel"], INDEX["mouthPucker"]]].max())
        return OpenMouth(
            Layer(strip.positions, None, np.column_stack([strip.share, strip.down, scale, scale]), strip.faces),
            Layer(pose.to_pixels(camera), -camera[:, 2], colours, faces),
            self._palette.throat * 0.3, light, self._palette.shade_power, self._softness,
        )  # fmt: skip

    def _lip_line(self, pixels: np.ndarray, strip: Strip) -> list[Layer]:
        """The line between closed lips, which a picture with an open mouth has nowhere."""
        upper, lower = self._lips.drawn_rims(pixels)
        shut = 1 - smoothstep(0.5, 3.0, strip.gap[: len(upper)])
        shut = shut * np.sin(np.linspace(0, np.pi, len(upper))) ** 0.3
        layers = []
        for opacity, width in LIP_LINES:
            line = soft_line((upper + lower) / 2, width * self._softness * self.fit.eye_distance_px, opacity * shut)
            colours = np.broadcast_to(self._palette.lip_line, (len(line.share), 3))
            layers.append(Layer(line.positions, None, np.column_stack([colours, line.share]), line.faces))
        return layers


def _flow_layer(
    positions: np.ndarray, back: np.ndarray, depth: np.ndarray | None, faces: np.ndarray, face: float = 1.0,
    opacity: np.ndarray | float = 1.0,
) -> Layer:  # fmt: skip
    """A layer whose values are the way back into the picture (dx, dy), the share of face, and the opacity."""
    count = len(positions)
    values = np.column_stack([back, np.full(count, face), np.broadcast_to(opacity, count)])
    return Layer(positions, depth, values, faces, solid=depth is not None)
