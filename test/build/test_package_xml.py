"""package.xml is complete for rosdep: whatever the package imports has a key there, and its metadata agree with setup.py."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"auxfocus_ros"}

# Module -> rosdep key, where the two differ; ROS packages carry their own name. Looked up in rosdistro's rosdep/python.yaml.
KEYS = {
    "aiohttp": "python3-aiohttp",
    "backports": "python3-rosbags-pip",  # backports.zstd: rosbags depends on it
    "cv2": "python3-opencv",
    "hypothesis": "python3-hypothesis",
    "lz4": "python3-rosbags-pip",  # rosbags depends on it
    "numba": "python3-numba",
    "numpy": "python3-numpy",
    "pytest": "python3-pytest",
    "rich": "python3-rich",
    "rosbags": "python3-rosbags-pip",
    "scipy": "python3-scipy",
    "torch": "python3-pytorch-pip",
    "yaml": "python3-yaml",
}
# Without a key in rosdep: what needs them is optional and says what to install.
WITHOUT_KEY = {
    "av": "films",
    "dask": "the analysis of recordings",
    "distributed": "the analysis of recordings",
    "psutil": "memory in a benchmark; distributed depends on it",
    "pyarrow": "the tables of an analysis",
    "boost_histogram": "a rival in the benchmarks",
    "fast_histogram": "a rival in the benchmarks",
    "mujoco": "the simulator",
    "onnx": "tests of detectors from files",
    "playwright": "the operator page's browser tests and benchmark",
    "compression": "in Python's own library from 3.14 on; backports.zstd before",
    "safetensors": "the networks' weights, loaded without pickle",
    "pointcloud2": "the stand-in for sensor_msgs_py, which a ROS installation has",
}


def imported_modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """(top-level module, file) of every import below a folder that is neither relative nor of Python's own library."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in OURS:
                    yield top, file


def declared(*tags: str) -> set[str]:
    """The keys of package.xml under these tags."""
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    return {(element.text or "").strip() for tag in tags for element in package.iter(tag)}


def missing(folders: list[Path], keys: set[str]) -> list[str]:
    """One line for every imported module whose key is not among `keys`."""
    lines = {
        f"<exec_depend>{KEYS.get(module, module)}</exec_depend> for {module} in {file.name}"
        for folder in folders
        for module, file in imported_modules(folder)
        if module not in WITHOUT_KEY and KEYS.get(module, module) not in keys
    }
    return sorted(lines)


def test_every_import_of_the_package_has_a_rosdep_key() -> None:
    assert missing([ROOT / "auxfocus_ros", ROOT / "launch"], declared("depend", "exec_depend")) == []


def test_every_import_of_the_tests_has_a_rosdep_key() -> None:
    own = {file.stem for file in (ROOT / "test").rglob("*.py")}  # helpers that lie beside tests
    lines = missing([ROOT / "test"], declared("depend", "exec_depend", "test_depend") | own)
    assert lines == []


def test_a_missing_key_is_found(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("def f():\n    import cv2, json\n    from nav_msgs.msg import Odometry\n")
    assert missing([tmp_path], {"python3-numpy"}) == [
        "<exec_depend>nav_msgs</exec_depend> for nav_msgs in module.py",
        "<exec_depend>python3-opencv</exec_depend> for cv2 in module.py",
    ]


def test_upstream_packages_with_a_stand_in_are_named() -> None:
    # They are imported by name at run time, where the syntax tree does not show them.
    assert {"cv_bridge", "message_filters", "sensor_msgs_py", "tf2_ros", "launch", "launch_ros"} <= declared("exec_depend")


@pytest.mark.parametrize("manifest", ["package.xml", "auxfocus_interfaces/package.xml"])
def test_maintainer_address_is_valid(manifest: str) -> None:
    # An invalid one makes colcon take the package for a plain Python one, without a word.
    addresses = [element.get("email", "") for element in ElementTree.parse(ROOT / manifest).getroot().iter("maintainer")]
    assert addresses
    assert all(re.fullmatch(r"[-\w.%+]+@[-\w.%]+\.[a-zA-Z]{2,}", address) for address in addresses)


@pytest.mark.parametrize("field", ["version", "name", "license"])
def test_setup_and_manifests_agree(field: str) -> None:
    keywords = next(
        {keyword.arg: keyword.value for keyword in node.keywords}
        for node in ast.walk(ast.parse((ROOT / "setup.py").read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setup"
    )
    assert ast.literal_eval(keywords[field]) in declared(field)


def test_interfaces_have_the_same_version() -> None:
    versions = [
        ElementTree.parse(ROOT / name).getroot().findtext("version")
        for name in ("package.xml", "auxfocus_interfaces/package.xml")
    ]
    assert versions[0] == versions[1]


def test_messages_used_by_the_interfaces_are_named() -> None:
    package = ElementTree.parse(ROOT / "auxfocus_interfaces/package.xml").getroot()
    keys = {(element.text or "").strip() for element in package.iter("depend")}
    for file in [path for path in (ROOT / "auxfocus_interfaces").rglob("*") if path.suffix in (".msg", ".srv", ".action")]:
        for line in file.read_text().splitlines():
            used = re.match(r"(\w+)/\w+", line)
            assert used is None or used[1] in keys, f"{file.name}: {line}"
