"""The audit finds what is wrong with a pair set, and nothing in a clean one."""

import json
import random

import numpy as np
import pytest

from helpers.data import backwards
from linguist.files import write_json
from linguist.pairs.audit import MOST_BINS, audit, find_edges
from linguist.pairs.store import write_pairs
from linguist.sequences.alignment import local_similarity

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
NO_STRAND = {"other_strand": 0, "contradictions": 0, "contradiction": None}


@pytest.fixture
def look(tmp_path):
    """A function from {split: rows without ids, or with} to their audit; `kind` and `more` are the audit's own."""

    def look(kind="sentence", more=(), **splits):
        for split, rows in splits.items():
            write_pairs(
                tmp_path / f"{split}.tsv",
                [row if len(row) == 4 else (f"{split}{i}", *row) for i, row in enumerate(rows)],
            )
        found = audit(kind, {split: tmp_path / f"{split}.tsv" for split in splits}, *more)
        assert json.loads(json.dumps(found, allow_nan=False)) == found
        return found

    return look


def sequence(draw, letters="ACGT", length=150):
    return "".join(draw.choices(letters, k=length))


def change(text, *places):
    """The text with other letters at these places."""
    return "".join(("C" if letter == "A" else "A") if i in places else letter for i, letter in enumerate(text))


def test_a_clean_set(look):
    found = look(train=[("a", "bb", 1), ("ccc", "dddd", 0)], dev=[("e", "f", 1)], test=[("g", "h", 0)])
    train = found["splits"]["train"]
    assert (train["rows"], train["classes"], train["repeated_rows"], train["contradictions"]) == (2, [1, 1], 0, 0)
    assert train["lengths"] == {
        "sentence1 label 0": {"mean": 3.0, "min": 3, "max": 3},
        "sentence2 label 0": {"mean": 4.0, "min": 4, "max": 4},
        "sentence1 label 1": {"mean": 1.0, "min": 1, "max": 1},
        "sentence2 label 1": {"mean": 2.0, "min": 2, "max": 2},
    }
    nothing = {"sentences": 0, "pairs": 0, **NO_STRAND, "near_duplicates": None}
    assert found["overlaps"] == dict.fromkeys(("train-dev", "train-test", "dev-test"), nothing)
    assert (train["near_duplicates"], train["near_copy_negatives"], train["start_codon"]) == (None, None, None)
    assert (train["kinds"], found["random_similarity"], found["trained_on"], found["tokens"]) == ({}, None, {}, {})


def test_lengths_count_letters(look):
    lengths = look(train=[("東京", "é", 1), ("abcd", "xyz", 1)])["splits"]["train"]["lengths"]
    assert lengths["sentence1 label 1"] == {"mean": 3.0, "min": 2, "max": 4}
    assert lengths["sentence2 label 1"] == {"mean": 2.0, "min": 1, "max": 3}
    assert "sentence1 label 0" not in lengths


def test_repeats_count_in_either_order(look):
    rows = [("a", "b", 1), ("a", "b", 1), ("b", "a", 1), ("a", "c", 1), ("c", "a", 0), ("x", "x", 0)]
    train = look(train=rows)["splits"]["train"]
    assert train["repeated_rows"] == 3  # two more of {a, b}, one more of {a, c}
    assert train["contradictions"] == 1 and train["contradiction"] == ["a", "c"]
    assert train["equal_negatives"] == 1  # {x, x}


def test_overlaps_count_each_sentence_and_pair_once(look):
    overlaps = look(
        train=[("a", "b", 1), ("a", "b", 0), ("c", "d", 1), ("e", "f", 0)],
        dev=[("b", "a", 1), ("d", "z", 0)],
        test=[("f", "z", 0), ("f", "y", 0)],
    )["overlaps"]
    assert overlaps == {
        "train-dev": {
            "sentences": 3,
            "pairs": 1,
            "other_strand": 0,
            "contradictions": 1,
            "contradiction": ["a", "b"],
            "near_duplicates": None,
        },  # a, b, d; {a, b} the other way round
        "train-test": {"sentences": 1, "pairs": 0, **NO_STRAND, "near_duplicates": None},  # f
        "dev-test": {"sentences": 1, "pairs": 0, **NO_STRAND, "near_duplicates": None},  # z
    }


