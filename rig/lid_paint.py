"""What a closed upper lid looks like, from a picture with open eyes: its skin and its lashes, as small pictures."""

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates, median_filter, percentile_filter

from rig.portrait.portrait_colours import LUMA, sample
from rig.smoothstep import smoothstep

TRUSTED = (0.35, 0.65)
"""Light of the skin on one side of the eye over that on the other, under which it is hair or a frame of glasses, and
over which it is skin."""
FROM_BELOW = 0.55
"""How much of the skin under the eye there is in the lid's rim."""
SMOOTHED, FLATTENED = 0.05, 0.25
"""Along the lid, in its widths: what colours are blurred by, and the window of the median before."""
MOST_GRAIN, GRAIN_OF_MEDIAN, GRAIN_BELOW = 0.07, 3.5, 0.1
"""Most that a grain of the skin may differ from its surroundings, also over the median; it is taken this share of the
eye's width below the skin under the eye."""
BULGE, CORNER_SHADE, FOLD_SHADE, RIM_SHADE = 0.05, 0.06, 0.08, 0.14
NEIGHBOURS = 0.35
"""Width of the stretch of lid, over the whole, that tells the colour without lashes or hair before it."""
LASH_NOISE, LASH_CONTRAST = 0.03, 0.1


def lid_skin(picture: np.ndarray, fold: np.ndarray, below: np.ndarray, full: np.ndarray) -> np.ndarray:
    """(h, w, 4) RGBA in [0, 1] of the closed lid, fold to rim, in about the picture's resolution.

    fold, below: (C, 2) pixels, on the skin just above the lid and just under the eye; full: (C,) pixels, height of the
    closed lid.
    """
    width = float(np.linalg.norm(fold[-1] - fold[0]))
    columns, rows = max(int(width), 8), max(int(full.max()), 6)
    across = np.linspace(0, len(fold) - 1, columns)
    fold, below = _resampled(fold, across), _resampled(below, across)
    top, bottom = (_along(sample(picture, line, 1.0)) for line in (fold, below))
    light, under = (colour @ LUMA + 0.02 for colour in (top, bottom))
    top, bottom = (
        own + (1 - smoothstep(*TRUSTED, ratio))[:, None] * (other - own)
        for own, other, ratio in ((top, bottom, light / under), (bottom, top, under / light))
    )
    down, along = np.linspace(0, 1, rows)[:, None], np.sin(np.pi * np.linspace(0, 1, columns))
    ground = top + (FROM_BELOW * smoothstep(0.0, 1.0, down))[..., None] * (bottom - top)
    patch = below + (np.linspace(0, full.max(), rows)[:, None, None] + GRAIN_BELOW * width) * (0.0, 1.0)
    grain = sample(picture, patch.reshape(-1, 2)).reshape(rows, columns, 3)
    grain -= gaussian_filter(grain, (1.5, 1.5, 0), mode="nearest")
    most = min(GRAIN_OF_MEDIAN * float(np.median(np.abs(grain))), MOST_GRAIN)
    shade = 1 + BULGE * np.sin(np.pi * down) * along - CORNER_SHADE * (1 - along) * down
    shade = shade - FOLD_SHADE * np.sin(np.pi * np.minimum(down / 0.3, 1)) - RIM_SHADE * smoothstep(0.55, 1.0, down)
    skin = np.clip(ground * shade[..., None] + np.clip(grain, -most, most), 0, 1)
    return np.dstack([skin, np.ones((rows, columns))])


def behind_frame(
    skin: np.ndarray, picture: np.ndarray, frame: np.ndarray, fold: np.ndarray, full: np.ndarray
) -> np.ndarray:
    """The lid of lid_skin (h, w, 4) with the frame of glasses before it, (H, W) 1 on the frame.

    fold: (C, 2) pixels, the upper end of the lid; full: (C,) pixels, its height when closed.
    """
    rows, columns = skin.shape[:2]
    across = np.linspace(0, len(fold) - 1, columns)
    height = np.interp(across, np.arange(len(full)), full)
    down = np.linspace(0, 1, rows)[:, None] * height
    places = (_resampled(fold, across) + down[..., None] * (0.0, 1.0)).reshape(-1, 2)
    share = map_coordinates(frame, places.T[::-1], order=1).reshape(rows, columns, 1)
    source = sample(picture, places).reshape(rows, columns, 3)
    return np.dstack([skin[..., :3] + share * (source - skin[..., :3]), skin[..., 3]])


def _along(colours: np.ndarray) -> np.ndarray:
    """Colours (N, 3) along a line without what is narrow on it."""
    count = len(colours)
    flat = median_filter(colours, (max(int(FLATTENED * count), 3), 1), mode="nearest")
    return gaussian_filter1d(flat, SMOOTHED * count, axis=0, mode="nearest")


def lid_lashes(picture: np.ndarray, rim: np.ndarray, reach_px: float, dark: np.ndarray) -> np.ndarray:
    """(h, w, 4) RGBA in [0, 1]: the lashes above a lid's rim, rim in the first row, without the skin behind them.

    rim: (C, 2) pixels; reach_px: how far up; dark: (3,) their colour.
    """
    columns, rows = max(int(np.linalg.norm(rim[-1] - rim[0])), 8), max(int(reach_px) + 1, 4)
    line = _resampled(rim, np.linspace(0, len(rim) - 1, columns))
    up = np.linspace(0, reach_px, rows)[:, None, None] * (0.0, -1.0)
    light = sample(picture, (line + up).reshape(-1, 2)).reshape(rows, columns, 3) @ LUMA
    skin = percentile_filter(light, 80, (3, max(int(NEIGHBOURS * columns), 3)), mode="nearest")
    skin = gaussian_filter(skin, (1.0, 0.1 * columns), mode="nearest")
    root = max(int(0.4 * rows), 1)
    skin[:root] = np.maximum(skin[:root], skin[root])
    depth = skin - float(dark @ LUMA)
    opacity = np.clip((skin - light - LASH_NOISE) / np.maximum(depth, LASH_CONTRAST), 0, 1)
    opacity *= 1 - smoothstep(0.5, 1.0, np.linspace(0, 1, rows))[:, None]
    opacity *= smoothstep(0.0, 0.08, 0.5 - np.abs(np.linspace(-0.5, 0.5, columns)))
    return np.dstack([np.broadcast_to(dark, (rows, columns, 3)), opacity])


def _resampled(line: np.ndarray, across: np.ndarray) -> np.ndarray:
    """(C, 2) at fractional columns (N,) -> (N, 2)."""
    index = np.arange(len(line))
    return np.column_stack([np.interp(across, index, line[:, axis]) for axis in range(2)])
