"""Homologs: every pair is checked again by slow, obvious code of its own; BLAST is real and runs as the rules run it."""

import random
import re
import shutil
import time
from collections import Counter
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from helpers.data import (
    RESIDUES,
    RULES,
    align,
    backwards,
    blast_database,
    blast_hits,
    hit_table,
    indexed,
    letters,
    make_rows,
    slow_families,
    slow_record_families,
)
from linguist.errors import LinguistError
from linguist.files import read_lines
from linguist.pairs import homologs
from linguist.pairs.homologs import (
    Homologs,
    choose_positives,
    exchange_partners,
    nearest_first,
    pair_off,
    read_hits,
    read_homologs,
    simplify,
    write_homologs,
)
from linguist.pairs.recipes import RECIPES
from linguist.pairs.search import HIT_COLUMNS
from linguist.sequences.windows import parse_window, sample_windows

# ── hits ──


def test_hits_of_awkward_names_are_read_as_they_are(tmp_path):
    (tmp_path / "one.tsv").write_text("nan\tNA:0-50\tnull\t1\t50\t9\t58\t49\t1e-20\t90.1\n\n")
    (tmp_path / "none.tsv").write_text("\n")
    (tmp_path / "two.tsv").write_text('1\t"q:0-50\tnan\t1\t50\t9\t58\t49\t0.0\t90\n\n')
    hits = read_hits([tmp_path / name for name in ("none.tsv", "one.tsv", "two.tsv")])
    assert list(hits.columns) == HIT_COLUMNS and list(hits.index) == [0, 1]
    assert list(hits["resource"]) == ["nan", "1"] and list(hits["sseqid"]) == ["null", "nan"]
    assert list(hits["qseqid"]) == ["NA:0-50", '"q:0-50'] and list(hits["nident"]) == [49, 49]
    assert len(read_hits([tmp_path / "none.tsv"])) == 0


hit_rows = st.lists(
    st.tuples(
        st.builds(
            lambda resource, at: f"{resource}:chr:1:{at}-{at + 10}", st.sampled_from("ab"), st.sampled_from([0, 10, 20])
        ),
        st.sampled_from("ab"),
        st.sampled_from(["chr:1", "chr:2"]),
        st.sampled_from([1, 10, 11, 20, 21, 30]),
        st.sampled_from([1, 10, 11, 20, 21, 30]),
    ),
    min_size=1,
)


@given(hit_rows)
def test_only_a_hit_on_its_own_place_is_a_hit_on_itself(rows):
    """Of a protein: a hit anywhere in its own record."""
    dna, protein = [], []
    for window, resource, record, *ends in rows:
        start = int(window.split(":")[3].split("-")[0])
        protein.append(window.startswith(f"{resource}:{record}:"))
        dna.append(protein[-1] and not {*range(min(ends), max(ends) + 1)}.isdisjoint(range(start + 1, start + 11)))
    assert list(homologs._is_self(hit_table(rows), False)) == dna
    assert list(homologs._is_self(hit_table(rows), True)) == protein


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

    def find(hits, family):
        return homologs.find_positives(spec, hits, family, files, random.Random(1))

    def found(*names):
        rows = []
        for name in names:
            part = (4, 147) if name == "shorter" else (1, 150)
            rows.append(("db", "q:r:0-150", name, *part, 51, 50 + len(places[name]), 144, 0.0, 1.0))
        return find(pd.DataFrame(rows, columns=HIT_COLUMNS), {"q:r:0-150": 5})

    assert found("identical") == found("longer") == found("shorter") == []
    expected = Homologs("q:r:0-150", "db:changed:50-200", text, changed, "q:r:0-150", 5)
    assert found("identical", "longer", "shorter", "changed") == [expected]
    windows = ["q:r:0-150", "q:r:150-300"]
    hits = hit_table([(window, "db", "changed", 51, 200) for window in windows])
    assert len(find(hits, dict(zip(windows, (1, 2), strict=True)))) == 1  # the second is taken


