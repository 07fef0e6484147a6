"""Pair sets of homologs: windows of one genome, proteome or transcriptome, and their BLAST hits in others.

Rules and their defaults follow Table 2 of "Can linguists better understand DNA?". The paper does not give its similarity
formula; ours is `alignment.similarity`, of BLAST's alignment for positives and of the best local alignment for negatives.
"""

import csv
import random
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, replace
from itertools import groupby, islice
from math import ceil

import pandas as pd

from linguist.errors import LinguistError
from linguist.files import read_lines, read_table, reading_result, write_lines
from linguist.kinds import KINDS
from linguist.pairs.families import assign_families, families, record_families
from linguist.pairs.search import HIT_COLUMNS
from linguist.pairs.store import Pair
from linguist.sequences.alignment import local_similarity, similarity
from linguist.sequences.indexed import open_indexed
from linguist.sequences.windows import Region, parse_window
from linguist.splits import SPLITS

LARGEST_FAMILY = 0.05  # share of a split, so that no repeat or large gene family fills it
COLUMNS = ["split", "window", "id1", "id2", "sentence1", "sentence2", "family"]


def read_hits(paths):
    """BLAST's tabular hits (HIT_COLUMNS, no header) of several files as one data frame; empty if there are none."""
    options = {"names": HIT_COLUMNS, "keep_default_na": False, "quoting": csv.QUOTE_NONE}
    types = {"resource": str, "qseqid": str, "sseqid": str}  # a record may be named NA, or contain a quote
    frames = [read_table(path, dtype=types, **options) for path in paths]
    return pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)


@dataclass(frozen=True)
class Homologs(Pair):
    """A positive pair, the window it was found with, and the number of its family."""

    window: str
    family: int


