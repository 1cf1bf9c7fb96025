"""Recordings in, results out, on real workers: the same bytes whoever computes them, and nothing computed twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

from auxfocus_ros.analysis.analyse import Analysed, Results, analyse, plan
from auxfocus_ros.analysis.facts import look_at
from auxfocus_ros.analysis.joining import Job, join
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.output import ANNOTATED, FILM, FRAMES, REPORT, SUMMARY, WORK, read_summary
from auxfocus_ros.analysis.part import Problem
from auxfocus_ros.analysis.parts import plan_parts
from auxfocus_ros.analysis.running import Progress
from auxfocus_ros.analysis.store import PartStore
from auxfocus_ros.analysis.tables import FrameTable
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.recording_writer import RecordingWriter

OPTIONS = AnalysisOptions(estimator=False, part_s=1.0, lead_s=0.5)
EVERYTHING = replace(OPTIONS, video=True, annotated=True)
FRAME_COUNT = 30


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a cluster that is there already, with two workers of one thread."""
    settings = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_kwargs=settings) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def recording(flight: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return flight(tmp_path_factory.mktemp("flight") / "flight.mcap", FRAME_COUNT)


@pytest.fixture(scope="module")
def everything(recording: Path, cluster: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Analysed]:
    """All results of the flight."""
    folder = tmp_path_factory.mktemp("out") / "deep" / "flight"
    (analysed,) = analyse([recording], folder, EVERYTHING, scheduler=cluster).analysed
    return folder, analysed


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (FRAMES, SUMMARY, REPORT, FILM, ANNOTATED)}


def test_all_results_are_there_and_agree(everything: tuple[Path, Analysed], recording: Path) -> None:
    folder, analysed = everything
    assert sorted(path.name for path in folder.iterdir()) == sorted([FRAMES, SUMMARY, REPORT, FILM, ANNOTATED, WORK])
    assert (analysed.recording, analysed.folder, analysed.parts, analysed.found) == (recording, folder, 3, 0)
    summary = read_summary(folder)
    assert summary == analysed.summary
    assert (summary["frames"], summary["lacks"], summary["problems"]) == (FRAME_COUNT, [], [])
    assert summary["recording"]["lens"] == "bench_25mm"  # as the recording's lens calls itself
    assert summary["in_focus"]["share"] == pytest.approx(0.5)
    assert [(one["first_frame"], one["last_frame"]) for one in summary["soft"]["passages"]] == [(15, 29)]
    frames = FrameTable(folder / FRAMES)
    assert frames["frame"].tolist() == list(range(FRAME_COUNT))
    assert np.allclose(frames["time_s"], np.arange(FRAME_COUNT) / 10)
    assert set(frames["target_id"].tolist()) == {frames["target_id"][0]}  # one thing, over all borders
    page = (folder / REPORT).read_text()
    assert "flight" in page and f'href="{FILM}"' in page
    assert page.count('<img alt="frame ') == 1  # of the soft passage


def test_the_film_and_the_annotated_recording_are_of_all_frames(everything: tuple[Path, Analysed]) -> None:
    import av

    folder, _ = everything
    with av.open(str(folder / FILM)) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAME_COUNT
    facts = look_at(folder / ANNOTATED, replace(OPTIONS, topics="image=/aux_focus/image/compressed"))
    assert facts.counts["/aux_focus/image/compressed"] == facts.counts["/aux_focus/targets"] == FRAME_COUNT


