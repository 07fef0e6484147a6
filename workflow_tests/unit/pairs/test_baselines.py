"""Baselines score pairs as their slow, obvious forms do, and their thresholds are the best there are."""

import random
from itertools import groupby

import numpy as np
import pandas as pd
import pytest
from Bio.Seq import reverse_complement, translate

from linguist.intervals import wilson
from linguist.kinds import KINDS as RECORDS
from linguist.pairs import baselines
from linguist.pairs.baselines import best_threshold, better_strand_similarities, evaluate_baselines, translations
from linguist.pairs.matched import shuffle_words

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
LETTERS = {"sentence": ("ab é京",) * 2, "dna": ("ACGT",) * 2, "protein": (RESIDUES,) * 2, "coding": ("ACGT", RESIDUES)}
KINDS = list(LETTERS)


def frame_of(rows):
    rows = [(f"{i}", *row) for i, row in enumerate(rows)]
    return pd.DataFrame(rows, columns=["id", "sentence1", "sentence2", "label"]).astype({"label": int})


def random_pairs(kind, n, seed=0):
    draw = random.Random(f"{kind} {seed}")
    texts = [["".join(draw.choices(letters, k=draw.randint(1, 60))) for letters in LETTERS[kind]] for _ in range(n)]
    return frame_of([(*pair, draw.randrange(2)) for pair in texts])


def evaluate(kind, train=(), dev=(), test=(), types_of_rows=None):
    frames = {"train": frame_of(train), "dev": frame_of(dev), "test": frame_of(test)}
    found = evaluate_baselines(kind, frames, types_of_rows or [None] * len(test))
    return {baseline["name"]: baseline for baseline in found}


def test_translations_are_those_of_the_codon_table():
    for dna in random_pairs("dna", 50)["sentence1"]:
        frames = (dna[i : len(dna) - (len(dna) - i) % 3] for i in range(3))
        assert translations(dna) == tuple(str(translate(frame)) for frame in frames)
    assert translations("ATGNNNTAAC")[0] == "MX*"


@pytest.mark.parametrize("kind", KINDS)
def test_measures_that_count_letters(kind):
    frame = random_pairs(kind, 60)
    k = RECORDS[kind].overlap_word

    def words(texts):
        return {text[i : i + k] for text in texts for i in range(len(text) - k + 1)}

    for i, (one, other) in enumerate(zip(frame["sentence1"], frame["sentence2"], strict=True)):
        coding = kind == "coding"
        length1, length2 = len(one), len(other) * (3 if coding else 1)
        assert baselines.length_difference(kind, frame)[i] == abs(length1 - length2) / max(length1, length2)
        words1, words2 = words(translations(one) if coding else [one]), words([other])
        union = len(words1 | words2)
        assert baselines.kmer_overlap(kind, frame)[i] == (len(words1 & words2) / union if union else 0)
        distance = sum(abs(one.count(x) / len(one) - other.count(x) / len(other)) for x in {*one, *other})
        assert baselines.composition_distance(kind, frame)[i] == pytest.approx(distance)


@pytest.mark.parametrize("kind", KINDS)
def test_overlaps_and_complexity_count_words_and_runs(kind):
    frame = random_pairs(kind, 40)

    def words(text, size):
        return {text[at : at + size] for at in range(len(text) - size + 1)}

    overlaps = baselines.word_overlaps(frame)
    for found, one, other in zip(overlaps, frame["sentence1"], frame["sentence2"], strict=True):
        for share, size in zip(found, range(2, 7), strict=True):
            both = words(one, size) | words(other, size)
            assert share == pytest.approx(len(words(one, size) & words(other, size)) / len(both) if both else 0)
    texts = ("", "A", *frame["sentence1"], "AAAA", "ACACAC", "AABBBA")
    for text in texts:
        assert baselines.complexity(text) == (len(list(groupby(text))), *(len(words(text, k)) for k in range(2, 7)))


