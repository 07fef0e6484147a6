"""The audit of a task counts what was put into the rows, with real BLAST for the nearest train rows."""

import random

import pandas as pd
import pytest

from helpers.data import backwards, letters, neighbour_hits, substituted
from helpers.pages import REPORTS, read_text
from linguist.pairs.audit import audit_split, overlap
from linguist.report.audit import audit_page
from linguist.report.page import inline, render
from linguist.report.plots.audit import audit_figure
from linguist.report.plots.style import save
from linguist.sequences.neighbours import TASK_TO_FASTA, count_bins
from linguist.tasks.audit import SIDES, audit_task, identity_of_rows
from linguist.tasks.store import write_task

LENGTH = 100
RECORD = {"rows": {}}  # of a task whose source says nothing of dropped rows


def rows_of(split, rows):
    return pd.DataFrame([(f"{split}-{i}", *row) for i, row in enumerate(rows)], columns=["id", "sequence", "label"])


def search(folder, frames):
    """The hits of the test rows among the train rows, by the command of the workflow."""
    paths = [folder / f"{split}.tsv" for split in ("train", "test")]
    for path in paths:
        write_task(path, frames[path.stem].itertuples(index=False))
    return neighbour_hits(folder, "dna", TASK_TO_FASTA, *paths)


@pytest.fixture
def frames():
    """A task of two classes: train with 2 repeats and a contradiction; test with a repeat of train, 1 and 3 % substitutions,
    12 % substitutions, reverse complements and rows of its own."""
    draw = random.Random(3)
    train = [(letters(draw, LENGTH), i % 2) for i in range(60)]
    texts = [text for text, _ in train]
    test = [(texts[0], 1), (substituted(texts[1], 1), 1), (substituted(texts[2], 3), 0), (substituted(texts[3], 12), 1)]
    test += [(backwards(texts[4]), 0), (backwards(substituted(texts[5], 2)), 1)]
    test += [(letters(draw, LENGTH), i % 2) for i in range(14)]
    rows = {"train": [*train, train[7], train[8], (texts[9], 0)], "test": test}
    rows["dev"] = [(letters(draw, LENGTH), i % 2) for i in range(20)]
    return {split: rows_of(split, rows[split]) for split in ("train", "dev", "test")}


def test_the_audit_of_a_task_counts_what_was_put_in(frames, tmp_path):
    found = audit_task(frames, ["no", "yes"])
    train = found["splits"]["train"]
    assert (train["repeated_rows"], train["contradictions"]) == (3, 1)
    assert train["contradiction"] == [frames["train"]["sequence"][9]]
    assert found["overlaps"]["train-test"] == {
        "sentences": 2,  # one of them on the other strand
        "other_strand": 1,
        "pairs": 1,
        "contradictions": 1,  # labelled 0 in train and 1 in test
        "contradiction": [frames["train"]["sequence"][0]],
        "near_duplicates": 3,  # 1, 2 (on the other strand) and 3 % substitutions
    }
    assert found["overlaps"]["dev-test"] == dict.fromkeys(found["overlaps"]["dev-test"], 0) | {"contradiction": None}
    assert all(0.2 < baseline["accuracy"] < 0.8 for baseline in found["baselines"])
    known = {
        text[i : i + 20] for row in frames["train"]["sequence"] for text in (row, backwards(row)) for i in range(81)
    }
    words = [{text[i : i + 20] for i in range(81)} for text in frames["test"]["sequence"]]
    similar = sum(len(own & known) >= len(own) / 2 for own in words)
    assert 3 <= similar <= 6 and (found["similar"]["rows"], found["similar"]["of"]) == (similar, 20)


def test_the_identity_of_each_test_row_is_what_was_put_in(frames, tmp_path):
    found = identity_of_rows(frames, search(tmp_path, frames))
    assert found["id"].tolist() == frames["test"]["id"].tolist()
    assert found["identity"][:6].tolist() == [1, 0.99, 0.97, 0.88, 1, 0.98]
    assert count_bins(found["identity"]) == {"100 %": 2, "95 % to 100 %": 3, "80 % to 95 %": 1, "below 80 %": 14}


