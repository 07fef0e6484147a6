"""Coding pairs: checked against a codon table written out here, and free of flaws found in published ones."""

import random
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import make_rows
from linguist.errors import LinguistError
from linguist.kinds import FAMILY_WORD
from linguist.pairs.coding import cut_windows, refuted
from linguist.pairs.families import word_families
from linguist.pairs.recipes import RECIPES
from linguist.pairs.recipes.coding import LARGEST_FAMILY
from linguist.sequences.alignment import local_similarity
from linguist.sequences.coding_sequences import CodingSequence, read_coding_sequences
from linguist.tally import Tally

GENES = Path(__file__).parents[3] / "resources/demo/human_cds.gb.gz"
# The standard code (NCBI table 1), codons in the order TTT, TTC, TTA, TTG, TCT ...
RESIDUES = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = dict(zip(map("".join, product("TCAG", repeat=3)), RESIDUES, strict=True))
SPEC = {
    "length": 150,
    "sizes": {"train": 400, "dev": 100, "test": 300},
    "seed": 1,
    "rules": {"max_negative_similarity": 0.55, "coding_negatives": ["other", "shifted", "codons"]},
}


def translated(dna):
    return "".join(CODE[dna[at : at + 3]] for at in range(0, len(dna), 3))


def with_kinds(*kinds):
    return SPEC | {"rules": SPEC["rules"] | {"coding_negatives": list(kinds)}}


def codons_of(dna):
    return [dna[at : at + 3] for at in range(0, len(dna), 3)]


def coding(name, protein, dna=None):
    codon = {residue: codon for codon, residue in CODE.items()}
    return CodingSequence(name, dna or "".join(codon[residue] for residue in protein), protein)


@pytest.fixture(scope="module")
def genes():
    return {gene.name: gene for gene in read_coding_sequences(GENES)}


@pytest.fixture(scope="module")
def splits():
    return make_rows(RECIPES["coding"], SPEC, {"sequences": GENES})


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
    family = {window.name: window.family for window in cut_windows(list(read_coding_sequences(GENES)), 50, Tally())}
    for split, rows in splits.items():
        counts = Counter(family[parts(row[0])[0][0]] for row in rows)
        assert max(counts.values()) <= LARGEST_FAMILY * SPEC["sizes"][split] and len(counts) >= 1 / LARGEST_FAMILY


def test_ids_say_where_both_sides_come_from(splits, genes):
    for rows in splits.values():
        for name, dna, protein, label in rows:
            (gene1, at1), (gene2, at2), kind = parts(name)
            assert (genes[gene1].dna[3 * at1 : 3 * at1 + 150] == dna) == (kind != "codons")
            assert genes[gene2].protein[at2 : at2 + 50] == protein
            assert at1 % 50 == at2 % 50 == 0
            assert label == (kind == "same")
            assert (gene1 == gene2) == (kind != "other")
            assert (at1 == at2) == (kind in ("same", "codons")) or kind == "other"


def test_kinds_of_negatives_have_equal_shares(splits):
    for rows in splits.values():
        kinds = Counter(parts(row[0])[2] for row in rows)
        negatives = [kinds[kind] for kind in SPEC["rules"]["coding_negatives"]]
        assert max(negatives) - min(negatives) <= 1 and sum(negatives) == kinds["same"]


def test_shuffled_codons_are_the_windows_own_in_another_order(splits):
    for rows in splits.values():
        positive = {row[0].removesuffix("-same"): row[1:3] for row in rows if row[3]}
        for name, dna, protein, _ in rows:
            if name.endswith("-codons"):
                true_dna, true_protein = positive[name.removesuffix("-codons")]
                assert dna != true_dna and sorted(codons_of(dna)) == sorted(codons_of(true_dna))
                assert protein == true_protein and sorted(translated(dna)) == sorted(protein)


@pytest.mark.parametrize("kind", ["other", "shifted", "codons"])
def test_a_set_may_have_one_kind_alone(kind):
    for split, rows in make_rows(RECIPES["coding"], with_kinds(kind), {"sequences": GENES}).items():
        assert len(rows) == SPEC["sizes"][split]
        assert {parts(row[0])[2] for row in rows if not row[3]} == {kind}


def test_where_a_kind_is_rare_the_others_fill_in(tmp_path):
    """Genes of one window each: none has another place to shift to."""
    draw = random.Random(1)
    proteins = ["M" + "".join(draw.choices("ACDEFGHIKLNPQRSTVWY", k=49)) for _ in range(60)]
    rows = "".join(f"{coding('g', protein).dna}TAA\t{protein}\n" for protein in proteins)
    (tmp_path / "genes.tsv").write_text(f"cds\tprotein\n{rows}")
    spec = SPEC | {"sizes": {"train": 60, "dev": 20, "test": 20}}
    splits = make_rows(RECIPES["coding"], spec, {"sequences": tmp_path / "genes.tsv"})
    assert Counter(parts(row[0])[2] for row in splits["train"]) == {"same": 30, "other": 15, "codons": 15}


def test_proteins_of_negatives_lie_where_those_of_positives_do():
    """Else a protein's first M, which stands where a gene begins, would tell the label."""
    for kind in ("other", "shifted"):
        rows = make_rows(RECIPES["coding"], with_kinds(kind), {"sequences": GENES})["train"]
        begins = Counter((label, parts(name)[1][1] == 0) for name, _, _, label in rows)
        assert abs(begins[1, True] - begins[0, True]) < 0.1 * 200  # about 0.15 of 200 each, sd 0.025


