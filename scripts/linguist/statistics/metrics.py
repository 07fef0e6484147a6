"""Figures of a run on a test, each with its interval, and paired tests between runs, from predictions alone."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from linguist.intervals import LEVEL, auroc_interval, wilson
from linguist.pairs.store import kinds_of_pairs
from linguist.training.predictions import read_predictions

RESAMPLES = 2000
MAJORITY, CHANCE = (
    "majority",
    "chance",
)  # what a run is compared with besides its controls: constant answers, and a coin
LEAST_P = 1e-15  # smaller ones are told as this
MEASURES = ("accuracy", "accuracy_median")


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
        "accuracy_median": right_at_median(label, score).mean(),
        "predicted_positive": predicted.mean(),
        "majority": max(label.mean(), 1 - label.mean()),
    }


def right(label, score):
    """Which items are answered right, 1 or 0, where a score above 0 says class 1."""
    return ((score > 0) == label).astype(float)


def right_at_median(label, score):
    """Which items are answered right with the threshold at the median score, which needs no labels: 1 or 0, and a half for
    a score that is the median itself, so that a constant score is a coin flip."""
    median = np.median(score)
    return np.where(score == median, 0.5, (score > median) == label)


def read_scores(tests, runs):
    """What every run scored each item: {(model, trainset): {test: (label, {seed: score})}}, arrays in the order of the items.

    Args: `runs` lists (model, trainset, seed, path of predictions). A score is the logit of class 1 less that of class 0.
    """
    found = {}
    for model, trainset, seed, path in runs:
        predictions = read_predictions(path)
        for test in tests:
            part = predictions[predictions["test"] == test]
            score = (part["score1"] - part["score0"]).to_numpy()
            of_arm = found.setdefault((model, trainset), {})
            of_arm.setdefault(test, (part["label"].to_numpy(), {}))[1][seed] = score
    return found


def read_kinds(tests, path):
    """What kind of pair each item of the tests is: {test: list of names, or None}; `path` is a run's predictions."""
    predictions = read_predictions(path)
    return {test: kinds_of_pairs(predictions["id"][predictions["test"] == test]) for test in tests}


def break_down(scores, kinds):
    """Where the errors are: a row for each arm, test and kind of pair, with columns model, trainset, test, kind, label, n (pairs),
    right (their share that is answered right, mean over seeds), low and high (as `summarize` makes intervals).

    Args: `scores` is as from `read_scores`, `kinds` as from `read_kinds`. Tests that name no kinds have no rows.
    """
    rows = []
    for (model, trainset), tests in scores.items():
        for test, (label, by_seed) in tests.items():
            names = np.array(kinds[test], object)
            for kind in dict.fromkeys(name for name in names if name):
                at = names == kind
                shares = np.array([right(label[at], score[at]).mean() for score in by_seed.values()])
                low, high = wilson(round(shares.mean() * at.sum()), at.sum())
                if len(shares) > 1:
                    low, high = mean_interval(shares, (high - low) / 2)
                key = {"model": model, "trainset": trainset, "test": test, "kind": kind, "label": label[at][0]}
                rows.append(key | {"n": at.sum(), "right": shares.mean(), "low": low, "high": high})
    return pd.DataFrame(rows, columns=["model", "trainset", "test", "kind", "label", "n", "right", "low", "high"])


def compute_metrics(study, scores):
    """The long table of a study: one row for each run and test. `scores` is as from `read_scores`."""
    rows = []
    for (model, trainset), tests in scores.items():
        for seed in next(iter(tests.values()))[1]:
            for test, (label, by_seed) in tests.items():
                key = {"study": study, "model": model, "trainset": trainset, "seed": seed, "test": test}
                rows.append(key | figures(label, by_seed[seed], np.random.default_rng(0)))
    return pd.DataFrame(rows)


