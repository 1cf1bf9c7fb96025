"""Parts on real Dask workers: what is lost is only what a lost worker had, and what was done is never done again.

The parts are toys of a module that is written for the test, so that workers can import it: each is its stretch, in one row. A
log has a line for each time that a part was begun.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster

from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import PartResult, PartTask
from auxfocus_ros.analysis.running import Outcome, Progress, run_parts
from auxfocus_ros.analysis.store import PartStore
from auxfocus_ros.errors import ConfigurationError, InputError

TOY = """
import os, signal, time
from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.part import PartResult
from auxfocus_ros.errors import InputError

def times(task):
    log = task.recording / "log"
    with log.open("a") as file:
        file.write(f"{task.number}\\n")
    return log.read_text().split().count(str(task.number))

def done(task, film=b""):
    row = dict.fromkeys(NAMES) | {"stamp_ns": task.number, "time_s": task.start_s, "targets": []}
    return PartResult(task.number, task.key, [row], film=film)

def plain(task):
    times(task)
    return done(task)

def die():
    time.sleep(1.0)  # what others finished meanwhile has been fetched
    os.kill(os.getpid(), signal.SIGKILL)

def dies_once(task):
    if times(task) == 1 and task.number == 2:
        die()
    return done(task)

def dies_always(task):
    times(task)
    if task.number == 1:
        die()
    return done(task)

def refuses(task):
    times(task)
    if task.number == 1:
        raise InputError("topic /camera: no picture can be read")
    if task.number == 2:
        raise ZeroDivisionError("division by zero")
    return done(task)

def large(task):
    times(task)
    return done(task, film=bytes(300_000) if task.number == 1 else b"")

def slow(task):
    times(task)
    if task.number > 1:
        time.sleep(600)
    return done(task)
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the module `toy_parts`, on the path of this process and of what it starts."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "toy_parts.py").write_text(TOY)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("toy_parts", None)


@pytest.fixture(scope="module")
def cluster(toy: Path) -> Iterator[str]:
    """Address of a cluster that is there already, with two workers of one thread; a part may take one worker with it, not two."""
    settings = {"allowed_failures": 1, "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"}),  # a restart takes long on a busy machine
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_kwargs=settings) as cluster,
    ):
        yield cluster.scheduler_address


def function(name: str) -> Callable[[PartTask], PartResult]:
    found: Callable[[PartTask], PartResult] = getattr(importlib.import_module("toy_parts"), name)
    return found


def tasks_of(recording: Path, count: int) -> list[PartTask]:
    return [PartTask(recording, number, 10.0 * number, 10.0 * number + 10.0, AnalysisOptions(), "key") for number in range(count)]


class Run:
    """A recording's folder, its store, and runs over its parts."""

    def __init__(self, folder: Path, scheduler: str = "") -> None:
        self.folder, self.scheduler = folder, scheduler
        self.store = PartStore(folder / "work", "key")
        self.told: list[Progress] = []

    def __call__(self, name: str, count: int) -> Outcome:
        stores, workers = {self.folder: self.store}, 0 if self.scheduler else 1
        tasks = tasks_of(self.folder, count)
        return run_parts(tasks, function(name), stores, scheduler=self.scheduler, workers=workers, told=self.told.append)

    def begun(self) -> list[int]:
        return sorted(map(int, (self.folder / "log").read_text().split()))


@pytest.fixture
def on_cluster(tmp_path: Path, cluster: str) -> Run:
    return Run(tmp_path, cluster)


def test_workers_of_our_own_do_the_parts_and_nothing_twice(toy: Path, tmp_path: Path) -> None:
    run = Run(tmp_path)
    before = dict(os.environ)
    assert run("plain", 2) == Outcome(analysed=2, found=0, failed=())
    assert run.store.finished() == {0, 1}
    assert run.store.load(1).rows[0]["time_s"] == 10.0
    assert [progress.done for progress in run.told][:1] == [0]
    assert run.told[-1] == Progress(done=2, of=2, workers=1)
    assert dict(os.environ) == before
    assert run("plain", 2) == Outcome(analysed=0, found=2, failed=())  # starts no worker
    assert run.told[-1] == Progress(done=2, of=2, workers=0)
    assert run.begun() == [0, 1]


def test_a_killed_worker_costs_its_part_alone(on_cluster: Run) -> None:
    assert on_cluster("dies_once", 6) == Outcome(analysed=6, found=0, failed=())
    assert on_cluster.begun() == [0, 1, 2, 2, 3, 4, 5]
    undisturbed = on_cluster.folder / "undisturbed"
    undisturbed.mkdir()
    (undisturbed / "log").write_text("2\n")  # as if it had died before
    other = Run(undisturbed, on_cluster.scheduler)
    other("dies_once", 6)
    names = [f"part-{number:06d}.zip" for number in range(6)]
    assert all((on_cluster.store.folder / name).read_bytes() == (other.store.folder / name).read_bytes() for name in names)


def test_a_part_that_takes_every_worker_with_it_is_one_problem(on_cluster: Run) -> None:
    outcome = on_cluster("dies_always", 4)
    assert (outcome.analysed, outcome.found) == (3, 0)
    ((task, problem),) = outcome.failed
    assert task.number == 1
    assert problem.what == "could not be analysed: 2 workers were lost while they had it (not enough memory?)"
    assert problem.where == "10 s to 20 s (part 1)"
    assert on_cluster.store.finished() == {0, 2, 3}
    assert on_cluster.begun() == [0, 1, 1, 2, 3]


