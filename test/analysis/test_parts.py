"""Where parts begin and end, and when a finished one may be used again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.analysis.facts import RecordingFacts, look_at
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.parts import part_key, plan_parts
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.recording_writer import RecordingWriter

START_NS = 1_700_000_000_000_000_000
YEAR_S = 365 * 86400


def facts_of(duration_s: float, pictures: int = 1000) -> RecordingFacts:
    return RecordingFacts(
        path=Path("flight.mcap"), name="flight.mcap", size_bytes=1, start_ns=START_NS, duration_s=duration_s,
        topics={"image": "/camera"}, counts={"/camera": pictures}, picture_width_px=64, picture_height_px=48, has_cloud=False,
        has_depth_image=False, has_intrinsics=True, has_lens_states=False, has_joints=False, lens_name="", lacks=(), damage="",
        problems=(), fingerprint="f",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("duration_s", "borders"),
    [
        (0.0, [0.0, 0.001]),
        (4.0, [0.0, 4.001]),
        (14.9, [0.0, 14.901]),
        (24.0, [0.0, 10.0, 24.001]),
        (36.0, [0.0, 10.0, 20.0, 30.0, 36.001]),
    ],
)
def test_parts_lie_end_to_end_and_the_last_is_never_short(duration_s: float, borders: list[float]) -> None:
    parts = plan_parts(facts_of(duration_s), AnalysisOptions(part_s=10.0))
    assert [part.start_s for part in parts] == pytest.approx(borders[:-1])
    assert [part.end_s for part in parts] == pytest.approx(borders[1:])
    assert [part.number for part in parts] == list(range(len(parts)))


def test_the_key_is_of_content_options_and_the_files_they_name(tmp_path: Path) -> None:
    options = AnalysisOptions()
    key = part_key("f", options)
    assert {part.key for part in plan_parts(facts_of(100.0), options)} == {key}
    assert plan_parts(replace(facts_of(100.0), path=Path("moved.mcap")), options)[0].key == key
    others = [
        part_key("g", options),
        part_key("f", replace(options, part_s=5.0)),
        part_key("f", replace(options, distribution=replace(options.distribution, scale="linear"))),
    ]
    rig = tmp_path / "rig.yaml"
    for tolerance_s in (0.01, 0.02):
        rig.write_text(f"match_tolerance_s: {tolerance_s}\n")
        others.append(part_key("f", replace(options, rig=str(rig))))
    assert len({key, *others}) == 6
    with pytest.raises(ConfigurationError, match="cannot be read"):
        part_key("f", replace(options, lens=str(tmp_path / "missing.yaml")))


def test_a_clock_that_was_set_for_years_makes_no_empty_parts(tmp_path: Path) -> None:
    """A recorder without a clock of its own: four pictures of 1970, then the time comes over the network."""
    path = tmp_path / "a.mcap"
    with RecordingWriter(path) as writer:
        for seconds in (0.0, 1.0, 2.0, 25.0, 53 * YEAR_S, 53 * YEAR_S + 1.0, 53 * YEAR_S + 7.0):
            writer.add_picture(1_000_000_000 + round(seconds * 1e9), "camera", np.zeros((48, 64, 3), np.uint8))
    parts = plan_parts(look_at(path, AnalysisOptions()), AnalysisOptions(part_s=10.0))
    starts_s = [part.start_s for part in parts]
    assert starts_s[:2] == [0.0, 20.0] and all(start_s >= 53 * YEAR_S - 10.0 for start_s in starts_s[2:])
    assert [part.number for part in parts] == list(range(len(parts))) and len(parts) <= 4
    assert parts[-1].end_s > 53 * YEAR_S + 7.0