def paired_difference(one, other, labels=None, shared=True):
    """The mean difference of two ways to answer the same items, averaged over tests: (difference, low, high, p).

    Args: as for `chances`. p, of both sides, is the level at which the interval ends at 0. With one seed and one test it is the
    paired t-test over the items.
    """
    return difference_figures(*chances(one, other, labels, shared))


def chances(one, other, labels=None, shared=True):
    """A mean difference, and what chance has a part in it: (difference, [(variance, degrees of freedom)]).

    Args: for each test two arrays (seeds, items) of how right an answer was, 0 to 1; one way may have a single row, which
    then stands for all seeds. Seeds are paired: runs of one seed share their draws. `labels` of each test's items, where their
    numbers are fixed by how a test was made: the variance is then that within labels.
    Two chances count, the items and the seeds. Where tests may share their items, as translations and copies of one set do
    (`shared`), their standard errors are averaged, as if all moved together, which is the worst case; else their variances are.
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


def reach(parts, p):
    """Half the width of an interval at the level p: the root of the sum of t(freedom)^2 variance over the parts of chance."""
    return np.sqrt(sum(variance * stats.t.isf(p / 2, freedom) ** 2 for variance, freedom in parts))


def difference_figures(mean, parts):
    """(difference, low, high, p) from what `chances` gives."""
    if sum(variance for variance, _ in parts) < 1e-15:  # no chance at all: the two differ everywhere alike, or nowhere
        return mean, mean, mean, float(abs(mean) < 1e-12)
    p = LEAST_P
    if reach(parts, p) > abs(mean):
        p = 10 ** brentq(lambda exponent: reach(parts, 10**exponent) - abs(mean), np.log10(p), 0, xtol=1e-10)
    wide = reach(parts, 1 - LEVEL)
    return mean, mean - wide, mean + wide, p


def standard_error(values, strata):
    """Of the mean of `values`, from their variance within `strata`, whose sizes are taken for fixed."""
    parts = [values[strata == stratum] for stratum in np.unique(strata)]
    return np.sqrt(sum(len(part) * part.var(ddof=1) for part in parts if len(part) > 1)) / len(values)


def holm(p):
    """p-values corrected for their number: the chance of any false claim among them stays below the level (Holm 1979)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def compare(scores, comparisons):
    """Paired differences between each arm of a study and what must fail if its claim is true, and between the arms: the long
    table, a row each.

    Args: `scores` is as from `read_scores`; `comparisons` as from `design.comparisons_of`.
    Columns: model, trainset; scope, a test or a group of tests over which is averaged; level; tests, their names; measure, one
    of MEASURES; against; seeds; difference, low, high; p; p_holm, corrected for how often the study makes this comparison, of
    the same level and measure and with the same rival; p_claim, that of the claim that all rivals are beaten (see
    `claim_p_values`); and needed, the difference that would suffice to show it beside all claims that are not shown.
    Levels "test" and "group" are against the name of a control, MAJORITY (the larger class of each test, for accuracy) or
    CHANCE (a half, for accuracy_median); level "arms" is against another (model, training set) of the study, on the tests of a
    group that both have.
    """
    rows = []

    def answers(arm, tests, answered):
        return [np.array([answered(arm[t][0], score) for score in arm[t][1].values()]) for t in tests]

    def add(arm, level, scope, tests, measure, rivals):
        own, answered = scores[arm], {"accuracy": right, "accuracy_median": right_at_median}[measure]
        labels = [own[test][0] for test in tests]
        key = {"model": arm[0], "trainset": arm[1], "scope": scope, "level": level, "tests": ", ".join(tests)}
        for name, rival in rivals.items():
            if not isinstance(rival, list):
                rival = answers(rival, tests, answered)
            mean, parts = chances(answers(own, tests, answered), rival, labels)
            found = dict(zip(("difference", "low", "high", "p"), difference_figures(mean, parts), strict=True))
            rows.append(
                key | {"measure": measure, "against": name, "seeds": len(own[tests[0]][1])} | found | {"parts": parts}
            )

    for number, spec in enumerate(comparisons):
        arm = tuple(spec["arm"])
        controls = {name: scores[tuple(control)] for name, control in spec["controls"].items()}
        scopes = [("test", test, [test]) for test in scores[arm]]
        scopes += [("group", *group) for group in spec["groups"].items()]
        for level, scope, tests in scopes:
            labels = [scores[arm][test][0] for test in tests]
            add(arm, level, scope, tests, "accuracy", {MAJORITY: [constant(label) for label in labels]} | controls)
            coins = [np.full((1, len(label)), 0.5) for label in labels]
            add(arm, level, scope, tests, "accuracy_median", {CHANCE: coins} | controls)
        for other in comparisons[number + 1 :]:
            name = ", ".join(other["arm"])
            for group, tests in spec["groups"].items():
                if both := [test for test in tests if test in other["groups"].get(group, [])]:
                    add(arm, "arms", group, both, "accuracy", {name: scores[tuple(other["arm"])]})
    table = pd.DataFrame(rows)
    rival = table["against"].where(table["level"] != "arms", "")  # between arms every comparison is of one family
    table["p_holm"] = table.groupby(["level", "measure", rival])["p"].transform(holm)
    table["p_claim"] = table["p_holm"]
    for _, family in table[table["level"] != "arms"].groupby(["level", "measure"]):
        claim = family.groupby(["model", "trainset", "scope"], sort=False).ngroup()
        table.loc[family.index, "p_claim"] = claim_p_values(family["p"].where(family["difference"] > 0, 1), claim)
    family = table.groupby(["level", "measure", rival])["p_claim"]  # of each claim once
    waiting = family.transform(lambda p: max(1, (p >= 1 - LEVEL).sum()))
    table["needed"] = [reach(parts, (1 - LEVEL) / m) for parts, m in zip(table.pop("parts"), waiting, strict=True)]
    return table


