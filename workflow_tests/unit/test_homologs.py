"""Homologs: every pair is checked again by slow, obvious code of its own; BLAST is real and runs as the rules run it."""

import ast
import random
import re
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from linguist import blast, homologs
from linguist.alignment import local_similarity, similarity
from linguist.errors import LinguistError
from linguist.homologs import (
    Homologs,
    families,
    find_negatives,
    from_hits,
    outward,
    pair_off,
    read_hits,
    record_families,
    split_families,
)
from linguist.sequences import index_sequences
from linguist.windows import Region, _endless, parse_window, sample_windows

ROOT = Path(__file__).parents[2]
RULES = {
    "min_similarity": 0.85,
    "max_negative_similarity": 0.55,
    "max_length_difference": 0.1,
    "max_evalue": 1e-5,
    "max_hits": 20,
    "max_masked": 0.5,
}
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"


def letters(draw, n, alphabet="ACGT"):
    return "".join(draw.choices(alphabet, k=n))


def backwards(text):
    """Reverse complement, by hand."""
    return "".join({"A": "T", "C": "G", "G": "C", "T": "A"}[letter] for letter in reversed(text))


def align(text1, text2, match=2, mismatch=-3, first=-7, more=-2):
    """(score, identities) of the best local alignment (Smith & Waterman, affine gaps), by plain dynamic programming.

    Each cell holds (score, identities); among equal scores the one with more identities wins.
    """
    nothing, never = (0, 0), (-(10**6), 0)
    best, above, gap_above = nothing, [nothing] * (len(text2) + 1), [never] * (len(text2) + 1)
    for one in text1:
        row, gap_left = [nothing], never
        for at, other in enumerate(text2, 1):
            score, same = above[at - 1]
            met = (score + match, same + 1) if one == other else (score + mismatch, same)
            gap_left = max((row[-1][0] + first, row[-1][1]), (gap_left[0] + more, gap_left[1]))
            gap_above[at] = max((above[at][0] + first, above[at][1]), (gap_above[at][0] + more, gap_above[at][1]))
            cell = max(met, gap_left, gap_above[at])
            row.append(cell if cell[0] > 0 else nothing)
        above, best = row, max(best, *row)
    return best


# ── similarity ──


def test_similarity_counts_identities_over_the_longer_side():
    assert similarity(90, 100, 100) == 0.9
    assert similarity(90, 90, 100) == similarity(90, 100, 90) == 0.9


def test_local_similarity_on_known_pairs():
    text = letters(random.Random(1), 100)
    assert local_similarity("dna", text, text) == 1
    assert local_similarity("dna", text, text[10:]) == 0.9
    assert local_similarity("dna", text, f"{text[:50]}A{text[50:]}") == 100 / 101
    other = "".join(c if i % 10 else {"A": "C", "C": "G", "G": "T", "T": "A"}[c] for i, c in enumerate(text))
    assert local_similarity("dna", text, other) == 0.9 - 0  # the first letter differs too and is left out
    assert local_similarity("dna", "AAAA", "CCCC") == 0
    assert local_similarity("protein", "MKWVTFISLL", "MKWVTFISLL") == 1


def test_local_similarity_agrees_with_dynamic_programming():
    draw, agreed = random.Random(3), 0
    for _ in range(30):
        text1 = letters(draw, 60)
        text2 = "".join(draw.choice("ACGT") if draw.random() < 0.3 else c for c in text1 if draw.random() > 0.05)
        _, identities = align(text1, text2)
        found = round(local_similarity("dna", text1, text2) * max(len(text1), len(text2)))
        assert found <= identities  # of alignments with equal scores any may be found
        agreed += found == identities
    assert agreed >= 24


@pytest.mark.parametrize(
    ("kind", "alphabet", "length"), [("dna", "ACGT", 150), ("protein", RESIDUES, 150), ("dna", "ACGT", 50)]
)
def test_unrelated_sequences_are_far_below_the_threshold(kind, alphabet, length):
    """Of 2,000 random pairs the mean is 0.058, 0.044, 0.124 and the largest 0.17, 0.17, 0.36."""
    draw = random.Random(1)
    found = [
        local_similarity(kind, letters(draw, length, alphabet), letters(draw, length, alphabet)) for _ in range(150)
    ]
    assert sum(found) / len(found) < (0.15 if length == 50 else 0.08) and max(found) < (0.45 if length == 50 else 0.25)


