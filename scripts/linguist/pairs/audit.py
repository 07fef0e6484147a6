"""The audit of a pair set: evidence that nothing but the relation of the two sides predicts the label."""

import re

import numpy as np
import pandas as pd

from linguist.files import read_json
from linguist.intervals import auroc_interval
from linguist.kinds import KINDS
from linguist.pairs.baselines import composition_distance, evaluate_baselines, lengths, similarities, translations
from linguist.pairs.duplicates import near_copies
from linguist.pairs.store import COLUMNS, SIDES, read_pairs, types_of_rows
from linguist.splits import SPLITS

RANDOM_PAIRS = 1000
MOST_BINS = 30
NOTHING = pd.DataFrame(columns=COLUMNS).astype({"label": int})


def audit(kind, splits, trained_on=None, tokens=None):
    """The audit of a pair set as plain values for JSON; None for what does not apply to this set.

    Args: `kind` is the name of its kind; `splits` maps each split to its table, which may have no rows; `trained_on` maps
    other pair sets, on which models are trained that are tested on this one, to their [kind, train table, dev table];
    `tokens` maps tokenizers to what `tokenize_pairs` counted (tokens.json).

    Parts: `splits` (see `audit_split`), `overlaps` between the splits, `trained_on` (test against the train and dev rows of
    the other sets), `distributions` over all splits, `random_similarity`, `tokens` and `baselines` (see
    `evaluate_baselines`).
    """
    frames = {split: read_pairs(path) for split, path in splits.items()}
    everything = pd.concat(frames.values(), ignore_index=True)
    near = {alphabet: near_copies(alphabet, texts) for alphabet, texts in by_alphabet(kind, everything).items()}
    names, test = list(frames), frames.get("test", NOTHING)
    return json_values(
        {
            "kind": kind,
            "splits": {split: audit_split(kind, frame, near) for split, frame in frames.items()},
            "overlaps": {
                f"{one}-{other}": overlap(kind, frames[one], kind, frames[other], near)
                for i, one in enumerate(names)
                for other in names[i + 1 :]
            },
            "trained_on": {
                name: overlap(other, pd.concat(map(read_pairs, paths)), kind, test)
                for name, (other, *paths) in (trained_on or {}).items()
            },
            "distributions": distributions(kind, everything),
            "random_similarity": random_similarity(kind, everything),
            "tokens": {name: count_tokens(path) for name, path in (tokens or {}).items()},
            "baselines": evaluate_baselines(
                kind,
                {split: frames.get(split, NOTHING) for split in SPLITS},
                types_of_rows(test["id"]),
            ),
        }
    )


