"""Several pair sets in one; and the grammar's sentences as a pair set (the grammar has its own tests)."""

from collections import Counter
from functools import partial

import pytest

from helpers.data import make_rows
from linguist.pairs.recipes import RECIPES
from linguist.pairs.store import write_pairs
from linguist.splits import SPLITS

from_grammar, union = (partial(make_rows, RECIPES[name]) for name in ("grammar", "union"))


def test_the_grammar_gives_the_sizes_asked_for():
    splits = from_grammar(
        {"language": "ko", "sizes": {"train": 8, "dev": 4, "test": 2}, "seed": 3, "rules": {"negatives": None}}, {}
    )
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 8, "dev": 4, "test": 2}


SIZES = {"train": 8, "dev": 4, "test": 4}


@pytest.fixture
def parallel(tmp_path):
    """Two parallel sets of the grammar: the files of a union, and the rows that went into them."""
    rows = {
        name: from_grammar({"language": name, "sizes": SIZES, "seed": 3, "rules": {"negatives": None}}, {})
        for name in ("en", "fr")
    }
    files = {split: [tmp_path / f"{name}.{split}.tsv" for name in rows] for split in SPLITS}
    for split in SPLITS:
        for name, path in zip(rows, files[split], strict=True):
            write_pairs(path, rows[name][split])
    return files, rows


def spec_of(sizes=None, disjoint=False, seed=1):
    sizes = sizes or {split: 2 * n for split, n in SIZES.items()}
    rules = {"disjoint": disjoint, "conflicts": "keep"}
    return {"kind": "sentence", "of": ["en", "fr"], "sizes": sizes, "seed": seed, "rules": rules}


def test_a_union_has_all_rows_each_in_its_own_split(parallel):
    files, rows = parallel
    joined = union(spec_of(), files)
    assert list(joined) == list(SPLITS)
    for split in SPLITS:
        wanted = [(f"{name}:{row[0]}", *row[1:]) for name in rows for row in rows[name][split]]
        assert sorted(joined[split]) == sorted(wanted)
        assert joined[split] != wanted  # mixed
        ids = [row[0] for row in joined[split]]
        assert len(set(ids)) == len(ids)


def test_no_test_row_of_any_set_or_its_translation_is_trained_on(parallel):
    files, rows = parallel
    trained = {row[0].partition(":")[2] for split in ("train", "dev") for row in union(spec_of(), files)[split]}
    for name in rows:
        assert trained.isdisjoint(row[0] for row in rows[name]["test"])  # ids of parallel rows are the same


def test_a_union_is_cut_to_its_sizes_and_follows_its_seed(parallel):
    files, _ = parallel
    sizes = {"train": 6, "dev": 2, "test": 8}
    cut, whole = union(spec_of(sizes), files), union(spec_of(), files)
    assert {split: len(rows) for split, rows in cut.items()} == sizes
    assert all(whole[split][: sizes[split]] == cut[split] for split in SPLITS)
    assert union(spec_of(), files) == whole != union(spec_of(seed=2), files)
    assert len(Counter(row[0].partition(":")[0] for row in whole["train"])) == 2


def test_a_sentence_of_a_later_split_of_any_set_can_be_kept_out(tmp_path):
    rows = {
        "en": {
            "train": [("1", "a", "b", 1), ("2", "c", "d", 0)],
            "dev": [("3", "e", "f", 1)],
            "test": [("4", "g", "h", 1)],
        },
        "fr": {
            "train": [("1", "A", "h", 1), ("2", "C", "D", 0)],
            "dev": [("3", "a", "F", 1)],
            "test": [("4", "G", "e", 0)],
        },
    }
    files = {split: [tmp_path / f"{name}.{split}.tsv" for name in rows] for split in SPLITS}
    for split in SPLITS:
        for name, path in zip(rows, files[split], strict=True):
            write_pairs(path, rows[name][split])
    joined = union(spec_of(disjoint=True), files)
    assert {row[0] for row in joined["train"]} == {"en:2", "fr:2"}  # a is in dev of fr, h in test of en
    assert {row[0] for row in joined["dev"]} == {"fr:3"}  # e is in test of fr
    assert {row[0] for row in joined["test"]} == {"en:4", "fr:4"}
    assert len(union(spec_of(), files)["train"]) == 4
