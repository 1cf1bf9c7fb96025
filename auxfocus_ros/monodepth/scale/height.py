"""Scale from a camera whose height above the ground is known: how high above its own ground does the predicted depth put it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.scale.estimate import ScaleEstimate, no_scale
from auxfocus_ros.monodepth.scale.log_fit import fit_logs
from auxfocus_ros.monodepth.scale.options import ScaleOptions
from auxfocus_ros.monodepth.scale.readings import cell_of
from auxfocus_ros.optics.camera import CameraModel

MOST_POINTS = 1500
LEAST_POINTS = 30
TRIALS = 300
SEED = 0
ROUNDS = 5
MAD_TO_SIGMA = 1.4826
CUT_SIGMAS = 3.0
LEAST_TOLERANCE = 0.02
LEAST_SHARE = 0.3  # of the points looked at that must be ground


def scale_from_height(
    predicted: NDArray[np.floating],
    camera: CameraModel,
    height_m: float,
    options: ScaleOptions | None = None,
    *,
    height_sigma_m: float = 0.0,
    ground: NDArray[np.bool_] | None = None,
    up: NDArray[np.float64] | None = None,
) -> ScaleEstimate:
    """The factor that brings the camera's height above the ground of the predicted depth to the known one.

    With a known up direction every point says how far below the camera it lies, and what most of them say is the ground.
    Without one a plane m p = 1 (p the points, so that the camera's height is 1 / |m| and residuals are shares of it) is sought
    first, by RANSAC, seeded, among planes whose normal is near the picture's upright, and refined. The heights are fitted as
    the ratios of measured points are.

    Args:
        predicted: (H, W) depth, up to a factor; 0, NaN and inf: nothing predicted.
        camera: its intrinsics, without distortion.
        height_m: of the camera above the ground, > 0. height_sigma_m: its error, one standard deviation.
        ground: (H, W), where the ground is seen; None: looked for in the lower part of the picture.
        up: (3,) direction against gravity in the optical frame, from an IMU or joint states; None: not known, the camera is
            upright within `options.tilt_tolerance_rad`, and the estimate is the less sure.

    Raises:
        InputError: a height that is not above 0, arrays that do not fit the camera, an up direction of no length.
    """
    options = options or ScaleOptions()
    size = (camera.height_px, camera.width_px)
    if not (np.isfinite(height_m) and height_m > 0.0):
        raise InputError(f"the camera's height above the ground must be above 0 m, got {height_m:g}")
    if predicted.shape != size or (ground is not None and ground.shape != size):
        raise InputError(f"predicted depth and ground must be {size}, as the camera is; found {predicted.shape}")
    if any(camera.distortion):
        raise InputError("the ground's plane needs a picture without distortion: rectify it first")
    upward = _unit(np.array([0.0, -1.0, 0.0]) if up is None else np.asarray(up, float))
    points, cells = _candidates(predicted, camera, ground, options)
    if len(points) < LEAST_POINTS:
        return no_scale(f"only {len(points)} points of ground with a predicted depth, wanted {LEAST_POINTS}")
    tilting = 0.0
    if up is None:
        plane, on_it = _best_plane(points, upward, options)
        if on_it.mean() < LEAST_SHARE:
            return no_scale(_no_ground(on_it.mean()))
        # An error that tilts the ground as a whole does not show in how well its points agree.
        tilting = float(np.hypot(_normal_sigma(points[on_it], cells[on_it]), options.depth_error))
        upward = -_unit(plane)
    heights = -points @ upward
    below = heights > 0.0
    if below.sum() < LEAST_POINTS:
        return no_scale(_no_ground(below.mean()))
    fit = fit_logs(np.log(height_m / heights[below]), np.zeros(below.sum()), cells[below], options.depth_error)
    if fit.good.sum() < LEAST_SHARE * len(points):
        return no_scale(_no_ground(fit.good.sum() / len(points)))
    sigma = float(np.sqrt(fit.sigma**2 + (height_sigma_m / height_m) ** 2 + tilting**2))
    if sigma > options.largest_sigma:
        return no_scale(f"the ground's plane is uncertain by {100 * sigma:.0f} % of the height")
    return ScaleEstimate(float(np.exp(fit.value)), sigma, "height", int((fit.good > 0.5).sum()))


def _no_ground(share: float) -> str:
    return f"no plane of ground below the camera: {100 * share:.0f} % of the points agree, wanted {100 * LEAST_SHARE:.0f} %"


def _candidates(
    predicted: NDArray[np.floating], camera: CameraModel, ground: NDArray[np.bool_] | None, options: ScaleOptions
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(N, 3) points that may be ground, evenly taken, and the cells that they are from."""
    looked_at = np.zeros(predicted.shape, bool)
    looked_at[int(len(predicted) * (1.0 - options.ground_share)) :] = True
    rows, columns = np.nonzero((looked_at if ground is None else ground) & np.isfinite(predicted) & (predicted > 0.0))
    some = np.random.default_rng(SEED).permutation(len(rows))[:MOST_POINTS]
    v, u = rows[some].astype(float), columns[some].astype(float)
    rays = np.column_stack([(u - camera.cx_px) / camera.fx_px, (v - camera.cy_px) / camera.fy_px, np.ones(len(u))])
    return rays * predicted[rows[some], columns[some], None].astype(float), cell_of(u, v, camera.width_px / options.cells)


def _best_plane(
    points: NDArray[np.float64], up: NDArray[np.float64], options: ScaleOptions
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(3,) m of the plane that most points lie nearest to (squares, cut at the tolerance), and (N,) which ones lie on it."""
    chosen = np.random.default_rng(SEED).integers(len(points), size=(TRIALS, 3))
    triples = points[chosen]  # (TRIALS, 3, 3)
    span = np.linalg.norm(triples, axis=2).prod(axis=1)
    triples = triples[np.abs(np.linalg.det(triples)) > 1e-9 * span]
    planes = np.linalg.solve(triples, np.ones((len(triples), 3, 1)))[:, :, 0]
    planes = planes[_upright(planes, up, options.tilt_tolerance_rad)]
    none = np.zeros(len(points), bool)
    if not len(planes):
        return -up, none
    off = np.minimum(np.abs(planes @ points.T - 1.0), options.ground_tolerance)
    plane = planes[int((off**2).sum(axis=1).argmin())]
    on_it = np.abs(points @ plane - 1.0) < options.ground_tolerance
    for _ in range(ROUNDS):
        refined = np.linalg.lstsq(points[on_it], np.ones(on_it.sum()), rcond=None)[0]
        if not _upright(refined[None], up, options.tilt_tolerance_rad)[0]:
            break
        plane, off_it = refined, np.abs(points @ refined - 1.0)
        spread = MAD_TO_SIGMA * float(np.median(off_it[on_it]))
        on_it = off_it <= np.clip(CUT_SIGMAS * spread, LEAST_TOLERANCE, options.ground_tolerance)
    return plane, on_it


def _upright(planes: NDArray[np.float64], up: NDArray[np.float64], tolerance_rad: float) -> NDArray[np.bool_]:
    """(N,): which planes lie below the camera with their normal near the up direction."""
    return np.asarray(planes @ -up >= np.cos(tolerance_rad) * np.linalg.norm(planes, axis=1))


def _normal_sigma(points: NDArray[np.float64], cells: NDArray[np.int64]) -> float:
    """Relative error of the height for the error of the fitted normal: the jackknife over cells."""
    heights = []
    for cell in np.unique(cells):
        rest = points[cells != cell]
        if len(rest) >= LEAST_POINTS // 2:
            heights.append(-np.log(np.linalg.norm(np.linalg.lstsq(rest, np.ones(len(rest)), rcond=None)[0])))
    count = len(heights)
    return float(np.sqrt((count - 1) * np.var(heights))) if count > 1 else 0.0


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(vector))
    if vector.shape != (3,) or not (np.isfinite(length) and length > 0.0):
        raise InputError(f"the up direction must be 3 finite numbers that are not all 0, got {vector}")
    return np.asarray(vector / length)
