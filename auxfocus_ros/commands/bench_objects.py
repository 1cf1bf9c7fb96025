"""`auxfocus bench distribution --part objects`: objects found from depth, against labels.

Simulated scenes say what is true of every frame; real ones were marked by hand (`test/distribution/objects/annotations`; those of
which the repository has no pictures are skipped where `../shared/data` is absent). What counts as a thing, a match and a false
alarm stands in `objects_judge.py`. Each scene is run with its own sensor, with the tracker behind it; and with other sensors,
more coarsely in time and without the tracker.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.commands.objects_judge import DEPTH_SHARE, Found, Thing, Verdict, judge, things_of_truth, without_hidden
from auxfocus_ros.distribution.objects import (
    BoxPx,
    ScanMemory,
    SegmentationOptions,
    SegmentedScene,
    segment_depth_image,
    segment_points,
)
from auxfocus_ros.distribution.projection import ProjectedPoints, project_cloud
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.truth import FrameTruth

LEAST_RECALL = LEAST_PRECISION = 0.8
LEAST_KEPT = 0.95
OWN_RATE_HZ, OTHER_RATE_HZ = 10.0, 1.25
OTHER_SENSORS = (
    ("corridor", "spinning_64"), ("corridor", "depth_camera"), ("drone_orbit", "spinning_64"), ("drone_orbit", "spinning_16"),
    ("portrait_walk", "spinning_64"), ("portrait_walk", "spinning_16"), ("portrait_walk", "depth_camera"),
    ("road", "spinning_16"),
)  # fmt: skip
"""Where they make sense: a depth camera reaches 10 m, and no spinning lidar looks at a still life from 0.5 m."""
RULES = {
    "a match": "boxes overlap by IoU >= 0.5, best pairs first, each thing and each detection once",
    "recall": "matched, of the things that are wanted (in a simulation: that the sensor meets and the picture shows)",
    "precision": "matched, of what matched or is false; left out: what lies on things not wanted, or in ignored regions",
    "strict_precision": "matched, of everything that was found: the unjudged are counted as false",
    "depth_within_3_percent": "of the matched, those whose depth is within 3 % of the thing's",
    "identity_kept": "of the frames in which a thing was matched, those with the identity that it had most often",
    "identity_to_next_sight": "of the matches after a thing's first, those with the identity of the match before",
    "bars": f"recall and precision >= {LEAST_RECALL}, identity kept >= {LEAST_KEPT}, with a scene's own sensor, and real",
}  # fmt: skip
"""How the columns are meant, a line each."""
ANNOTATIONS = Path("test/distribution/objects/annotations")


@dataclass
class Tally:
    """What adds up over the frames of one scene."""

    found: int = 0
    missed: int = 0
    false: int = 0
    unjudged: int = 0
    depths: int = 0
    depths_right: int = 0
    times_ms: list[float] = field(default_factory=list)
    identities: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, verdict: Verdict, found: Sequence[Found], things: Sequence[Thing]) -> None:
        """Count a frame."""
        self.found += len(verdict.matches)
        self.missed += len(verdict.missed)
        self.false += len(verdict.false)
        self.unjudged += len(verdict.unjudged)
        for detection, thing in verdict.matches:
            true_m = things[thing].depth_m
            if not math.isnan(true_m):
                self.depths += 1
                self.depths_right += abs(found[detection].depth_m - true_m) <= DEPTH_SHARE * true_m

    def row(self, scene: str, sensor: str, frames: int) -> dict[str, Any]:
        """The figures; None where nothing was counted."""
        kept, seen = 0, 0
        for ids in self.identities.values():
            kept += Counter(ids).most_common(1)[0][1]
            seen += len(ids)
        recall, precision = _share(self.found, self.found + self.missed), _share(self.found, self.found + self.false)
        identity = _share(kept, seen)
        pairs = [pair for ids in self.identities.values() for pair in pairwise(ids)]
        reached = [recall is not None and recall >= LEAST_RECALL, precision is not None and precision >= LEAST_PRECISION]
        if identity is not None:
            reached.append(identity >= LEAST_KEPT)
        return {
            "scene": scene, "sensor": sensor, "frames": frames, "things": self.found + self.missed, "recall": recall,
            "precision": precision, "strict_precision": _share(self.found, self.found + self.false + self.unjudged),
            "unjudged": self.unjudged, "depth_within_3_percent": _share(self.depths_right, self.depths),
            "identity_kept": identity, "identity_to_next_sight": _share(sum(a == b for a, b in pairs), len(pairs)),
            "median_ms": statistics.median(self.times_ms), "met": all(reached),
        }  # fmt: skip


def objects_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every scene: {'scenes': rows, 'met': whether all scenes with their own sensors and all real ones reach the bars}."""
    from auxfocus_ros.distribution.objects import warm_up
    from auxfocus_ros.rig.simulation import load_scene, shipped_scenes

    warm_up()
    own = [_simulated(scene, load_scene(scene).depth_sensor.kind, OWN_RATE_HZ, tracked=True) for scene in shipped_scenes()]
    others = [_simulated(scene, sensor, OTHER_RATE_HZ, tracked=False) for scene, sensor in OTHER_SENSORS]
    real = [_real(file) for file in sorted(ANNOTATIONS.glob("*.json")) if data_of(file).exists()]
    return {"scenes": own + others + real, **RULES, "met": all(row["met"] for row in own + real)}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _segment(frame: Frame, memory: ScanMemory, time_s: float) -> tuple[SegmentedScene, ProjectedPoints | np.ndarray, float]:
    """(objects, readings in the picture, milliseconds for objects). The memory of scans decides by itself what it joins."""
    options = SegmentationOptions()
    if frame.points is not None:
        points = project_cloud(frame.points, frame.optical_from_points, frame.camera)
        began = time.perf_counter()
        scene = segment_points(memory.add(points, frame.camera, time_s), frame.camera, options, len(points))
        return scene, points, 1e3 * (time.perf_counter() - began)
    assert frame.depth_m is not None
    size = (frame.width_px, frame.height_px)
    began = time.perf_counter()
    scene = segment_depth_image(frame.depth_m, frame.camera, options, picture_size_px=size)
    return scene, frame.depth_m, 1e3 * (time.perf_counter() - began)


