"""How much light a thing sends back: a lidar's wavelength is not the eye's, but what is dark to one is mostly dark to the other.

A geom's reflectivity is therefore taken from its colour: the mean brightness of its texture times its tint, in linear light.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from auxfocus_ros.rig.simulation.opengl import load_mujoco

LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Brightness of linear red, green and blue. Source: ITU-R BT.709."""
GAMMA = 2.2
"""Colours are stored for a screen."""
LEAST, MOST = 0.03, 0.95
"""Black cloth and fresh snow."""
_PLAIN_RGBA = np.array([0.5, 0.5, 0.5, 1.0])
"""MuJoCo's own default; a geom with a material and this colour has its material's."""


def surface_reflectivity(model: Any) -> np.ndarray:
    """The share of light that each geom scatters.

    Args:
        model: mujoco.MjModel.

    Returns:
        (ngeom,) float64, from 0.03 to 0.95.
    """
    mujoco = load_mujoco()
    material = np.asarray(model.geom_matid)
    own = np.asarray(model.geom_rgba, np.float64)
    plain = np.isclose(own, _PLAIN_RGBA).all(axis=1) & (material >= 0)
    tint = np.where(plain[:, None], np.asarray(model.mat_rgba, np.float64)[material], own) if model.nmat else own
    textures = np.array([_texture_colour(model, texture) for texture in range(model.ntex)] + [np.ones(3)])
    used = np.full(len(material), -1)
    if model.nmat:
        used = np.where(material >= 0, np.asarray(model.mat_texid)[material, int(mujoco.mjtTextureRole.mjTEXROLE_RGB)], -1)
    colour = np.clip(tint[:, :3], 0.0, 1.0) ** GAMMA * textures[used]
    return np.asarray(np.clip(colour @ LUMA, LEAST, MOST))


def _texture_colour(model: Any, texture: int) -> np.ndarray:
    """(3,) mean linear colour of a texture."""
    channels = int(model.tex_nchannel[texture])
    begin, count = int(model.tex_adr[texture]), int(model.tex_width[texture]) * int(model.tex_height[texture])
    pixels = np.asarray(model.tex_data)[begin : begin + count * channels].reshape(-1, channels)
    curve = (np.arange(256) / 255.0) ** GAMMA
    mean = curve[pixels[:: max(1, count // 20_000)]].mean(axis=0)
    return np.asarray(mean[:3] if channels >= 3 else np.repeat(mean[:1], 3))
