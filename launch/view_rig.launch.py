"""The whole graph and RViz beside it: `ros2 launch auxfocus_ros view_rig.launch.py`, for any other source with its arguments.

The graph is that of `auxfocus.launch.py`, whose arguments are taken too. robot_state_publisher takes `joint_states`
and publishes the gimbal's frames, so that `gimbal_rig` must not.
"""

from collections.abc import Mapping
from pathlib import Path

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.rig import load_rig
from auxfocus_ros.rig.simulation import load_scene
from auxfocus_ros.rig.urdf import load_urdf, urdf_path
from launch import LaunchContext, LaunchDescription

DEFAULT_URDF = "pan_tilt_gimbal"
ARGUMENTS = {
    "source": ("simulation", "simulation, recording, topics or focal_stack"),
    "path": ("corridor", "a scene, a recording, a folder or a focal stack"),
    "rig": ("", "rig file: a shipped name or a path"),
    "namespace": ("", "namespace of all nodes"),
    "use_sim_time": ("false", "take the time from /clock"),
    "urdf": ("", f"URDF: a shipped name or a path; by default the scene's, the rig file's, or {DEFAULT_URDF}"),
    "rviz_config": (str(config_dir() / "rviz" / "rig.rviz"), "what RViz shows"),
}
# What the shipped RViz file names. Names there are absolute, so that it can be opened by hand as well.
RVIZ_TOPICS = ("/robot_description", "/points", "/aux_focus/markers", "/aux_focus/image", "/camera/image_raw")


def urdf_of(given: Mapping[str, str]) -> str:
    """The gimbal that these arguments mean: what is drawn must be what turns."""
    if given["urdf"]:
        return given["urdf"]
    if given["source"] == "simulation":
        return load_scene(given["path"]).gimbal.urdf
    gimbal = load_rig(given["rig"]).gimbal if given["rig"] else None
    return gimbal.urdf if gimbal is not None else DEFAULT_URDF


def viewers(context: LaunchContext) -> list[Node]:
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    urdf = urdf_of(given)
    load_urdf(urdf)  # what is wrong with it is said here, in one line
    # Without a type launch would read the text as YAML, and a colon in a comment ends that.
    description = ParameterValue(urdf_path(urdf).read_text(encoding="utf-8-sig"), value_type=str)
    use_sim_time = given["use_sim_time"].lower() == "true"
    return [
        Node(
            package="robot_state_publisher",
            executable="robot_state_publisher",
            namespace=given["namespace"],
            parameters=[{"robot_description": description, "use_sim_time": use_sim_time}],
            output="screen",
        ),
        Node(
            package="rviz2",
            executable="rviz2",
            namespace=given["namespace"],
            parameters=[{"use_sim_time": use_sim_time}],
            remappings=[(topic, topic.lstrip("/")) for topic in RVIZ_TOPICS],
            arguments=["-d", given["rviz_config"]],
            output="screen",
        ),
    ]


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(name, default_value=value, description=text) for name, (value, text) in ARGUMENTS.items()]
    graph = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).with_name("auxfocus.launch.py"))),
        launch_arguments={
            **{name: LaunchConfiguration(name) for name in ("source", "path", "rig", "namespace", "use_sim_time")},
            "publish_tf": "false",
        }.items(),
    )
    return LaunchDescription([*declared, OpaqueFunction(function=viewers), graph])