def test_positives_are_read_as_they_were_written(tmp_path):
    splits = {
        "train": [Homologs("a:NA:0-9", "b:nan:3-12:-", "ACGT", "NA", 'a:sp|"x|:0-9', 3), Homologs(*"uvwxy", 0)],
        "dev": [],
        "test": [Homologs(*"abcde", 12)],
    }
    write_homologs(tmp_path / "positives.tsv", splits)
    assert read_homologs(tmp_path / "positives.tsv") == splits
    rows = [line.split("\t") for line in read_lines(tmp_path / "positives.tsv")]
    assert rows[0] == homologs.COLUMNS and {len(row) for row in rows} == {7} and len(rows) == 4


# ── the sets whose positives are identical or contained ──


@settings(deadline=None)
@example(3, (10, 10), 0.1, 0)  # two halves of an odd number
@given(
    st.integers(0, 30),
    st.tuples(st.integers(0, 20), st.integers(0, 20)).filter(lambda shares: sum(shares) <= 20),
    st.sampled_from([0.1, 0.2]),
    st.integers(0, 99),
)
def test_shares_of_the_positives_are_made_identical_and_contained(n, shares, difference, seed):
    draw = random.Random(seed)
    text = letters(draw, 3000)
    pairs = []
    for i in range(n):
        start, size = i * 100 + draw.randint(0, 10), draw.randint(80, 90)
        id1 = f"old:sp|x:1:{start}-{start + size}"
        window = f"old:sp|x:1:{i * 100}-{i * 100 + 100}"
        pairs.append(Homologs(id1, f"b:{i}", text[start : start + size], letters(draw, 85), window, i))
    identical, contained = (share / 20 for share in shares)
    rules = {"identical": identical, "contained": contained, "max_length_difference": difference}
    made, kinds = simplify(pairs, rules, draw), Counter()
    assert len(made) == n
    for before, after in zip(pairs, made, strict=True):
        assert (after.window, after.family) == (before.window, before.family)
        if after == before:
            continue
        one, other = after.sentence1, after.sentence2
        assert before.sentence1 in (one, other)
        for name, sentence in ((after.id1, one), (after.id2, other)):
            start, end = map(int, name.removeprefix("old:sp|x:1:").split("-"))
            assert text[start:end] == sentence
        kinds["identical" if one == other else "contained"] += 1
        if one == other:
            assert after.id1 == after.id2
        else:
            assert one in other or other in one
            assert abs(len(one) - len(other)) <= difference * max(len(one), len(other))
    assert abs(kinds["identical"] - identical * n) <= 0.51 and abs(kinds["contained"] - contained * n) <= 1


def test_either_side_may_contain_the_other_and_be_cut_at_either_end():
    text = letters(random.Random(1), 150)
    pairs = [Homologs("a:r:0-150", "b:x", text, letters(random.Random(i), 150), "a:r:0-150", i) for i in range(400)]
    made = simplify(pairs, {"identical": 0.0, "contained": 1.0, "max_length_difference": 0.1}, random.Random(1))
    shorter = [min(pair.sentence1, pair.sentence2, key=len) for pair in made]
    assert 150 < sum(len(pair.sentence1) < 150 for pair in made) < 250  # 200 expected, give or take 10
    assert set(map(len, shorter)) == set(range(135, 150))
    assert {text.index(part) == 0 for part in shorter} == {text.endswith(part) for part in shorter} == {True, False}


# ── negatives ──


