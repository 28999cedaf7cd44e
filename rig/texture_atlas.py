"""Small pictures side by side in one texture."""

from dataclasses import dataclass

import numpy as np

BORDER_PX = 1


@dataclass(frozen=True, eq=False)
class Atlas:
    """picture: (H, W, 4) uint8 RGBA.  places: per name the (x, y, width, height) of its tile, in pixels."""

    picture: np.ndarray
    places: dict[str, tuple[int, int, int, int]]

    @classmethod
    def of_tiles(cls, tiles: dict[str, np.ndarray]) -> "Atlas":
        """tiles: (h, w, 4) RGBA in [0, 1] each, one below the other; their edges are repeated around them."""
        width = max(tile.shape[1] for tile in tiles.values()) + 2 * BORDER_PX
        height = sum(tile.shape[0] + 2 * BORDER_PX for tile in tiles.values())
        picture, places, y = np.zeros((height, width, 4), np.uint8), {}, 0
        for name, tile in tiles.items():
            rows, columns = tile.shape[:2]
            framed = np.pad(tile, ((BORDER_PX, BORDER_PX), (BORDER_PX, BORDER_PX), (0, 0)), mode="edge")
            picture[y : y + rows + 2 * BORDER_PX, : columns + 2 * BORDER_PX] = (framed.clip(0, 1) * 255).round()
            places[name] = (BORDER_PX, y + BORDER_PX, columns, rows)
            y += rows + 2 * BORDER_PX
        return cls(picture, places)

    def coordinates(self, name: str, across: np.ndarray, down: np.ndarray) -> np.ndarray:
        """(N, 2) texture coordinates of places in a tile, (N,) each: 0 at the middle of the first pixel, 1 the last."""
        x, y, width, height = self.places[name]
        pixels = np.column_stack([x + 0.5 + across * (width - 1), y + 0.5 + down * (height - 1)])
        return pixels / (self.picture.shape[1], self.picture.shape[0])
