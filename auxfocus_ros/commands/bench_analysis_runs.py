"""`auxfocus analyze` for `auxfocus bench analysis`, as a user runs it: in a process of its own, into a new folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from auxfocus_ros.commands.own_modules import own_module
from auxfocus_ros.errors import AuxfocusError

STOP_TIMEOUT_S = 20.0


@contextmanager
def fresh_folder(work: Path) -> Iterator[Path]:
    """A folder that is not there, below `work`; what was made of it is removed afterwards."""
    work.mkdir(parents=True, exist_ok=True)
    above = Path(tempfile.mkdtemp(prefix="results-", dir=work))
    try:
        yield above / "results"
    finally:
        shutil.rmtree(above, ignore_errors=True)


class Analysis:
    """A run of `auxfocus analyze`; a context manager that ends it if it has not ended by itself."""

    def __init__(self, recordings: Sequence[Path], output: Path, flags: Sequence[str] = ()) -> None:
        """Start it. flags: further arguments."""
        command = [*own_module("auxfocus_ros.cli"), "analyze", *map(str, recordings), "-o", str(output), *flags]
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the context
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self._said, stdin=subprocess.DEVNULL)

    def __enter__(self) -> Analysis:
        """The run itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(STOP_TIMEOUT_S)
        self._said.close()

    def wait(self) -> None:
        """Until it has ended. Raises AuxfocusError, with its last words, where it failed."""
        status = self.process.wait()
        if status:
            self._said.seek(0)
            lines = self._said.read().decode(errors="replace").strip().splitlines() or [""]
            raise AuxfocusError(f"auxfocus analyze ended with exit status {status}: {lines[-1]}")


def timed(recordings: Sequence[Path], work: Path, flags: Sequence[str] = ()) -> float:
    """Seconds that a run takes, from its start to its end. Raises AuxfocusError where it fails."""
    with fresh_folder(work) as output:
        began = time.perf_counter()
        with Analysis(recordings, output, flags) as analysis:
            analysis.wait()
        return time.perf_counter() - began


def read_ahead(recordings: Sequence[Path]) -> None:
    """Into the page cache: the first run would wait for the disk, the others not."""
    for path in recordings:
        for file in [path] if path.is_file() else sorted(path.iterdir()):
            with file.open("rb") as opened:
                while opened.read(1 << 24):
                    pass
