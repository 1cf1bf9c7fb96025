"""cv_bridge, message_filters and sensor_msgs_py: upstream's where they are installed, our stand-ins where they are not.

The PyPI wheels of ROS 2 do not hold these three. Nodes are written once, against upstream's interface, and take the names from
here:

    from auxfocus_ros.ros.upstream import CvBridge, CvBridgeError, message_filters, point_cloud2

An upstream package that is installed but cannot be loaded (built against another NumPy or another Python: the usual way in which
cv_bridge breaks) is replaced by its stand-in, and `problems()` then holds one line about it, to be logged by whoever starts. The
environment variable AUXFOCUS_STANDINS=1 takes the stand-ins everywhere, to find out whether a fault lies upstream.

test/ros/test_upstream_contract.py holds what we rely on and runs against whichever is there.
"""

import contextlib
import importlib
import importlib.util
import io
import os
from types import ModuleType

from auxfocus_ros.errors import MissingLibraryError

__all__ = ["CvBridge", "CvBridgeError", "load", "message_filters", "origins", "point_cloud2", "problems"]

_STANDINS = "auxfocus_ros.ros.standins"
# What is imported -> (what proves that it works, our stand-in, the package for rosdep and apt). cv_bridge's own import can
# succeed while its compiled half, loaded at the first call, does not.
_MODULES = {
    "cv_bridge": ("cv_bridge.boost.cv_bridge_boost", f"{_STANDINS}.cv_bridge", "cv_bridge"),
    "message_filters": ("message_filters", f"{_STANDINS}.message_filters", "message_filters"),
    "sensor_msgs_py.point_cloud2": ("sensor_msgs_py.point_cloud2", f"{_STANDINS}.point_cloud2", "sensor_msgs_py"),
}
_origins: dict[str, str] = {}
_problems: list[str] = []


def installed(name: str) -> bool:
    """Whether the upstream package of a module is there at all, working or not."""
    return importlib.util.find_spec(name.partition(".")[0]) is not None


def load(name: str, origin: str = "any") -> ModuleType:
    """One of the three modules.

    Args:
        name: 'cv_bridge', 'message_filters' or 'sensor_msgs_py.point_cloud2'.
        origin: 'upstream', 'stand-in', or 'any': upstream where it is installed and works, else the stand-in.

    Raises:
        MissingLibraryError: what was asked for cannot be loaded; one line that names the package and the cause.
    """
    probe, standin, package = _MODULES[name]
    if origin == "stand-in":
        return _imported(
            standin, f"the stand-in for {package} needs a Python package that is not here (pip install rosbags-image pointcloud2)"
        )
    broken = f"{package} is installed but cannot be loaded"
    try:
        if not installed(name):
            raise MissingLibraryError(f"{package} is not installed (apt install ros-$ROS_DISTRO-{package.replace('_', '-')})")
        # NumPy writes a page to stderr when a module was built against another version of it; the cause is in the exception.
        with contextlib.redirect_stderr(io.StringIO()):
            _imported(probe, broken)
            return _imported(name, broken)
    except MissingLibraryError as error:
        if origin == "upstream":
            raise
        if installed(name):
            _problems.append(f"{error}; its stand-in is used. Reinstall it, or match NumPy and OpenCV to it")
        return load(name, "stand-in")


def _imported(module: str, what_failed: str) -> ModuleType:
    """A module, or MissingLibraryError; whatever a broken extension raises (AttributeError, SystemError, ...) is caught."""
    try:
        return importlib.import_module(module)
    except Exception as error:
        cause = " ".join(str(error).split()) or type(error).__name__
        raise MissingLibraryError(f"{what_failed}: {cause}") from error


def _choose(name: str) -> ModuleType:
    wanted = "stand-in" if os.environ.get("AUXFOCUS_STANDINS") == "1" else "any"
    module = load(name, wanted)
    _origins[name] = "stand-in" if module.__name__.startswith(_STANDINS) else "upstream"
    return module


def origins() -> dict[str, str]:
    """For each of the three modules 'upstream' or 'stand-in'; for diagnostics."""
    return dict(_origins)


def problems() -> tuple[str, ...]:
    """One line for every upstream package that is installed but broken; to be logged once at start."""
    return tuple(_problems)


cv_bridge = _choose("cv_bridge")
message_filters = _choose("message_filters")
point_cloud2 = _choose("sensor_msgs_py.point_cloud2")
CvBridge = cv_bridge.CvBridge
CvBridgeError = cv_bridge.CvBridgeError
