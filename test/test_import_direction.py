"""The direction of imports: a room imports only what stands beneath it in the table below, and algorithms run without ROS."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "auxfocus_ros"
ROOT = Path(__file__).resolve().parents[1]

# Room -> the rooms of ours that it may import. What is BENEATH is free to all; every room may import itself. Rooms that are still
# to come stand here already.
ALGORITHMS = ("optics", "distribution", "view", "autofocus", "allinfocus", "monodepth", "lens", "rig")
BENEATH = ("errors", "declaration", "settings", "json_values", "whole_file", "compiling", "learning")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "declaration": (),
    "compiling": (),
    "learning": (),
    "settings": (),
    "json_values": (),
    "whole_file": (),
    "optics": (),
    "distribution": ("optics",),
    "view": ("distribution", "optics"),
    "autofocus": ("optics",),
    "allinfocus": ("autofocus", "optics"),
    "monodepth": ("optics",),
    "lens": ("optics",),
    "rig": ("optics",),
    "analysis": ALGORITHMS,
    "panel": (),
    "ros": ("optics", "distribution", "rig", "lens"),
    "nodes": (*ALGORITHMS, "analysis", "panel", "ros"),
}
EVERYTHING = ("commands", "cli", "graph")
WITHOUT_ROS = (*ALGORITHMS, "analysis", *BENEATH)
# ROS and its messages; what of it is installed depends on the machine, so names are listed and not looked up.
ROS_PACKAGES = {
    "ament_index_python", "auxfocus_interfaces", "builtin_interfaces", "cv_bridge", "launch", "launch_ros", "message_filters",
    "rcl_interfaces", "rclpy", "ros2cli", "rosbag2_py", "rosidl_runtime_py", "rpyutils", "sensor_msgs_py", "tf2_py", "tf2_ros",
}  # fmt: skip
# Heavy or optional: imported where they are used, never by importing a room.
LAZY = ("torch", "safetensors", "mujoco", "aiohttp", "numba", "dask", "distributed", "pyarrow")
# A module of loops that numba compiles, or of networks (torch classes), needs it to be read at all: then that module is
# imported where it is used. Networks stand in folders of that name, and what fits them in
# `learning`.
IN_MODULES = ("numba", "torch")
NETWORKS = ("networks", "learning")
COMPILING = f"{PACKAGE}.compiling"


def is_ros(module: str) -> bool:
    """Whether a top-level module is ROS's: the client library, its neighbours, or a package of messages."""
    return module in ROS_PACKAGES or module.endswith(("_msgs", "_srvs", "_interfaces"))


