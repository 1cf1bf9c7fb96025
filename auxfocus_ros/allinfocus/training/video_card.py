"""The model card of the fusion of video, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auxfocus_ros.autofocus.training.card import LICENCE


def write_video_card(card: Mapping[str, Any], weights: Path) -> None:
    """Write NAME.json and NAME.md beside NAME.safetensors."""
    weights.with_suffix(".json").write_text(json.dumps(card, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    photos, judged, clips = (
        ", ".join(card[key]) or nothing
        for key, nothing in (("photos_learned_from", "none"), ("photos_judged_by", "none: drawn textures"), ("clips", "none"))
    )
    lines = [
        f"# {card['model']}",
        "",
        f"Architecture `{card['architecture']}`, {card['weights']:,} weights. Made by",
        "",
        f"    {card['command']}",
        "",
        f"on {card['cores']} CPU cores: {card['minutes_simulating']} minutes of simulation, {card['minutes_training']} minutes",
        f"of training; {card['sequences']} sequences, {card['rounds']} rounds of {card['epochs']} passes, batches of "
        f"{card['batch']}, seed {card['seed']}. In the second round the network learns from the frames that it fused itself.",
        "",
        f"Learned from: {photos}; {100 * card['drawn_textures_share']:.0f} % drawn textures; simulated clips: {clips}.",
        f"Judged while training by: {judged}. {LICENCE}",
        "",
        f"Mean error of the fused frame in units of 10 brightness levels: {card['training_loss']:.4f} at the end of the "
        f"training, {card['validation_loss']:.4f} on photographs that it did not learn from.",
    ]
    weights.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
