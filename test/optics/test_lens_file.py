"""Lens files: every way of writing one, and every problem in one line with file and key."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import TableMapping, load_lens
from auxfocus_ros.optics.lens_file import shipped_lenses

HEAD = """
name: mine
focal_length_mm: 50
f_number: 2
pixel_pitch_um: 5
circle_of_confusion_um: 25
position_range_steps: [200, 600]
"""
LINEAR = "mapping: {kind: linear, step_um: 10, infinity_position_steps: 100}"


def anchors(*each: str) -> str:
    return f"mapping: {{kind: linear, anchors: [{', '.join(each)}]}}"


def table(column: str, rows: str) -> str:
    return f"mapping: {{kind: table, columns: [position_steps, {column}], rows: {rows}}}"


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def problem(folder: Path, text: str) -> str:
    path = write(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        load_lens(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_shipped() -> None:
    assert {"bench_25mm", "phone_4mm52"} <= set(shipped_lenses())
    for name in shipped_lenses():
        assert load_lens(name).name == name


# f = 50 mm, 10 um a step, infinity at 100: x(200) = 1 mm is 2.55 m, x(350) = 2.5 mm is 1.05 m, x(600) = 5 mm is 0.55 m
@pytest.mark.parametrize(
    "mapping",
    [
        LINEAR,
        anchors("{position_steps: 200, focus_distance_m: 2.55}", "{position_steps: 600, focus_distance_m: 0.55}"),
        anchors("{position_steps: 100, focus_distance_m: inf}", "{position_steps: 600, focus_distance_m: 0.55}"),
        table("focus_distance_m", "[[100, .inf], [350, 1.05], [600, 0.55]]"),
        table("focus_distance_m", "[[600, 0.55], [350, 1.05], [200, 2.55]]"),
        table("power_dpt", "[[100, 0], [350, 0.9523809523809523], [600, 1.8181818181818181]]"),
        table("sensor_distance_mm", "[[0, 49], [600, 55]]"),
        table("extension_mm", "[[0, -1], [350, 2.5], [700, 6e0]]"),
    ],
)
def test_all_kinds_of_mapping_say_the_same(tmp_path: Path, mapping: str) -> None:
    lens = load_lens(str(write(tmp_path, HEAD + mapping)))
    assert lens.name == "mine"
    assert lens.focal_length_m == pytest.approx(0.05)
    assert lens.focus_distance_m(np.array([200.0, 350.0, 600.0])) == pytest.approx([2.55, 1.05, 0.55], rel=1e-9)
    assert lens.position_for_distance(1.05) == pytest.approx(350.0, abs=1e-6)


def test_falling_table(tmp_path: Path) -> None:
    lens = load_lens(write(tmp_path, HEAD + table("focus_distance_m", "[[600, 2.55], [200, 0.55]]")))
    assert isinstance(lens.mapping, TableMapping)
    assert lens.focus_distance_m(np.array([200.0, 600.0])) == pytest.approx([0.55, 2.55])
    low, high = lens.depth_of_focus_steps(1.0)
    assert low < lens.position_for_distance(1.0) < high


def test_name_defaults_to_the_file(tmp_path: Path) -> None:
    assert load_lens(write(tmp_path, HEAD.replace("name: mine", "") + LINEAR)).name == "mine"


def test_all_problems_in_one_line(tmp_path: Path) -> None:
    message = problem(
        tmp_path,
        """
        focal_length_mm: -25
        f_number: wide
        circle_of_confusion_mm: 0.006
        position_range_steps: [2100, 1050]
        mapping: {kind: linear, step_um: .nan}
        """,
    )
    for piece in (
        "focal_length_mm: must be a number greater than 0, got -25",
        "f_number: must be a number greater than 0, got 'wide'",
        "pixel_pitch_um: is missing",
        "circle_of_confusion_um: is missing",
        "circle_of_confusion_mm: is not a key",
        "position_range_steps: is [2100, 1050]",
        "mapping.step_um: must be a finite number",
        "mapping.infinity_position_steps: is missing",
    ):
        assert piece in message


@pytest.mark.parametrize(
    ("mapping", "piece"),
    [
        ("", "mapping: must have a kind"),
        ("mapping: {kind: spline}", "got 'spline'"),
        ("mapping: {kind: linear, step_um: 0, infinity_position_steps: 100}", "step must be a number other than 0"),
        ("mapping: {kind: linear, anchors: [1, 2]}", "mapping.anchors: must be two entries"),
        (anchors("{position_steps: 1}", "{position_steps: 2, focus_distance_m: 1}"), "focus_distance_m: is missing"),
        (
            anchors("{position_steps: 1, distance_m: 2}", "{position_steps: 2, focus_distance_m: 1}"),
            "mapping.anchors[0].distance_m: is not a key",
        ),
        (
            anchors("{position_steps: 1, focus_distance_m: 0.01}", "{position_steps: 2, focus_distance_m: 1}"),
            "exceed the focal length",
        ),
        (table("metres", "[[1, 2], [3, 4]]"), "mapping.columns: must be"),
        (table("focus_distance_m", "[]"), "mapping.rows: must be at least two"),
        (table("focus_distance_m", "[[200, 3], [300, 2, 1], [600, x]]"), "mapping.rows[1]: must be two numbers"),
        (
            table("focus_distance_m", "[[200, 5], [300, 2], [400, 2.5], [600, 1]]"),
            "focus_distance_m must keep rising or keep falling, but goes from 2 in row 2 to 2.5 in row 3",
        ),
        (
            table("power_dpt", "[[200, 1], [200, 2], [600, 3]]"),
            "position_steps must keep rising or keep falling, but goes from 200 in row 1 to 200 in row 2",
        ),
        (
            table("focus_distance_m", "[[200, 5], [600, -1]]"),
            "focus_distance_m must be greater than the focal length, got -1 in row 2",
        ),
        (
            table("power_dpt", "[[200, -1], [600, 2]]"),
            "power_dpt must be at least 0 (infinity) and below 1 / focal length, got -1 in row 1",
        ),
        (table("power_dpt", "[[200, 1], [500, 2]]"), "does not cover the position range [200, 600]"),
        ("mapping: {kind: linear, step_um: -10, infinity_position_steps: 100}", "beyond infinity"),
        ("mapping: {kind: linear, step_um: 10, infinity_position_steps: 100, rows: []}", "mapping.rows: is not a key"),
    ],
)
def test_bad_mappings(tmp_path: Path, mapping: str, piece: str) -> None:
    assert piece in problem(tmp_path, HEAD + mapping)


@pytest.mark.parametrize("text", ["", "- 1\n- 2", "just words", "a: [1, 2", "\x00"])
def test_files_that_are_no_lens(tmp_path: Path, text: str) -> None:
    problem(tmp_path, text)


def test_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no lens is called 'bench_24mm': it must be one of .*bench_25mm.*phone_4mm52"):
        load_lens("bench_24mm")
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load_lens(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load_lens(tmp_path)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3000) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "rows", "columns", "anchors"]), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=100)
@given(
    key=st.sampled_from(["name", "focal_length_mm", "f_number", "position_range_steps", "mapping", "rows", "columns", "anchors"]),
    value=values,
)
def test_whatever_stands_in_a_file_it_loads_or_says_one_line(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    content = yaml.safe_load(HEAD + LINEAR)
    if key in ("rows", "columns"):
        content["mapping"] = yaml.safe_load(table("extension_mm", "[[0, 1], [700, 2]]"))["mapping"] | {key: value}
    elif key == "anchors":
        content["mapping"] = {"kind": "linear", "anchors": value}
    else:
        content[key] = value
    path = write(tmp_path_factory.getbasetemp(), yaml.safe_dump(content))
    try:
        load_lens(path)
    except ConfigurationError as error:
        assert "\n" not in str(error)
        assert str(path) in str(error)
