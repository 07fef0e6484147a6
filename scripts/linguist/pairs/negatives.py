"""Graded negatives of sentence pairs: how many of each kind, and unrelated sentences of a table.

A model that compares topics rejects unrelated sentences. One that compares words rejects overlapping ones, too. Only one
that reads who did what to whom rejects swapped ones (Zhang, Baldridge and He 2019).
"""

import random
import re
from collections import Counter
from itertools import islice

from linguist.errors import LinguistError

UNRELATED, OVERLAP, SWAPPED, OWN = "unrelated", "overlap", "swapped", "own"  # keys of the rule `negatives`
SAME = "same"  # the type of a positive, beside these kinds
APART = 0.2  # unrelated sentences have a smaller share of their content words in common
FREQUENT, FEW = 0.05, 10  # a word in a larger share of the sentences, and in more than so many, has no content
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff"  # kana and Chinese characters
_WORDS = re.compile(rf"[{_UNSPACED}](?=([{_UNSPACED}])?)|[^\W{_UNSPACED}]+")


def deal_kinds(shares):
    """Yield kinds of negatives without end: each beginning has each kind in its share, to within one.

    Args: `shares` is {kind: share}. The rule is that of Tijdeman (1980), The chairman assignment problem.
    """
    shares = {kind: share for kind, share in shares.items() if share}
    least = 1 / max(1, 2 * len(shares) - 2)
    given = dict.fromkeys(shares, 0)
    while True:
        missing = {kind: share * (sum(given.values()) + 1) - given[kind] for kind, share in shares.items()}
        due = [kind for kind in shares if missing[kind] >= least - 1e-9] or list(shares)
        kind = min(due, key=lambda kind: (1 - least - missing[kind]) / shares[kind])
        given[kind] += 1
        yield kind


def words_of(sentence):
    """The distinct words of a sentence in lower case; where there are no blanks, as in Chinese, pairs of characters."""
    return {found[0] + (found[1] or "") for found in _WORDS.finditer(sentence.lower())}


def grade_rows(rows, shares, size, seed):
    """At most `size` rows with as many positives as negatives, whose kinds have their `shares`; in random order.

    Args: `rows` are those of a split: (id, sentence1, sentence2, label); `shares` is {UNRELATED or OWN: share}. The first of
    the positives are taken, and the first of the negatives for the kind OWN. An UNRELATED negative has the first sentence of
    one of these positives and the second of another. Each sentence is used for at most one of them, so that no sentence alone
    gives the label away. The last word of an id is the kind. Raises LinguistError if the rows have too few sentences for a kind.
    """
    positives, own = ([row for row in rows if row[3] == label] for label in (1, 0))
    positives = positives[: size // 2]
    if len(positives) < 2:
        raise LinguistError(f"too few sentences: {len(positives)} positives, 2 needed; give a larger table or size")
    wanted = Counter(islice(deal_kinds(shares), len(positives)))
    draw = random.Random(f"negatives {seed}")
    made = {
        OWN: [(name, *sides) for name, *sides, _ in own[: wanted[OWN]]],
        UNRELATED: pair_unrelated(positives, number_topics(rows), wanted[UNRELATED], draw),
    }
    for kind, found in made.items():
        if len(found) < wanted[kind]:
            raise LinguistError(
                f"too few sentences: {len(found):,} of {wanted[kind]:,} negatives of kind '{kind}' found; lower its share "
                "in rules.negatives or the sizes, or give a larger table"
            )
    graded = [(f"{name}-{SAME}", *sides, 1) for name, *sides, _ in positives]
    graded += [(f"{name}-{kind}", *sides, 0) for kind, found in made.items() for name, *sides in found]
    draw.shuffle(graded)
    return graded


def pair_unrelated(positives, topics, wanted, draw):
    """At most `wanted` negatives (id1~id2, sentence1, sentence2): the first sentence of a positive with the second one of
    another, of another topic and with less than APART of the content words in common (Dice's coefficient)."""
    words = {side: words_of(side) for row in positives for side in row[1:3]}
    counts = Counter(word for found in words.values() for word in found)
    frequent = {word for word, n in counts.items() if n > max(FEW, FREQUENT * len(words))}

    def are_unrelated(one, other):
        first, second = words[one] - frequent, words[other] - frequent
        common = 2 * len(first & second) / max(1, len(first) + len(second))
        return topics[one] != topics[other] and common < APART

    pairs, free = [], dict.fromkeys(draw.sample(range(len(positives)), len(positives)))
    for name, sentence, _, _ in draw.sample(positives, len(positives)):
        if len(pairs) == wanted:
            break
        number = next((n for n in free if are_unrelated(sentence, positives[n][2])), None)
        if number is not None:
            del free[number]
            pairs.append((f"{name}~{positives[number][0]}", sentence, positives[number][2]))
    return pairs


def number_topics(rows):
    """{sentence: number}; sentences that rows link, directly or through others, have the same number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    numbers = {side: i for i, side in enumerate(dict.fromkeys(side for row in rows for side in row[1:3]))}
    ones, others = ([numbers[row[side]] for row in rows] for side in (1, 2))
    graph = coo_array(([1] * len(ones), (ones, others)), shape=(len(numbers), len(numbers)))
    return dict(zip(numbers, connected_components(graph, directed=False)[1].tolist(), strict=True))
