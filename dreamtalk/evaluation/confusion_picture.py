"""Who is taken for whom, as a picture."""

from pathlib import Path

import numpy as np
from PIL import Image

from dreamtalk.evaluation.recognition import Confusion
from dreamtalk.page import Page
from dreamtalk.plots.panels import CARD, INK, PAPER, SOFT
from rig.safe_file import written_beside

CELL, NAMES_WIDTH, TITLE, HEAD, MARGIN = 58, 110, 44, 34, 28
_FULL = "#2a7f9e"


def write_confusion_picture(path: Path, matrices: dict[str, Confusion]) -> None:
    """Write the matrices beside each other as a PNG, whole or not at all. matrices: title -> counts."""
    with written_beside(path) as beside:
        draw_confusion_picture(matrices).save(beside)


def draw_confusion_picture(matrices: dict[str, Confusion]) -> Image.Image:
    """One row a true emotion, one column a guess; the shade is the share of the row."""
    count = max(len(each.labels) for each in matrices.values())
    width = NAMES_WIDTH + count * CELL + MARGIN
    page = Page(MARGIN + width * len(matrices), TITLE + HEAD + count * CELL + MARGIN, PAPER)
    for number, (title, confusion) in enumerate(matrices.items()):
        _draw_matrix(page, f"{title}: {confusion.accuracy:.0%} recognised", confusion, MARGIN + number * width)
    return page.finished()


def _draw_matrix(page: Page, title: str, confusion: Confusion, left: float) -> None:
    page.text((left, 26), title, 18, INK)
    shares = confusion.counts / np.maximum(confusion.counts.sum(axis=1, keepdims=True), 1)
    for row, label in enumerate(confusion.labels):
        middle = TITLE + HEAD + (row + 0.5) * CELL
        page.text((left + NAMES_WIDTH - 10, middle), label, 15, INK, anchor="rm")
        page.text((left + NAMES_WIDTH + (row + 0.5) * CELL, TITLE + HEAD - 14), label[:7], 13, SOFT, anchor="mm")
        for column, share in enumerate(shares[row]):
            x, y = left + NAMES_WIDTH + column * CELL, middle - CELL / 2
            page.card((x + 2, y + 2, x + CELL - 2, y + CELL - 2), CARD)
            if share > 0:
                page.area(
                    np.array([x + 2, x + CELL - 2]), np.full(2, y + 2), np.full(2, y + CELL - 2), _FULL, float(share)
                )
                number = str(int(confusion.counts[row, column]))
                page.text((x + CELL / 2, middle), number, 16, CARD if share > 0.5 else INK, anchor="mm")