def _simulated(scene_name: str, sensor: str, rate_hz: float, *, tracked: bool) -> dict[str, Any]:
    from auxfocus_ros.distribution.targets.tracker import ObjectTracker
    from auxfocus_ros.rig.simulation.source import SimulationSource

    source = SimulationSource(scene_name, depth_sensor=sensor, rate_hz=rate_hz, defocus=False)
    tally, tracker, memory = Tally(), ObjectTracker(), ScanMemory()
    seen: list[tuple[list[Found], list[int]]] = []
    things: list[list[Thing]] = []
    try:
        for frame in source.frames():
            assert frame.truth is not None
            scene, readings, took_ms = _segment(frame, memory, frame.truth.scene_time_s)
            tally.times_ms.append(took_ms)
            ids = {target.segment: target.id for target in tracker.update(scene, frame.truth.scene_time_s)} if tracked else {}
            on = lies_on(scene, readings, frame.truth)
            found = [Found(one.box_px, one.depth_m, name) for one, name in zip(scene.objects, on, strict=True)]
            seen.append((found, [ids.get(one.segment, 0) for one in scene.objects]))
            things.append(things_of_truth(frame.truth, frame.camera, readings))
    finally:
        source.close()
    for (found, identities), there in zip(seen, without_hidden(things), strict=True):
        verdict = judge(found, there)
        tally.add(verdict, found, there)
        for detection, thing in verdict.matches:
            if identities[detection]:
                tally.identities[there[thing].name].append(identities[detection])
    return tally.row(scene_name, sensor, len(seen))


