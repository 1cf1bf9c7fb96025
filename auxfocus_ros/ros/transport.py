"""How pictures travel between processes: the shipped Fast DDS profile, and the shared memory that it needs.

With Fast DDS's own settings a stream of 1280 x 720 pictures with clouds loses most of itself (best effort) or arrives late
(reliable), because its shared-memory segment of 512 kB does not hold one picture. The profile in config/dds/ gives it 32 MB. That
is memory of /dev/shm, which containers have 64 MB of by default, and which a killed process does not give back: both are looked
at here, and only ever told of.

Nothing here imports rclpy: the environment must be right before `rclpy.init`, and launch files ask for it too.
"""

from __future__ import annotations

import fcntl
import os
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.config_path import config_dir

__all__ = [
    "PROFILE_VARIABLES",
    "SEGMENT_BYTES",
    "check_shared_memory",
    "profile_environment",
    "profile_path",
    "use_shipped_profile",
]

PROFILE_VARIABLES = {"fastdds": "FASTDDS_DEFAULT_PROFILES_FILE", "fastrtps": "FASTRTPS_DEFAULT_PROFILES_FILE"}
"""The variable that names a profile, by the name of the installed package: Fast DDS 3 (Kilted), Fast DDS 2 (Jazzy)."""
SEGMENT_BYTES = 33_554_432
"""The segment in the shipped profile."""
_FILE_BYTES = 36_000_000  # what a segment takes of /dev/shm: with its bookkeeping 35.1 MB in Fast DDS 3
_PAIR_BYTES = 2 * _FILE_BYTES  # the least that makes sense: who gives and who takes
_LEAK_WORTH_SAYING_BYTES = 100_000_000
_SEGMENT_NAME = re.compile(r"(fastdds|fastrtps)_[0-9a-f]{16}")


def profile_path() -> Path:
    """The shipped profile.

    Raises:
        ConfigurationError: it is not installed.
    """
    path = config_dir() / "dds" / "fastdds_shm.xml"
    if not path.is_file():
        raise ConfigurationError(f"the Fast DDS profile is missing: {path}; install the package again")
    return path


def profile_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What to add to a process's environment so that it uses the shipped profile; nothing where the user has chosen otherwise.

    Only the variable that the installed Fast DDS reads is set, since Kilted warns in every process of the one that Jazzy wants;
    both where it cannot be told which is installed.

    Args:
        environ: the environment that the process would get.

    Raises:
        ConfigurationError: as `profile_path`.
    """
    if _choice_of_the_user(environ) is not None:
        return {}
    installed = [name for name in PROFILE_VARIABLES if any((prefix / "share" / name).is_dir() for prefix in _prefixes(environ))]
    names = installed if len(installed) == 1 else list(PROFILE_VARIABLES)
    return {PROFILE_VARIABLES[name]: str(profile_path()) for name in names}


def use_shipped_profile(environ: MutableMapping[str, str] = os.environ) -> str:
    """Make this process use the shipped profile unless the user has chosen otherwise. Call it before `rclpy.init`.

    Returns:
        One line that says what holds now.

    Raises:
        ConfigurationError: as `profile_path`.
    """
    added = profile_environment(environ)
    environ.update(added)
    choice = _choice_of_the_user(environ)
    assert choice is not None
    return choice


def _choice_of_the_user(environ: Mapping[str, str]) -> str | None:
    """One line that says what the environment asks for by itself; None where it leaves the choice to us."""
    middleware = environ.get("RMW_IMPLEMENTATION", "")
    if middleware and "fastrtps" not in middleware:
        return f"no Fast DDS profile: RMW_IMPLEMENTATION is {middleware}"
    for variable in PROFILE_VARIABLES.values():
        if value := environ.get(variable):
            return f"Fast DDS profile: {value} ({variable})"
    if value := environ.get("FASTDDS_BUILTIN_TRANSPORTS"):
        return f"no Fast DDS profile: FASTDDS_BUILTIN_TRANSPORTS is {value}"
    return None


def _prefixes(environ: Mapping[str, str]) -> list[Path]:
    """Where ROS packages are installed; a virtual environment made from wheels is such a prefix as well."""
    listed = environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    return [Path(prefix) for prefix in (*listed, sys.prefix) if prefix]


def check_shared_memory(
    folder: Path = Path("/dev/shm"),
    *,
    worth_saying_bytes: int = _LEAK_WORTH_SAYING_BYTES,
) -> str | None:
    """Whether shared memory has room for one more process that carries pictures. Call it before `rclpy.init`, which takes it.

    Args:
        folder: where shared memory is mounted.
        worth_saying_bytes: segments that killed processes left behind are spoken of from this size on, or when room is short.

    Returns:
        One line with what is wrong, what comes of it and what would be right; None where all is well, or where there is no such
        folder (not Linux).
    """
    if not folder.is_dir():
        return None
    state = os.statvfs(folder)
    total, free = state.f_blocks * state.f_frsize, state.f_bavail * state.f_frsize
    left = [_size(segment) for segment in _left_behind(folder)]
    leaked = sum(left)
    without = "Fast DDS then sends pictures by UDP, where most raw ones are lost"
    if not os.access(folder, os.W_OK):
        return f"{folder} cannot be written: {without}; give this process leave to write there"
    if total < _PAIR_BYTES:
        return (
            f"{folder} is too small: {_mb(total)} MB, and every process that carries pictures takes {_mb(_FILE_BYTES)} MB; "
            f"{without}; start the container with --shm-size=512m (or --ipc=host)"
        )
    if free < _FILE_BYTES or leaked >= worth_saying_bytes:
        count = f"{len(left)} segment{'s' if len(left) != 1 else ''} of processes that were killed"
        clean = f"remove them with 'fastdds shm clean' or, while no ROS process runs, rm {folder}/fastdds_* {folder}/fastrtps_*"
        if free < _FILE_BYTES:
            short = f"{folder} has {_mb(free)} MB left, and this process needs {_mb(_FILE_BYTES)} MB: {without}"
            return (
                f"{short}; {_mb(leaked)} MB are held by {count}: {clean}"
                if left
                else f"{short}; end other processes or enlarge it"
            )
        return f"{_mb(leaked)} MB of {folder} are held by {count}: {clean}"
    return None


def _left_behind(folder: Path) -> Iterator[Path]:
    """Segments whose owner is gone: it holds a lock on `<segment>_el` for as long as it lives."""
    for path in sorted(folder.iterdir()):
        if not _SEGMENT_NAME.fullmatch(path.name):
            continue
        try:
            with path.with_name(f"{path.name}_el").open("rb") as lock:
                # Shared, so that asking never looks like owning to another who asks.
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        except FileNotFoundError:
            pass
        except OSError:  # another user's: not ours to judge
            continue
        yield path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # its owner ended just now
        return 0


def _mb(size: int) -> int:
    return round(size / 1e6)