def positives_of(rng, n, low=140, high=150, family=lambda i: i):
    found = []
    for i in range(n):
        text = letters(rng, rng.randint(low, high))
        found.append(
            Homologs(
                f"q:{i}", f"s:{i}", text, text[: rng.randint(-(len(text) * -9 // 10), len(text))], f"q:{i}", family(i)
            )
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
    negatives = exchange_partners("dna", positives, RULES)
    check_negatives(positives, negatives)
    for pair in negatives[:10]:
        assert align(pair.sentence1, pair.sentence2)[1] / max(len(pair.sentence1), len(pair.sentence2)) < 0.55


def test_negatives_are_matched_in_length_and_composition():
    positives = positives_of(random.Random(1), 400, low=20, high=30)
    negatives = exchange_partners("dna", positives, RULES)
    check_negatives(positives, negatives)

    def gap(pairs, value):
        return sum(abs(value(pair.sentence1) - value(pair.sentence2)) for pair in pairs) / len(pairs)

    def strong(text):
        return (text.count("G") + text.count("C")) / len(text)

    shuffled = random.Random(1).sample([p.sentence2 for p in positives], len(positives))
    at_random = [Homologs("", "", p.sentence1, text, "", 0) for p, text in zip(positives, shuffled, strict=True)]
    assert gap(negatives, len) < gap(at_random, len) / 1.5
    assert gap(negatives, strong) < gap(at_random, strong) / 1.5


def test_the_last_one_trades_when_nothing_that_is_left_fits():
    """In the order of their GC content, each takes the next one's; for the last is left that of its own family."""
    rng = random.Random(1)
    texts = ["".join(rng.choices("ACGT", weights=[9 - i, i, i, 9 - i], k=150)) for i in (1, 3, 5, 7)]
    shifted = [Homologs(f"q:{i}", f"s:{i}", text, text[1:], "", i) for i, text in enumerate(texts)]
    partners = {pair.id1: pair.id2 for pair in exchange_partners("dna", shifted, RULES)}
    assert partners == {"q:0": "s:1", "q:1": "s:2", "q:2": "s:3", "q:3": "s:0"}
    positives = [*shifted[:3], Homologs("q:3", "s:3", texts[3], texts[3][1:], "", 0)]
    negatives = exchange_partners("dna", positives, RULES)
    check_negatives(positives, negatives)
    assert {pair.id1: pair.id2 for pair in negatives} == partners | {"q:1": "s:0", "q:3": "s:2"}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.integers(0, 99))
def test_negatives_exist_or_the_error_says_what_to_do(family, seed):
    """With half of the pairs in one family at most, one can always be found."""
    positives = positives_of(random.Random(seed), len(family), 60, 60, family.__getitem__)
    possible = max(Counter(family).values()) <= len(family) / 2
    try:
        negatives = exchange_partners("dna", positives, RULES)
    except LinguistError as error:
        assert not possible
        assert re.match(
            r"no negative fits q:\d+; add .* raise rules\.max_length_difference .* rules\.max_neg", str(error)
        )
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
    positives, start = positives_of(random.Random(1), 5000), time.perf_counter()
    check_negatives(positives, exchange_partners("dna", positives, RULES))
    assert time.perf_counter() - start < 10  # 0.4 s


@given(st.integers(0, 9), st.integers(0, 9))
def test_outward_gives_all_items_the_nearest_first(n, at):
    found = list(nearest_first(list(range(n)), min(at, n)))
    assert sorted(found) == list(range(n))
    distances = [abs(item - min(at, n) + (0.4 if item >= min(at, n) else 0.5)) for item in found]
    assert all(before <= after + 1 for before, after in zip(distances, distances[1:], strict=False))


# ── with BLAST, as the rules run it ──


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


def make_proteins(rng):
    """{resource: {record: sequence}}: forty proteins and a copy of each; some hold parts of two of them."""
    proteins = [letters(rng, 120, RESIDUES) for _ in range(40)]

    def copy(text):
        return "".join(rng.choice(RESIDUES) if rng.random() < 0.08 else letter for letter in text)

    records = {}
    for i, protein in enumerate(proteins):
        records[f"sp|P{i}|A"], records[f"sp|P{i}|B"] = protein, copy(protein)
    for i in range(6):
        records[f"sp|P{i}|C"] = copy(proteins[i][:60] + proteins[i + 6][60:])
    return {"uni": records}


SIZES = {"train": 60, "dev": 20, "test": 20}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Made genomes and proteins with their files, and `search`: the spec of a pair set, and the files it is chosen from."""
    if not shutil.which("blastn"):
        pytest.skip("BLAST+ is not installed")
    kinds = {"dna": make_genomes(random.Random(1)), "protein": make_proteins(random.Random(4))}
    fastas, databases = {}, {}
    for kind, genomes in kinds.items():
        for name, records in genomes.items():
            fastas[name] = indexed(tmp_path_factory.mktemp(name), records, kind)
            databases[name] = blast_database(fastas[name], name, kind)

    def search(kind, length, sizes=SIZES, windows=10_000, seed=1):
        queries, others = {"dna": ("old", ["near", "far", "old"]), "protein": ("uni", ["uni"])}[kind]
        folder, drawn = (
            tmp_path_factory.mktemp("hits"),
            list(sample_windows(fastas[queries], kind, length, {"windows": windows, "max_masked": 1.0}, seed)),
        )
        hits = [blast_hits(drawn, queries, databases[name], name, kind, folder / f"{name}.tsv") for name in others]
        spec = {"kind": kind, "queries": queries, "search": others, "length": length, "sizes": sizes, "seed": seed}
        files = {"queries": fastas[queries], "databases": [fastas[name] for name in others], "hits": hits}
        return spec | {"rules": RULES}, files | {"earlier_hits": [], "earlier_positives": []}

    genomes = {name: records for part in kinds.values() for name, records in part.items()}
    return SimpleNamespace(genomes=genomes, fastas=fastas, databases=databases, search=search)


@pytest.fixture(scope="module")
def searched(made):
    """(spec, files) of windows of a made genome and BLAST's hits of them in its relatives, and in itself."""
    return made.search("dna", 150)


def pairs_of(spec, files, folder):
    """The splits of a pair set, by way of its file of positives."""
    write_homologs(folder / "positives.tsv", choose_positives(spec, files))
    return make_rows(RECIPES["homologs"], spec, {"positives": folder / "positives.tsv"})


@pytest.fixture(scope="module", params=[(0.0, 0.0), (0.3, 0.4)], ids=["homologs", "simple"])
def shares(request):
    """The shares of identical and contained positives."""
    return request.param


@pytest.fixture(scope="module")
def splits(searched, shares, tmp_path_factory):
    spec, files = searched
    rules = spec["rules"] | dict(zip(("identical", "contained"), shares, strict=True))
    return pairs_of(spec | {"rules": rules}, files, tmp_path_factory.mktemp("pairs"))


def test_blast_finds_nearly_all_windows_on_both_strands(searched):
    near, far, own = (read_hits([path]) for path in searched[1]["hits"])
    assert [set(hits["resource"]) for hits in (near, far, own)] == [{"near"}, {"far"}, {"old"}]
    assert near["qseqid"].nunique() > 240  # of 270 windows without N
    assert set(far["sseqid"]) == {"NA", 'sp|"x|'}
    assert 0.3 < (far["sstart"] > far["send"]).mean() < 0.7
    itself = own[homologs._is_self(own, False) & (own["nident"] == 150)]
    assert set(itself["qseqid"]) == set(own["qseqid"])


def test_the_jobs_of_a_search_share_out_its_windows_and_find_the_same(made, tmp_path):
    windows = list(sample_windows(made.fastas["old"], "dna", 150, {"windows": 120, "max_masked": 1.0}, 1))

    def found(parts):
        lines = []
        for part in range(parts):
            target = tmp_path / f"{part}-of-{parts}.tsv"
            blast_hits(windows[part::parts], "old", made.databases["old"], "old", "dna", target)
            lines += read_lines(target)
        return sorted(lines)

    assert len(found(1)) > 120 and found(1) == found(3)


def test_sizes_labels_and_ids(splits, shares):
    for split, rows in splits.items():
        labels = [row[3] for row in rows]
        assert len(rows) == SIZES[split] and sum(labels) == len(rows) / 2
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


def test_each_region_reads_as_its_sentence(splits, shares, made):
    strands = Counter()
    for rows in splits.values():
        for name, sentence1, sentence2, _ in rows:
            id1, id2 = name.split("~")
            assert read_region(made.genomes, id1) == sentence1
            assert read_region(made.genomes, id2) == sentence2
            strands[id2.partition(":")[0], id2.endswith(":-")] += 1
    assert min(strands[key] for key in [("near", False), ("far", False), ("far", True)]) >= (2 if any(shares) else 5)


def test_each_positive_and_negative_obeys_table_2(splits, shares):
    for split, rows in splits.items():
        kinds = Counter()
        for _, one, other, label in rows:
            longer = max(len(one), len(other))
            assert abs(len(one) - len(other)) <= 0.1 * longer
            assert set(one + other) <= set("ACGT") and min(len(one), len(other)) >= (121 if any(shares) else 135)
            found = align(one, other)[1] / longer
            assert found > 0.85 if label else found < 0.55
            if label:
                kinds["identical" if one == other else "contained" if one in other or other in one else "other"] += 1
        half = SIZES[split] // 2
        assert (kinds["identical"], kinds["contained"]) == tuple(round(share * half) for share in shares)


def test_the_same_seed_gives_the_same_pairs_and_another_one_others(searched, tmp_path):
    spec, files = searched
    assert pairs_of(spec, files, tmp_path) == pairs_of(spec, files, tmp_path) != {}
    assert pairs_of(spec | {"seed": 2}, files, tmp_path) != pairs_of(spec, files, tmp_path)


def test_a_repeat_is_dropped(searched):
    spec, files = searched
    sizes = {"train": 20, "dev": 4, "test": 4}
    few = choose_positives(spec | {"rules": spec["rules"] | {"max_hits": 2}, "sizes": sizes}, files)
    counts = Counter()
    for hit in read_hits(files["hits"]).itertuples():
        _, place = parse_window(hit.qseqid)
        low, high = min(hit.sstart, hit.send) - 1, max(hit.sstart, hit.send)
        itself = hit.resource == "old" and hit.sseqid == place.record and low < place.end and place.start < high
        counts[hit.qseqid] += not itself
    assert max(counts.values()) > 2
    used = [counts[pair.window] for pairs in few.values() for pair in pairs]
    assert len(used) == 14 and max(used) == 2  # a window's hit on itself does not count


def one_line(spec, files):
    with pytest.raises(LinguistError) as caught:
        choose_positives(spec, files)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_too_few_positives_get_one_line_with_a_cure(searched):
    spec, files = searched
    said = one_line(spec | {"rules": spec["rules"] | {"min_similarity": 0.97}}, files)
    counts = re.match(r"only (\d+) positives in (\d+) families found, (\d+) of (\d+) wanted left for '(\w+)'; ", said)
    assert int(counts[1]) < 50 and int(counts[4]) == SIZES[counts[5]] / 2 > int(counts[3])
    assert said.endswith("lower rules.min_similarity or add sequences")


def test_a_search_without_a_hit_is_named_with_a_cure(searched, tmp_path):
    spec, files = searched
    (tmp_path / "none.tsv").write_text("\n")
    near, _, own = files["hits"]
    said = one_line(spec, files | {"hits": [near, tmp_path / "none.tsv", own]})
    assert said.startswith("far: no hits of up to 10000 windows of old")
    assert one_line(spec, files | {"hits": [tmp_path / "none.tsv"] * 3}).startswith("near: no hits")


# ── several pair sets of the same sequences ──


def homes_of(chosen, group):
    """{family: splits it stands in} of the positives of several sets."""
    homes = {}
    for splits in chosen:
        for split, pairs in splits.items():
            for pair in pairs:
                homes.setdefault(group[pair.window], set()).add(split)
    return homes


def check_families(sets, folder):
    """Choose the positives of sets one after the other: no family of a set stands in another split of it or of those before.

    The families are by the slow definition, of the hits of all sets so far. Returns the positives and the last families.
    """
    slow = {"dna": slow_families, "protein": slow_record_families}[sets[0][0]["kind"]]
    hits, paths, chosen = [], [], []
    for number, (spec, files) in enumerate(sets):
        chosen.append(choose_positives(spec, files | {"earlier_hits": hits, "earlier_positives": paths}))
        assert {split: 2 * len(pairs) for split, pairs in chosen[-1].items()} == spec["sizes"]
        paths = [*paths, folder / f"{number}.tsv"]
        write_homologs(paths[-1], chosen[-1])
        hits = list(dict.fromkeys([*hits, *files["hits"]]))
        rows = read_hits(hits)[["qseqid", "resource", "sseqid", "sstart", "send"]].itertuples(index=False, name=None)
        group = {name: members for members in slow(list(rows)) for name in members}
        homes = homes_of(chosen, group)
        assert all(homes[group[pair.window]] == {s} for s, pairs in chosen[-1].items() for pair in pairs)
    return chosen, group


def families_in_two_splits(chosen, group):
    return sum(len(splits) > 1 for splits in homes_of(chosen, group).values())


def test_no_family_is_in_two_splits_of_several_sets(made, searched, tmp_path):
    """Windows of 150 first: nothing that the later ones find links two families of theirs."""
    short, again = made.search("dna", 50), made.search("dna", 150, windows=200, seed=2)
    chosen, group = check_families([searched, short, searched, again], tmp_path)
    assert families_in_two_splits(chosen, group) == 0
    assert len(homes_of(chosen, group)) > 60 and max(map(len, group.values())) > 5  # the repeat is one family, not many
    alone = [choose_positives(*one) for one in (searched, short)]
    assert families_in_two_splits(alone, group) > 5  # if none looked at the others


def test_what_links_two_splits_of_earlier_sets_is_not_taken(made, searched, tmp_path):
    """A window of 150 holds three of 50, which stand in any split; so it is passed over where they stand in two."""
    short = made.search("dna", 50, {"train": 140, "dev": 40, "test": 40})
    chosen, group = check_families([short, searched, short], tmp_path)
    assert families_in_two_splits(chosen, group) > 0 == families_in_two_splits(chosen[1:2], group)


# ── proteins ──


def test_proteins_find_their_homologs_in_the_same_file(made, tmp_path):
    spec, files = made.search("protein", 50, {"train": 32, "dev": 8, "test": 8})
    for split, rows in pairs_of(spec, files, tmp_path).items():
        assert len(rows) == spec["sizes"][split] and sum(row[3] for row in rows) == len(rows) / 2
        for name, one, other, label in rows:
            id1, id2 = name.split("~")
            assert read_region(made.genomes, id1) == one and read_region(made.genomes, id2) == other
            record1, record2 = (re.match(r"uni:sp\|P(\d+)\|([ABC]):", part).groups() for part in (id1, id2))
            assert record1 != record2
            if not label:
                assert record1[0] != record2[0]  # of two proteins
            elif "C" not in record1 + record2:
                assert record1[0] == record2[0]  # the two copies of one
            if label:
                assert sum(map(str.__eq__, one, other)) / max(len(one), len(other)) > 0.85


def test_no_protein_family_is_in_two_splits_of_several_sets(made, tmp_path):
    sizes = {"train": 24, "dev": 8, "test": 8}
    one, other = made.search("protein", 50, sizes), made.search("protein", 40, sizes, seed=2)
    chosen, group = check_families([one, other, one], tmp_path)
    assert families_in_two_splits(chosen, group) == 0
    joined = [{name.split("|")[1] for name in members} for members in group.values()]
    assert {"P0", "P6"} in joined  # by a protein that holds parts of both
    assert families_in_two_splits([choose_positives(*one), choose_positives(*other)], group) > 0
