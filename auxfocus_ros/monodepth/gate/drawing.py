"""A decision of the gate as a picture for a person: what can move, both images, the difference matrix and the verdict."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.gate.judging import PairDecision
from auxfocus_ros.monodepth.gate.masking import StaticAndDynamic
from auxfocus_ros.monodepth.gate.threshold import ELEMENTS, Decision
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate

Colour = tuple[int, int, int]
PANEL_PX, PANEL_HEIGHT_PX, GAP_PX, LINE_PX = 520, 390, 14, 20
CELL_PX, CELL_HEIGHT_PX = 116, 46
PAPER, INK, FAINT, LINE, OVER, EMPTY = (250,) * 3, (30,) * 3, (150,) * 3, (200,) * 3, (40, 40, 210), (232,) * 3
MOVABLE: Colour = (40, 120, 255)
CUT: Colour = OVER
WHOLE: Colour = (60, 140, 40)
LEFT_OUT: Colour = (110,) * 3


def draw_decision(decision: PairDecision, title: str = "") -> NDArray[np.uint8]:
    """Draw one.

    Args:
        decision: of a pair.
        title: the pair's name, for the first line.

    Returns:
        (h, w, 3) uint8 BGR: above, first and second picture with what can move tinted; then the first static and dynamic image;
        below, the matrix of absolute differences over its thresholds (white to yellow and red as they come near; those over it in
        a frame), and the verdict.
    """
    first, second = decision.first, decision.second
    rows = [
        _panels(
            ("first picture, what can move tinted", _tinted(first)), ("second picture, what can move tinted", _tinted(second))
        ),
        _panels(("first static image", _bgr(first.static)), ("first dynamic image", _bgr(first.dynamic))),
        _verdict(decision),
    ]
    wide = 3 * GAP_PX + 2 * PANEL_PX
    head = _text_block([title], wide - 2 * GAP_PX, 0.6) if title else np.full((0, wide - 2 * GAP_PX, 3), PAPER, np.uint8)
    return np.vstack([_with_edge(head), *rows])


def _panels(*panels: tuple[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    height, width = panels[0][1].shape[:2]
    scale = min(PANEL_PX / width, PANEL_HEIGHT_PX / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    row = np.full((size[1] + LINE_PX + GAP_PX, 3 * GAP_PX + 2 * PANEL_PX, 3), PAPER, np.uint8)
    for number, (caption, picture) in enumerate(panels):
        left = GAP_PX + number * (PANEL_PX + GAP_PX)
        _write(row, caption, (left, LINE_PX - 6), 0.45)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
        row[LINE_PX : LINE_PX + size[1], left : left + size[0]] = cv2.resize(picture, size, interpolation=how)
    return row


def _tinted(one: StaticAndDynamic) -> NDArray[np.uint8]:
    """The picture with what can move in a colour, and its outline."""
    picture = _bgr(one.picture).copy()
    picture[one.movable] = (0.55 * picture[one.movable] + 0.45 * np.array(MOVABLE)).astype(np.uint8)
    outlines, _ = cv2.findContours(one.movable.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, MOVABLE, max(1, round(max(picture.shape) / 640)))
    return picture


def _bgr(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)) if picture.ndim == 2 else picture


def _verdict(decision: PairDecision) -> NDArray[np.uint8]:
    """The table at the left, the words at the right."""
    table = _table(decision.decision)
    width = 2 * PANEL_PX + GAP_PX - table.shape[1] - 2 * GAP_PX
    said, colour = _heading(decision)
    lines = [decision.reason[:1].upper() + decision.reason[1:] + "."]
    shares = [f"{one.movable.mean():.1%}" for one in (decision.first, decision.second)]
    lines.append(f"Can move: {shares[0]} of the first picture, {shares[1]} of the second.")
    lines += [f"{name} pose: {_turn_and_way(pose.matrix, pose.metric)}" for name, pose in _poses(decision)]
    words = np.vstack([_text_block([said], width, 0.62, colour), _text_block(lines, width, 0.45)])
    high = max(len(table), len(words))
    below = np.full((high, table.shape[1] + 2 * GAP_PX + width, 3), PAPER, np.uint8)
    below[: len(table), : table.shape[1]] = table
    below[: len(words), table.shape[1] + 2 * GAP_PX :] = words
    return _with_edge(below)


def _heading(decision: PairDecision) -> tuple[str, Colour]:
    """The verdict and its consequence in a few words, and their colour."""
    if not decision.usable:
        return "NOT USABLE: the pair is left out", LEFT_OUT
    any_movable = decision.first.movable.any() or decision.second.movable.any()
    if decision.options.policy != "gate":
        why = f"{decision.options.policy} cut".upper()
    elif decision.decision is None:
        why = "CANNOT BE TOLD" if any_movable else "NOTHING CAN MOVE"
    else:
        why = "MOVING" if decision.moving else "STANDING"
    if decision.moving:
        return f"{why}: the static image is the target", CUT
    return f"{why}: the whole first picture is the target", WHOLE


def _poses(decision: PairDecision) -> list[tuple[str, PoseEstimate]]:
    """Those that could be told."""
    told = ("Static", decision.static_pose), ("Dynamic", decision.dynamic_pose), ("Target", decision.target_pose)
    return [(name, pose) for name, pose in told if pose is not None and not pose.problem]


def _turn_and_way(matrix: NDArray[np.float64], metric: bool) -> str:
    turn = np.degrees(np.linalg.norm(cv2.Rodrigues(np.ascontiguousarray(matrix[:3, :3], np.float64))[0]))
    way = ", ".join(f"{value:.3f}" for value in matrix[:3, 3] + 0.0)
    return f"turned {turn:.2f} deg, moved ({way}){' m' if metric else ''}"


def _table(decision: Decision | None) -> NDArray[np.uint8]:
    """The 4 x 4 matrix as cells; without a decision, empty ones."""
    table = np.full((LINE_PX + 4 * CELL_HEIGHT_PX + 2, 4 * CELL_PX + 2, 3), PAPER, np.uint8)
    said = "absolute pose differences / thresholds" if decision is not None else "no poses were compared"
    _write(table, said, (0, LINE_PX - 6), 0.45)
    corners = [(row, column, 1 + column * CELL_PX, LINE_PX + row * CELL_HEIGHT_PX) for row in range(4) for column in range(4)]
    for row, column, x, y in corners:
        ignored = decision is None or np.isinf(decision.thresholds[row, column])
        ground = (
            EMPTY if decision is None or ignored else _heat(decision.differences[row, column], decision.thresholds[row, column])
        )
        cv2.rectangle(table, (x, y), (x + CELL_PX, y + CELL_HEIGHT_PX), ground, -1)
        cv2.rectangle(table, (x, y), (x + CELL_PX, y + CELL_HEIGHT_PX), LINE, 1)
        ink = FAINT if ignored else INK
        _write(table, ELEMENTS[row][column], (x + 6, y + 16), 0.42, ink)
        if decision is not None:
            _write(table, _short(decision.differences[row, column]), (x + 40, y + 18), 0.48, ink)
            threshold = decision.thresholds[row, column]
            _write(
                table, "not looked at" if ignored else f"/ {_short(threshold)}", (x + (6 if ignored else 40), y + 37), 0.42, ink
            )
    for row, column, x, y in corners:  # last, so that no neighbour paints over a frame
        if decision is not None and decision.exceeded[row, column]:
            cv2.rectangle(table, (x + 2, y + 2), (x + CELL_PX - 2, y + CELL_HEIGHT_PX - 2), OVER, 3)
    return table


def _short(value: float) -> str:
    return f"{value:.4f}" if value < 10 else f"{value:.4g}"


def _heat(difference: float, threshold: float) -> Colour:
    """White at 0, yellow at the threshold, light red at twice as much and beyond."""
    share = 2.0 if difference > 2 * threshold else difference / threshold if threshold > 0 else 0.0
    ramp = np.array([(250, 250, 250), (150, 235, 255), (150, 160, 255)], np.float64)
    blue, green, red = (round(float(np.interp(share, [0, 1, 2], ramp[:, channel]))) for channel in range(3))
    return blue, green, red


def _text_block(paragraphs: list[str], width_px: int, scale: float, colour: Colour = INK) -> NDArray[np.uint8]:
    """Paragraphs, broken where they would not fit."""
    lines = [line for text in paragraphs for line in _broken(text, width_px, scale)]
    step = round(LINE_PX * max(1.0, scale / 0.45))
    block = np.full((step * len(lines) + 8, width_px, 3), PAPER, np.uint8)
    for number, line in enumerate(lines):
        _write(block, line, (0, step * (number + 1) - 5), scale, colour)
    return block


def _broken(text: str, width_px: int, scale: float) -> list[str]:
    """Lines that fit, broken between words, and within a word that alone is too long."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, scale) <= width_px:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if _width(lines[-1] + letter, scale) > width_px:
                lines.append("")
            lines[-1] += letter
    return lines


def _width(text: str, scale: float) -> int:
    return int(cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, _thick(scale))[0][0])


def _thick(scale: float) -> int:
    return 2 if scale > 0.6 else 1


def _write(picture: NDArray[np.uint8], text: str, left_base_px: tuple[int, int], scale: float, colour: Colour = INK) -> None:
    """Text; `left_base_px`: where its base line begins."""
    plain = text.encode("ascii", "replace").decode()  # what OpenCV's font has
    cv2.putText(picture, plain, left_base_px, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, _thick(scale), cv2.LINE_AA)


def _with_edge(block: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.copyMakeBorder(block, GAP_PX // 2, GAP_PX // 2, GAP_PX, GAP_PX, cv2.BORDER_CONSTANT, value=PAPER))
