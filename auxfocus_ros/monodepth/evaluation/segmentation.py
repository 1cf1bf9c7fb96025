"""How well classes are told apart: the confusion matrix, summed over pictures, and intersection over union."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError


def confusion_matrix(true: NDArray[Any], predicted: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """Count the pixels of each true class by the class they were given; matrices of several pictures may be added.

    Args:
        true: class numbers, any shape; numbers outside [0, classes) are not labelled and do not count.
        predicted: class numbers of the same shape, in [0, classes) wherever `true` is labelled.
        classes: how many there are.

    Returns:
        (classes, classes) int64; a row for each true class, a column for each predicted one.

    Raises:
        InputError: other shapes, or a predicted class that does not exist.
    """
    if true.shape != predicted.shape:
        raise InputError(f"true and predicted classes must have one shape, found {true.shape} and {predicted.shape}")
    labelled = (true >= 0) & (true < classes)
    rows, columns = true[labelled].astype(np.int64), predicted[labelled].astype(np.int64)
    if columns.size and not 0 <= columns.min() <= columns.max() < classes:
        raise InputError(f"predicted classes must be in [0, {classes - 1}], found {columns.min()} to {columns.max()}")
    return np.bincount(rows * classes + columns, minlength=classes * classes).reshape(classes, classes)


def intersection_over_union(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """(classes,): pixels rightly given a class over pixels that have it, were given it, or both; NaN of a class that never
    occurs.
    """
    right = np.diag(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - right
    return np.where(union > 0, right / np.maximum(union, 1), np.nan)


def mean_iou(confusion: NDArray[np.int64]) -> float:
    """Mean intersection over union of the classes that occur in the truth or the prediction; NaN where none does."""
    values = intersection_over_union(confusion)
    occurs = ~np.isnan(values)
    return float(values[occurs].mean()) if occurs.any() else float("nan")