def test_order_tells_sorted_from_mixed(look):
    rows = [("a", str(i), label) for i, label in enumerate([1, 1, 0, 0])]
    found = look(train=rows, dev=rows[::-1], test=[rows[i] for i in (0, 2, 3, 1)], single=rows[:2])["splits"]
    assert [found[split]["order"] for split in found] == [0, 1, 0.5, None]


def test_kinds_are_the_ends_of_ids(look):
    ends = ["same", "same", "swap_roles", "150", "A", ""]
    rows = [(f"chr1:0-50~chr2:{i}-{end}", "a", str(i), 1) for i, end in enumerate(ends)]
    assert look(train=rows)["splits"]["train"]["kinds"] == {"same": 2, "swap_roles": 1}


@pytest.mark.parametrize("kind", ["dna", "protein"])
def test_near_copies_within_a_split(look, kind):
    draw = random.Random(0)
    a, b, c, d, e = (sequence(draw, "ACGT" if kind == "dna" else RESIDUES) for _ in range(5))
    rows = [
        (a, b, 1),
        (a, change(b, 20), 0),  # nearly the positive above
        (change(b, 30), change(a, 70), 0),  # so is this, the other way round
        (a, change(c, 1), 0),  # no positive has c
        (c, d, 0),
        (e, change(e, 5), 1),  # alike as positives should be
        (d, change(e, *range(0, 50, 5)), 0),  # 10 of 150 letters are too many
    ]
    found = look(kind, train=rows, dev=[], test=[(change(e, 99), d, 0)])
    train = found["splits"]["train"]
    assert train["near_copy_negatives"] == 2
    assert train["near_duplicates"] == 7  # two forms of a, three of b, two of c
    assert found["overlaps"]["train-test"] == {"sentences": 1, "pairs": 0, **NO_STRAND, "near_duplicates": 1}
    assert found["overlaps"]["train-dev"] == {"sentences": 0, "pairs": 0, **NO_STRAND, "near_duplicates": 0}


def test_the_other_strand_is_the_same_dna_but_other_rna(look):
    draw = random.Random(0)
    a, b, c, d = (sequence(draw) for _ in range(4))
    splits = {
        "train": [(a, b, 1), (a, d, 0)],
        "dev": [(backwards(b), backwards(a), 1), (a, backwards(b), 0)],
        "test": [(backwards(a), change(backwards(d), 50), 0), (backwards(b), a, 0), (c, c, 1)],
    }
    found = look("dna", **splits)
    dev = found["splits"]["dev"]
    assert (dev["repeated_rows"], dev["contradictions"], sorted(map(len, dev["contradiction"]))) == (1, 1, [150, 150])
    assert found["splits"]["test"]["repeated_rows"] == 0
    examples = [sorted(overlap.pop("contradiction")) for overlap in found["overlaps"].values()]
    strands = [{text, backwards(text)} for text in (a, b, d)]
    assert [[any(text in pair for text in example) for pair in strands] for example in examples] == [
        [True, True, False]
    ] * 3
    assert found["overlaps"] == {
        "train-dev": {"sentences": 2, "other_strand": 1, "pairs": 1, "contradictions": 1, "near_duplicates": 0},
        "train-test": {"sentences": 2, "other_strand": 1, "pairs": 1, "contradictions": 1, "near_duplicates": 1},
        "dev-test": {"sentences": 2, "other_strand": 0, "pairs": 1, "contradictions": 1, "near_duplicates": 0},
    }
    as_rna = {
        split: [(*(t.replace("T", "U") for t in row[:2]), row[2]) for row in rows] for split, rows in splits.items()
    }
    found = look("rna", **as_rna)
    assert found["overlaps"]["train-test"] == {"sentences": 1, "pairs": 0, **NO_STRAND, "near_duplicates": 0}
    assert found["splits"]["dev"]["contradictions"] == 0


