"""Draw the pictures of docs/auxiliary-focus.md from the bundled recordings, each by the command `auxfocus distribution`.

python tools/draw_auxiliary_focus.py -o docs/images

Every command is printed as one would type it. A picture of several images is made by one command each, which stand side by side.
With --page the operator's page is drawn too, through the whole graph and a headless Chromium. With --options the table of options
for the docs is printed, and nothing drawn.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from auxfocus_ros.cli import main as auxfocus

ROOM = "samples/rgbd_room --frame 2 --lens vga_25mm"
ROAD = "samples/rgb_lidar_road --frame 1 --lens field_50mm --text-scale 1.8"
STREET = ROAD.replace("--frame 1", "--frame 0")
WIDTH_PX = 800
LARGEST_BYTES = 66_000


@dataclass(frozen=True)
class Drawing:
    """A picture of the docs: its file's name, and the arguments of each image in it."""

    name: str
    commands: tuple[str, ...]


DRAWINGS = (
    Drawing("focus_moves", (f"{ROOM} --focus-distance 1.5", f"{ROOM} --focus-distance 3.5")),
    Drawing("top_bottom", (f"{ROAD} --focus-distance 19 --layout top_bottom",)),
    Drawing("side_by_side", (f"{ROOM} --focus-distance 3.5 --layout side_by_side",)),
    Drawing("horizontal", (f"{ROOM} --focus-distance 3.5 --projection horizontal --direction right",)),
    Drawing("slanted", (f"{ROAD} --focus-distance 19 --projection slanted --slant-rad 0.6 --layout side_by_side",)),
    Drawing("down", (f"{ROOM} --focus-distance 3.5 --direction down",)),
    Drawing("scales", tuple(f"{ROOM} --focus-distance 3.5 --scale {scale}" for scale in ("linear", "dioptre", "log"))),
    Drawing("ticks_objects", (f"{ROAD} --focus-distance 19 --ticks objects",)),
    Drawing("metres", (f"{ROAD} --focus-distance 19 --across metres --scale linear --far-m 60 --layout top_bottom",)),
    Drawing("grey", (f"{ROOM} --focus-distance 3.5 --point-colours grey --no-mark-points-in-focus",)),
    Drawing("marks", (f"{ROAD} --focus-distance 19 --point-style marks",)),
    Drawing("arrow", (f"{ROOM} --focus-distance 3.5 --focus-mark arrow --mark-focal-plane --box-in-focus",)),
    Drawing("area_frame", (f"{ROAD} --focus-distance 19 --focus-area frame",)),
    Drawing("area_boxes", (f"{ROAD} --focus-distance 19 --focus-area boxes",)),
    Drawing("area_characters", (f"{ROOM} --focus-distance 3.5 --focus-area characters",)),
    Drawing("area_colour", (f"{ROOM} --focus-distance 3.5 --focus-area none --focus-colour green",)),
    Drawing("target", (f"{ROOM} --focus-distance 1.5 --select-point 370 210",)),
    Drawing("layers", (f"{ROOM} --focus-distance 1.5 --layers --panel-share 1 --layout side_by_side",)),
    Drawing("sensor", (f"{ROAD} --focus-distance 19 --field-of-view sensor --layout top_bottom",)),
    Drawing("boxes", (f"{ROAD} --focus-distance 19 --association boxes --layout top_bottom",)),
    Drawing("colours", (f"{ROAD} --focus-distance 19 --association colours --layout top_bottom",)),
    Drawing("letters", (f"{ROAD} --focus-distance 19 --association letters --layout top_bottom",)),
    Drawing("overlay", (f"{ROOM} --focus-distance 3.5 --opacity 0.6 --dimming 0.1",)),
    Drawing("inset", (f"{ROAD} --focus-distance 19 --layout inset --text-scale 1.2",)),
    Drawing("offset_bars", (f"{ROOM} --focus-distance 3.5 --offset-bars --peaking --layout side_by_side",)),
    Drawing("hidden", tuple(f"{STREET} --focus-distance 19 --layout top_bottom{words}" for words in ("", " --hide-occluded"))),
)


