"""Sequence files: every wart a real file has, the round trip to an indexed one, and coding sequences beyond doubt."""

import gzip
import logging
import random
from collections import Counter
from pathlib import Path

import pyfaidx
import pysam
import pytest
from Bio.Seq import Seq
from hypothesis import given, settings
from hypothesis import strategies as st

from linguist.errors import LinguistError
from linguist.sequences.fasta import (
    LETTERS,
    CodingSequence,
    Sequence,
    index_sequences,
    read_coding_sequences,
    read_sequences,
    write_indexed_fasta,
)


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


# ---- reading FASTA ----

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
    ("content", "alphabet", "expected"),
    [
        (">a\nACGT\n\nACGQ\n", "dna", ", line 4: 'Q' is not a letter of the dna alphabet: it looks like protein"),
        (">a\nMKVLAA*\n", "dna", ", line 2: 'L' is not a letter of the dna alphabet: it looks like protein"),
        (">a\nACGU\n", "dna", ", line 2: 'U' is not a letter of the dna alphabet: it looks like RNA; write T"),
        (">a\nAC-GT\n", "dna", ", line 2: '-' is not a letter of the dna alphabet: it looks like an alignment gap"),
        (">a\nACGT\n>b\nAC7GT\n", "dna", ", line 4: '7' is not a letter of the dna alphabet: remove it"),
        (">a\nAC GT\n", "dna", ", line 2: ' ' is not a letter"),
        (">a\nAC\u017fGT\n", "dna", ", line 2: 'ſ' is not a letter"),
        (">a\nMK*V\n", "protein", ", line 2: '*' is not a letter of the protein alphabet: a stop inside"),
        (">a\nMK*\nV\n", "protein", ", line 2: '*' is not a letter of the protein alphabet: a stop inside"),
        (">a\nMK**\n", "protein", ", line 2: '*' is not a letter of the protein alphabet: a stop inside"),
        (">a\n" + "ACGTN" * 8 + "\n", "protein", ", line 1: record a looks like DNA; give a protein file"),
        ("ACGT\n>a\nACGT\n", "dna", ", line 1: sequence before the first header; put '>name' above it"),
        ("@r1\nACGT\n+\nIIII\n", "dna", ", line 1: not FASTA: '@r1' stands where a '>name' must be"),
        ("\n<!DOCTYPE html>\n", "dna", ", line 2: not FASTA: '<!DOCTYPE html>'"),
        (">a\n>b\nAC\n", "dna", ", line 1: record a has no sequence; add it"),
        (">a\nAC\n>b\n\n", "dna", ", line 3: record b has no sequence"),
        (">a\n*\n", "protein", ", line 1: record a has no sequence"),
        (">\nAC\n", "dna", ", line 1: the header has no name"),
        (">a x\nAC\n>b\nAC\n>a y\nAC\n", "dna", ", line 5: a second record is named a"),
        ("", "dna", ": the file is empty"),
        ("\n\n", "dna", ": the file is empty"),
        (b"", "protein", ": the file is empty"),
        (gzip.compress(b""), "dna", ": the file is empty"),
        (b">a\nACGT\n>b \xe9\nAC\n", "dna", ", line 3: not UTF-8 text"),
        (PLAIN.encode("utf-16"), "dna", ", line 1: not UTF-8 text"),
        (gzip.compress(PLAIN.encode())[:-12], "dna", ": the gzip data are cut short"),
        (gzip.compress(PLAIN.encode())[:-8] + b"12345678", "dna", ": the gzip data are cut short or damaged"),
        (gzip.compress(b">a\n\xff\n"), "dna", ", line 2: not UTF-8 text"),
    ],
)
def test_refuses_in_one_line_with_place_cause_and_cure(tmp_path, content, alphabet, expected):
    assert message(write(tmp_path / "x.fa", content), alphabet).startswith(expected)


def test_refuses_a_missing_file_and_a_folder(tmp_path):
    assert message(tmp_path / "none.fa") == ": cannot be read (No such file or directory); check the path"
    assert message(tmp_path).startswith(": cannot be read")


def test_a_protein_that_only_looks_like_dna_is_read_when_others_do_not(tmp_path):
    path = write(tmp_path / "x.fa", ">a\nMKVL\n>b\n" + "GATTACA" * 9 + "\n")
    assert len(read(path, "protein")) == 2


# ---- writing ----

names = st.lists(st.text("abcXYZ019_.|-", min_size=1, max_size=9), min_size=1, max_size=5, unique=True)