def test_near_copies_are_sought_among_equals(look, tmp_path):
    draw = random.Random(0)
    dna, protein = sequence(draw), sequence(draw, RESIDUES, 50)
    elsewhere = {
        "dna": [(change(dna, 7), sequence(draw), 1)],
        "protein": [(change(protein, 20), protein, 0)],
        "sentence": [(dna, change(protein, 20), 1)],
    }
    trained_on = {}
    for kind, rows in elsewhere.items():
        write_pairs(tmp_path / f"{kind}.tsv", [("x", *row) for row in rows])
        write_pairs(tmp_path / "nothing.tsv", [])
        trained_on[f"my {kind}"] = [kind, tmp_path / f"{kind}.tsv", tmp_path / "nothing.tsv"]
    found = look("coding", [trained_on], train=[(dna, protein, 0)], test=[(dna, protein, 1)])["trained_on"]
    assert found == {
        "my dna": {"sentences": 0, "pairs": 0, **NO_STRAND, "near_duplicates": 1},
        "my protein": {"sentences": 1, "pairs": 0, **NO_STRAND, "near_duplicates": 1},
        "my sentence": {"sentences": 1, "pairs": 0, **NO_STRAND, "near_duplicates": None},
    }


def test_flanks_left_on_genes(look):
    draw = random.Random(0)
    rows = [(sequence(draw, "ACG", 40) + "ATG" * (i < 6) + sequence(draw, "ACG", 40), "M", 1) for i in range(10)]
    rows += [("ATG" * 10, "M", 0)]
    train = look("coding", train=rows, dev=[("AT", "M", 1)], test=rows[-1:])["splits"]
    assert train["train"]["start_codon"] == {"offset": 40, "count": 6, "share": 0.6, "elsewhere": 0.0}
    assert train["dev"]["start_codon"] is train["test"]["start_codon"] is None


@pytest.mark.parametrize("kind", ["sentence", "dna", "protein", "coding"])
def test_any_split_may_be_empty(look, kind):
    rows = [("ACGTACGTA", "ACG", 1), ("ACGTACGTT", "ACC", 0)]
    for filled in [(), ("train",), ("dev",), ("test",)]:
        found = look(kind, **{split: rows if split in filled else [] for split in ("train", "dev", "test")})
        assert found["splits"]["dev"]["rows"] == (2 if "dev" in filled else 0)
        assert bool(found["distributions"]) == bool(filled)
        assert all((baseline["accuracy"] is not None) == ("test" in filled) for baseline in found["baselines"])


@pytest.mark.parametrize(
    ("kind", "measures"),
    [
        ("sentence", {"length": "characters"}),
        ("dna", {"length": "bp", "composition": "GC share", "similarity": "local similarity"}),
        ("protein", {"length": "residues", "composition": "hydrophobic share", "similarity": "local similarity"}),
    ],
)
def test_distributions(look, kind, measures):
    draw = random.Random(0)
    rows = [(*(sequence(draw, length=draw.randint(30, 90)) for _ in "12"), int(draw.random() < 0.3)) for _ in range(99)]
    found = {part["name"]: part for part in look(kind, train=rows[:60], dev=rows[60:])["distributions"]}
    assert measures.items() <= {name: part["unit"] for name, part in found.items()}.items()
    assert set(found) == {*measures, "length difference", "composition distance"}
    values = {"length": lambda a, b: [len(a), len(b)], "length difference": lambda a, b: [abs(len(a) - len(b))]}
    if kind != "sentence":
        values["similarity"] = lambda a, b: [local_similarity(kind, a, b)]
        values["composition"] = lambda a, b: [
            sum(map(text.count, "GC" if kind == "dna" else "AC")) / len(text) for text in (a, b)
        ]
    for name, measure in values.items():
        part = found[name]
        for label in (0, 1):
            expected = [value for a, b, own in rows if own == label for value in measure(a, b)]
            assert part["means"][label] == pytest.approx(np.mean(expected), abs=1e-6)
            assert part["counts"][label] == np.histogram(expected, part["edges"])[0].tolist()
            assert sum(part["counts"][label]) == len(expected)


