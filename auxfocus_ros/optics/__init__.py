"""Where light goes: the camera's geometry, the lens and its motor, depth of field, and the defocus model.

The ground floor of the house: it imports nothing of ours but the errors, knows neither ROS nor files of recordings, and gives
every other room its types. `CameraModel` and `RigidTransform` say where a point falls in the picture; `Lens` says what a motor
position means (focus distance, depth of field, blur); `load_lens` reads one from `config/lenses/` or from a file of the user's;
`config_dir` and `share_dir` find what was installed beside the code.
"""

from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.config_path import config_dir, share_dir
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.lens_file import load_lens, shipped_lenses
from auxfocus_ros.optics.mapping import LinearMapping, TableMapping
from auxfocus_ros.optics.rigid import RigidTransform

__all__ = [
    "CameraModel",
    "Lens",
    "LinearMapping",
    "RigidTransform",
    "TableMapping",
    "config_dir",
    "load_lens",
    "share_dir",
    "shipped_lenses",
]
