"""The figures of a study show every model, test and count that went in."""

import numpy as np
import pandas as pd
import pytest

from helpers.figures import texts, write_runs
from linguist.report.plots.study import (
    accuracy_figure,
    confusion_figure,
    count_confusions,
    curves_figure,
    lengths_figure,
    seeds_figure,
)
from linguist.statistics.scores import compute_metrics
from linguist.statistics.summaries import summarize_pairs
from linguist.statistics.tables import read_scores
from linguist.training.controls import UNTRAINED


def pairs(*lengths):
    rows = [("x", "A" * first, "C" * second, at % 2) for at, (first, second) in enumerate(lengths)]
    return pd.DataFrame(rows, columns=["id", "sentence1", "sentence2", "label"])


GRIDS = [
    (["m1"], ["en", UNTRAINED], [1], ["en"]),
    (["m1", "m2"], ["en", UNTRAINED], [1, 2, 3], ["en", "fr", "dna50"]),
    (["m1", "m2", "m3"], ["en", "fr"], [1, 2], [f"t{i}" for i in range(14)]),
]


@pytest.fixture(params=GRIDS, ids=["1x1", "2x3", "3x14"])
def grid(request, tmp_path):
    models, trainsets, seeds, tests = request.param
    runs = write_runs(tmp_path, models, trainsets, seeds, tests)
    table = compute_metrics("study", read_scores(tests, runs))
    return models, [t for t in trainsets if t != UNTRAINED], tests, runs, table, summarize_pairs(table)


def test_confusion_counts_agree_with_the_metrics(grid):
    _, _, tests, runs, table, _ = grid
    counts = count_confusions(read_scores(tests, runs)).set_index(["model", "trainset", "test"])
    for key, rows in table.groupby(["model", "trainset", "test"]):
        cells = counts.loc[key]
        cells, constant = cells[["tn", "fp", "fn", "tp"]], cells["constant"]
        assert constant == rows["constant"].sum()
        rows = rows[rows["constant"] == (constant == len(rows))]  # constant seeds are left out if others are not
        assert cells.sum() == rows["n"].sum()
        assert (cells["tn"] + cells["tp"]) / cells.sum() == pytest.approx(rows["accuracy"].mean())
        assert (cells["fp"] + cells["tp"]) / cells.sum() == pytest.approx(rows["predicted_positive"].mean())


def test_confusion_counts_leave_out_tests_of_other_studies(tmp_path):
    runs = write_runs(tmp_path, ["m"], ["en"], [1], ["en", "fr"])
    assert list(count_confusions(read_scores(["fr"], runs))["test"]) == ["fr"]


def test_confusion_figure_shows_each_cell_once(grid, tmp_path):
    models, trainsets, tests, runs, _, _ = grid
    counts = count_confusions(read_scores(tests, runs))
    figure = confusion_figure(counts)
    assert len(figure.axes) == len(models) * len(trainsets) * len(tests)
    assert figure.get_figwidth() <= 10
    shown = texts(figure, tmp_path / "confusion.svg")
    for trainset in trainsets:
        assert f"fine-tuned on {trainset}" in shown
    for test in tests:
        assert shown.count(test) == len(trainsets)
    trained = counts[counts["trainset"] != UNTRAINED]
    for count in trained[["tn", "fp", "fn", "tp"]].to_numpy().ravel():
        assert str(count) in shown
    assert not any(UNTRAINED in text for text in shown)


def test_confusion_of_a_class_that_is_not_there_has_no_share_above_zero(tmp_path):
    label, score = np.zeros(6, int), np.array([-1.0, -2, -3, -4, -5, 1])
    counts = count_confusions({("m", "en"): {"en": (label, {1: score})}})
    assert list(counts.loc[0, ["tn", "fp", "fn", "tp"]]) == [5, 1, 0, 0]
    assert texts(confusion_figure(counts), tmp_path / "c.svg").count("0%") == 2


@pytest.mark.parametrize(
    ("scores", "shown", "hidden"),
    [
        ([9, 9, -9], ["seeds differ:", "2 all same", "1 all different"], ["50%"]),
        ([9, 9, 9], ["100%", "0%"], ["seeds differ:"]),
        ([9, None, None], ["without 1 constant seed"], ["seeds differ:"]),
        ([(1,), (1,), (-1,)], ["seeds differ:", "2 rank", "1 reversed"], ["constant seed"]),
    ],
)
def test_confusions_of_seeds_that_do_opposite_things_are_not_added_up(scores, shown, hidden, tmp_path):
    draw, label = np.random.default_rng(1), np.arange(80) % 2
    noise = draw.normal(size=(3, 80))
    kinds = {int: lambda at, x: x + noise[at], tuple: lambda at, x: 4 * x[0] * (label - 0.5) + noise[at]}
    kinds[type(None)] = lambda at, x: noise[at]
    by_seed = {seed: kinds[type(value)](seed, value) for seed, value in enumerate(scores)}
    figure = confusion_figure(count_confusions({("m", "en"): {"x": (label, by_seed)}}))
    said = " ".join(texts(figure, tmp_path / "c.svg"))
    assert all(text in said for text in shown) and not any(text in said for text in hidden)


