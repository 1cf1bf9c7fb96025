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
    "path": ("", "a recording, a folder with a folder.yaml, or a focal stack"),
    "source": ("recording", "recording or focal_stack"),
    "rig": ("", "rig file: a shipped name or a path"),
    "lens": ("bench_25mm", "lens file: a shipped name or a path"),
    "refocus": ("false", "render the defocus of the lens's position"),
    "depth": ("points", "points, depth or none"),
    "namespace": ("", "namespace of all nodes"),
    "autostart": ("true", "configure and activate the nodes at once"),
    "use_sim_time": ("false", "take the time from /clock"),
}


def nodes(context: LaunchContext) -> list[LifecycleNode]:
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    options = GraphOptions(
        given["source"], given["path"], given["rig"], given["lens"], given["refocus"].lower() == "true", given["depth"]
    )
    common = {"autostart": given["autostart"].lower() == "true", "use_sim_time": given["use_sim_time"].lower() == "true"}
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