def test_the_distributions_of_a_task_are_those_of_its_classes(frames):
    length, composition = audit_task(frames, ["no", "yes", "neither"])["distributions"]
    rows = pd.concat(frames.values())
    assert length["counts"] == [[int((rows["label"] == label).sum())] for label in range(3)]
    assert length["means"] == [LENGTH, LENGTH, None]
    for label in range(2):
        shares = rows.loc[rows["label"] == label, "sequence"].map(
            lambda text: (text.count("G") + text.count("C")) / LENGTH
        )
        assert composition["means"][label] == pytest.approx(shares.mean(), abs=1e-6)
        assert sum(composition["counts"][label]) == len(shares)


def test_opposite_strands_may_have_different_labels(frames):
    rows = frames["train"]
    opposite = rows.assign(sequence=rows["sequence"].map(backwards), label=1 - rows["label"])
    frames["train"] = pd.concat([rows, opposite.assign(id="o" + opposite["id"])], ignore_index=True)
    train = audit_task(frames, ["no", "yes"])["splits"]["train"]
    assert (train["repeated_rows"], train["contradictions"]) == (6, 2)


@pytest.mark.parametrize(("classes", "shortcut"), [(2, "length"), (2, "composition"), (3, "composition"), (3, "order")])
def test_length_composition_and_order_that_tell_the_class_are_found(classes, shortcut):
    draw = random.Random(4)

    def rows(n):
        labels = [i * classes // n if shortcut == "order" else i % classes for i in range(n)]
        lengths = [60 + 20 * label * (shortcut == "length") for label in labels]
        shares = ["ACGT" + "GC" * label * (shortcut == "composition") for label in labels]
        return [(letters(draw, n, share), label) for n, share, label in zip(lengths, shares, labels, strict=True)]

    frames = {split: rows_of(split, rows(n)) for split, n in (("train", 300), ("dev", 60), ("test", 150))}
    found = audit_task(frames, [f"class {i}" for i in range(classes)]) | RECORD
    spec = {"recipe": "table", "folder": "f", "answers": found["labels"]}
    page = audit_page(spec, found)
    sorted_rows = [text for text in page["findings"]["flaw"] if "sorted" in text]
    if shortcut == "order":
        assert page["result"][0] == "fine" and len(sorted_rows) == 1
    else:
        assert page["result"][0] == "shortcut" and shortcut in page["result"][1].lower() and not sorted_rows


def test_the_page_of_a_task_has_its_classes_and_bins_and_no_word_of_pairs(frames, tmp_path):
    found = audit_task(frames, ["no <gene>", "yes"])
    found |= RECORD | {"identity": count_bins(identity_of_rows(frames, search(tmp_path, frames))["identity"])}
    save(audit_figure(found), tmp_path / "audit.svg")
    spec = {"recipe": "table", "folder": "f", "answers": found["labels"]}
    figure = inline(tmp_path / "audit.svg", "figure-audit")
    values = audit_page(spec, found)
    render(tmp_path / "a.html", REPORTS / "audit.html.j2", name="core", figure=figure, **values)
    text = read_text(tmp_path / "a.html")
    assert all(line in text for lines in values["findings"].values() for line in lines)
    for shown in ("no <gene>", *found["identity"], found["splits"]["train"]["contradiction"][0][:50], "other strand"):
        assert shown in text
    assert "pairs" not in text.lower() and "one sequence" not in text and "labelled same" not in text


def test_the_published_core_promoters_have_the_flaws_that_are_known(real_data):
    """Counted by hand: 148 repeats and 40 contradictions in train; 42 test sequences also in train, 6 with another label."""
    frames = {}
    for split in ("train", "test"):
        frame = pd.read_csv(real_data / f"gue/prom/prom_core_all/{split}.csv")
        frames[split] = rows_of(split, frame[["sequence", "label"]].itertuples(index=False))
    near = {"dna": {}}  # looking for near copies among 59,000 sequences takes half a minute
    train = audit_split(SIDES, frames["train"], near, 2)
    shared = overlap((SIDES, frames["train"]), (SIDES, frames["test"]), near)
    assert (train["rows"], train["repeated_rows"], train["contradictions"]) == (47356, 148, 40)
    assert (shared["sentences"], shared["contradictions"]) == (42, 6)
