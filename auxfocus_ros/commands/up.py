"""`auxfocus up`: the graph for a source, kept running until Ctrl-C; with `--replay`, until a recording is over."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.graph import GraphOptions, ParameterValue, describe_graph

SOURCES = ("recording", "focal_stack", "simulation", "topics")
FILM_WAIT_S = 30.0
EXAMPLES = """examples:
  auxfocus up samples/rgb_lidar_road --lens field_50mm
  auxfocus up flight.mcap --rig my_rig.yaml --once --video out/flight.mp4
  auxfocus up --replay flight.mcap --rig my_rig.yaml --no-panel
  auxfocus up samples/rgbd_room --depth depth --refocus
  auxfocus up samples/stack_circuit_board --source focal_stack --depth none
  auxfocus up --source simulation corridor
  auxfocus up --source simulation road --seed 7 -p gimbal_rig.mount=fixed
  auxfocus up --source topics --rig realsense2_camera --depth depth
  auxfocus up --source simulation table_top -p autofocus.method=fibonacci
  auxfocus up --source simulation table_top --all-in-focus -p all_in_focus.max_frames=12
  auxfocus up --source simulation corridor --mono-depth -p mono_depth.scale_points=false
  auxfocus up flight.mcap -p aux_focus.layout=side_by_side -p lens_actuator.speed_steps_per_s=500
"""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "up", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "path",
        nargs="?",
        default="",
        help="a recording (.mcap, .db3, .bag, rosbag2 folder), a folder with a folder.yaml, a focal stack, or a scene",
    )
    parser.add_argument("--source", default="recording", choices=SOURCES, help="kind of source (default: recording)")
    parser.add_argument("--rig", default="", help="rig file: a shipped name or a path")
    parser.add_argument(
        "--lens", default="", help="lens file: a shipped name or a path (default: the scene's, the rig's, bench_25mm)"
    )
    parser.add_argument("--seed", type=int, help="of a simulation (default: the scene's)")
    parser.add_argument("--refocus", action="store_true", help="render the defocus of the lens's position (needs depth images)")
    parser.add_argument(
        "--depth",
        choices=("points", "depth", "mono", "none"),
        help="what the depth is taken from (default: points; with --mono-depth: mono)",
    )
    parser.add_argument("--once", action="store_true", help="play once and stop at the end (default: loop)")
    parser.add_argument(
        "--replay",
        action="store_true",
        help="play a recording once, losing nothing and as fast as the nodes keep up, with its own stamps (/clock) and lens "
        "states, the target chosen automatically: the targets and focus of `auxfocus analyze`",
    )
    parser.add_argument("--rate", type=float, default=0.0, metavar="HZ", help="frames per second (default: as recorded)")
    parser.add_argument("--no-panel", action="store_true", help="without the operator's page")
    parser.add_argument("--no-autofocus", action="store_true", help="without the autofocus node")
    parser.add_argument("--all-in-focus", action="store_true", help="with the all_in_focus node")
    parser.add_argument("--mono-depth", action="store_true", help="with the mono_depth node: depth from the pictures alone")
    parser.add_argument("--port", type=int, default=8080, help="of the operator's page, on the loopback address (default: 8080)")
    parser.add_argument("--namespace", default="", help="namespace of all nodes")
    parser.add_argument("--video", type=Path, metavar="FILE.mp4", help="keep the auxiliary focus image as a film")
    parser.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NODE.NAME=VALUE", help="set a node's parameter"
    )
    parser.add_argument("--json", action="store_true", help="print the nodes' state as JSON lines")
    parser.set_defaults(run=run)


def parse_parameters(texts: list[str]) -> dict[str, dict[str, ParameterValue]]:
    """`node.name=value` texts by node; values are read as YAML. Raises ConfigurationError."""
    by_node: dict[str, dict[str, ParameterValue]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        node, dot, name = key.partition(".")
        if not (equals and dot and node and name):
            raise ConfigurationError(f"'{text}' is not a parameter: write NODE.NAME=VALUE, for example aux_focus.opacity=0.5")
        try:
            by_node.setdefault(node, {})[name] = yaml.safe_load(value) if value else ""
        except yaml.YAMLError as error:
            raise ConfigurationError(f"the value of '{text}' is not YAML") from error
    return by_node


def checked_path(source: str, path: str) -> str:
    """The path as a node in another folder finds it. Raises ConfigurationError where there is nothing, or a path too many."""
    if source == "topics":
        if path:
            raise ConfigurationError(f"drivers' topics have no path: leave '{path}' out, and name a rig file with --rig")
        return ""
    if not path:
        raise ConfigurationError(
            "name a recording, a folder with a folder.yaml, a focal stack or, with --source simulation, a scene"
        )
    if source == "simulation" and Path(path).suffix not in (".yaml", ".yml"):
        return path
    if not Path(path).exists():
        raise ConfigurationError(
            f"{path} is not there: name a recording, a folder with a folder.yaml, a focal stack or a scene file"
        )
    return str(Path(path).resolve())


def run(arguments: argparse.Namespace) -> int:
    """Start, watch, and stop at Ctrl-C or at the recording's end."""
    from auxfocus_ros.commands.processes import GraphProcesses
    from auxfocus_ros.commands.watch import Watcher
    from auxfocus_ros.rig.film import Film

    path = checked_path(arguments.source, arguments.path)
    parameters = parse_parameters(arguments.parameter)
    parameters["operator_panel"] = {"port": arguments.port, **parameters.get("operator_panel", {})}
    if arguments.replay:
        graph = describe_graph(replay_options(arguments, path, parameters))
    else:
        graph = describe_graph(live_options(arguments, path, parameters))
    with contextlib.ExitStack() as stack:
        film = stack.enter_context(Film(arguments.video, 1280, 720, 30)) if arguments.video else None
        processes = stack.enter_context(GraphProcesses(graph, namespace=arguments.namespace))
        watcher = stack.enter_context(Watcher("auxfocus_up", arguments.namespace))
        if film is not None:
            watcher.hear_pictures("aux_focus/image", lambda picture, _: film.add(picture))
        said_s = time.monotonic()
        with contextlib.suppress(KeyboardInterrupt):
            while watcher.figures.get("gimbal_rig", {}).get("finished") != "true":
                processes.check()
                watcher.spin_for(1.0)
                if arguments.json or time.monotonic() - said_s >= 5.0:
                    said_s = time.monotonic()
                    say_state(watcher, arguments.json)
            if arguments.replay:
                say_replayed(watcher, Path(path).name)
        if film is not None:
            print(f"{film.frames} pictures in {arguments.video}", file=sys.stderr)
    return 0


