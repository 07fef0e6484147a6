"""The audit page: what an audit finds follows from its numbers alone, and every finding stands on the page."""

import copy

import numpy as np
import pytest

from helpers.pages import REPORTS, check_in_browser, read_text
from linguist.report.audit import (
    audit_findings,
    audit_page,
    best_baseline,
    find_problems,
    limit_finding,
    problem_sentence,
)
from linguist.report.page import inline, render
from linguist.report.plots.audit import audit_figure
from linguist.report.plots.style import save


def split(rows=300, positives=150, **other):
    """The part of an audit for one split; an empty one has no metrics."""
    empty = {
        "lengths": {},
        "repeated_rows": 0,
        "contradictions": 0,
        "contradiction": None,
        "order": None,
        "near_duplicates": None,
    }
    empty |= {"near_copy_negatives": None, "equal_negatives": 0, "kinds": {}, "start_codon": None}
    lengths = {f"{side} label {label}": {"mean": 50.0, "min": 45, "max": 55} for side in SIDES for label in (0, 1)}
    full = {"lengths": lengths, "order": 0.51, "near_duplicates": 0, "near_copy_negatives": 0}
    return (
        {"rows": rows, "classes": [rows - positives, positives], "order_label": 1}
        | empty
        | (full if rows else {})
        | other
    )


def baseline(name, order_free, accuracy, auroc=0.5, half_width=0.05):
    found = {
        "name": name,
        "about": f"what {name} does",
        "uses_order": not order_free,
        "each_side_alone": order_free and name != "k-mer overlap",
        "threshold": 0.2,
        "threshold_from": "train",
    }
    for prefix, value in (("", accuracy), ("auroc_", auroc)):
        ends = (max(0, value - half_width), min(1, value + half_width))
        found |= dict(zip((f"{prefix}low", f"{prefix}high"), ends, strict=True))
    return found | {"accuracy": accuracy, "auroc": auroc, "by_kind": {"same": accuracy, "other": accuracy}}


SIDES = ("sentence1", "sentence2")
NO_OVERLAP = dict.fromkeys(("sentences", "other_strand", "pairs", "contradictions", "near_duplicates"), 0) | {
    "contradiction": None
}
CLEAN = {
    "kind": "dna",
    "labels": ["different", "same"],
    "splits": {"train": split(1000, 500), "dev": split(), "test": split(kinds={"same": 150, "other": 150})},
    "overlaps": {"train-dev": NO_OVERLAP, "train-test": NO_OVERLAP, "dev-test": NO_OVERLAP},
    "trained_on": {"en": NO_OVERLAP},
    "rows": {"test": {"read": 300, "dropped": {}, "left_out": {}, "first": {}}},
    "distributions": [
        {
            "name": name,
            "unit": "bp",
            "side": "both",
            "edges": [0, 1, 2],
            "counts": [[8, 2], [9, 1]],
            "means": [None, 0.6],
        }
        for name in ("length", "similarity")
    ],
    "random_similarity": {"pairs": 1000, "mean": 0.1, "p99": 0.3, "max": 0.4},
    "tokens": {"bpe": {"test": {"mean": 30.5, "longest": 52, "unknown": 0.0, "truncated": 0.0}}},
    "baselines": [baseline("composition", True, 0.53), baseline("alignment", False, 0.95)],
}
EMPTY = CLEAN | {"splits": {name: split(0, 0) for name in ("train", "dev", "test")}, "trained_on": {}, "tokens": {}}
EMPTY |= {"distributions": [], "baselines": [], "random_similarity": None}
SIMILAR = {"rows": 0, "of": 300, "letters": 20, "share": 0.5}
SPEC = {"kind": "dna", "recipe": "table", "files": {"test": ["a", "b"]}, "rules": {"max_negative_similarity": 0.55}}


def altered(*path, value):
    """The clean audit with one value changed."""
    audit = copy.deepcopy(CLEAN)
    part = audit
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return audit


def test_a_clean_set_has_only_fine_findings():
    found = audit_findings(CLEAN)
    assert {severity for severity, _ in found} == {"fine"}
    assert "composition" in found[0][1] and "0.530 [0.480–0.580]" in found[0][1]


