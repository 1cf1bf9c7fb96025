"""Draw the contact sheet of the shipped scenes: each at three moments of its pass, as its camera sees it.

python tools/draw_scenes.py -o docs/images/scenes.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from auxfocus_ros.rig.simulation import load_scene, shipped_scenes
from auxfocus_ros.rig.simulation.source import SimulationSource

SHARES = (0.05, 0.4, 0.75)
"""Of each pass."""
WIDTH_PX, HEIGHT_PX = 400, 300


def strip(name: str) -> np.ndarray:
    """One scene, its name written into the first picture."""
    scene = load_scene(name)
    # Few frames are enough to be at the three moments.
    source = SimulationSource(name, width_px=WIDTH_PX, height_px=HEIGHT_PX, rate_hz=4.0)
    wanted = [round(share * scene.duration_s * source.rate_hz) for share in SHARES]
    try:
        pictures = [frame.picture for number, frame in enumerate(source.frames()) if number in wanted]
    finally:
        source.close()
    cv2.putText(pictures[0], name, (10, HEIGHT_PX - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 4, cv2.LINE_AA)
    cv2.putText(pictures[0], name, (10, HEIGHT_PX - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    return np.hstack(pictures)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/scenes.jpg"))
    arguments = parser.parse_args()
    cv2.imwrite(str(arguments.output), np.vstack([strip(name) for name in shipped_scenes()]), [cv2.IMWRITE_JPEG_QUALITY, 85])
    print(arguments.output)


if __name__ == "__main__":
    main()
