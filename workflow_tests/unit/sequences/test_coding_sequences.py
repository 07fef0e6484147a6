"""Coding sequences: complete, with their protein, from every form of file; what is in doubt is dropped and counted."""

import gzip
import logging
from collections import Counter
from pathlib import Path

import pytest
from Bio.Seq import Seq

from linguist.errors import LinguistError
from linguist.sequences.coding_sequences import CodingSequence, read_coding_sequences

PLAIN = ">chr1 a first one\nACGTacgtNN\nRYSWKM\n>chr2\nAC\n"


def write(path, content):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


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
    assert str(tmp_path / "x.gb") in caplog.text and f"1 {reason}" in caplog.text
    assert f"1 {reason}" in refusal(tmp_path / "y.gb", genbank([feature], dna))


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
    ("content", "facts"),
    [
        (genbank([], "ACGT"), ["none"]),
        (PLAIN, ["FASTA", "Ensembl", "'proteins'"]),
        ("id\tcds\n", ["GenBank", "cds", "protein"]),
        ("", ["GenBank", "table"]),
        ("cds\tprotein\n", ["none"]),
        (f"cds\tprotein\n{DNA}\t{PROTEIN}\n{DNA}\n", ["line 3", "1 columns", "cds, protein"]),
        (genbank([FIT], PAD + DNA)[:-5], ["record 1", "Premature end"]),
        (genbank([FIT], PAD + DNA) + genbank([FIT], PAD + DNA)[:130], ["record 2", "GenBank"]),
        (gzip.compress(genbank([FIT], PAD + DNA).encode())[:-9], ["gzip"]),
        (b"LOCUS\n\xff\n", ["line 2", "UTF-8"]),
        (genbank([FIT], PAD + DNA).replace("FEATURES", "  JOURNAL   J.\nFEATURES"), ["record 1", "GenBank"]),
        (genbank([FIT], PAD + DNA).replace("FEATURES", "  AUTHORS   A.\nFEATURES"), ["record 1", "GenBank"]),
        (genbank([FIT], PAD + DNA).replace("6..23", "6.." + "9" * 5000), ["record 1", "GenBank"]),
        (genbank([FIT], PAD + DNA, "REC\u00e9"), ["record 1", "\u00e9"]),
    ],
)
def test_refuses_a_bad_source_of_coding_sequences_in_one_line(tmp_path, content, facts):
    message = refusal(tmp_path / "x.gb", content)
    assert all(fact in message for fact in facts) and "; " in message


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


def test_reads_ensembl_with_every_flaw_that_its_files_have(tmp_path, caplog):
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
    assert str(files[0]) in caplog.text and "4 without a start" in caplog.text


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
    with pytest.raises(LinguistError, match="1 without a peptide"):
        list(read_coding_sequences(cds, pep))


def test_refuses_files_that_are_not_ensembls_or_not_where_they_belong(tmp_path):
    cds, pep = ensembl(tmp_path, ("T1.1", "G1.1", DNA, PROTEIN))
    plain = write(tmp_path / "x.fa", f">a some gene\n{DNA}\n")
    bare = write(tmp_path / "y.fa", f">a cds transcript_biotype:protein_coding\n{DNA}\n")
    table = write(tmp_path / "x.tsv", f"cds\tprotein\n{DNA}\t{PROTEIN}\n")
    for files, place, facts in [
        ((cds, None), f"{cds}: ", ["FASTA", "Ensembl"]),
        ((table, pep), f"{table}: ", ["FASTA", "'proteins'"]),
        ((cds, cds), f"{cds}, line 1: ", ["'T1.1'", "'pep'", "pep/*.pep.all"]),
        ((pep, pep), f"{pep}, line 1: ", ["'ENSP00000000000.1'", "'cds'", "cds/*.cds.all"]),
        ((plain, pep), f"{plain}, line 1: ", ["'a'", "'cds'"]),
        ((bare, pep), f"{bare}, line 1: ", ["'a'", "'gene:'"]),
        ((cds, table), f"{table}, line 1: ", ["FASTA"]),
    ]:
        with pytest.raises(LinguistError) as caught:
            list(read_coding_sequences(*files))
        message = str(caught.value)
        assert message.startswith(place) and "\n" not in message and all(fact in message for fact in facts)


# ---- real data ----


@pytest.mark.parametrize(("name", "kept"), [("gbpri1.seq", 111), ("ct.gbk", 893), ("human_cds_protein.tsv", 819)])
def test_real_coding_sequences(real_data, name, kept):
    records = list(read_coding_sequences(real_data / "cds" / name))
    assert len(records) == kept == len({record.name for record in records})
    for record in records:
        translation = str(Seq(record.dna).translate())
        # An alternative start codon codes for another residue elsewhere.
        assert translation[1:] == record.protein[1:] and record.protein[0] == "M"


def test_the_demos_coding_sequences_are_read():
    demo = Path(__file__).parents[3] / "resources" / "demo"
    assert len(list(read_coding_sequences(demo / "human_cds.gb.gz"))) == 111