def test_one_worker_or_two_and_stopped_or_not_give_the_same_bytes(
    everything: tuple[Path, Analysed], recording: Path, tmp_path: Path, cluster: str
) -> None:
    folder, _ = everything
    stopped, alone = tmp_path / "stopped", tmp_path / "alone"
    shutil.copytree(folder / WORK, stopped / WORK)
    kept = stopped / WORK / "part-000000.zip"
    for number in (1, 2):
        (stopped / WORK / f"part-{number:06d}.zip").unlink()
    before = kept.stat().st_mtime_ns
    (resumed,) = analyse([recording], stopped, EVERYTHING, scheduler=cluster).analysed
    assert (resumed.found, kept.stat().st_mtime_ns) == (1, before)
    analyse([recording], alone, EVERYTHING, workers=1)
    assert files(stopped) == files(alone) == files(folder)
    assert read_summary(alone)["recording"]["parts"] == 3


def test_of_several_recordings_each_has_its_folder_and_a_bad_one_its_line(
    flight: Callable[..., Path], tmp_path: Path, cluster: str
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = flight(tmp_path / "a" / "run.mcap", 5), flight(tmp_path / "b" / "run.mcap", 6)
    broken, missing = tmp_path / "broken.mcap", tmp_path / "missing.bag"
    broken.write_bytes(b"no recording")
    out, heard = tmp_path / "out", list[Progress]()
    found: Results = analyse([first, broken, second, missing], out, OPTIONS, scheduler=cluster, told=heard.append)
    assert [(one.recording, one.folder, one.summary["frames"]) for one in found.analysed] == [
        (first, out / "run", 5),
        (second, out / "run_2", 6),
    ]
    assert [one.recording for one in found.refused] == [broken, missing]
    assert "broken.mcap" in found.refused[0].why and "missing.bag" in found.refused[1].why
    of_all = json.loads((out / SUMMARY).read_text())
    assert [(one["folder"], one["frames"], one["in_focus.share"]) for one in of_all["recordings"]] == [
        ("run", 5, pytest.approx(0.4)),
        ("run_2", 6, pytest.approx(0.5)),
    ]
    assert [one["recording"] for one in of_all["not_analysed"]] == [str(broken), str(missing)]
    assert (heard[0].done, heard[-1].done, heard[-1].of) == (0, 2, 2)
    with pytest.raises(InputError, match=r"holds the results of several recordings: choose another output folder"):
        analyse([first], out, OPTIONS)


def test_a_plan_says_what_is_to_do_and_writes_nothing(recording: Path, tmp_path: Path) -> None:
    told = plan([recording, tmp_path / "missing.mcap"], tmp_path / "out", OPTIONS)
    (one,) = told.recordings
    assert (one.parts, one.done, one.pictures, one.duration_s) == (3, 0, FRAME_COUNT, pytest.approx(2.9))
    assert (len(told.refused), told.remaining_s) == (1, None)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_knows_what_is_done_and_reckons_the_rest_by_it(
    everything: tuple[Path, Analysed], recording: Path, tmp_path: Path
) -> None:
    shutil.copytree(everything[0] / WORK, tmp_path / WORK)
    (tmp_path / WORK / "part-000002.zip").unlink()
    (tmp_path / WORK / "pace.json").write_text('{"parts": 4, "seconds": 6.0}')
    told = plan([recording], tmp_path, EVERYTHING)
    assert [(one.parts, one.done) for one in told.recordings] == [(3, 2)]
    assert told.remaining_s == 1.5


def test_what_a_run_takes_is_kept_for_the_next_plan(everything: tuple[Path, Analysed]) -> None:
    pace = json.loads((everything[0] / WORK / "pace.json").read_text())
    assert pace["parts"] == 3 and pace["seconds"] > 0


@pytest.mark.parametrize("file", [SUMMARY, "work/store.json"])
def test_a_folder_of_another_version_or_of_other_options_is_refused(
    everything: tuple[Path, Analysed], recording: Path, tmp_path: Path, file: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(everything[0], out)
    for other in {SUMMARY, "work/store.json"} - {file}:
        (out / other).unlink()
    if file == SUMMARY:
        shutil.rmtree(out / WORK)
    with pytest.raises(InputError, match=r"of other options: "):
        analyse([recording], out, OPTIONS)
    label = json.loads((out / file).read_text())
    (out / file).write_text(json.dumps({**label, "format": 0}))
    with pytest.raises(InputError, match=r"of another version \(0.*, format 0; this is .*, format 1\)"):
        analyse([recording], out, EVERYTHING)


def test_a_damaged_part_is_named_and_the_rest_goes_on(everything: tuple[Path, Analysed], recording: Path, tmp_path: Path) -> None:
    shutil.copytree(everything[0] / WORK, tmp_path / WORK)
    part = tmp_path / WORK / "part-000001.zip"
    data = bytearray(part.read_bytes())
    data[len(data) // 2 - 2000 : len(data) // 2] = bytes(2000)
    part.write_bytes(data)
    results = analyse([recording], tmp_path, EVERYTHING)
    assert results.analysed == ()
    assert results.refused[0].why == f"{part}: damaged: delete it and run again"


def test_a_part_that_failed_is_a_problem_and_the_others_are_joined(
    everything: tuple[Path, Analysed], recording: Path, tmp_path: Path
) -> None:
    shutil.copytree(everything[0] / WORK, tmp_path / WORK)
    (tmp_path / WORK / "part-000001.zip").unlink()
    wanted = replace(EVERYTHING, lens="bench_25mm")
    facts = look_at(recording, wanted)
    job = Job(facts, tuple(plan_parts(facts, wanted)), tmp_path)
    summary = join(job, PartStore(tmp_path / WORK, job.key), [Problem("could not be analysed: why", "1 s to 2 s (part 1)")])
    assert summary["frames"] == 20
    assert summary["problems"] == [{"what": "could not be analysed: why", "where": "1 s to 2 s (part 1)", "count": 1}]
    frames = FrameTable(tmp_path / FRAMES)
    assert frames["time_s"][[9, 10]].tolist() == pytest.approx([0.9, 2.0])
    assert "could not be analysed: why" in (tmp_path / REPORT).read_text()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "no recording: wanted a rosbag2 folder"),
        ({"recordings": ["x.mcap", "x.mcap"]}, "x.mcap is named twice"),
        ({"recordings": ["x"], "output": Path("x")}, "-o x: is the recording's own folder"),
        ({"recordings": ["x"], "options": replace(OPTIONS, lens="toy_lens")}, "toy_lens"),
        ({"recordings": ["x"], "options": replace(OPTIONS, rig="toy_rig.yaml")}, "toy_rig.yaml"),
        ({"recordings": ["x"], "options": replace(OPTIONS, topics="/image")}, "wanted role=topic,role=topic"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=text):
        plan(**{"recordings": [], "output": tmp_path, "options": OPTIONS, **arguments})


def test_a_recording_without_a_picture_that_can_be_read_gives_an_empty_table(tmp_path: Path, cluster: str) -> None:
    path = tmp_path / "dark.mcap"
    with RecordingWriter(path) as writer:
        for index in range(3):
            writer.add_compressed(10**18 + index * 100_000_000, "camera", b"no picture")
    (one,) = analyse([path], tmp_path / "out", EVERYTHING, scheduler=cluster).analysed
    assert one.summary["frames"] == 0 == FrameTable(tmp_path / "out" / FRAMES).frames
    assert one.summary["problems"][0]["count"] == one.summary["streams"]["unreadable"] == 3
    assert not (tmp_path / "out" / FILM).exists()
    assert "unreadable" in (tmp_path / "out" / REPORT).read_text()


def test_a_recording_that_was_cut_off_is_analysed_up_to_there(recording: Path, tmp_path: Path, cluster: str) -> None:
    path = tmp_path / "cut.mcap"
    data = recording.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    results = analyse([path], tmp_path / "out", OPTIONS, scheduler=cluster)
    (one,) = results.analysed
    assert 5 < one.summary["frames"] < FRAME_COUNT
    assert "cut.mcap" in one.summary["streams"]["damage"][0]