def live_options(arguments: argparse.Namespace, path: str, parameters: dict[str, dict[str, ParameterValue]]) -> GraphOptions:
    """The graph at the source's own pace."""
    rig: dict[str, ParameterValue] = {"loop": not arguments.once, "rate_hz": arguments.rate}
    if arguments.once and arguments.video:
        rig["wait_s"] = FILM_WAIT_S  # a film of what is played once has the first picture too
    if arguments.seed is not None:
        rig["seed"] = arguments.seed
    parameters["gimbal_rig"] = {**rig, **parameters.get("gimbal_rig", {})}
    depth = arguments.depth or ("mono" if arguments.mono_depth else "points")
    return GraphOptions(
        source=arguments.source,
        path=path,
        rig=arguments.rig,
        lens=arguments.lens,
        refocus=arguments.refocus,
        depth=depth,
        panel=not arguments.no_panel,
        autofocus=not arguments.no_autofocus,
        all_in_focus=arguments.all_in_focus,
        mono_depth=arguments.mono_depth,
        parameters=parameters,
    )


def replay_options(arguments: argparse.Namespace, path: str, parameters: dict[str, dict[str, ParameterValue]]) -> GraphOptions:
    """The graph in lock-step with a recording, with the depth and the lens that its analysis takes.

    Raises:
        ConfigurationError: flags that mean something else. InputError: what is no recording.
    """
    from auxfocus_ros.analysis.facts import lens_of, look_at
    from auxfocus_ros.analysis.options import AnalysisOptions

    given = {
        "--source": arguments.source != "recording",
        "--seed": arguments.seed is not None,
        "--refocus": arguments.refocus,
        "--depth": arguments.depth is not None,
        "--rate": arguments.rate != 0.0,
        "--video": arguments.video is not None,
        "--all-in-focus": arguments.all_in_focus,
        "--mono-depth": arguments.mono_depth,
    }
    if any(given.values()):
        unfit = ", ".join(flag for flag, is_given in given.items() if is_given)
        raise ConfigurationError(f"--replay plays a recording as it is, as fast as that goes: leave {unfit} out")
    options = AnalysisOptions(rig=arguments.rig, lens=arguments.lens)
    facts = look_at(path, options)
    return GraphOptions(
        path=path,
        rig=arguments.rig,
        lens=lens_of(options, facts.lens_name),
        depth="points" if facts.has_cloud else "depth" if facts.has_depth_image else "none",
        panel=not arguments.no_panel,
        replay=True,
        parameters=parameters,
    )


def say_replayed(watcher: Any, name: str) -> None:
    """One line with what was played. Raises InputError, with the rig's words, where that was nothing."""
    figures, (_, message) = watcher.figures["gimbal_rig"], watcher.levels["gimbal_rig"]
    if figures["frames"] == "0":
        raise InputError(f"nothing of {name} was played: {message}")
    answered = "each answered" if figures["unanswered"] == "0" else f"{figures['unanswered']} of them waited for in vain"
    print(f"{figures['frames']} frames of {name} played, {answered}", file=sys.stderr)


def say_state(watcher: Any, as_json: bool) -> None:
    """One line with every node's state and rate (JSON on standard output, else words on standard error)."""
    if as_json:
        state = {
            name: {"level": level, "message": message, **watcher.figures[name]}
            for name, (level, message) in watcher.levels.items()
            if "/" not in name
        }
        print(json.dumps(state), flush=True)
        return
    words = []
    for name, (_, message) in sorted(item for item in watcher.levels.items() if "/" not in item[0]):
        figures = watcher.figures[name]
        rate = f" {figures['rate_hz']} Hz" if "rate_hz" in figures else ""
        late = f", p95 {figures['latency_p95_ms']} ms" if "latency_p95_ms" in figures else ""
        words.append(f"{name}{rate}{late}: {message}")
    print(" | ".join(words), file=sys.stderr, flush=True)
