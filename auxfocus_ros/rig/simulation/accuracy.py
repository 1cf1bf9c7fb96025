"""How true the simulator is: its blur against the optics' radius, its lidar against its depth, its labels against its boxes.

`auxfocus bench simulation` prints these figures and the tests hold them to their bars; both call what stands here.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml
from scipy.optimize import minimize_scalar

from auxfocus_ros.optics.defocus import DEFAULT_GAMMA, to_linear
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.simulation.source import SimulationSource

BLUR_BAR_PX, BLUR_BAR_SHARE = 0.5, 0.05
LIDAR_BAR_M, LIDAR_BAR_SHARE = 0.005, 0.001
LABEL_BAR_SHARE = 0.99

# A floor that leads away from the camera: each row of the picture sees another depth. Its texture is black and white bars along
# the way, with the edge of two of them straight ahead; light does not change it (emission 1).
FLOOR_WORLD = """<mujoco>
  <visual><quality shadowsize="0" offsamples="0"/><headlight ambient="0 0 0" diffuse="0 0 0" specular="0 0 0"/></visual>
  <asset>
    <texture name="bars" type="2d" file="bars.png"/>
    <material name="bars" texture="bars" texrepeat="1 1" emission="1" specular="0" shininess="0"/>
  </asset>
  <worldbody>
    <geom name="floor" type="plane" pos="8 0 0" size="8 8 1" material="bars" contype="0" conaffinity="0"/>
  </worldbody>
</mujoco>
"""
FLOOR_SCENE = {
    "name": "floor",
    "model": "floor.xml",
    "duration_s": 1.0,
    "rate_hz": 10.0,
    "camera": {"width_px": 640, "height_px": 480, "lens": "field_50mm", "sensor_width_m": 0.012, "noise": False, "subframes": 1},
    "platform": {"position_m": [0, 0, 1.5]},
    "gimbal": {"tilt_rad": 0.30},
    "depth_sensor": {"kind": "none"},
    "things": [{"geom": "floor", "label": "floor"}],
}
BARS = 8
EDGE_HALF_PX = 60


@dataclass(frozen=True)
class BlurReading:
    """One edge: its depth, the optics' radius at that depth, and the radius measured on the picture, pixels."""

    depth_m: float
    radius_px: float
    measured_px: float

    @property
    def met(self) -> bool:
        """Within 0.5 px or 5 %."""
        error = abs(self.measured_px - self.radius_px)
        return error <= BLUR_BAR_PX or error <= BLUR_BAR_SHARE * self.radius_px