@pytest.mark.parametrize(
    ("audit", "severity", "facts"),
    [
        (altered("splits", "train", "repeated_rows", value=12), "flaw", ["12 in train"]),
        (altered("splits", "test", "contradictions", value=3), "flaw", ["3 in test"]),
        (
            altered(
                "overlaps", "train-test", value=NO_OVERLAP | {"contradictions": 2, "contradiction": ["ACG", "TTT"]}
            ),
            "flaw",
            ["2 in train and test", "'ACG' | 'TTT'"],
        ),
        (altered("splits", "test", "equal_negatives", value=5), "flaw", ["equal sequences: 5 in test"]),
        (altered("splits", "dev", "order", value=0.0), "flaw", ["0.000 in dev"]),
        (altered("splits", "dev", "near_copy_negatives", value=4), "flaw", ["4 in dev"]),
        (altered("splits", "dev", "near_copy_negatives", value=None), "fine", ["not counted in dev"]),
        (altered("splits", "dev", "near_duplicates", value=4), "note", ["4 in dev"]),
        (altered("overlaps", "train-test", value=NO_OVERLAP | {"pairs": 2}), "flaw", ["2 in train and test"]),
        (
            altered("overlaps", "dev-test", value=NO_OVERLAP | {"other_strand": 7}),
            "flaw",
            ["7 in dev and test", "strand"],
        ),
        (altered("trained_on", "en", value=NO_OVERLAP | {"near_duplicates": 9}), "flaw", ["9 in en"]),
        (altered("splits", "test", "classes", value=[200, 100]), "note", ["33.3 % of test"]),
        (altered("splits", "dev", value=split(0, 0)), "note", ["No rows in dev"]),
        (altered("similar", value=SIMILAR | {"rows": 3}), "note", ["3 of 300 test rows", "50 %", "20 letters"]),
        (altered("similar", value=SIMILAR), "fine", ["0 of 300 test rows"]),
        (
            altered(
                "splits", "test", "start_codon", value={"offset": 100, "count": 49, "share": 0.33, "elsewhere": 0.02}
            ),
            "note",
            ["offset 100", "49 pairs of test", "33.0 %", "2.0 %"],
        ),
        (altered("tokens", "bpe", "test", "truncated", value=0.25), "note", ["25.00 % with bpe"]),
        (altered("baselines", 0, "threshold_from", value="test"), "note", ["test split", ": composition"]),
        (
            altered("baselines", 1, value=baseline("alignment", False, 0.52)),
            "note",
            ["alignment", "0.520 [0.470–0.570]"],
        ),
    ],
)
def test_one_problem_gives_one_finding_and_the_others_stay_fine(audit, severity, facts):
    found = audit_findings(audit)
    at = [number for number, (_, text) in enumerate(found) if all(fact in text for fact in facts)]
    assert [found[number][0] for number in at] == [severity]
    assert {level for number, (level, _) in enumerate(found) if number not in at} == {"fine"}


@pytest.mark.parametrize(
    ("baselines", "severity", "facts"),
    [
        ([baseline("composition", True, 0.93)], "shortcut", ["omposition", "0.930 [0.880–0.980]"]),
        ([baseline("a", True, 0.93), baseline("b", True, 0.7)], "shortcut", ["b 0.700"]),
        ([baseline("composition", True, 0.53, half_width=0.01)], "note", ["omposition"]),
        # above the majority class, but the best of four often is by chance
        ([baseline(name, True, 0.555) for name in "abcd"], "fine", ["chance", "4 baselines"]),
        ([baseline("length", True, 0.5, auroc=0.9)], "shortcut", ["ength", "AUROC 0.900"]),
        ([baseline("alignment", False, 0.99)], "unknown", []),
        ([baseline("k-mer overlap", True, 0.9), baseline("length", True, 0.5)], "fine", ["length"]),
        ([baseline("composition", True, 0.5) | {"auroc_low": None, "auroc": None}], "fine", ["composition"]),
    ],
)
def test_the_first_finding_says_whether_there_is_a_shortcut(baselines, severity, facts):
    found = audit_findings(CLEAN | {"baselines": baselines})[0]
    assert found[0] == severity and all(fact in found[1] for fact in facts)