def imports(file: Path, root: Path) -> Iterator[tuple[int, str, bool]]:
    """(line, absolute dotted name, whether importing the file imports it) of every import, those inside functions included.

    `from auxfocus_ros import optics` is given as auxfocus_ros.optics. Imports that only a type checker sees are imports all the
    same for the direction, but not at run time.
    """
    parts = file.relative_to(root).with_suffix("").parts
    here = parts[:-1]  # of a module its package, of __init__.py the package itself

    def walk(node: ast.AST, at_import: bool) -> Iterator[tuple[int, str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((child.lineno, alias.name, at_import) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = ".".join((*here[: len(here) - child.level + 1], *(child.module or "").split("."))).strip(".")
                base = base if child.level else child.module or ""
                bare = base == PACKAGE
                yield from ((child.lineno, f"{base}.{a.name}" if bare else base, at_import) for a in child.names)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                typing_only = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
                yield from walk(child, at_import and not inside and not typing_only)

    yield from walk(ast.parse(file.read_text()), True)


def may_stand_in_modules(top: str, file: Path) -> bool:
    """Whether a heavy module may be imported by a module as it is read, because whoever needs that one imports it late."""
    return top in IN_MODULES and (top != "torch" or not set(NETWORKS).isdisjoint(file.parts))


def violations(root: Path) -> list[str]:
    """One line for every import against the rules in root/auxfocus_ros; `root` is the folder that holds the package."""
    found = []
    files = sorted((root / PACKAGE).rglob("*.py"))
    loops = {
        ".".join(file.relative_to(root).with_suffix("").parts)
        for file in files
        for _, module, at_import in imports(file, root)
        if at_import and (module.partition(".")[0] in IN_MODULES or module == COMPILING)
    }
    for file in files:
        name = ".".join(file.relative_to(root).with_suffix("").parts)
        room = file.relative_to(root / PACKAGE).parts[0].removesuffix(".py")
        for line, module, at_import in imports(file, root):
            top, _, rest = module.partition(".")
            if at_import and module in loops and name not in loops:
                found.append(
                    f"{file.relative_to(root)}:{line}: {module} brings numba or torch; import it in the function that uses it"
                )
            where = f"{file.relative_to(root)}:{line}"
            if top == PACKAGE:
                target = rest.partition(".")[0]
                free = room in EVERYTHING or target in (room, *BENEATH, "__version__", "")
                if room == "__init__":
                    found += [f"{where}: the package itself imports {module}; importing it must cost nothing"] if rest else []
                elif not free and room not in MAY_IMPORT:
                    found.append(f"{where}: the room {room} is not in the table of {Path(__file__).name}")
                elif not free and target not in MAY_IMPORT[room]:
                    found.append(
                        f"{where}: {room} imports {target}; it may import {', '.join(MAY_IMPORT[room]) or 'nothing of ours'}"
                    )
            elif is_ros(top) and room in (*WITHOUT_ROS, "__init__", "panel"):
                found.append(f"{where}: {room} imports {top}; only ros, nodes and commands know ROS")
            elif top in LAZY and at_import and not may_stand_in_modules(top, file):
                found.append(f"{where}: {top} is imported with the module; import it in the function that uses it")
    return found


def test_rooms_import_only_what_stands_on_their_right() -> None:
    assert violations(ROOT) == []


PLANTED = {
    "optics imports rig": ("optics/bad.py", "from auxfocus_ros.rig import Frame\n"),
    "distribution imports view": ("distribution/bad.py", "import auxfocus_ros.view.layout\n"),
    "view imports lens": ("view/bad.py", "def f() -> None:\n    from auxfocus_ros.lens import stepper\n"),
    "lens imports rig": ("lens/bad.py", "from auxfocus_ros import rig\n"),
    "rig imports distribution": ("rig/deep/bad.py", "from ...distribution import axis\n"),
    "ros imports view": ("ros/bad.py", "from ..view import draw_aux_image\n"),
    "nodes imports commands": ("nodes/bad.py", "if True:\n    from auxfocus_ros.commands import demo\n"),
    "panel imports optics": ("panel/bad.py", "from auxfocus_ros.optics import Lens\n"),
    "optics imports rclpy": ("optics/bad.py", "import rclpy\n"),
    "rig imports sensor_msgs": ("rig/bad.py", "def f() -> None:\n    from sensor_msgs.msg import Image\n"),
    "lens imports auxfocus_interfaces": ("lens/bad.py", "from auxfocus_interfaces.action import MoveLens\n"),
    "errors imports optics": ("errors.py", "from auxfocus_ros.optics import Lens\n"),
    "torch is imported with the module": ("monodepth/bad.py", "import torch.nn as nn\n"),
    "view.loops brings numba or torch": ("view/bad.py", "from auxfocus_ros.view.loops import blend\n"),
    "autofocus.networks.loops brings numba or torch": (
        "autofocus/networks/__init__.py",
        "from auxfocus_ros.autofocus.networks.loops import Network\n",
    ),
    "the package itself imports": ("__init__.py", "from .optics import Lens\n"),
    "the room attic is not in the table": ("attic/bad.py", "from auxfocus_ros.optics import Lens\n"),
}


@pytest.mark.parametrize("complaint", PLANTED)
def test_a_planted_violation_is_found(tmp_path: Path, complaint: str) -> None:
    name, text = PLANTED[complaint]
    file = tmp_path / PACKAGE / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    if "loops" in text:
        (file.parent / "loops.py").write_text("import torch\n" if "networks" in name else "import numba\n")
    found = violations(tmp_path)
    assert len(found) == 1
    assert complaint in found[0]


def test_what_is_allowed_is_not_complained_of(tmp_path: Path) -> None:
    files = {
        "optics/good.py": "from auxfocus_ros.errors import InputError\nfrom . import lens\nfrom .lens import Lens\n",
        "view/good.py": "from auxfocus_ros.distribution import DepthAxis\nfrom auxfocus_ros.optics import Lens\n",
        "monodepth/good.py": "def f() -> None:\n    import torch\n",
        "view/loops.py": "import numba\n",
        "monodepth/networks/depth.py": "from torch import nn\n",
        "view/blending.py": "def f() -> None:\n    from auxfocus_ros.view.loops import blend\n",
        "nodes/good.py": "import rclpy\nfrom auxfocus_ros.ros import qos\nfrom auxfocus_ros.view import draw_aux_image\n",
        "commands/good.py": "from auxfocus_ros.nodes import aux_focus\nfrom auxfocus_ros import graph\n",
        "cli.py": "from auxfocus_ros import __version__\nfrom auxfocus_ros.commands import demo\n",
    }
    for name, text in files.items():
        (tmp_path / PACKAGE / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / PACKAGE / name).write_text(text)
    assert violations(tmp_path) == []


def run_python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints; its traceback is the test's message where it fails."""
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def modules_of(rooms: tuple[str, ...]) -> list[str]:
    """Dotted names of all modules of these rooms that exist by now."""
    files = [file for room in rooms for file in sorted((ROOT / PACKAGE / room).rglob("*.py"))]
    files += [ROOT / PACKAGE / f"{room}.py" for room in rooms if (ROOT / PACKAGE / f"{room}.py").is_file()]
    return [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]


def test_algorithms_run_without_ros() -> None:
    code = f"""
        import importlib, importlib.abc, sys
        sys.path.insert(0, {str(ROOT)!r})

        class NoRos(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path, target=None):
                top = name.partition(".")[0]
                if top in {sorted(ROS_PACKAGES)!r} or top.endswith(("_msgs", "_srvs", "_interfaces")):
                    raise ModuleNotFoundError(f"ROS is not installed here: {{name}}", name=name)
                return None

        sys.meta_path.insert(0, NoRos())
        for module in sys.argv[1:]:
            importlib.import_module(module)
        print(len(sys.argv) - 1)
    """
    modules = modules_of(WITHOUT_ROS)
    assert run_python(code, *modules) == f"{len(modules)}\n"


def test_importing_rooms_costs_neither_torch_nor_mujoco_nor_aiohttp() -> None:
    # ros, nodes and commands are left out where rclpy is not installed: then only the syntax tree speaks for them.
    rooms = [folder.name for folder in sorted((ROOT / PACKAGE).iterdir()) if (folder / "__init__.py").is_file()]
    code = f"""
        import importlib, sys
        sys.path.insert(0, {str(ROOT)!r})
        importlib.import_module({PACKAGE!r})
        print("package", *sorted(set(sys.modules) & set({(*LAZY, "rclpy", "numpy", "cv2")!r})))
        for room in sys.argv[1:]:
            try:
                importlib.import_module(f"{PACKAGE}.{{room}}")
            except ModuleNotFoundError as error:
                if error.name != "rclpy":
                    raise
        print("rooms", *sorted(set(sys.modules) & set({LAZY!r})))
    """
    assert run_python(code, *rooms) == "package\nrooms\n"
