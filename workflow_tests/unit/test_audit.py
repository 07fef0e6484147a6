"""The audit finds what is wrong with a pair set, and nothing in a clean one."""

import json

import pytest

from linguist.audit import audit
from linguist.pairs import write_pairs


@pytest.fixture
def look(tmp_path):
    """A function from {split: rows without ids} to their audit."""

    def look(**splits):
        for split, rows in splits.items():
            write_pairs(tmp_path / f"{split}.tsv", [(f"{split}{i}", *row) for i, row in enumerate(rows)])
        found = audit({split: tmp_path / f"{split}.tsv" for split in splits})
        assert json.loads(json.dumps(found)) == found
        return found

    return look


def test_a_clean_set(look):
    found = look(train=[("a", "bb", 1), ("ccc", "dddd", 0)], dev=[("e", "f", 1)], test=[("g", "h", 0)])
    train = found["splits"]["train"]
    assert (train["rows"], train["positives"], train["repeated_rows"], train["pairs_with_both_labels"]) == (2, 1, 0, 0)
    assert train["lengths"] == {
        "sentence1 label 0": {"mean": 3.0, "min": 3, "max": 3},
        "sentence2 label 0": {"mean": 4.0, "min": 4, "max": 4},
        "sentence1 label 1": {"mean": 1.0, "min": 1, "max": 1},
        "sentence2 label 1": {"mean": 2.0, "min": 2, "max": 2},
    }
    assert found["overlaps"] == {pair: {"sentences": 0, "pairs": 0} for pair in ("train-dev", "train-test", "dev-test")}


def test_lengths_count_letters(look):
    lengths = look(train=[("東京", "é", 1), ("abcd", "xyz", 1)])["splits"]["train"]["lengths"]
    assert lengths["sentence1 label 1"] == {"mean": 3.0, "min": 2, "max": 4}
    assert lengths["sentence2 label 1"] == {"mean": 2.0, "min": 1, "max": 3}
    assert "sentence1 label 0" not in lengths


def test_repeats_count_in_either_order(look):
    rows = [("a", "b", 1), ("a", "b", 1), ("b", "a", 1), ("a", "c", 1), ("c", "a", 0), ("x", "x", 0)]
    train = look(train=rows)["splits"]["train"]
    assert train["repeated_rows"] == 3  # two more of {a, b}, one more of {a, c}
    assert train["pairs_with_both_labels"] == 1  # {a, c}


def test_overlaps_count_each_sentence_and_pair_once(look):
    overlaps = look(
        train=[("a", "b", 1), ("a", "b", 0), ("c", "d", 1), ("e", "f", 0)],
        dev=[("b", "a", 1), ("d", "z", 0)],
        test=[("f", "z", 0), ("f", "y", 0)],
    )["overlaps"]
    assert overlaps == {
        "train-dev": {"sentences": 3, "pairs": 1},  # a, b, d; {a, b} the other way round
        "train-test": {"sentences": 1, "pairs": 0},  # f
        "dev-test": {"sentences": 1, "pairs": 0},  # z
    }