def test_the_problems_of_a_study_are_those_of_its_test_sets():
    bad = altered("splits", "test", "contradictions", value=3)
    problems = find_problems({"a": CLEAN, "b": bad, "c": bad})
    assert problems.keys() == {"b", "c"} and all("3 in test" in text for text in problems["b"])
    assert problem_sentence(["a"], problems) == ""
    said = problem_sentence(["a", "c", "b"], problems)
    assert "2 of 3 test sets" in said and "c, b" in said


def test_many_dropped_rows_are_a_problem():
    few, many = (
        {"read": 100, "dropped": {"empty": n}, "left_out": {}, "first": {"empty": "t, line 2"}} for n in (5, 6)
    )
    assert not find_problems({"a": CLEAN | {"rows": {"test": few}}})
    (said,) = find_problems({"a": CLEAN | {"rows": {"test": many}}})["a"]
    assert "6 of 100 rows dropped (6.0 %)" in said and "line 2" in said


def test_word_overlap_is_a_note_and_no_shortcut():
    found = audit_findings(CLEAN | {"baselines": [baseline("k-mer overlap", True, 0.9), baseline("length", True, 0.5)]})
    assert found[0][0] == "fine"
    assert [severity for severity, text in found if "k-mer overlap" in text] == ["note"]


def test_an_empty_set_differs_from_a_clean_one():
    found = audit_findings(EMPTY)
    assert found[0][0] == "unknown"
    assert [severity for severity, text in found if "train, dev, test" in text] == ["flaw"]
    assert sum(severity == "unknown" for severity, _ in found) > 5
    assert not any("nan" in text for _, text in found)


def test_the_best_baseline_of_a_test_is_one_without_order_information():
    several = [baseline("a", True, 0.6), baseline("b", True, 0.7), baseline("alignment", False, 0.9)]
    found = best_baseline(CLEAN | {"baselines": several})
    assert found == {"name": "b", "accuracy": 0.7, "low": pytest.approx(0.65), "high": pytest.approx(0.75)}
    unscored = baseline("a", True, 0.6) | {"accuracy": None, "low": None, "high": None}
    for audit in (EMPTY, CLEAN | {"baselines": [unscored]}):
        found = best_baseline(audit)
        assert found["name"] == "none" and np.isnan(found["accuracy"])


def test_a_baseline_that_reads_the_ends_alone_is_noted_and_neither_order_free_nor_a_way_to_recover_the_labels():
    ends = baseline("equal ends", False, 0.93) | {"in_part": True}
    order_free = baseline("composition", True, 0.53)
    with_ends = CLEAN | {"baselines": [order_free, ends, baseline("alignment", False, 0.6)]}
    assert best_baseline(with_ends)["name"] == "composition"
    said = [(severity, text) for severity, text in audit_findings(with_ends) if "ends" in text or "alignment" in text]
    assert [severity for severity, _ in said] == ["note", "note"]
    assert "0.930 [0.880–0.980]" in said[0][1] and "alignment" in said[1][1]
    at_chance = CLEAN | {"baselines": [order_free, ends | baseline("equal ends", False, 0.52)]}
    assert not any("equal ends" in text for _, text in audit_findings(at_chance))


def test_a_similarity_limit_is_useful_only_above_chance():
    assert limit_finding(SPEC, CLEAN)[0] == "fine"
    assert limit_finding(SPEC, altered("random_similarity", "max", value=0.58))[0] == "flaw"
    assert limit_finding(SPEC, EMPTY) is None and limit_finding({"rules": {}}, CLEAN) is None


def make_page(folder, audit):
    save(audit_figure(audit), folder / "audit.svg")
    values = audit_page(SPEC, audit)
    figure = inline(folder / "audit.svg", "figure-audit")
    render(folder / "audit.html", REPORTS / "audit.html.j2", name="dna<50>", figure=figure, **values)
    return folder / "audit.html"


@pytest.mark.parametrize("audit", [CLEAN, EMPTY], ids=["clean", "empty"])
def test_the_page_shows_every_finding_and_setting(audit, tmp_path):
    text = read_text(make_page(tmp_path, audit))
    assert "dna<50>" in text
    assert all(line in text for _, line in audit_findings(audit))
    for name in [row["name"] for row in audit["baselines"]] + ["files", "test a, b"]:
        assert name in text


def test_the_page_opens_in_a_browser(tmp_path):
    check_in_browser(make_page(tmp_path, CLEAN), tmp_path, "Audit of dna&lt;50&gt;</title>")
