"""The graph in one description: its nodes, their parameters and remaps. `auxfocus up` and the launch files both read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auxfocus_ros.errors import ConfigurationError

ParameterValue = bool | int | float | str
DEFAULT_LENS = "bench_25mm"
NODES = ("gimbal_rig", "lens_actuator", "mono_depth", "aux_focus", "autofocus", "all_in_focus", "operator_panel")
REPLAY_WAIT_S = 180.0
"""Of a replay: loops are compiled the first time on a machine, and until then nobody takes pictures."""
RIG_DEPTH = {"depth/image_raw": "rig/depth/image_raw", "depth/scale": "rig/depth/scale"}
"""Where the rig's own depth image goes while `mono_depth` gives one."""
MONO_DEPTH_REMAPS = {"points": "depth/points", "scale/points": "points", "scale/range": "range"}
"""The rig's cloud and its rangefinder tell the scale; its cloud keeps its name."""


@dataclass(frozen=True)
class NodeDescription:
    """One node of the graph.

    executable: its name in the package (`auxfocus_ros.nodes.<executable>`). carries_pictures: it needs the shared-memory profile.
    """

    executable: str
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    remaps: Mapping[str, str] = field(default_factory=dict)
    carries_pictures: bool = True


@dataclass(frozen=True)
class GraphOptions:
    """What differs from one use of the graph to the next.

    source, path, rig, refocus: as the parameters of `gimbal_rig`. lens: for all nodes; empty: the scene's, the rig file's, or
    DEFAULT_LENS. depth: what `aux_focus` takes: 'points', 'depth', 'mono' or 'none'. panel: with the operator's page. autofocus:
    with `autofocus`. all_in_focus: with `all_in_focus`. mono_depth: with `mono_depth`. replay: play a recording once, in
    lock-step, by its own clock and with its own lens states; what moves a lens is left out. parameters: further parameters by
    node, which win over what is worked out here.
    """

    source: str = "recording"
    path: str = ""
    rig: str = ""
    lens: str = ""
    refocus: bool = False
    depth: str = "points"
    panel: bool = False
    autofocus: bool = False
    all_in_focus: bool = False
    mono_depth: bool = False
    replay: bool = False
    parameters: Mapping[str, Mapping[str, ParameterValue]] = field(default_factory=dict)


def describe_graph(options: GraphOptions) -> list[NodeDescription]:
    """The nodes for these options, in the order in which they are started.

    Parameters for nodes that are left out mean nothing. With `mono_depth`, `depth/image_raw`, `depth/scale` and `depth/points`
    are its, and the rig's own depth image is `rig/depth/image_raw`.

    Raises:
        ConfigurationError: parameters for a node that the graph does not have; a scene or rig file that cannot be read for its
        lens; what does not go with a replay.
    """
    unknown = sorted(set(options.parameters) - set(NODES))
    if unknown:
        raise ConfigurationError(f"parameters for {', '.join(unknown)}, but the graph's nodes are {', '.join(NODES)}")
    worked_out = _replaying(options) if options.replay else _live(options)
    remaps = _remaps(options)
    return [
        NodeDescription(
            name,
            {**parameters, **options.parameters.get(name, {})},
            remaps.get(name, {}),
            carries_pictures=name != "lens_actuator",
        )
        for name, parameters in worked_out.items()
    ]


def _replaying(options: GraphOptions) -> dict[str, dict[str, ParameterValue]]:
    """By node, for a recording that is played as `analysis` reads it: no lens is made up where nobody names one."""
    moved = (options.refocus, options.autofocus, options.all_in_focus, options.mono_depth)
    if options.source != "recording" or any(moved) or options.depth == "mono":
        raise ConfigurationError(
            "replay plays a recording as it is: leave refocus, autofocus, all_in_focus, mono_depth and other sources out"
        )
    by_the_clock: dict[str, ParameterValue] = {"use_sim_time": True}
    in_step: dict[str, ParameterValue] = {**by_the_clock, "lock_step": True, "rig": options.rig}
    return {
        "aux_focus": {**in_step, "depth_input": options.depth, "automatic_target": True},
        **({"operator_panel": by_the_clock} if options.panel else {}),
        "gimbal_rig": {
            **in_step,
            "source": options.source,
            "path": options.path,
            "lens": options.lens,
            "loop": False,
            "publish_clock": True,
            "play_lens": True,
            "wait_s": REPLAY_WAIT_S,
        },
    }


def _live(options: GraphOptions) -> dict[str, dict[str, ParameterValue]]:
    """By node, for a source that is played or filmed at its own pace, with a lens that is moved."""
    lens = options.lens or _lens_of(options)
    return {
        "lens_actuator": {"lens": lens, **_first_position(options, lens)},
        **({"mono_depth": {"rig": options.rig, "urdf": _urdf(options)}} if options.mono_depth else {}),
        "aux_focus": {"depth_input": options.depth},
        **({"autofocus": {"lens": lens, **_pixel_pitch(options)}} if options.autofocus else {}),
        **({"all_in_focus": {"lens": lens, **_pixel_pitch(options)}} if options.all_in_focus else {}),
        **({"operator_panel": {}} if options.panel else {}),
        "gimbal_rig": {
            "source": options.source,
            "path": options.path,
            "rig": options.rig,
            "lens": lens,
            "refocus": options.refocus,
        },
    }


def _remaps(options: GraphOptions) -> dict[str, dict[str, str]]:
    """By node: two nodes that give a depth image must not do so on one topic."""
    if not options.mono_depth:
        return {}
    remaps = {"mono_depth": MONO_DEPTH_REMAPS, "gimbal_rig": RIG_DEPTH}
    return {**remaps, "aux_focus": RIG_DEPTH} if options.depth == "depth" else remaps


def _urdf(options: GraphOptions) -> str:
    """Of a simulated rig, which says where its rangefinder stands; other rigs' is in their rig file."""
    if options.source != "simulation" or not options.path:
        return ""
    from auxfocus_ros.rig.simulation import load_scene

    return load_scene(options.path).gimbal.urdf


def _lens_of(options: GraphOptions) -> str:
    """The lens of whom the source belongs to: a node that moves another glass than the one that is filmed through says nothing
    true."""
    if options.source == "simulation" and options.path:
        from auxfocus_ros.rig.simulation import load_scene

        return load_scene(options.path).camera.lens
    if options.rig:
        from auxfocus_ros.rig.rig_file import load_rig

        return load_rig(options.rig).lens or DEFAULT_LENS
    return DEFAULT_LENS


def _pixel_pitch(options: GraphOptions) -> dict[str, ParameterValue]:
    """A simulation's pictures are as wide as somebody says, on a sensor that stays: blur is as many pixels less."""
    width_px = options.parameters.get("gimbal_rig", {}).get("width_px")
    if options.source != "simulation" or not width_px:
        return {}
    from auxfocus_ros.rig.simulation import load_scene

    return {"pixel_pitch_um": 1e6 * load_scene(options.path).camera.sensor_width_m / float(width_px)}


def _first_position(options: GraphOptions, lens: str) -> dict[str, ParameterValue]:
    """A simulated rig starts with a picture that shows something: focused at the hyperfocal distance."""
    if options.source != "simulation":
        return {}
    from auxfocus_ros.optics import load_lens

    return {"initial_position_steps": load_lens(lens).hyperfocal_position_steps}
