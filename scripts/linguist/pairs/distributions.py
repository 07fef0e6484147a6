"""Histograms of what may differ between positives and negatives of a pair set, for its audit."""

import numpy as np
import pandas as pd

from linguist.kinds import KINDS
from linguist.pairs.measures import composition_distance, lengths, similarities, translations
from linguist.pairs.store import SIDES

RANDOM_PAIRS = 1000
MOST_BINS = 30


def distributions(kind, frame):
    """Histograms of each measure, for pairs of label 1 ("same") and of label 0 ("different"), with their means.

    A list of plain dicts: name, unit, side, edges of the bins, counts and means. Both sides are pooled where they are of
    one kind.
    """
    if frame.empty:
        return []
    label, record = frame["label"].to_numpy(), KINDS[kind]
    sides = dict(zip(SIDES, record.sides, strict=True)) if record.mixed else {"both": kind}
    units = {record.unit, *(KINDS[side].unit for side in record.sides)}
    found = []

    def add(name, unit, side, values):
        values = np.asarray(values, float)
        labels = np.tile(label, len(values) // len(label))
        same, different = values[labels == 1], values[labels == 0]
        edges = find_edges(values, whole=unit in units)
        found.append(
            {
                "name": name,
                "unit": unit,
                "side": side,
                "edges": edges.tolist(),
                "same": np.histogram(same, edges)[0].tolist(),
                "different": np.histogram(different, edges)[0].tolist(),
                "mean_same": same.mean() if len(same) else None,
                "mean_different": different.mean() if len(different) else None,
            }
        )

    def texts(side):
        return pd.concat([frame[column] for column in (SIDES if side == "both" else [side])])

    for side, alphabet in sides.items():
        add("length", KINDS[alphabet].unit, side, texts(side).str.len())
    if record.alphabets:
        for side, alphabet in sides.items():
            counted, share = texts(side), KINDS[alphabet].composition
            shares = counted.str.count(f"[{share}]") / counted.str.len().clip(lower=1)
            add("composition", KINDS[alphabet].composition_label, side, shares)
    length1, length2 = lengths(kind, frame)
    add("length difference", KINDS[record.sides[0]].unit, "both", abs(length1 - length2))
    # DNA and protein have no letters in common: the translation is compared.
    compared = frame
    if record.translated:
        compared = frame.assign(sentence1=[translations(dna)[0] for dna in frame["sentence1"]])
    add(
        "composition distance", "sum of differences of letter frequencies", "both", composition_distance(kind, compared)
    )
    if record.alphabets:
        add("similarity", "local similarity", "both", similarities(kind, frame))
    return found


def find_edges(values, whole):
    """Edges of at most MOST_BINS bins over all values: multiples of 1, 2 or 5 times a power of ten, `whole` numbers if so."""
    low, high = values.min(), values.max()
    steps = (digit * 10.0**power for power in range(0 if whole else -2, 12) for digit in (1, 2, 5))
    step = next(step for step in steps if high // step - low // step < MOST_BINS)
    edges = np.arange(low // step, high // step + 2) * step
    return edges if whole else edges.round(6)


def random_similarity(kind, frame):
    """The local similarity that chance alone gives: of pairs of this set with shuffled letters; None for sentences."""
    if not KINDS[kind].alphabets or frame.empty:
        return None
    draw = np.random.default_rng(0)
    sample = frame.iloc[draw.integers(len(frame), size=RANDOM_PAIRS)]
    shuffled = sample.assign(
        **{side: ["".join(draw.permutation(list(text))) for text in sample[side]] for side in SIDES}
    )
    found = similarities(kind, shuffled)
    return {"pairs": RANDOM_PAIRS, "mean": found.mean(), "p99": np.percentile(found, 99), "max": found.max()}
