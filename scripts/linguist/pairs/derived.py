"""Pair sets that are derived from another one, the base: harder negatives, evolved copies, the other strand.

Each recipe takes the base's three tables as `files` (split to path). Ids are the base's, `id1~id2`, and a last word
after a hyphen names the kind of row: `shuffled`, `permuted`, `unrelated`, `evolved`. A sequence that is read backwards
bears the mark of `windows.Region`, `:-`, before that word; a second reversal takes the mark away.
"""

import random
import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from Bio.Seq import reverse_complement as read_backwards

from linguist.errors import LinguistError
from linguist.pairs.store import read_pairs
from linguist.sequences.alignment import local_similarity
from linguist.sequences.windows import LETTERS
from linguist.splits import SPLITS

SHUFFLES = 20  # draws of one sequence before another kind of negative is tried
# The longest words whose counts a shuffle keeps. With 2, 3-mers of sentence2 alone give the label away (.65 on dna150, for
# .50 with 4); proteins of 50 residues can be rearranged with 2 only.
WORDS = {"dna": 4, "protein": 2}
COPIES = 1000  # draws of one evolved copy before its rules are held to be impossible
TRANSITION = {"A": "G", "G": "A", "C": "T", "T": "C"}
TRANSVERSIONS = {"A": "CT", "G": "CT", "C": "AG", "T": "AG"}


@dataclass(frozen=True)
class Positive:
    """Two sequences that say the same, and where they come from."""

    id1: str
    id2: str
    sentence1: str
    sentence2: str


def hard(spec, files):
    """The base's positives, and as many negatives that neither length nor composition tells from them.

    Each positive gives one negative with the same sentence1, in which sentence2 has the length of the true partner and
    the same distance to sentence1 in letter frequencies (L1, to within one letter). In random order, until a share
    rules["unrelated"] of the rows have one, it is another positive's sentence2 (`unrelated`; DNA on either strand; each
    used once). Where none has such a composition, and for all others, it is a shuffle of the true partner that keeps
    the counts of all words of four letters (of proteins: two), or of shorter words where twenty of these are too
    similar (`shuffled`), and where even dinucleotides leave it so, one that keeps its letters only (`permuted`). Each
    negative's local similarity is below rules["max_negative_similarity"]. The smaller a split, the fewer unrelated; two
    proteins hardly ever agree in the frequencies of 20 residues, so theirs are shuffles.

    Two unrelated sequences of the same composition differ in their dinucleotides, which shuffles keep: with a share of
    a tenth, no such difference tells more than .55 of the labels; with a half, it told .69 of 50 bp pairs.
    """
    splits = {}
    for split in SPLITS:
        draw = random.Random(f"hard {split} {spec['seed']}")
        found = read_positives(files[split])
        splits[split] = _rows(spec, split, found, [f"{pair.id1}~{pair.id2}" for pair in found], draw)
    return splits


def evolved(spec, files):
    """sentence1 of the base's positives with an evolved copy of it (`evolve`), and negatives as `hard` makes them.

    In negatives sentence2 is a shuffle of the row's own copy, or the copy of another sentence1, so that all of them have
    been through the same process. DNA only. A copy that is identical to its origin, lies within it or holds it, or that
    breaks rules["max_length_difference"], is drawn again.
    """
    splits = {}
    for split in SPLITS:
        draw = random.Random(f"evolved {split} {spec['seed']}")
        found = [
            Positive(pair.id1, pair.id1, pair.sentence1, _copy(pair, spec, draw))
            for pair in read_positives(files[split])
        ]
        splits[split] = _rows(spec, split, found, [f"{pair.id1}~{pair.id1}-evolved" for pair in found], draw)
    return splits


def reverse_complement(spec, files):
    """The base's rows with sentence2 read from the other strand; labels and order stay. DNA only.

    The id's second half gets the mark `:-` (or loses it) before its kind: the region it names is then the one that is
    read, and a shuffle or an evolved copy read backwards is one of the region read backwards.
    """
    return {
        split: [
            (f"{row.id1}~{turned(row.id2)}", row.sentence1, read_backwards(row.sentence2), row.label)
            for row in _halved(files[split]).itertuples()
        ]
        for split in SPLITS
    }


def read_positives(path):
    """The positives of one split of a pair set."""
    frame = _halved(path)
    columns = ["id1", "id2", "sentence1", "sentence2"]
    return [Positive(*row) for row in frame.loc[frame["label"] == 1, columns].itertuples(index=False)]


