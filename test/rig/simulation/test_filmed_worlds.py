"""Worlds drawn by lot: their truth agrees with itself, and the same lot draws the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from auxfocus_ros.rig.simulation.filmed_worlds import FilmedSequence, FilmOptions, film_world
from auxfocus_ros.rig.simulation.filmed_worlds.ingredients import CLASSES

pytest.importorskip("mujoco")
STREET = FilmOptions("street", seed=2, frames=3, width_px=160, height_px=64)


@pytest.fixture(scope="module")
def street() -> FilmedSequence:
    return film_world(STREET)


@pytest.fixture(scope="module")
def standing() -> FilmedSequence:
    return film_world(replace(STREET, moving=False))


def test_the_same_lot_draws_the_same(street: FilmedSequence) -> None:
    again = film_world(STREET)
    np.testing.assert_array_equal(street.pictures, again.pictures)
    np.testing.assert_array_equal(street.depth_m, again.depth_m)
    assert not np.array_equal(street.pictures, film_world(replace(STREET, seed=3)).pictures)


def test_truth_is_of_the_kind_that_is_promised(street: FilmedSequence) -> None:
    assert street.pictures.shape == (3, 64, 160, 3) and street.depth_m.shape == (3, 64, 160)
    assert float(street.depth_m.min()) > 0.3
    movable = [CLASSES.index(name) for name in ("vehicle", "person", "animal")]
    np.testing.assert_array_equal(np.isin(street.classes, movable), street.things > 0)
    np.testing.assert_array_equal(np.isinf(street.depth_m), street.classes == CLASSES.index("sky"))
    assert street.things.max() <= street.world_from_thing.shape[1]


def test_what_stands_does_not_move(street: FilmedSequence, standing: FilmedSequence) -> None:
    assert float(street.moved_px[0].max()) > 1.0  # something does
    assert float(street.moved_px[0][street.things[0] == 0].max()) == 0.0
    assert float(standing.moved_px.max()) < 0.05
    np.testing.assert_array_equal(street.world_from_camera, standing.world_from_camera)
    # In the first frame things stand where they stand in the other world.
    np.testing.assert_allclose(street.world_from_thing[0, :, :3, 3], standing.world_from_thing[0, :, :3, 3])


def test_depth_and_poses_bring_a_static_pixel_to_its_like(standing: FilmedSequence) -> None:
    """Each pixel of the first frame, taken into the second by depth and pose, has there the depth that it must have."""
    camera, height, width = standing.camera, *standing.depth_m.shape[1:]
    rows, columns = np.mgrid[:height, :width]
    depth = standing.depth_m[0].astype(np.float64)
    seen = np.isfinite(depth)
    rays = np.stack([(columns - camera.cx_px) / camera.fx_px, (rows - camera.cy_px) / camera.fy_px, np.ones_like(rows)], -1)[seen]
    motion = np.linalg.inv(standing.world_from_camera[1]) @ standing.world_from_camera[0]
    points = (depth[seen][:, None] * rays) @ motion[:3, :3].T + motion[:3, 3]
    u = np.rint(camera.fx_px * points[:, 0] / points[:, 2] + camera.cx_px).astype(int)
    v = np.rint(camera.fy_px * points[:, 1] / points[:, 2] + camera.cy_px).astype(int)
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    there = standing.depth_m[1][v[inside], u[inside]].astype(np.float64)
    assert np.median(np.abs(there / points[inside, 2] - 1.0)) < 0.01


@pytest.mark.parametrize("kind", ["room", "yard"])
def test_a_world_can_be_without_life(kind: str) -> None:
    options = FilmOptions(kind, seed=5, frames=1, width_px=96, height_px=64, living=False)  # type: ignore[arg-type]
    empty = film_world(options)
    assert not empty.things.any() and empty.world_from_thing.shape[1] == 0
    assert film_world(replace(options, living=True)).world_from_thing.shape[1] > 0
