"""The cost of judging a frame: figures of the right kind on a small frame; the rival's answer is the global form's."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from auxfocus_ros.commands import bench_allinfocus_cost as bench


@pytest.fixture(scope="module")
def result() -> dict[str, object]:
    return bench.cost_part(1, (704, 640))


def test_every_way_is_timed_and_the_bars_are_about_the_large_frame(result: dict[str, object]) -> None:
    rows = {(row["what"], tuple(row["frame_px"])): row for row in result["rows"]}  # type: ignore[attr-defined]
    large, small = (704, 640), bench.SMALL_PX
    assert set(rows) == {
        (bench.TENENGRAD, large), (bench.REFERENCE, large), (bench.OURS, large), (bench.PATCHWISE, large),
        (bench.TENENGRAD, small), (bench.OURS, small),
    }  # fmt: skip
    assert all(0 < row["low_ms"] <= row["median_ms"] <= row["high_ms"] for row in rows.values())
    # Patches begin at 32, 96, 160 of 192 px that are left across, at 32 and 96 of 128 px down.
    assert result["patches"] == 3 * 2
    assert [(one["bar"], one["figure"]) for one in result["bars"][:2]] == [  # type: ignore[index]
        (150.0, rows[what, large]["median_ms"]) for what in (bench.OURS, bench.REFERENCE)
    ]
    assert result["largest_relative_difference"] <= 1e-4  # type: ignore[operator]
    json.dumps(result, allow_nan=False)


def test_a_table_and_a_verdict_are_printed(result: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    bench.show(result)
    text = capsys.readouterr().out
    assert "reference, patch by patch" in text and "704 x 640" in text
    assert "150 ms: met" in text or "150 ms: missed" in text


def test_quick_is_fewer_repeats(monkeypatch: pytest.MonkeyPatch, result: dict[str, object]) -> None:
    asked = []
    monkeypatch.setattr(bench, "cost_part", lambda repeats, size_px: asked.append((repeats, size_px)) or result)
    for quick in (False, True):
        assert bench.run_part(argparse.Namespace(quick=quick, repeats=9)) is result
    assert asked == [(9, (3840, 2160)), (2, (3840, 2160))]


def test_the_difference_is_of_what_has_a_patch_and_is_not_in_focus() -> None:
    shared = np.array([[10.0, 101.0, 7.0], [1e-6, 50.0, 0.0]])
    one_by_one = np.array([[np.nan, 100.0, 7.0], [0.0, 50.0, 0.0]])
    assert bench.relative_difference(shared, one_by_one) == pytest.approx(0.01)
