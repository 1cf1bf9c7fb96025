"""A user's network: real ONNX files, small ones, whose arithmetic finds red and blue squares, in each of the usual layouts.

A 1 x 1 convolution gives how red and how blue a pixel is, the mean over cells of 16 x 16 pixels is a score, and a cell is a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from auxfocus_ros.distribution.targets import TargetSource
from auxfocus_ros.distribution.targets.detectors import DetectorOptions, Detectors
from auxfocus_ros.distribution.targets.onnx_detector import OnnxDetector
from auxfocus_ros.distribution.targets.onnx_layouts import layout_of, read_rows
from auxfocus_ros.errors import ConfigurationError, InputError

SIDE, CELL = 128, 16
CELLS = SIDE // CELL
COUNT = CELLS * CELLS
RED, BLUE = (0, 0, 255), (255, 0, 0)
LAYOUTS = ("objectness", "scores", "boxes", "boxes2d", "boxes7", "ssd")


def network(path: Path, layout: str, classes: int = 2) -> Path:
    """Write a network that finds red squares (class 0) and blue ones (class 1)."""
    nodes, constants = [], []

    def constant(name: str, values: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(values, name))
        return name

    def node(kind: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    colours = np.array([[1, -1, -1], [-1, -1, 1]], np.float32)[:classes].reshape(classes, 3, 1, 1)
    tone = node("Relu", [node("Conv", ["picture", constant("colours", colours)], "tone")], "positive")
    mean = node("AveragePool", [tone], "mean", kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    scores = node("Reshape", [mean, constant("flat", np.array([1, classes, COUNT], np.int64))], "scores")  # (1, C, N)
    rows, columns = np.divmod(np.arange(COUNT), CELLS)
    middles = np.stack([columns * CELL + CELL / 2, rows * CELL + CELL / 2, *np.full((2, COUNT), CELL)]).astype(np.float32)
    corners = np.stack([columns * CELL, rows * CELL, (columns + 1) * CELL, (rows + 1) * CELL]).astype(np.float32)
    if layout == "scores":
        out, shape = node("Concat", [constant("boxes", middles[None]), scores], "out", axis=1), [1, 4 + classes, COUNT]
    elif layout == "objectness":
        sure = constant("boxes", np.concatenate([middles, np.full((1, COUNT), 0.9, np.float32)])[None])
        wide = node("Concat", [sure, scores], "wide", axis=1)
        out, shape = node("Transpose", [wide], "out", perm=[0, 2, 1]), [1, COUNT, 5 + classes]
    else:  # one class: the first
        first = node("Reshape", [mean, "flat1"], "first")
        constant("flat1", np.array([1, 1, COUNT], np.int64))
        assert classes == 1
        zeros = constant("zeros", np.zeros((1, 1, COUNT), np.float32))
        class_0 = constant("class_0", np.zeros((1, 1, COUNT), np.float32))
        boxes = constant("boxes", corners[None] / (SIDE if layout == "ssd" else 1))
        parts = {
            "boxes": [boxes, first, zeros],
            "boxes2d": [boxes, first, zeros],
            "boxes7": [zeros, boxes, class_0, first],
            "ssd": [zeros, class_0, first, boxes],
        }[layout]
        wide = node("Concat", parts, "wide", axis=1)
        long = node("Transpose", [wide], "long", perm=[0, 2, 1])
        shape = {"boxes": [1, COUNT, 6], "boxes2d": [COUNT, 6], "boxes7": [COUNT, 7], "ssd": [1, 1, COUNT, 7]}[layout]
        out = node("Reshape", [long, constant("shape", np.array(shape, np.int64))], "out")
    graph = helper.make_graph(
        nodes,
        "squares",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, shape)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def picture_with(
    *squares: tuple[tuple[int, int, int, int], tuple[int, int, int]], size: tuple[int, int] = (SIDE, SIDE)
) -> np.ndarray:
    """A dark picture of a size (width, height) with coloured boxes."""
    picture = np.full((size[1], size[0], 3), 20, np.uint8)
    for (x, y, w, h), colour in squares:
        picture[y : y + h, x : x + w] = colour
    return picture


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_finds_the_red_square(tmp_path: Path, layout: str) -> None:
    classes = 2 if layout in {"objectness", "scores"} else 1
    path = network(tmp_path / "net.onnx", layout, classes)
    detector = OnnxDetector(path, threshold=0.5, input_size_px=(SIDE, SIDE))
    (found,) = detector.detect(picture_with(((48, 80, 16, 16), RED)))
    assert found.box_px == (48, 80, 16, 16) and found.label == "class 0" and found.source == TargetSource.DETECTOR
    assert found.confidence == pytest.approx(0.9 if layout == "objectness" else 1.0, abs=0.01)
    assert not detector.detect(picture_with())


@pytest.mark.parametrize("layout", ["objectness", "scores"])
def test_names_of_two_classes(tmp_path: Path, layout: str) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("red car\nblue car\n")
    detector = OnnxDetector(network(tmp_path / "net.onnx", layout), labels, 0.5, (SIDE, SIDE))
    found = detector.detect(picture_with(((0, 0, 16, 16), RED), ((112, 112, 16, 16), BLUE)))
    assert {(one.label, one.box_px) for one in found} == {("red car", (0, 0, 16, 16)), ("blue car", (112, 112, 16, 16))}


def test_a_wide_picture_keeps_its_shape(tmp_path: Path) -> None:
    """256 x 128 in 128 x 128: scaled by a half, with 32 rows of grey above and below."""
    detector = OnnxDetector(network(tmp_path / "net.onnx", "scores"), "", 0.5, (SIDE, SIDE))
    (found,) = detector.detect(picture_with(((64, 32, 32, 32), RED), size=(256, 128)))
    assert found.box_px == (64, 32, 32, 32)
    (grey,) = detector.detect(picture_with(((64, 32, 32, 32), RED), size=(256, 128)))
    assert grey == found
    assert not detector.detect(picture_with(size=(256, 128))[..., 0])  # a grey picture is one, too


def test_doubles_are_left_out_within_a_class_only(tmp_path: Path) -> None:
    values = np.array([[0, 0, 40, 40, 0.9, 0], [2, 2, 42, 42, 0.8, 0], [1, 1, 41, 41, 0.7, 1]], np.float32)
    detector = OnnxDetector(fixed(tmp_path / "net.onnx", values), "", 0.4, (SIDE, SIDE))
    found = detector.detect(picture_with())
    assert [(one.label, one.box_px) for one in found] == [("class 0", (0, 0, 40, 40)), ("class 1", (1, 1, 40, 40))]


def test_boxes_over_the_edge_and_nonsense(tmp_path: Path) -> None:
    rows = [[-20, -20, 20, 20, 0.9, 0], [200, 200, 300, 300, 0.9, 0], [9, 9, 5, 5, 0.9, 0], [np.nan, 0, 5, 5, 0.9, 0]]
    rows += [[60, 60, 80, 80, np.nan, 0], [60, 60, 80, 80, 7.0, 0]]
    detector = OnnxDetector(fixed(tmp_path / "net.onnx", np.array(rows, np.float32)), "", 0.4, (SIDE, SIDE))
    found = detector.detect(picture_with())
    assert {(one.box_px, round(one.confidence, 3)) for one in found} == {((0, 0, 20, 20), 0.9), ((60, 60, 20, 20), 1.0)}


def fixed(path: Path, values: np.ndarray, outputs: int = 1) -> Path:
    """Write a network that says the same whatever it sees."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["picture"], ["mean"]),
        helper.make_node("ReduceMean", ["mean"], ["one"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["one", "nought"], ["zero"]),
    ]
    constants = [numpy_helper.from_array(np.zeros(1, np.float32), "nought"), numpy_helper.from_array(values, "values")]
    names = [f"out{index}" for index in range(outputs)]
    nodes += [helper.make_node("Add", ["values", "zero"], [name]) for name in names]
    graph = helper.make_graph(
        nodes,
        "fixed",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(values.shape)) for name in names],
        constants,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8), str(path))
    return path


