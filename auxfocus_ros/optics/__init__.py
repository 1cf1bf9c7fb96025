"""Where light goes: the camera's geometry, the lens and its motor, depth of field, and the defocus model.

The ground floor of the house: it imports nothing of ours but the errors, knows neither ROS nor files of recordings, and gives
every other room its types. `CameraModel` and `RigidTransform` say where a point falls in the picture; `Lens` says what a motor
position means (focus distance, depth of field, blur); `load_lens` reads one from `config/lenses/` or from a file of the user's;
`config_dir` and `share_dir` find what was installed beside the code.

The defocus model (`defocus_plane`, `defocus_scene` and what they are made of) needs OpenCV and is imported at its first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.config_path import config_dir, share_dir
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.lens_file import load_lens, shipped_lenses
from auxfocus_ros.optics.mapping import LinearMapping, TableMapping
from auxfocus_ros.optics.rigid import RigidTransform

if TYPE_CHECKING:
    from auxfocus_ros.optics.defocus import blur, defocus_plane, disk_kernel, from_linear, gaussian_kernel, scale_about, to_linear
    from auxfocus_ros.optics.depth_defocus import breathing_scale, defocus_by_map, defocus_map, defocus_scene, fill_depth

_AT_FIRST_USE = {
    **dict.fromkeys(
        ("blur", "defocus_plane", "disk_kernel", "from_linear", "gaussian_kernel", "scale_about", "to_linear"),
        "auxfocus_ros.optics.defocus",
    ),
    **dict.fromkeys(
        ("breathing_scale", "defocus_by_map", "defocus_map", "defocus_scene", "fill_depth"), "auxfocus_ros.optics.depth_defocus"
    ),
}

__all__ = [
    "CameraModel",
    "Lens",
    "LinearMapping",
    "RigidTransform",
    "TableMapping",
    "blur",
    "breathing_scale",
    "config_dir",
    "defocus_by_map",
    "defocus_map",
    "defocus_plane",
    "defocus_scene",
    "disk_kernel",
    "fill_depth",
    "from_linear",
    "gaussian_kernel",
    "load_lens",
    "scale_about",
    "share_dir",
    "shipped_lenses",
    "to_linear",
]


def __getattr__(name: str) -> Any:
    if name not in _AT_FIRST_USE:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_AT_FIRST_USE[name]), name)
