"""Derived pair sets: counts, similarities, distances and rates are all taken again here by slow code of its own."""

import random
import time
from collections import Counter
from functools import partial
from itertools import permutations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import make_rows
from linguist.errors import LinguistError
from linguist.kinds import KINDS as RECORDS
from linguist.pairs.baselines import evaluate_baselines
from linguist.pairs.matched import shuffle_words
from linguist.pairs.recipes import RECIPES
from linguist.pairs.recipes import evolved as evolution
from linguist.pairs.recipes.evolved import evolve
from linguist.pairs.store import COLUMNS, reversed_id, write_pairs
from linguist.sequences.alignment import local_similarity

hard, evolved, reverse_complement = (
    partial(make_rows, RECIPES[name]) for name in ("hard", "evolved", "reverse-complement")
)
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
OPPOSITE = {"A": "T", "C": "G", "G": "C", "T": "A"}
RULES = {
    "max_negative_similarity": 0.55,
    "max_length_difference": 0.1,
    "unrelated": 0.5,
    "transitions": 0.67,
    "indels": 0.125,
    "indel_length": 3,
}
SPEC = {"kind": "dna", "seed": 1, "rules": RULES}
SIZES = {"train": 120, "dev": 20, "test": 60}


def letters(draw, n, alphabet="ACGT", weights=None):
    return "".join(draw.choices(alphabet, weights, k=n))


def backwards(text):
    """Reverse complement, by hand."""
    return "".join(OPPOSITE[letter] for letter in reversed(text))


def neighbours(text, size=2):
    return Counter(text[at : at + size] for at in range(len(text) - size + 1))


def letter_distance(one, other):
    return round(sum(abs(one.count(a) / len(one) - other.count(a) / len(other)) for a in {*one, *other}), 9)


def identities(text1, text2, match=2, mismatch=-3, first=-7, more=-2):
    """Identical letters of the best local alignment with affine gaps, from three full tables of (score, identities).

    Of equal scores the one with most identities wins, so this is never below what any other implementation finds.
    """
    never = (-(10**6), 0)

    def plus(cell, score, same=0):
        return cell[0] + score, cell[1] + same

    best, down, across, top = {}, {}, {}, (0, 0)
    for i, one in enumerate(text1):
        for j, other in enumerate(text2):
            same = one == other
            met = plus(best.get((i - 1, j - 1), (0, 0)), match if same else mismatch, same)
            down[i, j] = max(plus(best.get((i - 1, j), (0, 0)), first), plus(down.get((i - 1, j), never), more))
            across[i, j] = max(plus(best.get((i, j - 1), (0, 0)), first), plus(across.get((i, j - 1), never), more))
            best[i, j] = max((0, 0), met, down[i, j], across[i, j])
            top = max(top, best[i, j])
    return top[1]


def best_accuracy(rows, score):
    """Accuracy of the best threshold on a score, in either direction, tried one by one."""
    found = [(score(one, other), label) for _, one, other, label in rows]
    hits = [sum((value >= cut) == label for value, label in found) for cut in {value for value, _ in found}]
    return max(max(hit, len(rows) - hit) for hit in hits) / len(rows)


def length_difference(one, other):
    return abs(len(one) - len(other))


# ── shuffles ──


@given(st.text("ACGT", min_size=1, max_size=60), st.integers(2, 5), st.integers(0, 99))
def test_a_shuffle_keeps_every_word_and_the_shorter_ones(text, size, seed):
    found = shuffle_words(text, size, random.Random(seed))
    for length in range(1, size + 1):
        assert neighbours(found, length) == neighbours(text, length)
    assert (found[: size - 1], found[1 - size :]) == (text[: size - 1], text[1 - size :])
    assert found == shuffle_words(text, size, random.Random(seed))


