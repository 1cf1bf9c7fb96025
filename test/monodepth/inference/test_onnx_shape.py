"""What size an ONNX file says it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.monodepth.inference.onnx_shape import picture_size


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((64, 96), (96, 64)), ((1080, 1920), (1920, 1080)), (("h", "w"), (0, 0)), ((64, "w"), (0, 64)), ((-1, -1), (0, 0))],
)
def test_the_size_is_read_where_it_is_fixed(
    onnx_file: Callable[..., Path], size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    assert picture_size(onnx_file([[1, 0, 0]], [0.1], size=size).read_bytes()) == wanted


def test_of_a_file_that_breaks_off_nothing_is_known(onnx_file: Callable[..., Path]) -> None:
    model = onnx_file([[1, 0, 0]], [0.1], size=(64, 96)).read_bytes()
    found = [picture_size(model[:length]) for length in range(len(model))]
    assert set(found) == {(0, 0), (96, 64)}  # what comes after the input may be missing
    assert found == sorted(found)


@given(st.binary(max_size=200))
def test_what_is_no_network_does_no_harm(noise: bytes) -> None:
    assert min(picture_size(noise)) >= 0
