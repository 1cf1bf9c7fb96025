"""The counting parts of `auxfocus bench distribution`: against the rivals, and as points grow from 10,000 to 10 million."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.histogram_rivals import TRIALS, Task, rivals_of
from auxfocus_ros.distribution import SCALES, AcrossAxis, AxisFollower, DepthAxis, count_depth_image, count_points, project_cloud
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import CameraModel, RigidTransform, share_dir

WIDTH_PX, HEIGHT_PX, BINS = 1280, 720, 256
RATIO_BAR = 0.6
OURS, WARP = "auxfocus", "warp"
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
SLOPES = (0.8, 1.2)
"""A log-log slope between these is called linear, from LINEAR_FROM points on: below, the fixed cost of a call shows."""
LINEAR_FROM = 100_000

Way = TypeVar("Way", bound=Hashable)


def counts_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every depth image with every scale: times of all, and how far their counts are from exact ones."""
    images = depth_images().items()
    cases = [counts_case(name, depth_m, scale, arguments.repeats) for name, depth_m in images for scale in SCALES]
    return {"cases": cases, "met": all(case["met"] for case in cases)}


def counts_case(name: str, depth_m: NDArray[np.float32], scale: Any, repeats: int) -> dict[str, Any]:
    """One depth image on one scale."""
    ends = AxisFollower(BINS, scale).update(depth_m)
    axis = DepthAxis(ends.near_m, ends.far_m, BINS, scale)
    width = depth_m.shape[1]
    across = AcrossAxis.of_picture(width, WIDTH_PX)
    task = Task.of_depth(depth_m, axis, WIDTH_PX)
    rivals, missing = rivals_of(task, min(TRIALS, repeats))
    ways: dict[str, Callable[[], Any]] = {OURS: lambda: count_depth_image(depth_m, axis, across)}
    ways |= {rival.name: rival.count for rival in rivals}
    warp = warping(depth_m, scale)
    times = by_turns(ways if warp is None else {**ways, WARP: warp}, repeats)
    exact = task.exact()
    rows: list[dict[str, Any]] = []
    for way, count in ways.items():
        found = count()
        counts = found.counts if way == OURS else found
        form = "from metres" if way == OURS else next(rival.form for rival in rivals if rival.name == way)
        rows.append({"what": way, "form": form, **quartiles(times[way]), **difference(counts, exact, task)})
    fastest = min(rows[1:], key=lambda row: row["median_ms"])
    ratio = rows[0]["median_ms"] / fastest["median_ms"]
    same = all(row["beyond_rounding"] == 0 for row in rows)
    spared = None if warp is None else quartiles(times[WARP])
    with_warp = ratio if spared is None else rows[0]["median_ms"] / (fastest["median_ms"] + spared["median_ms"])
    return {
        "image": name, "scale": scale, "near_m": axis.near_m, "far_m": axis.far_m,
        "readings": int(np.sum((depth_m > 0) & (depth_m < np.inf))), "rows": rows, "missing": missing,
        "fastest_rival": fastest["what"], "ratio": ratio, "warp_spared": spared,
        "ratio_with_warp": with_warp, "bar": RATIO_BAR, "met": ratio <= RATIO_BAR and same,
    }  # fmt: skip


def warping(depth_m: NDArray[np.float32], scale: Any) -> Callable[[], Any] | None:
    """What the rivals are spared: numpy's warp of the depths in float32, into a buffer that is kept; None where it is none."""
    buffer = np.empty_like(depth_m)
    positive = np.where(depth_m > 0, depth_m, np.float32(1.0))
    if scale == "log":
        return lambda: np.log(positive, out=buffer)
    return (lambda: np.divide(np.float32(-1.0), positive, out=buffer)) if scale == "dioptre" else None


