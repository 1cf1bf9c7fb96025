"""The defocus model as a table, and its key in a lens file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_defocus_model
from auxfocus_ros.optics.lens_text import lens_text
from auxfocus_ros.optics.table_model import DefocusTable, TableModel

BENCH = load_lens("bench_25mm")
THIN = ThinLensModel(BENCH)


def table_of(positions: np.ndarray, best: np.ndarray) -> DefocusTable:
    """The bench lens's own table."""
    across, along = positions[None, :], best[:, None]
    return DefocusTable(positions, best, THIN.radius_px(across, along), THIN.scale(across, along))


# Rows and columns that do not meet, as a calibration gives them.
TABLE = table_of(np.linspace(1050.0, 2100.0, 11), np.array([1050.0, 1180.0, 1330.0, 1560.0, 1790.0, 2100.0]))
MODEL = TableModel(TABLE, BENCH)
STEPS = st.floats(1050.0, 2100.0)


@settings(deadline=None)
@given(position=STEPS, best=STEPS)
def test_between_the_rows_it_is_the_lens(position: float, best: float) -> None:
    radius = float(THIN.radius_px(position, best))
    assert float(MODEL.radius_px(position, best)) == pytest.approx(radius, rel=2e-3, abs=1e-9)
    assert float(MODEL.scale(position, best)) == pytest.approx(float(THIN.scale(position, best)), abs=1e-4)


@settings(deadline=None)
@given(best=STEPS, away=st.floats(0.1, 300.0))
def test_nothing_is_blurred_at_its_best_position_and_both_sides_are(best: float, away: float) -> None:
    assert float(MODEL.radius_px(best, best)) == 0.0
    assert float(MODEL.scale(best, best)) == 1.0
    for position, grows in ((best + away, True), (best - away, False)):
        if BENCH.contains(position):
            assert float(MODEL.radius_px(position, best)) > 0.1 * away
            assert (float(MODEL.scale(position, best)) > 1.0) is grows


def test_outside_it_is_nan() -> None:
    short = TableModel(table_of(np.array([1200.0, 1500.0, 1800.0]), np.array([1300.0, 1700.0])), BENCH)
    assert np.isnan(short.radius_px(np.array([1199.0, 1801.0, 1500.0, 1500.0]), np.array([1500.0, 1500.0, 1299.0, 1701.0]))).all()
    assert np.isnan(short.scale(1100.0, 1500.0))
    assert np.isnan(short.half_depth_of_focus_steps(1250.0))
    assert np.isnan(short.best_position_steps(0.4))
    assert np.isfinite(short.radius_px(np.array([1200.0, 1800.0]), 1300.0)).all()


def test_depth_of_focus_positions_and_range_are_the_lens_s() -> None:
    best = np.array([1100.0, 1500.0, 2000.0])
    np.testing.assert_allclose(MODEL.half_depth_of_focus_steps(best), THIN.half_depth_of_focus_steps(best), rtol=5e-3)
    np.testing.assert_allclose(MODEL.best_position_steps(np.array([1.0, 5.0])), THIN.best_position_steps(np.array([1.0, 5.0])))
    assert (MODEL.min_position_steps, MODEL.max_position_steps) == (1050.0, 2100.0)
    assert MODEL.radius_px(np.zeros((3, 1)) + 1500.0, np.zeros(4) + 1400.0).shape == (3, 4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"positions_steps": np.array([1.0, 1.0])}, "positions_steps must be at least two numbers that keep rising"),
        ({"best_positions_steps": np.array([1.0])}, "best_positions_steps must be at least two"),
        ({"radius_px": np.zeros((2, 3))}, "radius_px must be 2 rows .* of 2 numbers"),
        ({"radius_px": np.array([[0.0, -1.0], [1.0, 0.0]])}, "radius_px must be from 0 to 2000"),
        ({"scale": np.array([[1.0, np.nan], [1.0, 1.0]])}, "scale must be from 0.05 to 20"),
        ({"kernel": "square"}, "kernel must be one of disk, gaussian, got 'square'"),
        ({"gamma": 0.0}, "gamma must be from 0.1 to 10"),
    ],
)
def test_tables_that_cannot_be(change: dict[str, Any], words: str) -> None:
    two = np.array([1.0, 2.0])
    good: dict[str, Any] = {
        "positions_steps": two,
        "best_positions_steps": two,
        "radius_px": np.array([[0.0, 3.0], [3.0, 0.0]]),
        "scale": np.ones((2, 2)),
    }
    DefocusTable(**good)
    with pytest.raises(ConfigurationError, match=words):
        DefocusTable(**(good | change))


