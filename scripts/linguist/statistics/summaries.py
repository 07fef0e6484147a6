"""Means over the seeds of runs, with intervals that cover the seeds and the test items."""

import numpy as np
import pandas as pd

from linguist.intervals import accuracy_interval, mean_interval
from linguist.sequences.neighbours import IDENTITY_BINS, identity_bins
from linguist.statistics.scores import correct

WAY = ["model", "method", "variant", "rule"]  # a way to answer tasks
BIN_COLUMNS = ["identity", "n", "seeds", "accuracy", "low", "high"]
RANGES = {"accuracy": (0, 1), "f1": (0, 1), "mcc": (-1, 1)}


def summarize_pairs(metrics):
    """The metrics of a study of pair sets over seeds: a row for each (model, trainset, test).

    Columns are means over seeds, but for sd, worst, best, and constant (how many seeds give nearly all pairs one answer).
    Intervals cover the seeds and the items (`mean_interval`); with one seed they cover the items only.
    """
    rows = []
    for (model, trainset, test), part in metrics.groupby(["model", "trainset", "test"], sort=False):
        accuracy, n, one = part["accuracy"], part["n"].iloc[0], len(part) == 1
        low, high = accuracy_interval(accuracy, n)
        items = (part["auroc_high"] - part["auroc_low"]).mean() / 2
        area = mean_interval(part["auroc"], items) if not one else part[["auroc_low", "auroc_high"]].iloc[0]
        row = {"model": model, "trainset": trainset, "test": test, "n": n, "seeds": len(part)}
        row |= {"constant": part["constant"].sum()}
        row |= {"accuracy": accuracy.mean(), "low": low, "high": high, "sd": np.nan if one else accuracy.std(ddof=1)}
        row |= {"worst": accuracy.min(), "best": accuracy.max(), "auroc": part["auroc"].mean()}
        row |= dict(zip(("auroc_low", "auroc_high"), area, strict=True))
        row |= {name: part[name].mean() for name in ("accuracy_median", "predicted_positive")}
        rows.append(row | {"majority": part["majority"].iloc[0]})
    return pd.DataFrame(rows)


def summarize_kinds(scores, kinds):
    """Accuracy by kind of pair: a row for each arm, test and kind, with model, trainset, test, kind, label, n (pairs), right
    (accuracy, mean over seeds), low and high.

    Args: `scores` is as from `tables.read_scores`, `kinds` as from `tables.read_row_types`. Tests without kinds have no rows.
    """
    rows = []
    for (model, trainset), tests in scores.items():
        for test, (label, by_seed) in tests.items():
            names = np.array(kinds[test], object)
            for kind in dict.fromkeys(name for name in names if name):
                at = names == kind
                shares = np.array([correct(label[at], score[at]).mean() for score in by_seed.values()])
                low, high = accuracy_interval(shares, at.sum())
                key = {"model": model, "trainset": trainset, "test": test, "kind": kind, "label": label[at][0]}
                rows.append(key | {"n": at.sum(), "right": shares.mean(), "low": low, "high": high})
    return pd.DataFrame(rows, columns=["model", "trainset", "test", "kind", "label", "n", "right", "low", "high"])


def summarize_identity(scores, identity):
    """Accuracy by identity to the nearest train row, of arms that are tested on the set that they were trained on: a row for
    each arm and name of IDENTITY_BINS, with model, trainset, test and `accuracy_of_bin`.

    Args: `scores` is as from `tables.read_scores`; `identity` maps tests to the identities of their rows, in their order.
    """
    rows = []
    for (model, trainset), tests in scores.items():
        if trainset in identity:
            label, by_seed = tests[trainset]
            bins = np.array(identity_bins(identity[trainset]), object)
            for name in (name for name in IDENTITY_BINS if name in set(bins)):
                right = [correct(label, score)[bins == name] for score in by_seed.values()]
                rows.append([model, trainset, trainset, *accuracy_of_bin(name, right)])
    return pd.DataFrame(rows, columns=["model", "trainset", "test", *BIN_COLUMNS])


def accuracy_of_bin(name, right):
    """The row of a bin, as BIN_COLUMNS: its name, n (rows), seeds, accuracy (mean over seeds), low and high.

    `right` has an array for each seed: whether each row of the bin was right.
    """
    shares, n = [np.mean(part) for part in right], len(right[0])
    return [name, n, len(shares), np.mean(shares), *accuracy_interval(shares, n)]


def summarize_tasks(metrics):
    """The metrics of a study of tasks over seeds: a row for each WAY and test, and a row "average" for those that answered
    all of several tests.

    Columns: the mean accuracy, F1 and MCC with their intervals (seeds and items), the sd and the best accuracy; `runs`, and
    `constant`, how many of them give nearly all rows one answer.
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
    return found | {name: np.mean([part[name].mean() for part in parts]) for name in ("no_answer", "majority")}
