"""Segments: each is the genome at its place, none overlaps an excluded region, and all other letters are counted."""

import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.data import ROOT, backwards, indexed, letters
from linguist.corpora import segments
from linguist.corpora.exclusions import excluded_regions
from linguist.corpora.segments import SegmentOptions, bases_left_out, segment_genome
from linguist.corpora.store import choose_dev
from linguist.errors import LinguistError
from linguist.files import read_lines

OPTIONS = {"lengths": (5, 12), "strands": "forward", "seed": 1, "dev": 0.1}


def cut(fasta, excluded=None, **options):
    """What segment_genome wrote: its counts, the lines of text, and the rows (record, start, end, split, strand) of BED."""
    text, bed = Path(fasta).parent / "out.txt", Path(fasta).parent / "out.bed"
    counts = segment_genome(fasta, text, bed, SegmentOptions(**OPTIONS | options), excluded)
    rows = [line.split("\t") for line in bed.read_text().splitlines()]
    assert all(len(row) == 6 and row[4] == "0" for row in rows)
    places = [(record, int(start), int(end), split, strand) for record, start, end, split, _, strand in rows]
    return counts, list(read_lines(text)), places


def stretches(text, regions):
    """By definition: runs of ACGT outside of the regions, as (start, end)."""
    for low, high in regions:
        text = text[:low] + "-" * (high - low) + text[high:]
    return [found.span() for found in re.finditer("[ACGT]+", text.upper())]


def check(records, excluded, lengths, lines, places, all_of_them=True):
    """Every property of segments that holds for any sample (and, of all of them, that nothing else is missing)."""
    covered = {name: [0] * len(text) for name, text in records.items()}
    order = list(records)
    for line, (record, start, end, _, strand) in zip(lines, places, strict=True):
        text = records[record][start:end].upper()
        assert line == (text if strand == "+" else backwards(text)) and set(line) <= set("ACGT")
        assert lengths[0] <= len(line) <= lengths[1]
        assert not any(start < high and low < end and low < high for low, high in excluded.get(record, []))
        covered[record][start:end] = [n + 1 for n in covered[record][start:end]]
    assert [place[:2] for place in places] == sorted(
        (place[:2] for place in places), key=lambda place: (order.index(place[0]), place[1])
    )
    assert all(max(row, default=0) <= 1 for row in covered.values())  # so no two overlap
    if all_of_them:
        for name, text in records.items():
            missing = set(np.flatnonzero(np.array(covered[name]) == 0).tolist())
            for start, end in stretches(text, excluded.get(name, [])):
                rest = missing & set(range(start, end))
                assert len(rest) < lengths[0] and rest == set(range(end - len(rest), end))


