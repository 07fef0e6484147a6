"""Figures of a run on a test, each with its interval, from predictions alone."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

from linguist.predictions import read_predictions

RESAMPLES = 2000
LEVEL = 0.95


def wilson(successes, n, level=LEVEL):
    """Wilson's score interval for a share (Wilson 1927): (low, high)."""
    interval = stats.binomtest(int(successes), int(n)).proportion_ci(level, method="wilson")
    return interval.low, interval.high


def auroc_interval(label, score, level=LEVEL):
    """Area under the ROC curve with DeLong's interval (DeLong, DeLong & Clarke-Pearson 1988): (area, low, high).

    NaN where only one class is there.
    """
    positive, negative = score[label == 1], score[label == 0]
    if not len(positive) or not len(negative):
        return np.nan, np.nan, np.nan
    area = roc_auc_score(label, score)
    ranks = stats.rankdata(np.concatenate([positive, negative]))
    m, n = len(positive), len(negative)
    over = (ranks[:m] - stats.rankdata(positive)) / n
    under = 1 - (ranks[m:] - stats.rankdata(negative)) / m
    spread = np.sqrt((over.var(ddof=1) if m > 1 else 0) / m + (under.var(ddof=1) if n > 1 else 0) / n)
    reach = stats.norm.ppf((1 + level) / 2) * spread
    return area, max(0.0, area - reach), min(1.0, area + reach)


def confusion_figures(tn, fp, fn, tp):
    """Accuracy, F1 of class 1 and Matthews correlation from (arrays of) confusion counts; 0 where undefined."""
    tn, fp, fn, tp = (np.asarray(count, float) for count in (tn, fp, fn, tp))
    with np.errstate(divide="ignore", invalid="ignore"):
        f1 = np.nan_to_num(2 * tp / (2 * tp + fp + fn))
        scale = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
        mcc = np.nan_to_num((tp * tn - fp * fn) / scale)
    return (tp + tn) / (tn + fp + fn + tp), f1, mcc


def figures(label, score, draw):
    """All figures of one run on one test.

    Args: `label` 0/1; `score` the logit of class 1 minus that of class 0; `draw` a numpy Generator for the bootstrap of
    F1 and MCC (percentiles over resampled items, done exactly on the four confusion counts).
    Returns a dict; accuracy_median is accuracy with the threshold at the median score, which needs no labels.
    """
    predicted = (score > 0).astype(int)
    n = len(label)
    counts = np.array([np.sum((label == a) & (predicted == b)) for a in (0, 1) for b in (0, 1)])
    accuracy, f1, mcc = confusion_figures(*counts)
    _, f1s, mccs = confusion_figures(*draw.multinomial(n, counts / n, RESAMPLES).T)
    tails = [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2]
    low, high = wilson(counts[0] + counts[3], n)
    area, area_low, area_high = auroc_interval(label, score)
    f1_low, f1_high = np.percentile(f1s, tails)
    mcc_low, mcc_high = np.percentile(mccs, tails)
    return {
        "n": n,
        "accuracy": accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "f1": f1,
        "f1_low": f1_low,
        "f1_high": f1_high,
        "mcc": mcc,
        "mcc_low": mcc_low,
        "mcc_high": mcc_high,
        "auroc": area,
        "auroc_low": area_low,
        "auroc_high": area_high,
        "accuracy_median": np.mean((score > np.median(score)) == label),
        "predicted_positive": predicted.mean(),
        "majority": max(label.mean(), 1 - label.mean()),
    }


def compute_metrics(study, tests, runs):
    """The long table of a study: one row for each run and test.

    Args: `tests` are the study's; `runs` lists (model, trainset, seed, path of predictions).
    """
    rows = []
    for model, trainset, seed, path in runs:
        predictions = read_predictions(path)
        for test in tests:
            part = predictions[predictions["test"] == test]
            score = (part["score1"] - part["score0"]).to_numpy()
            draw = np.random.default_rng(0)
            rows.append(
                {"study": study, "model": model, "trainset": trainset, "seed": seed, "test": test}
                | figures(part["label"].to_numpy(), score, draw)
            )
    return pd.DataFrame(rows)


def summarize(metrics):
    """Over the seeds of each (model, trainset, test): mean accuracy, its sd and range, and the other means.

    The interval of a mean covers both sources of chance: the seeds (Student's t over them) and the test items, which
    all seeds share (Wilson's for accuracy, DeLong's for AUROC); the two reaches are added in quadrature. With one seed it
    is that run's own interval and covers the items only.
    """
    rows = []
    for (model, trainset, test), group in metrics.groupby(["model", "trainset", "test"], sort=False):
        accuracy, auroc, first = group["accuracy"], group["auroc"], group.iloc[0]
        if len(group) > 1:
            item_low, item_high = wilson(round(accuracy.mean() * first["n"]), first["n"])
            low, high = mean_interval(accuracy, (item_high - item_low) / 2)
            auroc_low, auroc_high = mean_interval(auroc, (group["auroc_high"] - group["auroc_low"]).mean() / 2)
        else:
            low, high, auroc_low, auroc_high = first[["accuracy_low", "accuracy_high", "auroc_low", "auroc_high"]]
        rows.append(
            {
                "model": model,
                "trainset": trainset,
                "test": test,
                "n": first["n"],
                "seeds": len(group),
                "accuracy": accuracy.mean(),
                "low": low,
                "high": high,
                "sd": accuracy.std(ddof=1) if len(group) > 1 else np.nan,
                "worst": accuracy.min(),
                "best": accuracy.max(),
                "auroc": auroc.mean(),
                "auroc_low": auroc_low,
                "auroc_high": auroc_high,
                "accuracy_median": group["accuracy_median"].mean(),
                "predicted_positive": group["predicted_positive"].mean(),
                "majority": first["majority"],
            }
        )
    return pd.DataFrame(rows)


def mean_interval(values, item_reach):
    """Interval of the mean of `values` (one for each seed), with the items' own reach added in quadrature, in 0..1."""
    seed_reach = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    reach = np.hypot(seed_reach, item_reach)
    return max(0.0, values.mean() - reach), min(1.0, values.mean() + reach)


def read_metrics(path):
    """The long table that `compute_metrics` gave, from its file."""
    # A name may be nan, or 1; the last three are of tasks.
    names = dict.fromkeys(["study", "model", "trainset", "test", "method", "variant", "rule"], str)
    return pd.read_csv(path, sep="\t", dtype=names, keep_default_na=False, na_values=[""])
