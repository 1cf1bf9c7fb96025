"""What the page's benchmark says of its latencies, and of a machine without a browser. The page itself: test/panel/browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from auxfocus_ros.commands.bench_page import find_browser, free_port, summary
from auxfocus_ros.errors import MissingLibraryError


def test_the_summary_of_a_hundred_latencies() -> None:
    row = summary("x", [float(number) for number in range(101)])
    assert (row["n"], row["median_ms"], row["p95_ms"], row["max_ms"], row["met"]) == (101, 50.0, 95.0, 100.0, True)
    assert not summary("x", [100.1] * 100)["met"]
    assert summary("x", [10.0] * 97 + [500.0] * 3)["met"]  # the bar is the 95th percentile's


def test_a_browser_is_looked_for_on_the_path_and_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AUXFOCUS_BROWSER", raising=False)
    with pytest.raises(MissingLibraryError, match="install chromium"):
        find_browser()
    browser = tmp_path / "chromium-browser"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    assert find_browser() == str(browser)
    monkeypatch.setenv("AUXFOCUS_BROWSER", str(tmp_path / "none"))
    with pytest.raises(MissingLibraryError, match="AUXFOCUS_BROWSER"):
        find_browser()


def test_ports_are_free_ones() -> None:
    assert 1024 <= free_port() <= 65535