def test_many_genes_with_few_windows_each_not_few_with_many(splits):
    families = {window.name: window.family for window in cut_windows(list(read_coding_sequences(GENES)), 50, Tally())}
    used = Counter(families[parts(row[0])[0][0]] for rows in splits.values() for row in rows if row[3])
    assert len(used) > 60 and max(used.values()) <= 8  # 400 windows of 74 families, of 10 windows on average
    small = SPEC | {"sizes": {"train": 40, "dev": 10, "test": 10}}
    rows = [
        row for rows in make_rows(RECIPES["coding"], small, {"sequences": GENES}).values() for row in rows if row[3]
    ]
    assert len({families[parts(row[0])[0][0]] for row in rows}) == len(rows) == 30


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


def test_nothing_is_repeated_or_carries_both_labels(splits):
    pairs = [row[1:3] for rows in splits.values() for row in rows]
    assert len(set(pairs)) == len(pairs)
    texts = [{text for row in rows for text in row[1:3]} for rows in splits.values()]
    assert len(set.union(*texts)) == sum(map(len, texts))


def test_the_seed_decides(splits):
    assert make_rows(RECIPES["coding"], SPEC, {"sequences": GENES}) == splits
    assert make_rows(RECIPES["coding"], SPEC | {"seed": 2}, {"sequences": GENES}) != splits


def test_too_few_windows_get_one_line():
    with pytest.raises(
        LinguistError, match=r"only \d+ windows in \d+ families found, \d+ of 5000 wanted left for 'train'"
    ):
        make_rows(RECIPES["coding"], SPEC | {"sizes": SPEC["sizes"] | {"train": 10_000}}, {"sequences": GENES})


# ── windows and families ──


@given(st.lists(st.text("ACDEFGHIKLMNPQRSTVWY", max_size=40), max_size=6), st.integers(3, 12))
def test_windows_are_frame_true_whole_and_distinct(proteins, residues):
    sequences = [coding(f"g{i}", protein) for i, protein in enumerate(proteins)]
    windows = list(cut_windows(sequences, residues, Tally()))
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
    family = {window.name: window.family for window in cut_windows(sequences, 4, Tally())}
    assert family["g0"] == family["g1"] == family["g2"] != family["g3"]
    apart = [coding("a", one + "M"), coding("b", one[:11] + "W")]  # eleven in common
    assert len({window.family for window in cut_windows(apart, 6, Tally())}) == 2


def test_a_window_that_the_standard_code_reads_otherwise_is_left_out():
    alternative = coding(
        "g", "MACDEF", "TTG" + coding("g", "ACDEF").dna
    )  # TTG starts a protein with M, and is L elsewhere
    assert [(window.at, window.protein) for window in cut_windows([alternative], 3, Tally())] == [(3, "DEF")]


def test_windows_of_another_genetic_code_are_left_out(real_data):
    genes = list(read_coding_sequences(real_data / "cds/ct.gbk"))
    windows = list(cut_windows(genes, 50, Tally()))
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


WORD = FAMILY_WORD["protein"]


@given(st.lists(st.text("ACD", min_size=WORD, max_size=30), max_size=8))
def test_families_equal_a_slow_obvious_search(proteins):
    words = [{p[at : at + WORD] for at in range(len(p) - WORD + 1)} for p in proteins]
    family = list(range(len(proteins)))
    for i, j in product(family[:], repeat=2):
        if words[i] & words[j]:
            old, new = family[j], family[i]
            family = [new if one == old else one for one in family]
    found = word_families([(protein,) for protein in proteins], WORD)
    assert [[a == b for b in found] for a in found] == [[a == b for b in family] for a in family]


def test_rows_that_fall_short_get_one_line(tmp_path):
    """One gene of one window for each split: there is nothing to refute it with."""
    genes = [letter * 49 + "W" for letter in "ACDEFG"]
    table = "".join(f"{coding('g', f'M{p}').dna}TAA\tM{p}\n" for p in genes)
    (tmp_path / "genes.tsv").write_text(f"cds\tprotein\n{table}")
    spec, files = SPEC | {"sizes": {"train": 2, "dev": 2, "test": 2}}, {"sequences": tmp_path / "genes.tsv"}
    with pytest.raises(LinguistError) as caught:
        make_rows(RECIPES["coding"], spec, files)
    message = str(caught.value)
    assert "only 0 of 2 rows for 'train'" in message and "rules.coding_negatives" in message and "(0.55)" in message
    with pytest.raises(LinguistError, match="only 0 windows in 0 families found, 0 of 1 wanted"):
        make_rows(RECIPES["coding"], with_kinds("shifted") | {"sizes": spec["sizes"]}, files)


@pytest.mark.parametrize(("name", "genes"), [("human_cds_protein.tsv", 290), ("ct.gbk", 500)])
def test_real_coding_pairs(real_data, name, genes):
    spec = SPEC | {"sizes": {"train": 4000, "dev": 500, "test": 1000}}
    splits = make_rows(RECIPES["coding"], spec, {"sequences": real_data / "cds" / name})
    for split, rows in splits.items():
        assert len(rows) == spec["sizes"][split] and sum(row[3] for row in rows) == len(rows) / 2
        kinds = Counter(parts(row[0])[2] for row in rows if not row[3])
        assert max(kinds.values()) - min(kinds.values()) <= 1 and len(kinds) == 3
    assert len({parts(row[0])[0][0] for row in splits["train"]}) > genes
