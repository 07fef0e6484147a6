"""The figure of a pretraining: a panel for each source, with the losses of models that count tokens."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.figures import texts
from linguist.report.plots.pretraining import pretraining_figure, spread_out


def make_pretraining(sources, masked=False, kept=30):
    """A curve and metrics as `pretraining.pretrain` leaves them: the dev loss rises again after the evaluation kept."""
    steps = np.array([10, 20, 30])
    curve = pd.DataFrame({"epoch": 1, "steps": steps, "train_loss": [6.0, 5.0, 4.0], "dev_loss": [5.5, 4.6, 4.4]})
    metrics = {"steps": kept, "dev_loss": 4.4, "unigram_loss": 5.0, "bigram_loss": 4.5}
    for at, source in enumerate(sources):
        curve[f"dev_loss_{source}"] = curve["dev_loss"] + at
        metrics |= {
            f"dev_loss_{source}": 4.4 + at,
            f"unigram_loss_{source}": 5.0 + at,
            f"bigram_loss_{source}": 4.41 + at,
        }
    if masked:
        metrics = {key: value for key, value in metrics.items() if not key.startswith("bigram")}
    return curve, metrics


@pytest.mark.parametrize("sources", [["text"], ["dna", "text"], ["dna", "protein", "text", "a long name of a source"]])
@pytest.mark.parametrize("masked", [False, True])
def test_pretraining_figure_shows_each_source_against_models_that_count(sources, masked, tmp_path):
    curve, metrics = make_pretraining(sources, masked)
    figure = pretraining_figure(curve, metrics)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == (sources if len(sources) == 1 else ["all sources", *sources])
    shown = texts(figure, tmp_path / "p.svg")
    for at, _ in enumerate(sources):
        assert f"dev {4.4 + at:.3f}" in shown and f"unigram {5 + at:.3f}" in shown
        assert (f"bigram {4.41 + at:.3f}" in shown) != masked
    assert ("bigram model" in shown) != masked and "unigram model" in shown and "train loss" in shown
    assert sum(list(line.get_ydata()) == [6, 5, 4] for axis in figure.axes for line in axis.lines) == 1
    for axis in figure.axes:
        low, high = axis.get_ylim()
        levels = [value for line in axis.lines for value in line.get_ydata()]
        assert low < min(levels) and max(levels) < high


def test_a_source_and_its_references_have_one_colour_and_different_dashes():
    figure = pretraining_figure(*make_pretraining(["dna", "text"]))
    colours = set()
    for axis in figure.axes[1:]:
        assert len({line.get_color() for line in axis.lines}) == 1
        assert len({str(line._dash_pattern) for line in axis.lines}) == 3
        colours.add(axis.lines[0].get_color())
    assert len(colours) == 2


def test_pretraining_figure_marks_the_weights_kept_only_where_they_are_not_the_last(tmp_path):
    assert "weights kept" not in texts(pretraining_figure(*make_pretraining(["dna"])), tmp_path / "a.svg")
    assert "weights kept" in texts(pretraining_figure(*make_pretraining(["dna"], kept=20)), tmp_path / "b.svg")


def test_pretraining_figure_leaves_out_a_source_without_a_loss():
    curve, metrics = make_pretraining(["dna"])
    assert len(pretraining_figure(curve.assign(dev_loss_other=np.nan), metrics).axes) == 1


def test_figures_at_the_ends_of_the_losses_do_not_overlap():
    figure = pretraining_figure(*make_pretraining(["dna", "protein", "text"]))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for axis in figure.axes for text in axis.texts]
    assert len(boxes) == 12
    for at, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[at + 1 :])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_places_spread_out_keep_their_order_and_their_distance(places):
    spread = spread_out(places, 0.1)
    assert spread.max() <= 1 + 1e-9
    order = np.argsort(places, kind="stable")
    assert (np.diff(spread[order]) >= 0.1 - 1e-9).all()
    apart = np.sort(places)
    if (np.diff(apart) >= 0.1).all():
        assert spread == pytest.approx(places)
