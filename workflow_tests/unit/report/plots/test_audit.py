"""The figure of an audit: a panel for each distribution, a row for each baseline, and no overlaps."""

import pytest

from helpers.figures import texts
from linguist.report.plots.audit import audit_figure

PANELS = {
    "sentence": [("length", "characters", "both"), ("length difference", "characters", "both")],
    "dna": [("length", "bp", "both"), ("composition", "GC share", "both"), ("similarity", "local similarity", "both")],
    "protein": [("composition distance", "sum of differences of letter frequencies", "both")] * 5,
    "coding": [("length", "bp", "sentence1"), ("length", "residues", "sentence2"), ("length", "bp", "both")] * 2,
}


def make_audit(kind):
    """An audit as far as it is drawn: two baselines without order information, one with, and one that was not scored."""
    shown = [
        {
            "name": name,
            "unit": unit,
            "side": side,
            "edges": [0, 1, 2, 3],
            "counts": [[0, 0, 0], [1, 2, 3]],
            "means": [None, 1.8],
        }
        for name, unit, side in PANELS[kind]
    ]
    names = (
        ("length difference", False, 0.5),
        ("composition", False, 0.93),
        ("alignment", True, 1.0),
        ("none", False, None),
    )
    baselines = [
        {
            "name": name,
            "uses_order": uses_order,
            "accuracy": value,
            "low": value and value - 0.1,
            "high": value and min(1, value + 0.1),
        }
        for name, uses_order, value in names
    ]
    test = {"rows": 300, "classes": [180, 120]}
    labels = ["different", "same"]
    return {"kind": kind, "labels": labels, "splits": {"test": test}, "distributions": shown, "baselines": baselines}


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
    assert {"different", "same"} <= set(shown)
    assert "0.930 [0.830–1.000]" in shown


def test_audit_figure_draws_majority_class_accuracy_and_each_label_as_shares():
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
    assert not nothing.axes and len(texts(nothing, tmp_path / "none.svg")) == 1
    assert len(audit_figure(audit | {"distributions": []}).axes) == 1
    assert len(audit_figure(audit | {"baselines": []}).axes) == 3
