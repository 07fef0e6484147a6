"""Strict reading of FASTA: files with every flaw that real files have."""

import gzip
import lzma
import re
from pathlib import Path

import pytest

from linguist.errors import LinguistError
from linguist.sequences.fasta import Sequence, read_sequences
from linguist.sequences.indexed import write_indexed_fasta


def write(path, content):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path, alphabet="dna"):
    return list(read_sequences(path, alphabet))


def message(path, alphabet="dna"):
    with pytest.raises(LinguistError) as caught:
        read(path, alphabet)
    text = str(caught.value)
    assert "\n" not in text and text.startswith(str(path))
    return text.removeprefix(str(path))


def spoil(packed):
    """Packed data with letters that were never packed: they come out before the checksum shows it."""
    middle = len(packed) // 2
    return packed[:middle] + b"\xff\x00\xff" + packed[middle + 3 :]


PLAIN = ">chr1 a first one\nACGTacgtNN\nRYSWKM\n>chr2\nAC\n"
PARSED = [Sequence("chr1", "a first one", "ACGTacgtNNRYSWKM"), Sequence("chr2", "", "AC")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(PLAIN.replace("\n", "\r\n"), id="crlf"),
        pytest.param(PLAIN.replace("\n", "\r"), id="old mac"),
        pytest.param("\n\n" + PLAIN.replace("\n", "\n \n"), id="blank lines"),
        pytest.param("\ufeff" + PLAIN, id="byte-order mark"),
        pytest.param(PLAIN.rstrip(), id="no end of line at the end"),
        pytest.param(PLAIN.replace("chr1 a", "chr1\ta"), id="tab after the name"),
        pytest.param(gzip.compress(PLAIN.encode()), id="gzip"),
        pytest.param(gzip.compress(PLAIN[:20].encode()) + gzip.compress(PLAIN[20:].encode()), id="gzip members"),
    ],
)
def test_reads_every_form_of_the_same_file(tmp_path, content):
    assert read(write(tmp_path / "x.fa", content)) == PARSED


def test_reads_bgzip_whatever_its_name(tmp_path):
    write_indexed_fasta(PARSED, tmp_path / "x.txt")
    assert read(tmp_path / "x.txt") == PARSED


def test_bgzip_that_is_cut_between_two_blocks_is_not_taken_for_whole(tmp_path):
    write_indexed_fasta(PARSED, tmp_path / "x.gz")
    whole = (tmp_path / "x.gz").read_bytes()
    (tmp_path / "x.gz").write_bytes(whole[:-28])  # without the empty block at the end
    assert gzip.decompress(whole[:-28]) == gzip.decompress(whole)
    assert "cut short" in message(tmp_path / "x.gz")


def test_keeps_non_ascii_descriptions(tmp_path):
    assert read(write(tmp_path / "x.fa", ">a Müller\nAC\n"))[0].description == "Müller"


def test_proteins_lose_one_stop_at_the_end(tmp_path):
    path = write(tmp_path / "x.fa", ">a\nMKV\n*\n>b\nMUOBZXJ*\n\n>c\nMK\n")
    assert [record.sequence for record in read(path, "protein")] == ["MKV", "MUOBZXJ", "MK"]


def test_yields_before_it_reads_on(tmp_path):
    path = write(tmp_path / "x.fa", PLAIN + ">chr3\nAC!GT\n")
    records = read_sequences(path, "dna")
    assert [next(records), next(records)] == PARSED
    with pytest.raises(LinguistError):
        next(records)


