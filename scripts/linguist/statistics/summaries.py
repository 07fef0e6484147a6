"""Means over the seeds of runs, with intervals that cover the seeds and the test items."""

import numpy as np
import pandas as pd

from linguist.intervals import accuracy_interval, mean_interval
from linguist.sequences.neighbours import IDENTITY_BINS, identity_bins
from linguist.statistics.scores import correct
from linguist.statistics.seeds import behaviour_of_scores, rank_opposite, seed_behaviour, without_constant

WAY = ["model", "method", "variant", "rule"]  # a way to answer tasks
BIN_COLUMNS = ["identity", "n", "seeds", "accuracy", "low", "high"]
RANGES = {"accuracy": (0, 1), "f1": (0, 1), "mcc": (-1, 1)}


def summarize_pairs(metrics):
    """The metrics of a study of pair sets over seeds: a row for each (model, trainset, test).

    Columns are means over seeds, but for sd, worst, best, those of `seed_behaviour`, and those that end in _least or _most,
    over seeds. Where seeds rank pairs in opposite directions, the means of AUROC and of accuracy_median are NaN.
    Intervals cover the seeds and the items (`mean_interval`); with one seed they cover the items only.
    """
    rows = []
    for (model, trainset, test), part in metrics.groupby(["model", "trainset", "test"], sort=False):
        accuracy, n, one, behaviour = part["accuracy"], part["n"].iloc[0], len(part) == 1, seed_behaviour(part)
        low, high = accuracy_interval(accuracy, n)
        row = {"model": model, "trainset": trainset, "test": test, "n": n} | behaviour
        row |= {"accuracy": accuracy.mean(), "low": low, "high": high, "sd": np.nan if one else accuracy.std(ddof=1)}
        row |= {"worst": accuracy.min(), "best": accuracy.max()}
        row |= dict(zip(("auroc", "auroc_low", "auroc_high"), mean_auroc(part), strict=True))
        row |= {name: part[name].mean() for name in ("accuracy_median", "median_bound")}
        row |= {"median_ties": part["median_ties"].max(), "majority": part["majority"].iloc[0]}
        for name in ("auroc", "accuracy_median", "predicted_positive"):
            row |= {f"{name}_least": part[name].min(), f"{name}_most": part[name].max()}
        if rank_opposite(behaviour):
            row |= dict.fromkeys(("auroc", "auroc_low", "auroc_high", "accuracy_median"), np.nan)
        rows.append(row)
    return pd.DataFrame(rows)


def mean_auroc(part):
    """The mean AUROC over seeds with its interval: (area, low, high); `part` has a row of `compute_metrics` for each seed."""
    if len(part) == 1:
        return tuple(part[["auroc", "auroc_low", "auroc_high"]].iloc[0])
    items = (part["auroc_high"] - part["auroc_low"]).mean() / 2
    return part["auroc"].mean(), *mean_interval(part["auroc"], items)


def summarize_kinds(scores, kinds):
    """Accuracy by kind of pair: a row for each arm, test and kind, with model, trainset, test, kind, label, n (pairs), seeds,
    constant (seeds left out), right (accuracy, mean over the other seeds), low, high, worst and best.

    Constant seeds are left out: their accuracy is 0 or 1 by the label alone, and two that are constant in opposite classes
    have the mean 0.5 for every kind. Where no seed is left, all are NaN; right, low and high also where seeds rank pairs in
    opposite directions.
    Args: `scores` is as from `tables.read_scores`, `kinds` as from `tables.read_row_types`. Tests without kinds have no rows.
    """
    columns = ["model", "trainset", "test", "kind", "label", "n", "seeds", "constant", "right", "low", "high"]
    rows = []
    for (model, trainset), tests in scores.items():
        for test, (label, by_seed) in tests.items():
            names = np.array(kinds[test], object)
            behaviour = behaviour_of_scores(label, by_seed)
            right = [correct(label, score) for score in without_constant(behaviour, by_seed).values()]
            for kind in dict.fromkeys(name for name in names if name):
                at = names == kind
                key = [model, trainset, test, kind, label[at][0], at.sum(), behaviour["seeds"], behaviour["constant"]]
                rows.append([*key, *accuracy_of_part([part[at] for part in right], rank_opposite(behaviour))])
    return pd.DataFrame(rows, columns=[*columns, "worst", "best"])


