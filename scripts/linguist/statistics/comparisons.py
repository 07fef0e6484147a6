"""Paired differences between ways to answer the same items, with their tests and the corrections for many tests."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import bdtr, betaincinv, stdtr

from linguist.intervals import LEVEL, SATTERTHWAITE_FROM, crossed_half_width, degrees_of_freedom
from linguist.statistics.power import ITEM_VARIANCE, SEED_SD, collapse_margin, collapse_p, smallest_lead
from linguist.statistics.scores import correct, correct_at_median, is_constant
from linguist.statistics.thresholds import ALPHA, SEEDS_FOR_CLAIM, SEEDS_FOR_TRANSFER

# Besides its controls, a run is compared with always predicting the majority class, and with chance.
MAJORITY, CHANCE = "majority", "chance"
MEASURES = {"accuracy": correct, "accuracy_median": correct_at_median}
KEY = ["model", "trainset", "scope", "level", "tests", "measure", "against", "primary"]
KEY += ["runs", "seeds", "needed", "collapsed", "better"]
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
    if half_width(found, LEAST_P) <= mean:
        return LEAST_P
    exponent = brentq(lambda at: half_width(found, 10**at) - mean, np.log10(LEAST_P), 0, xtol=1e-10)
    return float(10**exponent)


def p_despite_collapse(found, p, accuracy, collapsed):
    """The p of the hypothesis that a way is better, also if more of its seeds collapse than were seen to.

    A seed that gives all items one answer may be missed by few seeds, and the others are then better than the mean. The
    difference must therefore be larger than `collapse_margin`, or so few collapsed seeds must be unlikely (`collapse_p`).
    Args: a Difference and its p; the accuracy of what it is compared with; how many seeds were seen to collapse.
    """
    beyond = replace(found, mean=found.mean - collapse_margin(accuracy))
    p_beyond = p_value(beyond) if beyond.mean > 0 else 1.0
    return max(p, min(p_beyond, float(collapse_p(collapsed, found.seeds))))


def exact_interval(better, worse, size):
    """McNemar's exact test of `better` against `worse` items: (low, high, p); `size` is the mean size of a difference.

    The interval is Clopper and Pearson's of the share of better ones, on the scale of the difference.
    """
    n, tail = better + worse, (1 - LEVEL) / 2
    low = betaincinv(better, worse + 1, tail) if better else 0.0
    high = betaincinv(better + 1, worse, 1 - tail) if worse else 1.0
    p = min(1.0, 2 * float(bdtr(min(better, worse), n, 0.5)))
    return size * (2 * low - 1), size * (2 * high - 1), max(LEAST_P, p)


def holm(p):
    """p-values corrected for their number, so that the chance of any false positive stays below the level (Holm 1979)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def correct_family(p, primary):
    """p-values corrected for their number (`holm`), but that of a primary one: it is not corrected, the others among themselves.

    The others count only if the primary one is significant, so none is smaller than it: the chance of any false positive stays
    below the level (fixed sequence: Westfall & Krishen 2001). Args: an array of p, and one that marks at most one as primary.
    """
    p, primary = np.asarray(p, float), np.asarray(primary, bool)
    if not primary.any():
        return holm(p)
    adjusted = p.copy()
    adjusted[~primary] = np.maximum(holm(p[~primary]), p[primary].max())
    return adjusted