@pytest.mark.parametrize(
    ("content", "alphabet", "line", "facts"),
    [
        (">a\nACGT\n\nACGQ\n", "dna", 4, ["'Q'", "protein"]),
        (">a\nMKVLAA*\n", "dna", 2, ["'L'", "protein"]),
        (">a\nACGU\n", "dna", 2, ["'U'", "RNA"]),
        (">a\nAC-GT\n", "dna", 2, ["'-'", "gap"]),
        (">a\nACGT\n>b\nAC7GT\n", "dna", 4, ["'7'"]),
        (">a\nAC GT\n", "dna", 2, ["' '"]),
        (">a\nAC\u017fGT\n", "dna", 2, ["'ſ'"]),
        (">a\nMK*V\n", "protein", 2, ["'*'", "stop"]),
        (">a\nMK*\nV\n", "protein", 2, ["'*'", "stop"]),
        (">a\nMK**\n", "protein", 2, ["'*'", "stop"]),
        (">a\n" + "ACGTN" * 8 + "\n", "protein", 1, ["record a", "DNA"]),
        ("ACGT\n>a\nACGT\n", "dna", 1, ["header"]),
        ("#r1\nACGT\n", "dna", 1, ["'#r1'", "not FASTA"]),
        ("\n<page>\n", "dna", 2, ["'<page>'", "not FASTA"]),
        (">a\n>b\nAC\n", "dna", 1, ["record a", "no sequence"]),
        (">a\nAC\n>b\n\n", "dna", 3, ["record b", "no sequence"]),
        (">a\n*\n", "protein", 1, ["record a", "no sequence"]),
        (">\nAC\n", "dna", 1, ["no name"]),
        (">a\nAC\n>chr\u00e9 x\nAC\n", "dna", 3, ["chr\u00e9", "'\u00e9'"]),
        (">a\nAC\n>b\x07 x\nAC\n", "dna", 3, ["\\x07"]),
        (">a\u00a0b\nMK\n", "protein", 1, ["\\xa0"]),
        (">a\x01b\nMK\n", "protein", 1, ["\\x01"]),
        (">a\nAC\n>" + "é" * 10**6 + "\nAC\n", "dna", 3, [" ..."]),
        (">a x\nAC\n>b\nAC\n>a y\nAC\n", "dna", 5, ["named a"]),
        ("", "dna", None, ["empty"]),
        ("\n\n", "dna", None, ["empty"]),
        (b"", "protein", None, ["empty"]),
        (gzip.compress(b""), "dna", None, ["empty"]),
        (b">a\nACGT\n>b \xe9\nAC\n", "dna", 3, ["UTF-8"]),
        (PLAIN.encode("utf-16"), "dna", None, ["UTF-16", "UTF-8"]),
        (gzip.compress(PLAIN.encode())[:-12], "dna", None, ["gzip"]),
        (gzip.compress(PLAIN.encode())[:-8] + b"12345678", "dna", None, ["gzip"]),
        (gzip.compress(b">a\n\xff\n"), "dna", 2, ["UTF-8"]),
        (spoil(gzip.compress(PLAIN.encode() * 200)), "dna", None, ["gzip", "damaged"]),
        (gzip.compress(b">a\nAC\n") + b"tail", "dna", None, ["gzip", "follow"]),
        (gzip.compress(gzip.compress(PLAIN.encode())), "dna", None, ["gzip", "inside"]),
        (lzma.compress(PLAIN.encode()), "dna", None, ["xz"]),
    ],
)
def test_a_flaw_gets_one_line_with_place_cause_and_cure(tmp_path, content, alphabet, line, facts):
    text = message(write(tmp_path / "x.fa", content), alphabet)
    assert text.startswith(f", line {line}: " if line else ": ")
    assert all(fact in text for fact in facts) and re.search("[;:] [a-z]", text)


def test_refuses_a_missing_file_and_a_folder(tmp_path):
    assert "No such file" in message(tmp_path / "none.fa") and "directory" in message(tmp_path)


def test_a_protein_that_only_looks_like_dna_is_read_when_others_do_not(tmp_path):
    path = write(tmp_path / "x.fa", ">a\nMKVL\n>b\n" + "GATTACA" * 9 + "\n")
    assert len(read(path, "protein")) == 2


# ---- real data ----


def test_real_genomes_and_proteins(real_data):
    for path in sorted((real_data / "genome" / "orthologs").glob("*.fa")):
        (record,) = read(path)
        assert len(record.sequence) > 90_000 and record.name.startswith("chr")
    proteins = read(real_data / "proteins" / "uniprot_mmseqs2_20000.fasta.gz", "protein")
    assert len(proteins) == 20_000
    with pytest.raises(LinguistError, match="looks like protein"):
        read(real_data / "proteins" / "uniprot_mmseqs2_20000.fasta.gz", "dna")
    with pytest.raises(LinguistError, match="looks like DNA"):
        read(real_data / "genome" / "orthologs" / "mm10.fa", "protein")


def test_the_demos_sequences_are_read():
    demo = Path(__file__).parents[3] / "resources" / "demo"
    assert all(len(read(path)) for path in demo.glob("*.fa.gz"))
    assert len(read(demo / "uniprot.fasta.gz", "protein")) == 2700
    assert sum(path.stat().st_size for path in demo.iterdir()) < 3_500_000
