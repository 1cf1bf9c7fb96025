"""The launch file describes the same graph as `auxfocus up`.

The wheels lack `launch` and `launch_ros`, so the few names that the file takes of them are recorders here: every line of it runs,
and what it asks for is looked at. It does not show that upstream's launch takes it.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from auxfocus_ros.graph import NODES

FILE = Path(__file__).resolve().parents[1] / "launch" / "auxfocus.launch.py"


class Recorder:
    """Keeps what it was called with."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.arguments, self.named = arguments, named


class Configuration(Recorder):
    values: dict[str, str] = {}  # noqa: RUF012

    def perform(self, context: Any) -> str:
        return self.values[self.arguments[0]]


@pytest.fixture
def launch_file(monkeypatch: pytest.MonkeyPatch) -> Any:
    names = {
        "launch": {"LaunchContext": Recorder, "LaunchDescription": Recorder},
        "launch.actions": {"DeclareLaunchArgument": Recorder, "OpaqueFunction": Recorder},
        "launch.substitutions": {"LaunchConfiguration": Configuration},
        "launch_ros": {},
        "launch_ros.actions": {"LifecycleNode": Recorder},
    }
    for name, content in names.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("auxfocus_launch", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_node_gets_its_parameters_and_pictures_get_the_profile(launch_file: Any) -> None:
    declared = launch_file.generate_launch_description().arguments[0]
    defaults = {action.arguments[0]: action.named["default_value"] for action in declared if "default_value" in action.named}
    assert set(defaults) == set(launch_file.ARGUMENTS)
    Configuration.values = {**defaults, "path": "/data/a.mcap", "lens": "field_50mm", "namespace": "drone", "autostart": "false"}
    nodes = {node.named["executable"]: node.named for node in launch_file.nodes(None)}
    assert sorted(nodes) == sorted(NODES)
    assert nodes["gimbal_rig"]["parameters"][0]["path"] == "/data/a.mcap"
    assert nodes["lens_actuator"]["parameters"][0]["lens"] == "field_50mm"
    assert all(node["namespace"] == "drone" for node in nodes.values())
    assert all(node["parameters"][0]["autostart"] is False for node in nodes.values())
    assert nodes["lens_actuator"]["additional_env"] == {}
    assert "fastdds_shm.xml" in " ".join(nodes["gimbal_rig"]["additional_env"].values())
