"""The gate's file: what it says and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.gate import GateOptions, load_gate

ROWS = "[[.inf, 0.5, 1, 2], [0, 0, 0, 0], [0, 0, 0, 0], [inf, .inf, .inf, .inf]]"


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "gate.yaml"
    file.write_text(text)
    return file


def test_the_shipped_file_serves_both_ways_of_telling_poses() -> None:
    settings = load_gate()
    for method in ("epipolar", "network"):
        thresholds = settings.gate(method).thresholds
        assert np.isinf(thresholds[3]).all()
        assert np.isfinite(thresholds[:3, 3]).all()
    assert settings.options == GateOptions()


def test_a_users_file(tmp_path: Path) -> None:
    settings = load_gate(
        written(tmp_path, f"pose: network\nunsure: whole\nsmallest_area_share: 0\nthresholds: {{network: {ROWS}}}\n")
    )
    assert settings.pose == "network"
    assert settings.gate().thresholds.tolist() == [[np.inf, 0.5, 1, 2], [0] * 4, [0] * 4, [np.inf] * 4]
    assert settings.options == GateOptions(unsure="whole", smallest_area_share=0.0)
    with pytest.raises(ConfigurationError, match=r"thresholds\.epipolar is missing"):
        settings.gate("epipolar")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found nothing"),
        ("pose: epipolar", "thresholds: wanted keys and values (epipolar, network), found nothing"),
        ("pose: flow", "pose must be one of epipolar | network, found 'flow'"),
        (f"treshold: {{epipolar: {ROWS}}}", "unknown key 'treshold'; did you mean 'thresholds'?"),
        (f"thresholds: {{epipola: {ROWS}}}", "thresholds.epipola: unknown key 'epipola'; did you mean 'epipolar'?"),
        (f"pose: network\nthresholds: {{epipolar: {ROWS}}}", "thresholds.network is missing"),
        ("thresholds: {epipolar: 3}", "thresholds.epipolar: must be 4 rows of 4 numbers, found 3"),
        ("thresholds: {epipolar: [[1, 2, 3, 4]]}", "thresholds.epipolar: must be 4 rows of 4 numbers"),
        (f"thresholds: {{epipolar: {ROWS.replace('0.5', 'true')}}}", "that of R01 is True, it must be a number"),
        (f"thresholds: {{epipolar: {ROWS.replace('0.5', 'big')}}}", "that of R01 is 'big', it must be a number"),
        (f"thresholds: {{epipolar: {ROWS.replace('0.5', '-0.5')}}}", "that of R01 is -0.5, it must be 0 or more"),
        (f"thresholds: {{epipolar: {ROWS.replace('0.5', '.nan')}}}", "that of R01 is nan, it must be 0 or more"),
        (f"unsure: perhaps\nthresholds: {{epipolar: {ROWS}}}", "unsure is 'perhaps', it must be one of masked | whole"),
        (f"smallest_area_share: 2\nthresholds: {{epipolar: {ROWS}}}", "smallest_area_share is 2, it must be 0 to 1"),
        (f"policy: gate\ntarget_from: 3\nthresholds: {{epipolar: {ROWS}}}", "target_from is 3, it must be a str"),
        ("pose: {", "not YAML"),
    ],
)
def test_a_file_that_cannot_be_right(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load_gate(file)
    message = str(caught.value)
    assert said in message
    assert str(file) in message and "\n" not in message


def test_options_that_cannot_be() -> None:
    with pytest.raises(ConfigurationError, match=r"policy is 'sometimes'.*smallest_area_share is -1"):
        GateOptions(policy="sometimes", smallest_area_share=-1.0)  # type: ignore[arg-type]
