"""Families: sequences that hits link, directly or through others; and how families are assigned to splits."""

import random
from itertools import count

import numpy as np
import pandas as pd
from Bio.Seq import reverse_complement
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linguist.errors import LinguistError
from linguist.kinds import KINDS
from linguist.sequences.windows import parse_window
from linguist.sequences.words import hash_words


def families(hits):
    """{window: family number}; windows are one family if they or their hits overlap by more than half of the shorter.

    That is: the middle of one lies within the other. Places that are already linked are kept as one cluster, so that a
    repeat with many thousands of hits on one place costs no more than others. `hits` may come from several pair sets.
    """
    windows = {name: i for i, name in enumerate(dict.fromkeys(hits["qseqid"]))}
    ends = hits[["sstart", "send"]]
    places = pd.DataFrame(
        {
            "window": hits["qseqid"].map(windows),
            "record": hits["resource"] + ":" + hits["sseqid"],
            "low": ends.min(axis=1) - 1,
            "high": ends.max(axis=1),
        }
    )
    own = [(i, resource, region) for name, i in windows.items() for resource, region in [parse_window(name)]]
    own = [(i, f"{resource}:{region.record}", region.start, region.end) for i, resource, region in own]
    places = pd.concat([places, pd.DataFrame(own, columns=places.columns)])
    links = []
    for _, group in places.groupby("record"):
        clusters = []  # (one of its windows, its furthest end, its furthest middle)
        for row in group.sort_values("low").itertuples():
            middle = (row.low + row.high) / 2
            merged, apart = (row.window, row.high, middle), []
            for cluster in clusters:
                window, end, furthest = cluster
                if middle < end or row.low < furthest:
                    links.append((merged[0], window))
                    merged = (window, max(merged[1], end), max(merged[2], furthest))
                elif row.low < end:
                    apart.append(cluster)
            clusters = [*apart, merged]
    label = components(np.array(links, int).reshape(-1, 2).T, len(windows))
    return {name: label[i] for name, i in windows.items()}


def record_families(hits):
    """{window: family number}; windows are one family if hits link their whole records, directly or through others.

    This is for proteins: no two splits then have windows of one protein, however distant.
    """
    own = hits["qseqid"].str.rpartition(":")[0]
    number, records = pd.factorize(pd.concat([own, hits["resource"] + ":" + hits["sseqid"]]))
    label = components(number.reshape(2, -1), len(records))
    return {name: label[i] for name, i in zip(hits["qseqid"], number[: len(hits)], strict=True)}


def word_families(items, size, kind="protein"):
    """The family number of each item, a tuple of sequences of a kind; items that share a word, directly or through others, are
    one family.

    A word has `size` letters; a shorter sequence is a word itself. Where both strands are the same molecule, the words of both
    count.
    """
    words, owners = [np.empty(0, np.uint64)], [np.empty(0, np.int32)]
    for number, texts in enumerate(items):
        others = map(reverse_complement, texts) if KINDS[kind].both_strands else ()
        for text in (*texts, *others):
            words.append(hash_words(text, size))
            owners.append(np.full(len(words[-1]), number, np.int32))
    words, owners = np.concatenate(words), np.concatenate(owners)
    order = np.argsort(words, kind="stable")
    words, owners = words[order], owners[order]
    shared = words[1:] == words[:-1]
    return components((owners[:-1][shared], owners[1:][shared]), len(items))


def components(links, n):
    """The component (a number) of each of `n` nodes; `links` (two rows of nodes) join them, directly or through others."""
    graph = coo_array((np.ones(len(links[0])), tuple(links)), shape=(n, n))
    return connected_components(graph, directed=False)[1].tolist()


# For the error where too few are found: what is assigned, and what to change.
POSITIVES = (
    "positives",
    "lower sizes, sample more windows (rules.windows), lower rules.min_similarity or add sequences",
)
UNUSED = "beyond sizes, or beyond the share of a family"  # items that no split takes


def assign_families(items, sizes, seed, most=1.0, assigned=None, words=POSITIVES):
    """Assign items to splits as `split_families` does, from as many families as possible.

    `split_families` takes the largest families first, so that a few of them would fill the splits. Therefore at most
    `limit` items of each family take part, drawn at random, with the smallest limit (1, 2, 4, …) that gives enough.
    """
    members = {}
    for item in random.Random(f"members {seed}").sample(items, len(items)):
        members.setdefault(item.family, []).append(item)
    largest = max(map(len, members.values()), default=0)
    for limit in (2**power for power in count()):
        some = [item for family in members.values() for item in family[:limit]]
        try:
            return split_families(some, sizes, seed, most, assigned, words)
        except LinguistError:
            if limit >= largest:
                raise


def split_families(items, sizes, seed, most=1.0, assigned=None, words=POSITIVES):
    """Assign items (each with a `.family`) to splits, `sizes[split]` to each, no family to two of them.

    A family in `assigned` ({family: splits that it is already in}) goes to its split, and to none if it is in two. The
    others follow, the largest first, each to the split that lacks most items. A family fills at most a share `most` of a
    split; its other members are not used. Raises LinguistError, with `words` as POSITIVES has them, if a split has too few
    items.
    """
    members = {}
    for item in items:
        members.setdefault(item.family, []).append(item)
    order, assigned = list(members.values()), assigned or {}
    random.Random(f"families {seed}").shuffle(order)
    order.sort(key=lambda family: (family[0].family not in assigned, -len(family)))
    splits = {split: [] for split in sizes}
    for family in order:
        lacking = {split: sizes[split] - len(splits[split]) for split in assigned.get(family[0].family, sizes)}
        if family[0].family in assigned and len(lacking) > 1:
            continue
        split = max(lacking, key=lacking.get)
        splits[split] += family[: min(lacking[split], max(1, int(most * sizes[split])))]
    for split, size in sizes.items():
        if len(splits[split]) < size:
            what, cure = words
            raise LinguistError(
                f"only {len(items)} {what} in {len(order)} families found, {len(splits[split])} of {size} wanted left for "
                f"'{split}'; {cure}"
            )
    return splits
