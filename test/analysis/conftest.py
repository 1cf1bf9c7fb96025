"""Tables of frames as the summaries are made from, and a short recording of which everything is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.columns import FRAME_COLUMNS
from auxfocus_ros.optics import CameraModel, load_lens
from auxfocus_ros.rig.recording_writer import RecordingWriter

Table = dict[str, Any]
FLIGHT_CAMERA = CameraModel(160, 120, 160.0, 160.0, 79.5, 59.5)
WALL_M, THING_M = 8.0, 3.0


@pytest.fixture
def frame_table() -> Callable[..., Table]:
    """frame_table(time_s, name=values, ...): every column, null where nothing else is given; one value stands for all frames."""

    def make(time_s: Any, **given: Any) -> Table:
        times = np.asarray(time_s, dtype=np.float64)
        table: Table = {
            column.name: np.full(times.size, None, dtype=object) if column.kind == "string" else np.full(times.size, np.nan)
            for column in FRAME_COLUMNS
        }
        table |= {"time_s": times, "frame": np.arange(times.size), "stamp_ns": np.round(times * 1e9).astype(np.int64)}
        unknown = given.keys() - table.keys()
        assert not unknown, f"no such columns: {unknown}"
        for name, values in given.items():
            table[name] = np.full(times.size, values) if np.ndim(values) == 0 else np.asarray(values)
        return table

    return make


@pytest.fixture(scope="session")
def flight() -> Callable[..., Path]:
    """flight(path, frames): a recording at 10 Hz of a thing at 3 m before a wall at 8 m.

    Pictures are of 160 x 120 pixels, the lens bench_25mm, or another by `lens`, is focused on the thing in the first half and on
    the wall in the second. The thing's box is 60 x 70 pixels and moves by 1 pixel a frame, at most 30.
    """

    def write(path: Path, frames: int, *, lens: str = "bench_25mm") -> Path:
        texture = np.random.default_rng(7).integers(0, 255, (120, 160, 3)).astype(np.uint8)
        glass = load_lens(lens)
        with RecordingWriter(path) as writer:
            for index in range(frames):
                stamp_ns = 1_700_000_000_000_000_000 + index * 100_000_000
                left, focused_m = 30 + min(index, 30), THING_M if index < frames // 2 else WALL_M
                depth = np.full((120, 160), round(1000 * WALL_M), np.uint16)
                depth[30:100, left : left + 60] = round(1000 * THING_M)
                picture = texture.copy() if focused_m == THING_M else texture // 4
                writer.add_lens_state(stamp_ns, "camera", glass, float(glass.position_for_distance(focused_m)))
                writer.add_camera(stamp_ns, "camera_optical_frame", FLIGHT_CAMERA)
                writer.add_picture(stamp_ns, "camera_optical_frame", picture)
                writer.add_depth(stamp_ns, "camera_optical_frame", depth)
        return path

    return write
