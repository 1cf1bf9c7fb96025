"""Table 3 of Intelligent Autofocus beside ours: what judging one 512 x 512 patch costs, on one thread."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

from auxfocus_ros.commands.bench_autofocus_cases import load_plane, model, plane_names
from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.commands.bench_autofocus_runs import PATCH_PX
from auxfocus_ros.commands.bench_autofocus_source import TABLE_3

TENENGRAD, MEASURE = "Tenengrad, OpenCV alone", "Tenengrad, our measure"
ESTIMATOR, DISCRIMINATOR, BOTH = "reference estimator", "reference discriminator", "reference model, both"
OURS, DECISION = "our estimator", "ours, a whole decision"
REFERENCE_BAR, OURS_BAR_MS = 3.0, 5.0
BLUR_STEPS = 60.0
"""How far the lens stands off in the picture that all are shown: its blur radius is about 12 px."""


def cost_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Medians and quartiles, all ways in turn."""
    from auxfocus_ros.commands.bench_counting import by_turns, quartiles

    one_thread()
    ways = ways_of(picture())
    times = by_turns(ways, 5 if arguments.quick else arguments.repeats)
    both = [first + second for first, second in zip(times[ESTIMATOR], times[DISCRIMINATOR], strict=True)]
    rows: list[dict[str, Any]] = [{"what": name, **quartiles(times[name])} for name in ways]
    rows.insert(4, {"what": BOTH, **quartiles(both)})
    median = {row["what"]: float(row["median_ms"]) for row in rows}
    return {
        "patch_px": PATCH_PX,
        "repeats": len(both),
        "printed_ms": {hardware: list(values) for hardware, values in TABLE_3.items()},
        "rows": rows,
        "reference_ratio": median[BOTH] / median[TENENGRAD],
        "bars": [
            bar("reference model over OpenCV's Tenengrad", median[BOTH] / median[TENENGRAD], REFERENCE_BAR, "<=", unit="times"),
            bar("our estimator, 512 x 512", median[OURS], OURS_BAR_MS, "<", unit="ms"),
        ],
    }


def one_thread() -> None:
    """PyTorch, too."""
    import torch

    torch.set_num_threads(1)


def picture() -> np.ndarray:
    """A grey patch out of focus: what a camera gives to every way."""
    import cv2

    from auxfocus_ros.autofocus.plane_camera import LIGHTS, PlaneCamera

    plane = cv2.cvtColor(load_plane(plane_names()[0]), cv2.COLOR_BGR2GRAY)
    return PlaneCamera(
        np.asarray(plane, np.uint8), model(), 1500.0, 1500.0 + BLUR_STEPS, size_px=PATCH_PX, light=LIGHTS[1]
    ).capture()


def ways_of(patch: np.ndarray) -> dict[str, Callable[[], Any]]:
    """What is timed."""
    from auxfocus_ros.autofocus.networks import load_radius_estimator, load_reference_discriminator, load_reference_estimator
    from auxfocus_ros.autofocus.sharpness import measure

    estimator, discriminator = load_reference_estimator(), load_reference_discriminator()
    ours = load_radius_estimator()
    return {
        TENENGRAD: lambda: tenengrad(patch),
        MEASURE: lambda: measure("tenengrad", patch),
        ESTIMATOR: lambda: estimator.estimate_steps(patch),
        DISCRIMINATOR: lambda: discriminator.in_focus(patch),
        OURS: lambda: ours.estimate(patch),
        DECISION: decision(ours, patch),
    }


def tenengrad(patch: np.ndarray) -> float:
    """Sum of the squared Sobel gradients of a grey picture, as one writes it with OpenCV."""
    import cv2

    x, y = cv2.Sobel(patch, cv2.CV_32F, 1, 0), cv2.Sobel(patch, cv2.CV_32F, 0, 1)
    return float(cv2.norm(x, cv2.NORM_L2SQR) + cv2.norm(y, cv2.NORM_L2SQR))


def decision(estimator: Any, patch: np.ndarray) -> Callable[[], Any]:
    """From a frame to where the lens goes next: checks, estimate, spectra and posterior."""
    from auxfocus_ros.autofocus.controller import focus
    from auxfocus_ros.autofocus.terms import Sight, Task

    lens_model = model()
    start = 1500.0 + BLUR_STEPS
    task = Task(lens_model.min_position_steps, lens_model.max_position_steps, start, model=lens_model)

    def decide() -> Any:
        search = focus(task, estimator)
        look = next(search)
        try:
            return search.send(Sight(patch, look.position_steps))
        except StopIteration as end:
            return end.value

    return decide
