"""Windows: all are found, each is the region in its name, and masks are right for each letter."""

import random
import shutil
from collections import Counter
from itertools import chain
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import blast_database, indexed, letters, run_rule
from linguist.files import write_lines
from linguist.pairs.search import CHECK_SUMS
from linguist.sequences import windows as sampling
from linguist.sequences.indexed import open_indexed
from linguist.sequences.windows import Region, mask, parse_window, read_masks, sample_windows


def draw_windows(fasta, kind, length, n, seed, max_masked, masks=None):
    """[(Region, sequence)] of sampled windows."""
    return list(sample_windows(fasta, kind, length, {"windows": n, "max_masked": max_masked}, seed, masks))


def windows(*arguments):
    """{place: sequence} of sampled windows."""
    return {str(region): text for region, text in draw_windows(*arguments)}


@given(
    st.from_regex(r"[A-Za-z0-9][\w-]*", fullmatch=True), st.text("ab:-1|", min_size=1), st.integers(0), st.integers(0)
)
def test_a_window_is_read_from_its_name(resource, record, start, end):
    region = Region(record, start, end)
    assert parse_window(f"{resource}:{region}") == (resource, region)


def test_a_region_reads_either_strand_in_upper_case(tmp_path):
    with open_indexed(indexed(tmp_path, {"r": "ACGTaacc"})) as fasta:
        assert Region("r", 3, 7).read(fasta) == "TAAC" and Region("r", 3, 7, True).read(fasta) == "GTTA"
    assert str(Region("r", 3, 7, True)) == "r:3-7:-"


def test_all_windows_are_found_and_are_what_they_say(tmp_path):
    draw = random.Random(1)
    lengths = {"chr1": 1034, "short": 9, "HLA:1-2": 50, "NA": 99}
    records = {name: letters(draw, n) for name, n in lengths.items()}
    found = dict(draw_windows(indexed(tmp_path, records), "dna", 50, 10**6, 1, 0.5))
    assert len(found) == 20 + 0 + 1 + 1
    for region, text in found.items():
        assert text == records[region.record][region.start : region.end] and len(text) == 50
        assert region.start % 50 == 0  # so windows do not overlap


def test_windows_hold_only_bases_and_few_masked_ones(tmp_path):
    text = "A" * 10 + "ACGTNACGTA" + "acgtacgtac" + "acgtaACGTA" + "acgtacGTAC" + "RCGTACGTAC"
    fasta = indexed(tmp_path, {"r": text})
    assert windows(fasta, "dna", 10, 99, 1, 0.5) == {"r:0-10": "A" * 10, "r:30-40": "acgtaACGTA"}
    assert len(windows(fasta, "dna", 10, 99, 1, 1.0)) == 4
    protein = indexed(tmp_path, {"p": "MKWVTFISLLXKWVTFISLLMKWVTUISLL"}, "protein")
    assert windows(protein, "protein", 10, 99, 1, 0.5) == {"p:0-10": "MKWVTFISLL"}


def test_windows_depend_on_the_seed_alone_and_a_smaller_draw_begins_a_larger(tmp_path):
    fasta = indexed(tmp_path, {"r": letters(random.Random(1), 3000)})
    draw = {(n, seed): draw_windows(fasta, "dna", 20, n, seed, 0.5) for n in (10, 40) for seed in (1, 2)}
    assert draw[10, 1] == draw_windows(fasta, "dna", 20, 10, 1, 0.5) == draw[40, 1][:10]
    assert draw[10, 1] != draw[10, 2] and len(set(draw[40, 2])) == 40


def test_windows_are_drawn_uniformly_over_records_of_any_length(tmp_path):
    rng = random.Random(1)
    fasta = indexed(tmp_path, {"long": letters(rng, 900), "short": letters(rng, 100)})
    drawn = Counter(place for seed in range(600) for place in windows(fasta, "dna", 50, 2, seed, 0.5))
    assert len(drawn) == 20
    # 60 expected of each, with a standard deviation of 7.3
    assert all(30 < n < 90 for n in drawn.values())


def test_a_whole_genome_needs_no_list_of_its_windows(monkeypatch):
    assert sorted(sampling._shuffled(1000, 1)) == list(range(1000))
    monkeypatch.setattr(sampling, "MOST_LISTED", 1000)
    drawn = list(sampling._shuffled(1000, 1))
    assert len(set(drawn)) == len(drawn) == 500 and set(drawn) <= set(range(1000))


# ── masks ──