def _halved(path):
    """A split's table with columns id1 and id2, the two halves of its ids (an id without `~` is both)."""
    frame = read_pairs(path)
    halves = frame["id"].str.partition("~")
    return frame.assign(id1=halves[0], id2=halves[2].where(halves[1] != "", halves[0]))


def turned(name):
    """The id of a sequence when it is read from the other strand: the mark `:-` comes or goes, a last word stays last."""
    place, mark, kind = re.fullmatch(r"(.*?)(:-)?((?:-[a-z]+)*)", name).groups()
    return f"{place}{'' if mark else ':-'}{kind}"


# ── negatives ──


def _rows(spec, split, positives, ids, draw):
    rows = [(name, pair.sentence1, pair.sentence2, 1) for name, pair in zip(ids, positives, strict=True)]
    negatives = find_negatives(spec, positives, draw)
    lacking = negatives.count(None)
    if lacking:
        rules = spec["rules"]
        raise LinguistError(
            f"{lacking} of {len(rows)} positives of '{split}' resemble all shuffles of themselves; raise "
            f"rules.max_negative_similarity ({rules['max_negative_similarity']}), or lower the base's rules.max_masked"
        )
    rows += [(f"{one.id1}~{one.id2}", one.sentence1, one.sentence2, 0) for one in negatives]
    draw.shuffle(rows)
    return rows


def find_negatives(spec, positives, draw):
    """For each positive a negative, as `hard` says, or None where its shuffles and all candidates are too similar."""
    maker, n, unrelated = Negatives(spec, positives, draw), len(positives), 0
    most = spec["rules"]["unrelated"] * n
    found = [None] * n
    for number in draw.sample(range(n), n):
        ways = [maker.unrelated, maker.shuffled] if unrelated + 1 <= most else [maker.shuffled, maker.unrelated]
        found[number] = next(filter(None, (way(number) for way in [*ways, maker.permuted])), None)
        unrelated += found[number] is not None and found[number].id2.endswith("-unrelated")
    return found


class Negatives:
    """Makes a negative of the positive of a given number, or None; keeps account of the sequences it has given away."""

    def __init__(self, spec, positives, draw):
        self.kind, self.limit = spec["kind"], spec["rules"]["max_negative_similarity"]
        self.positives, self.draw = positives, draw
        texts, n = [pair.sentence2 for pair in positives], len(positives)
        if self.kind == "dna":  # candidate i + n is candidate i from the other strand
            texts = texts + [read_backwards(text) for text in texts]
        self.texts, self.free = texts, np.ones(n, dtype=bool)
        letters = sorted(LETTERS[self.kind])
        self.counts1 = count_letters([pair.sentence1 for pair in positives], letters)
        self.counts = count_letters(texts, letters)
        lengths = np.array([len(text) for text in texts])
        self.of_length = {length: np.flatnonzero(lengths == length) for length in set(lengths.tolist())}

    def unlike(self, number, text):
        """Whether `text` is no relative of sentence1."""
        return local_similarity(self.kind, self.positives[number].sentence1, text) < self.limit

    def unrelated(self, number):
        """sentence1 with another positive's sentence2 as `hard` says; the nearest in letters to the true partner."""
        pair, own = self.positives[number], self.counts[number]
        n, length1, length2 = len(self.free), len(pair.sentence1), len(pair.sentence2)
        candidates = self.of_length[length2]
        candidates = candidates[self.free[candidates % n] & (candidates % n != number)]
        # frequencies times both lengths, so that one letter is one length
        distance = np.abs(self.counts[candidates] * length1 - self.counts1[number] * length2).sum(axis=1)
        wanted = np.abs(own * length1 - self.counts1[number] * length2).sum()
        candidates = candidates[np.abs(distance - wanted) <= max(length1, length2)]
        nearest = np.abs(self.counts[candidates] - own).sum(axis=1).argsort(kind="stable")
        for at in candidates[nearest].tolist():
            text, backwards = self.texts[at], self.texts[(at + n) % len(self.texts)]
            if self.unlike(number, text) and self.unlike(number, backwards):
                other = self.positives[at % n]
                self.free[at % n] = False
                id2 = other.id2 if at < n else turned(other.id2)
                return Positive(pair.id1, f"{id2}-unrelated", pair.sentence1, text)
        return None

    def shuffled(self, number):
        text, sizes = self.positives[number].sentence2, range(WORDS[self.kind], 1, -1)
        texts = (shuffle_words(text, size, self.draw) for size in sizes for _ in range(SHUFFLES))
        return self._first_unlike(number, texts, "shuffled")

    def permuted(self, number):
        texts = (shuffle_letters(self.positives[number].sentence2, self.draw) for _ in range(SHUFFLES))
        return self._first_unlike(number, texts, "permuted")

    def _first_unlike(self, number, texts, kind):
        pair, text = self.positives[number], next((text for text in texts if self.unlike(number, text)), None)
        return text and Positive(pair.id1, f"{pair.id2}-{kind}", pair.sentence1, text)


