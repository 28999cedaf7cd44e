"""Colours that a portrait does not show but must have: hidden skin, and the palette of its mouth."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.sparse.linalg import splu

from rig.correspondence import LIPS_INNER_LOWER, LIPS_INNER_UPPER
from rig.polygon import signed_distance
from rig.smoothstep import smoothstep

LUMA = np.array([0.299, 0.587, 0.114])
CHEEK_LANDMARKS = [50, 280, 205, 425, 9, 8, 151]
LIP_LANDMARKS = [11, 12, 15, 16, 38, 268, 72, 302, 85, 315, 86, 316]
FLESH_TINT = np.array([1.5, 0.82, 0.78])
"""What lies inside a mouth, over its luma, in a colourful picture."""
COLOURFUL = (0.02, 0.16)
"""Saturation of the skin from which its mouth is painted in colours, and at which they are full."""
WARM_SHADE = np.array([-0.12, 0.12, 0.16])
TOOTH_LIGHT, TOOTH_TINT = 1.18, 0.6
"""How bright enamel is over the skin, and how much of the skin's tint it takes on."""
THROAT_LIGHT = 0.54
SHOWN_MARGIN_PX, SHOWN_PIXELS, SHOWN_SHARE = 1.0, 60, 0.3
SHOWN_LIGHT, SHOWN_SATURATION, SHOWN_QUANTILE = 0.75, 0.45, 0.7
"""Teeth in the picture: pixels that far within the lips, how many at least and what share; light over the skin's,
saturation; which quantile of them is the colour of enamel."""
LIP_LINE_SHADE = 0.4
"""How bright the line between closed lips is, over the lips."""
OBSERVED_WEIGHT = 10.0
PRIOR_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class Palette:
    """RGB in [0, 1], (3,) each: what this picture's mouth is painted with; shade_power: by what powers shadow darkens
    red, green and blue there, warm in a colourful picture."""

    skin: np.ndarray
    teeth: np.ndarray
    gum: np.ndarray
    tongue: np.ndarray
    throat: np.ndarray
    lip_line: np.ndarray
    shade_power: np.ndarray


def sample(picture: np.ndarray, points: np.ndarray, blur_px: float = 0.0) -> np.ndarray:
    """Colours (N, 3) in [0, 1] of an (H, W, 3) uint8 picture at (N, 2) pixels, blurred first."""
    planes = np.moveaxis(picture.astype(np.float32) / 255.0, -1, 0)
    coordinates = points.T[::-1]
    return np.stack([
        map_coordinates(gaussian_filter(plane, blur_px) if blur_px else plane, coordinates, order=1, mode="nearest")
        for plane in planes
    ], axis=-1)  # fmt: skip


def palette(picture: np.ndarray, landmarks: np.ndarray, eye_distance_px: float) -> Palette:
    """The mouth's colours under the picture's own light and style: grey where the picture is grey."""
    blur = 0.02 * eye_distance_px
    skin = np.median(sample(picture, landmarks[CHEEK_LANDMARKS], blur), axis=0)
    lips = np.median(sample(picture, landmarks[LIP_LANDMARKS], blur), axis=0)
    light = float(skin @ LUMA)
    tint = skin / max(light, 0.02)
    flesh = 0.5 * (lips + skin * lips.sum() / max(skin.sum(), 0.02))
    colourful = float(smoothstep(*COLOURFUL, max(_saturation(skin), 0.5 * _saturation(lips))))
    redder = np.clip(lips / max(float(lips @ LUMA), 0.02), 0.3, 2.2)
    redder = 0.5 * redder + 0.5 * (1 + colourful * (FLESH_TINT - 1))
    deep_red = redder**1.5
    enamel = 1 + TOOTH_TINT * (tint - 1)
    enamel = np.clip(enamel / enamel.max(), 0.58, 1)
    teeth = _shown_teeth(picture, landmarks, light)
    if teeth is None:
        teeth = np.clip(TOOTH_LIGHT * light * enamel / float(enamel @ LUMA) + 0.04, 0.1, 0.95)
    return Palette(
        skin=skin,
        teeth=teeth,
        gum=np.clip(0.62 * light * redder, 0, 1),
        tongue=np.clip(0.66 * light * (0.2 * tint + 0.8 * redder) + 0.1 * flesh, 0, 1),
        lip_line=np.clip(LIP_LINE_SHADE * np.minimum(lips, light * redder), 0, 1),
        throat=np.clip(THROAT_LIGHT * light * deep_red / float(deep_red @ LUMA), 0.01, 0.6),
        shade_power=1 + colourful * WARM_SHADE,
    )


def _shown_teeth(picture: np.ndarray, landmarks: np.ndarray, light: float) -> np.ndarray | None:
    """RGB (3,) in [0, 1] of the teeth that the picture itself shows, None where it shows none."""
    outline = landmarks[np.concatenate([LIPS_INNER_UPPER, LIPS_INNER_LOWER[-2:0:-1]])].astype(np.float64)
    low, high = np.floor(outline.min(axis=0)).astype(int), np.ceil(outline.max(axis=0)).astype(int) + 1
    x, y = (axis.ravel() for axis in np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True))))
    inside = signed_distance(np.column_stack([x, y]).astype(np.float64), outline) > SHOWN_MARGIN_PX
    if inside.sum() < SHOWN_PIXELS:
        return None
    colours = sample(picture, np.column_stack([x, y])[inside].astype(np.float64))
    luma, spread = colours @ LUMA, np.ptp(colours, axis=1) / np.maximum(colours.max(axis=1), 0.02)
    enamel = (luma > SHOWN_LIGHT * light) & (spread < SHOWN_SATURATION)
    return np.quantile(colours[enamel], SHOWN_QUANTILE, axis=0) if enamel.mean() > SHOWN_SHARE else None


def _saturation(colour: np.ndarray) -> float:
    return float(np.ptp(colour) / max(colour.max(), 0.02))


def dark_rim(picture: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """RGB (3,) in [0, 1] of the darker part of a line through the picture, (C, 2) pixels: lashes along a lid."""
    colours = sample(picture, np.concatenate([rim + (0, shift) for shift in (-1.5, 0.0, 1.5)]))
    luma = colours @ LUMA
    return colours[luma <= np.quantile(luma, 0.25)].mean(axis=0)


def diffused_skin(faces: np.ndarray, observed: np.ndarray, colours: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Colours (V, 3) of a mesh: near `colours` (V, 3) where `observed` (V,) is true, spread from there elsewhere."""
    count = len(colours)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    links = sparse.coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
    links = ((links + links.T) > 0).astype(np.float64)
    weight = np.where(observed, OBSERVED_WEIGHT, 0.0)
    degree = np.asarray(links.sum(axis=1)).ravel()
    system = sparse.diags(degree + weight + PRIOR_WEIGHT) - links
    used = np.unique(faces)
    factors = splu(system.tocsr()[used][:, used].tocsc())
    filled = np.tile(prior, (count, 1))
    filled[used] = factors.solve((weight[:, None] * colours + PRIOR_WEIGHT * prior)[used])
    return np.clip(filled, 0, 1)
