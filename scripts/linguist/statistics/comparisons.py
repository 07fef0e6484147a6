"""The comparisons of a study of pair sets, and the corrections for their number."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from linguist.statistics.paired import count_better, difference_with_interval, p_despite_collapse, variance_components
from linguist.statistics.power import ITEM_VARIANCE, SEED_SD, smallest_lead, unseen_collapse
from linguist.statistics.scores import correct, correct_at_median, is_constant
from linguist.statistics.thresholds import ALPHA, SEEDS_FOR_CLAIM, SEEDS_FOR_TRANSFER

# Besides its controls, a run is compared with always predicting the majority class, and with chance.
MAJORITY, CHANCE = "majority", "chance"
MEASURES = {"accuracy": correct, "accuracy_median": correct_at_median}
KEY = ["model", "trainset", "scope", "level", "tests", "measure", "against", "primary"]
KEY += ["runs", "seeds", "needed", "collapsed", "better"]


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
    collapsed = dict.fromkeys(seed for test in tests for seed in arm.collapsed[test])
    found |= {"needed": seeds_needed(spec, tests)}
    return found | {"collapsed": ", ".join(map(str, sorted(collapsed)))}


def seeds_needed(spec, tests):
    """How many seeds a claim about these tests needs; `spec` is one of `design.comparisons_of`."""
    return SEEDS_FOR_CLAIM if set(tests).isdisjoint(spec.get("across", [])) else SEEDS_FOR_TRANSFER


def control_differences(arms, spec, tests):
    """The differences of one arm from knowing nothing and from its controls, on some tests: a row each, of both measures."""
    arm = arms[tuple(spec["arm"])]
    for measure, (name, answers) in KNOW_NOTHING.items():
        nothing = Arm(arm.labels, 1, [None], {}, {measure: {test: answers(arm.labels[test]) for test in tests}})
        others = {name: nothing} | {control: arms[tuple(other)] for control, other in spec["controls"].items()}
        for against, other in others.items():
            yield {"measure": measure, "against": against} | arm_difference(arm, other, spec, tests, measure)


def arm_difference(arm, other, spec, tests, measure):
    """One arm against another one: the columns seeds, better, difference, low, high and p of `compare_arms`, and those that
    `add_corrections` reads.

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
    accuracy = float(np.mean([right.mean() for right in theirs]))
    collapsed = float(np.mean([len(set(arm.collapsed[test]).intersection(common)) for test in tests]))
    found["p_despite"] = p_despite_collapse(components, found["p"], accuracy, collapsed)
    found |= {"components": components, "accuracy": accuracy, "varying": 1 + (len(other.seeds) > 1)}
    return {"seeds": len(common), "better": count_better(own, theirs)} | found


def add_corrections(table):
    """The table of `compare_arms` with p_holm, p_claim, hidden, detectable and assumed, from its columns p, p_despite, accuracy
    (of what an arm is compared with), varying (how many of the two have seeds) and components."""
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
    of each of the two arms where a model did not measurably learn its training set, or where seeds collapsed: such seeds vary
    little. assumed marks
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
        known = (row.model, row.trainset) in learned and not row.collapsed
        least = 0 if known else row.varying * SEED_SD**2 / row.seeds
        parts += [(max(variance, least), freedom) for variance, freedom in seeds]
        level = ALPHA if row.primary else ALPHA / count
        unseen = unseen_collapse(row.accuracy, 0, row.seeds, level)
        found.loc[row.Index, "detectable"] = smallest_lead(parts, row.seeds, level) + unseen
        found.loc[row.Index, "assumed"] = any(variance < least for variance, _ in seeds)
    return table.join(found)
