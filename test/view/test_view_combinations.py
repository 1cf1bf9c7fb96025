"""All options together on anything: nothing raises, and what is promised of every image holds."""

from __future__ import annotations

import math
from typing import Any, get_args, get_type_hints

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import SCALES, AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetSource, TargetState
from auxfocus_ros.view import Content, FocusReading, LayerStack, PictureSpan, ViewOptions, ZoneOffset, draw_aux_image
from auxfocus_ros.view.layout import inset_places

_HINTS = get_type_hints(ViewOptions)
_NUMBERS: dict[str, Any] = {
    "opacity": st.sampled_from([0.0, 0.05, 0.9, 1.0]),
    "dimming": st.sampled_from([0.0, 0.35, 0.9]),
    "most_layers": st.integers(1, 8),
    "offset_zones": st.integers(3, 15),
    "peaking_threshold": st.floats(0.02, 1),
    "panel_share": st.floats(0.2, 2.0),
    "inset_share": st.floats(0.2, 0.8),
    "text_scale": st.sampled_from([0.5, 1.0, 4.0]),
}


def any_options() -> st.SearchStrategy[ViewOptions]:
    choices = {name: st.sampled_from(get_args(hint)) for name, hint in _HINTS.items() if get_args(hint)}
    switches = {name: st.booleans() for name, hint in _HINTS.items() if hint is bool}
    assert choices.keys() | switches.keys() | _NUMBERS.keys() == _HINTS.keys()
    return st.builds(ViewOptions, **choices, **switches, **_NUMBERS)


def any_target(random: np.random.Generator, number: int, size: tuple[int, int], segments: int) -> Target:
    depth = float(random.choice([random.uniform(0.3, 40.0), math.nan, 5.0]))
    box = tuple(int(value) for value in random.integers(-20, max(size), 4))
    return Target(
        number,
        (box[0], box[1], max(box[2], 1), max(box[3], 1)),
        state=TargetState(int(random.integers(0, 4))),
        source=TargetSource(int(random.integers(0, 9))),
        label=str(random.choice(["", "person", "x" * 60])),
        selected=number == 1,
        depth_m=depth,
        depth_near_m=0.9 * depth,
        depth_far_m=1.2 * depth,
        depth_sigma_m=float(random.choice([math.nan, 0.0, 0.2])),
        low_m=(-1.0, -1.0, 0.9 * depth) if random.random() < 0.7 else (math.nan,) * 3,
        high_m=(1.0, 1.0, 1.2 * depth) if random.random() < 0.7 else (math.nan,) * 3,
        in_focus=bool(random.random() < 0.5),
        segment=int(random.integers(0, segments + 1)),
    )


def any_content(seed: int, size: tuple[int, int], shape: tuple[int, int], scale: str, options: ViewOptions) -> Content:
    random = np.random.default_rng(seed)
    bins, columns = shape
    axis = DepthAxis(0.7, 30.0, bins, scale)  # type: ignore[arg-type]
    unit = str(random.choice(["pixels", "metres", "radians"]))
    angle = float(random.choice([0.0, math.pi / 2, 0.6]))
    if unit == "pixels":
        across = AcrossAxis.of_picture(size[1] if angle > 1 else size[0], columns, angle)
    else:
        across = AcrossAxis(-3.0, 3.0, columns, unit, angle if unit == "metres" else 0.0)  # type: ignore[arg-type]
    counts = random.integers(0, 2000, shape).astype(np.uint32)
    counts[random.random(shape) < random.choice([0.0, 0.7, 1.0])] = 0
    segments = 4
    targets = tuple(any_target(random, number, size, segments) for number in range(1, int(random.integers(1, 8))))
    layers = random.integers(0, 50, (3, bins, columns)).astype(np.uint32)
    curve = np.linspace(-1.0, 1.0, 9), random.uniform(0.5, 40.0, 9)
    inset = inset_places(*size, options)
    return Content(
        DepthDistribution(counts, axis, across, int(random.integers(0, 2)), 0),
        TargetSet(targets, 1 if targets else 0, str(random.choice(["", "held for 1.2 s", "target lost"]))),
        owners=random.integers(0, segments + 1, shape).astype(np.uint16) if random.random() < 0.7 else None,
        layers=LayerStack(layers, ((1,), (2, 3), ())) if random.random() < 0.7 else None,
        offsets=tuple(
            ZoneOffset(zone / 5, (zone + 1) / 5, float(random.choice([math.nan, 0.2, -7.0, 99.0])), 3.0, zone == 1)
            for zone in range(5)
        ),
        panorama=PictureSpan(-1.0, 0.8) if unit == "radians" else None,
        focus_curve=curve if unit == "radians" and random.random() < 0.7 else None,
        cell_colours=random.integers(0, 256, (bins, columns, 3)).astype(np.uint8) if random.random() < 0.7 else None,
        inset_at=inset[int(random.integers(0, len(inset)))] if random.random() < 0.7 else None,
    )


@settings(deadline=None, max_examples=150)
@given(
    st.integers(0, 2**32),
    st.tuples(st.integers(64, 500), st.integers(64, 400)),
    st.tuples(st.integers(1, 300), st.integers(1, 400)),
    st.sampled_from(SCALES),
    st.floats(0.3, 60.0) | st.sampled_from([math.inf, math.nan]),
    any_options(),
)
def test_anything_is_drawn(  # noqa: PLR0917 - what an image is made of
    seed: int, size: tuple[int, int], shape: tuple[int, int], scale: str, distance: float, options: ViewOptions
) -> None:
    width, height = size
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    given = any_content(seed, size, shape, scale, options)
    focus = FocusReading.of_distances(distance, distance * 0.9, distance * 1.2)
    image, where = draw_aux_image(picture, given, focus, options)
    assert image.shape == (where.image_height_px, where.image_width_px, 3)
    assert image.dtype == np.uint8
    vertical = options.direction in {"up", "down"}
    first, last = (where.plot.top, where.plot.bottom) if vertical else (where.plot.left, where.plot.right)
    for at in (where.focus_px, where.near_px, where.far_px, *where.axis_px):
        assert math.isnan(at) or first - 0.5 - 1e-9 <= at <= last - 0.5 + 1e-9
    axis = given.distribution.axis
    assert math.isnan(where.focus_px) == (not axis.near_m <= distance <= axis.far_m)
    if options.opacity == 0 and options.layout in {"overlay", "inset"}:
        np.testing.assert_array_equal(image, picture)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), any_options())
def test_the_smallest_picture(seed: int, options: ViewOptions) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (64, 64), np.uint8)
    image, where = draw_aux_image(
        picture, any_content(seed, (64, 64), (30, 40), "log", options), FocusReading("finite", 2.0, 1.0, 5.0), options
    )
    assert image.shape == (where.image_height_px, where.image_width_px, 3)
    assert (where.picture.width, where.picture.height) == (64, 64)