def test_written_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(lens_text(BENCH, TABLE, ["made by hand"]))
    model = load_defocus_model(file)
    assert isinstance(model, TableModel)
    np.testing.assert_allclose(model.table.radius_px, TABLE.radius_px, atol=1e-4)
    np.testing.assert_allclose(model.table.scale, TABLE.scale, atol=1e-6)
    again = load_lens(file)
    assert again.name == "bench_25mm"
    assert again.position_for_distance(1.3) == pytest.approx(BENCH.position_for_distance(1.3), abs=1e-4)
    assert again == model.lens


def test_the_example_of_the_documentation_is_accepted(tmp_path: Path) -> None:
    from auxfocus_ros.optics import lens_file

    text = (lens_file.__doc__ or "").split("over positions that cover the range, ")[1]
    example = "\n".join(line.strip() for line in text.splitlines()[2:4])
    (tmp_path / "mine.yaml").write_text(lens_text(BENCH) + example)
    model = load_defocus_model(tmp_path / "mine.yaml")
    assert float(model.radius_px(1500.0, 1050.0)) == pytest.approx(88.0)


def test_a_lens_without_the_key_is_a_thin_lens(tmp_path: Path) -> None:
    assert isinstance(load_defocus_model("bench_25mm"), ThinLensModel)
    table = lens_text(load_lens("phone_4mm52"))
    (tmp_path / "plain.yaml").write_text(table)
    assert isinstance(load_defocus_model(tmp_path / "plain.yaml"), ThinLensModel)


KEY = yaml.safe_load(lens_text(BENCH, table_of(np.array([1050.0, 1500.0, 2100.0]), np.array([1050.0, 2100.0]))))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (7, "defocus: must be keys and values"),
        ({"kernel": None}, "kernel must be text"),
        ({"gamma": "bright"}, "gamma a number"),
        ({"kernel": "square"}, "kernel must be one of disk, gaussian"),
        ({"radii": 1}, "defocus.radii: is not a key of a defocus table"),
        ({"positions_steps": [1050, "x", 2100]}, "defocus.positions_steps: must be a list of finite numbers"),
        ({"positions_steps": [1100, 1500, 2100]}, "does not cover the position range .1050, 2100."),
        ({"positions_steps": [1050, 2100, 1500]}, "keep rising"),
        ({"radius_px": [[1, 2, 3]]}, "radius_px must be 2 rows"),
        ({"radius_px": [[1, 2, 3], [1, 2]]}, "defocus.radius_px: must be rows of finite numbers, all of one length"),
        ({"scale": [[1, 1, 1], [1, 1, 99]]}, "scale must be from 0.05 to 20"),
    ],
)
def test_bad_keys_are_named(tmp_path: Path, change: Any, words: str) -> None:
    content = KEY | {"defocus": KEY["defocus"] | change if isinstance(change, dict) else change}
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(content))
    for load in (load_lens, load_defocus_model):
        with pytest.raises(ConfigurationError, match=words) as caught:
            load(file)
        assert str(file) in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    content = KEY | {"defocus": {key: value for key, value in KEY["defocus"].items() if key != "scale"}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigurationError, match=r"defocus\.scale: is missing"):
        load_lens(tmp_path / "mine.yaml")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3000) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kernel", "scale", "radius_px"]), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(
    key=st.sampled_from(["", "kernel", "gamma", "positions_steps", "best_positions_steps", "radius_px", "scale"]), value=values
)
def test_whatever_stands_under_the_key_it_loads_or_says_one_line(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    content = KEY | {"defocus": KEY["defocus"] | {key: value} if key else value}
    file = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    file.write_text(yaml.safe_dump(content))
    try:
        load_defocus_model(file)
    except ConfigurationError as error:
        assert "\n" not in str(error)
        assert str(file) in str(error)