# ── windows ──


def indexed(folder, records, kind="dna"):
    """An indexed FASTA of {name: sequence}."""
    plain, target = folder / "plain.fa", folder / f"{kind}.fa.gz"
    plain.write_text("".join(f">{name} more words\n{text}\n" for name, text in records.items()))
    index_sequences(plain, target, kind)
    return target


def test_all_windows_are_found_and_are_what_they_say(tmp_path):
    draw = random.Random(1)
    records = {
        "chr1": letters(draw, 1034),
        "short": letters(draw, 9),
        "HLA:1-2": letters(draw, 50),
        "NA": letters(draw, 99),
    }
    found = dict(sample_windows(indexed(tmp_path, records), "dna", 50, 10**6, 1, 0.5))
    assert len(found) == 20 + 0 + 1 + 1
    regions = {name: parse_window(name) for name in found}
    for name, region in regions.items():
        assert found[name] == records[region.record][region.start : region.end] and len(found[name]) == 50
        assert region.start % 50 == 0 and str(region) == name  # so windows do not overlap


def test_windows_hold_only_bases_and_few_masked_ones(tmp_path):
    text = "A" * 10 + "ACGTNACGTA" + "acgtacgtac" + "acgtaACGTA" + "acgtacGTAC" + "RCGTACGTAC"
    found = dict(sample_windows(indexed(tmp_path, {"r": text}), "dna", 10, 99, 1, 0.5))
    assert found == {"r:0-10": "A" * 10, "r:30-40": "ACGTAACGTA"}
    assert len(list(sample_windows(indexed(tmp_path, {"r": text}), "dna", 10, 99, 1, 1.0))) == 4
    protein = indexed(tmp_path, {"p": "MKWVTFISLLXKWVTFISLLMKWVTUISLL"}, "protein")
    assert dict(sample_windows(protein, "protein", 10, 99, 1, 0.5)) == {"p:0-10": "MKWVTFISLL"}


def test_windows_depend_on_the_seed_alone_and_a_smaller_draw_begins_a_larger(tmp_path):
    fasta = indexed(tmp_path, {"r": letters(random.Random(1), 3000)})
    draw = {(n, seed): list(sample_windows(fasta, "dna", 20, n, seed, 0.5)) for n in (10, 40) for seed in (1, 2)}
    assert draw[10, 1] == list(sample_windows(fasta, "dna", 20, 10, 1, 0.5)) == draw[40, 1][:10]
    assert draw[10, 1] != draw[10, 2] and len(set(draw[40, 2])) == 40


def test_windows_are_drawn_uniformly_over_records_of_any_length(tmp_path):
    rng = random.Random(1)
    fasta = indexed(tmp_path, {"long": letters(rng, 900), "short": letters(rng, 100)})
    drawn = Counter(name for seed in range(600) for name, _ in sample_windows(fasta, "dna", 50, 2, seed, 0.5))
    assert len(drawn) == 20
    # 60 expected of each, with a standard deviation of 7.3
    assert all(30 < n < 90 for n in drawn.values())


def test_a_whole_genome_needs_no_list_of_its_windows():
    drawn = list(_endless(1000, 1))
    assert len(set(drawn)) == len(drawn) == 500 and set(drawn) <= set(range(1000))


# ── families ──


def hit_table(rows):
    """Hits from (window, record, start, end, database); start > end is the reverse strand."""
    full = [(q, s, 1, 150, a, b, 140, 1e-30, 200.0, d) for q, s, a, b, d in rows]
    return pd.DataFrame(full, columns=[*blast.HIT_COLUMNS, "database"])


def slow_families(rows):
    """The families by definition: windows whose hits overlap by more than half of the shorter one, and so on."""
    group = {row[0]: {row[0]} for row in rows}
    for one in rows:
        for other in rows:
            (low1, high1), (low2, high2) = sorted(one[2:4]), sorted(other[2:4])
            shared = min(high1, high2) - max(low1, low2) + 1
            if one[1::3] == other[1::3] and shared > min(high1 - low1 + 1, high2 - low2 + 1) / 2:
                merged = group[one[0]] | group[other[0]]
                group.update(dict.fromkeys(merged, merged))
    return {frozenset(members) for members in group.values()}


