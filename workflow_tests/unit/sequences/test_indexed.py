"""Indexed FASTA: any region reads back as it was written, and reading never writes."""

import gzip
import os
import random

import pyfaidx
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linguist.errors import LinguistError
from linguist.kinds import KINDS
from linguist.sequences.fasta import Sequence, read_sequences
from linguist.sequences.indexed import open_indexed, write_indexed_fasta

PLAIN = ">chr1 a first one\nACGTacgtNN\nRYSWKM\n>chr2\nAC\n"
RECORDS = [Sequence("chr1", "a first one", "ACGTacgtNNRYSWKM"), Sequence("chr2", "", "AC")]


def write(path, content):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


names = st.lists(st.text("abcXYZ019_.|-", min_size=1, max_size=9), min_size=1, max_size=5, unique=True)


LETTERS = {name: kind.letters + kind.ambiguous for name, kind in KINDS.items() if kind.letters}


@settings(deadline=None, max_examples=40)
@given(names=names, seed=st.integers(0, 2**32), alphabet=st.sampled_from(sorted(LETTERS)))
def test_any_slice_reads_back(tmp_path_factory, names, seed, alphabet):
    rng = random.Random(seed)
    letters = LETTERS[alphabet] + LETTERS[alphabet].lower()
    lengths = [rng.choice([1, 59, 60, 61, 120, 5000]) for _ in names]
    records = [Sequence(n, "", "".join(rng.choices(letters, k=k))) for n, k in zip(names, lengths, strict=True)]
    path = tmp_path_factory.mktemp("round") / "x.fa.gz"
    write_indexed_fasta(records, path)
    with open_indexed(path) as fasta, pysam.FastaFile(str(path)) as other:
        assert list(fasta.keys()) == names
        for record in records:
            start, end = sorted(rng.choices(range(len(record.sequence) + 1), k=2))
            assert len(fasta[record.name]) == len(record.sequence)
            assert fasta[record.name][:] == record.sequence
            assert fasta[record.name][start:end] == record.sequence[start:end] == other.fetch(record.name, start, end)


@pytest.mark.parametrize("packed", [True, False])
def test_regions_are_right_across_lines_compressed_blocks_and_at_both_ends(tmp_path, packed):
    sequence = "".join(random.Random(0).choices("ACGTacgtN", k=2_500_020))  # whole lines, and 40 compressed blocks
    path = tmp_path / "x.fa.gz"
    write_indexed_fasta([Sequence("a", "long one", sequence), Sequence("b", "", "ACGT")], path)
    lines = gzip.decompress(path.read_bytes()).decode().split("\n")
    assert lines[0] == ">a long one" and {len(line) for line in lines[1:41668]} == {60} and lines[-2] == "ACGT"
    if not packed:
        path = write(tmp_path / "x.fa", gzip.decompress(path.read_bytes()))
        pysam.faidx(str(path))
    draw, size = random.Random(1), len(sequence)
    edges = [0, 1, 59, 60, 61, size - 61, size - 60, size - 59, size - 1, size]
    edges += [at + step for at in range(65_280, size, 65_280) for step in (-1100, -1088, -1, 0, 1)]  # bgzip's blocks
    with open_indexed(path) as fasta:
        for _ in range(3000):
            start, end = sorted(draw.sample(edges, 2))
            end = min(end, start + draw.choice([1, 60, 70_000]))
            assert fasta["a"][start:end] == sequence[start:end]
        assert fasta["b"][0:4] == "ACGT" and fasta["a"][0:size] == sequence
        for start, end in ((0, size + 1), (size, size + 9)):
            with pytest.raises(pyfaidx.FetchError):
                fasta["a"][start:end]


def test_reading_never_writes_and_takes_the_index_that_is_there(tmp_path):
    path = tmp_path / "x.fa.gz"
    write_indexed_fasta(RECORDS, path)
    os.utime(path, (2e9, 2e9))  # newer than its indices, as in a copied folder
    before = {one.name: (one.read_bytes(), one.stat().st_mtime) for one in tmp_path.iterdir()}
    with pytest.warns(RuntimeWarning, match="older"), open_indexed(path) as fasta:
        assert fasta["chr1"][6:12] == "gtNNRY"
    assert {one.name: (one.read_bytes(), one.stat().st_mtime) for one in tmp_path.iterdir()} == before
    for suffix in (".gzi", ".fai"):
        (tmp_path / f"x.fa.gz{suffix}").unlink()
        with pytest.raises(LinguistError, match=r"its index .*\.(fai|gzi) is missing"):
            open_indexed(path)
    assert list(tmp_path.iterdir()) == [path]


def test_three_files_and_the_same_bytes_each_time(tmp_path):
    for name in ("x.fa.gz", "y.fa.gz"):
        write_indexed_fasta(RECORDS, tmp_path / name)
        write_indexed_fasta(RECORDS, tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{n}.fa.gz{s}" for n in "xy" for s in ("", ".fai", ".gzi")]
    assert (tmp_path / "x.fa.gz").read_bytes() == (tmp_path / "y.fa.gz").read_bytes()


def test_a_flaw_leaves_nothing_behind_and_an_older_file_as_it_was(tmp_path):
    bad = write(tmp_path / "bad.fa", PLAIN + ">chr3\nAC!GT\n")
    with pytest.raises(LinguistError, match="line 7"):
        write_indexed_fasta(read_sequences(bad, "dna"), tmp_path / "x.fa.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.fa"]
    write_indexed_fasta(RECORDS, tmp_path / "x.fa.gz")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(LinguistError):
        write_indexed_fasta(read_sequences(bad, "dna"), tmp_path / "x.fa.gz")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_nothing_and_duplicates_are_not_written(tmp_path):
    with pytest.raises(LinguistError, match="no sequence to write"):
        write_indexed_fasta([], tmp_path / "x.fa.gz")
    with pytest.raises(ValueError, match="second record is named chr1"):
        write_indexed_fasta([RECORDS[0]] * 2, tmp_path / "x.fa.gz")
    assert not list(tmp_path.iterdir())


def test_plain_gzip_becomes_readable_at_random(tmp_path):
    source = write(tmp_path / "x.gz", gzip.compress(PLAIN.encode()))
    write_indexed_fasta(read_sequences(source, "dna"), tmp_path / "out" / "x.fa.gz")
    with open_indexed(tmp_path / "out" / "x.fa.gz") as fasta:
        assert fasta["chr1"][6:12] == "gtNNRY"
