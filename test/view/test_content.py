"""Content: parts that go together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.errors import InputError
from auxfocus_ros.view import Content, LayerStack

EMPTY = DepthDistribution.empty(DepthAxis(1.0, 9.0, 6), AcrossAxis(0, 1, 4))


def test_what_goes_together() -> None:
    layers = LayerStack(np.zeros((2, 6, 4), np.uint32), ((1, 2), ()))
    content = Content(EMPTY, owners=np.zeros((6, 4), np.uint16), layers=layers, cell_colours=np.zeros((6, 4, 3), np.uint8))
    assert content.targets.targets == ()
    assert Content(EMPTY, layers=LayerStack(np.zeros((0, 6, 4), np.uint32), ())).layers is not None


@pytest.mark.parametrize(
    "parts",
    [
        {"owners": np.zeros((4, 6), np.uint16)},
        {"cell_colours": np.zeros((6, 4), np.uint8)},
        {"layers": LayerStack(np.zeros((1, 6, 5), np.uint32), ((),))},
    ],
)
def test_cells_that_are_not_the_distributions(parts: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="content: "):
        Content(EMPTY, **parts)


def test_layers_and_their_targets() -> None:
    with pytest.raises(InputError, match="layers: wanted"):
        LayerStack(np.zeros((2, 6, 4), np.uint32), ((1,),))
    with pytest.raises(InputError, match="layers: wanted"):
        LayerStack(np.zeros((6, 4), np.uint32), ((1,),))
