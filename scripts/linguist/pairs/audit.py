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
from linguist.sequences.neighbours import identity_of_queries, read_neighbours
from linguist.sequences.strands import one_strand
from linguist.splits import SPLITS

RANDOM_PAIRS = 1000
MOST_BINS = 30
NOTHING = pd.DataFrame(columns=COLUMNS).astype({"label": int})


def audit(kind, splits, trained_on=None, tokens=None):
    """The audit of a pair set as plain values for JSON; None for what does not apply to this set.

    Args: `kind` is the name of its kind; `splits` maps each split to its table, which may have no rows; `trained_on` maps
    other pair sets, on which models are trained that are tested on this one, to their [kind, train table, dev table];
    `tokens` maps tokenizers to what `tokenize_pairs` counted (tokens.json).

    Parts: `labels` (their names), `splits` and `overlaps` between them (see `audit_rows`; of pairs also those of
    `audit_pairs`), `trained_on` (test against the train and dev rows of the other sets), `distributions` over all splits,
    `random_similarity`, `tokens` and `baselines` (see `evaluate_baselines`).
    """
    frames = {split: read_pairs(path) for split, path in splits.items()}
    everything, test = pd.concat(frames.values(), ignore_index=True), frames.get("test", NOTHING)
    sides = sides_of(kind)
    found, near = audit_rows(sides, frames, 2)
    for split, frame in frames.items():
        found["splits"][split] |= audit_pairs(kind, frame, near)
    return json_values(
        {
            "kind": kind,
            "labels": ["different", "same"],
            **found,
            "trained_on": {
                name: overlap((sides_of(other), pd.concat(map(read_pairs, paths))), (sides, test))
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


def sides_of(kind):
    """The columns of sequences in a table of pairs: {column: kind of its sequences}."""
    return dict(zip(SIDES, KINDS[kind].sides, strict=True))


def audit_rows(sides, frames, classes):
    """What is the same for pairs and tasks: ({"splits": ..., "overlaps": ...}, near copies of the sequences of all splits).

    Args: `sides` maps the columns of sequences to their kinds; `frames` maps each split to its rows, with a column label
    (0 to `classes` - 1). `splits` has `audit_split` of each split, `overlaps` has `overlap` of each two.
    """
    everything, names = pd.concat(frames.values(), ignore_index=True), list(frames)
    near = {kind: near_copies(kind, texts) for kind, texts in by_kind(sides, on_one_strand(sides, everything)).items()}
    splits = {split: audit_split(sides, frame, near, classes) for split, frame in frames.items()}
    overlaps = {
        f"{one}-{other}": overlap((sides, frames[one]), (sides, frames[other]), near)
        for i, one in enumerate(names)
        for other in names[i + 1 :]
    }
    return {"splits": splits, "overlaps": overlaps}, near


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


def on_one_strand(sides, frame):
    """The rows with each sequence as `one_strand` gives it, so that equal molecules are equal text."""
    return frame.assign(
        **{column: [one_strand(kind, text) for text in frame[column]] for column, kind in sides.items()}
    )


def texts_of(sides, frame):
    """The distinct sequences of a table."""
    return set().union(*(frame[column] for column in sides))


def comparable(sides, frame):
    """The rows as they are compared with one another: pairs on one strand, single sequences as written, since their label may
    depend on the strand."""
    return on_one_strand(sides, frame) if len(sides) > 1 else frame


def by_kind(sides, frame):
    """{kind: the set of its sequences}, of biological sequences; {} for text."""
    found = {}
    for column, kind in sides.items():
        if not KINDS[kind].is_text:
            found.setdefault(kind, set()).update(frame[column])
    return found


def labels_of_contents(sides, frame):
    """{the sequences of a row in alphabetic order, since a pair is the same in either order: the labels of such rows}."""
    found = {}
    for *texts, label in frame[[*sides, "label"]].itertuples(index=False):
        found.setdefault(tuple(sorted(texts)), set()).add(label)
    return found


def audit_split(sides, frame, near, classes):
    """Counts of one split, and of its flaws; `near` has the near copies of the sequences of all splits, by kind.

    Rows are equal in either order of their sequences; see `comparable` for strands. `contradictions` counts distinct rows
    with more than one label; `contradiction` is the first of them. `near_duplicates` counts distinct sequences with a near
    copy that is not their partner in a positive; None for text. `order`: see `row_order`.
    """
    stranded = on_one_strand(sides, frame)
    labels, own = labels_of_contents(sides, comparable(sides, frame)), by_kind(sides, stranded)
    unclear = [content for content, found in labels.items() if len(found) > 1]
    return {
        "rows": len(frame),
        "classes": np.bincount(frame["label"], minlength=classes).tolist(),
        "lengths": {
            f"{column} label {label}": length_range(part[column].str.len().to_numpy())
            for label, part in frame.groupby("label")
            for column in sides
        },
        "repeated_rows": len(frame) - len(labels),
        "contradictions": len(unclear),
        "contradiction": list(unclear[0]) if unclear else None,
        "near_duplicates": count_near(sides, stranded, near, own, partners(stranded)) if own else None,
        **row_order(frame["label"].to_numpy(), classes),
    }


def row_order(label, classes):
    """How far the labels are sorted: `order` is the AUROC of the row number as a score for the label `order_label`, of all
    labels the one that is farthest from 0.5 (of two labels: 1).

    It is 0.5 in a shuffled table, and 0 where the rows of that label come first; None where only one label occurs.
    """
    numbers = np.arange(len(label))
    areas = {one: auroc_interval((label == one).astype(int), numbers)[0] for one in range(classes)}
    areas = {one: area for one, area in areas.items() if not np.isnan(area) and (classes > 2 or one == 1)}
    farthest = max(areas, key=lambda one: abs(areas[one] - 0.5), default=None)
    return {"order": areas.get(farthest), "order_label": farthest}


def audit_pairs(kind, frame, near):
    """What only a split of pairs has; `near_copy_negatives` is None for text, `start_codon` without a translation.

    `equal_negatives` counts negatives whose sides are equal; `equal_negative` is a side of the first of them.
    """
    stranded = on_one_strand(sides_of(kind), frame)
    negatives = frame[(stranded["sentence1"] == stranded["sentence2"]) & (frame["label"] == 0)]
    return {
        "equal_negatives": len(negatives),
        "equal_negative": negatives["sentence1"].iloc[0] if len(negatives) else None,
        "near_copy_negatives": count_near_negatives(stranded, near) if near else None,
        "kinds": pd.Series(types_of_rows(frame["id"]), dtype=object).value_counts().sort_index().to_dict(),
        "start_codon": find_start_codon(frame) if KINDS[kind].translated else None,
    }


def length_range(values):
    return {"mean": round(float(np.mean(values)), 2), "min": int(values.min()), "max": int(values.max())}


def partners(frame):
    """{sentence: the sentences that positives pair it with}; {} for rows of one sequence."""
    found = {}
    if set(SIDES) <= set(frame):
        for text1, text2 in frame.loc[frame["label"] == 1, list(SIDES)].itertuples(index=False):
            found.setdefault(text1, set()).add(text2)
            found.setdefault(text2, set()).add(text1)
    return found


def count_near(sides, frame, near, among, ignored=None):
    """How many distinct sequences of a frame have a near copy in `among`, which is as `by_kind` gives it.

    `ignored` maps a sequence to near copies that do not count: the two sides of a positive may be alike.
    """
    ignored = ignored or {}
    return sum(
        not (near[kind].get(text, set()) - ignored.get(text, set())).isdisjoint(among[kind])
        for kind, texts in by_kind(sides, frame).items()
        for text in texts
        if kind in among
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


def identity_of_pairs(kind, splits, hits):
    """How near each test pair is to the train pairs: see `row_identity`.

    Args: `splits` maps splits to their tables; `hits` maps each kind of sequence to BLAST's hits of the test split, whose
    queries are named by the number of the row and of the side.
    """
    frames = {split: read_pairs(splits[split]) for split in ("train", "test")}
    test, shares = frames["test"], {}
    for side, path in hits.items():
        found = identity_of_queries(read_neighbours(path))
        places = {name: name.split(".") for name in found}
        shares[side] = {test.at[int(row), f"sentence{number}"]: found[name] for name, (row, number) in places.items()}
    return row_identity(sides_of(kind), frames, shares)


def row_identity(sides, frames, shares):
    """How near each test row is to the train rows: a data frame of id and identity, in the order of the rows.

    The identity of a sequence is the highest share of its letters that are identical in an alignment with a train sequence of
    its kind, of DNA on either strand; 0 if none was found. That of a row is the lower one of its sides, since a pair was
    nearly seen only if both sides were. Empty for text, and without train rows.

    Args: `sides` as for `audit_rows`; `frames` has the rows of train and test; `shares` is {kind: {test sequence: identity}}
    as BLAST found it. BLAST misses short sequences; equal ones are found without it.
    """
    test, known = frames["test"], by_kind(sides, on_one_strand(sides, frames["train"]))
    if not any(known.values()):
        return pd.DataFrame({"id": [], "identity": []})
    found = [
        [1.0 if one_strand(kind, text) in known[kind] else shares[kind].get(text, 0.0) for text in test[column]]
        for column, kind in sides.items()
    ]
    return pd.DataFrame({"id": test["id"], "identity": np.min(found, axis=0)})


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


def overlap(earlier, later, near=None):
    """What two tables share, each (sides, frame), on either strand of DNA.

    `sentences` and `pairs` count distinct sequences and rows in both, `other_strand` those of the sequences that are
    equal on the other strand only, `contradictions` the rows in both that have more than one label; `contradiction` is the
    first of them. `near_duplicates` counts sequences of the later table with a near copy in the earlier one; None where the
    two have no biological kind in common.
    """
    first, second = by_kind(*earlier), by_kind(*later)
    common, tables = first.keys() & second, (earlier, later)
    if common:  # else one of them is text, and the two are compared as written
        tables = [(sides, on_one_strand(sides, frame)) for sides, frame in tables]
        first, second = (by_kind(*table) for table in tables)
    if near is None:
        near = {kind: near_copies(kind, second[kind], first[kind]) for kind in common}
    shared = texts_of(*tables[0]) & texts_of(*tables[1])
    written = texts_of(*earlier) & texts_of(*later)
    if common:
        written = {one_strand(kind, text) for kind in second for text in written}
    labels1, labels2 = (labels_of_contents(*table) for table in (tables if len(later[0]) > 1 else (earlier, later)))
    both = [content for content in labels1 if content in labels2]
    unclear = [content for content in both if len(labels1[content] | labels2[content]) > 1]
    return {
        "sentences": len(shared),
        "other_strand": len(shared - written),
        "pairs": len(both),
        "contradictions": len(unclear),
        "contradiction": list(unclear[0]) if unclear else None,
        "near_duplicates": count_near(*tables[1], near, first) if common else None,
    }


def distributions(kind, frame):
    """Histograms of each measure, by label (see `histogram`): of the sequences, and of what the two sides have in common."""
    if frame.empty:
        return []
    record, label = KINDS[kind], frame["label"].to_numpy()
    found = distributions_of_sequences(sides_of(kind), frame, 2)
    length1, length2 = lengths(kind, frame)
    unit = KINDS[record.sides[0]].unit
    found.append(histogram(("length difference", unit, "both"), abs(length1 - length2), label, 2))
    # DNA and protein have no letters in common: the translation is compared.
    compared = frame
    if record.translated:
        compared = frame.assign(sentence1=[translations(dna)[0] for dna in frame["sentence1"]])
    distance = composition_distance(kind, compared)
    about = ("composition distance", "sum of differences of letter frequencies", "both")
    found.append(histogram(about, distance, label, 2))
    if record.alphabets:
        similarity = similarities(kind, frame)
        found.append(histogram(("similarity", "local similarity", "both"), similarity, label, 2))
    return found


def distributions_of_sequences(sides, frame, classes):
    """Histograms of the lengths of sequences and of their composition, by label; `sides` as for `audit_rows`.

    Sides of one kind are pooled.
    """
    label, parts = frame["label"].to_numpy(), {column: [column] for column in sides}
    if len(sides) > 1 and len(set(sides.values())) == 1:
        parts = {"both": list(sides)}
    found = {"length": [], "composition": []}
    for side, columns in parts.items():
        kind, texts = KINDS[sides[columns[0]]], pd.concat([frame[column] for column in columns])
        labels, length = np.tile(label, len(columns)), texts.str.len()
        found["length"].append(histogram(("length", kind.unit, side), length, labels, classes))
        if not kind.is_text:
            shares = texts.str.count(f"[{kind.composition}]") / length.clip(lower=1)
            about = ("composition", kind.composition_label, side)
            found["composition"].append(histogram(about, shares, labels, classes))
    return found["length"] + found["composition"]


def histogram(about, values, label, classes):
    """Values by label, as plain values: name, unit, side, edges of the bins, and for each label counts and means (None
    without rows). `about` is (name, unit, side)."""
    values = np.asarray(values, float)
    parts = [values[label == one] for one in range(classes)]
    edges = find_edges(values, whole=about[1] in {kind.unit for kind in KINDS.values()})
    return {
        **dict(zip(("name", "unit", "side"), about, strict=True)),
        "edges": edges.tolist(),
        "counts": [np.histogram(part, edges)[0].tolist() for part in parts],
        "means": [part.mean() if len(part) else None for part in parts],
    }


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