def intersection_union(p, hypothesis, primary=None):
    """p-values of hypotheses that each hold only if all of their comparisons do, corrected for their number.

    The p of a hypothesis is the largest of its comparisons' (the intersection-union test, Berger 1982); `correct_family`
    corrects it. Args: p of each comparison, the number of its hypothesis, and whether that is the primary one. Gives an array
    with each comparison's hypothesis' p.
    """
    table = pd.DataFrame({"p": p, "primary": False if primary is None else np.asarray(primary)})
    worst = table.groupby(np.asarray(hypothesis)).max()
    return pd.Series(correct_family(worst["p"], worst["primary"]), worst.index)[hypothesis].to_numpy()


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
    level, "test", "group" or "arms"; tests, their names; measure, one of MEASURES; against; primary, whether it is the
    study's primary hypothesis; runs, how many seeds the arm has, and seeds, how many of them differ; needed, how many a claim
    needs; collapsed, the seeds that give nearly all pairs of a test one answer; better, in how many seeds the arm is better;
    difference, low, high; p; p_holm, corrected for how often the study makes this comparison (same level, measure and
    control); p_claim, the p of the hypothesis that the arm is better than everything it is compared with (see
    `intersection_union` and `p_despite_collapse`); hidden, whether it is not significant only because collapsed seeds may have
    been missed; detectable and assumed, of groups, as from `add_detectable`.
    Levels "test" and "group" are against the name of a control, MAJORITY (for accuracy) or CHANCE (for accuracy_median);
    level "arms" is against another arm of the study, on the tests of a group that both have.
    """
    arms, rows = {arm: read_arm(tests) for arm, tests in scores.items()}, []
    for number, spec in enumerate(comparisons):
        arm = arms[tuple(spec["arm"])]
        scopes = [("test", test, [test]) for test in arm.labels]
        scopes += [("group", *group) for group in spec["groups"].items()]
        for level, scope, tests in scopes:
            about = {"level": level, "scope": scope, "primary": level == "group" and scope == spec.get("primary")}
            about |= describe_arm(arm, spec, tests)
            rows += [about | row for row in control_differences(arms, spec, tests)]
        for other in comparisons[number + 1 :]:
            key = {"level": "arms", "primary": False, "measure": "accuracy", "against": ", ".join(other["arm"])}
            for group, tests in spec["groups"].items():
                if both := [test for test in tests if test in other["groups"].get(group, [])]:
                    found = arm_difference(arm, arms[tuple(other["arm"])], spec, both, "accuracy")
                    rows.append(key | {"scope": group} | describe_arm(arm, spec, both) | found)
    return add_corrections(pd.DataFrame(rows))


@dataclass(frozen=True)
class Arm:
    """The answers of an arm.

    labels: {test: array of labels}
    runs: how many seeds it has
    seeds: those whose scores differ; of equal ones the first, since they are no replicates
    collapsed: {test: seeds that give nearly all pairs one answer}
    right: {measure: {test: how correct each answer is, an array (seeds, items)}}
    """

    labels: dict
    runs: int
    seeds: list
    collapsed: dict
    right: dict


def read_arm(tests):
    """The Arm of scores, {test: (label, {seed: score})}."""
    labels, every, distinct = (
        {test: label for test, (label, _) in tests.items()},
        list(next(iter(tests.values()))[1]),
        {},
    )
    for seed in every:
        distinct.setdefault(b"".join(by_seed[seed].tobytes() for _, by_seed in tests.values()), seed)
    seeds = list(distinct.values())
    collapsed = {
        test: [seed for seed in every if is_constant(label, (by_seed[seed] > 0).astype(int))]
        for test, (label, by_seed) in tests.items()
    }
    right = {
        measure: {
            test: np.array([judge(label, by_seed[seed]) for seed in seeds]) for test, (label, by_seed) in tests.items()
        }
        for measure, judge in MEASURES.items()
    }
    return Arm(labels, len(every), seeds, collapsed, right)


def describe_arm(arm, spec, tests):
    """The columns of `compare_arms` on an arm, its tests and its seeds."""
    found = {"model": spec["arm"][0], "trainset": spec["arm"][1], "tests": ", ".join(tests), "runs": arm.runs}
    across = any(test in spec.get("across", []) for test in tests)
    collapsed = dict.fromkeys(seed for test in tests for seed in arm.collapsed[test])
    found |= {"needed": SEEDS_FOR_TRANSFER if across else SEEDS_FOR_CLAIM}
    return found | {"collapsed": ", ".join(map(str, sorted(collapsed)))}


def control_differences(arms, spec, tests):
    """The differences of one arm from knowing nothing and from its controls, on some tests: a row each, of both measures."""
    arm = arms[tuple(spec["arm"])]
    for measure, (name, answers) in KNOW_NOTHING.items():
        nothing = Arm(arm.labels, 1, [None], {}, {measure: {test: answers(arm.labels[test]) for test in tests}})
        others = {name: nothing} | {control: arms[tuple(other)] for control, other in spec["controls"].items()}
        for against, other in others.items():
            yield {"measure": measure, "against": against} | arm_difference(arm, other, spec, tests, measure)


def arm_difference(arm, other, spec, tests, measure):
    """The columns seeds, better, difference, low, high, p and components of `compare_arms`: one arm against another one.

    They are compared in the seeds that both have; one with a single seed stands for all seeds of the first.
    """
    common = [seed for seed in arm.seeds if len(other.seeds) == 1 or seed in other.seeds]
    own = [arm.right[measure][test][[arm.seeds.index(seed) for seed in common]] for test in tests]
    theirs = [other.right[measure][test] for test in tests]
    if len(other.seeds) > 1:
        theirs = [right[[other.seeds.index(seed) for seed in common]] for right in theirs]
    labels = [arm.labels[test] if test in spec.get("balanced", []) else None for test in tests]
    components = variance_components(own, theirs, labels)
    found = dict(zip(("difference", "low", "high", "p"), difference_with_interval(components), strict=True))
    gaps = np.mean([(mine - right).mean(axis=1) for mine, right in zip(own, theirs, strict=True)], axis=0)
    accuracy = float(np.mean([right.mean() for right in theirs]))
    collapsed = {seed for test in tests for seed in arm.collapsed[test]}.intersection(common)
    found["p_despite"] = p_despite_collapse(components, found["p"], accuracy, len(collapsed))
    found |= {"components": components, "accuracy": accuracy}
    return {"seeds": len(common), "better": int((gaps > 1e-12).sum())} | found


def add_corrections(table):
    """The table of `compare_arms` with p_holm, p_claim, hidden, detectable and assumed, from its columns p, p_despite, accuracy
    (of what an arm is compared with) and components."""
    between = table["level"] == "arms"
    family = ["level", "measure", table["against"].where(~between, "")]  # between arms all comparisons are one family
    for _, part in table.groupby(family):
        table.loc[part.index, "p_holm"] = correct_family(part["p"], part["primary"])
    table["p_claim"], table["hidden"] = table["p_holm"], False
    for _, part in table[~between].groupby(["level", "measure"]):
        hypothesis = part.groupby(["model", "trainset", "scope"], sort=False).ngroup()
        seen, despite = (
            intersection_union(part[p].where(part["difference"] > 0, 1), hypothesis, part["primary"])
            for p in ("p", "p_despite")
        )
        table.loc[part.index, "p_claim"] = despite
        table.loc[part.index, "hidden"] = (seen < ALPHA) & (despite >= ALPHA)
    table = add_detectable(table)
    return table[[*KEY, "difference", "low", "high", "p", "p_holm", "p_claim", "hidden", "detectable", "assumed"]]


def add_detectable(table):
    """A table with the columns detectable and assumed, for the accuracies of groups.

    detectable is the smallest true difference that would have been significant with the probability POWER, among the hypotheses
    that are not supported. The variance of the items is at least ITEM_VARIANCE, and that of the seeds at least that of SEED_SD
    where a model did not measurably learn its training set, or where seeds collapsed: such seeds vary little. assumed marks
    the rows in which SEED_SD was used.
    """
    test = (table["level"] == "test") & (table["scope"] == table["trainset"]) & (table["against"] == MAJORITY)
    learned = set(table[test & (table["low"] > 0)][["model", "trainset"]].itertuples(index=False, name=None))
    of_groups = (table["level"] == "group") & (table["measure"] == "accuracy")
    waiting = table[of_groups & (table["p_claim"] >= ALPHA) & ~table["primary"]]
    count = max(1, len(waiting.drop_duplicates(["model", "trainset", "scope"])))
    found = pd.DataFrame({"detectable": np.nan, "assumed": False}, table.index)
    for row in table[of_groups].itertuples():
        (items, freedom), *seeds = row.components.parts
        parts = [(max(items, ITEM_VARIANCE / row.components.items), freedom)]
        least = 0 if (row.model, row.trainset) in learned and not row.collapsed else SEED_SD**2 / row.seeds
        parts += [(max(variance, least), freedom) for variance, freedom in seeds]
        level = ALPHA if row.primary else ALPHA / count
        margin = 0 if collapse_p(0, row.seeds) < level else collapse_margin(row.accuracy)
        found.loc[row.Index, "detectable"] = smallest_lead(parts, row.seeds, level) + margin
        found.loc[row.Index, "assumed"] = any(variance < least for variance, _ in seeds)
    return table.join(found)
