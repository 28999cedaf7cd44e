"""What of a portrait is not face: hair turns as one piece, shoulders and ground stay, and nothing tears."""

from pathlib import Path

import numpy as np
import pytest

from dreamtalk.portrait.portrait import Portrait, load_portrait
from rig.head_turn import SHOWN, HeadTurn
from rig.portrait.portrait_grid import SIDE, ElasticGrid
from rig.rotation import matrix_from_angles

EXAMPLE = Path(__file__).parents[1] / "examples" / "portrait.png"
_CHIN = 152  # landmark


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return load_portrait(EXAMPLE)


@pytest.fixture(scope="module")
def grid(portrait: Portrait) -> ElasticGrid:
    return grid_of(portrait, portrait.person)


def grid_of(portrait: Portrait, person: np.ndarray | None) -> ElasticGrid:
    fit = portrait.fit
    camera = fit.pose.to_camera(fit.vertices)
    front = np.flatnonzero(fit.rig.regions["face"])
    head = np.flatnonzero(fit.rig.regions["head"] & fit.rig.regions["skin"])
    return ElasticGrid.around_head(
        fit.pose, fit.image_size, fit.pose.to_pixels(camera), camera, front, head,
        float(fit.landmarks[_CHIN, 1]), fit.eye_distance_px, person,
    )  # fmt: skip


def moves(portrait: Portrait, grid: ElasticGrid, angles_deg: tuple[float, float, float]) -> np.ndarray:
    """How far the grid goes, (N, 2) pixels, when the head turns by pitch, yaw, roll."""
    fit, pose = portrait.fit, portrait.fit.pose
    turn = HeadTurn.of_angles(np.radians(angles_deg), fit.rig.neck_pivot)
    in_head = (grid.space - pose.translation) @ pose.rotation
    carried = pose.to_pixels(pose.to_camera(turn.apply(in_head)))
    before = pose.to_pixels(pose.to_camera(fit.vertices))
    after = pose.to_pixels(pose.to_camera(turn.apply(fit.vertices)))
    return grid.move(carried, after - before)


def on_hair(portrait: Portrait, grid: ElasticGrid) -> np.ndarray:
    """(N,) bool: points on the hair above the eyes, off the face and off the picture's borders."""
    place = grid.points.round().astype(int)
    inside = (place > 0.15 * 512).all(axis=1) & (place < 0.85 * 512).all(axis=1)
    place = place.clip(0, 511)
    above = grid.points[:, 1] < portrait.fit.landmarks[[33, 263], 1].min()
    return inside & above & (portrait.person[place[:, 1], place[:, 0]] > 0.95) & (grid.covered == 0)


def test_nothing_moves_at_rest(portrait: Portrait, grid: ElasticGrid) -> None:
    assert np.abs(moves(portrait, grid, (0, 0, 0))).max() < 1e-3


def test_hair_leans_as_one_stiff_piece(portrait: Portrait, grid: ElasticGrid) -> None:
    hair = on_hair(portrait, grid)
    assert hair.sum() > 20
    before = grid.points[hair]
    after = before + moves(portrait, grid, (0, 0, 8))[hair]
    gap = np.linalg.norm(before[:, None] - before[None], axis=-1)
    change = np.linalg.norm(after[:, None] - after[None], axis=-1) - gap
    assert np.abs(change[gap > 40] / gap[gap > 40]).max() < 0.04


def test_hair_before_the_neck_goes_with_a_turn(portrait: Portrait, grid: ElasticGrid) -> None:
    """High on the head, hair bulges towards the camera as far as the forehead does, so it goes the same way."""
    move = moves(portrait, grid, (0, 10, 0))[:, 0]
    middle = np.abs(grid.points[:, 0] - portrait.fit.landmarks[1, 0]) < 30
    hair = on_hair(portrait, grid) & middle
    assert hair.any() and move[hair].min() > 0.25 * move[grid.covered > 0.99].max()


@pytest.mark.parametrize("angles", [(8, 0, 0), (-8, 0, 0), (0, 12, 0), (0, -12, 0), (5, -8, 6)])
def test_hair_never_folds(portrait: Portrait, grid: ElasticGrid, angles: tuple[float, float, float]) -> None:
    place = grid.points + moves(portrait, grid, angles)
    lattice = place.reshape(SIDE, SIDE, 2)
    across, down = np.diff(lattice, axis=1)[:-1], np.diff(lattice, axis=0)[:, :-1]
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    hair = on_hair(portrait, grid).reshape(SIDE, SIDE)
    hair = hair[:-1, :-1] & hair[1:, 1:]
    assert hair.any() and area[hair].min() > 0.2 * (512 * 1.4 / (SIDE - 1)) ** 2


def test_shoulders_and_ground_stay_exactly(portrait: Portrait, grid: ElasticGrid) -> None:
    move = np.abs(moves(portrait, grid, (6, 10, 4)))
    x, y = grid.points.T
    sides = (x < 20) | (x > 492)
    assert move[sides & (y > portrait.fit.landmarks[_CHIN, 1] + 60)].max() == 0
    assert move[sides & (y < 150)].max() == 0


def test_an_unknown_person_still_gives_a_grid(portrait: Portrait) -> None:
    elastic = grid_of(portrait, None)
    move = moves(portrait, elastic, (0, 10, 0))
    assert np.abs(move).max() > 10 and np.isfinite(move).all()


def test_a_picture_is_turned_a_little_further() -> None:
    turn = HeadTurn.of_picture(np.array([0.1, 0.2, 0.3]), np.zeros(3))
    assert np.allclose(turn.matrix, matrix_from_angles(np.array([0.1, 0.2, 0.3]) * SHOWN))
    assert 1 <= min(SHOWN) and max(SHOWN) <= 1.1