def test_equal_ends_are_eight_bases_or_five_residues():
    one = "ACGTACGTGGGGGGGGTTTTACGA"
    rows = [one, one[:8] + "A" * 16, "A" * 16 + one[-8:], one[:7] + "C" * 17, "C" * 17 + one[-7:], "C" + one[:-1], "AC"]
    pairs = frame_of([(one, other, 1) for other in rows])
    assert baselines.equal_ends("dna", pairs).tolist() == baselines.equal_ends("rna", pairs).tolist()
    assert baselines.equal_ends("dna", pairs).tolist() == [1, 1, 1, 0, 0, 0, 0]
    pairs = frame_of([("MKVLAWWWW", other, 1) for other in ("MKVLADDDD", "DDDDDWWWW", "DDDDAWWWW", "MKVLDDDDD")])
    assert baselines.equal_ends("protein", pairs).tolist() == [1, 0, 1, 0]


def planted_pairs(kind, n, seed, change):
    """Pairs whose negatives `change` makes of (sentence1, a copy of it with every seventh letter replaced)."""
    draw, rows = random.Random(seed), []
    for number in range(n):
        one = "".join(draw.choices(LETTERS[kind][0], k=60))
        other = "".join(draw.choice(LETTERS[kind][0]) if at % 7 == 5 else letter for at, letter in enumerate(one))
        rows.append((one, other if number % 2 else change(draw, one, other), number % 2))
    return rows


def test_overlap_of_words_of_several_lengths_finds_homologs_beside_shuffles():
    """Each length alone falls short of all together."""

    def shuffle(draw, one, other):
        return shuffle_words(other, 3, draw)

    train, test = (planted_pairs("dna", 400, seed, shuffle) for seed in (1, 2))
    found = evaluate("dna", train, [], test)
    assert found["2- to 6-mer overlap"]["accuracy"] > 0.95
    assert not found["2- to 6-mer overlap"]["uses_order"] and not found["2- to 6-mer overlap"]["each_side_alone"]
    assert found["complexity"]["accuracy"] < 0.65
    assert found["equal ends"]["uses_order"]  # letters at their places, not counts of words


@pytest.mark.parametrize("side", [0, 1])
def test_complexity_finds_repeats_of_one_side_alone(side):
    """Composition does not: the letters stay."""

    def rows(seed):
        draw, found = random.Random(seed), []
        for number in range(300):
            unit = "".join(draw.choices("ACGT", k=20))
            pair = ["".join(draw.choices("ACGT", k=60)), "".join(draw.choices("ACGT", k=60))]
            pair[side] = unit * 3 if number % 2 else "".join(draw.sample(unit * 3, 60))
            found.append((*pair, number % 2))
        return found

    found = evaluate("dna", rows(1), [], rows(2))
    assert found["complexity"]["accuracy"] > 0.95 and found["complexity"]["each_side_alone"]
    assert found["composition"]["accuracy"] < 0.65


def test_alignment_takes_the_better_strand_and_the_codon_table_the_best_frame():
    dna = "ATGGCTCATCGTACCGATTTGCAAGGCTAC"
    pairs = frame_of([(dna, reverse_complement(dna), 1), (dna, dna, 1), ("", dna, 0)])
    assert better_strand_similarities("dna", pairs).tolist() == [1, 1, 0]
    assert baselines.similarities("dna", pairs)[0] < 0.6
    protein = translations(dna)[0]
    shifted = frame_of([("CC"[:n] + dna, protein, 1) for n in range(3)] + [("AC", protein, 0)])
    assert baselines.similarities("coding", shifted).tolist() == [1, 1, 1, 0]


def test_the_threshold_is_the_best_of_all():
    draw = np.random.default_rng(0)
    for _ in range(200):
        n = draw.integers(1, 12)
        label, score = draw.integers(0, 2, n), draw.integers(0, 5, n).astype(float)
        threshold, above = best_threshold(label, score)
        right = np.mean(((score > threshold) == above) == label)
        cuts = np.arange(-1, 6) + 0.5
        assert right == max(np.mean(((score > cut) == up) == label) for cut in cuts for up in (True, False))
    # Where all thresholds call everything the same, the direction is still the one that ranks better.
    assert best_threshold(np.array([1, 0, 1, 1, 1, 1]), np.array([2, 3, 4, 1, 1, 1.0]))[1] is False


