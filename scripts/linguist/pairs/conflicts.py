"""Rows with contradictory labels, and what to do with them."""

from collections import defaultdict

from linguist.errors import LinguistError, cut
from linguist.kinds import KINDS
from linguist.recipe import ERROR, KEEP
from linguist.sequences.strands import one_strand

EQUAL_SIDES = "equal sides labelled different"
BOTH_LABELS = "same pair with other labels"
BOTH_CLASSES = "same sequence with other labels"


def pair_conflicts(splits, kind):
    """{reason: {split: numbers of the rows}} of pairs of a kind: rows (id, sentence1, sentence2, label) with equal sides and
    label 0, and the rows of a pair that has both labels, in one split or in two. A pair is the same in either order, and DNA
    on either strand, as the audit counts it."""
    rows = {split: [(_content(kind, row[1:3]), row[3]) for row in part] for split, part in splits.items()}
    equal, others = defaultdict(list), {}
    for split, part in rows.items():
        equal[split] = [at for at, (sides, label) in enumerate(part) if sides[0] == sides[1] and label == 0]
        others[split] = [(None if sides[0] == sides[1] else sides, label) for sides, label in part]
    return _named({EQUAL_SIDES: equal, BOTH_LABELS: _contradicting(others)})


def task_conflicts(splits):
    """As `pair_conflicts`, of tasks: rows (id, sequence, label) of a sequence that has several labels."""
    rows = {split: [row[1:3] for row in part] for split, part in splits.items()}
    return _named({BOTH_CLASSES: _contradicting(rows)})


def _content(kind, sides):
    """What a pair says, in either order and on either strand."""
    return tuple(sorted(map(one_strand, KINDS[kind].sides, sides)))


def _contradicting(rows):
    labels = defaultdict(set)
    for part in rows.values():
        for key, label in part:
            labels[key].add(label)
    labels.pop(None, None)
    return {
        split: [at for at, (key, _) in enumerate(part) if len(labels.get(key, ())) > 1] for split, part in rows.items()
    }


def _named(found):
    parts = {reason: {split: rows for split, rows in part.items() if rows} for reason, part in found.items()}
    return {reason: part for reason, part in parts.items() if part}


def say_conflicts(splits, found):
    """What the functions above found, a line for each reason with its numbers and an example."""
    return [
        f"{', '.join(f'{len(rows):,} in {split}' for split, rows in part.items())}: {reason} (as {_example(splits, part)})"
        for reason, part in found.items()
    ]


def _example(splits, part):
    """The first of the rows, in words."""
    split, rows = next(iter(part.items()))
    name, *sides, label = splits[split][rows[0]]
    return f"row {cut(str(name))} of {split} with label {label}: {cut(' ~ '.join(sides))}"


def resolve_conflicts(splits, find, mode, tallies):
    """{split: rows} after `mode`: KEEP all, or DROP every row that `find` (one of the functions above) finds, counted in
    `tallies`. Raises LinguistError for a conflict where the mode is ERROR."""
    if mode == KEEP or not (found := find(splits)):
        return splits
    if mode == ERROR:
        said = "; ".join(say_conflicts(splits, found))
        raise LinguistError(f"rows with contradictory labels: {said}; mend the rows, or set conflicts: drop")
    dropped = {split: set() for split in splits}
    for reason, part in found.items():
        for split, rows in part.items():
            dropped[split].update(rows)
            tallies[split].left_out[reason] += len(rows)
    return {split: [row for at, row in enumerate(rows) if at not in dropped[split]] for split, rows in splits.items()}
