"""Paired differences between ways to answer the same items, with their tests and the corrections for many tests."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from linguist.intervals import LEVEL
from linguist.statistics.scores import correct, correct_at_median

# Besides its controls, a run is compared with always predicting the majority class, and with chance.
MAJORITY, CHANCE = "majority", "chance"
MEASURES = {"accuracy": correct, "accuracy_median": correct_at_median}
KEY = ["model", "trainset", "scope", "level", "tests", "measure", "against", "seeds"]
LEAST_P = 1e-15  # the smallest p-value that is computed; smaller ones get this value


def paired_difference(one, other, labels=None, shared=True):
    """The mean difference of two ways to answer the same items, averaged over tests: (difference, low, high, p).

    Args: as for `variance_components`. p is two-sided, and comes from the same test as the interval. With one seed and one
    test it is the paired t-test over the items.
    """
    return difference_with_interval(*variance_components(one, other, labels, shared))


def variance_components(one, other, labels=None, shared=True):
    """A mean difference and its variance components: (difference, [(variance of the mean, degrees of freedom)]).

    Args: for each test two arrays (seeds, items) of how correct an answer was, 0 to 1; one way may have a single row, which
    then stands for all seeds. Seeds are paired: runs of one seed share their draws. Give the
    `labels` of each test's items if the test has fixed numbers of positives and negatives: the variance is then computed
    within each label.
    The components are the items and, with several seeds, the seeds. Where tests may share their items, as translations do
    (`shared`), their standard errors are averaged, as if they were fully correlated, which is the worst case; else their
    variances are.
    """
    gaps = [np.asarray(a, float) - np.asarray(b, float) for a, b in zip(one, other, strict=True)]
    items = [gap.mean(axis=0) for gap in gaps]
    seeds = np.mean([gap.mean(axis=1) for gap in gaps], axis=0)
    strata = [np.zeros(len(item)) for item in items] if labels is None else labels
    errors = [standard_error(item, stratum) for item, stratum in zip(items, strata, strict=True)]
    variance = np.mean(errors) ** 2 if shared else np.sum(np.square(errors)) / len(errors) ** 2
    parts = [(variance, max(1, min(len(i) - len(np.unique(s)) for i, s in zip(items, strata, strict=True))))]
    if len(seeds) > 1:
        parts.append((seeds.var(ddof=1) / len(seeds), len(seeds) - 1))
    return float(np.mean([gap.mean() for gap in gaps])), parts


def half_width(components, p):
    """Half the width of the interval at the level p: the root of the sum of t(freedom)^2 variance over the components."""
    return np.sqrt(sum(variance * stats.t.isf(p / 2, freedom) ** 2 for variance, freedom in components))


def difference_with_interval(mean, components):
    """(difference, low, high, p) from what `variance_components` gives; p is the level at which the interval ends at 0."""
    if sum(variance for variance, _ in components) < 1e-15:  # no variance: the two differ everywhere alike, or nowhere
        return mean, mean, mean, float(abs(mean) < 1e-12)
    p = LEAST_P
    if half_width(components, p) > abs(mean):
        p = 10 ** brentq(lambda exponent: half_width(components, 10**exponent) - abs(mean), np.log10(p), 0, xtol=1e-10)
    half = half_width(components, 1 - LEVEL)
    return mean, mean - half, mean + half, p


def standard_error(values, strata):
    """Standard error of the mean of `values`, from their variance within `strata`, whose sizes count as fixed."""
    parts = [values[strata == stratum] for stratum in np.unique(strata)]
    return np.sqrt(sum(len(part) * part.var(ddof=1) for part in parts if len(part) > 1)) / len(values)


def holm(p):
    """p-values corrected for their number, so that the chance of any false positive stays below the level (Holm 1979)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def intersection_union(p, hypothesis):
    """p-values of hypotheses that each hold only if all of their comparisons do, corrected for their number.

    The p of a hypothesis is the largest of its comparisons' (the intersection-union test, Berger 1982); `holm` corrects it.
    Args: p of each comparison, and the number of its hypothesis. Gives an array with each comparison's hypothesis' p.
    """
    worst = pd.Series(p).groupby(np.asarray(hypothesis)).max()
    return pd.Series(holm(worst), worst.index)[hypothesis].to_numpy()


def majority_answers(label):
    """How correct each answer is if all items get the larger of two classes: (1, items)."""
    return (label == (label.mean() >= 0.5))[None].astype(float)