def test_figures_on_test_with_the_threshold_of_train():
    train = [("a" * 10, "b" * 10, 1), ("a" * 10, "b" * 5, 0)] * 3  # differences 0 and 0.5: cut at 0.25
    test = [("a" * 10, "b" * n, label) for n, label in [(10, 1), (9, 1), (6, 1), (8, 0), (3, 0)]]
    found = evaluate("sentence", train, [], test, ["same", "same", "same", "short", "short"])["length difference"]
    assert (found["threshold"], found["above"], found["threshold_from"]) == (0.25, False, "train")
    assert found["accuracy"] == 3 / 5
    assert (found["low"], found["high"]) == wilson(3, 5)
    assert found["auroc"] == pytest.approx(5 / 6)
    assert found["by_kind"] == {"same": 2 / 3, "short": 1 / 2}
    backwards = evaluate("sentence", [(*pair, 1 - label) for *pair, label in train], [], test)["length difference"]
    assert backwards["auroc"] == pytest.approx(1 / 6)


def test_the_threshold_falls_back_on_what_there_is():
    rows = [("aaaa", "bbbb", 1), ("aaaa", "b", 0)]
    assert evaluate("sentence", [], rows, rows)["composition"]["threshold_from"] == "dev"
    assert evaluate("sentence", [], [], rows)["composition"]["threshold_from"] == "test"
    untested = evaluate("sentence", rows)["composition"]
    assert (untested["accuracy"], untested["threshold_from"], untested["by_kind"]) == (None, "train", {})
    assert evaluate("coding")["codon table"]["threshold_from"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_score_ranks_nothing(kind):
    train = [("ACGTAC", "AC", n % 2) for n in range(60)]
    for found in evaluate(kind, train, [], train).values():
        assert found["auroc"] == found["auroc_low"] == found["auroc_high"] == 0.5
        assert found["accuracy"] == 0.5


def test_which_baselines_judge_which_kind():
    for kind in KINDS:
        found = evaluate(kind, [("ACGTACGT", "ACGTA", n % 2) for n in range(10)])
        counting = {name for name, baseline in found.items() if not baseline["uses_order"]}
        # what is fitted has too few rows
        assert found.keys().isdisjoint({"one sentence", "complexity", "2- to 6-mer overlap"})
        assert "length difference" in counting
        if kind == "coding":  # a translation uses the order of bases
            assert {"k-mer overlap", "codon table"} <= set(found) - counting and "alignment" not in found
        else:
            assert {"composition", "2-mer composition", "k-mer overlap"} <= counting and "codon table" not in found
            assert ("alignment" in set(found) - counting) == (kind != "sentence")


def test_composition_of_coding_pairs_sees_a_protein_of_another_gc_content():
    draw = random.Random(1)

    def pair(rich, label):
        other = rich if label else not rich
        dna = "".join(draw.choices("ACGT", [1, 3, 3, 1] if rich else [3, 1, 1, 3], k=150))
        return dna, "".join(draw.choices("GARP" if other else "KNFI", k=50)), label

    rows = [pair(n % 4 > 1, n % 2) for n in range(200)]
    assert evaluate("coding", rows, [], rows)["composition"]["accuracy"] > 0.95


@pytest.mark.parametrize("side", [0, 1])
def test_one_sentence_finds_a_word_that_only_negatives_have(side):
    def rows(seed):
        frame = random_pairs("dna", 300, seed)
        pairs = frame[["sentence1", "sentence2"]].to_numpy().tolist()
        for pair, label in zip(pairs, frame["label"], strict=True):
            pair[side] += "" if label else "GATC"
        return [(*pair, label) for pair, label in zip(pairs, frame["label"], strict=True)]

    found = evaluate("dna", rows(0), [], rows(1))["one sentence"]
    assert found["accuracy"] > 0.75  # the word also stands in others by chance
    assert found["auroc"] > 0.8


def test_one_sentence_finds_nothing_in_re_paired_sentences():
    draw = random.Random(0)

    def rows():
        texts = ["".join(draw.choices("ACGT", k=60)) for _ in range(200)]
        return [(a, a, 1) for a in texts] + [(a, b, 0) for a, b in zip(texts, texts[1:] + texts[:1], strict=True)]

    found = evaluate("dna", rows(), [], rows())
    assert found["one sentence"]["accuracy"] == 0.5
    assert found["k-mer overlap"]["auroc"] == 1
