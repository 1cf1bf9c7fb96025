"""MuJoCo with an OpenGL that works without a screen: EGL, else OSMesa, chosen before MuJoCo is first imported.

MuJoCo binds to one of them when it is imported, by the variable MUJOCO_GL; where it is set, that stands. Both draw in software
where there is no graphics card (Mesa's llvmpipe).
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from typing import Any

from auxfocus_ros.errors import MissingLibraryError

REMEDY = "install libegl1 and libgl1-mesa-dri (or libosmesa6 and MUJOCO_GL=osmesa)"
_LIBRARIES = {"egl": "libEGL.so.1", "osmesa": "libOSMesa.so.8"}


def load_mujoco() -> Any:
    """The module `mujoco`, able to render without a screen where the system can.

    Raises:
        MissingLibraryError: it is not installed, or cannot be loaded.
    """
    if "mujoco" not in sys.modules and "MUJOCO_GL" not in os.environ:
        # `disable` lets the physics and the lidar work; asking for a picture then says what is missing.
        os.environ["MUJOCO_GL"] = _present() or "disable"
    try:
        import mujoco
    except ImportError as error:
        raise MissingLibraryError(f"the simulator needs MuJoCo: python3 -m pip install mujoco ({_line(error)})") from error
    except (RuntimeError, OSError, AttributeError) as error:
        raise MissingLibraryError(f"MuJoCo finds no OpenGL to draw with: {REMEDY} ({_line(error)})") from error
    return mujoco


def make_context(width_px: int, height_px: int) -> Any:
    """An OpenGL context of at least this size, current in the calling thread.

    Raises:
        MissingLibraryError: the system has no OpenGL that works without a screen; one line with the packages to install.
    """
    load_mujoco()
    wanted = os.environ.get("MUJOCO_GL", "").lower()
    backend = wanted if wanted in _LIBRARIES else _present()
    if backend is None:
        raise MissingLibraryError(f"there is no OpenGL to draw with: {REMEDY}")
    # A context that could not be made complains once more, with a traceback, when it is thrown away.
    quiet, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        # By name: what MuJoCo took as its own when it was imported may be for screens.
        context = importlib.import_module(f"mujoco.{backend}").GLContext(width_px, height_px)
        context.make_current()
    except Exception as error:  # each back end raises its own
        reason = _line(error)
        error.__traceback__ = None  # it holds what is to be thrown away
        raise MissingLibraryError(f"OpenGL ({backend}) does not start: {REMEDY} ({reason})") from None
    finally:
        sys.unraisablehook = quiet
    return context


def _present() -> str | None:
    """The first back end whose library the system has."""
    return next((name for name, library in _LIBRARIES.items() if _loads(library)), None)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _line(error: Exception) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # PyOpenGL's own cannot always be printed
        text = ""
    return text or type(error).__name__
