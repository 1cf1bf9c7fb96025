"""Draw the picture of docs/analysis.md: the report of a simulated walk, as a headless Chromium shows it.

python tools/draw_analysis.py -o docs/images/analysis_report.png

The commands are printed as one would type them.
"""

from __future__ import annotations

import argparse
import shlex
import tempfile
from pathlib import Path

from auxfocus_ros.cli import main as auxfocus
from auxfocus_ros.commands.bench_page import open_browser

COMMANDS = (
    "simulate portrait_walk -o out/walk.mcap --width 960 --height 540 --focus-sweep 8:2 --no-truth",
    "analyze out/walk.mcap -o out/walk",
)
REPORT = "out/walk/report.html"
TIMELINE = "#stack"
"""What ends the picture; above it are the answers."""
WIDTH_PX = 1100


def report(root: Path) -> Path:
    """The report that COMMANDS make, their paths below a folder. Raises RuntimeError where one fails."""
    for words in COMMANDS:
        print(f"    auxfocus {words}")
        arguments = [str(root / word) if word.startswith("out/") else word for word in shlex.split(words)]
        if auxfocus(arguments) != 0:
            raise RuntimeError(f"auxfocus {words} failed")
    return root / REPORT


def screenshot(page: Path) -> bytes:
    """PNG of the page's top, the timeline included."""
    with open_browser() as browser:
        window = browser.new_page(viewport={"width": WIDTH_PX, "height": WIDTH_PX}, color_scheme="light")
        window.goto(page.as_uri())
        box = window.locator(TIMELINE).bounding_box()
        height_px = box["y"] + box["height"]
        data: bytes = window.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH_PX, "height": height_px})
    return data


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/analysis_report.png"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = screenshot(report(Path(folder)))
    arguments.output.write_bytes(data)
    print(f"{arguments.output} ({len(data) // 1000} kB)")


if __name__ == "__main__":
    main()
