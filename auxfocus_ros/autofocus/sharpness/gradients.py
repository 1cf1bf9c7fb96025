"""Measures made of differences between pixels near each other: an edge that is sharp is steep.

Each takes a grey picture (H, W), uint8 or float, at least 3 px each way, and gives the mean over the pixels where the difference
exists, so that the size of the picture does not matter. Where the sources take differences along rows alone, here those along
columns are added: a picture and the same picture on its side are equally sharp.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def absolute_gradient(grey: np.ndarray) -> float:
    """`mean |g(x+1, y) - g(x, y)| + mean |g(x, y+1) - g(x, y)|`.

    Source: thresholded absolute gradient of Santos et al. 1997, Evaluation of autofocus functions, with threshold 0.
    """
    along_x, along_y = _differences(grey, 1)
    return float(np.abs(along_x).mean() + np.abs(along_y).mean())


def squared_gradient(grey: np.ndarray) -> float:
    """`mean (g(x+1, y) - g(x, y))^2 + mean (g(x, y+1) - g(x, y))^2`.

    Source: squared gradient of Santos et al. 1997, with threshold 0.
    """
    along_x, along_y = _differences(grey, 1)
    return float(np.square(along_x).mean() + np.square(along_y).mean())


def brenner(grey: np.ndarray) -> float:
    """`mean (g(x+2, y) - g(x, y))^2 + mean (g(x, y+2) - g(x, y))^2`.

    Source: Brenner et al. 1976, An automated microscope for cytologic research.
    """
    along_x, along_y = _differences(grey, 2)
    return float(np.square(along_x).mean() + np.square(along_y).mean())


def tenengrad(grey: np.ndarray) -> float:
    """`mean Gx^2 + Gy^2`, the gradients by Sobel's 3 x 3 operators; no threshold.

    Source: Krotkov 1988, Focusing; Yao et al. 2006, Evaluation of sharpness measures.
    """
    along_x = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    along_y = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return float(cv2.mean(cv2.add(cv2.multiply(along_x, along_x), cv2.multiply(along_y, along_y)))[0])


def laplacian(grey: np.ndarray) -> float:
    """Energy of the Laplacian, `mean (g(x-1, y) + g(x+1, y) + g(x, y-1) + g(x, y+1) - 4 g(x, y))^2`.

    Source: Subbarao, Choi and Nikzad 1993, Focusing techniques; Krotkov 1988.
    """
    second = cv2.Laplacian(grey, cv2.CV_32F, ksize=1)
    return float(cv2.mean(cv2.multiply(second, second))[0])


def _differences(grey: np.ndarray, apart_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    light = np.asarray(grey, np.float32)
    return light[:, apart_px:] - light[:, :-apart_px], light[apart_px:] - light[:-apart_px]
