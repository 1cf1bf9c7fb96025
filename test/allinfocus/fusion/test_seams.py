"""Costs gathered along rows and columns."""

from __future__ import annotations

import numpy as np

from auxfocus_ros.allinfocus.fusion.seams import along_all_paths, from_middle, least_first_from_middle


def test_costs_of_a_row_by_hand() -> None:
    # Two frames in a row of three cells; a change costs 0.5 + 0.5 = 1. Every path is counted from the least of the cell before;
    # [frame 0, frame 1] of each cell:
    #   left to right: [0, 1]; [0 + 1, 1 + 0] = [1, 1]; [1 - 1 + 1, 1 - 1 + 0] = [1, 0]
    #   right to left: [1, 0]; [1 + 1, 0 + 0] = [2, 0]; [min(2, 0 + 1) + 0, 0 + 1] = [1, 1]
    #   each column, alone, both ways: the costs themselves, twice.
    costs = np.array([[[0.0, 1.0, 1.0]], [[1.0, 0.0, 0.0]]], np.float16)
    price = np.full((1, 3), 0.5, np.float32)
    summed = along_all_paths(costs, price)
    np.testing.assert_allclose(summed[:, 0], [[0 + 1 + 0, 1 + 2 + 2, 1 + 1 + 2], [1 + 1 + 2, 1 + 0 + 0, 0 + 0 + 0]])


def test_cells_that_say_nothing_follow_their_surroundings() -> None:
    costs = np.zeros((2, 40, 40), np.float16)
    costs[1] = 1.0
    costs[:, 10:30, 10:30] = 0.0
    costs[:, 20, 20] = [0.3, 0.0]  # one cell that is for the other frame, by less than a change costs
    number = along_all_paths(costs, np.full((40, 40), 0.2, np.float32)).argmin(axis=0)
    assert (number == 0).all()


def test_seams_go_where_frames_are_alike() -> None:
    # The left columns are for frame 0, the right ones for frame 1, and between them nothing tells: the change comes in column 25,
    # where it is cheap.
    costs = np.zeros((2, 8, 40), np.float16)
    costs[1, :, :10] = costs[0, :, 30:] = 1.0
    price = np.full((8, 40), 2.0, np.float32)
    price[:, 25:27] = 0.1
    number = along_all_paths(costs, price).argmin(axis=0)
    assert (number[:, :25] == 0).all()
    assert (number[:, 27:] == 1).all()


def test_of_equal_costs_the_first_counts_and_the_middle_comes_first() -> None:
    assert from_middle(5) == [2, 1, 3, 0, 4]
    planes = {0: [3.0, 1.0], 1: [2.0, 1.0], 2: [2.0, 1.0]}
    number, least = least_first_from_middle((k, np.array([planes[k]], np.float32)) for k in from_middle(3))
    assert number.tolist() == [[1, 1]]
    assert least.tolist() == [[2.0, 1.0]]
