"""What lids hide of an eye: the white goes on smoothly, the iris is a whole disc."""

import numpy as np

from rig.aperture import aperture_strip
from rig.portrait.portrait_eyes import COLUMNS, ROWS, hidden_eyes


def test_the_eyeball_goes_on_behind_the_lids() -> None:
    rng = np.random.default_rng(0)
    picture = np.full((120, 120, 3), 150, np.uint8)
    x = np.linspace(30, 90, COLUMNS)
    bow = 10 * np.sin(np.linspace(0, np.pi, COLUMNS))
    upper, lower = np.column_stack([x, 60 - bow]), np.column_stack([x, 60 + bow])
    yy, xx = np.mgrid[:120, :120]
    half = 10 * np.sin(np.pi * np.clip((xx - 30) / 60, 0, 1))
    picture[np.abs(yy - 60) < half] = 220
    rim = np.abs(np.abs(yy - 60) - half) < 2
    picture[rim] = rng.integers(20, 120, (int(rim.sum()), 3))  # lashes and their shadow
    iris = np.hypot(xx - 60, yy - 60) < 12
    picture[iris & (np.abs(yy - 60) < half)] = 70
    marks = np.array([[60, 60], [72, 60], [60, 48], [48, 60], [60, 72]], np.float64)
    whole = hidden_eyes(picture, [aperture_strip(upper, lower, ROWS, 0.7)], [marks])
    assert whole.shape == (120, 120, 4) and whole.dtype == np.uint8
    white = whole[42:46, 35:45, :3].astype(int)  # above the opening
    assert white.mean() > 175 and np.abs(np.diff(white, axis=1)).max() < 12
    assert np.abs(whole[50:52, 57:63, :3].astype(int) - 70).max() < 30  # the iris under the lid
    assert whole[60, 35:45, 3].min() < 60 and whole[20, 20, 3] == 255
