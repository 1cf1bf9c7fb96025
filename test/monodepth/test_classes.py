"""The class table: what it says, what it refuses, and classes of pixels from scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.monodepth.classes import (
    ClassTable,
    class_of_pixels,
    class_probabilities,
    load_class_table,
    require_classes,
)

TABLE = ClassTable(("ground", "vehicle", "person"), (False, True, True))
SCORES = st.integers(1, 9).flatmap(lambda k: arrays(np.float32, (k, 3, 4), elements=st.floats(-200, 200, width=32)))


def refused(tmp_path: Path, text: str) -> str:
    file = tmp_path / "table.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_class_table(file)
    message = str(caught.value)
    assert "\n" not in message and str(file) in message
    return message


def test_the_shipped_table_sorts_as_the_source_does() -> None:
    table = load_class_table()
    movable = {name for name, moves in zip(table.names, table.movable, strict=True) if moves}
    assert movable == {"vehicle", "person", "animal"}
    assert {"ground", "plant", "sky"} <= set(table.names) - movable


def test_a_users_table_is_read_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("classes:\n  - {movable: true, name: ' boat '}\n  - {name: water, movable: false}\n")
    assert load_class_table(str(file)) == ClassTable(("boat", "water"), (True, False))


def test_nothing_needs_to_be_movable(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("classes: [{name: wall, movable: false}]")
    assert not load_class_table(file).movable_pixels(np.zeros((2, 2), np.uint8)).any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found nothing"),
        ("classes: []", "found []"),
        ("clases: [{name: wall, movable: false}]", "unknown key 'clases'; did you mean 'classes'?"),
        ("classes: [{name: wall, moveable: false}]", "class 0.moveable: unknown key 'moveable'; did you mean 'movable'?"),
        ("classes: [{name: wall, movable: false}, wall]", "class 1: wanted keys and values (name, movable), found 'wall'"),
        ("classes: [{name: wall, movable: maybe}]", "class 0 'wall': movable must be true or false, found 'maybe'"),
        ("classes: [{name: wall}]", "class 0 'wall': movable must be true or false, found None"),
        ("classes: [{name: no, movable: true}]", "class 0: name must be text, found False"),
        ("classes: [{name: ' ', movable: true}]", "class 0: name must be text"),
        ("classes: [{name: a, movable: true}, {name: b, movable: true}, {name: a, movable: true}]", "'a' is named again"),
        ("classes: [", "not YAML"),
        ("classes:\n" + "".join(f"  - {{name: n{i}, movable: false}}\n" for i in range(257)), "wanted 1 to 256 classes"),
    ],
)
def test_a_table_that_cannot_be_right(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_class_table(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        load_class_table(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigurationError, match="cannot be read: it is not UTF-8 text"):
        load_class_table(tmp_path / "latin.yaml")


def test_a_network_must_have_the_tables_classes() -> None:
    require_classes(TABLE, 3, "network.onnx")
    with pytest.raises(
        ConfigurationError, match=r"network\.onnx gives 19 classes, the class table names 3 \(ground, vehicle, person\)"
    ):
        require_classes(TABLE, 19, "network.onnx")


def test_what_can_move_by_class() -> None:
    found = TABLE.movable_pixels(np.array([[0, 1], [2, 0]], np.uint8))
    assert found.tolist() == [[False, True], [True, False]]
    with pytest.raises(InputError, match="found number 3, the table names 0 to 2"):
        TABLE.movable_pixels(np.array([[3]], np.uint8))
    with pytest.raises(InputError, match="wanted \\(height, width\\) of 8 bits"):
        TABLE.movable_pixels(np.zeros((2, 2), np.int64))  # type: ignore[arg-type]


def test_softmax_by_hand() -> None:
    # e^0 = 1, e^ln 3 = 3: shares 1/4 and 3/4; the neighbour, with scores of 100, changes nothing of it.
    scores = np.array([[[0.0, 100.0]], [[np.log(3.0), 100.0]]])
    np.testing.assert_allclose(class_probabilities(scores), [[[0.25, 0.5]], [[0.75, 0.5]]], rtol=1e-12)
    assert class_of_pixels(scores).tolist() == [[1, 0]]
    assert class_of_pixels(scores).dtype == np.uint8


@settings(max_examples=30)
@given(scores=SCORES, shift=st.floats(-1000, 1000))
def test_probabilities_are_of_the_classes_of_one_pixel(scores: np.ndarray, shift: float) -> None:
    found = class_probabilities(scores)
    assert found.shape == scores.shape
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(class_probabilities(scores.astype(np.float64) + shift), found, atol=1e-5)
    best = class_of_pixels(scores)
    np.testing.assert_array_equal(np.take_along_axis(scores, best[None], 0)[0], scores.max(axis=0))
    scores[:, 0, 0] = 0  # another pixel's scores
    np.testing.assert_array_equal(class_probabilities(scores)[:, 1:], found[:, 1:])


def test_a_class_may_be_ruled_out() -> None:
    found = class_probabilities(np.array([[[0.0]], [[-np.inf]]]))
    assert found[:, 0, 0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("shape", [(2, 3), (0, 2, 2), (257, 1, 1)])
def test_scores_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="wanted \\(1 to 256 classes, height, width\\)"):
        class_of_pixels(np.zeros(shape))


def test_broken_scores() -> None:
    with pytest.raises(InputError, match="there is NaN among them"):
        class_probabilities(np.array([[[np.nan]], [[0.0]]]))
