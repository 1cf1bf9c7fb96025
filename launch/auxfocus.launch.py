"""The whole graph: `ros2 launch auxfocus_ros auxfocus.launch.py path:=/data/flight.mcap lens:=bench_25mm`.

It reads the same description as `auxfocus up`. Nodes start themselves by their own `autostart` parameter; launch's lifecycle
events are not used, or both would try.
"""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

from auxfocus_ros.graph import GraphOptions, describe_graph
from auxfocus_ros.ros.transport import profile_environment
from launch import LaunchContext, LaunchDescription

ARGUMENTS = {
    "path": ("", "a recording, a folder with a folder.yaml, a focal stack, or a scene"),
    "source": ("recording", "recording, focal_stack, simulation or topics"),
    "rig": ("", "rig file: a shipped name or a path"),
    "lens": ("", "lens file: a shipped name or a path; by default the scene's, the rig file's, or bench_25mm"),
    "refocus": ("false", "render the defocus of the lens's position"),
    "depth": ("", "points, depth, mono or none; by default points, or mono where mono_depth is true"),
    "panel": ("true", "serve the operator's page (parameters of operator_panel: host, port, token)"),
    "autofocus": ("true", "with the autofocus node"),
    "all_in_focus": ("false", "with the all_in_focus node"),
    "mono_depth": ("false", "with the mono_depth node: depth from the pictures alone"),
    "replay": ("false", "play a recording once in lock-step, with its own clock and lens states, and no node that moves a lens"),
    "namespace": ("", "namespace of all nodes"),
    "autostart": ("true", "configure and activate the nodes at once"),
    "use_sim_time": ("false", "take the time from /clock"),
    "publish_tf": ("true", "publish the gimbal's frames on /tf; false where robot_state_publisher does"),
}


def nodes(context: LaunchContext) -> list[LifecycleNode]:
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    flags = ("refocus", "panel", "autofocus", "all_in_focus", "mono_depth", "replay", "autostart", "use_sim_time", "publish_tf")
    switches = {name: given[name].lower() == "true" for name in flags}
    options = GraphOptions(
        source=given["source"],
        path=given["path"],
        rig=given["rig"],
        lens=given["lens"],
        refocus=switches["refocus"],
        depth=given["depth"] or ("mono" if switches["mono_depth"] else "points"),
        panel=switches["panel"],
        autofocus=switches["autofocus"] and not switches["replay"],
        all_in_focus=switches["all_in_focus"],
        mono_depth=switches["mono_depth"],
        replay=switches["replay"],
        parameters={"gimbal_rig": {"publish_tf": switches["publish_tf"]}},
    )
    common = {"autostart": switches["autostart"], "use_sim_time": switches["use_sim_time"] or switches["replay"]}
    return [
        LifecycleNode(
            package="auxfocus_ros",
            executable=node.executable,
            name=node.executable,
            namespace=given["namespace"],
            parameters=[{**node.parameters, **common}],
            remappings=list(node.remaps.items()),
            additional_env=profile_environment() if node.carries_pictures else {},
            output="screen",
        )
        for node in describe_graph(options)
    ]


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(name, default_value=value, description=text) for name, (value, text) in ARGUMENTS.items()]
    return LaunchDescription([*declared, OpaqueFunction(function=nodes)])