def test_accuracy_figure_has_a_panel_for_each_training_set(grid, tmp_path):
    models, trainsets, tests, _, table, summary = grid
    figure = accuracy_figure(summary, table)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [f"fine-tuned on {t}" for t in trainsets]
    low, high = figure.axes[0].get_xlim()
    assert low <= summary["low"].min() and high >= table["accuracy"].max()
    shown = texts(figure, tmp_path / "accuracy.svg")
    assert set(models) | set(tests) <= set(shown)
    assert ("control: untrained" in shown) == (UNTRAINED in set(summary["trainset"]))


def test_lengths_figure_gives_coding_pairs_a_panel_for_each_unit(tmp_path):
    shown = {
        "en": ("sentence", pairs((90, 95), (100, 102), (130, 99), (40, 44))),
        "dna50": ("dna", pairs((50, 50), (50, 50))),
        "coding": ("coding", pairs((150, 50), (150, 50))),
    }
    figure = lengths_figure(shown)
    assert [axis.get_title() for axis in figure.axes] == ["en", "dna50", "coding", "coding"]
    units = [axis.get_xlabel() for axis in figure.axes]
    assert units == ["characters", "bp", "bp of the DNA", "residues of the protein"]
    assert {"different", "same"} <= set(texts(figure, tmp_path / "lengths.svg"))


def test_every_sequence_is_in_a_histogram():
    figure = lengths_figure({"one": ("dna", pairs(*((n, n + 7) for n in range(20, 400, 3))))})
    bars = sum(patch.get_height() for patch in figure.axes[0].patches if hasattr(patch, "get_height"))
    assert bars == 2 * sum(1 for at, _ in enumerate(range(20, 400, 3)) if at % 2 == 0)


def test_a_pair_set_with_one_label_only_is_drawn():
    assert lengths_figure({"one": ("dna", pairs((50, 50)))}).axes


def test_a_curve_has_a_panel_for_each_training_set_and_its_points_in_order(tmp_path):
    tests = ["d40", "d05", "d20", "short", "long"]
    runs = write_runs(tmp_path, ["m1", "m2"], ["en", UNTRAINED], [1, 2], tests)
    table = compute_metrics("s", read_scores(tests, runs))
    summary = summarize_pairs(table)
    curves = {("divergence", "DNA, simulated divergence"): {"d40": 0.4, "d05": 0.05, "d20": 0.2}}
    curves["length", "protein"] = {"short": 50, "long": 150}
    figure = curves_figure(summary, table, curves)
    first, second = figure.axes
    assert first.get_title(loc="left").split("\n")[0] == "DNA, simulated divergence"
    assert "residues" in second.get_xlabel() and "residues" not in first.get_xlabel()
    line = first.lines[0]
    assert (np.diff(line.get_xdata()) > 0).all()
    mine = summary[(summary["model"] == "m1") & (summary["trainset"] == "en")].set_index("test")["accuracy"]
    assert list(line.get_ydata()) == [mine["d05"], mine["d20"], mine["d40"]]
    assert {"m1", "m2", "AUROC"} <= set(texts(figure, tmp_path / "curves.svg"))


def test_the_runs_of_each_arm_stand_along_the_seeds(tmp_path):
    runs = write_runs(tmp_path, ["m1", "m2"], ["en", UNTRAINED], [3, 1, 2], ["fr", "dna150"])
    table = compute_metrics("s", read_scores(["fr", "dna150"], runs))
    figure = seeds_figure(table)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [f"{m}, fine-tuned on en" for m in ("m1", "m2")]
    mine = table[(table["model"] == "m1") & (table["trainset"] == "en") & (table["test"] == "fr")].set_index("seed")
    assert list(figure.axes[0].lines[0].get_ydata()) == [mine["accuracy"][seed] for seed in (1, 2, 3)]
    assert {"fr", "dna150", "1", "2", "3"} <= set(texts(figure, tmp_path / "seeds.svg"))


def test_no_mean_is_drawn_like_others_where_seeds_do_opposite_things():
    label, draw = np.arange(80) % 2, np.random.default_rng(2)
    skills = {"same way": (3, 3, 3), "both ways": (3, 3, -3)}
    tests = {
        test: (label, {s: k * (label - 0.5) + draw.normal(size=80) for s, k in enumerate(of_seed)})
        for test, of_seed in skills.items()
    }
    table = compute_metrics("s", {("m", "t"): tests})
    means = [
        line for line in accuracy_figure(summarize_pairs(table), table).axes[0].lines if line.get_markersize() == 4.6
    ]
    assert {(line.get_markerfacecolor() == "white", *line.get_ydata()) for line in means} == {(True, 1), (False, 0)}
    assert len(seeds_figure(table).axes[0].containers) == 1