def choose_positives(spec, files):
    """The positives of a pair set, assigned to splits: {split: list of Homologs}, sizes[split] / 2 in each.

    Args: `spec` is the pair set's part of the config. `files` has `queries` (indexed FASTA that the windows were drawn
    from), `databases` (the same for each of spec["search"], in that order), `hits` (of all of them) and, of the pair
    sets that came before it, `earlier_hits` and `earlier_positives`.

    Positives obey every rule of Table 2. All sequences that hits link form a family (of proteins: whole records). A
    family stays in one split, and in the split to which an earlier set assigned it. If new
    hits join families that earlier sets put into different splits, the joined family is not used. Raises LinguistError if too few positives are found.
    """
    rules, seed = spec["rules"], spec["seed"]
    hits = read_hits(files["hits"])
    found = set(hits["resource"].unique())
    for name in spec["search"]:
        if name not in found:
            raise LinguistError(
                f"{name}: no hits of up to {rules['windows']} windows of {spec['queries']}, at least 1 needed; remove it "
                f"from 'search', give more closely related sequences, or raise rules.max_evalue ({rules['max_evalue']})"
            )
    linked = pd.concat([hits, read_hits(files["earlier_hits"])]) if files["earlier_hits"] else hits
    family = (record_families if KINDS[spec["kind"]].whole_records else families)(linked)
    assigned = {}
    for path in files["earlier_positives"]:
        for split, pairs in read_homologs(path).items():
            for pair in pairs:
                assigned.setdefault(family[pair.window], set()).add(split)
    hits = hits[~_is_self(hits, KINDS[spec["kind"]].whole_records)]
    counts = hits.groupby("qseqid").size()
    hits = hits[hits["qseqid"].isin(counts[counts <= rules["max_hits"]].index)].reset_index(drop=True)
    positives = find_positives(spec, hits, family, files, random.Random(f"positives {seed}"))
    halves = {split: spec["sizes"][split] // 2 for split in SPLITS}
    return assign_families(positives, halves, seed, LARGEST_FAMILY, assigned)


def write_homologs(path, splits):
    """Write {split: list of Homologs} as one tab-separated table with a header."""
    rows = [(split, *(str(getattr(pair, name)) for name in COLUMNS[1:])) for split in splits for pair in splits[split]]
    write_lines(path, ("\t".join(row) for row in [COLUMNS, *rows]))


def read_homologs(path):
    """What `write_homologs` wrote: {split: list of Homologs}. Raises LinguistError if the file is damaged."""
    splits = {split: [] for split in SPLITS}
    with reading_result(path):
        for line in islice(read_lines(path), 1, None):
            split, window, *pair, family = line.split("\t")
            splits[split].append(Homologs(*pair, window, int(family)))
    return splits


def simplify(pairs, rules, draw):
    """The pairs, of which a share rules["identical"] becomes identical and a share rules["contained"] contained.

    In an identical pair, the second sequence is a copy of the first. In a contained pair, either sequence is cut by at
    least one letter, to a stretch that the other contains.
    """
    identical = round(rules["identical"] * len(pairs))
    contained = min(round(rules["contained"] * len(pairs)), len(pairs) - identical)
    order = draw.sample(range(len(pairs)), identical + contained)
    pairs = list(pairs)
    for i in order[:identical]:
        pairs[i] = replace(pairs[i], id2=pairs[i].id1, sentence2=pairs[i].sentence1)
    for i in order[identical:]:
        text = pairs[i].sentence1
        resource, region = parse_window(pairs[i].id1)
        shortest = min(ceil((1 - rules["max_length_difference"]) * len(text)), len(text) - 1)
        size = draw.randint(shortest, len(text) - 1)
        start = draw.randint(0, len(text) - size)
        low = region.start + start
        part = f"{resource}:{Region(region.record, low, low + size)}", text[start : start + size]
        whole = pairs[i].id1, text
        (id1, text1), (id2, text2) = (whole, part) if draw.random() < 0.5 else (part, whole)
        pairs[i] = replace(pairs[i], id1=id1, id2=id2, sentence1=text1, sentence2=text2)
    return pairs


def _is_self(hits, whole_records):
    """Hits on the window's own place; with `whole_records` anywhere in its record, which may contain repeats of it."""
    record = hits["qseqid"].str.rpartition(":")
    own = record[0] == hits["resource"] + ":" + hits["sseqid"]
    if not whole_records and own.any():
        place = record.loc[own, 2].str.partition("-")
        ends = hits.loc[own, ["sstart", "send"]]
        own[own] = (ends.min(axis=1) <= place[2].astype(int)) & (ends.max(axis=1) > place[0].astype(int))
    return own


def find_positives(spec, hits, family, files, draw):
    """At most one Homologs for each window: a random one of the hits that obey the rules, so that divergence varies.

    `family` is as `families` gives it. No sequence is used twice.
    """
    rules, taken = spec["rules"], set()
    shortest = (1 - rules["max_length_difference"]) * spec["length"]
    letters = set(KINDS[spec["kind"]].letters)
    databases = {name: open_indexed(path) for name, path in zip(spec["search"], files["databases"], strict=True)}
    found = []
    with open_indexed(files["queries"]) as queries:
        for query, rows in groupby(hits.sort_values("qseqid", kind="stable").itertuples(), key=lambda row: row.qseqid):
            _, window = parse_window(query)
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
                text1, text2 = region1.read(queries), region2.read(databases[hit.resource])
                fresh = taken.isdisjoint((text1, text2)) and text1 not in text2 and text2 not in text1
                if fresh and letters.issuperset(text1 + text2):
                    id1, id2 = f"{spec['queries']}:{region1}", f"{hit.resource}:{region2}"
                    good.append(Homologs(id1, id2, text1, text2, query, family[query]))
            if good:
                found.append(draw.choice(good))
                taken.update((found[-1].sentence1, found[-1].sentence2))
    for database in databases.values():
        database.close()
    return found


def exchange_partners(kind, positives, rules):
    """As many negatives as positives: sentence1 of one with sentence2 of another, matched in length and composition.

    Composition is the share of some letters (`Kind.composition`). The two sides of a negative are of different families,
    obey the length rule and have a local similarity below rules["max_negative_similarity"]. Each sentence2 is used once.
    Raises LinguistError if a positive finds no partner.
    """
    counted = KINDS[kind].composition

    def place(pair):
        return len(pair.sentence2), sum(map(pair.sentence2.count, counted)) / len(pair.sentence2)

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
            f"no negative fits {order[partners.index(None)].id1}; add sequences of other families and a similar length, or "
            f"raise rules.max_length_difference ({rules['max_length_difference']}) or rules.max_negative_similarity "
            f"({rules['max_negative_similarity']})"
        )
    taken = [order[other] for other in partners]
    return [replace(one, id2=other.id2, sentence2=other.sentence2) for one, other in zip(order, taken, strict=True)]


def pair_off(n, fits):
    """Give each number below `n` a partner of its own among these numbers, such that `fits(one, partner)`.

    The nearest free number that fits is taken. Where none fits, others change their partners along a shortest chain (an
    augmenting path, Berge 1957), so that all get one if that is possible. Gives the partners; None where there is none.
    """
    free, partner, taker = list(range(n)), {}, {}

    def nearest_free(one):
        return next((other for other in nearest_first(free, bisect_right(free, one)) if fits(one, other)), None)

    for one in range(n):
        reached, queue = {one: None}, deque([one])  # one: who would take its partner
        last, found = one, nearest_free(one)
        while found is None and queue:
            seeker = queue.popleft()
            for other in nearest_first(range(n), seeker):
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


def nearest_first(items, at):
    """All items, those nearest to position `at` first."""
    for step in range(max(at, len(items) - at) + 1):
        if at + step < len(items):
            yield items[at + step]
        if step and at - step >= 0:
            yield items[at - step]