KNOW_NOTHING = {  # by measure: what every arm is compared with, and how correct its answers are
    "accuracy": (MAJORITY, majority_answers),
    "accuracy_median": (CHANCE, lambda label: np.full((1, len(label)), 0.5)),
}


def compare_arms(scores, comparisons):
    """Paired differences between each arm of a study, its controls and the other arms: a table, a row for each.

    An arm is one (model, training set). Args: `scores` is as from `tables.read_scores`; `comparisons` as from
    `design.comparisons_of`. Columns: model, trainset; scope, a test or a group of tests whose differences are averaged;
    level, "test", "group" or "arms"; tests, their names; measure, one of MEASURES; against; seeds; difference, low, high;
    p; p_holm, corrected for how often the study makes this comparison (same level, measure and control); p_claim, the p of
    the hypothesis that the arm is better than everything it is compared with (see `intersection_union`); detectable, the
    smallest difference that would have been significant, corrected for the number of hypotheses that are not supported.
    Levels "test" and "group" are against the name of a control, MAJORITY (for accuracy) or CHANCE (for accuracy_median);
    level "arms" is against another arm of the study, on the tests of a group that both have.
    """
    rows = []
    for number, spec in enumerate(comparisons):
        arm = tuple(spec["arm"])
        scopes = [("test", test, [test]) for test in scores[arm]]
        scopes += [("group", *group) for group in spec["groups"].items()]
        for level, scope, tests in scopes:
            rows += [{"level": level, "scope": scope} | row for row in control_differences(scores, spec, tests)]
        for other in comparisons[number + 1 :]:
            for group, tests in spec["groups"].items():
                if both := [test for test in tests if test in other["groups"].get(group, [])]:
                    theirs = _answers_of(scores[tuple(other["arm"])], both, "accuracy")
                    found = difference_rows(scores, arm, both, "accuracy", {", ".join(other["arm"]): theirs})
                    rows += [{"level": "arms", "scope": group} | row for row in found]
    return add_corrections(pd.DataFrame(rows))


def control_differences(scores, spec, tests):
    """The differences of one arm from knowing nothing and from its controls, on some tests: a row each, of both measures."""
    arm = tuple(spec["arm"])
    for measure, (name, answers) in KNOW_NOTHING.items():
        others = {name: [answers(scores[arm][test][0]) for test in tests]}
        for control, other in spec["controls"].items():
            others[control] = _answers_of(scores[tuple(other)], tests, measure)
        yield from difference_rows(scores, arm, tests, measure, others)


def _answers_of(arm, tests, measure):
    """How correct the answers of an arm are by a measure: for each test an array (seeds, items)."""
    return [np.array([MEASURES[measure](arm[test][0], score) for score in arm[test][1].values()]) for test in tests]


def difference_rows(scores, arm, tests, measure, others):
    """Rows of the table of `compare_arms` for one arm against `others`: {name: answers as from `_answers_of`}."""
    own, labels = _answers_of(scores[arm], tests, measure), [scores[arm][test][0] for test in tests]
    key = {"model": arm[0], "trainset": arm[1], "tests": ", ".join(tests), "measure": measure}
    for name, other in others.items():
        mean, components = variance_components(own, other, labels)
        found = dict(zip(("difference", "low", "high", "p"), difference_with_interval(mean, components), strict=True))
        yield key | {"against": name, "seeds": len(own[0])} | found | {"components": components}


def add_corrections(table):
    """The table of `compare_arms` with p_holm, p_claim and detectable, from its column of variance components."""
    between = table["level"] == "arms"
    family = ["level", "measure", table["against"].where(~between, "")]  # between arms all comparisons are one family
    table["p_holm"] = table.groupby(family)["p"].transform(holm)
    table["p_claim"] = table["p_holm"]
    for _, part in table[~between].groupby(["level", "measure"]):
        hypothesis = part.groupby(["model", "trainset", "scope"], sort=False).ngroup()
        better = part["p"].where(part["difference"] > 0, 1)
        table.loc[part.index, "p_claim"] = intersection_union(better, hypothesis)
    unsupported = table.groupby(family)["p_claim"].transform(lambda p: max(1, (p >= 1 - LEVEL).sum()))
    pairs = zip(table.pop("components"), unsupported, strict=True)
    table["detectable"] = [half_width(components, (1 - LEVEL) / count) for components, count in pairs]
    return table[[*KEY, "difference", "low", "high", "p", "p_holm", "p_claim", "detectable"]]