def accuracy_of_part(right, opposite=False):
    """Accuracy on some rows of a test: (mean over seeds, low, high, worst, best).

    `right` has an array for each seed: whether each row was right. The first three are NaN with `opposite` seeds.
    """
    if not right:
        return (np.nan,) * 5
    shares = [np.mean(part) for part in right]
    mean = (np.nan,) * 3 if opposite else (np.mean(shares), *accuracy_interval(shares, len(right[0])))
    return *mean, min(shares), max(shares)


def summarize_identity(scores, identity):
    """Accuracy by identity to the nearest train row, of arms that are tested on the set that they were trained on: a row for
    each arm and name of IDENTITY_BINS, with model, trainset, test, BIN_COLUMNS and constant, the seeds that are left out as in
    `summarize_kinds`.

    Args: `scores` is as from `tables.read_scores`; `identity` maps tests to the identities of their rows, in their order.
    """
    rows = []
    for (model, trainset), tests in scores.items():
        if trainset in identity:
            label, by_seed = tests[trainset]
            behaviour = behaviour_of_scores(label, by_seed)
            kept = without_constant(behaviour, by_seed).values()
            bins = np.array(identity_bins(identity[trainset]), object)
            for name in (name for name in IDENTITY_BINS if name in set(bins)):
                right = [correct(label, score)[bins == name] for score in kept]
                key = [model, trainset, trainset, name, (bins == name).sum(), behaviour["seeds"]]
                found = accuracy_of_part(right, rank_opposite(behaviour))
                rows.append([*key, *found[:3], behaviour["constant"]])
    return pd.DataFrame(rows, columns=["model", "trainset", "test", *BIN_COLUMNS, "constant"])


def accuracy_of_bin(name, right):
    """The row of a bin, as BIN_COLUMNS: its name, n (rows), seeds, accuracy (mean over seeds), low and high.

    `right` has an array for each seed: whether each row of the bin was right.
    """
    return [name, len(right[0]), len(right), *accuracy_of_part(right)[:3]]


def summarize_tasks(metrics):
    """The metrics of a study of tasks over seeds: a row for each WAY and test, and a row "average" for those that answered
    all of several tests.

    Columns: the mean accuracy, F1 and MCC with their intervals (seeds and items), the sd and the best accuracy; `runs`, and
    `constant`, how many of them give nearly all rows one answer; no_answer, answer_mass and majority, means over the tests.
    """
    rows, every = [], metrics["test"].nunique()
    for key, group in metrics.groupby(WAY, sort=False):
        way = dict(zip(WAY, key, strict=True))
        parts = {test: [part] for test, part in group.groupby("test", sort=False)}
        if len(parts) == every > 1:
            parts["average"] = [part for (part,) in parts.values()]
        rows += [way | {"test": test} | average_metrics(part) for test, part in parts.items()]
    return pd.DataFrame(rows)


def average_metrics(parts):
    """Means over seeds of the average over some tests, as a dict; `parts` are the rows of each test, a seed each."""
    found = {"n": sum(part["n"].iloc[0] for part in parts), "seeds": min(len(part) for part in parts)}
    found |= {"constant": sum(part["constant"].sum() for part in parts), "runs": sum(len(part) for part in parts)}

    def by_seed(name):
        return pd.concat([part.set_index("seed")[name] for part in parts], axis=1).mean(axis=1)

    for name, bounds in RANGES.items():
        halves = [(part[f"{name}_high"] - part[f"{name}_low"]).mean() / 2 for part in parts]
        low, high = mean_interval(by_seed(name), np.sqrt(np.sum(np.square(halves))) / len(parts), *bounds)
        found |= {name: by_seed(name).mean(), f"{name}_low": low, f"{name}_high": high}
    accuracy = by_seed("accuracy")
    found |= {"sd": accuracy.std(ddof=1) if len(accuracy) > 1 else np.nan, "best": accuracy.max()}
    return found | {
        name: np.mean([part[name].mean() for part in parts]) for name in ("no_answer", "answer_mass", "majority")
    }
