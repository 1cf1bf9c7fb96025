"""Real network files, small ones, whose arithmetic is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


@pytest.fixture
def onnx_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a network: a 1 x 1 convolution with `weights` (outputs, 3) and `bias` (outputs,) over red, green and blue."""

    def write(
        weights: Any,
        bias: Any,
        *,
        size: Sequence[int | str] = ("h", "w"),
        name: str = "network.onnx",
        outputs: int = 1,
        last: str = "",
    ) -> Path:
        kernel = np.asarray(weights, np.float32)[:, :, None, None]
        constants = [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(np.asarray(bias, np.float32), "bias")]
        nodes = [helper.make_node("Conv", ["picture", "kernel", "bias"], ["seen"])]
        if last:
            nodes.append(helper.make_node(last, ["seen"], ["out"]))
        else:
            nodes.append(helper.make_node("Identity", ["seen"], ["out"]))
        made = ["out", "seen2"][:outputs]
        if outputs == 2:
            nodes.append(helper.make_node("Relu", ["seen"], ["seen2"]))
        shape = [1, len(kernel), *size]
        graph = helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, *size])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape) for output in made],
            constants,
        )
        path = tmp_path / name
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9), path)
        return path

    return write


@pytest.fixture
def red() -> np.ndarray:
    """(48, 64, 3) BGR: the left half is all red, the right half is blue."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32, 2] = 255
    picture[:, 32:, 0] = 255
    return picture
