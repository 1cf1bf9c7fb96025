"""Building with colcon as on a ROS installation: from a workspace, and in the repository itself.

The repository's root is a package that holds another one, which colcon does not look for by itself. A plain build in a workspace
must therefore stop and say the command that builds both, instead of leaving the interfaces out.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("auxfocus_interfaces", "auxfocus_ros")


def constant(name: str) -> str | list[str]:
    """A constant of setup.py, which cannot be imported without building."""
    tree = ast.parse((ROOT / "setup.py").read_text())
    values = [node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name]
    return ast.literal_eval(values[0])


WORKSPACE_COMMAND = str(constant("WORKSPACE_COMMAND"))


@pytest.fixture(scope="module")
def colcon() -> str:
    """The colcon that stands beside this Python, or the system's."""
    found = shutil.which("colcon", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if found is None:
        pytest.skip("colcon is not installed (python3-colcon-common-extensions)")
    return found


@pytest.fixture(scope="module")
def ros_prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ROS installation without our packages: links to everything else of the prefix that holds the generators.

    Where the tests run, auxfocus_interfaces is installed already, and a build would find that one.
    """
    index = Path("share/ament_index/resource_index")
    candidates = [
        Path(sys.prefix),
        *(Path(prefix) for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix),
    ]
    real = next((prefix for prefix in candidates if (prefix / index / "packages/rosidl_default_generators").is_file()), None)
    if real is None:
        pytest.skip("no ROS 2 installation with the interface generators was found")
    prefix = tmp_path_factory.mktemp("ros")
    (prefix / index).mkdir(parents=True)
    for name in ("lib", "include", "bin"):
        if (real / name).is_dir():
            (prefix / name).symlink_to(real / name)
    for path in (real / "share").iterdir():
        if path.name not in (*OURS, "ament_index"):
            (prefix / "share" / path.name).symlink_to(path)
    for kind in (real / index).iterdir():
        (prefix / index / kind.name).mkdir()
        for path in kind.iterdir():
            if path.name not in OURS:
                (prefix / index / kind.name / path.name).symlink_to(path)
    return prefix


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A colcon workspace whose src/auxfocus_ros is a copy of what git would commit of the working tree."""
    folder = tmp_path_factory.mktemp("workspace")
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git working tree: what belongs to the package cannot be told from what was built")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            target = folder / "src/auxfocus_ros" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return folder


@pytest.fixture
def variables(colcon: str, ros_prefix: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has sourced that ROS installation and nothing else."""
    kept = {
        key: value for key, value in os.environ.items() if key not in ("COLCON_DEFAULTS_FILE", "COLCON_PREFIX_PATH", "MAKEFLAGS")
    }
    return {
        **kept,
        "AMENT_PREFIX_PATH": str(ros_prefix),
        "CMAKE_PREFIX_PATH": str(ros_prefix),
        "COLCON_HOME": str(tmp_path / "colcon"),  # no defaults of whoever runs the tests
        "PATH": f"{Path(colcon).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def run(command: list[str], folder: Path, variables: dict[str, str], timeout_s: float = 120) -> tuple[int, str]:
    """Exit status, and what a command wrote to both streams."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return result.returncode, result.stdout


def test_plain_build_in_a_workspace_stops_with_the_command_that_is_right(
    colcon: str, workspace: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    outside = ["--build-base", str(tmp_path / "build"), "--install-base", str(tmp_path / "install")]
    status, text = run([colcon, "--log-base", str(tmp_path / "log"), "build", *outside], workspace, variables)
    assert status != 0
    assert any(line.endswith(f": {WORKSPACE_COMMAND}") for line in text.splitlines()), text
    assert "Traceback" not in text


def test_the_workspace_command_finds_both_in_the_order_of_building(
    colcon: str, workspace: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    program, verb, *options = WORKSPACE_COMMAND.split()
    assert (program, verb) == ("colcon", "build")
    command = [colcon, "--log-base", str(tmp_path / "log"), "list", "--names-only", "--topological-order", *options]
    status, text = run(command, workspace, variables)
    assert status == 0, text
    assert text.split() == list(OURS)


def test_a_build_in_the_repository_finds_both(colcon: str, workspace: Path, variables: dict[str, str], tmp_path: Path) -> None:
    # colcon_defaults.yaml speaks to `build` alone. Skipping all that was selected ends before anything is built; a package that
    # was not found would be warned of, as the one that does not exist is.
    select = ["--packages-select", *OURS, "no_such_package", "--packages-skip-regex", ".*"]
    outside = ["--build-base", str(tmp_path / "build"), "--install-base", str(tmp_path / "install")]
    command = [colcon, "--log-base", str(tmp_path / "log"), "build", *outside, *select]
    status, text = run(command, workspace / "src/auxfocus_ros", variables)
    assert status == 0, text
    assert "unknown package 'no_such_package'" in text
    assert not any(f"unknown package '{name}'" in text for name in OURS), text


@pytest.mark.long
def test_the_workspace_command_builds_both_and_what_it_installs_runs(
    colcon: str, workspace: Path, variables: dict[str, str]
) -> None:
    # The C++ interfaces are left out for the sake of time.
    cmake = ["--cmake-args", f"-DPython3_EXECUTABLE={sys.executable}", "-DAUXFOCUS_PYTHON_ONLY=ON", "-DBUILD_TESTING=OFF"]
    variables["MAKEFLAGS"] = f"-j{os.cpu_count() or 2}"
    status, text = run([colcon, *WORKSPACE_COMMAND.split()[1:], *cmake], workspace, variables, timeout_s=540)
    assert status == 0, text
    install = workspace / "install"

    def sourced(command: str) -> str:
        status, text = run(["bash", "-c", f"source install/local_setup.bash && {command}"], workspace, variables)
        assert status == 0, text
        return text

    # Nothing of these may come from where the tests run: both are installed there too.
    code = "import auxfocus_ros, auxfocus_interfaces.action as a; print(auxfocus_ros.__file__, a.MoveLens, a.__file__, sep='\\n')"
    package, message, interfaces = sourced(f"cd / && '{sys.executable}' -c \"{code}\"").split("\n")[:3]
    assert package.startswith(f"{install}/auxfocus_ros/")
    assert interfaces.startswith(f"{install}/auxfocus_interfaces/")
    assert "MoveLens" in message

    programs = install / "auxfocus_ros/lib/auxfocus_ros"
    assert set(constant("NODES")) <= {path.name for path in programs.iterdir()}
    for node in constant("NODES"):
        sourced(f"cd / && '{sys.executable}' -c 'from auxfocus_ros.nodes.{node} import main'")
    # On the PATH, and not the one of the environment in which the tests run.
    where, *answer = sourced("cd / && command -v auxfocus && auxfocus --help").splitlines()
    assert where == f"{install}/auxfocus_ros/bin/auxfocus"
    assert "usage: auxfocus" in "\n".join(answer)
    # Lenses, rigs and profiles are found in the installed share/.
    code = "from auxfocus_ros.optics import config_dir, load_lens; load_lens('bench_25mm'); print(config_dir())"
    assert sourced(f"cd / && '{sys.executable}' -c \"{code}\"").startswith(f"{install}/auxfocus_ros/share/auxfocus_ros/config")