def lies_on(scene: SegmentedScene, readings: ProjectedPoints | np.ndarray, truth: FrameTruth) -> list[str]:
    """For each object the name of the thing that most of its readings lie on; "": none of the scene's things."""
    height, width = truth.labels.shape
    if isinstance(readings, np.ndarray):
        rows, columns = (scene.step // 2 + scene.step * np.arange(size) for size in scene.labels.shape)
        step_rows = np.minimum(rows, readings.shape[0] - 1) * height // readings.shape[0]
        step_columns = np.minimum(columns, readings.shape[1] - 1) * width // readings.shape[1]
        true_labels = truth.labels[np.ix_(step_rows, step_columns)]
    else:
        column = np.clip(np.rint(readings.u_px).astype(np.intp), 0, width - 1)
        row = np.clip(np.rint(readings.v_px).astype(np.intp), 0, height - 1)
        true_labels = truth.labels[row, column]
    names = {thing.id: thing.name for thing in truth.things}
    found = []
    for one in scene.objects:
        counts = np.bincount(true_labels[scene.labels == one.segment], minlength=1)
        found.append(names.get(int(np.argmax(counts)), ""))
    return found


def _real(file: Path) -> dict[str, Any]:
    marked = json.loads(file.read_text())
    wanted = {entry["frame"]: entry for entry in marked["frames"]}
    tally, memory = Tally(), ScanMemory()
    for index, frame in recorded_frames(file.stem, data_of(file), set(wanted)):
        scene, _, took_ms = _segment(frame, memory, 1e-9 * frame.stamp_ns)
        tally.times_ms.append(took_ms)
        things, ignore = things_of_marks(wanted[index])
        found = [Found(one.box_px, one.depth_m) for one in scene.objects]
        tally.add(judge(found, things, ignore), found, things)
    return tally.row(file.stem, "recorded", len(tally.times_ms))


def things_of_marks(entry: dict[str, Any]) -> tuple[list[Thing], list[BoxPx]]:
    """(things, regions to ignore) of one frame of an annotation file."""
    things = [
        Thing(one["name"], tuple(one["box_px"]), math.nan if one["depth_m"] is None else one["depth_m"], True)
        for one in entry["things"]
    ]
    return things, [(box[0], box[1], box[2], box[3]) for box in entry["ignore"]]


def data_of(file: Path) -> Path:
    """Where the pictures of marked scenes are, from the repository's root."""
    return Path(json.loads(file.read_text())["data"])


def recorded_frames(name: str, data: Path, wanted: set[int]) -> Iterator[tuple[int, Frame]]:
    """(index, frame) of those wanted."""
    if name == "rgbd_handheld":
        yield from ((index, _handheld(data, index)) for index in sorted(wanted))
        return
    from auxfocus_ros.rig.opening import open_source

    with tempfile.TemporaryDirectory() as folder:
        path = data
        if name in FOLDERS:
            path = Path(folder)
            (path / "folder.yaml").write_text(json.dumps(FOLDERS[name](data.resolve())))
        source = open_source("recording", path)
        try:
            frames: Iterable[Frame] = source.frames()
            yield from ((index, frame) for index, frame in enumerate(frames) if index in wanted)
        finally:
            source.close()


def _handheld(data: Path, index: int) -> Frame:
    import cv2

    stem = str(data / f"frame-{index:06d}")
    picture, depth = cv2.imread(f"{stem}.color.jpg"), cv2.imread(f"{stem}.depth.png", cv2.IMREAD_UNCHANGED)
    if picture is None or depth is None:
        raise InputError(f"{stem}: wanted .color.jpg and .depth.png that can be read")
    k = np.loadtxt(data / "camera-intrinsics.txt")
    camera = CameraModel(picture.shape[1], picture.shape[0], k[0, 0], k[1, 1], k[0, 2], k[1, 2])
    depth_m = np.where(depth < 60000, depth, 0).astype(np.float32) / np.float32(1000.0)
    return Frame(stamp_ns=0, picture=picture, camera=camera, depth_m=depth_m)


def _hall(data: Path) -> dict[str, Any]:
    about = json.loads((data / "calibration_derived.json").read_text())
    stand = about["camera_in_lidar_frame"]
    turn, shift = [stand[key] for key in ("roll", "pitch", "yaw")], [stand[key] for key in "xyz"]
    camera = {"width": 1920, "height": 1208, "distortion_model": "fisheye", "k": about["K"], "d": about["D"]}
    rig = {"camera": camera, "points_from_optical": {"rotation_rpy_rad": turn, "translation_m": shift}}
    return {"images": f"{data}/pose*.png", "points": f"{data}/pose*_full.pcd", "rate_hz": 1, "rig": rig}


def _drive(data: Path) -> dict[str, Any]:
    about = json.loads((data / "calibration_derived.json").read_text())
    rectify, from_lidar, to_second = np.eye(4), np.eye(4), np.eye(4)
    rectify[:3, :3], from_lidar[:3] = about["R_rect_00"], about["RT_velo_to_cam"]
    projection = np.array(about["P_rect_02"])
    to_second[0, 3] = projection[0, 3] / projection[0, 0]
    rig = {
        "camera": {"width": 1242, "height": 375, "k": projection[:, :3].reshape(-1).tolist()},
        "optical_from_points": {"matrix": (to_second @ rectify @ from_lidar).tolist()},
    }
    return {"images": f"{data}/image/*.png", "points": f"{data}/velodyne/*.bin", "rate_hz": 10, "rig": rig}


FOLDERS = {"rgb_lidar_hall": _hall, "drive_lidar": _drive}
