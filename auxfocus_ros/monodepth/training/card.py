"""The model card of a depth network that was trained without labels, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auxfocus_ros.monodepth.training.sequence_checks import reasons_text

MOST_NAMED = 30
"""Sequences that the page has a line for; the JSON has all."""
MASKS = {
    "gate": "is cut from the loss where the gate says that it moves",
    "always": "is always cut from the loss",
    "never": "is never cut from the loss",
}


def write_monodepth_card(card: Mapping[str, Any], weights: Path) -> None:
    """Write NAME.json and NAME.md beside NAME.safetensors."""
    weights.with_suffix(".json").write_text(json.dumps(card, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    weights.with_suffix(".md").write_text("\n".join(_page(card)) + "\n", encoding="utf-8")


def _page(card: Mapping[str, Any]) -> list[str]:
    options, judged = card["options"], card["frames_held_out"]
    return [
        f"# {card['model']}",
        "",
        f"Architecture `{card['architecture']}`, {card['weights']:,} weights. Made by",
        "",
        f"    {card['command']}",
        "",
        f"on {card['cores']} CPU cores in {card['minutes_training']} minutes of training: {card['epochs']} passes of "
        f"{card['frames_in_a_pass']} frames, batches of {card['batch']}, seed {card['seed']}.",
        "",
        f"Learned {'with true depth beside' if options['supervision'] else 'without labels'} from {card['frames_learned_from']} "
        f"frames, {options['gap']} apart from those that they are explained by. Pose: {options['pose']}, its length by "
        f"{options['length']}. What can move (classes: {options['classes']}) {MASKS[options['mask']]}.",
        f"Judged while training by {f'{judged} frames that were held out' if judged else 'frames that it learned from'}.",
        "The weights are bound by the licences of what they were learned from.",
        "",
        "| sequence | frames | size | pairs | moving | left out |",
        "| --- | --- | --- | --- | --- | --- |",
        *[_line(one) for one in card["sequences"][:MOST_NAMED]],
        *([f"\nand {len(card['sequences']) - MOST_NAMED} more."] if len(card["sequences"]) > MOST_NAMED else []),
        "",
        *_figures(card["figures"]),
    ]


def _line(one: Mapping[str, Any]) -> str:
    wide, high = one["size_px"]
    left_out = reasons_text(one["left_out"]) or "none"
    return f"| {one['name']} | {one['frames']} | {wide} x {high} | {one['pairs']} | {one['moving']} | {left_out} |"


def _figures(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["No frame has a true depth: how good the depth is was not measured."]
    which = "held out" if found["held_out"] else "learned from"
    lines = [
        f"Depth of {found['frames']} frames {which} against the truth, {found['scaling']} scaling, cap {found['cap_m']:g} m:",
        "",
        "| | " + " | ".join(name.replace("_", " ") for name in found["after"]) + " |",
        "| --- |" + " --- |" * len(found["after"]),
    ]
    for when in ("before", "after"):
        if found.get(when):
            lines.append(f"| {when} | " + " | ".join(f"{value:.4f}" for value in found[when].values()) + " |")
    return lines