@pytest.mark.parametrize("text", ["ACAGATACGA", "AACAAGCACA", "ACGTACGGTA", "ACGATCAGCT", "AAAAC", "CATTAGATT"])
def test_all_arrangements_are_equally_likely(text):
    """Pearson's chi-square over all arrangements with these neighbours, which are enumerated; 4 sd above its mean."""
    middle = {"".join(order) for order in permutations(text[1:-1])}
    possible = {text[0] + part + text[-1] for part in middle}
    possible = {other for other in possible if neighbours(other) == neighbours(text)}
    draw, expected = random.Random(1), 200
    drawn = Counter(shuffle_words(text, 2, draw) for _ in range(expected * len(possible)))
    assert set(drawn) == possible
    statistic, freedom = sum((n - expected) ** 2 / expected for n in drawn.values()), len(possible) - 1
    assert statistic <= freedom + 4 * (2 * freedom) ** 0.5


# ── bases that look like real ones ──


def related(draw, text, alphabet):
    """A homolog: a few substitutions, and sometimes a gap or a base more."""
    copy = [draw.choice(alphabet) if draw.random() < draw.choice([0.02, 0.1]) else letter for letter in text]
    if draw.random() < 0.4:
        at = draw.randrange(10, len(text) - 10)
        copy[at : at + draw.randint(0, 2)] = letters(draw, draw.randint(0, 2), alphabet)
    return "".join(copy)


def write_base(folder, sizes, kind="dna", length=50, seed=1):
    """A base whose sequences differ in GC content as genomic ones do, negatives re-paired; some ids end with `:-`."""
    draw, files = random.Random(seed), {}
    alphabet = "ACGT" if kind == "dna" else RESIDUES
    for split, n in sizes.items():
        positives = []
        for i in range(n):
            gc = draw.uniform(0.3, 0.7)
            weights = [1 - gc, gc, gc, 1 - gc] if kind == "dna" else None
            text = letters(draw, length - draw.choice([0, 0, 0, 1, 2]), alphabet, weights)
            id1, id2 = f"hg:{split}:{100 * i}-{100 * i + len(text)}", f"mm:c-{split}:{i}-{i + 50}{':-' * (i % 2)}"
            positives.append((id1, id2, text, related(draw, text, alphabet)))
        rows = [(f"{a}~{b}", one, other, 1) for a, b, one, other in positives]
        shifted = positives[1:] + positives[:1]
        rows += [(f"{p[0]}~{q[1]}", p[2], q[3], 0) for p, q in zip(positives, shifted, strict=True)]
        draw.shuffle(rows)
        files[split] = folder / f"{kind}-{split}.tsv"
        write_pairs(files[split], rows)
    return files


def read_rows(path):
    return [
        (*line.split("\t")[:3], int(line.split("\t")[3]))
        for line in path.read_text(encoding="utf-8").splitlines()[1:-1]
    ]


def kinds(rows):
    ends = (row[0].rpartition("-")[2] for row in rows)
    return Counter(end if end.isalpha() else None for end in ends)


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bases")
    return {kind: write_base(folder, SIZES, kind) for kind in ("dna", "protein")}


@pytest.fixture(scope="module")
def twins(bases):
    return hard(SPEC, bases["dna"])


@pytest.fixture(scope="module")
def copies(bases):
    return {divergence: evolved(SPEC | {"divergence": divergence}, bases["dna"]) for divergence in (0.05, 0.4)}


# ── hard ──


def test_positives_stay_and_each_gives_one_negative(bases, twins):
    for split, rows in twins.items():
        base = [row for row in read_rows(bases["dna"][split]) if row[3]]
        positives, negatives = ([row for row in rows if row[3] == label] for label in (1, 0))
        assert sorted(positives) == sorted(base) and len(negatives) == len(base) == SIZES[split]
        assert sorted(row[1] for row in negatives) == sorted(row[1] for row in base)
        assert len({row[0] for row in rows}) == len(rows)
        labels = [row[3] for row in rows]
        assert labels not in (sorted(labels), sorted(labels, reverse=True))
        found = kinds(rows)
        assert set(found) <= {None, "shuffled", "permuted", "unrelated"} and found[None] == len(base)
        assert 1 <= found["unrelated"] <= len(base) / 2  # few sequences agree in a split as small as these


