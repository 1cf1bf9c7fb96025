"""The launch files describe the same graph as `auxfocus up`, and RViz beside it.

The wheels lack `launch` and `launch_ros`, so the few names that the files take of them are recorders here: every line runs, and
what the files ask for is looked at. It does not show that upstream's launch takes them.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.graph import NODES

ROOT = Path(__file__).resolve().parents[1]


class Recorder:
    """Keeps what it was called with."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.arguments, self.named = arguments, named


class Configuration(Recorder):
    values: dict[str, str] = {}  # noqa: RUF012

    def perform(self, context: Any) -> str:
        return self.values[self.arguments[0]]


class Inclusion(Recorder):
    """Another launch file."""


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    names = {
        "launch": {"LaunchContext": Recorder, "LaunchDescription": Recorder},
        "launch.actions": {
            "DeclareLaunchArgument": Recorder,
            "IncludeLaunchDescription": Inclusion,
            "OpaqueFunction": Recorder,
        },
        "launch.launch_description_sources": {"PythonLaunchDescriptionSource": Recorder},
        "launch.substitutions": {"LaunchConfiguration": Configuration},
        "launch_ros": {},
        "launch_ros.actions": {"LifecycleNode": Recorder, "Node": Recorder},
        "launch_ros.parameter_descriptions": {"ParameterValue": Recorder},
    }
    for name, content in names.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)

    def load_file(file: str) -> Any:
        spec = importlib.util.spec_from_file_location("auxfocus_launch", ROOT / "launch" / file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load_file


def defaults_of(launch_file: Any) -> dict[str, str]:
    """The arguments that a launch file declares, which are those of its table."""
    declared = launch_file.generate_launch_description().arguments[0]
    defaults = {action.arguments[0]: action.named["default_value"] for action in declared if "default_value" in action.named}
    assert set(defaults) == set(launch_file.ARGUMENTS)
    return defaults


def test_every_node_gets_its_parameters_and_pictures_get_the_profile(load: Callable[[str], Any]) -> None:
    launch_file = load("auxfocus.launch.py")
    defaults = defaults_of(launch_file)
    given = {"path": "/data/a.mcap", "lens": "field_50mm", "namespace": "drone", "autostart": "false"}
    Configuration.values = {**defaults, **given}
    unasked = {node.named["executable"] for node in launch_file.nodes(None)}
    assert sorted(unasked) == sorted(set(NODES) - {"all_in_focus", "mono_depth"})
    Configuration.values |= {"all_in_focus": "true", "mono_depth": "true"}
    nodes = {node.named["executable"]: node.named for node in launch_file.nodes(None)}
    assert sorted(nodes) == sorted(NODES)
    assert nodes["aux_focus"]["parameters"][0]["depth_input"] == "mono"
    assert ("points", "depth/points") in nodes["mono_depth"]["remappings"]
    assert nodes["gimbal_rig"]["parameters"][0]["path"] == "/data/a.mcap"
    assert nodes["gimbal_rig"]["parameters"][0]["publish_tf"] is True
    assert nodes["lens_actuator"]["parameters"][0]["lens"] == "field_50mm"
    assert all(node["namespace"] == "drone" for node in nodes.values())
    assert all(node["parameters"][0]["autostart"] is False for node in nodes.values())
    assert nodes["lens_actuator"]["additional_env"] == {}
    Configuration.values = {**defaults, **given, "replay": "true"}
    replaying = {node.named["executable"]: node.named["parameters"][0] for node in launch_file.nodes(None)}
    assert sorted(replaying) == ["aux_focus", "gimbal_rig", "operator_panel"]
    assert all(parameters["use_sim_time"] is True for parameters in replaying.values())
    assert "fastdds_shm.xml" in " ".join(nodes["gimbal_rig"]["additional_env"].values())


def test_the_view_shows_the_whole_graph_and_leaves_the_frames_to_robot_state_publisher(load: Callable[[str], Any]) -> None:
    view = load("view_rig.launch.py")
    defaults = defaults_of(view)
    assert (defaults["source"], defaults["path"]) == ("simulation", "corridor")
    graph = next(action for action in view.generate_launch_description().arguments[0] if isinstance(action, Inclusion))
    assert graph.arguments[0].arguments == (str(ROOT / "launch" / "auxfocus.launch.py"),)
    given = dict(graph.named["launch_arguments"])
    included = load("auxfocus.launch.py")
    assert set(given) <= set(included.ARGUMENTS)
    # What the view declares reaches the graph, but for what is the viewers' own.
    assert set(view.ARGUMENTS) - set(given) == {"urdf", "rviz_config"}
    Configuration.values = {**defaults_of(included), **defaults, "path": "corridor", "lens": "field_50mm"}
    Configuration.values |= {name: value if isinstance(value, str) else value.perform(None) for name, value in given.items()}
    nodes = {node.named["executable"]: node.named["parameters"][0] for node in included.nodes(None)}
    assert nodes["gimbal_rig"]["source"] == "simulation"
    assert nodes["gimbal_rig"]["path"] == "corridor"
    assert nodes["gimbal_rig"]["publish_tf"] is False


def viewers(view: Any, **values: str) -> dict[str, dict[str, Any]]:
    Configuration.values = {**defaults_of(view), "source": "recording", **values}
    return {node.named["executable"]: node.named for node in view.viewers(None)}


def test_the_viewers_get_the_robot_the_file_and_the_namespace(load: Callable[[str], Any]) -> None:
    found = viewers(load("view_rig.launch.py"), namespace="drone", use_sim_time="true")
    assert sorted(found) == ["robot_state_publisher", "rviz2"]
    assert all(found[name]["package"] == name and found[name]["namespace"] == "drone" for name in found)
    assert all(found[name]["parameters"][0]["use_sim_time"] is True for name in found)
    description = found["robot_state_publisher"]["parameters"][0]["robot_description"]
    assert description.named == {"value_type": str}
    assert description.arguments[0] == (ROOT / "config/urdf/pan_tilt_gimbal.urdf").read_text()
    assert found["rviz2"]["arguments"] == ["-d", str(ROOT / "config/rviz/rig.rviz")]


def test_the_viewers_take_the_gimbal_that_turns(load: Callable[[str], Any], tmp_path: Path) -> None:
    view = load("view_rig.launch.py")
    (tmp_path / "arm.urdf").write_text('<robot name="arm"><link name="base_link"/></robot>')
    (tmp_path / "rig.yaml").write_text("gimbal: {urdf: arm.urdf}\n")
    (tmp_path / "plain.yaml").write_text("points: {frame: lidar}\n")
    (tmp_path / "hall.xml").write_text("<mujoco/>")
    (tmp_path / "hall.yaml").write_text("model: hall.xml\ngimbal: {urdf: arm.urdf}\n")

    def robot(**values: str) -> str:
        return str(viewers(view, **values)["robot_state_publisher"]["parameters"][0]["robot_description"].arguments[0])

    assert 'name="arm"' in robot(rig=str(tmp_path / "rig.yaml"))
    assert 'name="pan_tilt_gimbal"' in robot(rig=str(tmp_path / "plain.yaml"))
    assert 'name="pan_tilt_gimbal"' in robot(rig=str(tmp_path / "rig.yaml"), urdf="pan_tilt_gimbal")
    assert 'name="arm"' in robot(source="simulation", path=str(tmp_path / "hall.yaml"))
    (tmp_path / "arm.urdf").write_text("<robot>")
    with pytest.raises(ConfigurationError, match=r"arm\.urdf line 1: not XML"):
        robot(rig=str(tmp_path / "rig.yaml"))


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a YAML tree."""
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from mappings(child)


# Of rviz_common's and rviz_default_plugins' plugins_description.xml (Humble to Rolling), as far as the file could want them.
RVIZ_CLASSES = {
    f"rviz_default_plugins/{name}"
    for name in (
        "Axes", "Camera", "FocusCamera", "Grid", "Image", "Interact", "Marker", "MarkerArray", "Measure", "MoveCamera", "Orbit",
        "PointCloud2", "Range", "RobotModel", "Select", "TF",
    )
} | {"rviz_common/Displays", "rviz_common/Views", ""}  # fmt: skip


def test_the_rviz_file_shows_the_graphs_topics(load: Callable[[str], Any]) -> None:
    content = yaml.safe_load((ROOT / "config/rviz/rig.rviz").read_text())
    classes = {found["Class"] for found in mappings(content) if "Class" in found}
    assert classes <= RVIZ_CLASSES
    assert content["Visualization Manager"]["Global Options"]["Fixed Frame"] == "base_link"
    displays = {display["Name"]: display for display in content["Visualization Manager"]["Displays"]}
    kinds = [display["Class"].rpartition("/")[2] for display in displays.values()]
    assert sorted(kinds) == ["Grid", "Image", "Image", "MarkerArray", "PointCloud2", "RobotModel", "TF"]
    topics = {found["Value"]: found for found in mappings(content) if str(found.get("Value", "")).startswith("/")}
    view = load("view_rig.launch.py")
    assert sorted(topics) == sorted(view.RVIZ_TOPICS)
    # RViz subscribes what is named absolutely; in a namespace every topic must be remapped to the relative name.
    assert viewers(view)["rviz2"]["remappings"] == [(topic, topic[1:]) for topic in view.RVIZ_TOPICS]
    # The description is sent once, before RViz listens.
    assert topics["/robot_description"]["Durability Policy"] == "Transient Local"