def grouped(family):
    members = {}
    for name, number in family.items():
        members.setdefault(number, set()).add(name)
    return {frozenset(names) for names in members.values()}


hit_rows = st.lists(
    st.tuples(
        st.sampled_from([f"w{i}" for i in range(8)]),
        st.sampled_from(["chr1", "chr2"]),
        st.integers(1, 60),
        st.integers(1, 60),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(hit_rows)
def test_families_are_those_of_the_definition(rows):
    assert grouped(families(hit_table(rows))) == slow_families(rows)


def test_families_of_hits_of_usual_lengths():
    rng = random.Random(1)
    rows = []
    for i in range(150):
        at, length = 1 + rng.randrange(30_000), rng.randint(135, 150)
        ends = (at, at + length) if rng.random() < 0.5 else (at + length, at)
        rows.append((f"w{i % 100}", "chr1", *ends, 0))
    found = grouped(families(hit_table(rows)))
    assert found == slow_families(rows) and 3 < len(found) < 100


def test_a_repeat_with_many_hits_on_one_place_takes_no_longer():
    rng, rows = random.Random(1), []
    for i in range(20_000):
        at = rng.randrange(30)
        rows.append((f"w{i}", "chr1", at + 1, at + 150, 0))
    table, start = hit_table(rows), time.perf_counter()
    assert len(grouped(families(table))) == 1
    assert time.perf_counter() - start < 10  # 0.2 s; all pairs of them would take minutes


def slow_record_families(spec, rows):
    """The families by definition: the windows of one record, those with hits in one record, and so on."""
    touched = {}
    for window, record, _, _, database in rows:
        own = (spec["queries"], window.rpartition(":")[0])
        touched.setdefault(window, {own}).add((spec["search"][database], record))
    group = {window: {window} for window in touched}
    for one in touched:
        for other in touched:
            if touched[one] & touched[other]:
                merged = group[one] | group[other]
                group.update(dict.fromkeys(merged, merged))
    return {frozenset(members) for members in group.values()}


@settings(deadline=None, max_examples=60)
@given(hit_rows.map(lambda rows: [(f"{'chr1' if row[0] < 'w2' else row[0]}:{row[0][1]}-9", *row[1:]) for row in rows]))
def test_families_of_proteins_hold_whole_records(rows):
    for spec in ({"queries": "a", "search": ["a", "b"]}, {"queries": "c", "search": ["a", "b"]}):
        assert grouped(record_families(hit_table(rows), spec)) == slow_record_families(spec, rows)


def test_a_record_is_known_by_its_file_and_name():
    """Window A:0-50 hits B, and C:0-50 a record that is named A too: one in the query file, one in another."""
    table = hit_table([("A:0-50", "B", 1, 50, 0), ("C:0-50", "A", 90, 140, 0), ("A:50-100", "D", 1, 50, 0)])
    assert len(grouped(record_families(table, {"queries": "uni", "search": ["uni"]}))) == 1
    apart = grouped(record_families(table, {"queries": "uni", "search": ["other"]}))
    assert apart == {frozenset({"A:0-50", "A:50-100"}), frozenset({"C:0-50"})}


def test_only_a_place_of_its_own_is_a_hit_on_itself():
    spec = {"queries": "uni", "search": ["other", "uni"]}
    hits = hit_table(
        [("sp|A:1:0-50", "sp|A:1", 1, 50, 1), ("sp|A:1:0-50", "sp|A:1", 1, 50, 0), ("a:0-50", "b", 1, 50, 1)]
    )
    assert list(homologs._is_self(hits, spec)) == [True, False, False]


# ── positives ──


def test_neither_identical_nor_contained_nor_taken_sequences_make_a_positive(tmp_path):
    rng = random.Random(1)
    text, spacer = letters(rng, 150), "G" * 50
    changed = text[:70] + ("A" if text[70] != "A" else "C") + text[71:]
    (tmp_path / "q").mkdir()
    queries = indexed(tmp_path / "q", {"r": text + backwards(changed)[:20] + text[20:]})
    places = {"identical": text, "longer": f"TT{text}TT", "shorter": text[3:-3], "changed": changed}
    database = indexed(tmp_path, {name: f"{spacer}{part}{spacer}" for name, part in places.items()})
    spec = {"kind": "dna", "queries": "q", "search": ["db"], "length": 150, "rules": RULES}
    files = {"queries": queries, "databases": [database]}

    def found(*names, window="r:0-150"):
        rows = [
            (window, name, 4 if name == "shorter" else 1, 147 if name == "shorter" else 150, 51, 50 + len(places[name]))
            for name in names
        ]
        hits = pd.DataFrame([(*row, 144, 0.0, 1.0, 0) for row in rows], columns=[*blast.HIT_COLUMNS, "database"])
        return homologs.find_positives(spec, hits, {window: 5}, files, random.Random(1))

    assert found("identical") == found("longer") == found("shorter") == []
    expected = Homologs("q:r:0-150", "db:changed:50-200", text, changed, 5)
    assert found("identical", "longer", "shorter", "changed") == [expected]
    hits = hit_table([("r:0-150", "changed", 51, 200, 0), ("r:150-300", "changed", 51, 200, 0)])
    family = {"r:0-150": 1, "r:150-300": 2}
    assert len(homologs.find_positives(spec, hits, family, files, random.Random(1))) == 1  # the second is taken


# ── splits ──

items = st.lists(st.integers(0, 12), max_size=60).map(
    lambda numbers: [SimpleNamespace(family=family, number=i) for i, family in enumerate(numbers)]
)
SIZES = st.fixed_dictionaries(dict.fromkeys(("train", "dev", "test"), st.integers(1, 12)))


@given(items, SIZES, st.integers(0, 3), st.sampled_from([1.0, 0.5, 0.05]))
def test_no_family_stands_in_two_splits(items, sizes, seed, most):
    try:
        splits = split_families(items, sizes, seed, most=most)
    except LinguistError as error:
        assert "\n" not in str(error)
        assert f"only {len(items)} positives in {len({item.family for item in items})} families found" in str(error)
        return
    assert {split: len(chosen) for split, chosen in splits.items()} == sizes
    numbers = [item.number for chosen in splits.values() for item in chosen]
    assert len(set(numbers)) == len(numbers)
    homes = {(item.family, split) for split, chosen in splits.items() for item in chosen}
    assert len({family for family, _ in homes}) == len(homes)
    for split, chosen in splits.items():
        assert max(Counter(item.family for item in chosen).values()) <= max(1, int(most * sizes[split]))
    again = split_families(items, sizes, seed, most=most)
    assert again == splits


def test_families_of_one_fill_all_splits_exactly():
    items = [SimpleNamespace(family=i) for i in range(10)]
    sizes = {"train": 6, "dev": 2, "test": 2}
    assert {s: len(c) for s, c in split_families(items, sizes, 1).items()} == sizes
    with pytest.raises(
        LinguistError, match=r"only 10 windows in 10 families found, \d+ of \d+ wanted left for '\w+'; lower"
    ):
        split_families(items, sizes | {"train": 7}, 1, "windows")


# ── negatives ──


def positives_of(rng, n, low=140, high=150, family=lambda i: i):
    found = []
    for i in range(n):
        text = letters(rng, rng.randint(low, high))
        found.append(
            Homologs(f"q:{i}", f"s:{i}", text, text[: rng.randint(-(len(text) * -9 // 10), len(text))], family(i))
        )
    return found


def check_negatives(positives, negatives):
    assert Counter(pair.sentence1 for pair in negatives) == Counter(pair.sentence1 for pair in positives)
    assert Counter(pair.sentence2 for pair in negatives) == Counter(pair.sentence2 for pair in positives)
    home1, home2 = ({getattr(p, f"id{i}"): p for p in positives} for i in (1, 2))
    for pair in negatives:
        one, other = home1[pair.id1], home2[pair.id2]
        assert one.family != other.family
        assert (pair.sentence1, pair.sentence2) == (one.sentence1, other.sentence2)
        lengths = len(pair.sentence1), len(pair.sentence2)
        assert max(lengths) - min(lengths) <= 0.1 * max(lengths)


@pytest.mark.parametrize("n", [2, 3, 5, 40, 41])
def test_negatives_use_each_sentence_once_and_obey_the_rules(n):
    positives = positives_of(random.Random(n), n)
    negatives = find_negatives("dna", positives, RULES)
    check_negatives(positives, negatives)
    for pair in negatives[:10]:
        assert align(pair.sentence1, pair.sentence2)[1] / max(len(pair.sentence1), len(pair.sentence2)) < 0.55


def test_negatives_are_matched_in_length_and_composition():
    positives = positives_of(random.Random(1), 400, low=20, high=30)
    negatives = find_negatives("dna", positives, RULES)
    check_negatives(positives, negatives)

    def gap(pairs, value):
        return sum(abs(value(pair.sentence1) - value(pair.sentence2)) for pair in pairs) / len(pairs)

    def strong(text):
        return (text.count("G") + text.count("C")) / len(text)

    shuffled = random.Random(1).sample([p.sentence2 for p in positives], len(positives))
    at_random = [Homologs("", "", p.sentence1, text, 0) for p, text in zip(positives, shuffled, strict=True)]
    assert gap(negatives, len) < gap(at_random, len) / 1.5
    assert gap(negatives, strong) < gap(at_random, strong) / 1.5


def test_the_last_one_trades_when_nothing_that_is_left_fits():
    """In the order of their GC content, each takes the next one's; for the last is left that of its own family."""
    rng = random.Random(1)
    texts = ["".join(rng.choices("ACGT", weights=[9 - i, i, i, 9 - i], k=150)) for i in (1, 3, 5, 7)]
    shifted = [Homologs(f"q:{i}", f"s:{i}", text, text[1:], i) for i, text in enumerate(texts)]
    partners = {pair.id1: pair.id2 for pair in find_negatives("dna", shifted, RULES)}
    assert partners == {"q:0": "s:1", "q:1": "s:2", "q:2": "s:3", "q:3": "s:0"}
    positives = [*shifted[:3], Homologs("q:3", "s:3", texts[3], texts[3][1:], 0)]
    negatives = find_negatives("dna", positives, RULES)
    check_negatives(positives, negatives)
    assert {pair.id1: pair.id2 for pair in negatives} == partners | {"q:1": "s:0", "q:3": "s:2"}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.integers(0, 99))
def test_negatives_exist_or_the_error_says_what_to_do(family, seed):
    """With half of the pairs in one family at most, one can always be found."""
    positives = positives_of(random.Random(seed), len(family), 60, 60, family.__getitem__)
    possible = max(Counter(family).values()) <= len(family) / 2
    try:
        negatives = find_negatives("dna", positives, RULES)
    except LinguistError as error:
        assert not possible
        assert re.match(r"no negative fits q:\d+; add sequences of other families, or raise rules\.max_neg", str(error))
    else:
        assert possible
        check_negatives(positives, negatives)


@given(
    st.integers(1, 8).flatmap(
        lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_as_many_find_a_partner_as_can(table):
    """Against scipy's maximum matching."""
    partners = pair_off(len(table), lambda one, other: table[one][other])
    found = [(one, other) for one, other in enumerate(partners) if other is not None]
    assert all(table[one][other] for one, other in found) and len({other for _, other in found}) == len(found)
    best = maximum_bipartite_matching(csr_array(table), perm_type="column")
    assert len(found) == (best >= 0).sum()


def test_a_long_chain_of_trades():
    """The last fits the first one's alone, so that all others must move on by one, however many."""
    n = 1200  # deeper than Python's recursion
    assert pair_off(n, lambda one, other: other in ((one, one + 1) if one < n - 1 else (0,))) == [*range(1, n), 0]


def test_thousands_of_negatives_take_seconds():
    positives, start = positives_of(random.Random(1), 1000), time.perf_counter()
    find_negatives("dna", positives, RULES)
    assert time.perf_counter() - start < 10  # 0.4 s; 10,000 take 4


@given(st.integers(0, 9), st.integers(0, 9))
def test_outward_gives_all_items_the_nearest_first(n, at):
    found = list(outward(list(range(n)), min(at, n)))
    assert sorted(found) == list(range(n))
    distances = [abs(item - min(at, n) + (0.4 if item >= min(at, n) else 0.5)) for item in found]
    assert all(before <= after + 1 for before, after in zip(distances, distances[1:], strict=False))


# ── with BLAST, as the rules run it ──


def shell_of(rule):
    """The shell command of a rule in rules/pairs.smk."""
    text = (ROOT / "rules/pairs.smk").read_text()
    block = re.search(rf"^rule {rule}:\n(.*?)(?=^rule |\Z)", text, re.S | re.M)[1]
    return ast.literal_eval("(" + re.search(r"shell:\n(.*)", block, re.S)[1] + ")")


def run_rule(rule, log, **names):
    command = shell_of(rule).format(log=log, **names)
    subprocess.run(["bash", "-c", command], check=True, timeout=60)


def evolve(rng, text, change, gap=0.004):
    """A relative of `text`: letters change, short stretches come and go."""
    out = []
    for letter in text:
        if rng.random() < gap:
            if rng.random() < 0.5:
                continue
            out.append(letters(rng, rng.randint(1, 3)))
        out.append(rng.choice("ACGT".replace(letter, "")) if rng.random() < change else letter)
    return "".join(out)


def make_genomes(rng):
    """{resource: {record: sequence}}: a genome with a repeat and a small family, and two relatives, one in blocks."""
    repeat, gene = letters(rng, 300), letters(rng, 450)
    chr1 = letters(rng, 24_000)
    chr2 = "".join(letters(rng, 1200) + evolve(rng, repeat, 0.02) for _ in range(10))
    chr2 += "".join(letters(rng, 600) + evolve(rng, gene, 0.03) for _ in range(3))
    old = {"chr1": chr1[:6000] + "N" * 30 + chr1[6030:12_000].lower() + chr1[12_000:], "chr2": chr2}
    near = {name: evolve(rng, text.upper().replace("N", "A"), 0.06) for name, text in old.items()}
    blocks = [chr1[at : at + 2000].upper() for at in range(0, 24_000, 2000)]
    blocks = [evolve(rng, block if i % 2 else backwards(block), 0.09) for i, block in enumerate(blocks)]
    return {"old": old, "near": near, "far": {"NA": "".join(blocks[:6]), 'sp|"x|': "".join(blocks[6:])}}


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """(spec, files, genomes): BLAST's hits of windows of a made genome in its relatives, and in itself."""
    if not shutil.which("blastn"):
        pytest.skip("BLAST+ is not installed")
    folder = tmp_path_factory.mktemp("blast")
    genomes = make_genomes(random.Random(1))
    spec = {
        "kind": "dna",
        "queries": "old",
        "search": ["near", "far", "old"],
        "length": 150,
        "rules": RULES,
        "sizes": {"train": 60, "dev": 20, "test": 20},
        "seed": 1,
    }
    for name, records in genomes.items():
        (folder / name).mkdir()
        fasta = indexed(folder / name, records)
        run_rule(
            "build_blast_database",
            folder / "log",
            input=fasta,
            output=folder / name / "db",
            wildcards=SimpleNamespace(resource=name),
            params=SimpleNamespace(dbtype=blast.DATABASE_TYPES["dna"]),
        )
    queries = folder / "queries.fa"
    windows = sample_windows(folder / "old/dna.fa.gz", "dna", 150, 10**4, 1, 1.0)
    queries.write_text("".join(f">{name}\n{text}\n" for name, text in windows))
    for name in spec["search"]:
        run_rule(
            "search_homologs",
            folder / "log",
            input=SimpleNamespace(queries=queries, database=folder / name / "db"),
            output=folder / f"{name}.tsv",
            threads=1,
            params=SimpleNamespace(
                program=blast.PROGRAMS["dna"],
                evalue=1e-5,
                dbsize=100_000_000,
                targets=100,
                hsps=21,
                columns=" ".join(blast.HIT_COLUMNS),
            ),
        )
    files = {
        "queries": folder / "old/dna.fa.gz",
        "hits": [folder / f"{name}.tsv" for name in spec["search"]],
        "databases": [folder / name / "dna.fa.gz" for name in spec["search"]],
    }
    return spec, files, genomes


@pytest.fixture(scope="module")
def splits(searched):
    spec, files, _ = searched
    return from_hits(spec, files)


def test_blast_finds_nearly_all_windows_on_both_strands(searched):
    spec, files, _ = searched
    near, far, own = (read_hits(path) for path in files["hits"])
    assert near["qseqid"].nunique() > 240  # of 270 windows without N
    assert set(far["sseqid"]) == {"NA", 'sp|"x|'}
    assert 0.3 < (far["sstart"] > far["send"]).mean() < 0.7
    windows = own["qseqid"].unique()
    itself = own[(own["qseqid"].str.rpartition(":")[0] == own["sseqid"]) & (own["nident"] == 150)]
    assert set(itself["qseqid"]) == set(windows)


def test_sizes_labels_and_ids(splits, searched):
    sizes = searched[0]["sizes"]
    for split, rows in splits.items():
        labels = [row[3] for row in rows]
        assert len(rows) == sizes[split] and sum(labels) == len(rows) / 2
        assert labels != sorted(labels) and labels != sorted(labels, reverse=True)
        assert len({row[0] for row in rows}) == len(rows)
    everything = [row for rows in splits.values() for row in rows]
    positives, negatives = ([row for row in everything if row[3] == label] for label in (1, 0))
    for column in (1, 2):
        texts = [row[column] for row in positives]
        assert len(set(texts)) == len(texts) and sorted(texts) == sorted(row[column] for row in negatives)


def read_region(genomes, text):
    """The sequence that `resource:record:start-end` or `...:-` names, by plain slicing."""
    reverse = text.endswith(":-")
    resource, record, start, end = re.fullmatch(r"(\w+):(.+):(\d+)-(\d+)", text.removesuffix(":-")).groups()
    found = genomes[resource][record][int(start) : int(end)].upper()
    return backwards(found) if reverse else found


def test_each_region_reads_as_its_sentence(splits, searched):
    strands = Counter()
    for rows in splits.values():
        for name, sentence1, sentence2, _ in rows:
            id1, id2 = name.split("~")
            assert read_region(searched[2], id1) == sentence1
            assert read_region(searched[2], id2) == sentence2
            strands[id2.partition(":")[0], id2.endswith(":-")] += 1
    assert min(strands[key] for key in [("near", False), ("far", False), ("far", True)]) >= 5


def test_each_positive_and_negative_obeys_table_2(splits):
    for rows in splits.values():
        for _, one, other, label in rows:
            longer = max(len(one), len(other))
            assert abs(len(one) - len(other)) <= 0.1 * longer
            assert set(one + other) <= set("ACGT") and min(len(one), len(other)) >= 135
            found = align(one, other)[1] / longer
            if label:
                assert found > 0.85 and one not in other and other not in one
            else:
                assert found < 0.55


def test_no_family_is_in_two_splits(splits, searched):
    spec, files, _ = searched
    rows = [
        (hit.qseqid, hit.sseqid, hit.sstart, hit.send, number)
        for number, path in enumerate(files["hits"])
        for hit in read_hits(path).itertuples()
    ]
    group = {name: members for members in slow_families(rows) for name in members}
    homes = {}
    for split, pairs in splits.items():
        for name, *_ in pairs:
            region = parse_window(name.split("~")[0].partition(":")[2])
            window = Region(region.record, region.start // 150 * 150, region.start // 150 * 150 + 150)
            homes.setdefault(group[str(window)], set()).add(split)
    assert all(len(found) == 1 for found in homes.values()) and len(homes) > 40
    assert max(map(len, group.values())) > 5  # the repeat is one family, not many


def test_the_same_seed_gives_the_same_pairs_and_another_one_others(searched, splits):
    spec, files, _ = searched
    assert from_hits(spec, files) == splits
    assert from_hits(spec | {"seed": 2}, files) != splits


def test_a_repeat_is_dropped(searched, splits):
    spec, files, genomes = searched
    few = from_hits(spec | {"rules": RULES | {"max_hits": 2}, "sizes": {"train": 20, "dev": 4, "test": 4}}, files)
    counts = Counter()
    for path, name in zip(files["hits"], spec["search"], strict=True):
        for hit in read_hits(path).itertuples():
            counts[hit.qseqid] += name != "old" or hit.sseqid != hit.qseqid.rpartition(":")[0]
    used = set()
    for rows in few.values():
        for name, *_ in rows:
            region = parse_window(name.split("~")[0].partition(":")[2])
            start = region.start // 150 * 150
            used.add(counts[f"{region.record}:{start}-{start + 150}"])
    assert max(counts.values()) > 2 and max(used) == 2  # a window's hit on itself does not count


def test_too_few_positives_get_one_line_with_a_cure(searched, tmp_path):
    spec, files, _ = searched
    with pytest.raises(LinguistError, match=r"only \d+ positives in \d+ families found, .* lower rules.min_similarity"):
        from_hits(spec | {"rules": RULES | {"min_similarity": 0.97}}, files)
    (tmp_path / "none.tsv").write_text("")
    with pytest.raises(LinguistError, match="BLAST found no hit at all; search closer genomes"):
        from_hits(spec, files | {"hits": [tmp_path / "none.tsv"] * 3})


def test_hits_of_awkward_names_are_read_as_they_are(tmp_path):
    (tmp_path / "hits.tsv").write_text(
        'NA:0-50\tnull\t1\t50\t9\t58\t49\t1e-20\t90.1\n"q:0-50\tnan\t1\t50\t9\t58\t49\t0.0\t90\n'
    )
    hits = read_hits(tmp_path / "hits.tsv")
    assert list(hits["qseqid"]) == ["NA:0-50", '"q:0-50'] and list(hits["sseqid"]) == ["null", "nan"]
    assert list(hits["nident"]) == [49, 49]


def test_proteins_find_their_homologs_in_the_same_file(tmp_path):
    if not shutil.which("blastp"):
        pytest.skip("BLAST+ is not installed")
    rng = random.Random(4)
    records = {}
    for i in range(40):
        protein = letters(rng, 120, RESIDUES)
        records[f"sp|P{i}|A"] = protein
        records[f"sp|P{i}|B"] = "".join(rng.choice(RESIDUES) if rng.random() < 0.08 else c for c in protein)
    fasta = indexed(tmp_path, records, "protein")
    wildcards, output = SimpleNamespace(resource="uni"), tmp_path / "db"
    params = SimpleNamespace(dbtype=blast.DATABASE_TYPES["protein"])
    run_rule("build_blast_database", tmp_path / "log", input=fasta, output=output, wildcards=wildcards, params=params)
    windows = list(sample_windows(fasta, "protein", 50, 10**4, 1, 0.5))
    (tmp_path / "q.fa").write_text("".join(f">{name}\n{text}\n" for name, text in windows))
    columns = " ".join(blast.HIT_COLUMNS)
    run_rule(
        "search_homologs",
        tmp_path / "log",
        input=SimpleNamespace(queries=tmp_path / "q.fa", database=tmp_path / "db"),
        output=tmp_path / "hits.tsv",
        threads=1,
        params=SimpleNamespace(
            program=blast.PROGRAMS["protein"], evalue=1e-5, dbsize=10**8, targets=100, hsps=21, columns=columns
        ),
    )
    spec = {"kind": "protein", "queries": "uni", "search": ["uni"], "length": 50, "rules": RULES, "seed": 1}
    spec["sizes"] = {"train": 40, "dev": 10, "test": 10}
    splits = from_hits(spec, {"queries": fasta, "hits": [tmp_path / "hits.tsv"], "databases": [fasta]})
    homes = {}
    for split, rows in splits.items():
        assert len(rows) == spec["sizes"][split] and sum(row[3] for row in rows) == len(rows) / 2
        for name, one, other, label in rows:
            id1, id2 = (re.fullmatch(r"uni:sp\|P(\d+)\|([AB]):(\d+)-(\d+)", part).groups() for part in name.split("~"))
            assert records[f"sp|P{id1[0]}|{id1[1]}"][int(id1[2]) : int(id1[3])] == one
            assert records[f"sp|P{id2[0]}|{id2[1]}"][int(id2[2]) : int(id2[3])] == other
            assert (id1[0] == id2[0]) == bool(label)  # the two copies of one protein, or of two
            if label:
                assert id1[1] != id2[1] and sum(map(str.__eq__, one, other)) / max(len(one), len(other)) > 0.85
            for part in (id1, id2):
                homes.setdefault(part[0], set()).add(split)  # both copies are one family, with all of their windows
    assert all(len(found) == 1 for found in homes.values())