def test_a_negative_is_what_its_id_says(bases, twins):
    for split, rows in twins.items():
        base = {row[0]: row for row in read_rows(bases["dna"][split]) if row[3]}
        second = {name.split("~")[1]: row[2] for name, row in base.items()}
        partner = {name.split("~")[0]: name.split("~")[1] for name in base}
        used = []
        for name, one, other, label in rows:
            if label:
                continue
            (id1, rest), kind = name.split("~"), name.rpartition("-")[2]
            id2, own = rest.removesuffix(f"-{kind}"), second[partner[name.split("~")[0]]]
            assert base[f"{id1}~{partner[id1]}"][1] == one and len(other) == len(own)
            if kind == "unrelated":
                other_strand = id2 not in second
                place = (id2.removesuffix(":-") if id2.endswith(":-") else f"{id2}:-") if other_strand else id2
                assert place != partner[id1] and other == (backwards(second[place]) if other_strand else second[place])
                step = 1 / min(len(one), len(other))
                assert abs(letter_distance(one, other) - letter_distance(one, own)) <= step + 1e-8
                used.append(place)
            else:
                assert id2 == partner[id1] and sorted(other) == sorted(own) and other != own
                assert kind == "permuted" or neighbours(other) == neighbours(own)
        assert len(set(used)) == len(used)


def test_no_negative_resembles_its_sentence1(twins, copies):
    for rows in [*twins.values(), *copies[0.05].values(), *copies[0.4].values()]:
        for _, one, other, _ in [row for row in rows if not row[3]][::4]:
            assert identities(one, other) / max(len(one), len(other)) < 0.55


@pytest.mark.parametrize("kind", ["dna", "protein"])
def test_neither_length_nor_composition_tells_the_label(kind, bases):
    for split, rows in hard(SPEC | {"kind": kind}, bases[kind]).items():
        assert best_accuracy(rows, length_difference) == 0.5
        assert best_accuracy(rows, letter_distance) <= 0.55
        # and the base's own negatives are told, so that the test can fail
        assert best_accuracy(read_rows(bases[kind][split]), letter_distance) > 0.75


def repetitive(draw, alphabet, size, share):
    """A sequence as natural ones: some short parts occur again, so that it has fewer distinct words than its shuffles."""
    text = letters(draw, 20, alphabet)
    while len(text) < 120:
        at = draw.randrange(len(text) - size)
        text += text[at : at + size] if draw.random() < share else letters(draw, size, alphabet)
    return text[:120]


@pytest.mark.parametrize(("kind", "size", "share"), [("dna", 6, 0.5), ("protein", 3, 0.05)])
def test_complexity_predicts_nothing(kind, size, share, tmp_path):
    """It does for shuffles as they come, so that the test can fail."""
    draw, alphabet = random.Random(5), "ACGT" if kind == "dna" else RESIDUES
    files, plain = {}, {}
    for split, n in {"train": 200, "dev": 2, "test": 200}.items():
        pairs = [
            (text, related(draw, text, alphabet))
            for text in (repetitive(draw, alphabet, size, share) for _ in range(n))
        ]
        rows = [(f"a:r:{at}-{at + 9}~b:r:{at}-{at + 9}", *pair, 1) for at, pair in enumerate(pairs)]
        files[split] = tmp_path / f"{split}.tsv"
        write_pairs(files[split], rows)
        word = RECORDS[kind].shuffled_word
        plain[split] = rows + [(f"{name}-x", one, shuffle_words(two, word, draw), 0) for name, one, two, _ in rows]

    def accuracy(splits):
        frames = {split: pd.DataFrame(rows, columns=COLUMNS) for split, rows in splits.items()}
        found = evaluate_baselines(kind, frames, [None] * len(frames["test"]))
        return next(baseline["accuracy"] for baseline in found if baseline["name"] == "complexity")

    spec = SPEC | {"kind": kind, "rules": RULES | {"unrelated": 0.1}}
    matched = hard(spec, files)
    assert accuracy(plain) > 0.6 and accuracy(matched) - 0.5 < (accuracy(plain) - 0.5) / 3
    assert hard(spec, files) == matched