def test_coding_shows_each_side_by_itself(look):
    found = look("coding", train=[("ATGGCA", "MA", 1), ("ATGGCAGGC", "MA", 0)])["distributions"]
    assert [(part["name"], part["unit"], part["side"]) for part in found] == [
        ("length", "bp", "sentence1"),
        ("length", "residues", "sentence2"),
        ("composition", "GC share", "sentence1"),
        ("composition", "hydrophobic share", "sentence2"),
        ("length difference", "bp", "both"),
        ("composition distance", "sum of differences of letter frequencies", "both"),
        ("similarity", "local similarity", "both"),
    ]
    assert [part["means"][0] for part in found[-3::2]] == [3, pytest.approx(2 / 3, abs=1e-6)]


def test_edges_are_round_and_hold_all_values():
    draw = np.random.default_rng(0)
    for scale in (0, 0.02, 0.5, 7, 3000):
        for whole in (True, False):
            values = draw.random(50) * scale
            values = values.round() if whole else values
            edges = find_edges(values, whole)
            assert len(edges) <= MOST_BINS + 1
            assert edges[0] <= values.min() and values.max() < edges[-1]
            assert not whole or (edges == edges.round()).all()


def test_similarity_of_shuffled_sentences_is_what_chance_gives(look):
    draw = random.Random(0)
    texts = [sequence(draw) for _ in range(20)]
    found = look("dna", train=[(text, text, 1) for text in texts])["random_similarity"]
    assert found["pairs"] == 1000
    assert 0.04 < found["mean"] < 0.08 < found["p99"] < found["max"] < 0.3
    for kind in ("protein", "coding"):
        assert look(kind, train=[(text, text[:50], 1) for text in texts])["random_similarity"]["max"] < 0.55


def test_tokens_are_shares(look, tmp_path):
    counts = {"inputs": 4, "tokens": 20, "unknown": 5, "truncated": 1, "longest": 9}
    nothing = dict.fromkeys(counts, 0)
    write_json(tmp_path / "tokens.json", {"max_length": 9, "train": counts, "dev": nothing})
    found = look("dna", [{}, {"bpe": tmp_path / "tokens.json"}], train=[])["tokens"]
    assert found == {
        "bpe": {
            "train": {"mean": 5, "longest": 9, "unknown": 0.25, "truncated": 0.25},
            "dev": {"mean": 0, "longest": 0, "unknown": 0, "truncated": 0},
        }
    }


def test_baselines_tell_kinds_of_pairs_apart(look):
    rows = [
        (f"{i}-{end}", "aaaa", text, label)
        for i in range(5)
        for end, text, label in [("same", "aaaa", 1)] * 2 + [("short", "a", 0), ("long", "aaaa", 0)]
    ]
    baselines = {baseline["name"]: baseline for baseline in look(train=rows, dev=[], test=rows)["baselines"]}
    assert baselines["length difference"]["by_kind"] == {"same": 1, "short": 1, "long": 0}
    assert baselines["length difference"]["accuracy"] == 0.75


def test_the_published_coding_pairs_have_the_flaws_that_are_known(look, real_data):
    """The 16,000 DNA-protein pairs of "Can linguists better understand DNA?", as their authors published them."""
    with open(real_data / "authors/dna_protein_150.json", encoding="utf-8") as handle:
        items = [json.loads(line) for line in handle]
    rows = [(item["sentence1"], item["sentence2"], item["label"]) for item in items]
    found = look("coding", train=[], dev=[], test=rows)
    test = found["splits"]["test"]
    assert (test["rows"], test["classes"], test["order"]) == (16_000, [8_000, 8_000], 0)  # positives come first
    assert (test["repeated_rows"], test["contradictions"]) == (132, 63)
    assert test["near_copy_negatives"] == 3191
    assert test["near_duplicates"] == 7771
    assert (test["start_codon"]["offset"], test["start_codon"]["count"]) == (100, 2654)
    assert test["start_codon"]["elsewhere"] < 0.02
    codons = next(baseline for baseline in found["baselines"] if baseline["name"] == "codon table")
    assert codons["threshold_from"] == "test"
    assert 0.62 < codons["accuracy"] < 0.65  # where introns and flanks leave nothing to translate, even this must guess
