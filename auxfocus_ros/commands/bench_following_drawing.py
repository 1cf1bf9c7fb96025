"""A run of the benchmark of continuous focus as a picture: truth, lens, depth of focus round the truth, probes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.bench_following_world import Record

WIDTH_PX, HEIGHT_PX, ERROR_PX, EDGE_PX = 1600, 560, 260, 60
WHITE, GREEN, RED, BLUE, BLACK = (255,) * 3, (190, 235, 190), (40, 40, 220), (190, 90, 20), (40,) * 3
ERROR_SPAN = 4.0


def draw_run(record: Record, file: Path, title: str) -> None:
    """Above, positions over time; below, the error in units of half the depth of focus, cut at +-4. Writes a PNG."""
    picture = np.full((HEIGHT_PX + ERROR_PX, WIDTH_PX, 3), 255, np.uint8)
    times, error = record.times_s, (record.lens_steps - record.best_steps) / record.half_steps
    low, high = (
        float(min(record.best_steps.min(), record.lens_steps.min())),
        float(max(record.best_steps.max(), record.lens_steps.max())),
    )
    x = EDGE_PX + (WIDTH_PX - 2 * EDGE_PX) * times / max(times[-1], 1e-9)

    def position_y(steps: NDArray[np.float64]) -> NDArray[np.float64]:
        return HEIGHT_PX - 40 - (HEIGHT_PX - 90) * (steps - low) / max(high - low, 1e-9)

    def error_y(value: NDArray[np.float64]) -> NDArray[np.float64]:
        return HEIGHT_PX + 0.5 * ERROR_PX - 10 - (0.5 * ERROR_PX - 30) * np.clip(value, -ERROR_SPAN, ERROR_SPAN) / ERROR_SPAN

    ones = np.ones_like(times)
    for above, below in (
        (position_y(record.best_steps + record.half_steps), position_y(record.best_steps - record.half_steps)),
        (error_y(ones), error_y(-ones)),
    ):
        _band(picture, x, above, below)
    for second in range(int(times[-1]) + 1):
        at = round(EDGE_PX + (WIDTH_PX - 2 * EDGE_PX) * second / max(times[-1], 1e-9))
        cv2.line(picture, (at, HEIGHT_PX - 36), (at, HEIGHT_PX - 30), BLACK, 1)
        if second % 5 == 0:
            _write(picture, f"{second} s", at - 12, HEIGHT_PX - 14)
    _line(picture, x, position_y(record.best_steps), BLUE)
    _line(picture, x, position_y(record.lens_steps), RED)
    _line(picture, x, error_y(error), RED)
    for time_s, _, goal, probe in record.moves:
        if probe:
            at = EDGE_PX + (WIDTH_PX - 2 * EDGE_PX) * time_s / max(times[-1], 1e-9)
            goal_y = float(position_y(np.clip(np.array([goal]), low, high))[0])
            cv2.circle(picture, (round(at), round(goal_y)), 6, BLACK, 2, cv2.LINE_AA)
    share = float((np.abs(error) <= 1.0).mean())
    _write(
        picture,
        f"{title}: in focus {share:.1%}. Best position blue, lens red, depth of focus green, probes as rings",
        EDGE_PX,
        26,
    )
    _write(picture, f"{high:.0f}", 6, 56)
    _write(picture, f"{low:.0f}", 6, HEIGHT_PX - 38)
    _write(picture, "error in half depths of focus, cut at +-4", EDGE_PX, HEIGHT_PX + 14)
    cv2.imwrite(str(file), picture)


def _line(picture: NDArray[np.uint8], x: NDArray[np.float64], y: NDArray[np.float64], colour: tuple[int, ...]) -> None:
    points = np.rint(16 * np.stack([x, y], axis=1)).astype(np.int32)
    cv2.polylines(picture, [points], False, colour, 1, cv2.LINE_AA, shift=4)


def _band(picture: NDArray[np.uint8], x: NDArray[np.float64], above: NDArray[np.float64], below: NDArray[np.float64]) -> None:
    outline = np.concatenate([np.stack([x, above], axis=1), np.stack([x, below], axis=1)[::-1]])
    cv2.fillPoly(picture, [np.rint(16 * outline).astype(np.int32)], GREEN, cv2.LINE_AA, shift=4)


def _write(picture: NDArray[np.uint8], text: str, x: int, y: int) -> None:
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, BLACK, 1, cv2.LINE_AA)
