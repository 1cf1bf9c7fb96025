"""A lidar in a MuJoCo world: what a scan gives, with what keeps real ones from being exact.

A pulse spreads while it flies, and what comes back is weak. Five things follow, each with its formula beside the code:

- The link budget. Power falls with the square of the range and with the cosine of the angle at which a surface is met. Too weak
  a return is lost, a weak one is ranged badly.
- The footprint. A pulse lights a small patch. Where two things lie in it, one of them is reported, in proportion to its share of
  the patch, so that a thin wire is met by some pulses; or a point in between, which belongs to neither.
- Glass sends back a few of the pulses that meet it squarely, and lets the others through to what is behind, which is never a
  second pane.
- A few pulses are lost for no reason that this model has.
- There is a least and a largest range.

With the noise off only the last is left: every pulse is a line, glass is not there, and ranges are exact.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.simulation.beams import BeamPattern, Scan
from auxfocus_ros.rig.simulation.ray_caster import Hits, Patches, RayCaster, sort_into_patches
from auxfocus_ros.rig.simulation.reflectivity import surface_reflectivity

CLOUD_DTYPE = np.dtype(
    [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("intensity", "<f4"), ("ring", "<u2"), ("t", "<u4")], align=True
)
"""One point: metres in the sensor's frame; 0 to 255; number of the laser; nanoseconds since the start of the scan."""
REACH_REFLECTIVITY = 0.1
"""What `BeamPattern.reach_m` is said for."""
FULL_INTENSITY_M = 10.0
"""A white surface met squarely has intensity 255 up to this range; beyond, it falls as the power does."""
PULSE_LENGTH_M = 0.6
"""Half the way of light during a pulse of 4 ns (VLP-16 and Livox in HELIOS++): echoes less far apart run into one."""
GLASS_LOBE = 10.0
"""Exponent of the cosine with which returns from glass fall: half are left at 21 deg. The shape is Phong's, its width is ours.
That lidars see glass near its normal only: Foster and others, "VisAGGE: visible angle grid for glass environments", ICRA 2013."""
MARGIN_M = 5.0
"""How far beyond its largest range a lidar looks: noise may bring a point back into it."""
KEPT_PLANS = 64
"""Windows of a scan whose rays are kept sorted."""
_NOTHING, _BETWEEN = -1, -2  # in place of a geom: nothing was met; a point between two things
_NEAR_M = 1e-3
_LEAST_SIGNAL = 0.05  # of the threshold; what is weaker is not detected


@dataclass(frozen=True)
class LidarNoise:
    """What keeps a lidar from being exact.

    enabled: False: nothing of all this, and no glass.
    range_sigma_m: standard deviation of the range of a strong return, metres.
    weak_sigma_m: what is added (as variances add) at the threshold of detection. The Ouster OS1 data sheet has 1.5 cm at a
        signal-to-noise ratio of 250, 3 cm at 100 and 10 cm at 12, in all.
    dropout_share: of all pulses that are lost however strong their return.
    threshold_snr: how many standard deviations of the receiver's noise make the threshold.
    footprint: pulses spread as the pattern says.
    flying_share: of the pulses that light two things, those that are reported in between.
    """

    enabled: bool = True
    range_sigma_m: float = 0.01
    weak_sigma_m: float = 0.06
    dropout_share: float = 0.002
    threshold_snr: float = 5.0
    footprint: bool = True
    flying_share: float = 0.3

    def __post_init__(self) -> None:
        """Check the ranges. Raises ConfigurationError."""
        limits = {"range_sigma_m": 1.0, "weak_sigma_m": 1.0, "dropout_share": 1.0, "flying_share": 1.0}
        for name, most in limits.items():
            value = getattr(self, name)
            if not 0.0 <= value <= most:
                raise ConfigurationError(f"lidar noise: {name} must be from 0 to {most:g}, got {value}")
        if not 1.0 <= self.threshold_snr < math.inf:
            raise ConfigurationError(f"lidar noise: threshold_snr must be 1 or more, got {self.threshold_snr}")


@dataclass(frozen=True, eq=False)
class Echoes:
    """What came back of a scan, in the order of firing; all arrays (K,).

    ray: index into the scan. range_m: float64, along the pulse's nominal direction. geom: int32, what it came back from, -1 for a
    point between two things. intensity: float32, 0 to 255.
    """

    ray: np.ndarray
    range_m: np.ndarray
    geom: np.ndarray
    intensity: np.ndarray


@dataclass(frozen=True, eq=False)
class _Plan:
    """The rays of a window of a scan, sorted. first: the window's first. across, up: (N, 3) unit vectors square to the rays."""

    first: int
    patches: Patches
    across: np.ndarray
    up: np.ndarray


