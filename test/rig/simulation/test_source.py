"""The simulator as a source: frames that belong together, that are the same for the same seed, and that answer to the lens."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig import Frame, Source, open_source
from auxfocus_ros.rig.gimbal import GimbalCommand
from auxfocus_ros.rig.simulation.source import SimulationSource

Opened = Callable[..., SimulationSource]


@pytest.fixture
def opened(scene: Callable[..., Path]) -> Iterator[Opened]:
    """`opened(change=..., **options)`: a source on the small scene, closed after the test."""
    sources: list[SimulationSource] = []

    def open_one(change: Callable[[dict[str, Any]], object] = lambda content: None, **options: Any) -> SimulationSource:
        sources.append(SimulationSource(scene(change), **options))
        return sources[-1]

    yield open_one
    for source in sources:
        source.close()


def take(source: SimulationSource, count: int) -> list[Frame]:
    frames = []
    for frame in source.frames():
        frames.append(frame)
        if len(frames) == count:
            break
    return frames


def still(content: dict[str, Any]) -> None:
    content["gimbal"] = {"pan_rad": 0.0, "tilt_rad": 0.1}
    content["platform"].pop("shake")


def test_a_pass_has_its_frames_and_all_that_belongs_to_them(opened: Opened) -> None:
    source = opened()
    assert isinstance(source, Source)
    frames = list(source.frames())
    assert len(frames) == 10 == source.counts.frames
    assert np.diff([frame.stamp_ns for frame in frames]).tolist() == [100_000_000] * 9
    frame = frames[3]
    assert frame.picture.shape == (120, 160, 3) and frame.camera.width_px == 160
    assert frame.points is not None and len(frame.points) > 100
    assert frame.points_frame == "lidar_gimbal_link"
    assert frame.range is not None and frame.joints and frame.lens is not None and frame.truth is not None
    truth = frame.truth
    assert truth.labels.shape == truth.depth_m.shape == truth.defocus_px.shape == (120, 160)
    assert truth.scene_time_s == pytest.approx(0.3 + 0.002)  # the middle of the exposure
    assert frame.points_offset_s == pytest.approx(0.002)
    assert frame.joints[-1].stamp_ns <= frame.stamp_ns + 10_000_000
    assert truth.point_labels is not None and len(truth.point_labels) == len(frame.points)


def test_truth_of_things_is_that_of_their_pixels(opened: Opened) -> None:
    frame = take(opened(), 4)[3]
    assert frame.truth is not None
    walker, wall, pane = frame.truth.things
    assert [thing.label for thing in (walker, wall, pane)] == ["person", "building", "glass"]
    seen = frame.truth.labels == walker.id
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert walker.box_px == (columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1)
    assert walker.pixels == seen.sum() > 50
    assert walker.depth_m == pytest.approx(float(np.median(frame.truth.depth_m[seen])))
    assert walker.moving and not wall.moving
    assert 5.0 < walker.depth_m < 6.5 < wall.depth_m
    source_lens = opened().lens
    assert walker.blur_radius_px == pytest.approx(float(source_lens.defocus_px(frame.truth.lens_position_steps, walker.depth_m)))
    assert walker.error_steps == pytest.approx(
        float(source_lens.position_for_distance(walker.depth_m)) - frame.truth.lens_position_steps
    )
    assert pane.pixels == 0 and math.isnan(pane.depth_m)  # glass is seen through


def test_velocities_are_what_the_positions_do(opened: Opened) -> None:
    source = opened(still, rate_hz=100.0)
    turning = source.frames()
    frames = [next(turning)]
    source.command_gimbal(GimbalCommand(("pan_joint", "tilt_joint"), (), (0.3, -0.1)))
    frames += [next(turning) for _ in range(44)]
    things = [frame.truth.things[0] for frame in frames if frame.truth is not None]
    by_difference = (things[41].position_m - things[39].position_m) / 0.02
    assert things[40].velocity_m_per_s == pytest.approx(by_difference, abs=0.02)


def test_the_same_seed_gives_the_same_frames_and_another_does_not(opened: Opened) -> None:
    first, again = take(opened(), 3), take(opened(), 3)
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one.picture, two.picture)
        assert one.points is not None and two.points is not None and np.array_equal(one.points, two.points)
        assert one.joints == two.joints
    other = take(opened(seed=6), 3)
    assert not np.array_equal(first[2].picture, other[2].picture)


def test_every_pass_is_the_same(opened: Opened) -> None:
    source = opened()
    first, second = take(source, 3), take(source, 3)
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(first, second, strict=True))


def test_the_lens_defocuses_and_breathes(opened: Opened) -> None:
    def sharpness(frame: Frame) -> float:
        # Of the wall, 15 m away.
        labels = frame.truth.labels if frame.truth is not None else np.zeros(1)
        gradient = np.abs(np.diff(frame.picture.astype(np.float64).mean(axis=2), axis=1))
        return float(gradient[labels[:, 1:] == 2].mean())

    source = opened(still, noise=False, width_px=640, height_px=480)
    source.set_lens_position(float(source.lens.position_for_distance(15.0)))
    sharp = take(source, 1)[0]
    source.set_lens_position(float(source.lens.position_for_distance(1.5)))
    soft = take(source, 1)[0]
    assert sharpness(sharp) > 1.5 * sharpness(soft)
    assert soft.camera.fx_px / sharp.camera.fx_px == pytest.approx(
        float(source.lens.sensor_distance_m(soft.truth.lens_position_steps))  # type: ignore[union-attr]
        / float(source.lens.sensor_distance_m(sharp.truth.lens_position_steps))  # type: ignore[union-attr]
    )
    assert soft.lens is not None and soft.lens.focus_distance_m == pytest.approx(1.5)
    source.set_lens_position(math.nan)  # is not a position
    assert take(source, 1)[0].lens == soft.lens


def test_depth_is_the_distance_along_the_optical_axis(opened: Opened) -> None:
    """The wall stands 14.9 m before the origin; the camera a little before it looks straight at it."""

    def level(content: dict[str, Any]) -> None:
        still(content)
        content["gimbal"] = {}

    frame = take(opened(level, noise=False), 1)[0]
    assert frame.truth is not None
    camera_x = (frame.truth.world_from_base.compose(frame.truth.base_from_optical)).translation_m[0]
    wall = frame.truth.depth_m[frame.truth.labels == 2]
    assert wall == pytest.approx(np.full(len(wall), 14.9 - camera_x), abs=2e-3)
    assert np.isinf(frame.truth.depth_m).any()  # sky


def test_light_and_gain(opened: Opened) -> None:
    def mean(**options: Any) -> float:
        return float(take(opened(still, noise=False, **options), 1)[0].picture.mean())

    bright, dim = mean(), mean(light=0.25)
    assert dim == pytest.approx(bright * 0.25 ** (1 / 2.2), rel=0.12)
    source = opened(still, noise=False)
    source.set_light(0.0)
    assert take(source, 1)[0].picture.max() == 0
    source.set_light(None)
    assert take(source, 1)[0].picture.mean() == pytest.approx(bright)
    with pytest.raises(InputError, match="light level"):
        source.set_light(math.nan)


def test_light_changes_with_the_scene(opened: Opened) -> None:
    def dims(content: dict[str, Any]) -> None:
        still(content)
        content["light"] = {"changes": [[0.2, 1.0], [0.8, 0.05]]}

    frames = list(opened(dims).frames())
    means = [float(frame.picture.mean()) for frame in frames]
    assert means[0] > 2.0 * means[9]
    assert [frame.truth.light_level for frame in frames[-1:] if frame.truth is not None] == [pytest.approx(0.05)]


def test_motion_blurs_along_its_direction(opened: Opened) -> None:
    def turning(content: dict[str, Any]) -> None:
        still(content)
        content["camera"]["exposure_s"] = 0.05
        content["things"][0]["path"] = {"kind": "sway", "centre_m": [6, 4, 0], "amplitude_m": [0, 0, 0], "period_s": 1.0}

    source = opened(turning, noise=False, width_px=320, height_px=240)
    at_rest = take(source, 3)[2].picture.astype(np.float64).mean(axis=2)
    moving_pass = source.frames()
    next(moving_pass)
    source.command_gimbal(GimbalCommand(("pan_joint",), (), (0.5,)))
    frames = [next(moving_pass) for _ in range(4)]
    blurred = frames[-1].picture.astype(np.float64).mean(axis=2)

    def roughness(picture: np.ndarray, axis: int) -> float:
        return float(np.square(np.diff(picture[60:180], axis=axis)).mean())

    assert roughness(blurred, 1) < 0.6 * roughness(at_rest, 1)
    assert roughness(blurred, 0) > 0.6 * roughness(at_rest, 0)


@pytest.mark.parametrize("mount", ["gimbal", "fixed"])
@pytest.mark.parametrize("kind", ["spinning_16", "spinning_64", "non_repeating", "depth_camera", "none"])
def test_every_sensor_on_every_mount_agrees_with_the_truth(opened: Opened, kind: str, mount: str) -> None:
    source = opened(depth_sensor=kind, mount=mount, noise=False)
    frame = take(source, 4)[3]
    assert frame.truth is not None
    assert source.has_depth == (kind != "none")
    if kind == "none":
        assert frame.points is None and frame.depth_m is None
        return
    if kind == "depth_camera" and mount == "gimbal":
        assert frame.depth_m is not None and frame.points is None
        finite = np.isfinite(frame.truth.depth_m)
        assert frame.depth_m[finite] == pytest.approx(frame.truth.depth_m[finite])
        return
    assert frame.points is not None
    expected = {"gimbal": "lidar_gimbal_link", "fixed": "lidar_base_link"}[mount]
    assert frame.points_frame == (expected if kind != "depth_camera" else "depth_base_optical_frame")
    xyz = frame.optical_points_m()
    u, v = frame.camera.project(xyz)
    with np.errstate(invalid="ignore"):
        inside = (u > 0) & (u < 159) & (v > 0) & (v < 119)
    assert inside.sum() > 20
    true_m = frame.truth.depth_m[v[inside].round().astype(int), u[inside].round().astype(int)]
    close = np.abs(xyz[inside, 2] - true_m) < 0.02 + 0.03 * true_m
    assert close.mean() > 0.85  # the rest lies at edges, where the nearest pixel sees something else


def test_extrinsics_follow_the_joints_where_the_sensor_is_fixed(opened: Opened) -> None:
    fixed = take(opened(mount="fixed"), 8)
    assert np.abs(fixed[7].optical_from_points.rotation - fixed[0].optical_from_points.rotation).max() > 0.05
    riding = take(opened(mount="gimbal"), 8)
    assert np.abs(riding[7].optical_from_points.rotation - riding[0].optical_from_points.rotation).max() < 1e-9


def test_a_rolling_scan_takes_its_time(opened: Opened) -> None:
    frame = take(opened(rolling=True, mount="fixed"), 3)[2]
    assert frame.points is not None
    assert frame.points_offset_s == 0.0
    assert frame.points["t"].max() > 0.9 * 0.05e9
    instant = take(opened(mount="fixed"), 3)[2]
    assert instant.points is not None and instant.points["t"].max() == 0


def test_the_rangefinder_sees_what_the_camera_looks_at(opened: Opened) -> None:
    frame = take(opened(noise=False), 4)[3]
    assert frame.range is not None and frame.truth is not None
    assert frame.range.range_m == pytest.approx(frame.truth.things[0].depth_m, abs=0.4)


def test_it_is_opened_by_kind(scene: Callable[..., Path]) -> None:
    source = open_source("simulation", scene(), width_px=64, height_px=48, lens="bench_25mm")
    try:
        assert source.follows_lens and source.rate_hz == 10.0
        assert next(iter(source.frames())).picture.shape == (48, 64, 3)
    finally:
        source.close()
    with pytest.raises(ConfigurationError, match="no option 'colour'"):
        open_source("simulation", scene(), colour=True)


def test_live_frames_overlap_and_say_when_they_were_exposed(opened: Opened) -> None:
    source = opened(live=True, endless=True, rate_hz=1000.0)
    frames = take(source, 15)
    moments = [frame.exposed_at_s for frame in frames]
    assert all(moment is not None for moment in moments) and sorted(moments) == moments  # type: ignore[type-var]
    assert math.isinf(source.duration_s)


def test_a_closed_source_gives_no_frames(opened: Opened) -> None:
    source = opened()
    source.close()
    source.close()
    with pytest.raises(InputError, match="closed"):
        next(source.frames())


def test_a_lens_position_outside_the_range_is_refused(opened: Opened) -> None:
    with pytest.raises(ConfigurationError, match="outside the range"):
        opened(position_steps=1e6)


WITHOUT_GL = """
import ctypes, sys
from auxfocus_ros.errors import MissingLibraryError
from auxfocus_ros.rig.simulation.source import SimulationSource
if sys.argv[2] == "no library":
    real = ctypes.CDLL
    def refuse(name, *arguments, **named):
        if name and ("EGL" in str(name) or "OSMesa" in str(name)):
            raise OSError(f"{name}: cannot open shared object file")
        return real(name, *arguments, **named)
    ctypes.CDLL = refuse
try:
    SimulationSource(sys.argv[1])
except MissingLibraryError as error:
    print(error)
else:
    print("it drew")
"""


@pytest.mark.parametrize("lack", ["no library", "no driver"])
def test_without_opengl_one_line_says_what_to_install(
    scene: Callable[..., Path], lack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.delenv("PYOPENGL_PLATFORM", raising=False)
    if lack == "no driver":  # the dispatcher is there, and knows of no vendor
        monkeypatch.setenv("__EGL_VENDOR_LIBRARY_DIRS", "/nonexistent")
        monkeypatch.setenv("MUJOCO_GL", "egl")
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_GL, str(scene()), lack], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "libegl1" in result.stdout and "libgl1-mesa-dri" in result.stdout
    assert len(result.stdout.strip().splitlines()) == 1


def test_sight_is_what_the_rays_say(opened: Opened) -> None:
    source = opened(still, noise=False)
    take(source, 1)
    # The camera looks at the wall 14.9 m away through clear air; a point behind it is hidden, one before it is not.
    points = np.array([[0.3, -0.5, 20.0], [0.3, -0.5, 10.0]])
    assert source.sees(points).tolist() == [False, True]
