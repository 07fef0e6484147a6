"""Confidence intervals: of a share, of an AUROC, and of a mean over seeds."""

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

LEVEL = 0.95


def wilson(successes, n):
    """Wilson's score interval of a share (Wilson 1927): (low, high)."""
    interval = stats.binomtest(int(successes), int(n)).proportion_ci(LEVEL, method="wilson")
    return interval.low, interval.high


def auroc_interval(label, score):
    """Area under the ROC curve with DeLong's interval (DeLong, DeLong & Clarke-Pearson 1988): (area, low, high).

    All three are NaN if only one class occurs.
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
    half_width = stats.norm.ppf((1 + LEVEL) / 2) * spread
    return area, max(0.0, area - half_width), min(1.0, area + half_width)


def mean_interval(values, item_half_width, least=0.0, most=1.0):
    """Interval of the mean of `values`, one for each seed, cut to least … most: (low, high).

    It covers two sources of variance: the seeds (Student's t) and the test items, which all seeds share. Their half-widths
    are combined as the root of the sum of squares. One seed has the half-width of the items alone.
    """
    n, half_width = len(values), item_half_width
    if n > 1:
        seed_half_width = stats.t.ppf((1 + LEVEL) / 2, n - 1) * np.std(values, ddof=1) / np.sqrt(n)
        half_width = np.hypot(seed_half_width, item_half_width)
    return max(least, np.mean(values) - half_width), min(most, np.mean(values) + half_width)


def accuracy_interval(accuracies, n):
    """Interval of the mean of `accuracies`, one for each seed, over `n` shared items: (low, high); Wilson's for one seed."""
    low, high = wilson(round(np.mean(accuracies) * n), n)
    return (low, high) if len(accuracies) == 1 else mean_interval(accuracies, (high - low) / 2)
