"""Scale from depths measured at some places: a few lidar points, or the one that a rangefinder's beam hits."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.scale.estimate import ScaleEstimate, no_scale
from auxfocus_ros.monodepth.scale.log_fit import fit_logs
from auxfocus_ros.monodepth.scale.options import ScaleOptions
from auxfocus_ros.monodepth.scale.readings import Compared, Readings, compare


def scale_from_points(
    predicted: NDArray[Any],
    readings: Readings,
    options: ScaleOptions | None = None,
    *,
    source: Literal["points", "rangefinder", "motion"] = "points",
    common_sigma: float = 0.0,
) -> ScaleEstimate:
    """The factor that brings the predicted depth to what was measured.

    Up to four in ten of many readings may be wrong. Each is compared with the median of the predicted depth around it; one on
    an edge of the predicted depth is left out, since it may have hit either side. One reading alone is believed, with
    `options.depth_error` as its uncertainty.

    Args:
        predicted: (H, W) depth up to a factor; 0, NaN and inf: nothing predicted.
        readings: what was measured.
        source: what the estimate says it comes from.
        common_sigma: relative error that all readings share.
    """
    options = options or ScaleOptions()
    compared = compare(predicted, readings, spot_px=options.spot_px, edge=options.edge, cells=options.cells)
    if not len(compared.logs):
        return no_scale(_nothing(compared, len(readings)))
    fit = fit_logs(compared.logs, compared.sigmas, compared.cells, options.depth_error)
    sigma = float(np.hypot(fit.sigma, common_sigma))
    if sigma > options.largest_sigma:
        return no_scale(f"the readings do not agree: the scale is uncertain by {100 * sigma:.0f} %, at most "
                        f"{100 * options.largest_sigma:.0f} % is of use")  # fmt: skip
    return ScaleEstimate(float(np.exp(fit.value)), sigma, source, int((fit.good > 0.5).sum()))


def _nothing(compared: Compared, readings: int) -> str:
    """Why no reading could be compared."""
    why = {
        "outside the picture or without a depth": compared.outside,
        "where no depth is predicted": compared.unpredicted,
        "on edges of the predicted depth": compared.on_edges,
    }
    said = ", ".join(f"{count} {what}" for what, count in why.items() if count)
    return f"none of {readings} readings can be used: {said}" if said else "no readings"
