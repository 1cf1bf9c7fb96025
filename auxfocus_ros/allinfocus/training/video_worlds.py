"""Small worlds of textured planes before a moving camera: sharp pictures with their depth, frame by frame.

A wall, sometimes a floor, and some things cut out of planes stand in the camera's way, nearer and farther, turned at random; the
camera moves to the side, forward, turns a little, or stands; some things move by themselves. All is exact: a plane maps to the
picture by a homography, and what is in front hides what is behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.training import procedural
from auxfocus_ros.autofocus.training.sources import Sources

Vector = NDArray[np.float64]
NEAREST_M, FARTHEST_M = 0.42, 5.0
MOST_MOTION_PX = 7.0
"""A frame, of what is nearest."""
FINER = 2
CLOSEST_M = 0.1


@dataclass(frozen=True, eq=False)
class SharpFrame:
    """picture: (H, W, 3) uint8, sharp all over. depth_m: (H, W) float32, > 0, +inf possible."""

    picture: np.ndarray
    depth_m: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Plane:
    """A textured piece of a plane.

    texture: (h, w, 3) uint8. cover: (h, w) uint8, 255 where there is anything; None: the plane goes on for ever, mirrored.
    point_m: (3,) where the texture's middle is at first. along, down: (3,) unit vectors of its rows and columns.
    density: texture pixels a metre. velocity_m: (3,) a frame. spin_rad: a frame, about its own normal.
    """

    texture: np.ndarray
    cover: np.ndarray | None
    point_m: Vector
    along: Vector
    down: Vector
    density: float
    velocity_m: Vector
    spin_rad: float = 0.0


@dataclass(frozen=True, eq=False)
class PlaneWorld:
    """Planes and a camera's way: position = velocity_m t, rotation = turn_rad t + a small sway; all pixels are fine ones."""

    planes: tuple[_Plane, ...]
    focal_px: float
    width_px: int
    height_px: int
    velocity_m: Vector
    turn_rad: Vector
    shake_rad: Vector

    def frames(self, count: int) -> Iterator[SharpFrame]:
        """Draw it, finer than it is given: a pixel sees all of its area."""
        for time in range(count):
            fine = self._frame(time - count / 2)
            size = (self.width_px // FINER, self.height_px // FINER)
            picture = cv2.resize(fine.picture, size, interpolation=cv2.INTER_AREA)
            yield SharpFrame(np.asarray(picture), np.ascontiguousarray(fine.depth_m[::FINER, ::FINER]))

    def _frame(self, time: float) -> SharpFrame:
        camera_m = self.velocity_m * time
        turned = self.turn_rad * time + self.shake_rad * np.sin(0.9 * time + np.array([0.0, 2.0, 4.0]))
        rotation = cv2.Rodrigues(turned)[0].T
        intrinsics = np.array(
            [[self.focal_px, 0, 0.5 * (self.width_px - 1)], [0, self.focal_px, 0.5 * (self.height_px - 1)], [0, 0, 1]]
        )
        picture = np.zeros((self.height_px, self.width_px, 3), np.uint8)
        inverse_depth = np.zeros((self.height_px, self.width_px), np.float32)
        x, y = np.arange(self.width_px, dtype=np.float32), np.arange(self.height_px, dtype=np.float32)[:, None]
        to_ray = rotation.T @ np.linalg.inv(intrinsics)
        for plane in self.planes:
            cos, sin = np.cos(plane.spin_rad * time), np.sin(plane.spin_rad * time)
            along, down = cos * plane.along + sin * plane.down, cos * plane.down - sin * plane.along
            away = plane.point_m + plane.velocity_m * time - camera_m
            normal = np.cross(along, down)
            # Over a plane inverse depth is a straight function of the place in the picture.
            of_x, of_y, of_middle = (normal @ to_ray / (normal @ away)).astype(np.float32)
            inverse = of_x * x + (of_y * y + of_middle)
            seen = (inverse > inverse_depth) & (inverse < 1 / CLOSEST_M)
            middle = 0.5 * (np.array(plane.texture.shape[1::-1]) - 1)
            corner = away - (along * middle[0] + down * middle[1]) / plane.density
            mapping = intrinsics @ rotation @ np.stack([along / plane.density, down / plane.density, corner], axis=1)
            size = (self.width_px, self.height_px)
            if plane.cover is not None:
                seen &= cv2.warpPerspective(plane.cover, mapping, size, flags=cv2.INTER_LINEAR) > 127
            if seen.any():
                shown = cv2.warpPerspective(
                    plane.texture, mapping, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
                )
                cv2.copyTo(shown, seen.view(np.uint8), picture)
                np.copyto(inverse_depth, inverse, where=seen)
        with np.errstate(divide="ignore"):
            return SharpFrame(picture, np.asarray(1 / inverse_depth, np.float32))


def draw_world(rng: np.random.Generator, sources: Sources, focal_px: float, width_px: int, height_px: int) -> PlaneWorld:
    """A world by lot. focal_px, width_px, height_px: of the camera."""
    focal_px, width_px, height_px = FINER * focal_px, FINER * width_px, FINER * height_px
    far_m = float(np.exp(rng.uniform(np.log(1.2), np.log(FARTHEST_M))))
    planes = [_plane(rng, sources, focal_px, width_px, depth_m=far_m, place_px=np.zeros(2), wall=True)]
    if rng.random() < 0.5:
        planes.append(_floor(rng, sources, focal_px, width_px, far_m))
    depths = np.exp(rng.uniform(np.log(NEAREST_M), np.log(0.85 * far_m), int(rng.integers(1, 7))))
    for depth in depths:
        place = rng.uniform(-0.5, 0.5, 2) * [width_px, height_px]
        planes.append(_plane(rng, sources, focal_px, width_px, depth_m=float(depth), place_px=place, wall=False))
    nearest_m = float(min(depths.min(), far_m))
    kind = rng.random()
    velocity, turn = np.zeros(3), np.zeros(3)
    if kind < 0.45:
        angle = rng.uniform(0, 2 * np.pi)
        step_px = FINER * rng.uniform(0.3, MOST_MOTION_PX)
        velocity[:2] = np.array([np.cos(angle), 0.5 * np.sin(angle)]) * nearest_m / focal_px * step_px
    elif kind < 0.8:
        velocity[2] = rng.choice([-1, 1]) * nearest_m * rng.uniform(0.003, 0.02)
        velocity[:2] = rng.normal(0, 1.0, 2) * nearest_m / focal_px
    if kind < 0.8 and rng.random() < 0.5:
        turn = rng.normal(0, 2.0, 3) / focal_px
    shake = rng.normal(0, 2.0, 3) / focal_px if rng.random() < 0.4 else np.zeros(3)
    return PlaneWorld(tuple(planes), focal_px, width_px, height_px, velocity, turn, shake)


def _plane(
    rng: np.random.Generator, sources: Sources, focal_px: float, width_px: int, *, depth_m: float, place_px: Vector, wall: bool
) -> _Plane:
    size = 2 * width_px if wall else round(width_px * rng.uniform(0.15, 0.6))
    texture = colour_texture(rng, sources, size)
    tilt = rng.normal(0, 0.25, 3) if wall else rng.normal(0, 0.4, 3)
    axes = np.asarray(cv2.Rodrigues(tilt)[0], np.float64)
    point = np.array([*(place_px / focal_px * depth_m), depth_m])
    velocity, spin = np.zeros(3), 0.0
    if not wall and rng.random() < 0.4:
        velocity = rng.normal(0, 5.0, 3) * depth_m / focal_px * [1.0, 0.7, 0.5]
        spin = rng.normal(0, 0.01)
    return _Plane(texture, None if wall else _cover(rng, size), point, axes[:, 0], axes[:, 1], focal_px / depth_m, velocity, spin)


def _floor(rng: np.random.Generator, sources: Sources, focal_px: float, width_px: int, far_m: float) -> _Plane:
    """Below the camera, level or nearly so."""
    below_m = far_m * rng.uniform(0.1, 0.3)
    axes = np.asarray(cv2.Rodrigues(np.array([np.pi / 2 + rng.normal(0, 0.05), rng.normal(0, 0.05), 0.0]))[0], np.float64)
    point = np.array([0.0, below_m, 0.5 * far_m])
    return _Plane(
        colour_texture(rng, sources, 2 * width_px), None, point, axes[:, 0], axes[:, 1], 1.6 * focal_px / far_m, np.zeros(3)
    )


def colour_texture(rng: np.random.Generator, sources: Sources, size_px: int) -> np.ndarray:
    """(size, size, 3) uint8: a piece of a photograph, sharp once the frame is made smaller, or a drawn texture in two colours."""
    if sources.photos and rng.random() >= sources.procedural_share:
        pieces = [_piece(rng, sources, size_px) for _ in range(3)]
        piece = max(pieces, key=lambda one: float(cv2.Laplacian(one, cv2.CV_32F).std()))
        return np.ascontiguousarray(piece[:, ::-1]) if rng.random() < 0.5 else piece
    drawn = np.clip(procedural.draw_texture(rng, size_px), 0.0, 1.0)[..., None] ** (1 / 2.2)
    dark, light = rng.uniform(0, 110, 3), rng.uniform(120, 255, 3)
    return np.asarray(np.rint(dark + drawn * (light - dark)), np.uint8)


def _piece(rng: np.random.Generator, sources: Sources, size_px: int) -> np.ndarray:
    photo = sources.photos[rng.integers(len(sources.photos))]
    height, width = photo.shape[:2]
    edge = min(round(size_px / rng.uniform(0.6, 1.2)), height, width)
    x, y = int(rng.integers(0, width - edge + 1)), int(rng.integers(0, height - edge + 1))
    return np.asarray(cv2.resize(photo[y : y + edge, x : x + edge], (size_px, size_px), interpolation=cv2.INTER_AREA))


def _cover(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """(size, size) uint8, 255 inside a shape: an ellipse, a box, a star-like blob, or bars."""
    cover = np.zeros((size_px, size_px), np.uint8)
    half, kind = size_px / 2, rng.random()
    if kind < 0.25:
        axes = (half * rng.uniform(0.3, 0.98, 2)).astype(int).tolist()
        cv2.ellipse(cover, (int(half), int(half)), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    elif kind < 0.5:
        inset = (size_px * rng.uniform(0.02, 0.35, 2)).astype(int)
        cover[inset[0] : size_px - inset[0], inset[1] : size_px - inset[1]] = 255
    elif kind < 0.8:
        angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        waves = sum(rng.normal(0, 0.25 / n) * np.cos(n * angles + rng.uniform(0, 6)) for n in range(1, 8))
        radius = half * np.clip(0.65 + waves, 0.1, 1.0)
        corners = half + np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)
        cv2.fillPoly(cover, [np.rint(corners).astype(np.int32)], 255)
    else:
        for _ in range(int(rng.integers(2, 7))):
            a, b = rng.integers(0, size_px, (2, 2)).tolist()
            cv2.line(cover, a, b, 255, max(2, int(size_px * rng.uniform(0.015, 0.08))))
    return cover
