"""Pictures of a world: colour with depth in one pass, and labels in a second.

Drawn without shadows and multisampling, which would cost six times as much in software. Whoever makes a Renderer must use it, and
close it, in the same thread: an OpenGL context belongs to one.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.simulation.opengl import load_mujoco, make_context
from auxfocus_ros.rig.simulation.world_model import GLASS_GROUP, RIG_GROUP

NEAR_M, FAR_M = 0.05, 10_000.0
SKY_M = 1000.0
"""What lies farther is sky. MuJoCo draws a sky at two thirds of the far plane, with a depth."""
LARGEST_GEOMS = 10_000


class Renderer:
    """Draws what a camera sees; see the module's text."""

    def __init__(self, model: Any, width_px: int, height_px: int) -> None:
        """Make a context for pictures of one size.

        Raises:
            MissingLibraryError: no OpenGL; one line with the packages to install.
        """
        mujoco = load_mujoco()
        self._mujoco, self._model = mujoco, model
        self._context_gl = make_context(width_px, height_px)
        model.vis.global_.offwidth, model.vis.global_.offheight = width_px, height_px
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        # Depth as 1 near to 0 far: a float keeps its precision where things are far.
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene = mujoco.MjvScene(model, LARGEST_GEOMS)
        self._free = mujoco.MjvCamera()
        self._viewport = mujoco.MjrRect(0, 0, width_px, height_px)
        self._colour = np.empty((height_px, width_px, 3), np.uint8)
        self._depth = np.empty((height_px, width_px), np.float32)
        self._options = [mujoco.MjvOption(), mujoco.MjvOption()]
        for option in self._options:
            option.geomgroup[:] = 1
            option.geomgroup[RIG_GROUP] = 0
            option.sitegroup[:] = 0
        self._options[1].geomgroup[GLASS_GROUP] = 0

    def picture(self, data: Any, camera: CameraModel, world_from_optical: RigidTransform) -> tuple[np.ndarray, np.ndarray]:
        """(picture (H, W, 3) uint8 BGR, depth (H, W) float32 z in metres, +inf sky); glass is seen through, also in depth."""
        self._draw(data, camera, world_from_optical, labels=False)
        self._mujoco.mjr_readPixels(self._colour, self._depth, self._viewport, self._context)
        return self._upright_colour(cv2.COLOR_RGB2BGR), self._metric()

    def depth(self, data: Any, camera: CameraModel, world_from_optical: RigidTransform) -> np.ndarray:
        """(H, W) float32 z in metres, +inf sky."""
        self._draw(data, camera, world_from_optical, labels=True)
        self._mujoco.mjr_readPixels(None, self._depth, self._viewport, self._context)
        return self._metric()

    def labels(self, data: Any, camera: CameraModel, world_from_optical: RigidTransform, of_geom: np.ndarray) -> np.ndarray:
        """(H, W) uint16: of_geom (ngeom,) at each pixel, 0 where there is no geom; what stands behind glass is seen."""
        self._draw(data, camera, world_from_optical, labels=True)
        self._mujoco.mjr_readPixels(self._colour, None, self._viewport, self._context)
        table = np.zeros(self._scene.ngeom + 1, np.uint16)
        geom_type = self._mujoco.mjtObj.mjOBJ_GEOM
        for index in range(self._scene.ngeom):
            geom = self._scene.geoms[index]
            if geom.objtype == geom_type and geom.segid >= 0:
                table[geom.segid + 1] = of_geom[geom.objid]
        # Numbers of segments are one more than segid, red lowest; 0: background.
        small = self._scene.ngeom < 255
        numbers = (
            self._colour[..., 0]
            if small
            else self._colour[..., 0].astype(np.uint16) + 256 * self._colour[..., 1].astype(np.uint16)
        )
        return np.ascontiguousarray(table[numbers][::-1])

    def close(self) -> None:
        """Let the context go."""
        self._context.free()
        self._context_gl.free()

    def _draw(self, data: Any, camera: CameraModel, world_from_optical: RigidTransform, *, labels: bool) -> None:
        mujoco, scene = self._mujoco, self._scene
        flags = mujoco.mjtRndFlag
        mujoco.mjv_updateScene(
            self._model, data, self._options[int(labels)], None, self._free, mujoco.mjtCatBit.mjCAT_ALL.value, scene
        )
        scene.flags[flags.mjRND_SEGMENT] = scene.flags[flags.mjRND_IDCOLOR] = labels
        # Rays meet both sides of a surface; the picture must show them too.
        scene.flags[flags.mjRND_CULL_FACE] = False
        scene.flags[flags.mjRND_SHADOW] = scene.flags[flags.mjRND_REFLECTION] = False
        _, y, z = world_from_optical.rotation.T
        # The outer edges of the picture, half a pixel beyond the centres of its outermost pixels.
        left, right = -(camera.cx_px + 0.5) / camera.fx_px, (camera.width_px - 0.5 - camera.cx_px) / camera.fx_px
        top, bottom = (camera.cy_px + 0.5) / camera.fy_px, -(camera.height_px - 0.5 - camera.cy_px) / camera.fy_px
        for eye in scene.camera:
            eye.pos, eye.forward, eye.up = world_from_optical.translation_m, z, -y
            eye.orthographic = 0
            eye.frustum_near, eye.frustum_far = NEAR_M, FAR_M
            eye.frustum_center, eye.frustum_width = 0.5 * NEAR_M * (left + right), 0.5 * NEAR_M * (right - left)
            eye.frustum_bottom, eye.frustum_top = NEAR_M * bottom, NEAR_M * top
        mujoco.mjr_render(self._viewport, scene, self._context)

    def _upright_colour(self, code: int) -> np.ndarray:
        return np.asarray(cv2.flip(cv2.cvtColor(self._colour, code), 0))

    def _metric(self) -> np.ndarray:
        """z = n f / (n + d (f - n)) for a depth d that is 1 at the near and 0 at the far plane, upright."""
        depth = cv2.flip(self._depth, 0)
        depth *= np.float32(FAR_M - NEAR_M)
        depth += np.float32(NEAR_M)
        np.divide(np.float32(NEAR_M * FAR_M), depth, out=depth)
        depth[depth > SKY_M] = np.inf
        return np.asarray(depth)
