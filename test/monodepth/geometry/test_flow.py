"""Dense flow and which of it is sure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.geometry.flow import both_flows, dense_flow, sure_flow


@pytest.fixture
def grey(picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def test_a_shift_is_found_to_a_twentieth_of_a_pixel(grey: np.ndarray) -> None:
    # What is at (x, y) in the first picture is at (x + 3, y - 2) in the second.
    flow = dense_flow(grey[10:110, 10:150], grey[12:112, 7:147])
    assert flow.shape == (100, 140, 2) and flow.dtype == np.float32
    assert np.abs(np.median(flow[8:-8, 8:-8].reshape(-1, 2), axis=0) - (3, -2)).max() < 0.05


def test_a_part_of_a_pixel_is_found(grey: np.ndarray) -> None:
    moved = cv2.warpAffine(grey, np.float32([[1, 0, 0.4], [0, 1, 0]]), (192, 144), flags=cv2.INTER_CUBIC)
    assert np.median(dense_flow(grey, moved)[..., 0]) == pytest.approx(0.4, abs=0.05)


def test_there_and_back_are_found_once_and_cannot_be_spoilt(grey: np.ndarray) -> None:
    first, second = grey[10:110, 10:150], grey[12:112, 7:147]
    there, back = both_flows(first, second)
    np.testing.assert_array_equal(there, dense_flow(first, second))
    np.testing.assert_array_equal(back, dense_flow(second, first))
    assert both_flows(first.copy(), second.copy())[0] is there
    with pytest.raises(ValueError, match="read-only"):
        there[0, 0] = 1.0
    with pytest.raises(InputError, match="of 8 bits"):
        both_flows(first.astype(np.float32), second)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="of one size"):
        both_flows(first, second[1:])


def test_flow_is_sure_where_it_leads_back_and_ends_inside() -> None:
    forward, backward = np.zeros((5, 6, 2), np.float32), np.zeros((5, 6, 2), np.float32)
    forward[..., 0], backward[..., 0] = 2.0, -2.0
    sure = sure_flow(forward, backward)
    assert sure[:, :4].all() and not sure[:, 4:].any()  # columns 4 and 5 end at 6 and 7, outside
    backward[2, 3, 0] = -1.0  # from (3, 2) back to (2, 2): the pixel (1, 2) misses its start by 1
    sure = sure_flow(forward, backward)
    assert not sure[2, 1] and sure.sum() == 19
    assert sure_flow(forward, backward, most_px=1.01).sum() == 20


def test_even_pictures_have_no_flow() -> None:
    assert not dense_flow(np.zeros((20, 30), np.uint8), np.zeros((20, 30), np.uint8)).any()


def test_threads_do_not_disturb_each_other(grey: np.ndarray) -> None:
    pairs = [(grey[:100, shift : shift + 120], grey[:100, :120]) for shift in range(6)]
    alone = [dense_flow(*pair) for pair in pairs]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda pair: dense_flow(*pair), pairs * 3))
    for number, flow in enumerate(together):
        assert np.array_equal(flow, alone[number % 6])


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (np.zeros((20, 30), np.uint8), np.zeros((20, 31), np.uint8), "of one size"),
        (np.zeros((20, 30), np.float32), np.zeros((20, 30), np.float32), "8 bits"),
        (np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30, 3), np.uint8), "grey"),
        (np.zeros((15, 30), np.uint8), np.zeros((15, 30), np.uint8), "at least 16"),
    ],
)
def test_arrays_that_cannot_be_are_refused(first: np.ndarray, second: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said):
        dense_flow(first, second)