@dataclass(frozen=True, eq=False)
class _Pose:
    """Of the sensor in the world: origin (3,), turn (3, 3)."""

    origin: np.ndarray
    turn: np.ndarray


class Lidar:
    """One lidar in one model; see the module's text.

    Not for several threads at once; but its thread may cast rays while others use the model.
    """

    def __init__(
        self,
        model: Any,
        pattern: BeamPattern,
        noise: LidarNoise | None = None,
        glass: Mapping[int, float] | None = None,
        reflectivity: Mapping[int, float] | None = None,
    ) -> None:
        """Prepare for a model.

        Args:
            model: mujoco.MjModel. Geoms of group 5 (the rig's own) are never met, those of group 4 are glass. Sizes, colours and
                groups are taken as they are now.
            pattern: one of `PATTERNS`.
            noise: None: the defaults.
            glass: geom id -> share of the pulses that come back from it when it is met squarely, [0, 1]. Glass that is not named
                here sends nothing back.
            reflectivity: geom id -> share of the light that it scatters, [0, 1], where its colour does not tell.

        Raises:
            ConfigurationError: no such geom, or a share out of its range.
        """
        self.pattern, self.noise = pattern, LidarNoise() if noise is None else noise
        shares = _checked_shares("glass", glass or {}, model.ngeom)
        self._model = model
        self._caster = RayCaster(model, shares)
        # By geom, with one more at the end for 'nothing', whose index is -1.
        self._is_glass = np.append(self._caster.is_glass, False)
        self._glass_share = np.zeros(model.ngeom + 1)
        self._reflectivity = np.append(surface_reflectivity(model), 0.0)
        self._reflectivity[self._is_glass] = 0.0
        for geom, share in shares.items():
            self._glass_share[geom] = self._reflectivity[geom] = share
        for geom, share in _checked_shares("reflectivity", reflectivity or {}, model.ngeom).items():
            self._reflectivity[geom] = share
        self._plans: OrderedDict[tuple[int, int], _Plan] = OrderedDict()
        self._rays, self._side_rays = np.empty((pattern.rays, 3)), np.empty((pattern.rays, 3))
        self._middle, self._side = Hits.empty(pattern.rays), Hits.empty(pattern.rays)

    def scan(  # noqa: PLR0917 - a scan's surroundings
        self,
        model: Any,
        data: Any,
        position_m: np.ndarray,
        rotation: np.ndarray,
        start_s: float,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """One whole scan from one pose.

        Args:
            model: the one that the lidar was made for.
            data: mujoco.MjData with its kinematics computed; it is read before rays are cast, and not written to.
            position_m: (3,) of the sensor in the world. rotation: (3, 3) from the sensor's frame to the world.
            start_s: when the scan starts, for a pattern that does not repeat.
            rng: of the noise; None only with the noise off.

        Returns:
            (K,) array of `CLOUD_DTYPE`: what came back, in the sensor's frame, in the order of firing.

        Raises:
            InputError: another model, a pose or a time that makes no sense, no rng.
        """
        return self.cast(model, data, position_m, rotation, start_s, rng=rng)

    def cast(
        self,
        model: Any,
        data: Any,
        position_m: np.ndarray,
        rotation: np.ndarray,
        start_s: float,
        *,
        window: tuple[float, float] | None = None,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """The part of a scan that is fired from window[0] to before window[1], seconds from its start; the rest as in `scan`.

        Windows that join give every pulse once. Points lie in the frame that the sensor has in this pose.
        """
        echoes = self.echoes(model, data, position_m, rotation, start_s, window=window, rng=rng)
        return cloud_of(self.pattern.scan(start_s), echoes)

    def echoes(
        self,
        model: Any,
        data: Any,
        position_m: np.ndarray,
        rotation: np.ndarray,
        start_s: float,
        *,
        window: tuple[float, float] | None = None,
        rng: np.random.Generator | None = None,
    ) -> Echoes:
        """What `cast` makes a cloud of, unrounded, and with what each pulse came back from."""
        if model is not self._model:
            raise InputError("this lidar was made for another MuJoCo model: make one for each model")
        pose = _checked_pose(position_m, rotation)
        plan = self._plan(self.pattern.scan(start_s), window)
        if self.noise.enabled and rng is None:
            raise InputError("a lidar with noise needs a random generator: hand one in, or switch its noise off")
        self._caster.follow(data, pose.origin, self.pattern.range_max_m + MARGIN_M)
        return self._noisy(pose, plan, rng) if self.noise.enabled and rng is not None else self._exact(pose, plan)

    def _exact(self, pose: _Pose, plan: _Plan) -> Echoes:
        rays, hits = self._cast_middles(pose, plan, glass=False)
        power = self._power(hits.geom, hits.normal, rays)
        return self._returned(plan, hits.distance, hits.geom, power, hits.geom != _NOTHING)

    def _noisy(self, pose: _Pose, plan: _Plan, rng: np.random.Generator) -> Echoes:
        noise = self.noise
        rays, hits = self._cast_middles(pose, plan, glass=True)
        self._pass_glass(rays, hits, rng)
        power = self._power(hits.geom, hits.normal, rays)
        if noise.footprint:
            self._spread(pose, plan, hits, power, rng)
        # Laser radar equation for a scattering surface that is wider than the beam: power ~ reflectivity cos(angle) / range^2,
        # here as a multiple of the threshold. Source: Wagner and others, ISPRS Journal of Photogrammetry 60 (2006). Data sheets
        # agree: from 10 % to 80 % it makes the range 2.8 times longer; the OS1 has 40 and 120 m, the Mid-40 90 and 260 m.
        range_m = np.maximum(hits.distance, _NEAR_M)
        signal = power / REACH_REFLECTIVITY * np.square(self.pattern.reach_m / range_m)
        # The receiver's noise adds to the power, and what stays below the threshold is lost.
        count = len(signal)
        amplitude = signal + rng.standard_normal(count, np.float32) / noise.threshold_snr
        came = (hits.geom != _NOTHING) & (amplitude >= 1.0) & (rng.random(count, np.float32) >= noise.dropout_share)
        # Jitter falls with the root of the signal-to-noise ratio, as for shot noise; the data sheet's figures lie near that.
        variance = noise.range_sigma_m**2 + noise.weak_sigma_m**2 / np.maximum(signal, _LEAST_SIGNAL)
        range_m += np.sqrt(variance) * rng.standard_normal(count, np.float32)
        return self._returned(plan, range_m, hits.geom, power, came)

    def _cast_middles(self, pose: _Pose, plan: _Plan, *, glass: bool) -> tuple[np.ndarray, Hits]:
        """The middles of the pulses: rays (N, 3) in the world and what they meet."""
        patches, count = plan.patches, len(plan.patches.rays)
        rays, hits = np.matmul(patches.rays, pose.turn.T, out=self._rays[:count]), self._middle.part(0, count)
        self._caster.cast(rays, patches, pose.turn, hits, glass=glass)
        return rays, hits

    def _power(self, geom: np.ndarray, normal: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """(N,) share of a pulse that is scattered back: reflectivity times cosine of the incidence; 0 where nothing was met."""
        return self._reflectivity[geom] * np.abs(np.einsum("ij,ij->i", normal, rays))

    def _pass_glass(self, rays: np.ndarray, hits: Hits, rng: np.random.Generator) -> None:
        """Let the pulses that glass does not send back meet what is behind."""
        met = np.flatnonzero(self._is_glass[hits.geom])
        if not len(met):
            return
        cosine = np.abs(np.einsum("ij,ij->i", hits.normal[met], rays[met]))
        passing = met[rng.random(len(met)) >= self._glass_share[hits.geom[met]] * cosine**GLASS_LOBE]
        behind = self._caster.cast_through_glass(rays[passing])
        hits.geom[passing], hits.distance[passing], hits.normal[passing] = behind.geom, behind.distance, behind.normal

    def _spread(self, pose: _Pose, plan: _Plan, hits: Hits, power: np.ndarray, rng: np.random.Generator) -> None:
        """Look at one more place of each footprint, and report that where another thing is there; changes hits and power.

        Footprints are rectangles, as the emitters of laser diodes are. A place drawn evenly falls on a thing in proportion to its
        share. Where both places show the same thing, the middle stands: a receiver averages over a smooth surface.
        """
        patches, count = plan.patches, len(plan.patches.rays)
        width, height = self.pattern.divergence_rad
        across, up = rng.random((2, count)) - 0.5
        across *= width
        up *= height
        rays = patches.rays + across[:, None] * plan.across
        rays += up[:, None] * plan.up
        rays = np.matmul(rays, pose.turn.T, out=self._side_rays[:count])
        side = self._side.part(0, count)
        self._caster.cast(rays, patches, pose.turn, side, glass=False, margin_rad=0.5 * math.hypot(width, height))
        other = np.flatnonzero((side.geom != hits.geom) & ~self._is_glass[hits.geom])
        length = np.sqrt(1.0 + np.square(across[other]) + np.square(up[other]))
        geom, range_m = side.geom[other], side.distance[other] * length
        middle_geom, middle_m = hits.geom[other], hits.distance[other]
        power[other] = self._power(geom, side.normal[other], rays[other]) / length
        both = (geom != _NOTHING) & (middle_geom != _NOTHING) & (np.abs(range_m - middle_m) < PULSE_LENGTH_M)
        flying = both & (rng.random(len(other)) < self.noise.flying_share)
        weight = np.where(flying, rng.random(len(other)), 0.0)
        hits.geom[other] = np.where(flying, _BETWEEN, geom)
        hits.distance[other] = weight * middle_m + (1.0 - weight) * range_m

    def _returned(self, plan: _Plan, range_m: np.ndarray, geom: np.ndarray, power: np.ndarray, came: np.ndarray) -> Echoes:
        """What came back within the limits of the range, in the order of firing."""
        inverse = plan.patches.inverse
        came = came & (range_m >= self.pattern.range_min_m) & (range_m <= self.pattern.range_max_m)
        fired = np.flatnonzero(came[inverse])
        taken = inverse[fired]
        range_m = range_m[taken]
        intensity = 255.0 * power[taken] * np.square(np.minimum(1.0, FULL_INTENSITY_M / range_m))
        return Echoes(fired + plan.first, range_m, np.maximum(geom[taken], -1), intensity.astype(np.float32))

    def _plan(self, scan: Scan, window: tuple[float, float] | None) -> _Plan:
        first, last = 0, len(scan.time_s)
        if window is not None:
            if not (math.isfinite(window[0]) and math.isfinite(window[1]) and window[0] <= window[1]):
                raise InputError(f"window of a scan: wanted two times in seconds, the earlier one first, got {window}")
            first, last = (int(index) for index in np.searchsorted(scan.time_s, window))
        if not self.pattern.repeats:
            return _make_plan(scan, first, last)
        plan = self._plans.pop((first, last), None) or _make_plan(scan, first, last)
        self._plans[first, last] = plan
        while len(self._plans) > KEPT_PLANS:
            self._plans.popitem(last=False)
        return plan


def cloud_of(scan: Scan, echoes: Echoes) -> np.ndarray:
    """Echoes of a scan as a cloud: (K,) array of `CLOUD_DTYPE`."""
    cloud = np.zeros(len(echoes.ray), CLOUD_DTYPE)  # zeros: the bytes between fields travel too
    points = scan.directions[echoes.ray] * echoes.range_m[:, None]
    for column, name in enumerate("xyz"):
        cloud[name] = points[:, column]
    cloud["intensity"], cloud["ring"] = echoes.intensity, scan.ring[echoes.ray]
    cloud["t"] = np.rint(scan.time_s[echoes.ray] * 1e9)
    return cloud


def join_clouds(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Clouds of `CLOUD_DTYPE` in a row. `np.concatenate` would leave anything in the bytes between fields, which travel too."""
    cloud = np.zeros(sum(len(part) for part in parts), CLOUD_DTYPE)
    begin = 0
    for part in parts:
        cloud[begin : begin + len(part)] = part
        begin += len(part)
    return cloud


def _make_plan(scan: Scan, first: int, last: int) -> _Plan:
    patches = sort_into_patches(scan.directions[first:last])
    across = np.stack([-patches.rays[:, 1], patches.rays[:, 0], np.zeros(len(patches.rays))], axis=-1)
    length = np.linalg.norm(across, axis=1)
    across[length < 1e-9], length[length < 1e-9] = (0.0, 1.0, 0.0), 1.0
    across /= length[:, None]
    return _Plan(first, patches, across, np.cross(patches.rays, across))


def _checked_pose(position_m: np.ndarray, rotation: np.ndarray) -> _Pose:
    origin, turn = np.array(position_m, np.float64), np.array(rotation, np.float64)
    if origin.shape != (3,) or not np.isfinite(origin).all():
        raise InputError(f"position of a lidar: wanted three finite numbers in metres, got {origin.tolist()}")
    if turn.shape != (3, 3) or not np.allclose(turn @ turn.T, np.eye(3), atol=1e-6):
        raise InputError(f"rotation of a lidar: wanted a (3, 3) rotation, got {turn.tolist()}")
    return _Pose(origin, turn)


def _checked_shares(what: str, shares: Mapping[int, float], geoms: int) -> dict[int, float]:
    for geom, share in shares.items():
        if not 0 <= geom < geoms:
            raise ConfigurationError(f"{what} of geom {geom}: the model has geoms 0 to {geoms - 1}")
        if not 0.0 <= share <= 1.0:
            raise ConfigurationError(f"{what} of geom {geom} is {share}: a share must be from 0 to 1")
    return dict(shares)
