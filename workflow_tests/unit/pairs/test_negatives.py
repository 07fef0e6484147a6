"""Graded negatives: exact shares, and unrelated sentences of a table that nothing links."""

import re
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import make_rows
from linguist.errors import LinguistError
from linguist.pairs.conflicts import pair_conflicts
from linguist.pairs.grammar import sentence_pairs
from linguist.pairs.negatives import deal_kinds, grade_rows, words_of
from linguist.pairs.recipes import RECIPES
from linguist.pairs.store import types_of_rows, write_pairs
from linguist.splits import SPLITS


@given(st.lists(st.integers(0, 20), min_size=1, max_size=4).filter(any))
def test_every_beginning_has_each_kind_in_its_share_to_within_one(weights):
    shares = {str(i): weight / sum(weights) for i, weight in enumerate(weights)}
    given = Counter()
    for n, kind in enumerate(islice(deal_kinds(shares), 120), 1):
        given[kind] += 1
        assert all(abs(shares[kind] * n - given[kind]) < 1 for kind in shares)
    if sum(weights) <= 120:  # after a whole number of rounds nothing is left over
        whole = Counter(islice(deal_kinds(shares), sum(weights)))
        assert whole == Counter({str(i): weight for i, weight in enumerate(weights) if weight})


def test_words_of_a_sentence():
    assert words_of("It rained, it poured!") == {"it", "rained", "poured"}
    assert words_of("在1950年 abc") == {"在", "1950", "年", "abc"}
    assert words_of("京都の") == {"京都", "都の", "の"}


@pytest.fixture(scope="module")
def table():
    """Rows as of a published table, of which some share a sentence: an own negative, and a positive of the same sentence."""
    rows = [(str(i), *row[1:]) for i, row in enumerate(sentence_pairs("en", 400, 1, "train"))]
    linked = [(f"l{row[0]}", row[2], f"{row[1]} Really.", 1) for row in rows[:40] if row[3]]
    return rows + linked


def sentences_that_rows_link(rows):
    """{sentence: all sentences that it is linked with}, by merging sets until nothing changes."""
    group = {side: {side} for row in rows for side in row[1:3]}
    changed = True
    while changed:
        changed = False
        for _, one, other, _ in rows:
            both = group[one] | group[other]
            changed |= both != group[one] or both != group[other]
            group[one] = group[other] = both
    return group


@pytest.mark.parametrize("shares", [{"unrelated": 1.0}, {"own": 1}, {"own": 0.25, "unrelated": 0.75}])
def test_graded_rows_have_their_shares_and_pair_nothing_that_is_linked(table, shares):
    graded = grade_rows(table, shares, 300, "seed")
    assert graded == grade_rows(table, shares, 300, "seed") != grade_rows(table, shares, 300, "other")
    kinds = types_of_rows([row[0] for row in graded])
    assert Counter(kinds) == Counter({"same": 150} | {kind: round(150 * share) for kind, share in shares.items()})
    assert all((kind == "same") == (row[3] == 1) for kind, row in zip(kinds, graded, strict=True))
    given = {row[1:] for row in table}
    links, positives = sentences_that_rows_link(table), [row for row in graded if row[3]]
    firsts, seconds = ({row[side] for row in positives} for side in (1, 2))
    made = [row for kind, row in zip(kinds, graded, strict=True) if kind == "unrelated"]
    assert all(row[1:] in given for row in graded if row not in made)
    for _, one, other, _ in made:
        assert one in firsts and other in seconds
        assert other not in links[one]
        content = [
            set(re.findall(r"(?<!^)\b[A-Z]\w+|\d+", side)) for side in (one, other)
        ]  # names and numbers, up to six
        assert len(content[0] & content[1]) <= 1
    assert len({row[2] for row in made}) == len({row[1] for row in made}) == len(made)


def test_a_table_with_too_few_sentences_gets_one_line(table):
    positives = [row for row in table if row[3]]
    negatives = [row for row in table if not row[3]]
    alike = [(str(i), "The old house.", f"The old house of {i}", 1) for i in range(8)]
    for rows, shares, told in (
        (positives + negatives[:20], {"own": 0.5, "unrelated": 0.5}, "20 of 50 negatives of kind 'own'"),
        (alike, {"unrelated": 1.0}, "0 of 8 negatives of kind 'unrelated'"),
        (negatives, {"unrelated": 1.0}, "0 positives"),
    ):
        with pytest.raises(LinguistError, match=f"too few sentences: {told}.*; .*larger table") as caught:
            grade_rows(rows, shares, 200, "seed")
        assert "\n" not in str(caught.value)


def test_graded_splits_of_a_table_stay_apart(table, tmp_path):
    """With `disjoint` and without conflicts, as with the table's own negatives; the positives are those of the table."""
    parts = {"train": table[:200], "dev": table[190:300], "test": table[290:]}
    for split, rows in parts.items():
        write_pairs(tmp_path / f"{split}.tsv", rows)
    spec = {"kind": "sentence", "files": dict.fromkeys(SPLITS, ["x"]), "sizes": dict.fromkeys(SPLITS, 60), "seed": 3}
    spec["rules"] = {"disjoint": True, "conflicts": "drop", "negatives": {"own": 0.5, "unrelated": 0.5}}
    splits = make_rows(RECIPES["table"], spec, {split: [tmp_path / f"{split}.tsv"] for split in SPLITS})
    heard = [{side for row in splits[split] for side in row[1:3]} for split in SPLITS]
    assert sum(map(len, heard)) == len(set.union(*heard))
    assert not pair_conflicts(splits, "sentence")
    for split, rows in splits.items():
        kinds = Counter(types_of_rows([row[0] for row in rows]))
        assert kinds == {"same": 30, "own": 15, "unrelated": 15}
        assert {row[1:] for row in rows if row[3]} <= {row[1:] for row in parts[split]}
