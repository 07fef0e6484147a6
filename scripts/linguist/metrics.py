"""Figures of a run on a test, each with its interval, and paired tests between runs, from predictions alone."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

from linguist.pairs import kinds_of_pairs
from linguist.predictions import read_predictions

RESAMPLES = 2000
LEVEL = 0.95
MAJORITY, CHANCE = (
    "majority",
    "chance",
)  # what a run is compared with besides its controls: constant answers, and a coin
MEASURES = ("accuracy", "accuracy_median")


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


def paired_difference(one, other):
    """The mean difference of two ways to answer the same items, averaged over tests: (difference, low, high, p).

    Args: for each test two arrays (seeds, items) of how right an answer was, 0 to 1; one way may have a single row, which
    then stands for all seeds. Seeds are paired: runs of one seed share their draws.
    Two chances count, the items and the seeds: the variances of the mean over each are added, with the degrees of freedom of
    Welch and Satterthwaite, and p is Student's, of both sides. With one seed the items are all there is, and it is the
    paired t-test over them.
    """
    gaps = [np.asarray(a, float) - np.asarray(b, float) for a, b in zip(one, other, strict=True)]
    mean = float(np.mean([gap.mean() for gap in gaps]))
    items = [gap.mean(axis=0) for gap in gaps]
    seeds = np.mean([gap.mean(axis=1) for gap in gaps], axis=0)
    parts = [(item.var(ddof=1) / len(item) / len(gaps) ** 2, len(item) - 1) for item in items if len(item) > 1]
    if len(seeds) > 1:
        parts.append((seeds.var(ddof=1) / len(seeds), len(seeds) - 1))
    variance = sum(part for part, _ in parts)
    if variance < 1e-15:  # no chance at all: the two differ everywhere alike, or nowhere
        return mean, mean, mean, float(abs(mean) < 1e-12)
    freedom = variance**2 / sum(part**2 / n for part, n in parts)
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(variance)
    return mean, mean - reach, mean + reach, float(2 * stats.t.sf(abs(mean) / np.sqrt(variance), freedom))


def holm(p):
    """p-values corrected for their number: the chance of any false claim among them stays below the level (Holm 1979)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def compare(scores, comparisons):
    """Paired differences between each arm of a study and what must fail if its claim is true: the long table, a row each.

    Args: `scores` is as from `read_scores`; `comparisons` as from `plan.comparisons_of`.
    Columns: model, trainset; scope, a test or a group of tests over which is averaged; level, "test" or "group"; tests, their
    names; measure, one of MEASURES; against, the name of a control, MAJORITY (the larger class of each test, for accuracy)
    or CHANCE (a half, for accuracy_median); seeds; difference, low, high; p, and p_holm, which is corrected over all rows of
    the same level and measure.
    """
    rows = []
    for spec in comparisons:
        model, trainset = spec["arm"]
        own = scores[model, trainset]
        scopes = [("test", test, [test]) for test in own] + [("group", *group) for group in spec["groups"].items()]
        controls = {name: scores[tuple(arm)] for name, arm in spec["controls"].items()}
        for level, scope, tests in scopes:
            for measure, answered in zip(MEASURES, (right, right_at_median), strict=True):

                def answers(arm, tests=tests, answered=answered):
                    return [np.array([answered(arm[t][0], score) for score in arm[t][1].values()]) for t in tests]

                nothing = {MAJORITY: [constant(own[test][0]) for test in tests]}
                if measure == "accuracy_median":
                    nothing = {CHANCE: [np.full((1, len(own[test][0])), 0.5) for test in tests]}
                key = {"model": model, "trainset": trainset, "scope": scope, "level": level, "tests": ", ".join(tests)}
                for name, rival in (nothing | {name: answers(arm) for name, arm in controls.items()}).items():
                    found = paired_difference(answers(own), rival)
                    told = {"measure": measure, "against": name, "seeds": len(own[tests[0]][1])}
                    rows.append(key | told | dict(zip(("difference", "low", "high", "p"), found, strict=True)))
    table = pd.DataFrame(rows)
    table["p_holm"] = table.groupby(["level", "measure"])["p"].transform(holm)
    return table


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
    """Interval of the mean of `values` (one for each seed), in 0..1; `item_reach` is half the width of the items' own interval.

    The variances of the mean over the seeds and over the items are added; the degrees of freedom are Welch and Satterthwaite's,
    with the items' variance taken for known. As `paired_difference` joins them.
    """
    seeds, items = np.var(values, ddof=1) / len(values), (item_reach / stats.norm.ppf((1 + LEVEL) / 2)) ** 2
    freedom = (seeds + items) ** 2 * (len(values) - 1) / seeds**2 if seeds > 0 else np.inf
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(seeds + items)
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