def test_with_a_tenth_unrelated_no_dinucleotides_tell_the_label(tmp_path):
    files = write_base(tmp_path, {"train": 1000, "dev": 2, "test": 2})

    def distance(one, other):
        words1, words2 = neighbours(one), neighbours(other)
        return sum(abs(words1[word] / (len(one) - 1) - words2[word] / (len(other) - 1)) for word in words1 | words2)

    rows = {share: hard(SPEC | {"rules": RULES | {"unrelated": share}}, files)["train"] for share in (0, 0.1, 0.5)}
    assert [kinds(found)["unrelated"] for found in rows.values()] == [0, 100, 500]
    assert best_accuracy(rows[0], distance) <= best_accuracy(rows[0.1], distance) <= 0.55
    assert best_accuracy(rows[0.5], distance) > 0.6


def test_proteins_get_shuffles_that_keep_dipeptides(bases):
    rows = hard(SPEC | {"kind": "protein"}, bases["protein"])["test"]
    assert kinds(rows) == {None: SIZES["test"], "shuffled": SIZES["test"]}
    own = {row[1]: row[2] for row in rows if row[3]}
    for _, one, other, label in rows:
        assert label or neighbours(other) == neighbours(own[one])
        assert label or local_similarity("protein", one, other) < 0.55


def test_a_large_pool_has_unrelated_ones_for_half_of_the_rows_and_takes_seconds(tmp_path):
    files, start = write_base(tmp_path, {"train": 3000, "dev": 2, "test": 2}), time.perf_counter()
    rows = hard(SPEC, files)["train"]
    assert time.perf_counter() - start < 15  # 0.5 s
    assert kinds(rows)["unrelated"] == 1500


def test_a_seed_gives_its_rows_and_no_others(bases, twins, copies):
    assert hard(SPEC, bases["dna"]) == twins
    assert hard(SPEC | {"seed": 2}, bases["dna"]) != twins
    spec = SPEC | {"divergence": 0.4}
    assert evolved(spec, bases["dna"]) == copies[0.4] != evolved(spec | {"seed": 2}, bases["dna"])


def test_relatives_are_not_taken_for_unrelated_ones_on_either_strand(tmp_path):
    text = letters(random.Random(1), 60)
    family = [text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(0, 58, 2)]  # all of one composition
    pairs = [(text, one if at % 2 else backwards(one)) for at, one in enumerate(family)]
    assert kinds(hard(SPEC, base_of(tmp_path, pairs))["train"])["unrelated"] == 0


def base_of(folder, pairs):
    """A base with these positives in each split."""
    path = folder / "base.tsv"
    write_pairs(path, [(f"a:r:{i}-9~b:r:{i}-9", one, other, 1) for i, (one, other) in enumerate(pairs)])
    return dict.fromkeys(SIZES, path)


def test_a_repeat_is_permuted_and_what_resembles_all_its_permutations_is_an_error(tmp_path):
    """With its neighbours kept, a repeat stays the same repeat; one of a single letter does so in any order."""
    repeat, single = ("AC" * 25, "AC" * 24 + "CA"), ("A" * 30, "A" * 29 + "C")
    rows = hard(SPEC, base_of(tmp_path, [repeat]))["train"]
    assert kinds(rows) == {None: 1, "permuted": 1}
    negative = next(row[2] for row in rows if not row[3])
    assert sorted(negative) == sorted(repeat[1]) and identities(repeat[0], negative) < 0.55 * 50
    with pytest.raises(LinguistError) as error:
        hard(SPEC, base_of(tmp_path, [repeat, single]))
    said = str(error.value)
    assert "1 of 2 positives of 'train'" in said and "rules.max_negative_similarity (0.55)" in said and "\n" not in said


