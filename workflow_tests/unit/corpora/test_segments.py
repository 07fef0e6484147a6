"""Segments: each is the genome at its place, none touches what it must not, and what is left out has a reason."""

import gzip
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
from linguist.corpora.mixture import choose_dev
from linguist.corpora.segments import read_excluded, segment_genome
from linguist.errors import LinguistError
from linguist.pairs.store import write_pairs

OPTIONS = {"lengths": (5, 12), "strands": "forward", "seed": 1, "dev": 0.1}


def cut(fasta, **options):
    """What segment_genome wrote: its counts, the lines of text, and the rows (record, start, end, split, strand) of BED."""
    text, bed = Path(fasta).parent / "out.txt", Path(fasta).parent / "out.bed"
    counts = segment_genome(fasta, text, bed, **OPTIONS | options)
    rows = [line.split("\t") for line in bed.read_text().splitlines()]
    assert all(len(row) == 6 and row[4] == "0" for row in rows)
    places = [(record, int(start), int(end), split, strand) for record, start, end, split, _, strand in rows]
    return counts, text.read_text().splitlines(), places


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
    # the counts are those of the definition, and every letter is in one of them
    inside = {(name, at) for name, spans in excluded.items() for low, high in spans for at in range(low, high)}
    bases = sum(end - start for name in records for start, end in stretches(records[name], excluded.get(name, [])))
    assert counts["documents"] == len(lines) and counts["bytes"] == sum(map(len, lines))
    assert counts["genome"] == sum(map(len, records.values())) and counts["excluded"] == len(inside)
    assert counts["too_short"] == bases - counts["bytes"] and counts["unused"] == 0
    assert counts["genome"] == sum(counts[name] for name in ("bytes", "excluded", "ambiguous", "too_short", "unused"))
    # the splits are those of choose_dev, in file order
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
            r"dna\.fa\.gz: gives only 3,6\d\d of 150,000,000 bases in segments of 5 to 12; lower bytes, shorten lengths or "
            "add another genome as a source",
        ),
        (
            {"lengths": (3000, 4000), "excluded": {"a": [(0, 10)]}},
            r"dna\.fa\.gz: no segment of 3000 bases in 3,700 letters, 10 of them excluded; shorten lengths, exclude less",
        ),
        ({"lengths": (2000, 2000)}, r"dna\.fa\.gz: only 1 document to share between train and dev"),
        ({"excluded": {"chrA": [(0, 10)]}}, r"excluded: .*dna\.fa\.gz has no record 'chrA', it has a, b, c, …; write"),
    ],
)
def test_too_little_is_refused_and_nothing_is_left_behind(genome, tmp_path, options, message):
    with pytest.raises(LinguistError, match=message):
        segment_genome(genome[0], tmp_path / "text", tmp_path / "bed", **OPTIONS | options)
    assert not files(tmp_path)


def test_options_that_no_config_allows_are_refused(genome, tmp_path):
    for options in ({"lengths": (9, 8)}, {"lengths": (0, 8)}, {"strands": "reverse"}, {"size": 9, "share": 0.5}):
        with pytest.raises(ValueError):
            segment_genome(genome[0], tmp_path / "text", tmp_path / "bed", **OPTIONS | options)


def test_a_segment_in_an_excluded_region_is_found_and_nothing_is_left_behind(genome, tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "_EXCLUDED", segments._BASE)  # as if exclusion had no effect
    with pytest.raises(RuntimeError, match="b: a segment lies in the excluded region 1000-1001"):
        segment_genome(genome[0], tmp_path / "text", tmp_path / "bed", **OPTIONS, excluded={"b": [(1000, 1001)]})
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
    code = "import sys, linguist.corpora.segments as s; s.read_excluded(sys.argv[1], ['a']); print({'pandas', 'torch'} & {*sys.modules})"
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
    excluded = read_excluded(fasta, [f"{name}:100000-200000"])
    counts, lines, places = cut(fasta, lengths=(300, 1000), strands="both", size=300_000, excluded=excluded)
    check({name: text}, excluded, (300, 1000), lines, places, all_of_them=False)
    assert 300_000 <= counts["bytes"] < 301_000 and counts["excluded"] == 100_000
    # lengths are uniform in 300 to 1000: mean 650, standard deviation 202, here of some 460 segments
    assert abs(counts["bytes"] / counts["documents"] - 650) < 5 * 202 / counts["documents"] ** 0.5


# ── regions that no segment may touch ──


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return indexed(tmp_path_factory.mktemp("small"), {"chr1": "A" * 100, "chr2": "C" * 50, "HLA:1-2": "G" * 40})


def test_places_are_records_or_regions(small):
    assert read_excluded(small) == {}
    places = ["chr2", "chr1:10-20", "chr1:0-100", "chr1:10-20", "HLA:1-2", "HLA:1-2:3-4"]
    expected = {"chr1": [(0, 100), (10, 20)], "chr2": [(0, 50)], "HLA:1-2": [(0, 40), (3, 4)]}
    assert read_excluded(small, places) == expected


def test_bed_files_may_be_compressed_and_have_more_lines_and_columns(small, tmp_path):
    lines = "browser position chr1\ntrack name=x\n# comment\n\nchr1\t5\t9\tname\t0\t+\r\nHLA:1-2 0 40\nchr1\t1\t2\n"
    (tmp_path / "plain.bed").write_text(lines)
    (tmp_path / "packed.bed.gz").write_bytes(gzip.compress(b"chr2\t0\t50\n"))
    found = read_excluded(small, beds=[tmp_path / "plain.bed", tmp_path / "packed.bed.gz"])
    assert found == {"chr1": [(1, 2), (5, 9)], "HLA:1-2": [(0, 40)], "chr2": [(0, 50)]}


