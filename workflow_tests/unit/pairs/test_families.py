"""Families by a slow definition of their own, and how they are assigned to splits."""

import random
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import hit_table, letters, slow_families, slow_record_families
from linguist.errors import LinguistError
from linguist.pairs.families import assign_families, families, record_families, split_families

# ── families ──


def grouped(family):
    members = {}
    for name, number in family.items():
        members.setdefault(number, set()).add(name)
    return {frozenset(names) for names in members.values()}


resources, records, positions = st.sampled_from(["a", "b"]), st.sampled_from(["chr1", "x:1-2"]), st.integers(1, 60)
names = st.builds(
    lambda resource, record, start, length: f"{resource}:{record}:{start * length}-{(start + 1) * length}",
    resources,
    records,
    st.integers(0, 6),
    st.sampled_from([5, 10, 15]),  # of several pair sets
)
hit_rows = st.lists(st.tuples(names, resources, records, positions, positions), min_size=1, max_size=12)


@settings(deadline=None, max_examples=150)
@given(hit_rows)
def test_families_are_those_of_the_definition(rows):
    assert grouped(families(hit_table(rows))) == slow_families(rows)


def rows_at(draw, n, length, record="chr1"):
    """Hits of windows elsewhere, on either strand of one record."""
    for i in range(n):
        at, size = 1 + draw.randrange(30_000), draw.randint(length * 9 // 10, length)
        ends = (at, at + size) if draw.random() < 0.5 else (at + size, at)
        yield (f"far:{length}:{i * length}-{(i + 1) * length}", "near", record, *ends)


def test_families_of_hits_of_usual_lengths():
    rng = random.Random(1)
    rows = [*rows_at(rng, 100, 150), *rows_at(rng, 50, 150), *rows_at(rng, 100, 50)]
    found = grouped(families(hit_table(rows)))
    assert found == slow_families(rows) and 20 < len(found) < 150


def test_windows_of_different_pair_sets_that_share_a_place_are_one_family():
    rows = [
        ("old:chr1:0-150", "near", "c", 1, 150),
        ("old:chr1:50-100", "near", "d", 1, 50),  # within the one above
        ("old:chr2:0-50", "old", "chr1", 10, 140),  # a hit on the place of the first
        ("old:chr1:150-300", "near", "e", 1, 150),  # beside it
        ("new:chr1:0-150", "near", "f", 1, 150),  # of another genome
    ]
    one = frozenset({"old:chr1:0-150", "old:chr1:50-100", "old:chr2:0-50"})
    assert grouped(families(hit_table(rows))) == {one, frozenset({rows[3][0]}), frozenset({rows[4][0]})}


def test_a_repeat_with_many_hits_on_one_place_takes_no_longer():
    rng, rows = random.Random(1), []
    for i in range(20_000):
        at = rng.randrange(30)
        rows.append((f"old:chr1:{i * 150}-{(i + 1) * 150}", "near", "chr1", at + 1, at + 150))
    table, start = hit_table(rows), time.perf_counter()
    assert len(grouped(families(table))) == 1
    assert time.perf_counter() - start < 10  # 0.4 s; all pairs of them would take minutes


@settings(deadline=None, max_examples=100)
@given(hit_rows)
def test_families_of_proteins_hold_whole_records(rows):
    assert grouped(record_families(hit_table(rows))) == slow_record_families(rows)


def test_a_record_is_known_by_its_file_and_name():
    """Window A:0-50 hits B, and C:0-50 a record that is named A too: one in the query file, one in another."""

    def found(resource):
        rows = [("u:A:0-50", "u", "B", 1, 50), ("u:C:0-50", resource, "A", 90, 140), ("u:A:50-100", "u", "D", 1, 50)]
        return grouped(record_families(hit_table(rows)))

    assert len(found("u")) == 1
    assert found("other") == {frozenset({"u:A:0-50", "u:A:50-100"}), frozenset({"u:C:0-50"})}


# ── splits ──

items = st.lists(st.integers(0, 12), max_size=60).map(
    lambda numbers: [SimpleNamespace(family=family, number=i) for i, family in enumerate(numbers)]
)
SPLITS = ("train", "dev", "test")
SIZES = st.fixed_dictionaries(dict.fromkeys(SPLITS, st.integers(1, 12)))
DEALT = st.dictionaries(st.integers(0, 15), st.sets(st.sampled_from(SPLITS), min_size=1, max_size=2), max_size=6)


@pytest.mark.parametrize("deal", [split_families, assign_families])
@given(items, SIZES, st.integers(0, 3), st.sampled_from([1.0, 0.5, 0.05]), DEALT)
def test_no_family_stands_in_two_splits(deal, items, sizes, seed, most, assigned):
    try:
        splits = deal(items, sizes, seed, most=most, assigned=assigned)
    except LinguistError as error:
        assert "\n" not in str(error)
        assert f"only {len(items)} positives in {len({item.family for item in items})} families found" in str(error)
        return
    assert {split: len(chosen) for split, chosen in splits.items()} == sizes
    numbers = [item.number for chosen in splits.values() for item in chosen]
    assert len(set(numbers)) == len(numbers)
    homes = {(item.family, split) for split, chosen in splits.items() for item in chosen}
    assert len({family for family, _ in homes}) == len(homes)
    assert all(assigned.get(family, {split}) == {split} for family, split in homes)
    for split, chosen in splits.items():
        assert max(Counter(item.family for item in chosen).values()) <= max(1, int(most * sizes[split]))
    assert deal(items, sizes, seed, most=most, assigned=assigned) == splits


def test_families_of_one_fill_all_splits_exactly():
    items = [SimpleNamespace(family=i) for i in range(10)]
    sizes = {"train": 6, "dev": 2, "test": 2}
    assert {s: len(c) for s, c in split_families(items, sizes, 1).items()} == sizes
    with pytest.raises(
        LinguistError, match=r"only 10 windows in 10 families found, \d+ of \d+ wanted left for '\w+'; add some"
    ):
        split_families(items, sizes | {"train": 7}, 1, words=("windows", "add some"))


def test_a_family_that_is_dealt_goes_to_its_split_and_one_in_two_nowhere():
    items = [SimpleNamespace(family=i) for i in range(8)]
    sizes, assigned = {"train": 3, "dev": 2, "test": 2}, {0: {"test"}, 1: {"test"}, 2: {"train", "test"}, 3: {"dev"}}
    for seed in range(20):
        splits = {
            s: {item.family for item in c} for s, c in split_families(items, sizes, seed, assigned=assigned).items()
        }
        assert splits["test"] == {0, 1} and 3 in splits["dev"] and splits["train"] <= {4, 5, 6, 7}
    with pytest.raises(LinguistError, match=r"only 8 positives in 8 families found, 4 of 5 wanted left for 'train'"):
        split_families(items, sizes | {"train": 5, "dev": 1}, 1, assigned=assigned)


def test_many_families_stand_in_for_a_few_large_ones():
    """Three families of 40 would fill the splits; but there are 30 of one, too."""
    draw = random.Random(1)
    items = [SimpleNamespace(family=i % 3, text=letters(draw, 5)) for i in range(120)]
    items += [SimpleNamespace(family=i, text=letters(draw, 5)) for i in range(3, 33)]
    splits = assign_families(items, {"train": 20, "dev": 6, "test": 6}, 1)
    assert max(Counter(item.family for chosen in splits.values() for item in chosen).values()) == 1
    splits = assign_families(items, {"train": 60, "dev": 10, "test": 6}, 1)
    sizes = Counter(item.family for chosen in splits.values() for item in chosen)
    assert len(sizes) > 20 and sorted(sizes.values())[-4] == 1
