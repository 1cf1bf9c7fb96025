"""Confusion and intersection over union, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.evaluation.segmentation import confusion_matrix, intersection_over_union, mean_iou

LABELS = arrays(np.uint8, (6, 7), elements=st.integers(0, 3))


def test_by_hand() -> None:
    true = np.array([[0, 0, 0], [1, 1, 255]], np.uint8)
    predicted = np.array([[0, 0, 1], [1, 2, 0]], np.uint8)
    confusion = confusion_matrix(true, predicted, 4)
    assert confusion.tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    values = intersection_over_union(confusion)
    assert values[:3] == pytest.approx([2 / 3, 1 / 3, 0.0])
    assert math.isnan(values[3])
    assert mean_iou(confusion) == pytest.approx(1 / 3)


@given(LABELS, LABELS)
def test_pictures_add_up(true: np.ndarray, predicted: np.ndarray) -> None:
    halves = confusion_matrix(true[:3], predicted[:3], 4) + confusion_matrix(true[3:], predicted[3:], 4)
    whole = confusion_matrix(true, predicted, 4)
    assert (halves == whole).all()
    assert whole.sum() == true.size
    assert 0.0 <= mean_iou(whole) <= 1.0


@given(LABELS)
def test_the_truth_itself_is_right(true: np.ndarray) -> None:
    assert mean_iou(confusion_matrix(true, true, 4)) == 1.0


def test_nothing_labelled() -> None:
    assert math.isnan(mean_iou(confusion_matrix(np.full((2, 2), 255), np.zeros((2, 2), int), 3)))


def test_bad_input() -> None:
    with pytest.raises(InputError, match="one shape"):
        confusion_matrix(np.zeros((2, 2), int), np.zeros((2, 3), int), 3)
    with pytest.raises(InputError, match=r"\[0, 2\], found 0 to 3"):
        confusion_matrix(np.zeros(2, int), np.array([0, 3]), 3)