def pair_table(folder, *ids):
    path = folder / "test.tsv"
    write_pairs(path, [(name, "ACGT", "ACGT", 1) for name in ids])
    return path


def test_all_regions_of_the_resource_that_a_test_table_names_are_excluded(small, tmp_path):
    table = pair_table(
        tmp_path,
        "hg:chr1:10-20~mm:chr9:30-40",
        "mm:chr9:1-2:-~hg:chr1:20-30:-",
        "hg:HLA:1-2:5-9:-~hg:chr2:0-50-shuffled",
        "hg:chr1:40-50~hg:chr1:40-50:--evolved-shuffled",
        "hg2:chr1:60-70~xhg:chr1:60-70",
        "hg:chr1:90-100",
    )
    expected = {"chr1": [(10, 20), (20, 30), (40, 50), (90, 100)], "HLA:1-2": [(5, 9)], "chr2": [(0, 50)]}
    assert read_excluded(small, pairs=[table], resource="hg") == expected
    assert read_excluded(small, pairs=[table], resource="hg2") == {"chr1": [(60, 70)]}
    with pytest.raises(ValueError, match="pairs need"):
        read_excluded(small, pairs=[table])


def test_a_table_that_would_exclude_nothing_is_refused(small, tmp_path):
    with pytest.raises(
        LinguistError, match="no id names a region of hg, so nothing would be excluded; remove it there"
    ):
        read_excluded(small, pairs=[pair_table(tmp_path, "NM_1:4~NM_1:4-same")], resource="hg")


def test_the_ids_of_pair_sets_are_understood(small, tmp_path):
    from linguist.pairs.store import reversed_id
    from linguist.sequences.windows import Region

    for region in (Region("HLA:1-2", 3, 9), Region("HLA:1-2", 3, 9, True)):
        for kind in ("", "-shuffled", "-evolved-unrelated"):
            name = f"hg:{region}{kind}"
            table = pair_table(tmp_path, f"hg:{Region('chr1', 1, 2)}~{name}", f"hg:chr1:1-2~{reversed_id(name)}")
            assert read_excluded(small, pairs=[table], resource="hg") == {"chr1": [(1, 2)], "HLA:1-2": [(3, 9)]}


HAS = r".*dna\.fa\.gz has no record '{}', it has chr1, chr2, HLA:1-2; write names as there, or give what belongs to it"
SPAN = r"{}: {} is not a region of record {}, which has {} bases in .*dna\.fa\.gz; correct it \(0-based, half-open\)"
NOT_BED = "line {}: not BED, whose first columns are record, start and end; mend or remove the line"
FORM = r"excluded place '{}' \(of the form record or record:start-end\)"


@pytest.mark.parametrize(
    "place, message",
    [
        ("21", FORM.format("21") + ": " + HAS.format("21")),
        ("chr3:1-2", FORM.format("chr3:1-2") + ": " + HAS.format("chr3")),
        ("chr1:1,0-2,0", FORM.format("chr1:1,0-2,0") + ": " + HAS.format("chr1:1,0-2,0")),
        ("chr1:90-101", SPAN.format(FORM.format("chr1:90-101"), "90-101", "chr1", 100)),
        ("chr1:9-9", SPAN.format(FORM.format("chr1:9-9"), "9-9", "chr1", 100)),
    ],
)
def test_a_place_that_is_none_is_refused(small, place, message):
    with pytest.raises(LinguistError, match=message):
        read_excluded(small, ["chr2", place])


@pytest.mark.parametrize(
    "line, message",
    [
        ("1\t5\t9", "line 2: " + HAS.format("1")),
        ("chr1\t5", NOT_BED.format(2)),
        ("chr1\tstart\tend", NOT_BED.format(2)),
        ("chr1\t-5\t9", NOT_BED.format(2)),
        ("chr2\t40\t51", SPAN.format("line 2", "40-51", "chr2", 50)),
        ("chr2\t9\t4", SPAN.format("line 2", "9-4", "chr2", 50)),
    ],
)
def test_a_flaw_of_a_bed_file_is_named_with_its_line(small, tmp_path, line, message):
    (tmp_path / "x.bed").write_text(f"chr1\t1\t2\n{line}\n")
    with pytest.raises(LinguistError, match="x.bed, " + message):
        read_excluded(small, beds=[tmp_path / "x.bed"])


@pytest.mark.parametrize(
    "name, message",
    [
        ("hg:chr1~mm:chr1:1-2", "line 3: the id does not say where in hg its sequences lie; rebuild the pair set"),
        ("hg:chr1:1-2~hg:chr1:x-2", "line 3: the id does not say where in hg"),
        ("hg:chr7:1-2~mm:chr1:1-2", "line 3: " + HAS.format("chr7")),
        ("hg:chr1:1-200~mm:chr1:1-2", SPAN.format("line 3", "1-200", "chr1", 100)),
    ],
)
def test_a_flaw_of_a_pair_table_is_named_with_its_line(small, tmp_path, name, message):
    table = pair_table(tmp_path, "hg:chr1:1-2~mm:x:1-2", name)
    with pytest.raises(LinguistError, match="test.tsv, " + message):
        read_excluded(small, pairs=[table], resource="hg")


def test_a_bed_file_that_cannot_be_read_is_named(small, tmp_path):
    with pytest.raises(LinguistError, match="none.bed: cannot be read"):
        read_excluded(small, beds=[tmp_path / "none.bed"])
