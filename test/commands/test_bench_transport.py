"""`auxfocus bench transport`: one short real run, and the arithmetic of its summary."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from auxfocus_ros.cli import main
from auxfocus_ros.commands.bench_transport import environment, measure, summary
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.ros.transport import PROFILE_VARIABLES, profile_path


@pytest.mark.graph
@pytest.mark.long
def test_a_short_run_measures_all_four_cells(domain: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deep" / "transport.json"
    small = ["--width", "64", "--height", "48", "--points", "100"]
    status = main(["bench", "transport", "--seconds", "0.5", "--repeats", "1", *small, "--json", str(file)])
    said, told = capfd.readouterr()
    assert status in (0, 1)  # of pictures this small the defaults lose nothing, so that a bar may be missed
    assert "best effort" in said and "shipped" in said and "met" in said
    assert "default, reliable, run 1 of 1" in told

    report = json.loads(file.read_text())
    assert report["domain"] == domain
    assert report["machine"] and report["date"].startswith("20")
    assert {"auxfocus_ros", "python", "rclpy"} <= set(report["versions"])
    assert report["stream"] == {"width": 64, "height": 48, "points": 100, "rate": 30.0, "seconds": 0.5, "repeats": 1}
    runs = report["runs"]
    assert [(run["reliability"], run["profile"]) for run in runs] == [
        ("best_effort", "default"), ("best_effort", "shipped"), ("reliable", "default"), ("reliable", "shipped"),
    ]  # fmt: skip
    for run in runs:
        assert run["sent"] == 15
        assert 0 < run["delivered"] <= 15 and run["share"] == run["delivered"] / 15
        assert 0 < run["latency_ms"]["p50"] <= run["latency_ms"]["p95"] <= run["latency_ms"]["max"]
        assert run["take"]["pictures"] >= run["delivered"] and run["take"]["clouds"] >= run["delivered"]
        assert run["give"]["cpu_s"] > 0 and run["take"]["cpu_s"] > 0
    assert len(report["cells"]) == 4 and len(report["bars"]) == 3
    assert status == (0 if all(bar["met"] for bar in report["bars"]) else 1)


def test_the_rivals_have_nothing_but_their_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROFILE_VARIABLES.values(), "FASTDDS_BUILTIN_TRANSPORTS", "RMW_FASTRTPS_PUBLICATION_MODE"):
        monkeypatch.setenv(name, "of the user")
    monkeypatch.setenv("RMW_IMPLEMENTATION", "rmw_zenoh_cpp")
    default, shipped = environment("default"), environment("shipped")
    assert "of the user" not in (*default.values(), *shipped.values())
    assert default["RMW_IMPLEMENTATION"] == "rmw_fastrtps_cpp"
    added = {name: shipped[name] for name in shipped if default.get(name) != shipped[name]}
    assert added and set(added) <= set(PROFILE_VARIABLES.values()) and set(added.values()) == {str(profile_path())}


def made_run(profile: str, reliability: str, delivered: int, p50: float | None) -> dict[str, Any]:
    latency = None if p50 is None else {"p50": p50, "p95": 2 * p50, "max": 3 * p50}
    share = delivered / 100
    return {
        "profile": profile,
        "reliability": reliability,
        "sent": 100,
        "delivered": delivered,
        "share": share,
        "latency_ms": latency,
    }


def test_the_summary_pools_shares_and_takes_medians() -> None:
    runs = []
    for delivered, p50 in ((98, 5.0), (99, 6.0), (100, 40.0)):
        runs.append(made_run("shipped", "best_effort", delivered, p50))
        runs.append(made_run("shipped", "reliable", 100, p50))
        runs.append(made_run("default", "best_effort", 2, 10.0))
        runs.append(made_run("default", "reliable", 90, 18.0))
    result = summary(runs)
    cell = next(cell for cell in result["cells"] if (cell["profile"], cell["reliability"]) == ("shipped", "best_effort"))
    assert cell["share"] == 297 / 300 and cell["share_spread"] == [0.98, 1.0]
    assert cell["p50_ms"] == 6.0 and cell["p50_spread_ms"] == [5.0, 40.0] and cell["p95_ms"] == 12.0
    share, p50, p95 = result["bars"]
    assert share["figure"] == 0.99 and share["met"]
    assert p50["figure"] == 3.0 and p50["met"]  # 18 ms over 6 ms
    assert p95["figure"] == 3.0 and p95["met"]


def test_bars_are_missed_by_too_little() -> None:
    runs = [
        made_run("shipped", "best_effort", 98, 5.0), made_run("default", "best_effort", 2, 10.0),
        made_run("shipped", "reliable", 100, 5.0), made_run("default", "reliable", 100, 14.9),
    ]  # fmt: skip
    assert [bar["met"] for bar in summary(runs)["bars"]] == [False, False, False]


@pytest.mark.parametrize(("ours", "theirs", "met"), [(5.0, None, True), (None, 5.0, False)])
def test_who_delivers_nothing_has_no_latency(ours: float | None, theirs: float | None, met: bool) -> None:
    runs = [
        made_run("shipped", "best_effort", 100, 5.0), made_run("default", "best_effort", 0, None),
        made_run("shipped", "reliable", 100 if ours else 0, ours), made_run("default", "reliable", 100 if theirs else 0, theirs),
    ]  # fmt: skip
    result = summary(runs)
    assert all(bar["met"] for bar in result["bars"]) == met
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize(
    ("option", "value"), [("--seconds", "0"), ("--rate", "-1"), ("--repeats", "0"), ("--width", "0"), ("--points", "-3")]
)
def test_a_number_that_cannot_be_is_named(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "transport", option, value]) == 2
    words = capsys.readouterr().err.strip()
    assert words.count("\n") == 0 and option in words and value in words and "between" in words


@pytest.mark.graph
def test_an_end_that_does_not_start_says_its_last_words(domain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "no number")
    options = argparse.Namespace(seconds=0.5, rate=30.0, width=8, height=8, points=1)
    before = peers()
    with pytest.raises(AuxfocusError, match=r"the process that should give ended with exit status \d+: \S") as caught:
        measure("default", "reliable", options)
    assert "\n" not in str(caught.value)
    assert peers() <= before  # the taker was ended too


def peers() -> set[str]:
    """Processes of this benchmark on this machine."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"commands.transport_peer" in (process / "cmdline").read_bytes():
                found.add(process.name)
        except OSError:  # it ended just now
            continue
    return found
