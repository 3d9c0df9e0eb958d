import pytest

from edgevision.bench.figures import Burst, Spread, loop_figures, spread


def test_a_burst_knows_its_rate_and_what_one_unit_costs() -> None:
    burst = Burst(units=50, wall_s=2.0, cpu_s=3.0)

    assert burst.rate_hz == 25.0
    assert burst.cpu_s_per_unit == pytest.approx(0.06)


def test_a_spread_is_the_median_between_the_extremes_in_any_order() -> None:
    assert spread([3.0, 1.0, 10.0]) == Spread(median=3.0, low=1.0, high=10.0)
    assert spread([4.0]) == Spread(4.0, 4.0, 4.0)


def test_a_loop_that_only_runs_model_and_decoder_on_all_cores_reaches_its_bound() -> None:
    model, decode = Burst(100, 0.5, 0.8), Burst(100, 0.2, 0.2)
    loop = Burst(100, wall_s=0.5, cpu_s=1.0)

    figures = loop_figures(2, [loop], [model], [decode])

    assert figures.bound_hz.median == pytest.approx(200.0)
    assert figures.share.median == pytest.approx(1.0)
    assert figures.cpu_ratio.median == pytest.approx(1.0)


def test_idle_cores_lower_the_share_and_extra_work_raises_the_cpu_ratio() -> None:
    model, decode = Burst(100, 0.5, 0.8), Burst(100, 0.2, 0.2)
    idle = loop_figures(2, [Burst(100, wall_s=1.0, cpu_s=1.0)], [model], [decode])
    wasteful = loop_figures(2, [Burst(100, wall_s=0.75, cpu_s=1.5)], [model], [decode])

    assert [idle.share.median, idle.cpu_ratio.median] == pytest.approx([0.5, 1.0])
    assert [wasteful.share.median, wasteful.cpu_ratio.median] == pytest.approx([2 / 3, 1.5])


def test_each_loop_is_compared_with_the_model_and_decoder_of_its_own_round() -> None:
    quiet, busy = Burst(100, 0.5, 0.8), Burst(100, 1.0, 1.6)
    decodes = [Burst(100, 0.2, 0.2), Burst(100, 0.4, 0.4)]

    figures = loop_figures(2, [Burst(100, 0.5, 1.0), Burst(100, 1.0, 2.0)], [quiet, busy], decodes)

    assert figures.share.low == pytest.approx(figures.share.high) == pytest.approx(1.0)
    assert (figures.rate_hz.low, figures.rate_hz.high) == (100.0, 200.0)


def test_rounds_that_lack_a_piece_are_refused() -> None:
    burst = Burst(1, 1.0, 1.0)

    with pytest.raises(ValueError, match="zip"):
        loop_figures(2, [burst, burst], [burst], [burst])
