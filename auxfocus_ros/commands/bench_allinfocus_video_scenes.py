"""Moving scenes for the benchmark of video: sharp pictures with their depth, drawn by the simulator, never trained on."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from auxfocus_ros.allinfocus.training.video_worlds import SharpFrame

RATE_HZ = 20.0
FINER = 2
"""Pictures are drawn so many times finer each way, and averaged: a pixel of a sensor sees all of its area."""
SOFTNESS_PX = 0.6
"""Sigma of the finest that a lens and a colour filter show; without it pictures hold aliases, which no motion keeps."""
STILL = {"shake": {"rotation_rad": 0.0, "translation_m": 0.0}}
HANDS = {"shake": {"rotation_rad": 0.002, "translation_m": 0.001, "frequency_hz": 4.0}}


@dataclass(frozen=True)
class MovingScene:
    """A shipped scene from `start_s` on, with a camera that moves as `platform` and `gimbal` say, or as the scene itself has it.

    motion: in a word.
    """

    scene: str
    motion: str
    platform: Mapping[str, Any] | None = None
    gimbal: Mapping[str, Any] | None = None
    start_s: float = 0.0


LOW_M = 0.45
"""A low robot in the corridor: the floor before it is near."""
DOWN = {"pan_rad": 0.0, "tilt_rad": 0.12, "stabilise": False}


def _along(start_m: list[float], end_m: list[float], speed_m_per_s: float) -> dict[str, Any]:
    """A platform's straight way, looking along x."""
    return {"kind": "line", "from_m": start_m, "to_m": end_m, "speed_m_per_s": speed_m_per_s, "heading": 0.0}


_SWAY = {"kind": "sway", "centre_m": [0.0, 0.0, 1.15], "amplitude_m": [0.0, 0.16, 0.0], "period_s": 6.0}
TEST_SCENES: dict[str, MovingScene] = {
    "table, to the side": MovingScene("table_top", "transverse", {"path": _SWAY, **STILL}, DOWN),
    "table, forward": MovingScene(
        "table_top", "axial", {"path": _along([-0.45, 0.0, 1.15], [0.15, 0.0, 1.15], 0.15), **STILL}, DOWN
    ),
    "corridor, forward": MovingScene(
        "corridor", "axial", {"path": _along([2.6, -0.3, LOW_M], [13.6, -0.3, LOW_M], 0.5), **STILL}, DOWN
    ),
    "corridor, to the side": MovingScene(
        "corridor", "transverse", {"path": _along([5.0, -0.8, LOW_M], [5.0, 0.4, LOW_M], 0.3), **HANDS}, DOWN
    ),
    "table, things move": MovingScene(
        "table_top", "objects", {"position_m": [0.0, 0.0, 1.15], "heading_rad": 0.0, **STILL}, DOWN
    ),
}


def sharp_frames(moving: MovingScene, frames: int, width_px: int = 640, height_px: int = 480) -> list[SharpFrame]:
    """Draw a scene. Raises MissingLibraryError without MuJoCo or OpenGL."""
    from auxfocus_ros.optics.config_path import config_dir
    from auxfocus_ros.rig.simulation.source import SimulationSource

    shipped = config_dir() / "scenes" / f"{moving.scene}.yaml"
    content = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    for part, given in (("platform", moving.platform), ("gimbal", moving.gimbal)):
        if given is not None:
            content[part] = dict(given)
    content["model"] = str(shipped.parent / content["model"])
    content["camera"]["subframes"] = 1
    first = round(moving.start_s * RATE_HZ)
    content["duration_s"] = (first + frames) / RATE_HZ
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        source = SimulationSource(
            path, rate_hz=RATE_HZ, width_px=FINER * width_px, height_px=FINER * height_px, depth_sensor="none", noise=False,
            defocus=False,
        )  # fmt: skip
        try:
            made = []
            for number, frame in enumerate(source.frames()):
                if number < first:
                    continue
                assert frame.truth is not None
                picture = cv2.resize(frame.picture, (width_px, height_px), interpolation=cv2.INTER_AREA)
                picture = cv2.GaussianBlur(picture, (0, 0), SOFTNESS_PX)
                made.append(SharpFrame(np.asarray(picture), np.ascontiguousarray(frame.truth.depth_m[::FINER, ::FINER])))
            return made
        finally:
            source.close()