def claim_p_values(p, claim):
    """p-values of claims, each of which holds if it beats all of its rivals: the largest p of a claim's rivals (the
    intersection-union test, Berger 1982), corrected for the number of claims (Holm). Args: p of each rival, and the number of
    its claim. Returns an array with the claim's p in the place of each rival."""
    worst = pd.Series(p).groupby(np.asarray(claim)).max()
    return pd.Series(holm(worst), worst.index)[claim].to_numpy()


def constant(label):
    """How right it is to call every item the larger class: (1, items)."""
    return (label == (label.mean() >= 0.5))[None].astype(float)


def summarize(metrics):
    """Over the seeds of each (model, trainset, test): mean accuracy, its sd and range, and the other means.

    The interval of a mean covers both sources of chance: the seeds (Student's t over them) and the test items, which
    all seeds share (Wilson's for accuracy, DeLong's for AUROC): see `mean_interval`. With one seed it
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
    seed_reach = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    reach = np.hypot(seed_reach, item_reach)
    return max(0.0, np.mean(values) - reach), min(1.0, np.mean(values) + reach)


def read_metrics(path):
    """The long table that `compute_metrics` gave, from its file."""
    # A name may be nan, or 1; the last three are of tasks.
    names = dict.fromkeys(["study", "model", "trainset", "test", "method", "variant", "rule"], str)
    return pd.read_csv(path, sep="\t", dtype=names, keep_default_na=False, na_values=[""])


def read_comparisons(path):
    """The long table that `compare` gave, from its file."""
    names = dict.fromkeys(["model", "trainset", "scope", "level", "tests", "measure", "against"], str)
    return pd.read_csv(path, sep="\t", dtype=names, keep_default_na=False)


def read_kinds_table(path):
    """The table that `break_down` gave, from its file."""
    names = dict.fromkeys(["model", "trainset", "test", "kind"], str)
    return pd.read_csv(path, sep="\t", dtype=names, keep_default_na=False)
