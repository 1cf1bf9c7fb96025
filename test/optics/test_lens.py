"""The lens: figures worked by hand, round trips, and what is said where there is nothing to say."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import Lens, LinearMapping, TableMapping, load_lens, shipped_lenses


@pytest.fixture(scope="module")
def bench() -> Lens:
    return load_lens("bench_25mm")


@pytest.fixture
def plain() -> Lens:
    """f = 50 mm, N = 2, c = 25 um: A = 25 mm, N c = 50 um, H = 2500 / 0.05 mm + f = 50.05 m. 1 um a step, infinity at 0."""
    return Lens("plain", 0.05, 2.0, 5e-6, 25e-6, -500.0, 5000.0, LinearMapping(1e-6, 0.0))


class TestBenchLensByHand:
    """f = 25 mm, N = 2.4, p = 1.62 um, c = 6.4 um; position 1050 focuses at 10 m, 2100 at 0.4 m.

    Extensions x = f^2 / (u - f):  10 m: 625 / 9975 mm = 62.6566 um;  0.4 m: 625 / 375 mm = 1666.667 um.
    Step: (1666.667 - 62.6566) / 1050 = 1.527629 um.  Infinity: 1050 - 62.6566 / 1.527629 = 1050 - 41.0156 = 1008.984.
    A = 25 / 2.4 = 10.41667 mm.  H = 625 / (2.4 * 0.0064) + 25 mm = 40715.10 mm.
    """

    def test_step_and_infinity(self, bench: Lens) -> None:
        assert isinstance(bench.mapping, LinearMapping)
        assert bench.mapping.step_m == pytest.approx(1.527629e-6, rel=1e-6)
        assert bench.infinity_position_steps == pytest.approx(1008.9844, abs=1e-4)
        assert bench.aperture_m == pytest.approx(0.01041667, rel=1e-6)
        assert bench.hyperfocal_m == pytest.approx(40.71510, rel=1e-6)

    def test_ends(self, bench: Lens) -> None:
        assert bench.focus_distance_m(1050) == pytest.approx(10.0, rel=1e-12)
        assert bench.focus_distance_m(2100) == pytest.approx(0.4, rel=1e-12)
        assert bench.focus_range_m() == pytest.approx((0.4, 10.0), rel=1e-12)
        assert bench.contains(bench.position_for_distance(10.0))
        assert bench.contains(bench.position_for_distance(0.4))
        assert not bench.contains(bench.position_for_distance(0.39))
        assert not bench.contains(bench.position_for_distance(np.inf))

    def test_depth_of_focus_is_about_ten_steps_either_way(self, bench: Lens) -> None:
        # c v0 / A = N c (1 + x0 / f).  10 m: 15.36 um * 1.002506 = 15.3985 um = 10.0800 steps.
        # 0.4 m: 15.36 um * 1.0666667 = 16.384 um = 10.7251 steps.
        assert bench.depth_of_focus_steps(10.0) == pytest.approx((1050 - 10.0800, 1050 + 10.0800), abs=1e-3)
        assert bench.depth_of_focus_steps(0.4) == pytest.approx((2100 - 10.7251, 2100 + 10.7251), abs=1e-3)
        for depth in (0.4, 0.7, 1.0, 3.0, 10.0):
            low, high = bench.depth_of_focus_steps(depth)
            assert 20 <= high - low <= 22
            for limit in (low, high):  # there, the disk is exactly as wide as the circle of confusion: 6.4 / 1.62 = 3.95 px
                assert 2 * bench.blur_radius_px(limit, depth) == pytest.approx(6.4 / 1.62, rel=1e-9)

    def test_largest_radius_is_about_two_hundred_pixels(self, bench: Lens) -> None:
        # A (v - v0) / (2 v0 p).  Sensor at 0.4 m (v = 26.66667 mm), thing at 10 m (v0 = 25.06266 mm):
        # 10.41667 * 1.604010 / (2 * 25.06266) = 0.333333 mm = 205.761 px.
        assert bench.blur_radius_px(2100, 10.0) == pytest.approx(205.761, abs=1e-3)
        # Sensor at 10 m, thing at 0.4 m: 10.41667 * 1.604010 / (2 * 26.66667) = 0.313283 mm = 193.385 px, the other sign.
        assert bench.defocus_px(1050, 0.4) == pytest.approx(-193.385, abs=1e-3)
        positions, depths = np.meshgrid(np.linspace(1050, 2100, 50), np.geomspace(0.4, 10, 50))
        assert 195 < bench.blur_radius_px(positions, depths).max() < 210

    def test_depth_of_field(self, bench: Lens) -> None:
        # u (H - f) / (H + u - 2 f) = 10 * 40.69010 / 50.66510 = 8.03119
        # u (H - f) / (H - u) = 10 * 40.69010 / 30.71510 = 13.2476
        assert bench.depth_of_field_m(1050) == pytest.approx((8.03119, 13.2476), rel=1e-5)
        # 0.4 * 40.69010 / 41.06510 = 0.396347;  0.4 * 40.69010 / 40.31510 = 0.403721
        assert bench.depth_of_field_m(2100) == pytest.approx((0.396347, 0.403721), rel=1e-5)

    def test_breathing(self, bench: Lens) -> None:
        # 26.66667 / 25.06266: a far thing's picture grows by 6.4 % as the lens goes near
        assert bench.scale(2100, 10.0) == pytest.approx(1.0640, abs=1e-4)
        assert bench.scale(1050, 10.0) == pytest.approx(1.0, abs=1e-12)


def test_phone_by_hand() -> None:
    # x(1 m) = 20.4304 / 995.48 mm = 20.5232 um; x(0.1 m) = 20.4304 / 95.48 mm = 213.976 um; 193.453 / 550 = 0.351732 um a step
    phone = load_lens("phone_4mm52")
    assert isinstance(phone.mapping, LinearMapping)
    assert phone.mapping.step_m == pytest.approx(0.351732e-6, rel=1e-5)
    assert phone.focus_distance_m(np.array([450.0, 1000.0])) == pytest.approx([1.0, 0.1], rel=1e-12)
    # 2.26 mm * 193.453 um / (2 * 4.540523 mm) = 48.144 um at a step of 1.55 um: 31.06 px
    assert phone.blur_radius_px(1000, 1.0) == pytest.approx(31.06, abs=0.01)


class TestInfinity:
    def test_infinity_is_inf_both_ways(self, plain: Lens) -> None:
        assert plain.focus_distance_m(0.0) == np.inf
        assert plain.focus_distance_m(-0.0) == np.inf
        assert plain.position_for_distance(np.inf) == 0.0
        assert plain.blur_radius_px(0.0, np.inf) == 0.0

    def test_beyond_infinity_has_no_distance(self, plain: Lens) -> None:
        positions = np.array([-500.0, -1e-9, 0.0, 1e-9, 500.0])
        distances = plain.focus_distance_m(positions)
        assert np.isnan(distances[:2]).all()
        assert distances[2] == np.inf
        assert (distances[3:] > 0).all()
        assert [plain.beyond_infinity(p) for p in positions] == [True, True, False, False, False]
        assert not plain.beyond_infinity(np.nan)

    def test_depth_of_field_across_infinity(self, plain: Lens) -> None:
        # N c = 50 um = 50 steps. x_near = (x + 50 um) / (1 - 0.001), u = 50 mm + 2500 / x mm.
        near, far = plain.depth_of_field_m(np.array([50.0, 0.0, -25.0, -50.0, -50.1]))
        # at the hyperfocal distance, from half of it; 100 / 0.999 um: 2500 * 0.999 / 0.1 + 50 = 25025 mm = H / 2
        assert near[0] == pytest.approx(25.025, rel=1e-9)
        assert plain.hyperfocal_m == pytest.approx(50.05, rel=1e-12)
        assert plain.focus_distance_m(50.0) == pytest.approx(plain.hyperfocal_m, rel=1e-12)
        # at infinity, from H - f = 2500 * 0.999 / 0.05 + 50 = 50000 mm
        assert near[1] == pytest.approx(50.0, rel=1e-9)
        # 25 steps beyond: 2500 * 0.999 / 0.025 + 50 = 99950 mm
        assert near[2] == pytest.approx(99.95, rel=1e-9)
        assert near[3] > 1e9  # only infinity itself is left
        assert (far[:4] == np.inf).all()
        assert np.isnan([near[4], far[4]]).all()

    def test_range_that_passes_infinity(self, plain: Lens) -> None:
        nearest, farthest = plain.focus_range_m()
        assert nearest == pytest.approx(0.05 + 0.05**2 / 5e-3)
        assert farthest == np.inf


class TestNoAnswerIsNaN:
    @pytest.mark.parametrize("depth", [0.0, -1.0, 0.05, 0.01, np.nan, -np.inf])
    def test_depths_without_an_image(self, plain: Lens, depth: float) -> None:
        assert np.isnan(plain.position_for_distance(depth))
        assert np.isnan(plain.blur_radius_px(100.0, depth))
        assert np.isnan(plain.scale(100.0, depth))
        assert np.isnan(plain.image_distance_m(depth))
        assert not plain.contains(plain.position_for_distance(depth))

    def test_nan_position(self, plain: Lens) -> None:
        assert np.isnan(plain.focus_distance_m(np.nan))
        assert np.isnan(plain.depth_of_field_m(np.nan)).all()

    def test_no_warnings(self, plain: Lens, recwarn: pytest.WarningsRecorder) -> None:
        plain.blur_radius_px(np.array([-100.0, 0.0, np.nan]), np.array([0.0, np.inf, np.nan]))
        plain.depth_of_field_m(np.array([-1e3, -50.0, 0.0, np.nan]))
        plain.focus_distance_m(np.array([0.0, 1e-320]))
        assert not recwarn.list


class TestFloatsAndArrays:
    def test_floats_give_floats(self, bench: Lens) -> None:
        for value in (
            bench.focus_distance_m(1500),
            bench.sensor_distance_m(1500.0),
            bench.position_for_distance(np.float32(2.0)),
            bench.blur_radius_px(1500, 2.0),
            bench.scale(1500, 2.0),
            *bench.depth_of_field_m(1500),
        ):
            assert type(value) is float

    def test_arrays_broadcast(self, bench: Lens) -> None:
        depth = np.full((4, 5), 2.0, np.float32)
        radius = bench.blur_radius_px(np.array([1100.0, 1200.0])[:, None, None], depth)
        assert radius.shape == (2, 4, 5)
        assert radius[1, 2, 3] == bench.blur_radius_px(1200.0, 2.0)

    def test_shapes_that_do_not_fit(self, bench: Lens) -> None:
        with pytest.raises(InputError, match=r"position_steps of shape \(2,\) and depth_m of shape \(3,\)"):
            bench.blur_radius_px(np.zeros(2), np.ones(3))

    @pytest.mark.parametrize("value", ["1500", None, 1j, [1, [2]]])
    def test_what_is_no_number(self, bench: Lens, value: object) -> None:
        with pytest.raises(InputError, match="position_steps: wanted a number"):
            bench.focus_distance_m(value)  # type: ignore[call-overload]


class TestRoundTrip:
    """Position -> focus distance -> position, below 1e-6 steps wherever the distance is finite.

    The domain: every position on the near side of infinity focus, down to one unit in the last place from it (focus distances of
    1e15 m and more), and up to a magnification of 100 (x = 100 f), where the distance has come within a hundredth of the focal
    length.
    """

    @settings(deadline=None, max_examples=100)
    @given(
        focal_length=st.floats(1e-3, 1.0),
        step_um=st.floats(1e-3, 100.0),
        direction=st.sampled_from([-1.0, 1.0]),
        infinity=st.floats(-1e4, 1e4),
        offset=st.one_of(st.floats(0, 1e4), st.floats(-12, 4).map(lambda x: 10.0**x)),
    )
    def test_linear(self, focal_length: float, step_um: float, direction: float, infinity: float, offset: float) -> None:
        assume(offset * step_um * 1e-6 < 100 * focal_length)
        mapping = LinearMapping(direction * step_um * 1e-6, infinity)
        low, high = sorted((infinity, infinity + direction * 1e4))
        lens = Lens("drawn", focal_length, 2.0, 2e-6, 1e-6, low - 1, high + 1, mapping) if step_um < 0.1 else None
        lens = lens or Lens("drawn", focal_length, 2.0, 2e-6, 1e-6, infinity - 1e-3, infinity + 1, mapping)
        position = infinity + direction * offset
        distance = lens.focus_distance_m(position)
        assert distance > focal_length
        assert abs(lens.position_for_distance(distance) - position) < 1e-6

    def test_last_place_before_infinity(self, bench: Lens) -> None:
        infinity = bench.infinity_position_steps
        position = np.nextafter(infinity, np.inf)
        distance = bench.focus_distance_m(position)
        # 1.1e-13 steps from infinity: f^2 / (1.53 um * 1.1e-13) is 3.6e15 m, and it comes back to the bit
        assert 1e15 < distance < 1e16
        assert bench.position_for_distance(distance) == position

    @pytest.mark.parametrize("distance", [1e3, 1e6, 1e9, 1e12, 1e15])
    def test_far_distances(self, bench: Lens, distance: float) -> None:
        position = bench.position_for_distance(distance)
        assert abs(bench.position_for_distance(bench.focus_distance_m(position)) - position) < 1e-6
        # the position's own last place (1.1e-13 steps of 41 * 10 m / distance) is all that is lost of the distance
        assert bench.focus_distance_m(position) == pytest.approx(distance, rel=1e-12 + 3e-16 * distance)

    @pytest.mark.parametrize("name", ["bench_25mm", "phone_4mm52"])
    def test_shipped_lenses_everywhere(self, name: str) -> None:
        lens = load_lens(name)
        positions = np.concatenate(
            [
                np.linspace(lens.min_position_steps, lens.max_position_steps, 10_001),
                lens.infinity_position_steps + np.geomspace(1e-12, 2000, 10_001),
            ]
        )
        error = np.abs(lens.position_for_distance(lens.focus_distance_m(positions)) - positions)
        assert error.max() < 1e-9
        error = np.abs(lens.position_at(lens.sensor_distance_m(positions)) - positions)
        assert error.max() < 1e-6

    @settings(deadline=None, max_examples=100)
    @given(
        positions=st.lists(st.floats(-3000, 3000), min_size=2, max_size=12, unique_by=round),
        powers=st.lists(st.floats(0, 20), min_size=12, max_size=12, unique_by=lambda x: round(x, 2)),
        rising=st.booleans(),
        part=st.floats(0, 1),
    )
    def test_table(self, positions: list[float], powers: list[float], rising: bool, part: float) -> None:
        # neighbouring rows closer than a thousandth of a step or of a dioptre are no calibration
        assume(np.diff(sorted(positions)).min() > 1e-3 and np.diff(sorted(powers)).min() > 1e-3)
        focal_length = 0.01
        power = np.sort(powers[: len(positions)])[:: 1 if rising else -1]
        extensions = focal_length**2 * power / (1 - focal_length * power)
        mapping = TableMapping(tuple(sorted(positions)), tuple(extensions))
        lens = Lens("drawn", focal_length, 2.0, 2e-6, 5e-6, min(positions), max(positions), mapping)
        position = min(positions) + part * (max(positions) - min(positions))
        distance = lens.focus_distance_m(position)
        assert distance > focal_length
        assert abs(lens.position_for_distance(distance) - position) < 1e-6


class TestBadLenses:
    def test_everything_is_said_at_once(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            Lens("bad", 0.0, -1.0, np.nan, 1e-6, 5.0, 5.0, LinearMapping(1e-6, 0.0))
        text = str(caught.value)
        for piece in ("lens 'bad'", "focal_length_m", "f_number", "pixel_pitch_m", "position range"):
            assert piece in text
        assert "circle" not in text
        assert "\n" not in text

    def test_circle_as_wide_as_the_aperture(self, plain: Lens) -> None:
        with pytest.raises(ConfigurationError, match="smaller than the aperture"):
            replace(plain, circle_of_confusion_m=0.025)

    def test_wholly_beyond_infinity(self, plain: Lens) -> None:
        with pytest.raises(ConfigurationError, match="beyond infinity"):
            replace(plain, min_position_steps=-100.0, max_position_steps=-1.0)

    def test_sensor_in_front_of_the_lens(self, plain: Lens) -> None:
        with pytest.raises(ConfigurationError, match="in front of the lens"):
            replace(plain, min_position_steps=-60_000.0)

    def test_table_shorter_than_the_range(self, plain: Lens) -> None:
        with pytest.raises(ConfigurationError, match="does not cover"):
            replace(plain, mapping=TableMapping((0.0, 100.0), (0.0, 1e-4)))

    def test_replace_makes_variants(self, bench: Lens) -> None:
        stopped_down = replace(bench, f_number=4.8)
        assert stopped_down.blur_radius_px(2100, 10.0) == pytest.approx(bench.blur_radius_px(2100, 10.0) / 2)


@pytest.mark.parametrize("name", shipped_lenses())
def test_the_hyperfocal_position_is_the_nearest_that_is_sharp_at_infinity(name: str) -> None:
    lens = load_lens(name)
    position = lens.hyperfocal_position_steps
    assert lens.contains(position)
    if lens.focus_range_m()[1] >= lens.hyperfocal_m:
        assert lens.focus_distance_m(position) == pytest.approx(lens.hyperfocal_m)
        # As far as rounding lets it: a hair farther out the depth of field reaches infinity.
        assert math.isinf(lens.depth_of_field_m(lens.position_for_distance(1.001 * lens.hyperfocal_m))[1])
    else:
        assert lens.focus_distance_m(position) == pytest.approx(lens.focus_range_m()[1])
