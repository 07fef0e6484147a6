"""Pair sets of sentences that need no sequence: the demo's grammar, and several sets in one."""

import random

from linguist.pairs.grammar import sentence_pairs
from linguist.pairs.store import read_pairs
from linguist.splits import SPLITS


def from_grammar(spec, files):
    """The synthetic sentence pairs of a language, `sizes` rows a split. They are no PAWS-X: they show that it runs."""
    return {split: sentence_pairs(spec["language"], spec["sizes"][split], spec["seed"], split) for split in SPLITS}


def union(spec, files):
    """The rows of all sets in spec["of"], mixed at random: `sizes` rows a split, or all where there are fewer.

    `files` maps each split to the sets' tables, in their order. A split's rows come from that split alone, so that
    parallel sets, whose splits are translations of one another, stay apart. Ids begin with their set's name. With the
    rule `disjoint`, a row of train or dev that shares a sentence, in any of the sets, with a later split goes.
    """
    splits, taken = {}, set()
    for split in reversed(SPLITS):
        rows = [
            (f"{name}:{row.id}", row.sentence1, row.sentence2, row.label)
            for name, path in zip(spec["of"], files[split], strict=True)
            for row in read_pairs(path).itertuples()
        ]
        kept = [row for row in rows if taken.isdisjoint(row[1:3])] if spec["rules"]["disjoint"] else rows
        taken.update(sentence for row in rows for sentence in row[1:3])
        random.Random(f"union {split} {spec['seed']}").shuffle(kept)
        splits[split] = kept[: spec["sizes"][split]]
    return {split: splits[split] for split in SPLITS}