# ── evolved ──


def test_evolved_ids_say_whose_copies_they_are(bases, copies):
    for found in copies.values():
        for split, rows in found.items():
            base = {row[0].split("~")[0]: row[1] for row in read_rows(bases["dna"][split]) if row[3]}
            copy = {name.split("~")[0]: other for name, _, other, label in rows if label}
            assert set(copy) == set(base) and kinds(rows)["evolved"] == len(base) == len(rows) / 2
            for name, one, other, label in rows:
                (id1, rest), kind = name.split("~"), name.rpartition("-")[2]
                id2 = rest.removesuffix(f"-{kind}")
                assert one == base[id1] and set(other) <= set("ACGT")
                assert abs(len(one) - len(other)) <= 0.1 * max(len(one), len(other))
                if kind == "unrelated":
                    text = copy[id2.removesuffix(":-")]
                    assert not label and id2.removesuffix(":-") != id1
                    assert other == (backwards(text) if id2.endswith(":-") else text)
                else:
                    assert id2 == id1 and label == (kind == "evolved") and len(other) == len(copy[id1])
                    assert kind != "evolved" or (one not in other and other not in one)
                    assert kind != "shuffled" or neighbours(other) == neighbours(copy[id1])
            assert best_accuracy(rows, length_difference) == 0.5 and best_accuracy(rows, letter_distance) <= 0.55


SUBSTITUTIONS = RULES | {"indels": 0.0}


def test_substitutions_have_their_rates():
    draw = random.Random(1)
    text = letters(draw, 200_000)
    copy = evolve(text, 0.3, SUBSTITUTIONS, draw)
    changed = Counter((a, b) for a, b in zip(text, copy, strict=True) if a != b)
    total = sum(changed.values())
    assert total / len(text) == pytest.approx(0.3, abs=0.005)  # its sd is 0.001
    transitions = sum(n for pair, n in changed.items() if set(pair) in ({"A", "G"}, {"C", "T"}))
    assert transitions / total == pytest.approx(0.67, abs=0.01)  # 0.002
    transversions = [changed[a, b] for a, b in ("AC", "AT", "GC", "GT", "CA", "CG", "TA", "TG")]
    # 2,475 expected of each, with a standard deviation of 50
    assert len(changed) == 12 and max(transversions) - min(transversions) < 400


class Tally(random.Random):
    """A source of chance in whose sequences an inserted base is seen: they are lower-case."""

    def choices(self, population, **options):
        return [base.lower() for base in super().choices(population, **options)]


def test_indels_have_their_share_and_length():
    """Counted on a text of one letter: A stayed, G was substituted, lower-case was inserted, the rest was deleted."""
    draw, n = Tally(1), 300_000
    copy = evolve("A" * n, 0.1, RULES | {"transitions": 1.0}, draw)
    inserted, at = [], 0
    while at < len(copy):
        start = at
        while at < len(copy) and copy[at].islower():
            at += 1
        inserted += [at - start] if at > start else []
        at += 1
    substituted, deleted = copy.count("G"), n - copy.count("G") - copy.count("A")
    sites = n - deleted * 2 / 3  # a deletion of three on average has one site
    events = substituted / 0.875
    assert events / sites == pytest.approx(0.1, abs=0.003)
    assert len(inserted) / events == pytest.approx(0.0625, abs=0.005)  # its sd is 0.0014
    assert sum(inserted) / len(inserted) == pytest.approx(3, abs=0.3)  # 0.06; neighbours that touch add 0.02
    assert deleted / 3 / events == pytest.approx(0.0625, abs=0.006)
    shares = Counter(inserted)  # geometric: a third of length 1, two ninths of length 2
    assert shares[1] / len(inserted) == pytest.approx(1 / 3, abs=0.05)
    assert shares[2] / len(inserted) == pytest.approx(2 / 9, abs=0.05)
    assert set(Counter(copy.upper())) == set("ACGT") and copy.count("c") == pytest.approx(sum(inserted) / 4, rel=0.15)


