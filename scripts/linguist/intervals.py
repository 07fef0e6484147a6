"""Confidence intervals: of a share, of an AUROC, and of a mean over seeds.

Most jobs import this module, and many of them are short: scipy.stats and scikit-learn would take them a second to import.
"""

import numpy as np
from scipy.special import expit, logit, ndtri, stdtrit

LEVEL = 0.95
Z = ndtri((1 + LEVEL) / 2)  # of the standard normal distribution
SATTERTHWAITE_FROM = 5  # seeds; with fewer, Satterthwaite's degrees of freedom are too many where seeds vary much


def wilson(successes, n):
    """Wilson's score interval of a share (Wilson 1927): (low, high)."""
    share, weight = successes / n, Z**2 / n
    middle = (share + weight / 2) / (1 + weight)
    half_width = np.sqrt(weight * (share * (1 - share) + weight / 4)) / (1 + weight)
    return max(0.0, float(middle - half_width)), min(1.0, float(middle + half_width))


def ranks_of(values):
    """The ranks of an array's values from 1; equal values have the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def auroc_interval(label, score):
    """Area under the ROC curve with DeLong's interval (DeLong, DeLong & Clarke-Pearson 1988) on the scale of its logit, on which it
    holds the true area as often as it says also near 0 and 1 (Pepe 2003): (area, low, high).

    Where a score separates the classes without error, the interval is that of a share without exception among the items of the
    smaller class (Clopper & Pearson 1934). All three are NaN if only one class occurs.
    """
    positive, negative = score[label == 1], score[label == 0]
    if not len(positive) or not len(negative):
        return np.nan, np.nan, np.nan
    ranks = ranks_of(np.concatenate([positive, negative]))
    m, n = len(positive), len(negative)
    over = (ranks[:m] - ranks_of(positive)) / n
    under = 1 - (ranks[m:] - ranks_of(negative)) / m
    area = over.mean()
    spread = np.sqrt((over.var(ddof=1) if m > 1 else 0) / m + (under.var(ddof=1) if n > 1 else 0) / n)
    if area in (0, 1):
        reach = 1 - ((1 - LEVEL) / 2) ** (1 / min(m, n))
        return area, max(0.0, area - reach), min(1.0, area + reach)
    half_width = Z * spread / (area * (1 - area))
    return area, *(float(expit(logit(area) + side * half_width)) for side in (-1, 1))


def crossed_half_width(parts, seeds, p):
    """Half the width of the interval, at the level p, of a mean over seeds and items.

    Args: `parts` are its variance components ((variance of the mean, degrees of freedom), ...), numbers or arrays. From
    SATTERTHWAITE_FROM seeds on it is Student's t with the degrees of freedom of their sum; with fewer, the root of the sum of
    t(freedom)^2 variance.
    """
    if seeds < SATTERTHWAITE_FROM:
        return np.sqrt(sum(variance * stdtrit(freedom, p / 2) ** 2 for variance, freedom in parts))
    return -stdtrit(degrees_of_freedom(parts), p / 2) * np.sqrt(sum(variance for variance, _ in parts))


def degrees_of_freedom(parts):
    """Degrees of freedom of the sum of variance components ((variance, degrees of freedom), ...) (Satterthwaite 1946)."""
    return sum(variance for variance, _ in parts) ** 2 / sum(variance**2 / freedom for variance, freedom in parts)


def mean_interval(values, item_half_width, least=0.0, most=1.0):
    """Interval of the mean of `values`, one for each seed (numbers or arrays), cut to least … most: (low, high).

    It covers two sources of variance: the seeds (Student's t) and the test items, which all seeds share. Their half-widths
    are combined as the root of the sum of squares. One seed has the half-width of the items alone.
    """
    n, half_width = len(values), item_half_width
    if n > 1:
        seed_half_width = stdtrit(n - 1, (1 + LEVEL) / 2) * np.std(values, axis=0, ddof=1) / np.sqrt(n)
        half_width = np.hypot(seed_half_width, item_half_width)
    mean = np.mean(values, axis=0)
    return np.maximum(least, mean - half_width), np.minimum(most, mean + half_width)


def accuracy_interval(accuracies, n):
    """Interval of the mean of `accuracies`, one for each seed, over `n` shared items: (low, high); Wilson's for one seed."""
    low, high = wilson(round(np.mean(accuracies) * n), n)
    return (low, high) if len(accuracies) == 1 else mean_interval(accuracies, (high - low) / 2)
