"""Overlaps between splits: sequences that equal or contain one another, on either strand. They leak when tasks are merged.

An example is GUE: its core promoters are parts of its 300 bp promoters, and the two tasks have independent splits.
"""

import numpy as np
from Bio.Seq import reverse_complement

from linguist.sequences.neighbours import SHARED_LETTERS, SHARED_PART
from linguist.splits import SPLITS

WIDEST = 32  # letters of a word: two bits each, 64 bits
CODES = np.zeros(256, np.uint64)
CODES[[ord(letter) for letter in "ACGT"]] = range(4)  # other letters count as A: words only find candidates
RELATIONS = ("equal", "inside", "holds")


def find_overlaps(ours, theirs):
    """Overlaps between two lists of upper-case DNA sequences: a set of (i, j, relation of ours[i] to theirs[j]).

    The relation is "equal", "inside" (ours[i] is a part of theirs[j]) or "holds" (theirs[j] is a part of ours[i]), on either
    strand.
    """
    found = set()
    for texts in (list(ours), [reverse_complement(text) for text in ours]):
        found |= {(i, j, "inside") for i, j in _inside(texts, theirs)}
        found |= {(i, j, "holds") for j, i in _inside(theirs, texts)}
    both = {pair[:2] for pair in found if len(ours[pair[0]]) == len(theirs[pair[1]])}
    return {pair for pair in found if pair[:2] not in both} | {(*pair, "equal") for pair in both}


def _inside(short, long):
    """Pairs (i, j) where short[i] is a part of long[j]. Candidates are the places of the first letters of short[i]: the
    longest word of 1, 2, 4, ... WIDEST letters that it has."""
    widths = np.array([min(WIDEST, 1 << (len(text).bit_length() - 1)) for text in short], int)
    for width in np.unique(widths):
        chosen = np.flatnonzero(widths == width)
        first = _words([short[i][:width] for i in chosen], width)[0]
        order, starts = chosen[np.argsort(first, kind="stable")], np.sort(first)
        words, owners, places = _words(long, width)
        low = np.searchsorted(starts, words)
        for place in np.flatnonzero(starts[np.minimum(low, len(starts) - 1)] == words):
            for i in order[low[place] : np.searchsorted(starts, words[place], "right")]:
                if long[owners[place]].startswith(short[i], places[place]):
                    yield int(i), int(owners[place])


def similar_rows(ours, theirs):
    """Which of some upper-case DNA sequences have at least SHARED_PART of their distinct words of SHARED_LETTERS letters in
    `theirs`, one or several of them, on either strand: an array of bool. A shorter sequence has no such word."""
    words, owners, _ = _words(ours, SHARED_LETTERS)
    words, owners = np.unique(np.stack([words, owners.astype(np.uint64)]), axis=1)
    known = np.isin(words, _words([*theirs, *map(reverse_complement, theirs)], SHARED_LETTERS)[0])
    have, shared = (np.bincount(part.astype(int), minlength=len(ours)) for part in (owners, owners[known]))
    return (have > 0) & (shared >= SHARED_PART * have)


def count_similar(test, train):
    """How many test rows are `similar_rows` to the train rows, for a report: {"rows", "of", "letters", "share"}."""
    found = {"rows": int(similar_rows(test, train).sum()), "of": len(test)}
    return found | {"letters": SHARED_LETTERS, "share": SHARED_PART}


def _words(texts, width):
    """All words of `width` letters in some texts: their codes (uint64), the number of their text, their place in it."""
    lengths = np.array([len(text) for text in texts], int)
    words = CODES[np.frombuffer("".join(texts).encode("ascii"), np.uint8)]
    if len(words) < width:
        return words[:0], np.zeros(0, int), np.zeros(0, int)
    step = 1
    while step < width:  # a word of `step` letters, and the last letters of the word that begins `more` letters later
        more = min(step, width - step)
        words = (words[:-more] << np.uint64(2 * more)) | (words[more:] & np.uint64((1 << 2 * more) - 1))
        step += more
    owners = np.repeat(np.arange(len(texts)), lengths)[: len(words)]
    places = np.arange(len(words)) - np.repeat(np.cumsum(lengths) - lengths, lengths)[: len(words)]
    whole = places + width <= lengths[owners]
    return words[whole], owners[whole], places[whole]


def count_overlaps(tasks):
    """Overlaps between the splits of all tasks: a list of records, one for each two splits that share rows.

    `tasks` maps a task to {"answers": its classes, split: data frame as from `store.read_task`}. A record counts the rows of
    `test` (a later split of any task) that equal, lie inside, or hold a row of `train` (an earlier split), and gives the
    share of these rows whose answer is the same in both splits (`same_answer`).
    """
    rows = {
        split: [
            (task, row.sequence, about["answers"][row.label])
            for task, about in tasks.items()
            for row in about[split].itertuples()
        ]
        for split in SPLITS
    }
    records = []
    for earlier, later in (("train", "dev"), ("train", "test"), ("dev", "test")):
        ours, theirs = rows[later], rows[earlier]
        found = {}  # (task of the earlier split, task of the later one) to the rows of the later one, by relation
        for i, j, relation in find_overlaps([row[1] for row in ours], [row[1] for row in theirs]):
            sets = found.setdefault((theirs[j][0], ours[i][0]), {name: set() for name in (*RELATIONS, "same_answer")})
            sets[relation].add(i)
            if ours[i][2] == theirs[j][2]:
                sets["same_answer"].add(i)
        for one, other in sorted(found):
            counts = {name: len(numbers) for name, numbers in found[one, other].items()}
            touched = len(set().union(*found[one, other].values()))
            record = {"train": f"{one} {earlier}", "test": f"{other} {later}", "rows": touched}
            records.append(record | counts | {"same_answer": counts["same_answer"] / touched})
    return records