def measure_blur(focus_distance_m: float, depths: int = 10) -> list[BlurReading]:
    """Blur of a tilted textured plane at several depths.

    Args:
        focus_distance_m: where the lens focuses, metres.
        depths: how many rows of the picture are measured, spread over those that see the ramp.
    """
    with tempfile.TemporaryDirectory(prefix="auxfocus-floor-") as folder:
        write_floor(Path(folder))
        sharp, _, _ = _floor_picture(Path(folder), focus_distance_m, defocus=False)
        blurred, frame, lens = _floor_picture(Path(folder), focus_distance_m, defocus=True)
    assert frame.truth is not None
    position, depth = frame.truth.lens_position_steps, frame.truth.depth_m
    rows = np.flatnonzero(np.isfinite(depth[:, frame.width_px // 2]))
    readings = []
    for row in np.linspace(rows[0] + 20, rows[-1] - 20, depths).round().astype(int):
        # The edge lies at the principal point's column in every row.
        part = slice(round(frame.camera.cx_px) - EDGE_HALF_PX, round(frame.camera.cx_px) + EDGE_HALF_PX + 1)
        depth_m = float(depth[row, frame.width_px // 2])
        radius = float(lens.blur_radius_px(position, depth_m))
        readings.append(BlurReading(depth_m, radius, blur_between_px(sharp[row, part], blurred[row, part])))
    return readings


def _floor_picture(folder: Path, focus_distance_m: float, *, defocus: bool) -> tuple[np.ndarray, Frame, Lens]:
    """(linear light (H, W), the frame, the lens) of the floor."""
    source = SimulationSource(folder / "floor.yaml", defocus=defocus)
    try:
        source.set_lens_position(float(source.lens.position_for_distance(focus_distance_m)))
        frame = next(source.frames())
    finally:
        source.close()
    return to_linear(cv2.cvtColor(frame.picture, cv2.COLOR_BGR2GRAY), DEFAULT_GAMMA), frame, source.lens


def blur_between_px(sharp: np.ndarray, blurred: np.ndarray) -> float:
    """Radius of the disk that spreads one edge as wide as another: the best fit in linear light.

    What the sharp picture's own pixels spread is in both and falls out.

    Args:
        sharp, blurred: (n,) linear light across the same straight edge.

    Returns:
        Radius, pixels, 0 to half of n.
    """
    # Away from the ends, where what lies beyond is not known.
    inside = slice(len(sharp) // 4, len(sharp) - len(sharp) // 4)

    def misfit(radius: float) -> float:
        return float(np.square(spread_by_disk(sharp, radius)[inside] - blurred[inside]).sum())

    tried = np.linspace(0.0, 0.5 * len(sharp), 4 * len(sharp))
    best = float(min(tried, key=misfit))
    fit = minimize_scalar(misfit, bounds=(max(0.0, best - 0.5), best + 0.5), method="bounded", options={"xatol": 1e-3})
    return float(fit.x)


def spread_by_disk(profile: np.ndarray, radius_px: float) -> np.ndarray:
    """A straight edge's profile (n,) blurred by a disk: the disk's line spread is its chord, 2 / (pi r) sqrt(1 - (x / r)^2)."""
    reach = int(np.ceil(radius_px + 0.5))
    borders = np.arange(-reach - 0.5, reach + 1.0)
    t = np.clip(borders / max(radius_px, 1e-6), -1.0, 1.0)
    weights = np.diff(0.5 + (t * np.sqrt(1.0 - t * t) + np.arcsin(t)) / np.pi)
    return np.convolve(np.pad(profile, reach, mode="edge"), weights, mode="valid")


def write_floor(folder: Path) -> None:
    """The floor's world, texture and scene file."""
    (folder / "floor.xml").write_text(FLOOR_WORLD)
    (folder / "floor.yaml").write_text(yaml.safe_dump(FLOOR_SCENE))
    bars = np.where(np.arange(2048) * BARS // 2048 % 2, 40, 215).astype(np.uint8)
    # Rows of a plane's texture go along its y axis, across the way.
    cv2.imwrite(str(folder / "bars.png"), np.repeat(bars[:, None], 64, axis=1))


@dataclass(frozen=True)
class LidarReading:
    """One scene's lidar against its depth: points compared, largest error and its share of the depth, and how many met both
    bars."""

    scene: str
    kind: str
    points: int
    share_met: float
    largest_m: float
    p99_m: float

    @property
    def met(self) -> bool:
        """Every point within 5 mm and 0.1 %."""
        return self.points > 0 and self.share_met == 1.0


def measure_lidar(scene: str | Path, kind: str, mount: str = "gimbal", frames: int = 3, **options: object) -> LidarReading:
    """Lidar points, noise off, against the true depth at their places in the picture.

    Between pixels the depth's inverse is interpolated, which is exact on planes; a point counts where the pixels around it see
    one surface (one label, and inverse depths that lie in a plane to a hair), and where nothing hides it from the camera.

    A point is within the bars when its error is at most 5 mm + 0.1 % of its depth.
    """
    source = SimulationSource(scene, noise=False, depth_sensor=kind, mount=mount, **options)  # type: ignore[arg-type]
    errors, depths = [], []
    try:
        for number, frame in enumerate(source.frames()):
            if number == frames:
                break
            assert frame.truth is not None and frame.points is not None
            xyz = frame.optical_points_m().astype(np.float64)
            pixels = np.stack(frame.camera.project(xyz), axis=1)
            # The lidar sees some of what something hides from the camera.
            seen = source.sees(xyz)
            xyz, pixels = xyz[seen], pixels[seen]
            found, true_m = depth_between_pixels(frame.truth.depth_m, frame.truth.labels, pixels)
            errors.append(np.abs(xyz[found, 2] - true_m))
            depths.append(true_m)
    finally:
        source.close()
    error, depth = np.concatenate(errors), np.concatenate(depths)
    if not len(error):
        return LidarReading(str(scene), kind, 0, 0.0, np.nan, np.nan)
    met = error <= LIDAR_BAR_M + LIDAR_BAR_SHARE * depth
    return LidarReading(str(scene), kind, len(error), float(met.mean()), float(error.max()), float(np.quantile(error, 0.99)))


def depth_between_pixels(depth_m: np.ndarray, labels: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True depth where points fall between pixels.

    Args:
        depth_m: (H, W), +inf: sky. labels: (H, W). pixels: (N, 2), x and y, NaN where there is none.

    Returns:
        (indices of the points that can be compared (K,), true depth at their places (K,)).
    """
    height, width = depth_m.shape
    # One more pixel all round, so that it can be seen whether a surface goes on.
    inside = (pixels[:, 0] >= 1) & (pixels[:, 0] < width - 3) & (pixels[:, 1] >= 1) & (pixels[:, 1] < height - 3)
    index = np.flatnonzero(inside)
    x, y = pixels[index].T
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    inverse = 1.0 / depth_m.astype(np.float64)
    around = np.stack([inverse[row + dy, column + dx] for dy in (-1, 0, 1, 2) for dx in (-1, 0, 1, 2)], axis=1).reshape(-1, 4, 4)
    marks = np.stack([labels[row + dy, column + dx] for dy in (-1, 0, 1, 2) for dx in (-1, 0, 1, 2)], axis=1)
    one_label = (marks == marks[:, :1]).all(axis=1)
    # Second differences of inverse depth vanish on a plane.
    bend = np.maximum(np.abs(np.diff(around, 2, axis=1)).max(axis=(1, 2)), np.abs(np.diff(around, 2, axis=2)).max(axis=(1, 2)))
    flat = bend < 2e-3 * around[:, 1, 1]
    u, v = x - column, y - row
    c = around[:, 1:3, 1:3]
    interpolated = c[:, 0, 0] * (1 - u) * (1 - v) + c[:, 0, 1] * u * (1 - v) + c[:, 1, 0] * (1 - u) * v + c[:, 1, 1] * u * v
    kept = one_label & flat & (interpolated > 0.0)
    return index[kept], 1.0 / interpolated[kept]


@dataclass(frozen=True)
class LabelReading:
    """One scene's labels: points that lie on a thing, and the share of them that falls into its box and onto its label."""

    scene: str
    points: int
    share_in_box: float

    @property
    def met(self) -> bool:
        """At least 99 %."""
        return self.points > 0 and self.share_in_box >= LABEL_BAR_SHARE


def measure_labels(scene: str | Path, kind: str = "spinning_64", frames: int = 3, **options: object) -> LabelReading:
    """Lidar points of things against the things' boxes: of all points that came back from a visible thing, how many lie in its
    box.

    What a point came back from is asked of the ray itself, not of the picture.
    """
    source = SimulationSource(scene, noise=False, depth_sensor=kind, mount="gimbal", **options)  # type: ignore[arg-type]
    inside = total = 0
    try:
        for number, frame in enumerate(source.frames()):
            if number == frames:
                break
            assert frame.truth is not None and frame.truth.point_labels is not None
            owner = frame.truth.point_labels
            xyz = frame.optical_points_m()
            pixels = np.stack(frame.camera.project(xyz), axis=1)
            for thing in frame.truth.things:
                if thing.pixels == 0:
                    continue
                # What is in front of the camera and is seen from it too.
                mine = np.flatnonzero((owner == thing.id) & np.isfinite(pixels).all(axis=1))
                inside_picture = (pixels[mine] > -0.5).all(axis=1) & (
                    pixels[mine] < (frame.width_px - 0.5, frame.height_px - 0.5)
                ).all(axis=1)
                seen = mine[inside_picture & source.sees(xyz[mine])]
                x, y, width, height = thing.box_px
                low, high = pixels[seen] - (x - 0.5, y - 0.5), (x + width - 0.5, y + height - 0.5) - pixels[seen]
                inside, total = inside + int(((low >= 0.0) & (high >= 0.0)).all(axis=1).sum()), total + len(seen)
    finally:
        source.close()
    return LabelReading(str(scene), total, inside / total if total else 0.0)