@st.composite
def genomes(draw):
    """Records with soft-masked letters, N and other codes, regions to exclude (some overlap or are empty), lengths."""
    part = st.one_of(
        st.text("ACGTacgt", min_size=1, max_size=60),
        st.sampled_from(["N", "n" * 7, "R", "k"]),
    )
    texts = draw(st.lists(st.lists(part, min_size=1, max_size=6).map("".join), min_size=1, max_size=4))
    records = {f"r:{number}": text for number, text in enumerate(texts)} | {"sure": "acgtACGTAC" * 4}
    excluded = {}
    for name, text in records.items():
        if name != "sure":
            end = st.integers(0, len(text))
            excluded[name] = draw(st.lists(st.tuples(end, end).map(sorted).map(tuple), max_size=3))
    shortest = draw(st.integers(1, 10))
    return records, excluded, (shortest, draw(st.integers(shortest, 15)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(genomes(), st.sampled_from(segments.STRANDS), st.integers(0, 5), st.integers(1, 70))
def test_segments_are_the_genome_at_their_places_and_only_short_ends_are_missing(
    tmp_path, genome, strands, seed, block
):
    records, excluded, lengths = genome
    fasta = indexed(tmp_path, records)
    options = {"lengths": lengths, "strands": strands, "seed": seed, "excluded": excluded}
    counts, lines, places = cut(fasta, **options)
    check(records, excluded, lengths, lines, places)
    # the counts follow from the definition, and every letter is in one of them
    inside = {(name, at) for name, spans in excluded.items() for low, high in spans for at in range(low, high)}
    bases = sum(end - start for name in records for start, end in stretches(records[name], excluded.get(name, [])))
    assert counts["documents"] == len(lines) and counts["bytes"] == sum(map(len, lines))
    assert counts["genome"] == sum(map(len, records.values())) and counts["excluded"] == len(inside)
    assert counts["too_short"] == bases - counts["bytes"] and counts["unused"] == 0
    assert counts["genome"] == sum(counts[name] for name in ("bytes", "excluded", "ambiguous", "too_short", "unused"))
    assert bases_left_out(counts).left_out.total() == counts["genome"] - counts["bytes"]
    # choose_dev gives the splits, in file order
    in_dev = [split == "dev" for *_, split, _ in places]
    assert in_dev == choose_dev(len(lines), OPTIONS["dev"], seed).tolist() and counts["dev"] == sum(in_dev)
    # a part of them is a part of them, and no block's end can be seen
    for part in ({}, {"size": max(1, counts["bytes"] // 2)}, {"share": 0.6}):
        try:
            once = cut(fasta, **options, **part)
        except LinguistError:
            continue  # one segment alone cannot be shared between train and dev
        check(records, excluded, lengths, *once[1:], all_of_them=False)
        assert {place[:3] for place in once[2]} <= {place[:3] for place in places}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(segments, "BLOCK", block)
            assert cut(fasta, **options, **part) == once


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """(path, records): four records of which two have 600 bases, one 2400; the last one has N inside."""
    draw = random.Random(1)
    records = {name: letters(draw, n) for name, n in {"a": 600, "b": 2400, "c": 600}.items()}
    records["d"] = letters(draw, 40) + "N" * 20 + letters(draw, 40).lower()
    return indexed(tmp_path_factory.mktemp("genome"), records), records


def test_lengths_are_uniform_and_fixed_ones_begin_with_the_stretch(tmp_path):
    fasta = indexed(tmp_path, {"r": letters(random.Random(1), 300_000)})
    lines = cut(fasta, lengths=(10, 19))[1]
    counts = Counter(map(len, lines))
    n = len(lines)
    assert set(counts) == set(range(10, 20)) and 20_000 < n < 21_500
    # about 2070 expected of each, with a standard deviation of 43: five of them
    assert all(abs(found - n / 10) < 5 * (n * 0.09) ** 0.5 for found in counts.values())
    assert [place[1] for place in cut(fasta, lengths=(500, 500))[2]] == list(range(0, 300_000, 500))


def test_a_stretch_may_be_longer_than_one_draw_of_lengths(genome, monkeypatch):
    fasta, records = genome
    monkeypatch.setattr(segments, "_DRAWS", 3)
    check(records, {}, (5, 12), *cut(fasta)[1:])
    assert cut(fasta, lengths=(5, 5))[0]["too_short"] == 0  # every stretch is a multiple of 5 long


def test_a_sample_has_its_size_or_share_and_is_uniform_over_the_genome(genome):
    fasta, records = genome
    everything, _, places = cut(fasta)
    for size in (1, 500, everything["bytes"]):
        seed = 3
        counts, lines, _ = cut(fasta, size=max(size, 30), seed=seed)
        assert max(size, 30) <= counts["bytes"] == sum(map(len, lines)) < max(size, 30) + 12
        assert counts["unused"] == counts["genome"] - sum(counts[k] for k in ("bytes", "ambiguous", "too_short"))
    for share in (0.1, 0.5, 1.0):
        counts = cut(fasta, share=share)[0]
        assert share * everything["bytes"] <= counts["bytes"] < share * everything["bytes"] + 12
    assert cut(fasta, share=1.0) == cut(fasta)
    drawn, seeds = np.zeros(6), 150
    for seed in range(seeds):
        found = cut(fasta, lengths=(10, 10), share=0.2, seed=seed)[2]
        drawn += np.histogram([start for record, start, *_ in found if record == "b"], 6, (0, 2400))[0]
    # 40 segments in each sixth of record b, of which a fifth is drawn each time: 1200 expected of each sixth, with a
    # standard deviation of 31 (and less, since the draws are without replacement)
    assert (abs(drawn - seeds * 8) < 5 * 31).all()


def test_the_seed_alone_decides(genome):
    fasta, _ = genome
    for options in ({}, {"size": 900}, {"strands": "both", "share": 0.5}):
        assert cut(fasta, **options) == cut(fasta, **options)
        assert cut(fasta, **options)[1] != cut(fasta, seed=2, **options)[1]
    # the strands have a draw of their own, so that they change neither cuts nor sample
    both, forward = (cut(fasta, strands=strands, share=0.5)[2] for strands in ("both", "forward"))
    assert [place[:4] for place in both] == [place[:4] for place in forward]


def test_half_of_the_segments_are_read_backwards_if_both_strands_are_wanted(tmp_path):
    fasta = indexed(tmp_path, {"r": letters(random.Random(1), 20_000)})
    strands = Counter(place[4] for place in cut(fasta, lengths=(10, 10), strands="both")[2])
    assert strands.total() == 2000 and abs(strands["-"] - 1000) < 5 * 22.4  # standard deviation 22.4
    assert {place[4] for place in cut(fasta)[2]} == {"+"}


def test_a_record_may_be_excluded_whole(genome):
    fasta, records = genome
    excluded = {"b": [(0, 2400)], "d": [(0, 10), (30, 70), (50, 60)]}
    counts, lines, places = cut(fasta, excluded=excluded)
    check(records, excluded, OPTIONS["lengths"], lines, places)
    assert {place[0] for place in places} == {"a", "c", "d"} and counts["excluded"] == 2450
    assert counts["ambiguous"] == 0  # the N are among the excluded


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"size": 150_000_000},
            r"dna\.fa\.gz: .* 3,6\d\d of 150,000,000 bases .* 5 to 12; ",
        ),
        (
            {"lengths": (3000, 4000), "excluded": {"a": [(0, 10)]}},
            r"dna\.fa\.gz: .* 3000 bases in 3,700 letters, 10 .*; ",
        ),
        ({"lengths": (2000, 2000)}, r"dna\.fa\.gz: .*\(1\).*; "),
        ({"excluded": {"chrA": [(0, 10)]}}, r"dna\.fa\.gz .* 'chrA', .* a, b, c, …; "),
    ],
)
def test_too_little_is_refused_and_nothing_is_left_behind(genome, tmp_path, options, message):
    with pytest.raises(LinguistError, match=message):
        options, excluded = OPTIONS | options, options.get("excluded")
        options.pop("excluded", None)
        segment_genome(genome[0], tmp_path / "text", tmp_path / "bed", SegmentOptions(**options), excluded)
    assert not files(tmp_path)


def test_options_that_no_config_allows_are_refused():
    for options in ({"lengths": (9, 8)}, {"lengths": (0, 8)}, {"strands": "reverse"}, {"size": 9, "share": 0.5}):
        with pytest.raises(ValueError):
            SegmentOptions(**OPTIONS | options)


def test_a_segment_in_an_excluded_region_is_found_and_nothing_is_left_behind(genome, tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "_EXCLUDED", segments._BASE)  # as if exclusion had no effect
    with pytest.raises(RuntimeError, match="b: a segment lies in the excluded region 1000-1001"):
        segment_genome(genome[0], tmp_path / "text", tmp_path / "bed", SegmentOptions(**OPTIONS), {"b": [(1000, 1001)]})
    assert not files(tmp_path)


@given(
    st.lists(st.integers(0, 30), unique=True).map(sorted), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)))
)
def test_overlap_is_seen_exactly_where_there_is_one(ends, regions):
    regions = [(low, low + n) for low, n in regions]
    spans = list(zip(ends[::2], ends[1::2], strict=False))
    expected = any(low < end and start < high and low < high for start, end in spans for low, high in regions)
    starts, ends = np.array(spans, np.int64).reshape(-1, 2).T
    found = False
    try:
        segments._check_apart("r", starts, ends, np.array(regions, np.int64).reshape(-1, 2))
    except RuntimeError:
        found = True
    assert found == expected


def test_neither_pandas_nor_torch_is_imported_without_need(genome):
    code = "import sys, linguist.corpora.segments; from linguist.corpora.exclusions import *; excluded_regions(sys.argv[1], ['a']); print({'pandas', 'torch'} & {*sys.modules})"
    command = [sys.executable, "-c", code, str(genome[0])]
    run = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_segments_of_a_real_genome(real_data, tmp_path):
    source = real_data / "genome/22_20-21M.fa"
    if not source.is_file():
        pytest.skip(f"no {source}")
    text = "".join(source.read_text().split("\n")[1:])
    name = source.read_text().split()[0][1:]
    fasta = indexed(tmp_path, {name: text})
    excluded = excluded_regions(fasta, [f"{name}:100000-200000"])
    counts, lines, places = cut(fasta, lengths=(300, 1000), strands="both", size=300_000, excluded=excluded)
    check({name: text}, excluded, (300, 1000), lines, places, all_of_them=False)
    assert 300_000 <= counts["bytes"] < 301_000 and counts["excluded"] == 100_000
    # lengths are uniform in 300 to 1000: mean 650, standard deviation 202, here of some 460 segments
    assert abs(counts["bytes"] / counts["documents"] - 650) < 5 * 202 / counts["documents"] ** 0.5
