"""Rows whose labels contradict one another, or themselves; and what to do with them."""

from collections import defaultdict

from linguist.errors import LinguistError, cut

KEEP, DROP, ERROR = "keep", "drop", "error"  # values of the config's `conflicts`
EQUAL_SIDES = "equal sides labelled different"
BOTH_LABELS = "same pair with other labels"
BOTH_CLASSES = "same sequence with other labels"


def pair_conflicts(splits):
    """{reason: {split: numbers of the rows}} of pairs: rows (id, sentence1, sentence2, label) with equal sides and label 0,
    and the rows of a pair that has both labels, in one split or in two. A pair is the same in either order."""
    rows = {split: [(tuple(sorted(row[1:3])), row[3]) for row in part] for split, part in splits.items()}
    equal, others = defaultdict(list), {}
    for split, part in rows.items():
        equal[split] = [at for at, (sides, label) in enumerate(part) if sides[0] == sides[1] and label == 0]
        others[split] = [(None if sides[0] == sides[1] else sides, label) for sides, label in part]
    return _named({EQUAL_SIDES: equal, BOTH_LABELS: _contradicting(others)})


def task_conflicts(splits):
    """As `pair_conflicts`, of tasks: rows (id, sequence, label) of a sequence that has several labels."""
    rows = {split: [row[1:3] for row in part] for split, part in splits.items()}
    return _named({BOTH_CLASSES: _contradicting(rows)})


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


def describe_conflicts(splits, found):
    """{reason: {"rows": number by split, "example": the rows of the first one, in words}} of what the functions above found."""
    return {
        reason: {"rows": {split: len(rows) for split, rows in part.items()}, "example": _example(splits, part)}
        for reason, part in found.items()
    }


def say_conflicts(described):
    """Each reason with its number and example, in a sentence."""
    return [
        f"{', '.join(f'{number:,} in {split}' for split, number in part['rows'].items())}: {reason} (as {part['example']})"
        for reason, part in described.items()
    ]


def _example(splits, part):
    """The first row, and the first row of the same content with another label."""
    content = {
        split: [(tuple(sorted(splits[split][at][1:-1])), split, splits[split][at]) for at in rows]
        for split, rows in part.items()
    }
    (sides, split, row), *others = [item for rows in content.values() for item in rows]
    shown = [(split, row)]
    shown += [(where, other) for key, where, other in others if key == sides and other[-1] != row[-1]][:1]
    rows = ", ".join(f"row {cut(str(row[0]))} of {split} with label {row[-1]}" for split, row in shown)
    return f"{rows}: {cut(' ~ '.join(row[1:-1]))}"


def resolve_conflicts(splits, find, mode, tallies):
    """{split: rows} after `mode`: KEEP all, or DROP every row that `find` (one of the functions above) finds, counted in
    `tallies`. Raises LinguistError for a conflict where the mode is ERROR."""
    if mode == KEEP or not (found := find(splits)):
        return splits
    if mode == ERROR:
        said = "; ".join(say_conflicts(describe_conflicts(splits, found)))
        raise LinguistError(f"contradictory labels: {said}; mend the rows, or set conflicts: drop")
    dropped = {split: set() for split in splits}
    for reason, part in found.items():
        for split, rows in part.items():
            dropped[split].update(rows)
            tallies[split].left_out[reason] += len(rows)
    return {split: [row for at, row in enumerate(rows) if at not in dropped[split]] for split, rows in splits.items()}