def draw(words: str, root: Path) -> np.ndarray:
    """The image that one command makes. Raises RuntimeError where it fails, with what it said."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "image.png"
        arguments = [str(root / word) if word.startswith("samples/") else word for word in words.split()]
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = auxfocus(["distribution", *arguments, "-o", str(file)])
        if status != 0:
            raise RuntimeError(f"auxfocus distribution {words}: {said.getvalue().strip()}")
        image = cv2.imread(str(file))
    assert image is not None
    return np.asarray(image)


def draw_page() -> np.ndarray:
    """The operator's page on the bundled room, focused at 3.5 m by its entry, as a browser shows it."""
    from auxfocus_ros.commands.bench_page import free_port, open_browser, open_page
    from auxfocus_ros.commands.processes import GraphProcesses, private_domain
    from auxfocus_ros.graph import GraphOptions, describe_graph
    from auxfocus_ros.optics import share_dir
    from auxfocus_ros.ros.transport import use_shipped_profile

    private_domain()
    use_shipped_profile()
    port = free_port()
    parameters: dict[str, dict[str, bool | int | float | str]] = {
        "gimbal_rig": {"rate_hz": 10.0, "hold_s": 30.0},
        "operator_panel": {"port": port},
    }
    graph = describe_graph(
        GraphOptions(path=str(share_dir() / "samples" / "rgbd_room"), lens="vga_25mm", panel=True, parameters=parameters)
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        GraphProcesses(graph, log_directory=Path(folder)) as processes,
        open_browser() as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        open_page(page, f"http://127.0.0.1:{port}/", processes.check)
        page.locator("#entry").fill("3.5")
        page.locator("#entry").press("Enter")
        page.wait_for_timeout(6000)
        data = page.screenshot()
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))


def options_table() -> str:
    """Every option of the image, in the docs' form, from where it is declared."""
    from auxfocus_ros.commands.option_flags import default_text
    from auxfocus_ros.declaration import fields_of
    from auxfocus_ros.view import DistributionOptions, ViewOptions

    rows = ["| option | default | values | what it does |", "| --- | --- | --- | --- |"]
    for name, (kind, default, info) in (fields_of(ViewOptions) | fields_of(DistributionOptions)).items():
        values = "on, off" if kind is bool else ", ".join(info.choices) or f"{info.range_text()} {info.unit}".strip()
        rows.append(f"| `{name}` | {default_text(default)} | {values} | {info.description} |")
    return "\n".join(rows)


def resized(image: np.ndarray, width_px: int) -> np.ndarray:
    """To a width, keeping the shape."""
    height_px = round(image.shape[0] * width_px / image.shape[1])
    return np.asarray(cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_AREA))


def jpeg(image: np.ndarray) -> bytes:
    """The picture as JPEG of at most LARGEST_BYTES, as good as that allows."""
    for quality in (88, 84, 80, 75, 70, 60, 50):
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= LARGEST_BYTES:
            break
    return data


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images"), help="folder (default: docs/images)")
    parser.add_argument("--only", action="append", metavar="NAME", help="one picture alone; may be repeated")
    parser.add_argument("--page", action="store_true", help="the operator's page, too (needs the graph and a Chromium)")
    parser.add_argument("--options", action="store_true", help="print the table of options instead")
    arguments = parser.parse_args()
    if arguments.options:
        print(options_table())
        return 0
    root = Path(__file__).resolve().parents[1]
    for drawing in DRAWINGS:
        if arguments.only and drawing.name not in arguments.only:
            continue
        images = [draw(words, root) for words in drawing.commands]
        each_px = WIDTH_PX if len(images) == 1 else 2 * WIDTH_PX // 3
        image = np.hstack([resized(one, each_px) for one in images])
        file = arguments.output / f"aux_{drawing.name}.jpg"
        file.write_bytes(jpeg(image))
        print(f"{file} ({file.stat().st_size // 1000} kB)")
        for words in drawing.commands:
            print(f"    auxfocus distribution {words} -o {drawing.name}.png")
    if arguments.page:
        file = arguments.output / "aux_page.jpg"
        file.write_bytes(jpeg(resized(draw_page(), WIDTH_PX)))
        print(f"{file} ({file.stat().st_size // 1000} kB)\n    auxfocus up samples/rgbd_room --lens vga_25mm")
    return 0


if __name__ == "__main__":
    sys.exit(main())
