"""The graph in one description: its nodes, their parameters and remaps. `auxfocus up` and the launch files both read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auxfocus_ros.errors import ConfigurationError

ParameterValue = bool | int | float | str
NODES = ("gimbal_rig", "lens_actuator", "aux_focus")


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

    source, path, rig, lens, refocus: as the parameters of `gimbal_rig`. depth: what `aux_focus` takes: 'points', 'depth' or
    'none'. parameters: further parameters by node, which win over what is worked out here.
    """

    source: str = "recording"
    path: str = ""
    rig: str = ""
    lens: str = "bench_25mm"
    refocus: bool = False
    depth: str = "points"
    parameters: Mapping[str, Mapping[str, ParameterValue]] = field(default_factory=dict)


def describe_graph(options: GraphOptions) -> list[NodeDescription]:
    """The nodes for these options, in the order in which they are started.

    Raises:
        ConfigurationError: parameters for a node that the graph does not have.
    """
    unknown = sorted(set(options.parameters) - set(NODES))
    if unknown:
        raise ConfigurationError(f"parameters for {', '.join(unknown)}, but the graph's nodes are {', '.join(NODES)}")
    worked_out: dict[str, dict[str, ParameterValue]] = {
        "lens_actuator": {"lens": options.lens},
        "aux_focus": {"depth_input": options.depth},
        "gimbal_rig": {
            "source": options.source,
            "path": options.path,
            "rig": options.rig,
            "lens": options.lens,
            "refocus": options.refocus,
        },
    }
    return [
        NodeDescription(name, {**parameters, **options.parameters.get(name, {})}, carries_pictures=name != "lens_actuator")
        for name, parameters in worked_out.items()
    ]
