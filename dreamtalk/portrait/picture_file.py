"""Reads any picture file into plain RGB pixels."""

import logging
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from dreamtalk.errors import PortraitError

GROUND_RGB = (204, 204, 204)
"""What shows through a transparent picture: a light, neutral grey."""
STRIP_ROWS = 256

_log = logging.getLogger(__name__)


def read_picture(path: str | Path) -> np.ndarray:
    """A picture file of any common kind -> (H, W, 3) uint8 RGB, turned upright by its EXIF tag.

    Grey, palette, CMYK and 16-bit pictures are converted, transparent ones laid on GROUND_RGB, and of an animation the
    first frame is taken. Raises PortraitError when the file is missing or is no readable picture.
    """
    path = Path(path)
    if not path.exists():
        raise PortraitError(f"There is no picture at {path}; give the path of a JPEG, PNG, WebP or TIFF file.")
    if path.is_dir():
        raise PortraitError(f"{path} is a folder; give one picture file inside it.")
    try:
        with Image.open(path) as image:
            if getattr(image, "n_frames", 1) > 1:
                _log.warning("%s is animated; its first frame is used.", path)
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            return _rgb(image)
    except UnidentifiedImageError as error:
        raise PortraitError(
            f"{path} is not a picture that can be read; give a JPEG, PNG, WebP or TIFF file."
        ) from error
    except Image.DecompressionBombError as error:
        raise PortraitError(f"{path} is too large to open safely; reduce it to under 150 megapixels.") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise PortraitError(f"{path} is damaged or cut short and cannot be read ({error}); save it again.") from error


def _rgb(image: Image.Image) -> np.ndarray:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_deep_grey(np.asarray(image, dtype=np.float64))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*GROUND_RGB, 255))
        image = Image.alpha_composite(ground, image)
    return _pixels(image if image.mode == "RGB" else image.convert("RGB"))


def _pixels(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 of an RGB image, strip by strip, since Pillow's own way holds all of a large one three times."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, STRIP_ROWS):
        rows = pixels[top : top + STRIP_ROWS]
        rows[:] = np.asarray(image.crop((0, top, width, top + len(rows))))
    return pixels


def _from_deep_grey(grey: np.ndarray) -> np.ndarray:
    """16-bit integers or floats, (H, W) -> 8 bits; the range is told from the largest value."""
    largest = float(np.nanmax(grey, initial=0.0))
    white = next(white for white in (1.0, 255.0, 65535.0, max(largest, 65536.0)) if largest <= white)
    levels = np.clip(np.nan_to_num(grey) / white * 255.0, 0, 255).round().astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=2)
