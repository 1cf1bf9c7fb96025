"""The lens's figures against a ray trace that shares no formula with them: relative error below 1e-9.

The trace is exact (`ray_trace.py`), so what is measured is the lens's own rounding. A difference of two nearly equal quantities
has no digits to lose, whoever forms it: the blur of a thing almost in focus and a far limit almost at infinity are compared
where they are more than 1e-5 of what they are the difference of.
"""

import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auxfocus_ros.optics import Lens, LinearMapping, load_lens

BAR = 1e-9


def _beside(name: str) -> ModuleType:
    """Test folders are no packages, so the trace beside this file is loaded by its path."""
    spec = importlib.util.spec_from_file_location(f"optics_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


trace = _beside("ray_trace")


@dataclass(frozen=True)
class Exact:
    """A lens at a position, as rational numbers."""

    focal_length: Fraction
    aperture: Fraction
    circle: Fraction
    sensor: Fraction

    @classmethod
    def of(cls, lens: Lens, position: float) -> "Exact":
        mapping = lens.mapping
        assert isinstance(mapping, LinearMapping)
        focal_length = Fraction(lens.focal_length_m)
        extension = Fraction(mapping.step_m) * (Fraction(position) - Fraction(mapping.infinity_position_steps))
        aperture = focal_length / Fraction(lens.f_number)
        return cls(focal_length, aperture, Fraction(lens.circle_of_confusion_m), focal_length + extension)

    def rim(self, power: Fraction) -> Fraction:
        return trace.rim_height(self.focal_length, self.aperture, self.sensor, power)


WORST: dict[str, float] = {}


@pytest.fixture(autouse=True, scope="module")
def say_the_worst() -> Iterator[None]:
    """Print the largest errors at the end (`pytest -s` shows them): the figures in docs/performance.md."""
    yield
    for name, error in WORST.items():
        print(f"\nlargest relative error, {name}: {error:.2g}", end="")
    print()


def relative_error(got: float, true: Fraction) -> float:
    error = float(abs(Fraction(got) - true) / abs(true))
    name = os.environ["PYTEST_CURRENT_TEST"].partition("::test_")[2].partition(" ")[0].partition("[")[0]
    WORST[name] = max(WORST.get(name, 0.0), error)
    return error


def log_range(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(np.log(low), np.log(high)).map(lambda x: float(np.exp(x)))


@st.composite
def lenses(draw: st.DrawFn) -> Lens:
    """Lenses from a phone's to a telephoto's; the motor runs either way, infinity anywhere."""
    focal_length = draw(log_range(1e-3, 0.6))
    f_number = draw(log_range(0.7, 32))
    step = draw(log_range(1e-6, 1e-4)) * focal_length * draw(st.sampled_from([-1, 1]))
    infinity = draw(st.floats(-5000, 5000))
    ends = infinity - 1000, infinity + 10_000
    return Lens(
        name="drawn",
        focal_length_m=focal_length,
        f_number=f_number,
        pixel_pitch_m=draw(log_range(5e-7, 2e-5)),
        circle_of_confusion_m=draw(log_range(1e-4, 0.2)) * focal_length / f_number,
        min_position_steps=ends[0] if step > 0 else 2 * infinity - ends[1],
        max_position_steps=ends[1] if step > 0 else 2 * infinity - ends[0],
        mapping=LinearMapping(step, infinity),
    )


def offsets() -> st.SearchStrategy[float]:
    """Steps from infinity focus towards near."""
    return st.one_of(log_range(1e-3, 1e4), st.floats(-50, 50))


def depths() -> st.SearchStrategy[float]:
    """In focal lengths, from almost there to infinity."""
    return st.one_of(log_range(1.001, 1e6), st.just(np.inf))


def power_of(depth: float) -> Fraction:
    return Fraction(0) if np.isinf(depth) else 1 / Fraction(depth)


def at(lens: Lens, offset: float) -> float:
    assert isinstance(lens.mapping, LinearMapping)
    return lens.mapping.infinity_position_steps + np.copysign(1, lens.mapping.step_m) * offset


@settings(deadline=None, max_examples=100)
@given(lenses(), depths())
def test_image_distance(lens: Lens, focal_lengths: float) -> None:
    depth = focal_lengths * lens.focal_length_m
    true = trace.image_distance(Fraction(lens.focal_length_m), power_of(depth))
    assert relative_error(lens.image_distance_m(depth), true) < BAR


@settings(deadline=None, max_examples=100)
@given(lenses(), offsets())
def test_focus_distance_is_what_the_trace_images_onto_the_sensor(lens: Lens, offset: float) -> None:
    position = at(lens, offset)
    distance = lens.focus_distance_m(position)
    exact = Exact.of(lens, position)
    if exact.sensor < exact.focal_length:
        assert np.isnan(distance)
        assert lens.beyond_infinity(position)
    elif exact.sensor == exact.focal_length:
        assert distance == np.inf
    else:
        # backwards: the sensor's axial point is imaged into the scene, at the depth that is in focus
        true = trace.image_distance(exact.focal_length, 1 / exact.sensor)
        assert relative_error(distance, true) < BAR


@settings(deadline=None, max_examples=100)
@given(lenses(), offsets(), depths())
def test_blur_radius(lens: Lens, offset: float, focal_lengths: float) -> None:
    position, depth = at(lens, offset), focal_lengths * lens.focal_length_m
    exact = Exact.of(lens, position)
    image = trace.image_distance(exact.focal_length, power_of(depth))
    extensions = exact.sensor - exact.focal_length, image - exact.focal_length
    assume(abs(extensions[0] - extensions[1]) > max(map(abs, extensions)) / 100_000)
    radius_px = exact.rim(power_of(depth)) / Fraction(lens.pixel_pitch_m)
    assert relative_error(lens.blur_radius_px(position, depth), abs(radius_px)) < BAR
    # the upper rim's ray has crossed the axis where the thing stands behind the plane of focus
    assert relative_error(lens.defocus_px(position, depth), -radius_px) < BAR


@settings(deadline=None, max_examples=60)
@given(lenses(), offsets())
def test_depth_of_field(lens: Lens, offset: float) -> None:
    position = at(lens, offset)
    exact = Exact.of(lens, position)
    near, far = lens.depth_of_field_m(position)
    half = exact.circle / 2
    extension, reach = exact.sensor - exact.focal_length, exact.circle * exact.focal_length / exact.aperture
    assume(abs(abs(extension) - reach) > reach / 100_000)

    infinity = exact.rim(Fraction(0))
    if infinity > half:  # even parallel rays have not come together: nothing is in focus
        assert np.isnan([near, far]).all()
        return
    # the rim ray lands the higher the nearer the thing is
    nearest_power = trace.power_where(lambda power: exact.rim(power) > half, Fraction(0), 2 / exact.focal_length)
    assert relative_error(near, 1 / nearest_power) < BAR
    if infinity >= -half:
        assert far == np.inf
    else:
        farthest_power = trace.power_where(lambda power: exact.rim(power) >= -half, Fraction(0), nearest_power)
        assert relative_error(far, 1 / farthest_power) < BAR


@settings(deadline=None, max_examples=60)
@given(lenses(), offsets(), depths())
def test_breathing_is_the_height_of_the_chief_ray(lens: Lens, offset: float, focal_lengths: float) -> None:
    position, depth = at(lens, offset), focal_lengths * lens.focal_length_m
    exact = Exact.of(lens, position)
    # the chief ray goes through the middle of the lens: height 0, some slope
    chief = trace.through_lens((Fraction(0), Fraction(1)), exact.focal_length)
    blurred = trace.through_space(chief, exact.sensor)[0]
    focused = trace.through_space(chief, trace.image_distance(exact.focal_length, power_of(depth)))[0]
    assert relative_error(lens.scale(position, depth), blurred / focused) < BAR


@pytest.mark.parametrize("name", ["bench_25mm", "phone_4mm52"])
def test_shipped_lenses_over_their_range(name: str) -> None:
    lens = load_lens(name)
    for position in np.linspace(lens.min_position_steps, lens.max_position_steps, 23).tolist():
        exact = Exact.of(lens, position)
        for depth in (0.11, 0.41, 1.03, 3.7, 10.5, 250.0, np.inf):
            true = abs(exact.rim(power_of(depth))) / Fraction(lens.pixel_pitch_m)
            assert relative_error(lens.blur_radius_px(position, depth), true) < BAR