@settings(deadline=None, max_examples=40)
@given(names=names, seed=st.integers(0, 2**32), alphabet=st.sampled_from(sorted(LETTERS)))
def test_any_slice_reads_back(tmp_path_factory, names, seed, alphabet):
    rng = random.Random(seed)
    letters = LETTERS[alphabet] + LETTERS[alphabet].lower()
    lengths = [rng.choice([1, 59, 60, 61, 120, 5000]) for _ in names]
    records = [Sequence(n, "", "".join(rng.choices(letters, k=k))) for n, k in zip(names, lengths, strict=True)]
    path = tmp_path_factory.mktemp("round") / "x.fa.gz"
    write_indexed_fasta(records, path)
    with pysam.FastaFile(str(path)) as fasta:
        assert list(fasta.references) == names
        for record in records:
            start, end = sorted(rng.choices(range(len(record.sequence) + 1), k=2))
            assert fasta.fetch(record.name) == record.sequence
            assert fasta.fetch(record.name, start, end) == record.sequence[start:end]


def test_blocks_join_without_a_seam_and_pyfaidx_agrees(tmp_path):
    sequence = "".join(random.Random(0).choices("ACGTacgtN", k=2_500_001))
    write_indexed_fasta([Sequence("a", "long one", sequence), Sequence("b", "", "ACGT")], tmp_path / "x.fa.gz")
    lines = gzip.decompress((tmp_path / "x.fa.gz").read_bytes()).decode().split("\n")
    assert lines[0] == ">a long one" and {len(line) for line in lines[1:41667]} == {60} and lines[-2] == "ACGT"
    with pyfaidx.Fasta(str(tmp_path / "x.fa.gz")) as fasta:
        assert str(fasta["a"][1_199_990:1_200_010]) == sequence[1_199_990:1_200_010]
        assert str(fasta["a"]) == sequence


def test_three_files_and_the_same_bytes_each_time(tmp_path):
    for name in ("x.fa.gz", "y.fa.gz"):
        write_indexed_fasta(PARSED, tmp_path / name)
        write_indexed_fasta(PARSED, tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{n}.fa.gz{s}" for n in "xy" for s in ("", ".fai", ".gzi")]
    assert (tmp_path / "x.fa.gz").read_bytes() == (tmp_path / "y.fa.gz").read_bytes()


def test_a_flaw_leaves_nothing_behind_and_an_older_file_as_it_was(tmp_path):
    bad = write(tmp_path / "bad.fa", PLAIN + ">chr3\nAC!GT\n")
    with pytest.raises(LinguistError, match="line 7"):
        index_sequences(bad, tmp_path / "x.fa.gz", "dna")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.fa"]
    write_indexed_fasta(PARSED, tmp_path / "x.fa.gz")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(LinguistError):
        index_sequences(bad, tmp_path / "x.fa.gz", "dna")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_nothing_and_duplicates_are_not_written(tmp_path):
    with pytest.raises(LinguistError, match="no sequence to write"):
        write_indexed_fasta([], tmp_path / "x.fa.gz")
    with pytest.raises(ValueError, match="second record is named chr1"):
        write_indexed_fasta([PARSED[0]] * 2, tmp_path / "x.fa.gz")
    assert not list(tmp_path.iterdir())


def test_plain_gzip_becomes_readable_at_random(tmp_path):
    source = write(tmp_path / "x.gz", gzip.compress(PLAIN.encode()))
    index_sequences(source, tmp_path / "out" / "x.fa.gz", "dna")
    with pysam.FastaFile(str(tmp_path / "out" / "x.fa.gz")) as fasta:
        assert fasta.fetch("chr1", 6, 12) == "gtNNRY"


# ---- coding sequences ----

DNA = "ATGAAAGTTTGGCATTAA"
PROTEIN = "MKVWH"


def genbank(features, dna, locus="REC1", division="PRI"):
    lines = [
        f"LOCUS       {locus:<16} {len(dna):>11} bp    DNA     linear   {division} 01-JAN-2000",
        "FEATURES             Location/Qualifiers",
    ]
    for location, qualifiers in features:
        lines.append(f"     CDS             {location}")
        lines += [f'                     /{key}="{value}"' for key, value in qualifiers.items()]
    lines.append("ORIGIN")
    for start in range(0, len(dna), 60):
        chunks = " ".join(dna[start : start + 60][i : i + 10].lower() for i in range(0, 60, 10)).rstrip()
        lines.append(f"{start + 1:>9} {chunks}")
    return "\n".join(lines) + "\n//\n"


def coding(path, content):
    dropped = Counter()
    return list(read_coding_sequences(write(path, content), dropped=dropped)), dropped


def refusal(path, content):
    with pytest.raises(LinguistError) as caught:
        list(read_coding_sequences(write(path, content)))
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(str(path))


PAD = "CCCCC"
SPLICED = PAD + DNA[:7] + "GTNNAG" + DNA[7:] + PAD  # exons 6..12 and 19..29
REVERSED = str(Seq(SPLICED).reverse_complement())  # of 34: exons 23..29 and 6..16


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("location", "dna", "extra"),
    [
        ("join(6..12,19..29)", SPLICED, {}),
        ("complement(join(6..16,23..29))", REVERSED, {}),
        ("join(complement(23..29),complement(6..16))", REVERSED, {}),
        ("join(4..12,19..29)", SPLICED, {"codon_start": 3}),
    ],
)
def test_splices_honouring_strand_and_frame(tmp_path, pack, location, dna, extra):
    given = {"protein_id": "P1.1", "translation": PROTEIN, **extra}
    records, dropped = coding(tmp_path / "x.gb", pack(genbank([(location, given)], dna)))
    assert records == [CodingSequence("P1.1", DNA[:-3], PROTEIN)] and not dropped


