"""Negatives that match a pair set's positives in length, composition and complexity, for controls.

An id ends with the type of its row after a hyphen: `unrelated`, `shuffled` or `permuted`. The recipe `hard` says how each
type is made.
"""

from dataclasses import replace
from itertools import pairwise
from operator import itemgetter

import numpy as np
from Bio.Seq import reverse_complement

from linguist.errors import LinguistError
from linguist.kinds import KINDS
from linguist.pairs.baselines import complexity
from linguist.pairs.store import Pair, labelled_rows, reversed_id
from linguist.sequences.alignment import local_similarity

SHUFFLES = 20  # draws of one sequence, of which the one most like it is taken


def make_rows(spec, split, positives, draw, mark=""):
    """The rows of a split: its positives (Pairs), and a negative for each as the recipe `hard` says, in random order.

    `mark` is put behind the ids of positives. Raises LinguistError if a positive has no negative.
    """
    maker, n, unrelated = NegativeMaker(spec, positives, draw), len(positives), 0
    most = spec["rules"]["unrelated"] * n
    negatives = [None] * n
    for number in draw.sample(range(n), n):
        ways = [maker.unrelated, maker.shuffled] if unrelated + 1 <= most else [maker.shuffled, maker.unrelated]
        negatives[number] = next(filter(None, (way(number) for way in [*ways, maker.permuted])), None)
        unrelated += negatives[number] is not None and negatives[number].id2.endswith("-unrelated")
    if lacking := negatives.count(None):
        raise LinguistError(
            f"{lacking} of {len(positives)} positives of '{split}' are too similar to all shuffles of themselves; raise "
            f"rules.max_negative_similarity ({spec['rules']['max_negative_similarity']}), or lower the base's "
            "rules.max_masked"
        )
    return labelled_rows([replace(pair, id2=pair.id2 + mark) for pair in positives], negatives, draw)


class NegativeMaker:
    """Makes a negative of the positive with a given number, or None. It uses each unrelated sequence once."""

    def __init__(self, spec, positives, draw):
        self.kind, self.limit = KINDS[spec["kind"]], spec["rules"]["max_negative_similarity"]
        self.positives, self.draw = positives, draw
        texts, n = [pair.sentence2 for pair in positives], len(positives)
        if self.kind.both_strands:  # candidate i + n is candidate i from the other strand
            texts = texts + [reverse_complement(text) for text in texts]
        self.texts, self.free = texts, np.ones(n, dtype=bool)
        letters = sorted(self.kind.letters)
        self.counts1 = count_letters([pair.sentence1 for pair in positives], letters)
        self.counts = count_letters(texts, letters)
        self.complexities = np.array([complexity(text) for text in texts])
        lengths = np.array([len(text) for text in texts])
        self.of_length = {length: np.flatnonzero(lengths == length) for length in set(lengths.tolist())}

    def unlike(self, number, text):
        """Whether `text` is dissimilar enough to sentence1."""
        return local_similarity(self.kind.name, self.positives[number].sentence1, text) < self.limit

    def unrelated(self, number):
        """sentence1 with the sentence2 of another positive that is nearest in letters and complexity to the true partner."""
        pair, own = self.positives[number], self.counts[number]
        n, length1, length2 = len(self.free), len(pair.sentence1), len(pair.sentence2)
        candidates = self.of_length[length2]
        candidates = candidates[self.free[candidates % n] & (candidates % n != number)]
        # Frequencies times both lengths: one letter more or less then changes them by a length.
        distance = np.abs(self.counts[candidates] * length1 - self.counts1[number] * length2).sum(axis=1)
        wanted = np.abs(own * length1 - self.counts1[number] * length2).sum()
        candidates = candidates[np.abs(distance - wanted) <= max(length1, length2)]
        unlike = np.abs(self.counts[candidates] - own).sum(axis=1)
        unlike += np.abs(self.complexities[candidates] - self.complexities[number]).sum(axis=1)
        for at in candidates[unlike.argsort(kind="stable")].tolist():
            text, backwards = self.texts[at], self.texts[(at + n) % len(self.texts)]
            if self.unlike(number, text) and self.unlike(number, backwards):
                other = self.positives[at % n]
                self.free[at % n] = False
                id2 = other.id2 if at < n else reversed_id(other.id2)
                return Pair(pair.id1, f"{id2}-unrelated", pair.sentence1, text)
        return None

    def shuffled(self, number):
        text, sizes = self.positives[number].sentence2, range(self.kind.shuffled_word, 1, -1)
        ways = ((shuffle_words(text, size, self.draw) for _ in range(SHUFFLES)) for size in sizes)
        return self._nearest(number, ways, "shuffled")

    def permuted(self, number):
        text = self.positives[number].sentence2
        shuffles = ("".join(self.draw.sample(text, len(text))) for _ in range(SHUFFLES))
        return self._nearest(number, [shuffles], "permuted")

    def _nearest(self, number, ways, word):
        """The dissimilar shuffle nearest to the true partner in complexity, of the first of some `ways` that gives one.

        The first that equals it in complexity saves the others.
        """
        pair, own = self.positives[number], self.complexities[number]
        for texts in ways:
            far = []
            for text in texts:
                distance = int(np.abs(np.subtract(complexity(text), own)).sum())
                if not distance and self.unlike(number, text):
                    return Pair(pair.id1, f"{pair.id2}-{word}", pair.sentence1, text)
                far.append((distance, text))
            for distance, text in sorted(far, key=itemgetter(0)):
                if distance and self.unlike(number, text):
                    return Pair(pair.id1, f"{pair.id2}-{word}", pair.sentence1, text)
        return None


def count_letters(texts, letters):
    """How often each letter occurs in each text: an array of whole numbers, texts × letters."""
    return np.array([[text.count(letter) for letter in letters] for text in texts]).reshape(len(texts), len(letters))


def shuffle_words(text, size, draw):
    """A rearrangement with the same count of every word of `size` (2 or more) letters, uniform over all distinct ones.

    The text is a path through a graph: its nodes are words one letter shorter, its edges the words (Altschul & Erickson
    1985). A path uses up all edges if and only if the last exits of all nodes form a tree towards the last node. Such a
    tree is drawn uniformly by loop-erased random walks (Wilson 1996); the other exits follow in random order. The first
    and last `size` - 1 letters stay. A text shorter than `size` stays as it is.
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
