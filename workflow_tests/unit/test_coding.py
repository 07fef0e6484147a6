"""Coding pairs: checked against a codon table written out here, and free of what FACTS trap 8 found elsewhere."""

import random
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linguist.audit import audit
from linguist.coding import LARGEST_FAMILY, cut_windows, from_coding_sequences, refuted
from linguist.errors import LinguistError
from linguist.alignment import local_similarity
from linguist.pairs import write_pairs
from linguist.sequences import CodingSequence, read_coding_sequences

GENES = Path(__file__).parents[2] / "resources/demo/human_cds.gb.gz"
# The standard code (NCBI table 1), codons in the order TTT, TTC, TTA, TTG, TCT ...
RESIDUES = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = dict(zip(map("".join, product("TCAG", repeat=3)), RESIDUES, strict=True))
SPEC = {
    "length": 150,
    "sizes": {"train": 400, "dev": 100, "test": 300},
    "seed": 1,
    "rules": {"max_negative_similarity": 0.55},
}


def translated(dna):
    return "".join(CODE[dna[at : at + 3]] for at in range(0, len(dna), 3))


def coding(name, protein, dna=None):
    codon = {residue: codon for codon, residue in CODE.items()}
    return CodingSequence(name, dna or "".join(codon[residue] for residue in protein), protein)


@pytest.fixture(scope="module")
def genes():
    return {gene.name: gene for gene in read_coding_sequences(GENES)}


@pytest.fixture(scope="module")
def splits():
    return from_coding_sequences(SPEC, {"sequences": GENES})


def parts(name):
    """(gene, place) of the DNA, (gene, place) of the protein, and the kind, from a row's id."""
    places, _, kind = name.rpartition("-")
    (gene1, at1), (gene2, at2) = (place.rsplit(":", 1) for place in places.split("~"))
    return (gene1, int(at1)), (gene2, int(at2)), kind


# ── the pair set of the demo ──


def test_sizes_and_balance(splits):
    for split, rows in splits.items():
        assert len(rows) == SPEC["sizes"][split] and sum(row[3] for row in rows) == len(rows) / 2
        assert len({row[0] for row in rows}) == len(rows)


def test_each_positive_translates_and_each_negative_is_refuted(splits):
    for rows in splits.values():
        for _, dna, protein, label in rows:
            assert len(dna) == 150 and len(protein) == 50 and set(dna) <= set("ACGT")
            agreeing = sum(map(str.__eq__, translated(dna), protein))
            assert agreeing == 50 if label else agreeing <= 25


def test_no_negative_is_like_the_protein_anywhere(splits):
    for rows in splits.values():
        assert all(
            local_similarity("protein", translated(dna), protein) < 0.55 for _, dna, protein, label in rows if not label
        )


def test_no_family_fills_a_split(splits):
    family = {window.name: window.family for window in cut_windows(list(read_coding_sequences(GENES)), 50)}
    for split, rows in splits.items():
        counts = Counter(family[parts(row[0])[0][0]] for row in rows)
        assert max(counts.values()) <= LARGEST_FAMILY * SPEC["sizes"][split] and len(counts) >= 1 / LARGEST_FAMILY


def test_ids_say_where_both_sides_come_from(splits, genes):
    for rows in splits.values():
        kinds = Counter()
        for name, dna, protein, label in rows:
            (gene1, at1), (gene2, at2), kind = parts(name)
            assert genes[gene1].dna[3 * at1 : 3 * at1 + 150] == dna
            assert genes[gene2].protein[at2 : at2 + 50] == protein
            assert at1 % 50 == at2 % 50 == 0
            if label:
                assert kind == "same" and (gene1, at1) == (gene2, at2)
            else:
                assert kind == ("shifted" if gene1 == gene2 else "other")
            kinds[kind] += 1
        assert min(kinds["other"], kinds["shifted"]) > 0.3 * kinds["same"]  # turn and turn about


def test_other_genes_proteins_are_positives_of_the_same_split(splits):
    for rows in splits.values():
        proteins = {row[2] for row in rows if row[3]}
        assert all(row[2] in proteins for row in rows if row[0].endswith("-other"))


def test_genes_of_two_splits_share_no_word_of_twelve_residues(splits, genes):
    words = {}
    for split, rows in splits.items():
        used = {gene for row in rows for gene, _ in parts(row[0])[:2]}
        words[split] = {genes[g].protein[at : at + 12] for g in used for at in range(len(genes[g].protein) - 11)}
    assert not words["train"] & words["dev"] and not (words["train"] | words["dev"]) & words["test"]


