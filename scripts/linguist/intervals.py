"""Confidence intervals of a share and of an AUROC."""

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

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
