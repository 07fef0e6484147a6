"""Near copies: sequences that differ in a few letters only, found without comparing all pairs."""

import numpy as np
from Bio.Seq import reverse_complement
from scipy.sparse import coo_array

from linguist.kinds import KINDS
from linguist.sequences.alignment import local_similarity

NEAR = 0.97  # local similarity from which two different sequences are near copies
WORD = 11
COMMON = 2000  # a word in more sequences than this is a repeat, and is ignored
BLOCK = 20_000_000  # products of one block, so that memory stays below half a gigabyte


def near_copies(kind, texts, others=None):
    """{text: its near copies among `others`} for the texts that have one; `others` are the texts themselves if not given.

    Near copies have a `local_similarity` of NEAR or more, of DNA on either strand, and are not identical (on either
    strand). `kind` is the name of a kind with scores.
    """
    found = near_copies_as_written(kind, texts, others)
    if KINDS[kind].both_strands:
        strands = {reverse_complement(text): text for text in (texts if others is None else others)}
        for text, copies in near_copies_as_written(kind, texts, strands).items():
            if copies := {strands[copy] for copy in copies} - {text}:
                found.setdefault(text, set()).update(copies)
        found = {text: copies - {reverse_complement(text)} for text, copies in found.items()}
    return {text: copies for text, copies in found.items() if copies}


def near_copies_as_written(kind, texts, others=None):
    """`near_copies` on one strand.

    Only pairs with enough words in common are aligned, and no near copy has fewer (the q-gram lemma, Jokinen & Ukkonen
    1991): at most e = 3 % of the longer one's letters are unmatched, and as many of the shorter one's; a letter of the
    first sort breaks WORD of its words, one of the second sort WORD - 1. From 34 letters on (shorter near copies are
    identical) some words of 11 letters always survive, and unrelated sequences rarely share any. The result is exact
    unless all words that two sequences share occur in more than COMMON sequences.
    """
    mirrored = others is None
    ours = sorted(set(texts))
    theirs = ours if mirrored else sorted(set(others))
    pool = sorted({*ours, *theirs})
    place = {text: i for i, text in enumerate(pool)}
    mine, other = (np.array([place[text] for text in part], dtype=int) for part in (ours, theirs))
    length = np.array([len(text) for text in pool], dtype=int)
    words = word_table(pool, WORD)
    words.data[:] = 1
    users = words.sum(axis=0)
    distinct = words @ (users <= COMMON)
    unmatched = length - np.ceil(NEAR * length - 1e-9).astype(int)
    needed = np.maximum(1, distinct - unmatched * (2 * WORD - 1))
    words = words[:, np.flatnonzero((users > 1) & (users <= COMMON))]
    rows, columns = words[mine], words[other].T.tocsr()
    found = {}
    # Blocks of rows, each with about BLOCK products.
    ends = np.flatnonzero(np.diff(np.cumsum(rows @ np.diff(columns.indptr)) // BLOCK)) + 1
    for block in np.split(np.arange(len(mine)), ends):
        shared = (rows[block] @ columns).tocoo()
        first, second = mine[block][shared.row], other[shared.col]
        longer = np.where(length[first] >= length[second], first, second)
        keep = (first < second) if mirrored else (first != second)
        keep &= np.minimum(length[first], length[second]) >= NEAR * length[longer] - 1e-9
        keep &= shared.data >= needed[longer]
        for i, j in zip(first[keep].tolist(), second[keep].tolist(), strict=True):
            if local_similarity(kind, pool[i], pool[j]) >= NEAR:
                found.setdefault(pool[i], set()).add(pool[j])
                if mirrored:
                    found.setdefault(pool[j], set()).add(pool[i])
    return found


def word_table(texts, k):
    """How often each word of `k` letters occurs in each text: a sparse matrix, texts × distinct words.

    Exact if (distinct letters) ** k is below 2 ** 64; beyond that, different words might be counted as one.
    """
    length = np.array([len(text) for text in texts], dtype=np.int64)
    letters, code = np.unique(np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32), return_inverse=True)
    code = code.astype(np.uint16 if len(letters) < 2**16 else np.uint32)
    windows = np.maximum(length - k + 1, 0)
    owner = np.repeat(np.arange(len(texts), dtype=np.int32), windows)
    # The n-th word of all begins at n, plus the letters before it that begin no word.
    start = np.arange(len(owner)) + np.repeat(np.cumsum(length - windows) - (length - windows), windows)
    word = np.zeros(len(owner), np.uint64)
    for step in range(k):
        word *= np.uint64(len(letters))
        word += code[start + step]
    distinct, column = np.unique(word, return_inverse=True)
    table = coo_array((np.ones(len(owner), np.int32), (owner, column)), shape=(len(texts), len(distinct)))
    return table.tocsr()
