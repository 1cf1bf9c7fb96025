"""Where lidars look: for each kind of sensor the directions of one scan's pulses, in the order in which they are fired.

A spinning sensor fires a column of lasers over and over while it turns. A non-repeating one steers a single beam through two
rotating wedge prisms and draws a rosette that lies elsewhere in every scan, so that its field fills up with time. Directions are
unit vectors in the sensor's frame (x forward, y left, z up, REP 103). All lasers are taken to sit in the frame's origin: the few
millimetres between those of a real sensor, which its driver corrects, are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from auxfocus_ros.errors import InputError

RATE_HZ = 20.0
"""Scans per second: as fast as both spinning sensors turn (1200 rpm), one scan for each picture."""

# Velodyne VLP-16 user manual (63-9243), section 9.4: a laser every 2.304 us; with the time to recharge, all 16 take 55.296 us.
VLP16_CYCLE_S = 55.296e-6
VLP16_SHOT_S = 2.304e-6
# The same manual, table 9-1: laser IDs in firing order; even ones from -15 deg up, odd ones from +1 deg up.
VLP16_ELEVATIONS_DEG = (-15, 1, -13, 3, -11, 5, -9, 7, -7, 9, -5, 11, -3, 13, -1, 15)
VLP16_COLUMNS = int(1.0 / RATE_HZ / VLP16_CYCLE_S)  # 904: one every 0.398 deg, the manual's 0.4 deg at 1200 rpm

# Ouster OS1 data sheet and user guide: 512 columns at 20 Hz; 64 beams, spread evenly over +-22.5 deg.
OS1_COLUMNS = 512
OS1_BEAMS = 64
OS1_TOP_DEG = 22.5

# Livox Mid-40 user manual, specifications: a round field of 38.4 deg, 100,000 points a second.
MID40_FIELD_RAD = math.radians(38.4)
MID40_PULSES_PER_S = 100_000.0
# Speeds of the prisms: 7294 and -4664 rpm. Source: Liu and others, IEEE/ASME Trans. Mechatronics 27 (2022), section V
# (doi 10.1109/TMECH.2021.3058173), as used by HELIOS++ (its data/scanners_tls.xml and issue 321).
MID40_PRISM_HZ = (7294.0 / 60.0, -4664.0 / 60.0)
MID40_PERIOD_S = 30.0  # then both prisms stand as they did: the largest common divisor of their speeds is 2 rpm


@dataclass(frozen=True, eq=False)
class Scan:
    """The pulses of one scan in the order of their time; nobody may write to its arrays.

    directions: (N, 3) float64 unit vectors in the sensor's frame. ring: (N,) uint16, the laser's number as the sensor's ROS
    driver counts. time_s: (N,) float64 from the start of the scan, never falling. rows: how many lasers there are.
    """

    directions: np.ndarray
    ring: np.ndarray
    time_s: np.ndarray
    rows: int

    def __post_init__(self) -> None:
        """Seal the arrays."""
        for array in (self.directions, self.ring, self.time_s):
            array.setflags(write=False)


@dataclass(frozen=True)
class BeamPattern:
    """One kind of lidar.

    name: its key in `PATTERNS`. rate_hz: scans per second. rays: pulses in one scan. rows: lasers.
    range_min_m, range_max_m: what it reports.
    reach_m: range at which half of the pulses come back from a surface that scatters 10 % of the light and is met squarely.
    divergence_rad: full width of the beam (across, up).
    repeats: every scan looks in the same directions.
    """

    name: str
    rate_hz: float
    rays: int
    rows: int
    range_min_m: float
    range_max_m: float
    reach_m: float
    divergence_rad: tuple[float, float]
    repeats: bool
    fire: Callable[[float], Scan] = field(repr=False, compare=False)

    def scan(self, start_s: float = 0.0) -> Scan:
        """The pulses of the scan that starts at `start_s`, seconds of any clock; a pattern that repeats does not look at it.

        Raises:
            InputError: a time that is not finite.
        """
        if not math.isfinite(start_s):
            raise InputError(f"scan of {self.name}: its start must be a finite time in seconds, got {start_s}")
        return self.fire(0.0 if self.repeats else float(start_s))


def _directions(azimuth_rad: np.ndarray, elevation_rad: np.ndarray) -> np.ndarray:
    level = np.cos(elevation_rad)
    return np.stack([level * np.cos(azimuth_rad), level * np.sin(azimuth_rad), np.sin(elevation_rad)], axis=-1)


def _azimuth(time_s: np.ndarray) -> np.ndarray:
    """Where a spinning head looks: from the rear, so that the seam lies behind, and clockwise when seen from above."""
    return np.pi - 2.0 * np.pi * RATE_HZ * time_s


@lru_cache(maxsize=1)
def _spinning_16(_start_s: float) -> Scan:
    lasers = len(VLP16_ELEVATIONS_DEG)
    time_s = (np.arange(VLP16_COLUMNS)[:, None] * VLP16_CYCLE_S + np.arange(lasers) * VLP16_SHOT_S).ravel()
    elevation_deg = np.tile(np.array(VLP16_ELEVATIONS_DEG, np.float64), VLP16_COLUMNS)
    ring = ((elevation_deg + 15.0) / 2.0).astype(np.uint16)  # 0 is the lowest, as in velodyne_pointcloud
    return Scan(_directions(_azimuth(time_s), np.radians(elevation_deg)), ring, time_s, lasers)


@lru_cache(maxsize=1)
def _spinning_64(_start_s: float) -> Scan:
    time_s = np.repeat(np.arange(OS1_COLUMNS) / (RATE_HZ * OS1_COLUMNS), OS1_BEAMS)
    elevation_deg = np.tile(np.linspace(OS1_TOP_DEG, -OS1_TOP_DEG, OS1_BEAMS), OS1_COLUMNS)
    ring = np.tile(np.arange(OS1_BEAMS, dtype=np.uint16), OS1_COLUMNS)  # 0 is the highest, as in ouster_ros
    return Scan(_directions(_azimuth(time_s), np.radians(elevation_deg)), ring, time_s, OS1_BEAMS)


@lru_cache(maxsize=2)
def _non_repeating(start_s: float) -> Scan:
    """Each of two thin prisms bends the beam by the same small angle towards its own side; the bends add up as vectors.

    Source: Marshall, "Risley prism scan patterns", Proc. SPIE 3787 (1999), to first order. Two prisms of 18 deg and index 1.51
    (HELIOS++) would give a field of 4 (n - 1) 18 deg = 36.7 deg; the bend is set to give exactly the manual's.
    """
    count = round(MID40_PULSES_PER_S / RATE_HZ)
    time_s = np.arange(count) / MID40_PULSES_PER_S
    since_s = math.fmod(start_s, MID40_PERIOD_S) + time_s
    one, two = (2.0 * np.pi * turns_hz * since_s for turns_hz in MID40_PRISM_HZ)
    bend = MID40_FIELD_RAD / 4.0
    left, up = bend * (np.cos(one) + np.cos(two)), bend * (np.sin(one) + np.sin(two))
    off_axis = np.hypot(left, up)
    shrink = np.sinc(off_axis / np.pi)  # sin(a) / a, and 1 on the axis
    directions = np.stack([np.cos(off_axis), shrink * left, shrink * up], axis=-1)
    return Scan(directions, np.zeros(count, np.uint16), time_s, 1)


SPINNING_16 = BeamPattern(
    name="spinning_16",
    rate_hz=RATE_HZ,
    rays=VLP16_COLUMNS * len(VLP16_ELEVATIONS_DEG),
    rows=len(VLP16_ELEVATIONS_DEG),
    range_min_m=0.9,  # nothing nearer was ever seen: github.com/ros-drivers/velodyne, issue 60
    range_max_m=100.0,  # data sheet; taken to be said for a surface of 80 %
    reach_m=35.4,  # 100 m * sqrt(10 % / 80 %)
    divergence_rad=(3.0e-3, 1.5e-3),  # VLS-128 user manual, table F-1: of the same family
    repeats=True,
    fire=_spinning_16,
)
SPINNING_64 = BeamPattern(
    name="spinning_64",
    rate_hz=RATE_HZ,
    rays=OS1_COLUMNS * OS1_BEAMS,
    rows=OS1_BEAMS,
    range_min_m=0.8,  # this and what follows: OS1 data sheet; 120 m at 80 %, 40 m at 10 %, 0.18 deg
    range_max_m=120.0,
    reach_m=40.0,
    divergence_rad=(3.14e-3, 3.14e-3),
    repeats=True,
    fire=_spinning_64,
)
NON_REPEATING = BeamPattern(
    name="non_repeating",
    rate_hz=RATE_HZ,
    rays=round(MID40_PULSES_PER_S / RATE_HZ),
    rows=1,
    range_min_m=1.0,  # Mid-40 user manual: blind below 1 m, 260 m at 80 %, 90 m at 10 %
    range_max_m=260.0,
    reach_m=90.0,
    divergence_rad=(0.52e-3, 4.89e-3),  # 0.03 x 0.28 deg, as HELIOS++ has it for the Mid-70
    repeats=False,
    fire=_non_repeating,
)
PATTERNS: Mapping[str, BeamPattern] = MappingProxyType(
    {pattern.name: pattern for pattern in (SPINNING_16, SPINNING_64, NON_REPEATING)}
)
"""The kinds of lidar that a scene may name."""
