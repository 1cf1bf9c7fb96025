"""The one description of the graph."""

from typing import Any

import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.graph import NODES, GraphOptions, describe_graph
from auxfocus_ros.optics import load_lens
from auxfocus_ros.rig.simulation import load_scene


def test_every_node_is_there_once_and_the_rig_starts_last() -> None:
    nodes = describe_graph(GraphOptions(path="/data/a.mcap", panel=True, autofocus=True, all_in_focus=True, mono_depth=True))
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


def test_a_simulation_is_filmed_through_the_scenes_lens_and_starts_in_focus() -> None:
    by_name = {node.executable: dict(node.parameters) for node in describe_graph(GraphOptions("simulation", "corridor"))}
    lens = load_lens(load_scene("corridor").camera.lens)
    assert by_name["lens_actuator"]["lens"] == by_name["gimbal_rig"]["lens"] == lens.name
    assert by_name["lens_actuator"]["initial_position_steps"] == lens.hyperfocal_position_steps


@pytest.mark.parametrize("name", ["autofocus", "all_in_focus"])
def test_who_judges_blur_knows_the_lens_and_how_large_a_simulations_pixels_are(name: str) -> None:
    def parameters(options: GraphOptions) -> dict[str, object]:
        return dict(next(node.parameters for node in describe_graph(options) if node.executable == name))

    wanted: Any = {name: True}
    assert parameters(GraphOptions(path="/a", lens="field_50mm", **wanted)) == {"lens": "field_50mm"}
    camera = load_scene("corridor").camera
    assert parameters(GraphOptions("simulation", "corridor", **wanted)) == {"lens": camera.lens}
    small = GraphOptions("simulation", "corridor", **wanted, parameters={"gimbal_rig": {"width_px": 160}})
    assert parameters(small) == {"lens": camera.lens, "pixel_pitch_um": 1e6 * camera.sensor_width_m / 160}
    assert name not in [node.executable for node in describe_graph(GraphOptions(path="/a"))]


def test_depth_from_pictures_has_its_topics_to_itself_and_the_rigs_readings_for_its_scale() -> None:
    def remaps(options: GraphOptions) -> dict[str, dict[str, str]]:
        return {node.executable: dict(node.remaps) for node in describe_graph(options) if node.remaps}

    assert remaps(GraphOptions(path="/a")) == {}
    aside = {"depth/image_raw": "rig/depth/image_raw", "depth/scale": "rig/depth/scale"}
    own = {"points": "depth/points", "scale/points": "points", "scale/range": "range"}
    assert remaps(GraphOptions(path="/a", depth="mono", mono_depth=True)) == {"mono_depth": own, "gimbal_rig": aside}
    # Beside the rig's own depth image, which then is what is drawn: nobody takes the one for the other.
    beside = GraphOptions(path="/a", depth="depth", mono_depth=True)
    assert remaps(beside) == {"mono_depth": own, "gimbal_rig": aside, "aux_focus": aside}
    simulated = describe_graph(GraphOptions("simulation", "corridor", depth="mono", mono_depth=True))
    by_name = {node.executable: dict(node.parameters) for node in simulated}
    assert by_name["mono_depth"] == {"rig": "", "urdf": load_scene("corridor").gimbal.urdf}
    assert by_name["aux_focus"] == {"depth_input": "mono"}


def test_a_replay_is_in_lock_step_by_the_recordings_clock_and_moves_no_lens() -> None:
    nodes = describe_graph(GraphOptions(path="/a", rig="road_64", depth="depth", panel=True, replay=True))
    by_name = {node.executable: dict(node.parameters) for node in nodes}
    assert list(by_name) == ["aux_focus", "operator_panel", "gimbal_rig"]
    assert all(parameters["use_sim_time"] for parameters in by_name.values())
    assert by_name["aux_focus"].items() >= {"lock_step": True, "depth_input": "depth", "rig": "road_64"}.items()
    in_step = {"lock_step": True, "publish_clock": True, "play_lens": True, "loop": False, "rig": "road_64", "lens": ""}
    assert by_name["gimbal_rig"].items() >= in_step.items()


@pytest.mark.parametrize("unfit", [{"source": "simulation"}, {"autofocus": True}, {"refocus": True}, {"depth": "mono"}])
def test_what_does_not_go_with_a_replay_is_refused(unfit: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="plays a recording as it is"):
        describe_graph(GraphOptions(path="/a", replay=True, **unfit))


def test_the_rigs_lens_is_taken_where_none_is_named() -> None:
    by_name = {node.executable: dict(node.parameters) for node in describe_graph(GraphOptions(path="/a", rig="road_64"))}
    assert by_name["lens_actuator"]["lens"] == "bench_25mm"
    with pytest.raises(ConfigurationError, match="no rig 'nowhere'"):
        describe_graph(GraphOptions(path="/a", rig="nowhere"))