FIT = ("6..23", {"protein_id": "P1", "translation": PROTEIN})


@pytest.mark.parametrize(
    ("feature", "dna", "reason"),
    [
        (("6..23", {"pseudo": ""}), PAD + DNA, "without a translation"),
        (("join(6..23,J00194.1:100..200)", FIT[1]), PAD + DNA, "not wholly within their record"),
        (("<6..23", FIT[1]), PAD + DNA, "incomplete"),
        (("6..>23", FIT[1]), PAD + DNA, "incomplete"),
        (("complement(<6..23)", FIT[1]), PAD + DNA, "incomplete"),
        (("6..22", FIT[1]), PAD + DNA, "not a multiple of three long"),
        (FIT, PAD + DNA.replace("TTT", "TNT"), "with ambiguous bases"),
        (("6..20", FIT[1]), PAD + DNA, "without a start, without a stop at the end, or with a stop inside"),
        (FIT, PAD + "GTG" + DNA[3:], "without a start, without a stop at the end, or with a stop inside"),
        (FIT, PAD + DNA.replace("TGG", "TGA"), "without a start, without a stop at the end, or with a stop inside"),
        (("6..23", FIT[1] | {"translation": "MKVWW"}), PAD + DNA, "with a translation that differs"),
        (("6..23", FIT[1] | {"transl_table": "99"}), PAD + DNA, "of an unknown genetic code"),
    ],
)
def test_drops_what_is_in_doubt_and_says_why(tmp_path, caplog, feature, dna, reason):
    content = genbank([feature], dna) + genbank([FIT], PAD + DNA, "REC2")
    with caplog.at_level(logging.INFO, "linguist"):
        records, dropped = coding(tmp_path / "x.gb", content)
    assert records == [CodingSequence("P1", DNA[:-3], PROTEIN)] and dropped == {reason: 1}
    assert caplog.messages == [f"{tmp_path / 'x.gb'}: 1 coding sequences (dropped: 1 {reason})"]
    expected = f": no usable coding sequence (dropped: 1 {reason}); give complete"
    assert refusal(tmp_path / "y.gb", genbank([feature], dna)).startswith(expected)


def test_the_genetic_code_is_the_one_named_or_that_of_the_division(tmp_path):
    mitochondrial = ("1..9", {"transl_table": 2, "translation": "MW"})
    assert len(coding(tmp_path / "x.gb", genbank([mitochondrial], "ATATGAAGA"))[0]) == 1
    bacterial = genbank([FIT], PAD + "GTG" + DNA[3:], division="BCT")
    assert coding(tmp_path / "y.gb", bacterial)[0][0].protein == PROTEIN


def test_names_are_unique_even_where_the_file_has_none(tmp_path):
    nameless = ("6..23", {"translation": PROTEIN})
    records, _ = coding(tmp_path / "x.gb", genbank([FIT, FIT, nameless, nameless], PAD + DNA))
    found = [record.name for record in records]
    assert found[:2] == ["P1", "P1-2"] and len(set(found)) == 4 and found[2].startswith("REC1.")