def test_nothing_is_repeated_or_carries_both_labels(splits, tmp_path):
    for split, rows in splits.items():
        write_pairs(tmp_path / f"{split}.tsv", rows)
    found = audit({split: tmp_path / f"{split}.tsv" for split in splits})
    assert all(one["repeated_rows"] == one["pairs_with_both_labels"] == 0 for one in found["splits"].values())
    assert all(one == {"sentences": 0, "pairs": 0} for one in found["overlaps"].values())


def test_the_seed_decides(splits):
    assert from_coding_sequences(SPEC, {"sequences": GENES}) == splits
    assert from_coding_sequences(SPEC | {"seed": 2}, {"sequences": GENES}) != splits


def test_too_few_windows_get_one_line(tmp_path):
    with pytest.raises(
        LinguistError, match=r"only \d+ windows in \d+ families found, \d+ of 5000 wanted left for 'train'"
    ):
        from_coding_sequences(SPEC | {"sizes": SPEC["sizes"] | {"train": 10_000}}, {"sequences": GENES})


# ── windows and families ──


@given(st.lists(st.text("ACDEFGHIKLMNPQRSTVWY", max_size=40), max_size=6), st.integers(3, 12))
def test_windows_are_frame_true_whole_and_distinct(proteins, residues):
    sequences = [coding(f"g{i}", protein) for i, protein in enumerate(proteins)]
    windows = list(cut_windows(sequences, residues))
    expected = {p[at : at + residues] for p in proteins for at in range(0, len(p) - residues + 1, residues)}
    assert len(windows) == len(expected) and {window.protein for window in windows} == expected
    for window in windows:
        assert len(window.protein) == residues and translated(window.dna) == window.protein
        assert proteins[int(window.name[1:])][window.at :].startswith(window.protein)


def test_families_are_genes_that_share_a_word_directly_or_through_others():
    one, two, three, lone = "MACDEFGHIKLN", "PQRSTVWYACDE", "WWWWYYYYCCCC", "HHHHIIIIKKKK"
    sequences = [
        coding(f"g{i}", text) for i, text in enumerate([one + "MM", "MM" + one + two, two + three, lone + "MM"])
    ]
    family = {window.name: window.family for window in cut_windows(sequences, 4)}
    assert family["g0"] == family["g1"] == family["g2"] != family["g3"]
    apart = [coding("a", one + "M"), coding("b", one[:11] + "W")]  # eleven in common
    assert len({window.family for window in cut_windows(apart, 6)}) == 2


def test_a_window_that_the_standard_code_reads_otherwise_is_left_out():
    alternative = coding(
        "g", "MACDEF", "TTG" + coding("g", "ACDEF").dna
    )  # TTG starts a protein with M, and is L elsewhere
    assert [(window.at, window.protein) for window in cut_windows([alternative], 3)] == [(3, "DEF")]


def test_windows_of_another_genetic_code_are_left_out(real_data):
    genes = list(read_coding_sequences(real_data / "cds/ct.gbk"))
    windows = list(cut_windows(genes, 50))
    assert len(windows) > 5000 and all(translated(window.dna) == window.protein for window in windows)
    starts = sum(gene.dna[:3] != "ATG" for gene in genes)
    assert starts > 20  # there is something to leave out


def test_refuted_is_half_of_the_residues():
    dna = coding("g", "ACDEFGHIKL").dna
    assert not refuted(dna, "ACDEFGHIKL", 1.1) and not refuted(dna, "ACDEFGWWWW", 1.1)
    assert refuted(dna, "ACDEFWWWWW", 1.1) and refuted(dna, "WWWWWWWWWW", 1.1)


def test_a_shifted_copy_does_not_refute():
    """Of a related gene that is some residues longer at its start: place by place they differ, aligned they are one."""
    protein = "".join(random.Random(1).choices("ACDEFGHIKLMNPQRSTVWY", k=50))
    copy = f"MWP{protein[:-3]}"
    assert sum(map(str.__eq__, protein, copy)) <= 25
    assert not refuted(coding("g", protein).dna, copy, 0.55)
    assert refuted(coding("g", protein).dna, copy, 0.95)


def test_a_window_without_a_negative_is_left_out(tmp_path):
    """One gene of one window for each split: there is nothing to refute it with."""
    genes = [letter * 49 + "W" for letter in "ACDEFG"]
    table = "".join(f"{coding('g', f'M{p}').dna}TAA\tM{p}\n" for p in genes)
    (tmp_path / "genes.tsv").write_text(f"cds\tprotein\n{table}")
    spec = SPEC | {"sizes": {"train": 2, "dev": 2, "test": 2}}
    assert from_coding_sequences(spec, {"sequences": tmp_path / "genes.tsv"}) == {"train": [], "dev": [], "test": []}
