"""Metrics of one run on one test, each with its interval, from predictions alone."""

import numpy as np
import pandas as pd

from linguist.intervals import LEVEL, auroc_interval, wilson
from linguist.statistics.thresholds import ONE_CLASS

RESAMPLES = 2000


def confusion_matrix(label, called, classes, no_answer=False):
    """Counts of items (classes, classes): rows are the true classes, columns the called ones.

    Args: `label` and `called` are class numbers; with `no_answer` a last column counts the items that were called -1.
    """
    counts = np.zeros((classes, classes + no_answer), int)
    np.add.at(counts, (label, called), 1)  # -1 is the last column
    return counts


def confusion_metrics(counts, of_class=None):
    """Accuracy, F1 and Matthews correlation for K classes (Gorodkin 2004) from confusion counts (..., K, K or K + 1).

    A last column beside K others counts wrong answers. F1 is that of one class, or the mean over all classes (macro). With
    two classes the correlation is that of Matthews (1975). Each is an array (...); 0 where undefined.
    """
    counts = np.asarray(counts, float)
    classes = counts.shape[-2]
    truth, called, n = counts.sum(-1), counts.sum(-2), counts.sum((-1, -2))
    right = np.diagonal(counts[..., :classes], axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        f1 = np.nan_to_num(2 * right / (truth + called[..., :classes]))
        covariance = right.sum(-1) * n - (truth * called[..., :classes]).sum(-1)
        mcc = np.nan_to_num(covariance / np.sqrt((n**2 - (called**2).sum(-1)) * (n**2 - (truth**2).sum(-1))))
    return right.sum(-1) / n, f1.mean(-1) if of_class is None else np.take(f1, of_class, -1), mcc


def class_metrics(counts, draw, of_class=None):
    """Metrics of one confusion matrix: n, accuracy with Wilson's interval, F1 and MCC with bootstrap intervals, as a dict.

    The bootstrap is of the items: percentiles over RESAMPLES samples, drawn exactly, on the cells of the matrix. Args:
    `counts` and `of_class` as for `confusion_metrics`; `draw` is a numpy Generator.
    """
    n = counts.sum()
    accuracy, f1, mcc = confusion_metrics(counts, of_class)
    samples = draw.multinomial(n, counts.ravel() / n, RESAMPLES).reshape(RESAMPLES, *counts.shape)
    _, f1s, mccs = confusion_metrics(samples, of_class)
    tails = [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2]
    low, high = wilson(np.trace(counts), n)
    found = {"n": n, "accuracy": accuracy, "accuracy_low": low, "accuracy_high": high}
    for name, value, values in (("f1", f1, f1s), ("mcc", mcc, mccs)):
        found |= dict(zip((name, f"{name}_low", f"{name}_high"), (value, *np.percentile(values, tails)), strict=True))
    return found


def majority_accuracy(label):
    """The accuracy of always predicting the largest class."""
    return np.bincount(label).max() / len(label)


def pair_metrics(label, score, draw):
    """All metrics of one run on a pair set, as a dict.

    Args: `label` 0/1; `score` the logit of class 1 minus that of class 0; `draw` a numpy Generator. F1 is that of class 1;
    accuracy_median is the accuracy with the threshold at the median score, which needs no labels, median_bound the highest
    that a ranking can reach there, and median_ties the number of items that share the median score.
    """
    predicted = (score > 0).astype(int)
    found = class_metrics(confusion_matrix(label, predicted, 2), draw, of_class=1)
    found |= dict(zip(("auroc", "auroc_low", "auroc_high"), auroc_interval(label, score), strict=True))
    return found | {
        "accuracy_median": correct_at_median(label, score).mean(),
        "median_bound": bound_at_median(label, score),
        "median_ties": ties_at_median(score),
        "predicted_positive": predicted.mean(),
        "constant": is_constant(label, predicted),
        "majority": majority_accuracy(label),
    }


def task_metrics(label, called, classes, draw):
    """All metrics of one run on a task, as a dict; F1 is the macro F1.

    Args: `label` and `called` are class numbers (called: -1 for no answer); `draw` a numpy Generator.
    """
    found = class_metrics(confusion_matrix(label, called, classes, no_answer=True), draw)
    return found | {
        "no_answer": np.mean(called < 0),
        "constant": is_constant(label, called),
        "majority": majority_accuracy(label),
    }


def is_constant(label, called):
    """1 if a run gives nearly all items one answer, else 0; `called` are class numbers (-1: no answer).

    Where nearly all items have one label, a run may give this answer as often as it is the label.
    """
    commonest = np.unique(called, return_counts=True)[1].max() / len(called)
    return int(commonest > max(1 - ONE_CLASS, majority_accuracy(label)))


def correct(label, score):
    """Which items are answered correctly, 1 or 0, where a score above 0 means class 1."""
    return ((score > 0) == label).astype(float)


def correct_at_median(label, score):
    """Which items are answered correctly with the threshold at the median score, which needs no labels: 1 or 0.

    A score that is the median itself counts as half correct, so that a constant score has the accuracy of a coin.
    """
    median = np.median(score)
    return np.where(score == median, 0.5, (score > median) == label)


def bound_at_median(label, score):
    """The highest accuracy of any ranking with the threshold at the median score, by its numbers of items above and at it.

    Without ties this is 1 - |share of positives - 1/2|: more positives than half of the items cannot all lie above the median.
    """
    positives, above, below = label.sum(), (score > np.median(score)).sum(), (score < np.median(score)).sum()
    tied = len(label) - above - below
    return (min(above, positives) + tied / 2 + min(below, len(label) - positives)) / len(label)


def ties_at_median(score):
    """The number of items that share the median score; 0 where no two do."""
    tied = int((score == np.median(score)).sum())
    return tied if tied > 1 else 0


def compute_metrics(study, scores):
    """The metrics table of a study of pair sets: a row for each run and test. `scores` is as from `tables.read_scores`."""
    rows = []
    for (model, trainset), tests in scores.items():
        for seed in next(iter(tests.values()))[1]:
            for test, (label, by_seed) in tests.items():
                key = {"study": study, "model": model, "trainset": trainset, "seed": seed, "test": test}
                rows.append(key | pair_metrics(label, by_seed[seed], np.random.default_rng(0)))
    return pd.DataFrame(rows)
