"""The simulated rig: a camera on a gimbal on a platform that shakes, in a world whose truth is known.

`SimulationSource` is a `Source` like any other; its frames also carry what only a simulator knows (`rig/truth.py`). A scene is a
YAML file (`scene_file.py`) with a world in MuJoCo's own format. `world.py` compiles both with the gimbal's URDF and steps the
physics; `renderer.py` takes pictures; `beams.py`, `lidar.py` and `depth_sensors.py` measure ranges; `camera_sensor.py` turns
light into pixels with noise. Importing this costs nothing: MuJoCo is loaded when a source is opened.
"""

from auxfocus_ros.rig.simulation.scene_file import SceneDescription, load_scene, shipped_scenes

__all__ = ["SceneDescription", "load_scene", "shipped_scenes"]