def count_letters(texts, letters):
    """How often each text holds each of the letters: an array of whole numbers, texts x letters."""
    return np.array([[text.count(letter) for letter in letters] for text in texts]).reshape(len(texts), len(letters))


def shuffle_letters(text, draw):
    """A permutation of the letters, uniform over all."""
    return "".join(draw.sample(text, len(text)))


def shuffle_words(text, size, draw):
    """A rearrangement with the same count of every word of `size` (2 or more) letters, uniform over all distinct ones.

    The text is a path over a graph whose nodes are words one letter shorter and whose edges are the words (Altschul &
    Erickson 1985). A path uses up all edges just if each node's last exits form a tree towards the last node: such a
    tree is drawn uniformly by loop-erased random walks (Wilson 1996), and all other exits in any order. The first and
    last `size` - 1 letters stay. A text shorter than `size` stays as it is.
    """
    if len(text) < size:
        return text
    nodes = [text[at : at + size - 1] for at in range(len(text) - size + 2)]
    exits = {}
    for one, other in pairwise(nodes):
        exits.setdefault(one, []).append(other)
    last, in_tree = {}, {nodes[-1]}
    for start in exits:
        at = start
        while at not in in_tree:
            last[at] = draw.choice(exits[at])  # a later visit overwrites it: that erases the loop
            at = last[at]
        at = start
        while at not in in_tree:
            in_tree.add(at)
            at = last[at]
    for node, targets in exits.items():
        if node in last:
            targets.remove(last[node])
        draw.shuffle(targets)
        if node in last:
            targets.append(last[node])
    following = {node: iter(targets) for node, targets in exits.items()}
    at, path = nodes[0], [nodes[0]]
    for _ in nodes[1:]:
        at = next(following[at])
        path.append(at[-1])
    return "".join(path)


# ── evolution ──


def _copy(pair, spec, draw):
    """An evolved copy of sentence1 that obeys the rules of a positive."""
    text, rules = pair.sentence1, spec["rules"]
    if not LETTERS["dna"].issuperset(text):
        raise LinguistError(
            f"{pair.id1}: sentence1 holds other letters than ACGT, which have no transition; leave it out"
        )
    for _ in range(COPIES):
        copy = evolve(text, spec["divergence"], rules, draw)
        if (
            abs(len(copy) - len(text)) <= rules["max_length_difference"] * max(len(copy), len(text))
            and copy not in text
            and text not in copy
        ):
            return copy
    raise LinguistError(
        f"none of {COPIES} evolved copies of {pair.id1} differs from it and keeps its length; raise divergence "
        f"({spec['divergence']}) or rules.max_length_difference, or lower rules.indel_length"
    )


def evolve(text, divergence, rules, draw):
    """A copy of a DNA sequence after neutral evolution, in one step: the substitutions of Kimura (1980), and indels.

    Each base is with probability `divergence` the site of one event. A share rules["indels"] of events are indels, of a
    geometric length with mean rules["indel_length"]: half put so many uniformly random bases behind the base, half delete
    so many from the base on (those have no events of their own; fewer at the end). All others substitute the base: a
    share rules["transitions"] by its transition (A-G, C-T), the rest by one of its two transversions. No site is hit
    twice, so that `divergence` is the share of sites that differ, not a distance corrected for multiple hits. The
    defaults are human: transitions are 2.1 times transversions, one event in 8 is an indel (Lunter 2007).
    """
    copy, at = [], 0
    while at < len(text):
        base = text[at]
        at += 1
        if draw.random() >= divergence:
            copy.append(base)
        elif draw.random() >= rules["indels"]:
            change = TRANSITION[base] if draw.random() < rules["transitions"] else draw.choice(TRANSVERSIONS[base])
            copy.append(change)
        else:
            length = 1
            while draw.random() * rules["indel_length"] >= 1:
                length += 1
            if draw.random() < 0.5:
                copy += [base, *draw.choices("ACGT", k=length)]
            else:
                at += length - 1
    return "".join(copy)