def test_what_fails_is_a_problem_and_is_tried_again_in_the_next_run(on_cluster: Run) -> None:
    outcome = on_cluster("refuses", 4)
    said = {task.number: problem.what for task, problem in outcome.failed}
    assert said == {
        1: "could not be analysed: topic /camera: no picture can be read",
        2: "could not be analysed: ZeroDivisionError: division by zero",
    }
    assert on_cluster.told[-1].done == 4
    assert on_cluster("plain", 4) == Outcome(analysed=2, found=2, failed=())
    assert on_cluster.begun() == [0, 1, 1, 2, 2, 3]


def test_several_recordings_share_the_workers(toy: Path, tmp_path: Path, cluster: str) -> None:
    runs = [Run(tmp_path / name, cluster) for name in ("one", "two")]
    tasks = [task for run in runs for task in tasks_of(run.folder, 2)]
    outcome = run_parts(tasks, function("plain"), {run.folder: run.store for run in runs}, scheduler=cluster)
    assert outcome == Outcome(analysed=4, found=0, failed=())
    assert [run.store.finished() for run in runs] == [{0, 1}, {0, 1}]


def test_a_full_disk_ends_the_run_and_loses_nothing(on_cluster: Run) -> None:
    import resource

    assert on_cluster("plain", 1).analysed == 1
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(InputError, match=r"no room is left there; the [12] finished parts are safe: make room"):
            on_cluster("large", 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert 0 in on_cluster.store.finished()
    assert 1 not in on_cluster.store.finished()
    assert on_cluster("large", 3).failed == ()
    assert on_cluster.begun().count(0) == 1


def test_settings_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for workers, scheduler in ((-1, ""), (2, "tcp://127.0.0.1:8786")):
        with pytest.raises(ConfigurationError, match=rf"^{workers} workers.*wanted 0 .* or more"):
            run_parts([], function, {}, scheduler=scheduler, workers=workers)  # type: ignore[arg-type]


def test_an_address_that_is_none_is_refused(toy: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"scheduler carrier-pigeon://x:1: no Dask scheduler answers there; wanted tcp://"
    ):
        Run(tmp_path, "carrier-pigeon://x:1")("plain", 1)


STOPPED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import toy_parts
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import PartTask
from auxfocus_ros.analysis.running import run_parts
from auxfocus_ros.analysis.store import PartStore

if __name__ == "__main__":
    folder = Path(sys.argv[2])
    tasks = [PartTask(folder, n, 10.0 * n, 10.0 * n + 10.0, AnalysisOptions(), "key") for n in range(4)]
    try:
        run_parts(tasks, toy_parts.slow, {folder: PartStore(folder / "work", "key")}, workers=2)
    except KeyboardInterrupt:
        sys.exit("stopped")
"""


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_goes_on_where_it_was(toy: Path, tmp_path: Path, how: signal.Signals) -> None:
    program = tmp_path / "program.py"
    program.write_text(STOPPED)
    process = subprocess.Popen(
        [sys.executable, str(program), str(toy), str(tmp_path)], start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    run = Run(tmp_path)
    deadline = time.monotonic() + 240.0
    while run.store.finished() != {0, 1} or len(run.begun()) < 4:  # two are done, and both workers are at the next
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does: to the workers too
    else:
        process.kill()
    _, said = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert (process.returncode, said) == (1, "stopped\n")
    with pytest.raises(ProcessLookupError):  # no worker outlives it
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.05)
    assert run.store.finished() == {0, 1}
    assert run("plain", 4) == Outcome(analysed=2, found=2, failed=())
    assert run.begun() == [0, 1, 2, 2, 3, 3]


@pytest.mark.long
def test_a_worker_of_ours_that_does_not_come_back_is_replaced(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auxfocus_ros.analysis.running._RESTARTED_WITHIN", "10ms")  # no process is started in that time
    run = Run(tmp_path)
    assert run("dies_once", 4) == Outcome(analysed=4, found=0, failed=())
    assert [number for number in run.begun() if number != 2] == [0, 1, 3]
    assert run.begun().count(2) in (2, 3)  # a worker that does come back may have had it when it was replaced


@pytest.mark.long
def test_a_scheduler_that_goes_away_is_told_in_one_line(toy: Path, tmp_path: Path) -> None:
    settings = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, scheduler_kwargs=settings)
    run = Run(tmp_path, cluster.scheduler_address)

    def gone(progress: Progress) -> None:
        if progress.done == 2:
            cluster.close()

    stores = {run.folder: run.store}
    with pytest.raises(InputError, match="the Dask scheduler went away; what is finished is kept"):
        run_parts(tasks_of(tmp_path, 4), function("slow"), stores, scheduler=run.scheduler, told=gone)
    assert run.store.finished() == {0, 1}


@pytest.mark.long
def test_no_scheduler_there_is_told_in_one_line(toy: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"scheduler tcp://127\.0\.0\.1:9: no Dask scheduler answers there"):
        Run(tmp_path, "tcp://127.0.0.1:9")("plain", 1)


@pytest.mark.long
def test_workers_of_another_version_are_refused(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: str) -> None:
    monkeypatch.setattr("auxfocus_ros.analysis.running.__version__", "99.0")
    with pytest.raises(ConfigurationError, match=r"worker tcp://127\.0\.0\.1:\d+ has auxfocus_ros .*; wanted 99\.0"):
        Run(tmp_path, cluster)("plain", 1)
