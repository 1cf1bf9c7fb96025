"""What each way of focusing would have done, frame by frame, and how near it would have come to the target's best position.

Every way was begun afresh on each frame, so that its answer is its first move. For a search by contrast that is a look around and
not its aim: its distance says little, the share in which it would have stayed says more.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from auxfocus_ros.analysis.summary.lens_use import STANDS_STEPS
from auxfocus_ros.analysis.summary.terms import Columns, Floats, Key, mean_of, numbers, texts
from auxfocus_ros.autofocus.methods import METHODS

MOST_WORDS = 8
"""Answers that are counted by their words; rarer ones are 'other'."""

ANSWERS_KEYS = (
    Key("autofocus.*.asked", "", "frames that the method was asked about; * is its name"),
    Key("autofocus.*.moves_share", "", "share of these in which it would have moved the lens"),
    Key("autofocus.*.off_mean_steps", "steps", "mean distance of where it would go from the target's best position, where known"),
    Key("autofocus.*.stood_off_mean_steps", "steps", "the same of where the lens stood, on the same frames"),
    Key(
        "autofocus.*.nearer_share",
        "",
        "share of these frames in which it would have come nearer, or stayed within the depth of focus",
    ),
    Key("autofocus.*.lands_share", "", "share of these frames in which it would have been in focus after its first move"),
    Key("autofocus.*.says.*", "", f"share of the frames with that answer; the {MOST_WORDS} most frequent, the others together"),
)


def autofocus_answers(columns: Columns, depth_of_focus_steps: float) -> dict[str, Any]:
    """What the methods said; see ANSWERS_KEYS.

    Args:
        columns: the table.
        depth_of_focus_steps: whole width; NaN: not known.

    Returns:
        The figures of every method that was asked, by its name; NaN where they are not known.
    """
    position, best = numbers(columns, "lens_position_steps"), numbers(columns, "target_best_steps")
    answers = {}
    for name in METHODS:
        goes, says = numbers(columns, f"next_{name}_steps"), texts(columns, f"says_{name}")
        words = Counter(str(word) for word in says if word is not None)
        if words or np.isfinite(goes).any():
            answers[name] = {**_moves(goes, position, best, depth_of_focus_steps / 2), "says": _shares(words)}
            answers[name]["asked"] = max(words.total(), int(np.isfinite(goes).sum()))
    return answers


def _moves(goes: Floats, position: Floats, best: Floats, half: float) -> dict[str, Any]:
    after, before = np.abs(goes - best), np.abs(position - best)
    both = np.isfinite(after) & np.isfinite(before)
    after, before = after[both], before[both]
    alike = np.ones(after.size)
    moves = np.abs(goes - position)
    lands = after <= half
    return {
        "moves_share": mean_of(np.where(np.isfinite(moves), moves > STANDS_STEPS, np.nan), np.ones(moves.size)),
        "off_mean_steps": mean_of(after, alike),
        "stood_off_mean_steps": mean_of(before, alike),
        "nearer_share": mean_of(((after < before) | lands).astype(np.float64), alike),
        "lands_share": mean_of(lands.astype(np.float64), alike) if np.isfinite(half) else float("nan"),
    }


def _shares(words: Counter[str]) -> dict[str, float]:
    listed = sorted(words.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in listed[MOST_WORDS:])
    kept = [*listed[:MOST_WORDS], *([("other", rest)] if rest else [])]
    return {word: count / words.total() for word, count in kept}