def test_reads_a_table(tmp_path):
    header = "gene\taccession\tcds\tprotein\n"
    content = f"\ufeff{header}g\tQ1\t{DNA.lower()}\t{PROTEIN}*\n\ng\tQ2\t{DNA}\tMK\n".replace("\n", "\r\n")
    records, dropped = coding(tmp_path / "x.tsv", content)
    assert records == [CodingSequence("Q1", DNA[:-3], PROTEIN)] and dropped == {"with a translation that differs": 1}
    assert coding(tmp_path / "y.tsv", f"cds\tprotein\n{DNA}\t{PROTEIN}\n")[0][0].name == "row1"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (genbank([], "ACGT"), ": no usable coding sequence (dropped: none); give complete"),
        (PLAIN, ": a FASTA file does not say what its sequences code for; give Ensembl's peptides"),
        ("id\tcds\n", ": neither GenBank nor a table with columns cds and protein"),
        ("", ": neither GenBank nor a table"),
        ("cds\tprotein\n", ": no usable coding sequence (dropped: none)"),
        (f"cds\tprotein\n{DNA}\t{PROTEIN}\n{DNA}\n", ", line 3: 1 columns where the header has 2; mend"),
        (genbank([FIT], PAD + DNA)[:-5], ", record 1: not valid GenBank (Premature end"),
        (genbank([FIT], PAD + DNA) + genbank([FIT], PAD + DNA)[:130], ", record 2: not valid GenBank ("),
        (gzip.compress(genbank([FIT], PAD + DNA).encode())[:-9], ": the gzip data are cut short"),
        (b"LOCUS\n\xff\n", ", line 2: not UTF-8 text"),
    ],
)
def test_refuses_a_bad_source_of_coding_sequences_in_one_line(tmp_path, content, expected):
    assert refusal(tmp_path / "x.gb", content).startswith(expected)


# ---- coding sequences in Ensembl's form ----

TRYPTOPHAN, SELENO = "ATGTGGTGGTAA", "ATGTGATGGTAA"


def header(name, gene, content, chromosome="7", biotype="protein_coding", transcript=None):
    """As in release 113, where a description may hold anything."""
    place = f"chromosome:GRCh38:{chromosome}:142786213:142786224:1 gene:{gene}"
    place += f" transcript:{transcript}" if transcript else ""
    kinds = f"gene_biotype:protein_coding transcript_biotype:{biotype} gene_symbol:ABC1"
    return (
        f">{name} {content} {place} {kinds} description:of gene:X transcript_biotype:Y [Source:HGNC Symbol;Acc:HGNC:1]"
    )


def ensembl(folder, *entries):
    """Files of CDS and peptides from (transcript, gene, CDS or None, peptide or None, more of the header)."""
    cds, pep = [], []
    for number, (transcript, gene, dna, peptide, *more) in enumerate(entries):
        more = dict(more)
        if dna:
            lines = [dna[at : at + 60] for at in range(0, len(dna), 60)]
            cds += [header(transcript, gene, "cds", **more), *lines]
        if peptide:
            pep += [header(f"ENSP{number:011}.1", gene, "pep", transcript=transcript, **more), peptide]
    (folder / "cds.fa.gz").write_bytes(gzip.compress("\n".join(cds).encode()))
    (folder / "pep.fa.gz").write_bytes(gzip.compress("\n".join(pep).encode()))
    return folder / "cds.fa.gz", folder / "pep.fa.gz"


def test_reads_ensembl_with_all_its_warts(tmp_path, caplog):
    caplog.set_level(logging.INFO, "linguist")
    files = ensembl(
        tmp_path,
        ("ENST00000632684.1", "ENSG1.1", "GGGACAGGGGGC", "GTGG", ("biotype", "TR_D_gene")),
        ("ENST2.4", "ENSG2.7", DNA.lower(), PROTEIN),
        ("ENST3.1", "ENSG3.1", DNA[3:], PROTEIN[1:]),  # 5' incomplete
        ("ENST4.1", "ENSG4.1", DNA[:-3], PROTEIN),  # 3' incomplete
        ("ENST5.1", "ENSG5.1", DNA[:-1], PROTEIN + "X"),
        ("ENST6.1", "ENSG6.1", SELENO, "MUW"),
        ("ENST7.1", "ENSG7.1", DNA.replace("TTT", "TTN"), "MKXWH"),
        ("ENST8.1", "ENSG8.1", DNA, None),
        ("ENST9.1", "ENSG9.1", None, PROTEIN),
        ("ENST10.1", "ENSG10.1", "ATATGATGGTAA", "MWW", ("chromosome", "MT")),  # start and Trp of another code
        ("ENST11.1", "ENSG11.1", DNA, "MK*WH"),
        ("ENST12.2", "ENSG12.1", DNA, PROTEIN, ("biotype", "nonsense_mediated_decay")),
        ("ENST13.1", "ENSG13.1", TRYPTOPHAN, "MWW*"),
    )
    dropped = Counter()
    records = list(read_coding_sequences(*files, dropped=dropped))
    assert records == [
        CodingSequence("ENST2.4", DNA[:-3], PROTEIN),
        CodingSequence("ENST13.1", TRYPTOPHAN[:-3], "MWW"),
    ]
    assert dropped == {
        "not protein-coding": 2,
        "without a peptide": 1,
        "not a multiple of three long": 1,
        "with ambiguous bases": 1,
        "without a start, without a stop at the end, or with a stop inside": 4,
        "with a translation that differs": 1,
    }
    assert caplog.messages[0].startswith(f"{files[0]}: 2 coding sequences (dropped: 4 without a start")


