"""The audit of a task counts what was put into the rows, with real BLAST for the nearest train rows."""

import random
import shlex
import subprocess

import pandas as pd
import pytest

from helpers.data import backwards, letters
from helpers.pages import REPORTS, read_text
from linguist.pairs.audit import audit_split, overlap
from linguist.report.page import inline, render
from linguist.report.pairset import audit_page
from linguist.report.plots.pairset import audit_figure
from linguist.report.plots.style import save
from linguist.tasks.audit import SIDES, audit_task
from linguist.tasks.neighbours import search_command

LENGTH = 100


def change(text, places):
    """The text with another letter at so many places, five apart."""
    at = {5 * i + 20 for i in range(places)}
    return "".join(("C" if letter == "A" else "A") if i in at else letter for i, letter in enumerate(text))


def rows_of(split, rows):
    return pd.DataFrame([(f"{split}-{i}", *row) for i, row in enumerate(rows)], columns=["id", "sequence", "label"])


def search(folder, frames):
    """The hits of the test rows among the train rows, by the command of the workflow."""
    fasta = {
        split: "".join(f">{r.id}\n{r.sequence}\n" for r in frames[split].itertuples()) for split in ("train", "test")
    }
    database = ["makeblastdb", "-in", "-", "-dbtype", "nucl", "-title", "t", "-out", f"{folder}/db"]
    subprocess.run(database, input=fasta["train"], text=True, check=True, capture_output=True)
    command = [*shlex.split(search_command()), "-db", f"{folder}/db"]
    done = subprocess.run(command, input=fasta["test"], text=True, check=True, capture_output=True)
    (folder / "hits.tsv").write_text(done.stdout + "\n")
    return folder / "hits.tsv"


@pytest.fixture
def frames():
    """A task of two classes: train with 2 repeats and a contradiction; test with a repeat of train, 1 and 3 % substitutions,
    12 % substitutions, reverse complements and rows of its own."""
    draw = random.Random(3)
    train = [(letters(draw, LENGTH), i % 2) for i in range(60)]
    texts = [text for text, _ in train]
    test = [(texts[0], 1), (change(texts[1], 1), 1), (change(texts[2], 3), 0), (change(texts[3], 12), 1)]
    test += [(backwards(texts[4]), 0), (backwards(change(texts[5], 2)), 1)]
    test += [(letters(draw, LENGTH), i % 2) for i in range(14)]
    rows = {"train": [*train, train[7], train[8], (texts[9], 0)], "test": test}
    rows["dev"] = [(letters(draw, LENGTH), i % 2) for i in range(20)]
    return {split: rows_of(split, rows[split]) for split in ("train", "dev", "test")}


def test_the_audit_of_a_task_counts_what_was_put_in(frames, tmp_path):
    found = audit_task(frames, ["no", "yes"], search(tmp_path, frames))
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
    assert found["identity"] == {"100 %": 2, "95 % to 100 %": 3, "80 % to 95 %": 1, "below 80 %": 14}
    assert all(0.2 < baseline["accuracy"] < 0.8 for baseline in found["baselines"])


def test_opposite_strands_may_have_different_labels(frames, tmp_path):
    rows = frames["train"]
    opposite = rows.assign(sequence=rows["sequence"].map(backwards), label=1 - rows["label"])
    frames["train"] = pd.concat([rows, opposite.assign(id="o" + opposite["id"])], ignore_index=True)
    train = audit_task(frames, ["no", "yes"], search(tmp_path, frames))["splits"]["train"]
    assert (train["repeated_rows"], train["contradictions"]) == (6, 2)


@pytest.mark.parametrize(("classes", "shortcut"), [(2, "length"), (2, "composition"), (3, "composition"), (3, "order")])
def test_length_composition_and_order_that_tell_the_class_are_found(classes, shortcut, tmp_path):
    draw = random.Random(4)

    def rows(n):
        labels = [i * classes // n if shortcut == "order" else i % classes for i in range(n)]
        lengths = [60 + 20 * label * (shortcut == "length") for label in labels]
        shares = ["ACGT" + "GC" * label * (shortcut == "composition") for label in labels]
        return [(letters(draw, n, share), label) for n, share, label in zip(lengths, shares, labels, strict=True)]

    frames = {split: rows_of(split, rows(n)) for split, n in (("train", 300), ("dev", 60), ("test", 150))}
    found = audit_task(frames, [f"class {i}" for i in range(classes)], search(tmp_path, frames))
    spec = {"recipe": "table", "folder": "f", "answers": found["labels"]}
    page = audit_page(spec, found)
    sorted_rows = [text for text in page["findings"]["flaw"] if "sorted" in text]
    if shortcut == "order":
        assert page["result"][0] == "fine" and len(sorted_rows) == 1
    else:
        assert page["result"][0] == "shortcut" and shortcut in page["result"][1].lower() and not sorted_rows


def test_the_page_of_a_task_has_its_classes_and_bins_and_no_word_of_pairs(frames, tmp_path):
    found = audit_task(frames, ["no <gene>", "yes"], search(tmp_path, frames))
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
    """Counted by hand: 148 repeats and 40 contradictions in train; 42 test sequences also in train, 6 of them with another label."""
    frames = {}
    for split in ("train", "test"):
        frame = pd.read_csv(real_data / f"gue/prom/prom_core_all/{split}.csv")
        frames[split] = rows_of(split, frame[["sequence", "label"]].itertuples(index=False))
    near = {"dna": {}}  # looking for near copies among 59,000 sequences takes half a minute
    train = audit_split(SIDES, frames["train"], near, 2)
    shared = overlap((SIDES, frames["train"]), (SIDES, frames["test"]), near)
    assert (train["rows"], train["repeated_rows"], train["contradictions"]) == (47356, 148, 40)
    assert (shared["sentences"], shared["contradictions"]) == (42, 6)
