"""The distortion of real glass: the formulas, where they stop meaning anything, and the way back.

A distortion moves the ideal image point (x / z, y / z) to where the glass puts it. Both kinds have a *monotone limit*: the first
radius (or angle) at which farther out no longer means farther out. Beyond it the mapping folds over; here it gives NaN.

Sources: OpenCV 4 documentation, calib3d, 'Detailed Description' (plumb_bob, rational_polynomial) and 'Fisheye camera model'.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

COEFFICIENTS: dict[str, tuple[int, tuple[int, ...]]] = {
    "plumb_bob": (5, (0, 4, 5)),
    "rational_polynomial": (8, (8, 12, 14)),
    "equidistant": (4, (4,)),
    "none": (0, (0,)),
}
"""Distortion models: how many coefficients the formula has, and how many a calibration may give."""

Columns = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""x, y and z of a block of points."""

_WIDEST = 1e3
"""Tangent of the widest angle from the axis that a search for the limit looks at (89.94 degrees)."""


@dataclass(frozen=True)
class RadialTangentialDistortion:
    """`plumb_bob`, `rational_polynomial` and, with no coefficients, the ideal pinhole.

    Attributes:
        coefficients: (k1, k2, p1, p2, k3[, k4, k5, k6]) or ().
    """

    coefficients: tuple[float, ...]

    @cached_property
    def _terms(self) -> tuple[float, ...]:
        return tuple([*self.coefficients, *[0.0] * 8][:8])

    @property
    def plain(self) -> bool:
        """Whether there is nothing to distort."""
        return not any(self.coefficients)

    @cached_property
    def limit(self) -> float:
        """Radius x^2 + y^2 = limit^2, in units of z, up to which the mapping does not fold; +inf where it never does."""
        if self.plain:
            return np.inf
        return min(self._radial_limit(), self._tangential_limit())

    def _radial_limit(self) -> float:
        k1, k2, _, _, k3, k4, k5, k6 = self._terms
        s = Polynomial([0.0, 1.0])  # r^2
        above, below = Polynomial([1.0, k1, k2, k3]), Polynomial([1.0, k4, k5, k6])
        # d/dr of r above(r^2) / below(r^2), times below^2
        slope = (above + 2 * s * above.deriv()) * below - 2 * s * above * below.deriv()
        return float(np.sqrt(min(_first_positive_root(slope), _first_positive_root(below))))

    def _tangential_limit(self) -> float:
        """Smallest radius at which, in any direction, the mapping's Jacobian determinant is 0 or less."""
        if not (self._terms[2] or self._terms[3]):
            return np.inf
        radius = np.geomspace(1e-2, _WIDEST, 2000)[:, None]
        angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        folded = self._determinant(radius * np.cos(angle), radius * np.sin(angle)) <= 0
        first = np.flatnonzero(folded.any(axis=1))
        # the radius before the first that folds: within half a percent, on the safe side
        return float(radius[max(first[0] - 1, 0), 0]) if first.size else np.inf

    def _determinant(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        _, _, (xx, xy, yy) = self.with_jacobian(x, y)
        return xx * yy - xy * xy

    def radial_part(self, r: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distorted radius of a radius, without the tangential terms, float64, any shape."""
        k1, k2, _, _, k3, k4, k5, k6 = self._terms
        s = r * r
        return r * (1 + s * (k1 + s * (k2 + s * k3))) / (1 + s * (k4 + s * (k5 + s * k6)))

    def with_jacobian(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
        """Distorted x and y with the (symmetric) Jacobian (d xd/dx, d xd/dy, d yd/dy), float64, any shape."""
        k1, k2, p1, p2, k3, k4, k5, k6 = self._terms
        s = x * x + y * y
        above, below = 1 + s * (k1 + s * (k2 + s * k3)), 1 + s * (k4 + s * (k5 + s * k6))
        radial = above / below
        slope = ((k1 + s * (2 * k2 + s * 3 * k3)) - radial * (k4 + s * (2 * k5 + s * 3 * k6))) / below  # d radial / d s
        distorted_x = x * radial + 2 * p1 * x * y + p2 * (s + 2 * x * x)
        distorted_y = y * radial + p1 * (s + 2 * y * y) + 2 * p2 * x * y
        xx = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
        xy = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
        yy = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
        return distorted_x, distorted_y, (xx, xy, yy)

    def distort(self, points: Columns, image: NDArray[np.float32], buffers: NDArray[np.float32]) -> None:
        """Write the distorted x / z and y / z of a block of n points.

        Args:
            points: x, y and z, (n,) each, any real type.
            image: (2, n) float32, written; NaN where z <= 0, where a coordinate is not finite, or beyond the limit.
            buffers: (>= 6, n) float32, scratch.
        """
        (x, y, z), (u, v) = points, image
        a, b, s, t, w, _ = buffers[:6]
        np.copyto(w, z, casting="same_kind")
        w[~((w > 0) & (w < np.inf))] = np.nan
        np.divide(np.float32(1), w, out=w)
        np.multiply(x, w, out=a, casting="same_kind")
        np.multiply(y, w, out=b, casting="same_kind")
        np.multiply(a, a, out=s)
        np.multiply(b, b, out=t)
        s += t
        if self.plain:
            np.copyto(u, a)
            np.copyto(v, b)
            _forget(u, v, s, np.inf)
            return
        k1, k2, p1, p2, k3, k4, k5, k6 = (np.float32(term) for term in self._terms)
        _horner(s, (k1, k2, k3), t)
        if k4 or k5 or k6:
            _horner(s, (k4, k5, k6), w)
            t /= w
        if p1 or p2:
            # x radial + 2 p1 x y + p2 (s + 2 x^2) = x (radial + 2 p1 y + 2 p2 x) + p2 s, and the same for y
            np.multiply(b, 2 * p1, out=w)
            t += w
            np.multiply(a, 2 * p2, out=w)
            t += w
            np.multiply(a, t, out=u)
            np.multiply(b, t, out=v)
            np.multiply(s, p2, out=w)
            u += w
            np.multiply(s, p1, out=w)
            v += w
        else:
            np.multiply(a, t, out=u)
            np.multiply(b, t, out=v)
        _forget(u, v, s, self.limit**2)


@dataclass(frozen=True)
class FisheyeDistortion:
    """`equidistant`: the angle from the axis, not its tangent, is what grows with the radius in the picture.

    Attributes:
        coefficients: (k1, k2, k3, k4) of theta_d = theta (1 + k1 theta^2 + k2 theta^4 + k3 theta^6 + k4 theta^8).
    """

    coefficients: tuple[float, ...]

    @cached_property
    def limit(self) -> float:
        """Angle in radians up to which theta_d rises; at most pi / 2, since points with z <= 0 are not projected."""
        slope = Polynomial([(2 * n + 1) * k for n, k in enumerate((1.0, *self.coefficients))])
        return float(min(np.sqrt(_first_positive_root(slope)), np.pi / 2))

    def angle_and_slope(self, theta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """theta_d and its derivative, float64, any shape."""
        k1, k2, k3, k4 = self.coefficients
        s = theta * theta
        return (
            theta * (1 + s * (k1 + s * (k2 + s * (k3 + s * k4)))),
            1 + s * (3 * k1 + s * (5 * k2 + s * (7 * k3 + s * 9 * k4))),
        )

    def distort(self, points: Columns, image: NDArray[np.float32], buffers: NDArray[np.float32]) -> None:
        """As `RadialTangentialDistortion.distort`."""
        (x, y, z), (u, v) = points, image
        a, b, c, rho, s, t = buffers[:6]
        np.copyto(a, x, casting="same_kind")
        np.copyto(b, y, casting="same_kind")
        np.copyto(c, z, casting="same_kind")
        c[~((c > 0) & (c < np.inf))] = np.nan
        np.hypot(a, b, out=rho)
        np.arctan2(rho, c, out=t)
        np.multiply(t, t, out=s)
        _horner(s, tuple(np.float32(k) for k in self.coefficients), u)
        np.multiply(t, u, out=u)  # theta_d
        # theta_d / rho is 0 / 0 on the axis; its value there is 1 / z, but any finite number does, since x = y = 0
        rho[rho == 0] = 1
        u /= rho
        np.multiply(b, u, out=v)
        np.multiply(a, u, out=u)
        _forget(u, v, t, self.limit)


def undistorted_rays(
    distortion: RadialTangentialDistortion | FisheyeDistortion, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The way back: ideal x / z and y / z of distorted ones.

    Args:
        distortion: either kind.
        x, y: distorted image points ((u - cx) / fx, (v - cy) / fy), one shape.

    Returns:
        (..., 2); NaN where no ray within the limit (and nearer than 90 degrees to the axis) falls there.
    """
    with np.errstate(all="ignore"):
        if isinstance(distortion, FisheyeDistortion):
            return _undistorted_fisheye(distortion, x, y)
        if distortion.plain:
            return np.stack((x, y), axis=-1)
        return _undistorted_radial(distortion, x, y)


def _undistorted_fisheye(distortion: FisheyeDistortion, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    wanted = np.hypot(x, y)
    theta = _rising_root(lambda angle: distortion.angle_and_slope(angle)[0], wanted, distortion.limit)
    for _ in range(2):
        angle, slope = distortion.angle_and_slope(theta)
        theta = np.clip(theta - (angle - wanted) / slope, 0, distortion.limit)
    reachable = wanted <= distortion.angle_and_slope(np.array(distortion.limit))[0]
    factor = np.where(wanted > 0, np.tan(theta) / wanted, 1.0)
    factor[~reachable | (theta >= np.pi / 2 * (1 - 1e-9))] = np.nan
    return np.stack((x * factor, y * factor), axis=-1)


def _undistorted_radial(
    distortion: RadialTangentialDistortion, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Newton in two dimensions, started from the solution of the radial part alone."""
    limit = min(distortion.limit, _WIDEST)
    wanted = np.hypot(x, y)
    radius = _rising_root(distortion.radial_part, wanted, limit)
    factor = np.where(wanted > 0, radius / wanted, 1.0)
    ray_x, ray_y = x * factor, y * factor
    for _ in range(8):
        distorted_x, distorted_y, (xx, xy, yy) = distortion.with_jacobian(ray_x, ray_y)
        error_x, error_y = distorted_x - x, distorted_y - y
        good = (np.abs(error_x) + np.abs(error_y) < 1e-9) & (ray_x * ray_x + ray_y * ray_y <= limit * limit)
        if good.all():
            break
        determinant = xx * yy - xy * xy
        ray_x = ray_x - (yy * error_x - xy * error_y) / determinant
        ray_y = ray_y - (xx * error_y - xy * error_x) / determinant
    return np.stack((np.where(good, ray_x, np.nan), np.where(good, ray_y, np.nan)), axis=-1)


def _rising_root(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]], wanted: NDArray[np.float64], limit: float
) -> NDArray[np.float64]:
    """Solve function(t) = wanted for t in [0, limit], where the function rises from 0, to about six digits.

    By a table as long as the largest value needs: a million pixels share one function. What lies above function(limit) gives
    limit.
    """
    low, high, most = 0.0, limit, float(np.max(wanted))
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if function(np.array(middle)) < most else (low, middle)
    table = np.linspace(0, high, 4096)
    return np.interp(wanted, function(table), table)


def _horner(s: NDArray[np.float32], terms: Sequence[np.float32], into: NDArray[np.float32]) -> None:
    """1 + k1 s + k2 s^2 + ..., trailing zeros left out."""
    used = list(terms)
    while used and not used[-1]:
        used.pop()
    if not used:
        into.fill(1)
        return
    np.multiply(s, used[-1], out=into)
    for term in reversed(used[:-1]):
        into += term
        into *= s
    into += np.float32(1)


def _forget(u: NDArray[np.float32], v: NDArray[np.float32], measure: NDArray[np.float32], limit: float) -> None:
    """NaN in both where the measure, which is NaN if either is bad, is not below the limit."""
    bad = ~(measure < np.float32(limit))
    u[bad] = np.nan
    v[bad] = np.nan


def _first_positive_root(polynomial: Polynomial) -> float:
    """Smallest positive real root of a polynomial whose constant term is 1; +inf where there is none."""
    # Turned round, the polynomial in 1 / s has the leading term 1: coefficients next to 0, as calibrations have them, cannot
    # overflow, and the root that is wanted is the largest, which is the best determined.
    turned = Polynomial(polynomial.coef[::-1]).roots()
    # a double root (the slope just touches 0) comes out as a pair with a small imaginary part
    real = turned.real[(np.abs(turned.imag) <= 1e-7 * np.abs(turned)) & (turned.real > _WIDEST**-2)]
    return float(1 / real.max()) if real.size else np.inf
