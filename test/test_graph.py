"""The one description of the graph."""

import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.graph import NODES, GraphOptions, describe_graph


def test_every_node_is_there_once_and_the_rig_starts_last() -> None:
    nodes = describe_graph(GraphOptions(path="/data/a.mcap"))
    assert sorted(node.executable for node in nodes) == sorted(NODES)
    assert nodes[-1].executable == "gimbal_rig"  # so that the others are there when the first frame comes


def test_given_parameters_win() -> None:
    options = GraphOptions(
        path="/a", lens="bench_25mm", parameters={"lens_actuator": {"lens": "field_50mm"}, "aux_focus": {"opacity": 0.4}}
    )
    by_name = {node.executable: dict(node.parameters) for node in describe_graph(options)}
    assert by_name["lens_actuator"]["lens"] == "field_50mm"
    assert by_name["aux_focus"] == {"depth_input": "points", "opacity": 0.4}
    assert by_name["gimbal_rig"]["lens"] == "bench_25mm"


def test_parameters_for_an_unknown_node_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="toaster"):
        describe_graph(GraphOptions(parameters={"toaster": {}}))
