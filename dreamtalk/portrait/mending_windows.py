"""Where the generator looks: small windows about mouth and eyes, at one scale for every face.

A window's pixel (c, r) covers the place scale * (left + c + 0.5, top + r + 0.5) of the picture, counted from the
picture's corner; 100 window pixels are the distance between the eyes' outer corners. Corners are multiples of 4 window
pixels, so that the strides of a convolution fall alike in every frame and nothing crawls.
"""

from dataclasses import dataclass

import cv2
import numpy as np

EYE_DISTANCE_WINDOW_PX = 100.0
MOUTH_SIZE, EYE_SIZE = (112, 128), (48, 64)
"""Rows and columns."""
SOURCE_SIZE = 256
"""Side of the square about the face that shows the generator the person, at the windows' scale."""
CELL_PX = 4
NEAR_ONE = 0.02
"""A scale that is this near to 1 is 1: the window's pixels are the picture's own."""
FEATHER_PX = 8
ALIASING = 1.2
"""Scale above which a picture is blurred before it is made smaller."""


@dataclass(frozen=True)
class MendingWindow:
    """left, top: corner in window pixels.  scale: picture pixels per window pixel.  rows, columns: size."""

    left: int
    top: int
    scale: float
    rows: int
    columns: int

    @classmethod
    def about(cls, centre: np.ndarray, scale: float, rows: int, columns: int) -> "MendingWindow":
        """The window whose middle is nearest to `centre`, (x, y) pixels of the picture."""
        x, y = (np.asarray(centre, np.float64) + 0.5) / scale
        left, top = (CELL_PX * round((at - side / 2) / CELL_PX) for at, side in ((x, columns), (y, rows)))
        return cls(left, top, scale, rows, columns)

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """(H, W) or (H, W, C) uint8 or float32 -> (rows, columns[, C]), same dtype; borders are carried outward."""
        if self.scale == 1.0:
            height, width = picture.shape[:2]
            bottom, right = self.top + self.rows, self.left + self.columns
            if self.top >= 0 and self.left >= 0 and bottom <= height and right <= width:
                return picture[self.top : bottom, self.left : right]
            y = np.clip(np.arange(self.top, bottom), 0, height - 1)
            return picture[y][:, np.clip(np.arange(self.left, right), 0, width - 1)]
        rows, columns = self._box(picture.shape[:2], margin_px=2 + int(np.ceil(3 * self.scale)))
        part = np.ascontiguousarray(picture[rows, columns])
        if self.scale > ALIASING:
            part = cv2.GaussianBlur(part, (0, 0), 0.35 * self.scale, borderType=cv2.BORDER_REPLICATE)
        # overshoot sharpens pictures, but would make opacity appear where there is none
        smooth = cv2.INTER_CUBIC if picture.ndim == 3 and picture.shape[2] == 3 else cv2.INTER_LINEAR
        return cv2.warpAffine(
            part, self._to_picture(columns.start, rows.start), (self.columns, self.rows),
            flags=smooth | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip

    def paste_change(self, frame: np.ndarray, change: np.ndarray, share: np.ndarray) -> None:
        """Add a change to a picture, in place; it fades out over the window's border.

        frame: (H, W, 3) uint8.  change: (rows, columns, 3) float32 grey levels.  share: (rows, columns) in [0, 1].
        Pixels of the frame with no share stay as they are, bit by bit.
        """
        faded = change * (share * _feather(self.rows, self.columns))[..., None]
        rows, columns = self._box(frame.shape[:2])
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        if self.scale == 1.0:
            faded = faded[
                rows.start - self.top : rows.stop - self.top, columns.start - self.left : columns.stop - self.left
            ]
        else:
            if self.scale < 1 / ALIASING:
                faded = cv2.GaussianBlur(faded, (0, 0), 0.35 / self.scale)
            size = (columns.stop - columns.start, rows.stop - rows.start)
            faded = cv2.warpAffine(faded, self._to_picture(columns.start, rows.start), size, flags=cv2.INTER_CUBIC)
        box = frame[rows, columns]
        box[...] = np.rint(np.clip(box + faded, 0, 255)).astype(np.uint8)

    def centres(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Picture coordinates x (columns / step,), y (rows / step,) of the middles of cells of step x step pixels."""
        x = self.left + step * (np.arange(self.columns // step) + 0.5)
        y = self.top + step * (np.arange(self.rows // step) + 0.5)
        return self.scale * x - 0.5, self.scale * y - 0.5

    def _box(self, shape: tuple[int, int], margin_px: int = 0) -> tuple[slice, slice]:
        """The rows and columns of the picture that the window covers; with a margin never empty."""
        slices = []
        for first, count, size in ((self.top, self.rows, shape[0]), (self.left, self.columns, shape[1])):
            low = int(np.floor(self.scale * first)) - margin_px
            high = int(np.ceil(self.scale * (first + count))) + margin_px
            least = 1 if margin_px else 0
            slices.append(slice(min(max(low, 0), size - least), max(min(high, size), least)))
        return slices[0], slices[1]

    def _to_picture(self, x: int, y: int) -> np.ndarray:
        """(2, 3): window pixel (c, r, 1) -> pixel of the picture's part that begins at (x, y)."""
        half = (self.scale - 1) / 2
        return np.array(
            [[self.scale, 0, self.scale * self.left + half - x], [0, self.scale, self.scale * self.top + half - y]]
        )


def window_scale(eye_distance_px: float) -> float:
    """Picture pixels per window pixel for a face whose outer eye corners are this far apart."""
    scale = eye_distance_px / EYE_DISTANCE_WINDOW_PX
    return 1.0 if abs(scale - 1) < NEAR_ONE else float(scale)


def face_windows(mouth_centre: np.ndarray, eye_centres: np.ndarray, eye_distance_px: float) -> list[MendingWindow]:
    """Windows of one frame: the mouth's, the left eye's, the right eye's.

    mouth_centre (2,), eye_centres (2, 2): pixels of the frame, as MotionMaps has them.  eye_distance_px: of the fit.
    """
    scale = window_scale(eye_distance_px)
    eyes = [MendingWindow.about(centre, scale, *EYE_SIZE) for centre in eye_centres]
    return [MendingWindow.about(mouth_centre, scale, *MOUTH_SIZE), *eyes]


def source_square(oval: np.ndarray, eye_distance_px: float) -> MendingWindow:
    """The square of the portrait that the generator looks at once. oval: (N, 2) pixels, landmarks of FACE_OVAL."""
    return MendingWindow.about(oval[:, :2].mean(axis=0), window_scale(eye_distance_px), SOURCE_SIZE, SOURCE_SIZE)


def source_places(window: MendingWindow, square: MendingWindow, flow: np.ndarray) -> np.ndarray:
    """Where in the source square each cell of a window comes from: (rows / 4, columns / 4, 2) float32.

    flow: (H, W, 2) float32 pixels, of MotionMaps. The places are x and y in [-1, 1] over the square's sides, y down, as
    torch's grid_sample takes them with align_corners=False.
    """
    x, y = (axis.astype(np.float32) for axis in np.meshgrid(*window.centres(CELL_PX)))
    back = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    places = (np.stack([x, y], axis=-1) + back + 0.5) / square.scale
    return ((places - (square.left, square.top)) * (2 / square.columns) - 1).astype(np.float32)


def _feather(rows: int, columns: int) -> np.ndarray:
    """(rows, columns) float32: 1 inside, falling smoothly to 0 at the border."""
    lines = []
    for count in (rows, columns):
        inset = np.clip((np.minimum(np.arange(count), count - 1 - np.arange(count))) / FEATHER_PX, 0, 1)
        lines.append(inset * inset * (3 - 2 * inset))
    return np.outer(*lines).astype(np.float32)
