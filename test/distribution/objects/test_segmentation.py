"""The scene split into objects: blocks on the ground with exact truth, dense and in rings; and input that holds nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution.objects import SegmentationOptions, segment_depth_image, segment_points
from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel

OPTIONS = SegmentationOptions()
SMALL = CameraModel(64, 48, 60.0, 60.0, 31.5, 23.5)


def iou(first, second):
    """Intersection over union of two boxes."""
    wide = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    high = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(wide, 0) * max(high, 0)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)


def check(scene, boxes, depths_m, least_iou):
    """Each block is found once, and nothing else."""
    assert len(scene.objects) == len(boxes)
    for box, depth_m in zip(boxes, depths_m, strict=True):
        best = max(scene.objects, key=lambda found: iou(found.box_px, box))
        assert iou(best.box_px, box) >= least_iou
        assert best.depth_m == pytest.approx(depth_m, rel=0.03)
        assert best.depth_near_m <= best.depth_m <= best.depth_far_m
        assert best.depth_sigma_m >= 0 and np.isfinite(best.depth_sigma_m)


@pytest.fixture
def street(block_world, make_block):
    """Three blocks, their depth image and boxes."""
    blocks = [make_block(-2.0, -1.4, 1.8, 5.0, 5.4), make_block(0.0, 1.6, 1.4, 9.0, 10.0), make_block(2.0, 2.6, 1.75, 7.0, 7.3)]
    depth, labels = block_world.render(blocks)
    return depth, block_world.boxes(labels), [float(np.median(depth[labels == k])) for k in (1, 2, 3)]


def test_blocks_of_a_dense_depth_image(block_world, street):
    depth, boxes, depths_m = street
    scene = segment_depth_image(depth, block_world.camera, OPTIONS)
    check(scene, boxes, depths_m, 0.8)
    assert scene.labels.dtype == np.uint16 and scene.step >= 1
    assert scene.labels.shape == tuple(-(-size // scene.step) for size in depth.shape)
    assert [found.segment for found in scene.objects] == [1, 2, 3]
    for found in scene.objects:
        assert np.count_nonzero(scene.labels == found.segment) == found.point_count


@pytest.mark.parametrize(("rows_apart", "columns_apart"), [(5, 3), (18, 2)])
def test_blocks_in_rings(block_world, street, rows_apart, columns_apart):
    """A lidar of 64 beams, and one of 16: their rings are 0.6 and 2 degrees apart here."""
    depth, boxes, depths_m = street
    points = block_world.scan(depth, rows_apart, columns_apart)
    scene = segment_points(points, block_world.camera, OPTIONS)
    check(scene, boxes, depths_m, 0.6)
    assert scene.step == 0 and scene.labels.shape == (len(points),)
    for found in scene.objects:
        own = scene.labels == found.segment
        assert np.count_nonzero(own) == found.point_count
        assert np.median(points.depth_m[own]) == pytest.approx(found.depth_m, rel=0.02)


def test_wall_behind_things_is_no_object(block_world, make_block):
    depth, labels = block_world.render([make_block(-0.4, 0.3, 1.7, 4.0, 4.4), make_block(-20.0, 20.0, 5.0, 6.0, 6.2)])
    scene = segment_depth_image(depth, block_world.camera, OPTIONS)
    assert len(scene.objects) == 1
    assert iou(scene.objects[0].box_px, block_world.boxes(labels)[0]) > 0.8


def test_thing_split_by_a_pole_is_one(block_world, make_block):
    depth, labels = block_world.render([make_block(-1.0, 1.0, 1.6, 8.0, 8.5), make_block(-0.04, 0.04, 2.5, 3.0, 3.1)])
    scene = segment_depth_image(depth, block_world.camera, OPTIONS)
    boxes = [found.box_px for found in scene.objects]
    assert max(iou(box, block_world.boxes(labels)[0]) for box in boxes) > 0.8
    assert len(boxes) <= 2


def test_whole_numbers_and_metres_give_the_same(block_world, street):
    depth, _, _ = street
    metres = segment_depth_image(np.round(depth, 3), block_world.camera, OPTIONS)
    millimetres = segment_depth_image(np.round(1000 * depth).astype(np.uint16), block_world.camera, OPTIONS, unit_m=0.001)
    assert [found.box_px for found in metres.objects] == [found.box_px for found in millimetres.objects]


def test_boxes_are_in_pixels_of_the_picture(block_world, street):
    depth, boxes, depths_m = street
    scene = segment_depth_image(depth, block_world.camera, OPTIONS, picture_size_px=(1920, 1080))
    check(scene, [tuple(3 * value for value in box) for box in boxes], depths_m, 0.8)
    assert all(found.box_px[0] + found.box_px[2] <= 1920 and found.box_px[1] + found.box_px[3] <= 1080 for found in scene.objects)


def test_holes_nan_and_infinity_are_no_readings(block_world, street):
    depth, boxes, depths_m = street
    rng = np.random.default_rng(1)
    lost = rng.random(depth.shape)
    depth[lost < 0.02], depth[(lost > 0.02) & (lost < 0.03)], depth[lost > 0.99] = 0.0, np.nan, np.inf
    check(segment_depth_image(depth, block_world.camera, OPTIONS), boxes, depths_m, 0.7)


def test_nothing_gives_nothing():
    empty = np.zeros(0, np.float32)
    assert segment_points(ProjectedPoints(empty, empty, empty, empty, empty), SMALL, OPTIONS).objects == ()
    for value in (0.0, np.nan, np.inf, -1.0):
        scene = segment_depth_image(np.full((48, 64), value, np.float32), SMALL, OPTIONS)
        assert scene.objects == () and not scene.labels.any()


def test_one_single_depth_is_a_wall():
    assert segment_depth_image(np.full((48, 64), 3.0, np.float32), SMALL, OPTIONS).objects == ()
    assert segment_depth_image(np.full((48, 64), 3.0, np.float32), None, OPTIONS).objects == ()


def test_one_point():
    one = np.ones(1, np.float32)
    scene = segment_points(ProjectedPoints(one, one, one, one, one), SMALL, OPTIONS)
    assert scene.objects == () and scene.labels.tolist() == [0]


def test_ten_thousand_objects_are_bounded():
    """Tiles at two depths like a chess board, hundreds of them: the largest are kept."""
    v, u = np.mgrid[0:900, 0:1600]
    depth = np.where((v // 9 + u // 9) % 2, 2.0, 9.0).astype(np.float32)
    camera = CameraModel(1600, 900, 1400.0, 1400.0, 800.0, 450.0)
    scene = segment_depth_image(depth, camera, SegmentationOptions(smallest_share=0.0, most_objects=40))
    assert len(scene.objects) <= 40
    assert scene.labels.max() == len(scene.objects)


@pytest.mark.parametrize("depth", [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.int8), np.zeros((0, 4), np.float32)])
def test_other_arrays_are_refused(depth):
    with pytest.raises(InputError, match="depth image: wanted shape"):
        segment_depth_image(depth, SMALL, OPTIONS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("largest_m", 0.0),
        ("widest_share", 1.5),
        ("smallest_share", -0.1),
        ("least_readings", 0),
        ("depth_gap_share", float("nan")),
        ("stands_out_m", 2.0),
        ("most_objects", 0),
    ],
)
def test_options_out_of_range(name, value):
    with pytest.raises(ConfigurationError, match=f"objects: {name} is "):
        SegmentationOptions(**{name: value})


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.95]), st.integers(1, 90), st.integers(1, 120))
def test_any_depth_image_gives_sound_objects(seed, lost, height, width):
    rng = np.random.default_rng(seed)
    depth = np.exp(rng.normal(1.0, 1.0, (height, width))).astype(np.float32)
    depth[rng.random(depth.shape) < lost] = rng.choice([0.0, np.nan, np.inf])
    size = (int(rng.integers(1, 2000)), int(rng.integers(1, 2000)))
    scene = segment_depth_image(depth, None, SegmentationOptions(smallest_share=0.0), picture_size_px=size)
    for index, found in enumerate(scene.objects, 1):
        x, y, wide, high = found.box_px
        assert found.segment == index and (scene.labels == index).any()
        assert x >= 0 and y >= 0 and wide >= 1 and high >= 1 and x + wide <= size[0] and y + high <= size[1]
        assert 0 < found.depth_near_m <= found.depth_m <= found.depth_far_m < np.inf
        assert 0 <= found.area_share <= 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3000))
def test_any_cloud_gives_sound_objects(seed, count):
    rng = np.random.default_rng(seed)
    u, v = rng.uniform(-0.5, 63.49, count).astype(np.float32), rng.uniform(-0.5, 47.49, count).astype(np.float32)
    z = np.exp(rng.normal(1.0, 1.0, count)).astype(np.float32)
    x, y = (u - 31.5) / 60 * z, (v - 23.5) / 60 * z
    scene = segment_points(ProjectedPoints(u, v, z, x, y), SMALL, SegmentationOptions(smallest_share=0.0))
    assert scene.labels.shape == (count,) and scene.labels.max(initial=0) <= len(scene.objects)
    for found in scene.objects:
        x, y, wide, high = found.box_px
        assert x >= 0 and y >= 0 and wide >= 1 and high >= 1 and x + wide <= 64 and y + high <= 48


def test_importing_brings_no_numba():
    import subprocess
    import sys

    said = "import sys, auxfocus_ros.distribution.objects; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout.strip() == "False"
