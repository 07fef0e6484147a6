"""Figures: well-formed, the same bytes for the same data, and showing every model, test and count that went in."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import ROOT
from linguist.report.plots.pairset import audit_figure
from linguist.report.plots.pretraining import pretraining_figure, spread_out
from linguist.report.plots.study import (
    accuracy_figure,
    confusion_figure,
    count_confusions,
    curves_figure,
    length_figure,
    seeds_figure,
)
from linguist.report.plots.style import LOOKS, save
from linguist.report.plots.tokenizer import vocabulary_figure
from linguist.statistics import metrics
from linguist.training.controls import UNTRAINED

N = 60


def write_runs(folder, models, trainsets, seeds, tests):
    """Made-up predictions: skill falls from test to test, the second test is a constant answer, controls are noise."""
    runs = []
    for at, model in enumerate(models):
        for trainset in trainsets:
            for seed in seeds:
                draw = np.random.default_rng([at, trainset == UNTRAINED, seed])
                parts = []
                for place, test in enumerate(tests):
                    label = np.arange(N) % 2
                    skill = 0 if trainset == UNTRAINED else 2.5 / (1 + place)
                    score = skill * (label - 0.5) + draw.normal(size=N) + 50 * (place == 1 and skill > 0)
                    ids = [f"{test}-{i}" for i in range(N)]
                    columns = {"test": test, "id": ids, "label": label, "score0": -score / 2, "score1": score / 2}
                    parts.append(pd.DataFrame(columns))
                path = folder / f"{model}.{trainset}.{seed}.tsv"
                pd.concat(parts).to_csv(path, sep="\t", index=False)
                runs.append((model, trainset, seed, path))
    return runs


def pairs(*lengths):
    rows = [("x", "A" * first, "C" * second, at % 2) for at, (first, second) in enumerate(lengths)]
    return pd.DataFrame(rows, columns=["id", "sentence1", "sentence2", "label"])


def texts(figure, path):
    """All text of a saved figure; fails where the file is not well-formed XML."""
    save(figure, path)
    return [element.text for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]


GRIDS = [
    (["m1"], ["en", UNTRAINED], [1], ["en"]),
    (["m1", "m2"], ["en", UNTRAINED], [1, 2, 3], ["en", "fr", "dna50"]),
    (["m1", "m2", "m3"], ["en", "fr"], [1, 2], [f"t{i}" for i in range(14)]),
]


@pytest.fixture(params=GRIDS, ids=["1x1", "2x3", "3x14"])
def grid(request, tmp_path):
    models, trainsets, seeds, tests = request.param
    runs = write_runs(tmp_path, models, trainsets, seeds, tests)
    table = metrics.compute_metrics("study", metrics.read_scores(tests, runs))
    return models, [t for t in trainsets if t != UNTRAINED], tests, runs, table, metrics.summarize(table)


def test_confusion_counts_agree_with_the_metrics(grid):
    _, _, tests, runs, table, _ = grid
    counts = count_confusions(tests, runs).set_index(["model", "trainset", "test"])
    for key, rows in table.groupby(["model", "trainset", "test"]):
        cells = counts.loc[key]
        assert cells.sum() == rows["n"].sum()
        assert (cells["tn"] + cells["tp"]) / cells.sum() == pytest.approx(rows["accuracy"].mean())
        assert (cells["fp"] + cells["tp"]) / cells.sum() == pytest.approx(rows["predicted_positive"].mean())


def test_confusion_counts_leave_out_tests_of_other_studies(tmp_path):
    runs = write_runs(tmp_path, ["m"], ["en"], [1], ["en", "fr"])
    assert list(count_confusions(["fr"], runs)["test"]) == ["fr"]


def test_confusion_figure_shows_each_cell_once(grid, tmp_path):
    models, trainsets, tests, runs, _, _ = grid
    counts = count_confusions(tests, runs)
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
    counts = pd.DataFrame(
        [("m", "en", "en", 5, 1, 0, 0)], columns=["model", "trainset", "test", "tn", "fp", "fn", "tp"]
    )
    assert texts(confusion_figure(counts), tmp_path / "c.svg").count("0%") == 2


def test_accuracy_figure_has_a_panel_for_each_training_set(grid, tmp_path):
    models, trainsets, tests, _, table, summary = grid
    figure = accuracy_figure(summary, table)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [f"fine-tuned on {t}" for t in trainsets]
    low, high = figure.axes[0].get_xlim()
    assert low <= summary["low"].min() and high >= table["accuracy"].max()
    shown = texts(figure, tmp_path / "accuracy.svg")
    assert set(models) | set(tests) <= set(shown)
    assert ("control: untrained" in shown) == (UNTRAINED in set(summary["trainset"]))


def test_models_never_look_alike():
    looks = [tuple(look.values()) for look in LOOKS]
    assert len(set(looks)) == len(looks) == 49


def test_length_figure_gives_coding_pairs_a_panel_for_each_unit(tmp_path):
    shown = {
        "en": ("sentence", pairs((90, 95), (100, 102), (130, 99), (40, 44))),
        "dna50": ("dna", pairs((50, 50), (50, 50))),
        "coding": ("coding", pairs((150, 50), (150, 50))),
    }
    figure = length_figure(shown)
    assert [axis.get_title() for axis in figure.axes] == ["en", "dna50", "coding", "coding"]
    units = [axis.get_xlabel() for axis in figure.axes]
    assert units == ["characters", "bp", "bp of the DNA", "residues of the protein"]
    assert {"different", "same"} <= set(texts(figure, tmp_path / "lengths.svg"))


def test_every_sequence_is_in_a_histogram():
    figure = length_figure({"one": ("dna", pairs(*((n, n + 7) for n in range(20, 400, 3))))})
    bars = sum(patch.get_height() for patch in figure.axes[0].patches if hasattr(patch, "get_height"))
    assert bars == 2 * sum(1 for at, _ in enumerate(range(20, 400, 3)) if at % 2 == 0)


def test_a_pair_set_with_one_label_only_is_drawn():
    assert length_figure({"one": ("dna", pairs((50, 50)))}).axes


PANELS = {
    "sentence": [("length", "characters", "both"), ("length difference", "characters", "both")],
    "dna": [("length", "bp", "both"), ("composition", "GC share", "both"), ("similarity", "local similarity", "both")],
    "protein": [("composition distance", "sum of differences of letter frequencies", "both")] * 5,
    "coding": [("length", "bp", "sentence1"), ("length", "residues", "sentence2"), ("length", "bp", "both")] * 2,
}


def make_audit(kind):
    """An audit as far as it is drawn: two shallow baselines, one that is not, and one that was not scored."""
    shown = [
        {"name": name, "unit": unit, "side": side, "edges": [0, 1, 2, 3], "same": [1, 2, 3], "different": [0, 0, 0]}
        | {"mean_same": 1.8, "mean_different": None}
        for name, unit, side in PANELS[kind]
    ]
    names = (
        ("length difference", True, 0.5),
        ("composition", True, 0.93),
        ("alignment", False, 1.0),
        ("none", True, None),
    )
    baselines = [
        {
            "name": name,
            "uses_order": not shallow,
            "accuracy": value,
            "low": value and value - 0.1,
            "high": value and min(1, value + 0.1),
        }
        for name, shallow, value in names
    ]
    test = {"rows": 300, "positives": 120}
    return {"kind": kind, "splits": {"test": test}, "distributions": shown, "baselines": baselines}


@pytest.mark.parametrize("kind", PANELS)
def test_audit_figure_has_a_panel_for_each_distribution_and_a_row_for_each_baseline(kind, tmp_path):
    figure = audit_figure(make_audit(kind))
    *panels, last = figure.axes
    sides = ["" if side == "both" else f" of {side}" for _, _, side in PANELS[kind]]
    assert [axis.get_title() for axis in panels] == [
        name + side for (name, *_), side in zip(PANELS[kind], sides, strict=True)
    ]
    assert [label.get_text() for label in last.get_yticklabels()] == ["length difference", "composition", "alignment"]
    low, high = last.get_xlim()
    assert low < 0.4 and high > 1
    shown = texts(figure, tmp_path / "audit.svg")
    assert {"different", "same", "shallow baseline", "baseline that is not shallow", "majority share"} <= set(shown)
    assert "0.930 [0.830–1.000]" in shown


def test_audit_figure_draws_the_majority_share_and_each_label_as_shares():
    *panels, last = audit_figure(make_audit("dna")).axes
    assert any(list(line.get_xdata()) == [0.6, 0.6] for line in last.lines)
    assert [list(patch.get_data().values) for patch in panels[0].patches] == [[0, 0, 0], [1 / 6, 1 / 3, 1 / 2]]


def test_labels_of_the_audit_figure_do_not_overlap():
    for kind in PANELS:
        figure = audit_figure(make_audit(kind))
        figure.draw_without_rendering()
        boxes = [axis.get_tightbbox() for axis in figure.axes]
        for at, one in enumerate(boxes):
            assert not any(one.overlaps(other) for other in boxes[at + 1 :])


def test_audit_figure_of_a_set_without_pairs_or_without_one_part(tmp_path):
    audit = make_audit("dna")
    nothing = audit_figure(audit | {"distributions": [], "baselines": []})
    assert texts(nothing, tmp_path / "none.svg") == ["No pairs in the test split: nothing to show."]
    assert len(audit_figure(audit | {"distributions": []}).axes) == 1
    assert len(audit_figure(audit | {"baselines": []}).axes) == 3


SPECIES = {"dna": 0.0, "protein": 0.0, "text": 0.5}  # sources of a vocabulary, with the share of [UNK]


def make_vocabulary(unknown=SPECIES):
    members = {"tokens": 10, "share": 0.25, "lengths": {"2": 4, "30": 6}, "longest": ["AC"]}
    sources = {
        name: {"characters_per_token": 2.5 + at, "unknown": share} for at, (name, share) in enumerate(unknown.items())
    }
    return {"classes": dict.fromkeys(("dna", "protein", "english", "other"), members), "sources": sources}


def test_vocabulary_figure_marks_the_sources_whose_tokens_are_unknown(tmp_path):
    figure = vocabulary_figure(make_vocabulary())
    bars = figure.axes[1].patches
    assert [bar.get_hatch() for bar in bars] == [None, None, "////"]
    assert [bar.get_width() for bar in bars] == [2.5, 3.5, 4.5]
    shown = texts(figure, tmp_path / "v.svg")
    assert "4.50 (50% [UNK])" in shown and "3.50" in shown and "the paper" not in shown
    published = texts(vocabulary_figure(make_vocabulary(), {"dna": 0.55, "english": 0.45}), tmp_path / "p.svg")
    assert {"the paper", "55%", "45%"} <= set(published)


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


DRAW = """
import sys
import pandas as pd
from linguist.report.plots.study import accuracy_figure
from linguist.report.plots.style import save
table = pd.read_csv(sys.argv[1], sep="\\t")
summary = pd.read_csv(sys.argv[2], sep="\\t")
save(accuracy_figure(summary, table), sys.argv[3])
"""


def test_the_same_table_gives_the_same_bytes_in_another_process(grid, tmp_path):
    *_, table, summary = grid
    table.to_csv(tmp_path / "metrics.tsv", sep="\t", index=False)
    summary.to_csv(tmp_path / "summary.tsv", sep="\t", index=False)
    library = str(ROOT / "scripts")
    for name in ("a.svg", "b.svg"):
        arguments = [tmp_path / "metrics.tsv", tmp_path / "summary.tsv", tmp_path / name]
        subprocess.run([sys.executable, "-c", DRAW, *arguments], check=True, env={"PYTHONPATH": library}, timeout=120)
    first = (tmp_path / "a.svg").read_bytes()
    assert first == (tmp_path / "b.svg").read_bytes()
    assert b"matplotlib.org" not in first and b"<metadata" not in first and b"<image" not in first


def test_drawing_leaves_the_global_style_alone():
    before = dict(matplotlib.rcParams)
    length_figure({"one": ("dna", pairs((50, 50), (40, 44)))})
    assert dict(matplotlib.rcParams) == before


def test_a_failed_save_leaves_the_old_figure(tmp_path):
    class Broken:
        def savefig(self, path, **_):
            Path(path).write_text("half")
            raise OSError("disk full")

    (tmp_path / "f.svg").write_text("old")
    with pytest.raises(OSError, match="disk full"):
        save(Broken(), tmp_path / "f.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["f.svg"] and (tmp_path / "f.svg").read_text() == "old"


def test_a_curve_has_a_panel_for_each_training_set_and_its_points_in_order(tmp_path):
    tests = ["d40", "d05", "d20", "short", "long"]
    runs = write_runs(tmp_path, ["m1", "m2"], ["en", UNTRAINED], [1, 2], tests)
    summary = metrics.summarize(metrics.compute_metrics("s", metrics.read_scores(tests, runs)))
    curves = {("divergence", "DNA, evolved copies"): {"d40": 0.4, "d05": 0.05, "d20": 0.2}}
    curves["length", "protein"] = {"short": 50, "long": 150}
    figure = curves_figure(summary, curves)
    first, second = figure.axes
    assert first.get_title(loc="left") == "DNA, evolved copies\ntrained on en"
    assert first.get_xlabel() == "divergence (events a base)" and second.get_xlabel().endswith("residues")
    line = first.lines[0]
    assert (np.diff(line.get_xdata()) > 0).all()
    mine = summary[(summary["model"] == "m1") & (summary["trainset"] == "en")].set_index("test")["accuracy"]
    assert list(line.get_ydata()) == [mine["d05"], mine["d20"], mine["d40"]]
    assert {"m1", "m2", "AUROC", "majority share"} <= set(texts(figure, tmp_path / "curves.svg"))


def test_the_runs_of_each_arm_stand_along_the_seeds(tmp_path):
    runs = write_runs(tmp_path, ["m1", "m2"], ["en", UNTRAINED], [3, 1, 2], ["fr", "dna150"])
    table = metrics.compute_metrics("s", metrics.read_scores(["fr", "dna150"], runs))
    figure = seeds_figure(table)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [f"{m}, fine-tuned on en" for m in ("m1", "m2")]
    mine = table[(table["model"] == "m1") & (table["trainset"] == "en") & (table["test"] == "fr")].set_index("seed")
    assert list(figure.axes[0].lines[0].get_ydata()) == [mine["accuracy"][seed] for seed in (1, 2, 3)]
    assert {"fr", "dna150", "1", "2", "3"} <= set(texts(figure, tmp_path / "seeds.svg"))
