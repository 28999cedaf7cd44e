"""Upper lids of a portrait that close: what slides over the eye, and where its lashes fold to.

A lid is a strip from its fold to its rim. What the picture shows of it stays at the rim while it starts to close; then
it is painted with the skin from above the fold, and the lashes, taken off the picture, turn over with the rim.
"""

from dataclasses import dataclass, field

import numpy as np

from rig.aperture import column_matrix, soft_line, strip_faces
from rig.correspondence import FaceCorrespondence
from rig.lid_paint import behind_frame, lid_lashes, lid_skin
from rig.portrait.portrait_colours import dark_rim, sample
from rig.portrait.portrait_eyes import COLUMNS, Eye
from rig.portrait.portrait_fit import PortraitFit
from rig.portrait.portrait_raster import Layer
from rig.smoothstep import smoothstep
from rig.texture_atlas import Atlas

FOLDS = {
    "left": np.array([362, 414, 286, 258, 257, 259, 260, 467, 263]),
    "right": np.array([33, 247, 30, 29, 27, 28, 56, 190, 133]),
}
"""Landmarks of the fold above the upper lid, by x in the head, corners included."""
ABOVE_FOLDS = {
    "left": np.array([362, 413, 441, 442, 443, 444, 445, 342, 263]),
    "right": np.array([33, 113, 225, 224, 223, 222, 221, 189, 133]),
}
BELOW_EYES = {
    "left": np.array([463, 341, 256, 252, 253, 254, 339, 255, 359]),
    "right": np.array([130, 25, 110, 24, 23, 22, 26, 112, 243]),
}
"""Landmarks of the skin above the fold and of that under the lower lid, in the same order."""
ABOVE = 0.4
"""Where, from the fold to the landmarks above, the colour of a lid's skin is taken."""
ROWS, LASH_ROWS = 11, 5
FEATHER_PX = 0.7
FLOWING, PAINTED = (0.01, 0.1), (0.06, 0.42)
"""Share of the eye's height that a lid has closed: from which and at which it moves with its rim, and is painted."""
KEPT_AT_RIM = 0.6
"""How much of what the picture shows of the lid moves with the rim rather than stretching."""
FEATHER_AT_FOLD = 0.3
LASH_REACH = 0.2
"""How far above the rim lashes are looked for, in widths of the eye."""
FOLDING, FOLDED = (0.1, 1.0), -1.0
"""Closing over which lashes turn over; their length on a closed eye, seen from the front, over that on an open one,
negative = pointing down."""
LASHES_SEEN = 1.5
"""Lashes that point at the viewer are not seen one by one; from 1 over this share of their length they are."""
SEAM_CLOSING, SEAM_LEAST_PX = (0.1, 0.8), 1.4
SEAMS = ((0.035, 0.4), (0.014, 0.75))
"""Half width, in distances between the eyes' outer corners, and opacity of what is dark between closed lids: the
shadow of the lashes, and the line where the lids meet."""
SEAM_SHADE = 0.45
_MIDDLE = slice(COLUMNS // 4, -(COLUMNS // 4))


@dataclass(frozen=True, eq=False)
class LidLayers:
    """What the lids add to one frame. flow: as PortraitRaster.flow wants; skin, lashes: values (u, v, opacity, -) into
    the atlas; seams: values RGBA."""

    flow: list[Layer] = field(default_factory=list)
    skin: list[Layer] = field(default_factory=list)
    lashes: list[Layer] = field(default_factory=list)
    seams: list[Layer] = field(default_factory=list)


class Lids:
    """Both upper lids of one portrait. atlas: (H, W, 4) uint8, their skin and lashes."""

    def __init__(
        self, fit: PortraitFit, picture: np.ndarray, pixels: np.ndarray, eyes: list[Eye],
        frame: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        """pixels: (V, 2), the head as pictured; eyes: left, right; frame: (H, W), 1 on the frame of glasses, which
        stays before the lids."""
        tiles, self._lids = {}, []
        for eye, side in zip(eyes, ("left", "right"), strict=True):
            lid = _Lid.of_fit(fit, eye, side, pixels, picture)
            above = lid.fold0 + ABOVE * (lid.columns @ fit.landmarks[ABOVE_FOLDS[side]] - lid.fold0)
            below = lid.columns @ fit.landmarks[BELOW_EYES[side]]
            tiles[f"skin {side}"] = lid_skin(picture, above, below, lid.height + lid.gap)
            if frame is not None:
                tiles[f"skin {side}"] = behind_frame(
                    tiles[f"skin {side}"], picture, frame, lid.fold0, lid.height + lid.gap
                )
            tiles[f"lashes {side}"] = lid_lashes(picture, lid.rim0, lid.lash_px, lid.dark)
            self._lids.append(lid)
        self._atlas = Atlas.of_tiles(tiles)
        self.atlas = self._atlas.picture

    def layers(self, pixels: np.ndarray) -> LidLayers:
        """For moved (V, 2) pixels."""
        result = LidLayers()
        for lid in self._lids:
            fold, rim = lid.fold(pixels), lid.eye.rims(pixels)[0]
            closing = lid.closing(rim)
            if closing <= FLOWING[0]:
                continue
            result.flow.append(lid.flow(fold, rim, closing))
            if closing > PAINTED[0]:
                painted = float(smoothstep(*PAINTED, closing))
                result.skin.append(lid.skin(self._atlas, fold, rim, painted))
                result.lashes.append(lid.lashes(self._atlas, fold, rim, closing, painted))
                result.seams.extend(lid.seams(rim, closing))
        return result


@dataclass(frozen=True, eq=False)
class _Lid:
    """One upper lid as pictured: fold0, rim0 (C, 2) pixels, height (C,) between them, gap (C,) of the eye below, all in
    pixels; columns (C, 9) resample the fold's landmarks."""

    side: str
    eye: Eye
    marks: FaceCorrespondence
    columns: np.ndarray
    fold0: np.ndarray
    rim0: np.ndarray
    height: np.ndarray
    gap: np.ndarray
    lash_px: float
    dark: np.ndarray
    seam_colour: np.ndarray
    eye_distance_px: float

    @classmethod
    def of_fit(cls, fit: PortraitFit, eye: Eye, side: str, pixels: np.ndarray, picture: np.ndarray) -> "_Lid":
        marks, ids = fit.correspondence, FOLDS[side]
        columns = column_matrix(marks.positions(fit.rig.neutral)[ids], COLUMNS)
        upper, lower = eye.rims(pixels)
        fold = columns @ marks.at(pixels, ids)
        dark = dark_rim(picture, upper)
        near = np.median(sample(picture, fold, 1.0), axis=0)
        return cls(
            side, eye, marks, columns, fold, upper, np.maximum(upper[:, 1] - fold[:, 1], 0.5),
            np.maximum(lower[:, 1] - upper[:, 1], 0.5), LASH_REACH * float(np.linalg.norm(upper[-1] - upper[0])), dark,
            np.minimum(dark, SEAM_SHADE * near), fit.eye_distance_px,
        )  # fmt: skip

    def fold(self, pixels: np.ndarray) -> np.ndarray:
        """(V, 2) pixels -> (C, 2)."""
        return self.columns @ self.marks.at(pixels, FOLDS[self.side])

    def closing(self, rim: np.ndarray) -> float:
        """How far the lid has come down between its corners, 0 as in the picture .. 1 shut."""
        fallen = _hanging(rim) - _hanging(self.rim0)
        return float(np.clip(fallen / self.gap[_MIDDLE].mean(), 0.0, 1.0))

    def flow(self, fold: np.ndarray, rim: np.ndarray, closing: float) -> Layer:
        """The way back into the picture, whose lid keeps its shape near the rim."""
        down = _downs(fold, rim)
        height = np.maximum(rim[:, 1] - fold[:, 1], 0.5)
        from_rim = (1 - down) * height
        kept = KEPT_AT_RIM * np.minimum(self.height, height)
        stretched = kept + (from_rim - kept) * (self.height - kept) / np.maximum(height - kept, 1e-3)
        before = np.where(from_rim <= kept, from_rim, stretched) / self.height
        target = fold + down[..., None] * (rim - fold)
        source = self.rim0 + before[..., None] * (self.fold0 - self.rim0)
        opacity = np.ones(down.shape)
        opacity[[0, -1]] = 0.0
        opacity *= smoothstep(*FLOWING, closing) * _taper()
        values = np.column_stack([(source - target).reshape(-1, 2), np.ones(down.size), opacity.ravel()])
        return Layer(target.reshape(-1, 2), None, values, strip_faces(ROWS, COLUMNS))

    def skin(self, atlas: Atlas, fold: np.ndarray, rim: np.ndarray, painted: float) -> Layer:
        """The painted skin of the lid."""
        down = _downs(fold, rim)
        target = fold + down[..., None] * (rim - fold)
        height = np.maximum(rim[:, 1] - fold[:, 1], 0.5)
        place = np.clip(down * height / (self.height + self.gap), 0, 1)
        opacity = painted * smoothstep(0.0, FEATHER_AT_FOLD, down) * _taper()
        opacity[-1] = 0.0
        return _textured(atlas, f"skin {self.side}", target, place, opacity)

    def lashes(self, atlas: Atlas, fold: np.ndarray, rim: np.ndarray, closing: float, painted: float) -> Layer:
        """The lashes, which stand up on an open eye and hang down from a closed one."""
        length = 1 + (FOLDED - 1) * float(smoothstep(*FOLDING, closing))
        out = np.linspace(0, 1, LASH_ROWS)[:, None]
        up = np.mean(fold - rim, axis=0)
        up /= max(float(np.linalg.norm(up)), 1e-3)
        target = rim + out[..., None] * (length * self.lash_px) * up
        return _textured(
            atlas, f"lashes {self.side}", target, np.broadcast_to(out, target.shape[:2]),
            np.full(target.shape[:2], painted * min(LASHES_SEEN * abs(length), 1.0)),
        )  # fmt: skip

    def seams(self, rim: np.ndarray, closing: float) -> list[Layer]:
        """The shadow and the line between lids that have closed."""
        shut = smoothstep(*SEAM_CLOSING, closing) * np.sin(np.linspace(0, np.pi, COLUMNS)) ** 0.5
        layers = []
        for width, opacity in SEAMS:
            line = soft_line(rim, max(width * self.eye_distance_px, SEAM_LEAST_PX), opacity * shut)
            colours = np.broadcast_to(self.seam_colour, (len(line.share), 3))
            layers.append(Layer(line.positions, None, np.column_stack([colours, line.share]), line.faces))
        return layers


def _hanging(rim: np.ndarray) -> float:
    """How far the middle of a rim (C, 2) lies below its corners, pixels."""
    return float(rim[_MIDDLE, 1].mean() - rim[[0, -1], 1].mean())


def _downs(fold: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """(ROWS, C): 0 on the fold, 1 on the rim, the last row a feather's width beyond it."""
    height = np.maximum(rim[:, 1] - fold[:, 1], 0.5)
    rows = np.broadcast_to(np.linspace(0, 1, ROWS - 1)[:, None], (ROWS - 1, len(rim)))
    return np.concatenate([rows, (1 + FEATHER_PX / height)[None]])


def _taper() -> np.ndarray:
    """(C,): fades at the eye's corners."""
    return smoothstep(0.0, 0.12, 0.5 - np.abs(np.linspace(-0.5, 0.5, COLUMNS)))


def _textured(atlas: Atlas, name: str, target: np.ndarray, down: np.ndarray, opacity: np.ndarray) -> Layer:
    rows = target.shape[0]
    across = np.tile(np.linspace(0, 1, COLUMNS), rows)
    place = atlas.coordinates(name, across, down.ravel())
    values = np.column_stack([place, opacity.ravel(), opacity.ravel()])
    return Layer(target.reshape(-1, 2), None, values, strip_faces(rows, COLUMNS))
