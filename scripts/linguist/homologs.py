"""Pair sets of homologs: windows of one genome (or proteome), their BLAST hits in others, and matched non-homologs.

Rules and their defaults follow Table 2 of "Can linguists better understand DNA?". The paper does not give its similarity
formula; ours is `alignment.similarity`, for positives and negatives alike.
"""

import csv
import random
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
import pysam
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linguist.alignment import local_similarity, similarity
from linguist.blast import HIT_COLUMNS
from linguist.errors import LinguistError
from linguist.recipes import SPLITS
from linguist.windows import LETTERS, Region, parse_window

LARGEST_FAMILY = 0.05  # share of a split, so that no repeat or large gene family fills it


def read_hits(path):
    """BLAST's tabular hits (HIT_COLUMNS, no header) as a data frame; empty if there are none."""
    names = {"qseqid": str, "sseqid": str}  # a record may be named NA, or hold a quote
    return pd.read_csv(path, sep="\t", names=HIT_COLUMNS, dtype=names, keep_default_na=False, quoting=csv.QUOTE_NONE)


@dataclass(frozen=True)
class Homologs:
    """A positive pair, with the family (a number) of sequences that hits link to it."""

    id1: str
    id2: str
    sentence1: str
    sentence2: str
    family: int


def from_hits(spec, files):
    """The splits of a DNA or protein pair set. `files`: `queries` (indexed FASTA that the windows were drawn from),
    `hits` and `databases` (one path for each of spec["search"], in that order).

    Positives obey every rule of Table 2. Negatives re-pair the positives' own sequences within a split, so each
    sentence stands in as many negatives as positives, lengths and length differences match, and no feature of a single
    sentence can tell the label. All sequences that hits link form a family (of proteins: whole records), and a family
    stays in one split.
    """
    rules, sizes, seed = spec["rules"], spec["sizes"], spec["seed"]
    hits = pd.concat([read_hits(path).assign(database=i) for i, path in enumerate(files["hits"])], ignore_index=True)
    if hits.empty:
        raise LinguistError("BLAST found no hit at all; search closer genomes, or raise rules.max_evalue")
    family = families(hits) if spec["kind"] == "dna" else record_families(hits, spec)
    hits = hits[~_is_self(hits, spec)]
    counts = hits.groupby("qseqid").size()
    hits = hits[hits["qseqid"].isin(counts[counts <= rules["max_hits"]].index)].reset_index(drop=True)
    positives = find_positives(spec, hits, family, files, random.Random(f"positives {seed}"))
    halves = {split: sizes[split] // 2 for split in SPLITS}
    return {
        split: _rows(chosen, find_negatives(spec["kind"], chosen, rules), random.Random(f"order {split} {seed}"))
        for split, chosen in split_families(positives, halves, seed, most=LARGEST_FAMILY).items()
    }


def _is_self(hits, spec):
    """Hits of a record of the query file on itself: the window's own place, or a repeat within one protein."""
    own = [i for i, name in enumerate(spec["search"]) if name == spec["queries"]]
    records = hits["qseqid"].str.rpartition(":")[0]
    return hits["database"].isin(own) & (records == hits["sseqid"])


def find_positives(spec, hits, family, files, draw):
    """At most one Homologs a window: one of its hits that obey the rules, drawn at random so that divergence varies.

    `family` is as `families` gives it. A sequence that is already in a positive is not taken again.
    """
    rules, taken = spec["rules"], set()
    shortest = (1 - rules["max_length_difference"]) * spec["length"]
    letters = LETTERS[spec["kind"]]
    databases = [pysam.FastaFile(str(path)) for path in files["databases"]]
    found = []
    with pysam.FastaFile(str(files["queries"])) as queries:
        for query, rows in groupby(hits.sort_values("qseqid", kind="stable").itertuples(), key=lambda row: row.qseqid):
            window = parse_window(query)
            good = []
            for hit in rows:
                length1, length2 = hit.qend - hit.qstart + 1, abs(hit.send - hit.sstart) + 1
                if (
                    min(length1, length2) < shortest
                    or abs(length1 - length2) > rules["max_length_difference"] * max(length1, length2)
                    or similarity(hit.nident, length1, length2) <= rules["min_similarity"]
                ):
                    continue
                region1 = Region(window.record, window.start + hit.qstart - 1, window.start + hit.qend)
                low, high = min(hit.sstart, hit.send), max(hit.sstart, hit.send)
                region2 = Region(hit.sseqid, low - 1, high, hit.sstart > hit.send)
                text1, text2 = region1.read(queries), region2.read(databases[hit.database])
                fresh = taken.isdisjoint((text1, text2)) and text1 not in text2 and text2 not in text1
                if fresh and letters.issuperset(text1 + text2):
                    id1, id2 = f"{spec['queries']}:{region1}", f"{spec['search'][hit.database]}:{region2}"
                    good.append(Homologs(id1, id2, text1, text2, family[query]))
            if good:
                found.append(draw.choice(good))
                taken.update((found[-1].sentence1, found[-1].sentence2))
    for database in databases:
        database.close()
    return found


def families(hits):
    """{window: family number}: windows are one family if hits of theirs overlap by more than half of the shorter one.

    That is: the middle of one lies within the other. Hits that are linked so far stand as one cluster, so that a repeat
    with many thousands of hits on one place costs no more than others.
    """
    windows = {name: i for i, name in enumerate(dict.fromkeys(hits["qseqid"]))}
    links = []
    for _, group in hits.assign(
        low=hits[["sstart", "send"]].min(axis=1) - 1, high=hits[["sstart", "send"]].max(axis=1)
    ).groupby(["database", "sseqid"]):
        clusters = []  # (one of its windows, its furthest end, its furthest middle)
        for row in group.sort_values("low").itertuples():
            middle = (row.low + row.high) / 2
            merged, apart = (windows[row.qseqid], row.high, middle), []
            for cluster in clusters:
                window, end, furthest = cluster
                if middle < end or row.low < furthest:
                    links.append((merged[0], window))
                    merged = (window, max(merged[1], end), max(merged[2], furthest))
                elif row.low < end:
                    apart.append(cluster)
            clusters = [*apart, merged]
    label = _components(links, len(windows))
    return {name: label[i] for name, i in windows.items()}


def record_families(hits, spec):
    """{window: family number}: windows are one family if hits link their whole records, directly or through others.

    For proteins: a split then shares no protein with another one, be it by two distant windows.
    """
    own = spec["queries"] + ":" + hits["qseqid"].str.rpartition(":")[0]
    found = hits["database"].map(dict(enumerate(spec["search"]))) + ":" + hits["sseqid"]
    number, records = pd.factorize(pd.concat([own, found]))
    label = _components(number.reshape(2, -1).T, len(records))
    return {name: label[i] for name, i in zip(hits["qseqid"], number[: len(hits)], strict=True)}


def _components(links, n):
    """The component (a number) of each of `n` nodes that links join directly or through others."""
    rows, columns = np.array(links, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    return connected_components(graph, directed=False)[1].tolist()


def split_families(items, sizes, seed, what="positives", most=1.0):
    """Deal items (each with a `.family`) to splits, `sizes[split]` to each, no family in two of them.

    The largest families are dealt first, each to the split that lacks most; one gives a split a share `most` of its
    size at most, and the rest of its members go unused.
    """
    members = {}
    for item in items:
        members.setdefault(item.family, []).append(item)
    order = list(members.values())
    random.Random(f"families {seed}").shuffle(order)
    order.sort(key=len, reverse=True)
    splits = {split: [] for split in sizes}
    for family in order:
        lacking = max(sizes, key=lambda split: sizes[split] - len(splits[split]))
        room = min(sizes[lacking] - len(splits[lacking]), max(1, int(most * sizes[lacking])))
        splits[lacking] += family[:room]
    for split, size in sizes.items():
        if len(splits[split]) < size:
            raise LinguistError(
                f"only {len(items)} {what} in {len(order)} families found, {len(splits[split])} of {size} wanted left for "
                f"'{split}'; lower sizes, sample more windows (rules.windows), lower rules.min_similarity or add sequences"
            )
    return splits


def find_negatives(kind, positives, rules):
    """As many negatives as positives: sentence1 of one with sentence2 of another, matched in length and composition.

    Composition is the GC content (DNA) or the share of hydrophobic residues (protein). Every pair is of two families,
    obeys the length rule and has a local similarity below rules["max_negative_similarity"]; each sentence2 is used once.
    """
    strong = set("GC") if kind == "dna" else set("AVILMFWC")  # GC content; share of hydrophobic residues

    def place(pair):
        return len(pair.sentence2), sum(map(pair.sentence2.count, strong)) / len(pair.sentence2)

    def fits(one, other):
        pair, taken = order[one], order[other]
        length1, length2 = len(pair.sentence1), len(taken.sentence2)
        return (
            taken.family != pair.family
            and abs(length1 - length2) <= rules["max_length_difference"] * max(length1, length2)
            and local_similarity(kind, pair.sentence1, taken.sentence2) < rules["max_negative_similarity"]
        )

    order = sorted(positives, key=place)
    partners = pair_off(len(order), fits)
    if None in partners:
        raise LinguistError(
            f"no negative fits {order[partners.index(None)].id1}; add sequences of other families, or raise "
            f"rules.max_negative_similarity ({rules['max_negative_similarity']})"
        )
    taken = [order[other] for other in partners]
    return [
        Homologs(one.id1, other.id2, one.sentence1, other.sentence2, one.family)
        for one, other in zip(order, taken, strict=True)
    ]


def pair_off(n, fits):
    """Give each number below `n` another one as its own partner, such that `fits(one, partner)`, the nearest if possible.

    Where nothing that is free fits, others give up their partners along a shortest chain (an augmenting path, Berge
    1957), so that all have one if that is possible at all. Returns the partners, None for who stays without.
    """
    free, partner, taker = list(range(n)), {}, {}

    def nearest_free(one):
        return next((other for other in outward(free, bisect_right(free, one)) if fits(one, other)), None)

    for one in range(n):
        reached, queue = {one: None}, deque([one])  # whom each would give up its partner to
        last, found = one, nearest_free(one)
        while found is None and queue:
            seeker = queue.popleft()
            for other in outward(range(n), seeker):
                last = taker.get(other, seeker)
                if last not in reached and fits(seeker, other):
                    reached[last] = seeker
                    queue.append(last)
                    found = nearest_free(last)
                    if found is not None:
                        break
        if found is None:
            continue
        free.remove(found)
        while last is not None:
            given_up = partner.get(last)
            partner[last], taker[found] = found, last
            last, found = reached[last], given_up
    return [partner.get(one) for one in range(n)]


def outward(items, at):
    """All items, those nearest to position `at` first."""
    for step in range(max(at, len(items) - at) + 1):
        if at + step < len(items):
            yield items[at + step]
        if step and at - step >= 0:
            yield items[at - step]


def _rows(positives, negatives, draw):
    """Pair-set rows in random order."""
    rows = [
        (f"{pair.id1}~{pair.id2}", pair.sentence1, pair.sentence2, label)
        for label, pairs in ((1, positives), (0, negatives))
        for pair in pairs
    ]
    draw.shuffle(rows)
    return rows
