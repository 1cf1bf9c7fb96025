"""The model card: what a network was made of, how, and how good it is, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.autofocus.training.bands import BANDS_PX, BANDS_STEPS, bands

LICENCE = "The photographs are CC0-1.0; the weights are under the project's licence."
HELD_OUT_DISTANCES = 3


def figures(model: str, network: Any, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """How good a trained network is on simulated samples that it did not learn from.

    Args:
        model: name of the network.
        network: trained.
        arrays: the samples.

    Returns:
        Plain numbers, to be printed and stored.
    """
    import torch

    from auxfocus_ros.autofocus.networks.goals import IN_FOCUS_STEPS, InFocusGoal, RadiusGoal, StepsGoal
    from auxfocus_ros.autofocus.networks.reference import IN_FOCUS, STEPS_UNIT
    from auxfocus_ros.autofocus.radius_estimate import RadiusEstimate
    from auxfocus_ros.learning.fitting import Goal

    goals: dict[str, Callable[[Any], Goal]] = {
        "radius": RadiusGoal, "reference_estimator": StepsGoal, "reference_discriminator": InFocusGoal,
    }  # fmt: skip
    goal = goals[model](arrays)
    rows = len(arrays["radius_px"])
    found = []
    with torch.inference_mode():
        for first in range(0, rows, 250):
            some = np.arange(first, min(first + 250, rows))
            output = network(*goal.inputs(some, None)).double()
            found.append((output if model == "reference_estimator" else torch.softmax(output, dim=1)).numpy())
    output = np.concatenate(found)
    if model == "radius":
        estimates = [RadiusEstimate(row) for row in output]
        true = np.asarray(arrays["radius_px"], np.float64)
        error = np.abs(np.array([one.radius_px for one in estimates]) - true)
        away = error / np.maximum([one.sigma_px for one in estimates], 1e-6)
        within = {"within_one_sigma": float((away <= 1).mean()), "within_two_sigma": float((away <= 2).mean())}
        return {**within, "bands": bands(true, error, BANDS_PX, "px")}
    steps = np.asarray(arrays["steps"], np.float64)
    if model == "reference_estimator":
        error = np.abs(np.maximum(output[:, 0] * STEPS_UNIT, 0) - steps)
        return {"mean_error_steps": float(error.mean()), "bands": bands(steps, error, BANDS_STEPS, "steps")}
    said, near = output[:, IN_FOCUS] >= 0.5, steps <= IN_FOCUS_STEPS
    return {
        "said_of_in_focus": float(said[near].mean()) if near.any() else None,
        "said_of_defocus": float(said[~near].mean()) if (~near).any() else None,
        "said_beyond_30_steps": float(said[steps > 30].mean()) if (steps > 30).any() else None,
    }


def held_out_figures(model: str, weights: Path) -> dict[str, Any]:
    """The same of weights in use, on the test planes of the package through the bench lens; nothing where they are not there."""
    from auxfocus_ros.autofocus import networks
    from auxfocus_ros.autofocus.networks.goals import IN_FOCUS_STEPS
    from auxfocus_ros.autofocus.training.held_out import looks, steps_table, test_planes
    from auxfocus_ros.optics.defocus_model import ThinLensModel
    from auxfocus_ros.optics.lens_file import load_lens

    planes = test_planes()
    if not planes:
        return {}
    lens = ThinLensModel(load_lens("bench_25mm"))
    if model == "reference_discriminator":
        discriminator = networks.load_reference_discriminator(weights)
        seen = [look for number, plane in enumerate(planes.values()) for look in looks(plane, lens, 1000 + number)]
        said = np.array([discriminator.in_focus(look.picture)[0] for look in seen])
        steps = np.array([look.steps for look in seen])
        near, beyond = steps <= IN_FOCUS_STEPS, steps > 30
        return {"said_of_in_focus": float(said[near].mean()), "said_beyond_30_steps": float(said[beyond].mean())}
    if model == "reference_estimator":
        steps_estimator = networks.load_reference_estimator(weights)
        return steps_table(
            lambda picture: (steps_estimator.estimate_steps(picture), float("nan")), planes, lens, HELD_OUT_DISTANCES
        )
    estimator = networks.load_radius_estimator(weights)

    def estimate(picture: np.ndarray) -> tuple[float, float]:
        found = estimator.estimate(picture)
        return found.radius_px, found.sigma_px

    return steps_table(estimate, planes, lens, HELD_OUT_DISTANCES)


def write_card(card: Mapping[str, Any], weights: Path) -> None:
    """Write NAME.json and NAME.md beside NAME.safetensors. A card's `rows_are` says what its `patches` are, where not patches."""
    weights.with_suffix(".json").write_text(json.dumps(card, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    weights.with_suffix(".md").write_text(_page(card), encoding="utf-8")


def _page(card: Mapping[str, Any]) -> str:
    photos = ", ".join(card["photos_learned_from"]) or "none"
    judged = ", ".join(card["photos_judged_by"]) or "none: drawn textures"
    lines = [
        f"# {card['model']}",
        "",
        f"Architecture `{card['architecture']}`, {card['weights']:,} weights. Made by",
        "",
        f"    {card['command']}",
        "",
        f"on {card['cores']} CPU cores: {card['minutes_simulating']} minutes of simulation, {card['minutes_training']} minutes",
        f"of training; {card['patches']:,} {card.get('rows_are', 'patches')}, {card['epochs']} passes, batches of "
        f"{card['batch']}, seed {card['seed']}.",
        "",
        f"Learned from: {photos}; {100 * card['drawn_textures_share']:.0f} % drawn textures.",
        f"Judged while training by: {judged}. {LICENCE}",
        "",
        "## Simulated samples of the photographs that it was judged by",
        "",
        *_section(card["figures"] or {}),
    ]
    held_out = card.get("held_out") or {}
    if held_out:
        lines += ["", "## Test planes through the bench lens (photographs kept for tests)"]
        parts = held_out.items() if any(isinstance(value, dict) for value in held_out.values()) else [("", held_out)]
        for light, found in parts:
            lines += ["", *([f"### {light}", ""] if light else []), *_section(found)]
    return "\n".join(lines) + "\n"


def _section(found: Mapping[str, Any]) -> list[str]:
    """Numbers as a list, and the bands as a table."""
    plain = {key: value for key, value in found.items() if not isinstance(value, (list, dict)) and value is not None}
    lines = [f"- {key.replace('_', ' ')}: {value:.3f}" for key, value in plain.items()]
    rows = found.get("bands", [])
    if rows:
        lines += ["", "| " + " | ".join(key.replace("_", " ") for key in rows[0]) + " |", "|" + " --- |" * len(rows[0])]
        lines += ["| " + " | ".join(f"{value:.4g}" for value in row.values()) + " |" for row in rows]
    return lines
