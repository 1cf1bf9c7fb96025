"""`auxfocus bench distribution --part page`: how long after a lens state the operator's page shows it.

The whole way is real: the lens node stamps its state, the panel's node hears it over DDS, its server sends it over a socket, and
a headless Chromium draws the marker over a live picture that is decoded and drawn in the same page. The page itself notes when
it has shown a state: in a task posted from the animation frame that drew it, which runs once that frame has been handed to the
compositor. A state that a newer one replaced before the next frame is not counted. Both clocks are this machine's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import AuxfocusError, MissingLibraryError

BAR_MS = 100.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_VARIABLE = "AUXFOCUS_BROWSER"
BROWSER_ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
VIEWPORT = {"width": 1280, "height": 800}
MOVES = 40
# The glass is still under way when it is sent elsewhere: it moves nearly all the time, as in a hand's drag.
DISTANCES_M = (3.0, 40.0, 6.0, 1.8, 25.0, 4.0)
MOVE_S = 0.8
SPEED_STEPS_PER_S = 500.0
PICTURES_BEFORE = 10
START_TIMEOUT_S = 60.0


def page_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Lens states to the page while the lens moves, through the graph and a headless browser.

    Args:
        arguments: `repeats`: how many moves at least; 40 give about 1,200 states.

    Returns:
        `rows`: number, median, 95th percentile and maximum of the latencies, milliseconds; `pictures_drawn`: by the page
        meanwhile; `met`: whether the 95th percentile keeps to the bar.

    Raises:
        MissingLibraryError: no Chromium on PATH, or no Playwright.
        AuxfocusError: the graph or the page did not start.
    """
    from auxfocus_ros.commands.processes import GraphProcesses, private_domain
    from auxfocus_ros.graph import GraphOptions, describe_graph
    from auxfocus_ros.optics import share_dir
    from auxfocus_ros.ros.transport import use_shipped_profile

    find_browser()
    private_domain()
    use_shipped_profile()
    port = free_port()
    graph = describe_graph(
        GraphOptions(
            path=str(share_dir() / "samples" / "rgb_lidar_road"),
            lens="field_50mm",
            panel=True,
            parameters={
                "gimbal_rig": {"rate_hz": 15.0, "hold_s": 8.0},
                "aux_focus": {"near_m": 1.5, "far_m": 200.0},
                "lens_actuator": {"speed_steps_per_s": SPEED_STEPS_PER_S},
                "operator_panel": {"port": port},
            },
        )
    )
    with GraphProcesses(graph, log_directory=Path("out/bench/log/page")) as processes, open_browser() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        open_page(page, f"http://127.0.0.1:{port}/", processes.check)
        began_ms = 1e3 * time.time()
        for move in range(max(MOVES, int(getattr(arguments, "repeats", MOVES)))):
            page.locator("#entry").fill(f"{DISTANCES_M[move % len(DISTANCES_M)]:g}")
            page.locator("#entry").press("Enter")
            page.wait_for_timeout(1e3 * MOVE_S)
            processes.check()
        samples = page.evaluate("window.auxfocus.latency")
        pictures = page.evaluate("window.auxfocus.picture.count")
    late_ms = [one["drawn_ms"] - one["stamp_ms"] for one in samples if one["stamp_ms"] >= began_ms]
    if not late_ms:
        raise AuxfocusError("the page drew not one lens state: see out/bench/log/page")
    row = summary("lens state to marker on the page", late_ms)
    return {"rows": [row], "pictures_drawn": pictures, "met": row["met"]}


def summary(what: str, late_ms: list[float]) -> dict[str, Any]:
    """Number, median, 95th percentile, maximum, and whether the bar is kept."""
    ordered = sorted(late_ms)
    p95_ms = ordered[int(0.95 * (len(ordered) - 1))]
    return {
        "what": what, "n": len(ordered), "median_ms": ordered[len(ordered) // 2], "p95_ms": p95_ms, "max_ms": ordered[-1],
        "bar_ms": BAR_MS, "met": p95_ms <= BAR_MS,
    }  # fmt: skip


def find_browser() -> str:
    """Path of a Chromium: the one in AUXFOCUS_BROWSER, else the first on PATH.

    Raises:
        MissingLibraryError: there is none.
    """
    chosen = os.environ.get(BROWSER_VARIABLE, "")
    names = (chosen,) if chosen else BROWSERS
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    if chosen:
        raise MissingLibraryError(f"{BROWSER_VARIABLE} is {chosen!r}, which cannot be run: name a Chromium")
    raise MissingLibraryError(f"no browser on PATH ({', '.join(BROWSERS)}): install chromium")


@contextmanager
def open_browser() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright; closed at the end.

    Raises:
        MissingLibraryError: no Chromium, or no Playwright.
        AuxfocusError: Chromium does not start.
    """
    path = find_browser()
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise MissingLibraryError("the page is measured with Playwright: pip install playwright") from None
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_ARGUMENTS))
        except Error as error:
            raise AuxfocusError(f"{path} does not start: {str(error).splitlines()[0]}") from error
        try:
            yield browser
        finally:
            browser.close()


def open_page(page: Any, address: str, check: Callable[[], None]) -> None:
    """Open the operator's page and wait until it is live: at the helm, pictures and lens states drawn.

    check: called at every turn; raises when the graph has ended.

    Raises:
        AuxfocusError: it is not live in time.
    """
    from playwright.sync_api import Error

    ends = time.monotonic() + START_TIMEOUT_S
    live = (
        "document.documentElement.dataset.helm === 'mine' && window.auxfocus?.latency.length > 0 "
        f"&& window.auxfocus.picture.count >= {PICTURES_BEFORE}"
    )
    opened = False
    while time.monotonic() < ends:
        check()
        try:
            if not opened:
                page.goto(address)
                opened = True
            if page.evaluate(live):
                return
        except Error:  # not served yet
            opened = False
        time.sleep(0.2)
    print(f"[bench] the page says: {page.inner_text('body')[:300]!r}" if opened else "[bench] no page", file=sys.stderr)
    raise AuxfocusError(f"the page at {address} was not live within {START_TIMEOUT_S:g} s")


def free_port() -> int:
    """A TCP port of the loopback address that nobody has at the moment."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
