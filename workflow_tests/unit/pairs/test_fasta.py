"""Pairs from two FASTA files: partners by name, negatives of other families, families in one split."""

import random

import pytest

from helpers.data import backwards, letters
from linguist.errors import LinguistError
from linguist.pairs.building import build_pairs
from linguist.pairs.families import word_families

SPEC = {
    "kind": "dna",
    "recipe": "fasta",
    "sides": ["one", "two"],
    "sizes": {"train": 24, "dev": 8, "test": 8},
    "seed": 1,
    "rules": {"max_negative_similarity": 0.55, "max_length_difference": 0.1},
}


def mutated(draw, text):
    return "".join(draw.choice("ACGT") if draw.random() < 0.2 else letter for letter in text)


def write(path, records):
    path.write_text("".join(f">{name} words\n{text}\n" for name, text in records.items()))
    return path


@pytest.fixture
def sides(tmp_path):
    draw = random.Random(7)
    one = {f"r{number}": letters(draw, 60) for number in range(40)}
    two = {name: mutated(draw, text) for name, text in reversed(one.items())} | {"alone": letters(draw, 60)}
    return one, two, [write(tmp_path / "one.fa", one), write(tmp_path / "two.fa", two)]


def test_records_of_one_name_are_positives_and_others_negatives(sides):
    one, two, paths = sides
    splits = build_pairs("p", SPEC, {"sides": paths})
    assert {split: len(rows) for split, rows in splits.items()} == SPEC["sizes"]
    names = {text: name for name, text in one.items()}, {text: name for name, text in two.items()}
    split_of = {}
    for split, rows in splits.items():
        assert sum(label for *_, label in rows) == len(rows) // 2
        for identity, text1, text2, label in rows:
            name1, name2 = names[0][text1], names[1][text2]
            assert (name1 == name2) == bool(label) and "alone" not in (name1, name2)
            assert identity == f"one:{name1}:0-60~two:{name2}:0-60"
            assert split_of.setdefault(name1, split) == split_of.setdefault(name2, split) == split
        for side in (1, 2):  # each sequence in as many negatives as positives
            assert sorted(row[side] for row in rows if row[3]) == sorted(row[side] for row in rows if not row[3])
    assert splits == build_pairs("p", SPEC, {"sides": paths})


def test_records_that_share_a_stretch_on_either_strand_stay_in_one_split(tmp_path):
    """Of 40 pairs, all of which are needed, 20 are related in twos."""
    draw = random.Random(7)
    one = {f"r{number}": letters(draw, 60) for number in range(40)}
    one |= {f"r{number + 1}": backwards(one[f"r{number}"]) for number in range(0, 20, 2)}
    two = {name: mutated(draw, text) for name, text in one.items()}
    paths = [write(tmp_path / "one.fa", one), write(tmp_path / "two.fa", two)]
    splits = build_pairs("p", SPEC | {"sizes": {"train": 64, "dev": 8, "test": 8}}, {"sides": paths})
    split_of = {row[0].split(":")[1]: split for split, rows in splits.items() for row in rows}
    assert len(split_of) == 40
    assert all(split_of[f"r{number}"] == split_of[f"r{number + 1}"] for number in range(0, 20, 2))


def test_records_and_pairs_that_are_not_used_are_counted(sides, tmp_path):
    one, two, _ = sides
    paths = [
        write(tmp_path / "n.fa", one | {"n": "N" * 60}),
        write(tmp_path / "m.fa", two | {"n": letters(random.Random(1), 60)}),
    ]
    record = {}
    build_pairs("p", SPEC, {"sides": paths}, record)
    counts = record["rows"]["records"]
    assert counts["read"] == 83 and counts["dropped"] == {"of unknown letters alone": 1}
    assert counts["left_out"] == {"of a name that the other file lacks": 2}
    assert (record["rows"]["pairs"]["read"], sum(record["rows"]["pairs"]["left_out"].values())) == (40, 20)


def test_families_share_a_word_on_either_strand_of_dna():
    draw = random.Random(8)
    word = letters(draw, 30)
    items = [
        (letters(draw, 60) + "A" + word,),
        (letters(draw, 60), backwards(word) + letters(draw, 60)),
        (letters(draw, 60) + "C" + word[:-1],),
    ]
    family = word_families(items, 30, "dna")
    assert family[0] == family[1] != family[2]
    assert len(set(word_families(items, 30, "rna"))) == 3, "RNA has one strand"
    short = word_families([("ACGT",), ("ACGT",), ("ACGA",)], 30, "dna")
    assert short[0] == short[1] != short[2], "a sequence shorter than a word is a word"


def test_files_without_a_common_name_are_one_line(sides, tmp_path):
    paths = [sides[2][0], write(tmp_path / "three.fa", {"x": "ACGT" * 10})]
    with pytest.raises(LinguistError, match="pairs/p: .*no record of the same name .*'r0'.*'x'.*; give"):
        build_pairs("p", SPEC, {"sides": paths})
    with pytest.raises(LinguistError, match="only 40 pairs of records in .* lower sizes"):
        build_pairs("p", SPEC | {"sizes": {"train": 100, "dev": 8, "test": 8}}, {"sides": sides[2]})