def difference(counts: NDArray[Any], exact: NDArray[np.int64], task: Task) -> dict[str, int]:
    """How many readings are counted in another cell than in exact arithmetic, and how many of these rounding does not explain.

    A reading may be off where its exact place lies within float32's rounding of an edge between bins. Column by column there may
    be no more differences than such readings.
    """
    per_column = np.abs(counts.astype(np.int64) - exact).sum(axis=0)
    bins = task.exact_bins
    near_edge = np.abs(bins - np.round(bins)) <= task.rounding
    near_edge &= (bins > -0.5) & (bins < task.bins + 0.5)
    allowed = np.bincount(np.broadcast_to(task.column_of, near_edge.shape)[near_edge], minlength=task.columns)
    # A reading in the wrong cell is missing in one and too many in another; at an end of the axis it is only one of these.
    off = -(-per_column // 2)
    return {"differing": int(off.sum()), "beyond_rounding": int(np.maximum(off - allowed, 0).sum())}


def by_turns(ways: Mapping[Way, Callable[[], Any]], repeats: int) -> dict[Way, list[float]]:
    """Seconds of each way, `repeats` times, all in turn with another one first each time, so that a drift hits all alike.

    Each measurement follows an unmeasured one of the same, so that nobody is charged for the caches that another has emptied.
    """
    names = list(ways)
    for name in names:
        ways[name]()
    times: dict[Way, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for step in range(len(names)):
            name = names[(turn + step) % len(names)]
            ways[name]()
            began = time.perf_counter()
            ways[name]()
            times[name].append(time.perf_counter() - began)
    return times


def quartiles(times_s: Sequence[float]) -> dict[str, float]:
    """Median and quartiles, milliseconds."""
    low, middle, high = np.percentile(np.asarray(times_s) * 1e3, [25, 50, 75])
    return {"median_ms": float(middle), "low_ms": float(low), "high_ms": float(high)}


def depth_images() -> dict[str, NDArray[np.float32]]:
    """1280 x 720 float32 depth images in metres: one that was measured (enlarged, cropped), one that was simulated."""
    import cv2

    images = {}
    depth_m = next(iter(bundled_frames("rgbd_room"))).depth_m
    height = round(WIDTH_PX * depth_m.shape[0] / depth_m.shape[1])
    enlarged = cv2.resize(depth_m, (WIDTH_PX, height), interpolation=cv2.INTER_NEAREST)
    top = (height - HEIGHT_PX) // 2
    images["measured room"] = np.ascontiguousarray(enlarged[top : top + HEIGHT_PX])
    simulated = simulated_depth()
    if simulated is not None:
        images["simulated corridor"] = simulated
    return images


def simulated_depth() -> NDArray[np.float32] | None:
    """A depth camera's image of the shipped corridor, with its noise; None where this machine cannot simulate."""
    from auxfocus_ros.errors import MissingLibraryError
    from auxfocus_ros.rig import open_source

    try:
        source = open_source("simulation", "corridor", width_px=WIDTH_PX, height_px=HEIGHT_PX, depth_sensor="depth_camera")
    except MissingLibraryError:
        return None
    try:
        depth_m = next(iter(source.frames())).depth_m
    finally:
        source.close()
    return None if depth_m is None else np.ascontiguousarray(depth_m, np.float32)


def bundled_frames(name: str) -> list[Any]:
    """All frames of a bundled recording. Raises ConfigurationError where it is missing."""
    from auxfocus_ros.rig import open_source

    path = share_dir() / "samples" / name
    if not path.is_dir():
        raise ConfigurationError(f"the sample {path} is missing: `make samples` makes it from the original data")
    source = open_source("recording", path)
    try:
        return list(source.frames())
    finally:
        source.close()


def road_cloud(count: int, seed: int = 0) -> tuple[NDArray[np.float32], RigidTransform, CameraModel]:
    """So many points of the bundled road scan, all in the picture, with a little noise; extrinsics and a 1280 x 720 camera."""
    from auxfocus_ros.rig import fields_xyz
    from auxfocus_ros.rig.sequence import frame_points, resampled_cloud, window_at, window_camera

    frame = bundled_frames("rgb_lidar_road")[0]
    window = window_at(frame.camera, WIDTH_PX, HEIGHT_PX, 0.0)
    camera = window_camera(frame.camera, WIDTH_PX, HEIGHT_PX, window)
    xyz_m, intensity = frame_points(frame)
    moved = frame.optical_from_points.apply(xyz_m)
    u, v = camera.project(moved)
    shown = (u >= 0) & (u < WIDTH_PX - 1) & (v >= 0) & (v < HEIGHT_PX - 1)
    cloud = resampled_cloud(xyz_m[shown], intensity[shown], count, np.random.default_rng(seed))
    return fields_xyz(cloud), frame.optical_from_points, camera


def slope_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Counting for clouds of 10,000 to 10 million points, and for information the same with the projection before it.

    Only the first is judged: the projection is bound by the memory from some 300,000 points on, when its arrays leave the caches.
    """
    times = by_turns({(size, way): work for size in SIZES for way, work in slope_ways(size).items()}, arguments.repeats)
    ways = list(dict.fromkeys(way for _, way in times))
    rows = [{"points": size, **{way: quartiles(times[size, way]) for way in ways}} for size in SIZES]
    fits = {way: fit(rows, way) for way in ways}
    return {"rows": rows, "fits": fits, "met": fits["counting"]["met"]}


def slope_ways(size: int) -> dict[str, Callable[[], Any]]:
    """What is timed with a cloud of a size."""
    cloud, optical_from_points, camera = road_cloud(size)
    points = project_cloud(cloud, optical_from_points, camera)
    ends = AxisFollower(BINS).update(points.depth_m)
    axis, across = DepthAxis(ends.near_m, ends.far_m, BINS), AcrossAxis.of_picture(WIDTH_PX, WIDTH_PX)
    return {
        "counting": lambda: count_points(points, axis, across),
        "projection and counting": lambda: count_points(project_cloud(cloud, optical_from_points, camera), axis, across),
    }


def fit(rows: Sequence[dict[str, Any]], way: str) -> dict[str, Any]:
    """How time grows with points: the log-log slope from LINEAR_FROM points on, and the line fitted over all sizes.

    The line's squares are of relative errors, so that the largest cloud alone does not decide it.
    """
    sizes = np.array([row["points"] for row in rows], np.float64)
    times_ms = np.array([row[way]["median_ms"] for row in rows])
    large = sizes >= LINEAR_FROM
    slope = float(np.polyfit(np.log(sizes[large]), np.log(times_ms[large]), 1)[0])
    a_million, fixed = np.linalg.lstsq(
        np.column_stack([sizes / 1e6, np.ones_like(sizes)]) / times_ms[:, None], np.ones_like(sizes)
    )[0]
    line_ms = a_million * sizes / 1e6 + fixed
    return {
        "log_log_slope": slope, "ms_per_million_points": float(a_million), "fixed_ms": float(fixed),
        "largest_error_of_line": float(np.max(np.abs(line_ms / times_ms - 1))), "met": SLOPES[0] <= slope <= SLOPES[1],
    }  # fmt: skip