def slow_mask(text, start, intervals):
    return "".join(
        letter.lower() if any(low <= at < high for low, high in intervals) else letter
        for at, letter in enumerate(text, start)
    )


ends = st.lists(st.integers(0, 60), unique=True, max_size=12).map(sorted)
intervals = ends.map(lambda ends: list(zip(ends[::2], ends[1::2], strict=False)))  # sorted and apart


@given(st.text("ACGTNacgt", max_size=40), st.integers(0, 40), intervals)
def test_a_mask_is_that_of_the_definition(text, start, intervals):
    assert mask(text, start, np.array(intervals, np.int64).reshape(-1, 2)) == slow_mask(text, start, intervals)
    assert mask(text, start, None) == text


def test_masked_windows_are_skipped_and_masked_letters_come_out_in_lower_case(tmp_path):
    rng = random.Random(1)
    records = {"a:1": letters(rng, 2000), "NA": letters(rng, 500) + letters(rng, 500).lower()}
    ends = sorted(rng.sample(range(2000), 80))
    masked = {"a:1": list(zip(ends[::2], ends[1::2], strict=True)), "other": [(0, 999)]}
    lines = [[f">{name} more words", *(f"{low} - {high - 1}" for low, high in masked[name])] for name in masked]
    write_lines(tmp_path / "masks.txt", chain(*lines))  # the last position is within
    masks = read_masks(tmp_path / "masks.txt")
    assert {name: list(map(tuple, found.tolist())) for name, found in masks.items()} == masked
    fasta = indexed(tmp_path, records)
    for share in (0.0, 0.3, 0.5, 1.0):
        expected = {}
        for name, text in records.items():
            text = slow_mask(text, 0, masked.get(name, []))
            for at in range(0, len(text), 50):
                part = text[at : at + 50]
                if sum(letter in "acgt" for letter in part) <= share * 50:
                    expected[f"{name}:{at}-{at + 50}"] = part
        assert windows(fasta, "dna", 50, 999, 1, share, masks) == expected
    assert len(windows(fasta, "dna", 50, 999, 1, 0.5)) == 40 + 10


def test_records_without_an_interval_are_read_too(tmp_path):
    write_lines(tmp_path / "masks.txt", [">a", ">b more", "3 - 3", ">c"])
    masks = read_masks(tmp_path / "masks.txt")
    assert {name: found.tolist() for name, found in masks.items()} == {"a": [], "b": [[3, 4]], "c": []}
    assert mask("ACGT", 0, masks["a"]) == "ACGT" and mask("ACGT", 0, masks["b"]) == "ACGt"


def test_windowmasker_masks_a_repeat_that_the_file_does_not(tmp_path):
    if not shutil.which("windowmasker"):
        pytest.skip("BLAST+ is not installed")
    rng = random.Random(1)
    repeat, records, repeats = letters(rng, 300), {}, {}
    for name, copies in {"chr1": 40, 'sp|"x|': 20, "HLA:1-2": 0}.items():
        parts = [letters(rng, 900) + repeat for _ in range(copies)] or [letters(rng, 20_000)]
        records[name], repeats[name] = "".join(parts), [(at * 1200 + 900, (at + 1) * 1200) for at in range(copies)]
    fasta = indexed(tmp_path, records)
    database, found = blast_database(fasta, "old", "dna"), tmp_path / "masks.txt"
    output = SimpleNamespace(intervals=found, counts=tmp_path / "counts", version=tmp_path / "version")
    run_rule("mask_repeats", tmp_path / "log", input=database, output=output, params=SimpleNamespace(check=CHECK_SUMS))
    masks = read_masks(found)
    assert set(masks) == set(records)
    for name, found in masks.items():
        assert (found[:, 0] < found[:, 1]).all() and (found[:-1, 1] <= found[1:, 0]).all()  # in order, and apart
        masked = np.zeros(len(records[name]), bool)
        for low, high in found:
            masked[low:high] = True
        for low, high in repeats[name]:
            assert masked[low:high].mean() > 0.9
            masked[low:high] = False
        assert masked.mean() < 0.1  # the rest: little of it, by chance
    taken = windows(fasta, "dna", 150, 10**4, 1, 0.5, masks)
    everything = windows(fasta, "dna", 150, 10**4, 1, 0.5)
    lost = {name for name in everything if name not in taken}
    inside = {
        f"{name}:{low}-{low + 150}"
        for name in repeats
        for start, end in repeats[name]
        for low in range(start, end, 150)
    }
    assert len(inside) == 120 and inside <= lost and len(lost - inside) < 0.02 * len(everything)
