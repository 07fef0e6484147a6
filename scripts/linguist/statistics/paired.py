"""The paired difference between two ways to answer the same items: its variance components, interval and p-value."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import bdtr, betaincinv, stdtr

from linguist.intervals import LEVEL, SATTERTHWAITE_FROM, crossed_half_width, degrees_of_freedom
from linguist.statistics.power import unseen_collapse

LEAST_P = 1e-15  # the smallest p-value that is computed; smaller ones get this value
NO_VARIANCE = 1e-20  # a variance below this is a rounding error


@dataclass(frozen=True)
class Difference:
    """A mean difference between two ways to answer the same items, with its variance components.

    mean: over seeds and items, averaged over tests
    parts: ((variance of the mean, degrees of freedom), ...) of the items and, with several seeds, of the seeds
    seeds: how many
    items: how many items it rests on, for its interval where the two ways answer all alike
    signs: where the items have no variance, with one seed and one test: (how many items one way is better on, on how many
        the other, the mean size of a difference), for the exact test; else None
    """

    mean: float
    parts: tuple
    seeds: int
    items: int
    signs: tuple | None = None


def paired_difference(one, other, labels=None, shared=True):
    """The mean difference of two ways to answer the same items, averaged over tests: (difference, low, high, p).

    Args: as for `variance_components`. p is two-sided, and comes from the same test as the interval. With one seed and one
    test it is the paired t-test over the items.
    """
    return difference_with_interval(variance_components(one, other, labels, shared))


def variance_components(one, other, labels=None, shared=True):
    """The Difference of two ways to answer the same items: its mean and its variance components.

    Args: for each test two arrays (seeds, items) of how correct an answer was, 0 to 1; one way may have a single row, which
    then stands for all seeds. Seeds are paired: runs of one seed share their draws. Give the 0/1 `labels` of a test's items
    if its numbers of positives and negatives are fixed, else None: the variance is then computed within each label.
    The components are the items and, with several seeds, the seeds (crossed random effects: Clark 1973; Baayen, Davidson &
    Bates 2008). The residual is in both and is not subtracted. Where tests may share their items, as translations do
    (`shared`), their standard errors are averaged, as if they were fully correlated, which is the worst case; else their
    variances are.
    """
    gaps = [np.asarray(a, float) - np.asarray(b, float) for a, b in zip(one, other, strict=True)]
    items, sizes = [gap.mean(axis=0) for gap in gaps], [gap.shape[1] for gap in gaps]
    seeds = np.mean([gap.mean(axis=1) for gap in gaps], axis=0)
    labels = labels or [None] * len(items)
    variances, freedoms = zip(*(item_variance(*pair) for pair in zip(items, labels, strict=True)), strict=True)
    variance = np.mean(np.sqrt(variances)) ** 2 if shared else np.sum(variances) / len(variances) ** 2
    parts = ((variance, min(freedoms)),)
    if len(seeds) > 1:
        parts += ((seeds.var(ddof=1) / len(seeds), len(seeds) - 1),)
    signs = exact_signs(items[0], labels[0]) if len(seeds) == len(items) == 1 else None
    count = min(sizes) * (1 if shared else len(sizes))
    return Difference(float(np.mean(seeds)), parts, len(seeds), count, signs)


def count_better(one, other):
    """In how many seeds one way is more accurate than another, on average over tests. Args: as for `variance_components`."""
    gaps = [(np.asarray(a) - np.asarray(b)).mean(axis=1) for a, b in zip(one, other, strict=True)]
    return int((np.mean(gaps, axis=0) > 1e-12).sum())


def variance_within(values, label):
    """The variance of the mean of `values`, from their variance within each 0/1 `label`, whose numbers count as fixed; in all
    where it is None. 0 where no value differs from those of its label."""
    parts = [values] if label is None else [values[label == 1], values[label != 1]]
    found = sum(len(part) * part.var(ddof=1) for part in parts if len(part) > 1) / len(values) ** 2
    return found if found > NO_VARIANCE else 0.0


def item_variance(values, label):
    """The variance of the mean of the differences on a test's items, and its degrees of freedom.

    Where two ways differ and `variance_within` is 0, as for two that give all items one answer, it is the variance under
    McNemar's null: a difference is as likely to be in favour of either way.
    """
    variance = variance_within(values, label) or np.mean(values**2) / len(values)
    strata = 1 if label is None else len(np.unique(label))
    return variance, max(1, len(values) - strata)


def exact_signs(values, label):
    """`Difference.signs` of the differences on a test's items of one seed; None where they have a variance, do not differ from
    0, or differ in size."""
    size = np.abs(values[values != 0])
    if variance_within(values, label) or not len(size) or np.ptp(size) > 1e-9:
        return None
    return int((values > 0).sum()), int((values < 0).sum()), float(np.abs(values).mean())


def half_width(found, p):
    """Half the width of the interval of a Difference at the level p (`crossed_half_width`).

    Where the two ways answer all items alike, it is the largest share of differences that is compatible with seeing none
    (Clopper & Pearson 1934).
    """
    if not sum(variance for variance, _ in found.parts):
        return 1 - (p / 2) ** (1 / found.items)
    return crossed_half_width(found.parts, found.seeds, p)


def difference_with_interval(found):
    """(difference, low, high, p) of a Difference; p is the level at which the interval ends at 0, and never 0."""
    if found.signs:
        return found.mean, *exact_interval(*found.signs)
    half = half_width(found, 1 - LEVEL)
    return found.mean, max(-1.0, found.mean - half), min(1.0, found.mean + half), p_value(found)


def p_value(found):
    """The two-sided p-value of a Difference, LEAST_P or larger."""
    total, mean = sum(variance for variance, _ in found.parts), abs(found.mean)
    if mean < 1e-12:
        return 1.0
    if found.seeds >= SATTERTHWAITE_FROM or len(found.parts) == 1:
        return max(LEAST_P, float(2 * stdtr(degrees_of_freedom(found.parts), -mean / np.sqrt(total))))
    return level_that_needs(mean, lambda p: half_width(found, p))


def level_that_needs(mean, needed):
    """The level p at which `needed(p)`, which falls as p grows, is the mean; from LEAST_P to 1."""
    if needed(1.0) >= mean:
        return 1.0
    if needed(LEAST_P) <= mean:
        return LEAST_P
    return float(10 ** brentq(lambda at: needed(10**at) - mean, np.log10(LEAST_P), 0, xtol=1e-10))


def p_despite_collapse(found, p, accuracy, collapsed):
    """The p of the hypothesis that a way is better, also if more of its seeds collapse than were seen to.

    A seed that gives all items one answer may be missed by few seeds, and the others are then better than the mean. The
    difference must therefore be significantly larger than `unseen_collapse`.
    Args: a Difference and its p; the accuracy of what it is compared with; how many seeds were seen to collapse, as the mean
    over tests.
    """

    def needed(level):
        return half_width(found, level) + unseen_collapse(accuracy, collapsed, found.seeds, level)

    return p if accuracy <= 0.5 else max(p, level_that_needs(found.mean, needed))


def exact_interval(better, worse, size):
    """McNemar's exact test of `better` against `worse` items: (low, high, p); `size` is the mean size of a difference.

    The interval is Clopper and Pearson's of the share of better ones, on the scale of the difference.
    """
    n, tail = better + worse, (1 - LEVEL) / 2
    low = betaincinv(better, worse + 1, tail) if better else 0.0
    high = betaincinv(better + 1, worse, 1 - tail) if worse else 1.0
    p = min(1.0, 2 * float(bdtr(min(better, worse), n, 0.5)))
    return size * (2 * low - 1), size * (2 * high - 1), max(LEAST_P, p)
