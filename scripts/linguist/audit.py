"""A first look at a pair set: counts, lengths, duplicates and overlaps."""

import numpy as np

from linguist.pairs import read_pairs


def audit(paths):
    """What a sceptic asks of a pair set first; `paths` maps split to its table. Returns plain values for JSON.

    For each split: rows, positives, mean and range of the lengths (characters) by label, rows that repeat another row,
    pairs that carry both labels; and for each two splits the number of sentences and of pairs that stand in both.
    """
    frames = {split: read_pairs(path) for split, path in paths.items()}
    splits = list(frames)
    return {
        "splits": {split: audit_split(frame) for split, frame in frames.items()},
        "overlaps": {
            f"{one}-{other}": {
                "sentences": len(sentences(frames[one]) & sentences(frames[other])),
                "pairs": len(unordered(frames[one]) & unordered(frames[other])),
            }
            for i, one in enumerate(splits)
            for other in splits[i + 1 :]
        },
    }


def sentences(frame):
    return {*frame["sentence1"], *frame["sentence2"]}


def unordered(frame):
    """The pairs of a split, whichever sentence comes first."""
    return {tuple(sorted(pair)) for pair in zip(frame["sentence1"], frame["sentence2"], strict=True)}


def audit_split(frame):
    pairs = [tuple(sorted(pair)) for pair in zip(frame["sentence1"], frame["sentence2"], strict=True)]
    labels = {}
    for pair, label in zip(pairs, frame["label"], strict=True):
        labels.setdefault(pair, set()).add(label)
    return {
        "rows": len(frame),
        "positives": int(frame["label"].sum()),
        "lengths": {
            f"{column} label {label}": describe(part[column].str.len().to_numpy())
            for label, part in frame.groupby("label")
            for column in ("sentence1", "sentence2")
        },
        "repeated_rows": len(pairs) - len(labels),
        "pairs_with_both_labels": sum(len(found) > 1 for found in labels.values()),
    }


def describe(values):
    return {"mean": round(float(np.mean(values)), 2), "min": int(values.min()), "max": int(values.max())}
