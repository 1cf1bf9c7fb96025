"""Build of the ament_python package auxfocus_ros (colcon calls this)."""

import os
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
WORKSPACE_COMMAND = "colcon build --base-paths src/auxfocus_ros src/auxfocus_ros/auxfocus_interfaces"


def demand_interfaces() -> None:
    """Stop a build that would leave auxfocus_interfaces out.

    colcon does not look for packages inside a package, so a plain `colcon build` in a workspace finds this one alone. When both
    are built, colcon orders the interfaces first and their prefix is on AMENT_PREFIX_PATH by the time this runs.
    """
    building = {"build", "install", "develop"} & set(sys.argv[1:])
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    marker = Path("share/ament_index/resource_index/packages/auxfocus_interfaces")
    if building and not any((Path(prefix) / marker).is_file() for prefix in prefixes if prefix):
        sys.exit(
            "auxfocus_interfaces is neither installed nor being built. In the workspace, build both with: " + WORKSPACE_COMMAND
        )


def shared_files(folder: str) -> list[tuple[str, list[str]]]:
    """Every file below a folder, as setuptools data files under share/auxfocus_ros."""
    files: dict[str, list[str]] = {}
    for path in sorted((ROOT / folder).rglob("*")):
        if path.is_file():
            target = Path("share/auxfocus_ros") / path.parent.relative_to(ROOT)
            files.setdefault(str(target), []).append(str(path.relative_to(ROOT)))
    return list(files.items())


demand_interfaces()
NODES = ["gimbal_rig", "lens_actuator", "mono_depth", "aux_focus", "autofocus", "all_in_focus", "operator_panel"]

setup(
    name="auxfocus_ros",
    version="0.1.0",
    packages=find_packages(include=["auxfocus_ros", "auxfocus_ros.*"]),
    package_data={"auxfocus_ros": ["py.typed", "panel/static/*", "analysis/report/*.css", "analysis/report/*.js"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/auxfocus_ros"]),
        ("share/auxfocus_ros", ["package.xml"]),
        ("bin", ["bin/auxfocus"]),
        *shared_files("config"),
        *shared_files("launch"),
        *shared_files("samples"),
        *shared_files("auxfocus_interfaces/msg"),  # recordings are written with them, with no ROS installed
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest", "hypothesis", "onnx", "playwright"], "bench": ["fast-histogram", "boost-histogram"]},
    zip_safe=False,
    maintainer="auxfocus_ros maintainers",
    maintainer_email="maintainers@auxfocus.example.com",
    description="Focus assistance and autofocus for cameras on gimbals.",
    license="Apache-2.0",
    python_requires=">=3.10",
    entry_points={
        "console_scripts": [f"{node} = auxfocus_ros.nodes.{node}:main" for node in NODES],
    },
)