@pytest.mark.parametrize("shape", [(1, 1000), (1, 3, 8, 8), (2, 20, 6), (5, 5), (1, 20, 5)])
def test_another_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = fixed(tmp_path / "net.onnx", np.ones(shape, np.float32))
    with pytest.raises(ConfigurationError) as raised:
        OnnxDetector(path, input_size_px=(SIDE, SIDE))
    assert str(shape) in str(raised.value) and "wanted one output of shape" in str(raised.value) and "\n" not in str(raised.value)


def test_two_outputs(tmp_path: Path) -> None:
    path = fixed(tmp_path / "net.onnx", np.ones((4, 6), np.float32), outputs=2)
    with pytest.raises(ConfigurationError, match=r"2 outputs of shapes \(4, 6\), \(4, 6\)"):
        OnnxDetector(path, input_size_px=(SIDE, SIDE))


def test_another_input_size(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", "scores")
    with pytest.raises(ConfigurationError, match=r"does not take a picture of shape \(1, 3, 100, 72\)") as raised:
        OnnxDetector(path, input_size_px=(72, 100))
    assert "\n" not in str(raised.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file"):
        OnnxDetector(tmp_path / "no.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(ConfigurationError, match="not a network that OpenCV can read") as raised:
        OnnxDetector(broken)
    assert "\n" not in str(raised.value)
    good = network(tmp_path / "net.onnx", "scores")
    with pytest.raises(ConfigurationError, match=r"labels file .* cannot be read"):
        OnnxDetector(good, tmp_path / "no.txt")
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(ConfigurationError, match=r"labels file .* is empty"):
        OnnxDetector(good, tmp_path / "empty.txt")


def test_classes_without_a_name(tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("red car\n")
    with pytest.raises(ConfigurationError, match=r"shape \(1, 6, 64\) has 2 classes, but .* names 1"):
        OnnxDetector(network(tmp_path / "net.onnx", "scores"), labels, 0.5, (SIDE, SIDE))
    labels.write_text("a\nb\n")
    rows = np.array([[0, 0, 40, 40, 0.9, 5]], np.float32)
    detector = OnnxDetector(fixed(tmp_path / "plain.onnx", rows), labels, 0.5, (SIDE, SIDE))
    with pytest.raises(InputError, match="found class 5, but only 0 to 1 have a name"):
        detector.detect(picture_with())


def test_one_of_the_wanted_detectors(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", "scores")
    detectors = Detectors(DetectorOptions(onnx=str(path), threshold=0.5, onnx_size_px=(SIDE, SIDE)))
    assert [found.label for found in detectors.detect(picture_with(((48, 80, 16, 16), BLUE)))] == ["class 1"]


def test_layouts_by_hand() -> None:
    assert layout_of((1, 25200, 85), 0) == ("objectness", 80)
    assert layout_of((1, 84, 8400), 0) == ("scores", 80)
    assert layout_of((1, 300, 6), 80) == ("boxes", 0)
    assert layout_of((1, 25200, 6), 1) == ("objectness", 1)
    assert layout_of((1, 5, 8400), 0) == ("scores", 1)
    assert layout_of((1, 6, 8400), 0) == ("scores", 2)
    assert layout_of((0, 6), 0) == ("boxes", 0) and layout_of((17, 7), 0) == ("boxes7", 0)
    assert layout_of((1, 1, 100, 7), 0) == ("ssd", 0)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(0, 20), st.sampled_from(["objectness", "scores", "boxes", "boxes7", "ssd"]))
def test_rows_whatever_comes(seed: int, count: int, layout: str) -> None:
    random = np.random.default_rng(seed)
    values = random.choice([0.0, 0.3, 0.9, 5.0, 50.0, -3.0, np.nan, np.inf], (1, count, 7)).astype(np.float32)
    rows = read_rows(values.transpose(0, 2, 1) if layout == "scores" else values, layout, (64, 64), 0.25)  # type: ignore[arg-type]
    assert len(rows.corners_px) == len(rows.scores) == len(rows.classes)
    assert np.isfinite(rows.corners_px).all() and ((rows.scores >= 0.25) & (rows.scores <= 1)).all()
    assert (rows.corners_px[:, 2:] > rows.corners_px[:, :2]).all()