def test_one_isoform_of_a_gene_is_left_the_longest_that_is_sound(tmp_path):
    longer = "ATGAAAAAAGTTTGGCATTAA"
    files = ensembl(
        tmp_path,
        ("T3.1", "G1.1", DNA, PROTEIN),
        ("T2.1", "G2.1", DNA, PROTEIN),
        ("T5.1", "G1.1", longer, "MKKVWH"),
        ("T4.1", "G1.1", longer, "MKKVWH"),
        ("T1.1", "G1.1", "ATGAAA" + longer[3:-3], "MKKKVWH"),  # longer still, without a stop
        ("T1.2", "G2.1", DNA, PROTEIN),
    )
    dropped = Counter()
    assert [record.name for record in read_coding_sequences(*files, dropped=dropped)] == ["T4.1", "T1.2"]
    assert dropped["other isoforms of their gene"] == 3 and dropped.total() == 4


def test_versions_are_part_of_a_transcripts_name(tmp_path):
    """Where another release's peptides are given, and in plants, where the suffix is the isoform."""
    cds, _ = ensembl(tmp_path, ("AT1G01010.1", "AT1G01010", DNA, PROTEIN))
    (tmp_path / "other").mkdir()
    _, pep = ensembl(tmp_path / "other", ("AT1G01010.2", "AT1G01010", DNA, PROTEIN))
    with pytest.raises(LinguistError, match=r"no usable coding sequence \(dropped: 1 without a peptide\)"):
        list(read_coding_sequences(cds, pep))


def test_refuses_files_that_are_not_ensembls_or_not_where_they_belong(tmp_path):
    cds, pep = ensembl(tmp_path, ("T1.1", "G1.1", DNA, PROTEIN))
    plain = write(tmp_path / "x.fa", f">a some gene\n{DNA}\n")
    bare = write(tmp_path / "y.fa", f">a cds transcript_biotype:protein_coding\n{DNA}\n")
    table = write(tmp_path / "x.tsv", f"cds\tprotein\n{DNA}\t{PROTEIN}\n")
    for files, expected in [
        ((cds, None), f"{cds}: a FASTA file does not say what its sequences code for; give Ensembl's peptides"),
        ((table, pep), f"{table}: not FASTA, so it brings its own proteins; leave out 'proteins'"),
        ((cds, cds), f"{cds}, line 1: the header of 'T1.1' does not say 'pep'; give a file as Ensembl's pep/*.pep.all"),
        (
            (pep, pep),
            f"{pep}, line 1: the header of 'ENSP00000000000.1' does not say 'cds'; give a file as Ensembl's cds",
        ),
        ((plain, pep), f"{plain}, line 1: the header of 'a' does not say 'cds'"),
        ((bare, pep), f"{bare}, line 1: the header of 'a' does not say 'gene:'"),
        ((cds, table), f"{table}, line 1: not FASTA"),
    ]:
        with pytest.raises(LinguistError) as caught:
            list(read_coding_sequences(*files))
        assert str(caught.value).startswith(expected) and "\n" not in str(caught.value)


# ---- real data ----


@pytest.mark.parametrize(("name", "kept"), [("gbpri1.seq", 111), ("ct.gbk", 893), ("human_cds_protein.tsv", 819)])
def test_real_coding_sequences(real_data, name, kept):
    records = list(read_coding_sequences(real_data / "cds" / name))
    assert len(records) == kept == len({record.name for record in records})
    for record in records:
        translation = str(Seq(record.dna).translate())
        # An alternative start codon codes for another residue elsewhere.
        assert translation[1:] == record.protein[1:] and record.protein[0] == "M"


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


def test_the_embedded_demo_reads():
    demo = Path(__file__).parents[3] / "resources" / "demo"
    assert len([read(path) for path in sorted(demo.glob("*.fa.gz"))]) == 9
    assert len(read(demo / "uniprot.fasta.gz", "protein")) == 2700
    assert len(list(read_coding_sequences(demo / "human_cds.gb.gz"))) == 111
    assert sum(path.stat().st_size for path in demo.iterdir()) < 3_500_000
