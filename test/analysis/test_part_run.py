"""A part from its recording to what a worker gives back."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.facts import look_at
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import PartResult, Row
from auxfocus_ros.analysis.part_run import analyse_part
from auxfocus_ros.analysis.parts import plan_parts
from auxfocus_ros.autofocus.methods import METHODS
from auxfocus_ros.optics import CameraModel, load_lens
from auxfocus_ros.rig.recording_writer import RecordingWriter

FRAMES = 30
DECIDED = ("stamp_ns", "target_depth_m", "target_in_focus", "target_off_steps", "in_depth_of_field", "sharpness_tenengrad")
"""What does not depend on what came before the lead."""


@pytest.fixture(scope="module")
def recording(flight: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return flight(tmp_path_factory.mktemp("flight") / "flight.mcap", FRAMES)


def results(recording: Path, **options: Any) -> list[PartResult]:
    wanted = AnalysisOptions(**{"estimator": False, "part_s": 1.0, "lead_s": 0.5, "lens": "bench_25mm", **options})
    return [analyse_part(task) for task in plan_parts(look_at(recording, wanted), wanted)]


def decided(rows: list[Row]) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in DECIDED) for row in rows]


def test_every_frame_is_a_row_of_one_part_and_the_lead_is_of_the_part_before(recording: Path) -> None:
    whole = results(recording, part_s=60.0)[0]
    parts = results(recording)
    assert [len(part.rows) for part in parts] == [10, 10, 10]
    assert [len(part.lead) for part in parts] == [0, 5, 5]
    assert all(tuple(row) == NAMES for part in parts for row in (*part.rows, *part.lead))
    assert decided([row for part in parts for row in part.rows]) == decided(whole.rows)
    stamps = [[row["stamp_ns"] for row in rows] for rows in (parts[1].lead, parts[0].rows[-5:])]
    assert stamps[0] == stamps[1]
    assert [(row["targets"][0]["left_px"], row["targets"][0]["width_px"]) for row in parts[1].lead] == [
        (row["targets"][0]["left_px"], row["targets"][0]["width_px"]) for row in parts[0].rows[-5:]
    ]
    assert [row["target_in_focus"] for row in whole.rows] == [True] * 15 + [False] * 15
    assert [part.notes.frames for part in parts] == [10, 10, 10]
    assert all(part.problems == () and part.film == b"" and not part.annotations for part in parts)


def test_a_result_is_the_same_each_time_and_goes_to_a_client(recording: Path) -> None:
    wanted = AnalysisOptions(estimator=False, part_s=1.0, lead_s=0.3, video=True, annotated=True)
    task = plan_parts(look_at(recording, wanted), wanted)[1]
    assert pickle.loads(pickle.dumps(analyse_part(task))) == analyse_part(task)


def test_small_pictures_are_kept_each_second_and_where_focus_is_lost(recording: Path) -> None:
    whole = results(recording, part_s=60.0)[0]
    assert sorted(whole.thumbnails) == [0, 10, 15, 25]  # focus is lost at 15
    small = cv2.imdecode(np.frombuffer(whole.thumbnails[15], np.uint8), cv2.IMREAD_COLOR)
    assert small is not None and small.shape == (240, 320, 3)


def test_a_film_has_a_picture_for_each_frame(recording: Path) -> None:
    import av

    film = results(recording, part_s=60.0, video=True)[0].film
    with av.open(BytesIO(film)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height, float(stream.average_rate)) == ("h264", 1280, 720, 10.0)
        assert sum(1 for _ in container.decode(stream)) == FRAMES


def test_nobody_is_warned_in_the_film_that_nothing_could_be_selected(tmp_path: Path) -> None:
    import av

    path = tmp_path / "grey.mcap"
    with RecordingWriter(path) as writer:
        for index in range(3):
            writer.add_picture(10**18 + index * 100_000_000, "camera", np.full((72, 128, 3), 120, np.uint8))
    (part,) = results(path, video=True)
    with av.open(BytesIO(part.film)) as container:
        last = list(container.decode(video=0))[-1].to_ndarray(format="rgb24").astype(int)
    assert (last[..., 0] - last[..., 2]).max() < 60  # a warning is red


def test_every_frame_is_annotated_where_that_is_asked(recording: Path) -> None:
    assert sorted(results(recording, annotated=True)[0].annotations) == list(range(10))


def test_deviations_are_in_the_pictures_own_pixels(recording: Path) -> None:
    """160 pixels across with fx 160 px are of 25 mm / 160 each, a hundred times the sensor's own."""
    row = results(recording, part_s=60.0, estimator=True, estimate_every=100)[0].rows[0]
    lens = load_lens("bench_25mm")
    assert row["blur_radius_px"] < 3.0
    pitch_ratio = 25e-3 / 160.0 / lens.pixel_pitch_m
    sensor_steps_per_px = 1.0 / 0.197  # of the lens with its own pitch
    assert abs(row["deviation_steps"]) == pytest.approx(row["blur_radius_px"] * pitch_ratio * sensor_steps_per_px, rel=0.3)
    assert all(row[f"says_{name}"] for name in METHODS)


def test_pictures_that_cannot_be_analysed_are_told_and_rows_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "tiny.mcap"
    with RecordingWriter(path) as writer:
        for index in range(5):
            stamp_ns = 10**18 + index * 100_000_000
            writer.add_camera(stamp_ns, "camera", CameraModel(40, 30, 40.0, 40.0, 19.5, 14.5))
            writer.add_picture(stamp_ns, "camera", np.full((30, 40, 3), 99, np.uint8))
    (part,) = results(path, video=True, annotated=True)
    assert [(row["picture_width_px"], row["picture_height_px"], row["targets"]) for row in part.rows] == [(40, 30, [])] * 5
    (problem,) = part.problems
    assert problem.what == "frame: picture: wanted at least 64 x 64 pixels, got 40 x 30"
    assert (problem.where, problem.count) == ("frame at 0.000 s", 5)
    assert (part.film, part.annotations, part.thumbnails) == (b"", {}, {})