@given(st.text("ACGT", min_size=1, max_size=40), st.integers(0, 99))
def test_no_divergence_changes_nothing_and_full_divergence_everything(text, seed):
    draw = random.Random(seed)
    assert evolve(text, 0.0, RULES, draw) == text
    changed = evolve(text, 1.0, SUBSTITUTIONS, draw)
    assert len(changed) == len(text) and all(a != b for a, b in zip(text, changed, strict=True))
    assert evolve(text, 1.0, SUBSTITUTIONS | {"transitions": 1.0}, draw) == text.translate(
        str.maketrans("ACGT", "GTAC")
    )


def test_divergence_is_what_positives_show(copies):
    """Similarity of positives: nearly all of the unchanged bases at 0.05, and far less at 0.4."""
    for divergence, low, high in ((0.05, 0.85, 0.97), (0.4, 0.1, 0.6)):
        found = [local_similarity("dna", row[1], row[2]) for row in copies[divergence]["train"] if row[3]]
        assert low < sum(found) / len(found) < high


@pytest.mark.parametrize(
    ("text", "change", "words"),
    [
        (
            "ACGTTGCAAC" * 5,
            {"divergence": 0.0},
            r"none of 20 simulated copies of a:r:0-9 differs .*; raise divergence \(0.0\)",
        ),
        ("ACGTTGCAAC" * 5, {"rules": RULES | {"indels": 1.0, "indel_length": 10**4}}, "or lower rules.indel_length"),
        ("ACGTN" * 10, {}, "a:r:0-9: sentence1 contains a letter other than ACGT"),
    ],
)
def test_what_cannot_evolve_gets_one_line_with_a_cure(tmp_path, monkeypatch, text, change, words):
    monkeypatch.setattr(evolution, "COPIES", 20)
    with pytest.raises(LinguistError, match=words) as error:
        evolved(SPEC | {"divergence": 0.5} | change, base_of(tmp_path, [(text, text[::-1])]))
    assert "\n" not in str(error.value)


# ── reverse complement ──


def test_reversed_rows_are_the_bases_read_from_the_other_strand(bases):
    found = reverse_complement(SPEC, bases["dna"])
    for split, rows in found.items():
        for before, after in zip(read_rows(bases["dna"][split]), rows, strict=True):
            assert after[1] == before[1] and after[2] == backwards(before[2]) and after[3] == before[3]
            assert {before[0], after[0]} == {before[0].removesuffix(":-"), before[0].removesuffix(":-") + ":-"}
        assert len({row[0] for row in rows}) == len(rows)


def test_kinds_stay_last_and_two_reversals_are_none(twins, copies, tmp_path):
    for splits in (twins, copies[0.4]):
        files = {split: tmp_path / f"{split}.tsv" for split in splits}
        for split, rows in splits.items():
            write_pairs(files[split], rows)
        once = reverse_complement(SPEC, files)
        for split, rows in once.items():
            assert kinds(rows) == kinds(splits[split])
            write_pairs(files[split], rows)
        assert reverse_complement(SPEC, files) == splits
        assert best_accuracy(hard(SPEC, files)["train"], letter_distance) <= 0.55  # and a base like any other


@settings(max_examples=200)
@given(st.from_regex(r"[a-zA-Z|_.]{1,6}:[A-Za-z0-9.:-]{1,8}:\d{1,3}-\d{1,3}", fullmatch=True), st.booleans(), st.data())
def test_turning_is_its_own_inverse(place, reverse, data):
    kind = data.draw(st.sampled_from(["", "-shuffled", "-unrelated", "-evolved-shuffled"]))
    name = f"{place}{':-' if reverse else ''}{kind}"
    assert reversed_id(name) == f"{place}{'' if reverse else ':-'}{kind}" and reversed_id(reversed_id(name)) == name