def json_values(value):
    """A value as JSON has it: no numpy types, NaN as None, fractions rounded to six digits."""
    if isinstance(value, dict):
        return {name: json_values(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_values(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, 6)
    return value


def unordered_pairs(frame):
    """The two sentences of each row in alphabetic order, since a pair is the same in either order."""
    return [tuple(sorted(pair)) for pair in zip(frame["sentence1"], frame["sentence2"], strict=True)]


def by_alphabet(kind, frame):
    """{kind of a side: the set of its sentences}, of biological sequences; {} for text."""
    found = {}
    for alphabet, side in zip(KINDS[kind].alphabets, SIDES, strict=False):
        found.setdefault(alphabet, set()).update(frame[side])
    return found


def audit_split(kind, frame, near):
    """Counts of one split, and of its flaws; `near` has the near copies of the sentences of all splits, by kind of side.

    A pair counts as the same in either order of its sentences. `order` is the AUROC of the row number as a score for label
    1: 0.5 in a shuffled table, 0 where positives come first. `near_duplicates` counts distinct sentences with a near copy
    that is not their partner in a positive. `near_duplicates` and `near_copy_negatives` are None for text.
    """
    pairs, labels = unordered_pairs(frame), {}
    for pair, label in zip(pairs, frame["label"], strict=True):
        labels.setdefault(pair, set()).add(label)
    own = by_alphabet(kind, frame)
    return {
        "rows": len(frame),
        "positives": int(frame["label"].sum()),
        "lengths": {
            f"{column} label {label}": length_range(part[column].str.len().to_numpy())
            for label, part in frame.groupby("label")
            for column in SIDES
        },
        "repeated_rows": len(pairs) - len(labels),
        "pairs_with_both_labels": sum(len(found) > 1 for found in labels.values()),
        "order": auroc_interval(frame["label"].to_numpy(), np.arange(len(frame)))[0],
        "near_duplicates": count_near(kind, frame, near, own, partners(frame)) if own else None,
        "near_copy_negatives": count_near_negatives(frame, near) if own else None,
        "kinds": pd.Series(types_of_rows(frame["id"]), dtype=object).value_counts().sort_index().to_dict(),
        "start_codon": find_start_codon(frame) if KINDS[kind].translated else None,
    }


def length_range(values):
    return {"mean": round(float(np.mean(values)), 2), "min": int(values.min()), "max": int(values.max())}


def partners(frame):
    """{sentence: the sentences that positives pair it with}."""
    found = {}
    for text1, text2 in frame.loc[frame["label"] == 1, list(SIDES)].itertuples(index=False):
        found.setdefault(text1, set()).add(text2)
        found.setdefault(text2, set()).add(text1)
    return found


def count_near(kind, frame, near, among, ignored=None):
    """How many distinct sentences of a frame have a near copy in `among`, which is as `by_alphabet` gives it.

    `ignored` maps a sentence to near copies that do not count: the two sides of a positive may be alike.
    """
    ignored = ignored or {}
    return sum(
        not (near[alphabet].get(text, set()) - ignored.get(text, set())).isdisjoint(among[alphabet])
        for alphabet, texts in by_alphabet(kind, frame).items()
        for text in texts
        if alphabet in among
    )


def count_near_negatives(frame, near):
    """How many negatives nearly repeat a positive of the split: each side is equal or nearly equal to one of its sides."""
    copies = {text: found for part in near.values() for text, found in part.items()}
    positives = partners(frame)

    def alike(text):
        return {text} | copies.get(text, set())

    return sum(
        any(not positives[one].isdisjoint(alike(text2)) for one in alike(text1) if one in positives)
        for text1, text2 in frame.loc[frame["label"] == 0, list(SIDES)].itertuples(index=False)
    )


def find_start_codon(frame):
    """Where ATG occurs most often in the DNA of positives; None without positives.

    Gives the 0-based offset, the count and the share of positives there, and the mean share elsewhere. Where genes still
    have their flanks, the offset is the length of the flank.
    """
    dna = frame.loc[frame["label"] == 1, "sentence1"]
    at = [match.start() for text in dna for match in re.finditer("ATG", text)]
    offsets = dna.str.len().max() - 2 if len(dna) else 0
    if offsets < 1:
        return None
    counts = np.bincount(at, minlength=offsets)
    offset = counts.argmax()
    elsewhere = np.delete(counts, offset).mean() / len(dna) if offsets > 1 else 0.0
    return {"offset": offset, "count": counts[offset], "share": counts[offset] / len(dna), "elsewhere": elsewhere}


def overlap(kind1, frame1, kind2, frame2, near=None):
    """What two tables share: the number of distinct `sentences` and `pairs` in both, and `near_duplicates`.

    `near_duplicates` counts sentences of the second table with a near copy in the first; None where the two have no
    biological kind of side in common.
    """
    first, second = by_alphabet(kind1, frame1), by_alphabet(kind2, frame2)
    if near is None:
        near = {
            alphabet: near_copies(alphabet, second[alphabet], first[alphabet])
            for alphabet in first
            if alphabet in second
        }
    return {
        "sentences": len({*frame1[list(SIDES)].to_numpy().flat} & {*frame2[list(SIDES)].to_numpy().flat}),
        "pairs": len({*unordered_pairs(frame1)} & {*unordered_pairs(frame2)}),
        "near_duplicates": count_near(kind2, frame2, near, first) if first.keys() & second else None,
    }


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


def count_tokens(path):
    """For each split: mean and highest number of tokens of an input, shares of unknown tokens and of truncated inputs."""
    return {
        split: {
            "mean": part["tokens"] / max(1, part["inputs"]),
            "longest": part["longest"],
            "unknown": part["unknown"] / max(1, part["tokens"]),
            "truncated": part["truncated"] / max(1, part["inputs"]),
        }
        for split, part in read_json(path).items()
        if isinstance(part, dict)
    }
