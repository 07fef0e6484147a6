"""The hypotheses of a study of pair sets: one for each model, training set and group of tests, judged by paired tests.

A hypothesis is that a model is more accurate than the majority class and than every control condition. It is supported
only if all of these differences are significant.
"""

import numpy as np
import pandas as pd

from linguist.statistics.comparisons import CHANCE, MAJORITY, MEASURES
from linguist.statistics.numbers import counted, format_difference, format_points
from linguist.statistics.power import COLLAPSE, SEED_SD
from linguist.statistics.seeds import DIRECTIONS, behaviour_text
from linguist.statistics.thresholds import ALPHA
from linguist.training.controls import CONTROLS

# What a model is compared with, as it stands after "better than".
COMPARED = {MAJORITY: "always predicting the majority class", CHANCE: "chance"} | {
    name: control.phrase for name, control in CONTROLS.items()
}
CLAIMS = {
    "supported": "significantly better than the majority class and every control",
    "ranks": "ranks pairs correctly, but its decision threshold does not transfer: it is significantly better than every "
    "control only with the threshold at the median score, which needs no labels",
    "not supported": "not significantly better than the majority class and every control",
    "uncontrolled": "significantly better than the majority class; the study has no control that could refute the hypothesis",
    "exploratory": "significant, but with fewer seeds than a claim needs",
}
# Of a difference that is significant only if no collapsed seed was missed.
HIDDEN = f"if {100 * COLLAPSE:.0f} % of the model's seeds collapse, there may be no difference, and so few seeds may miss that"
OF_CLAIM = ["primary", "runs", "seeds", "needed", "collapsed", "better"]  # of the closest control
COLUMNS = ["model", "trainset", "group", "tests", *OF_CLAIM, "accuracy", "baseline", "not_above_baseline", "against"]
COLUMNS += ["difference", "low", "high", "p_claim", "hidden", "detectable", "assumed", "code", "text"]


def significantly_better(row):
    """Whether a model is significantly better than a control, by their row of `compare_arms`."""
    return row["difference"] > 0 and row["p_holm"] < ALPHA


def better_than_all(rows):
    """Whether a model is significantly better than everything it is compared with, by its rows of `compare_arms`.

    This is one hypothesis among those of the study, and corrected for their number.
    """
    return rows[0]["p_claim"] < ALPHA


def has_enough_seeds(row):
    """Whether a model has as many seeds as a claim needs, by a row of `compare_arms`."""
    return row["seeds"] >= row["needed"]


def closest_control(rows):
    """The row of the hardest comparison: one that the model does not win significantly, else the one with the largest p.

    The majority class and chance count as controls here.
    """

    def closeness(row):
        return not significantly_better(row), row["p_holm"] if row["difference"] > 0 else 1, -row["difference"]

    return max(rows, key=closeness)


def by_measure(rows):
    """The rows of `compare_arms` of one arm and scope, by measure: (accuracy, accuracy at the median)."""
    return tuple([row for row in rows if row["measure"] == measure] for measure in MEASURES)


def judge_hypothesis(rows, one_way=True):
    """What may be said of a model on a group of tests: one of CLAIMS.

    Args: `rows` are those of `compare_arms` of one arm and group, of both measures; `one_way`, whether no seed ranks the pairs
    of one of these tests the wrong way round. Else a mean over seeds does not show that the model ranks pairs correctly.
    """
    accuracy, at_median = by_measure(rows)
    controlled = any(row["against"] != MAJORITY and CONTROLS[row["against"]].can_refute for row in accuracy)
    transfers = any(significantly_better(row) for row in accuracy if row["against"] == MAJORITY)
    if better_than_all(accuracy):
        code = "supported" if controlled else "uncontrolled"
    else:
        ranks = better_than_all(at_median) and one_way and not transfers and controlled
        code = "ranks" if ranks else "not supported"
    if code in ("supported", "ranks") and not all(map(has_enough_seeds, rows)):
        return "exploratory"
    return code


def judge_claims(comparisons, summary, baselines):
    """The hypotheses of a study with their judgement, a row each, with COLUMNS.

    accuracy is the mean over the tests, baseline the mean of their best baselines without order information,
    not_above_baseline whether the interval of accuracy is not wholly above that; against is the closest control, with its
    columns of `compare_arms`; detectable and assumed are those of the control for which the difference must be largest; code is one of CLAIMS. The primary hypothesis comes first.
    Args: the tables of `compare_arms` and `summarize_pairs`; `baselines` maps tests to their best baseline.
    """
    summary = summary.set_index(["model", "trainset", "test"])
    groups = comparisons[comparisons["level"] == "group"]
    rows = []
    for (model, trainset, group), part in groups.groupby(["model", "trainset", "scope"], sort=False):
        compared = part.to_dict("records")
        tests = compared[0]["tests"].split(", ")
        own, _ = by_measure(compared)
        closest, majority = closest_control(own), next(row for row in own if row["against"] == MAJORITY)
        row = {"model": model, "trainset": trainset, "group": group, "tests": ", ".join(tests)}
        cells = {test: summary.loc[(model, trainset, test)] for test in tests}
        turned = {test: cell for test, cell in cells.items() if cell["reversed_seeds"]}
        row |= {name: closest[name] for name in OF_CLAIM} | {"code": judge_hypothesis(compared, not turned)}
        row["turned"] = [f"On {test}: {behaviour_text(cell, DIRECTIONS)}." for test, cell in turned.items()]
        row["accuracy"] = float(np.mean([cell["accuracy"] for cell in cells.values()]))
        row["baseline"] = float(np.mean([baselines[test]["accuracy"] for test in tests]))
        lowest = row["accuracy"] - (majority["difference"] - majority["low"])
        row["not_above_baseline"] = not lowest > row["baseline"]  # also where the baseline is not known
        row |= {name: closest[name] for name in COLUMNS[COLUMNS.index("against") : COLUMNS.index("code")]}
        hardest = max(own, key=lambda other: other["detectable"])
        row |= {name: hardest[name] for name in ("detectable", "assumed")}
        rows.append(row | {"text": claim_text(row, compared)})
    rows.sort(key=lambda row: not row["primary"])
    return pd.DataFrame(rows, columns=COLUMNS)


def claim_text(row, compared):
    """The judgement of a hypothesis in words, from its row of `judge_claims` and its rows of `compare_arms`."""
    own, at_median = by_measure(compared)
    said = f"{CLAIMS[row['code']]}. Accuracy {row['accuracy']:.3f}, {closest_text(own)}."
    if row["code"] in ("ranks", "exploratory") and not better_than_all(own):
        said += f" With the threshold at the median score: {closest_text(at_median)}."
    elif row["code"] == "not supported" and not better_than_all(at_median):
        said += f" A better threshold does not help: {closest_text(at_median)}."
    said += seeds_text(row)
    if row["code"] in ("not supported", "uncontrolled"):
        return said
    controls = [other["against"] for other in own if other["against"] != MAJORITY]
    said += f" Controls: {', '.join(controls)}."
    if not any(CONTROLS[name].random_weights for name in controls):
        said += " Random weights were not tried, so the result may not depend on pretraining."
    if np.isnan(row["baseline"]):
        return f"{said} No baseline without order information was scored."
    if row["not_above_baseline"]:
        said += f" It is not clearly above the best baseline without order information ({row['baseline']:.3f})."
    return said


def closest_text(rows):
    """The difference from the closest control in words, with the p of the hypothesis and the number of seeds that are better."""
    closest = closest_control(rows)
    said = format_difference(closest, COMPARED[closest["against"]], closest["p_claim"])
    return f"{said}; {closest['better']} of {counted(closest['seeds'], 'seed')} better"


def seeds_text(row):
    """What is to be said of the seeds of a hypothesis, from its row of `judge_claims`: sentences that begin with a space."""
    said = ""
    if not has_enough_seeds(row) and row["code"] in ("exploratory", "uncontrolled"):
        said += f" A claim needs {row['needed']} seeds."
    if row["runs"] > row["seeds"]:
        said += f" Of {row['runs']} seeds only {row['seeds']} differ in their scores; equal ones count as one."
    if row["hidden"]:
        said += f" But {HIDDEN}."
    if row["collapsed"]:
        several = "s" * ("," in row["collapsed"])
        said += f" Collapsed (nearly all pairs of a test get one answer): seed{several} {row['collapsed']}."
    return " ".join([said, *row["turned"]])


def study_headline(claims):
    """The result of a study in words, and its code: all hypotheses are supported, some are ("in part"), none is but some are
    "exploratory", or "not supported"."""
    held, n = claims[claims["code"] == "supported"], len(claims)
    if not n:
        return "unknown", "No hypothesis: the study tests models only on their own training sets."
    exploratory = "exploratory" if (claims["code"] == "exploratory").any() else "not supported"
    code = "supported" if len(held) == n else "in part" if len(held) else exploratory
    are = "hypothesis is" if n == 1 else "hypotheses are"
    texts = [
        primary_text(claims),
        f"{len(held)} of {n} {are} supported (better than the majority class and every control).",
    ]
    codes = claims["code"].value_counts()
    for count, said in (
        (
            held["not_above_baseline"].sum(),
            "the model is not clearly above the best baseline without order information",
        ),
        (
            codes.get("exploratory"),
            "the result is significant but exploratory: there are fewer seeds than a claim needs",
        ),
        (codes.get("ranks"), "the model ranks pairs correctly, but its decision threshold does not transfer"),
        (codes.get("uncontrolled"), "the model is better than the majority class, but there is no control"),
    ):
        texts += [f"In {counted(count, 'case')}, {said}."] * bool(count)
    return code, " ".join(filter(None, [*texts, few_seeds_text(claims), detectable_text(claims)]))


def primary_text(claims):
    """The result of the primary hypothesis in a sentence; empty where a study has none."""
    for row in claims[claims["primary"].astype(bool)].to_dict("records"):
        named = f"{row['model']}, fine-tuned on {row['trainset']}, tested on {row['group']}"
        return f"The primary hypothesis ({named}): {row['code']}."
    return ""


def few_seeds_text(claims):
    """That no hypothesis of a study can be supported with so few seeds, in a sentence; empty where one can."""
    if (claims["seeds"] >= claims["needed"]).any():
        return ""
    most, least = claims["seeds"].max(), claims["needed"].min()
    return f"With {counted(most, 'seed')}, this study is exploratory: a claim needs at least {least}."


def detectable_text(claims):
    """The smallest differences that a study would have found, in a sentence; empty where nothing is to be said.

    It is about the unsupported hypotheses with several seeds, and differences from their closest control.
    """
    lacking = claims[~claims["code"].isin(["supported", "exploratory", "uncontrolled"]) & (claims["seeds"] > 1)]
    if not len(lacking):
        return ""
    share = (lacking["accuracy"] - lacking["difference"]).where(lacking["against"] == MAJORITY, 0)
    possible = lacking[lacking["detectable"] < 1 - share]
    seeds = f"With {lacking['seeds'].min()} seeds"
    if not len(possible):
        return f"{seeds}, no difference was detectable: there are too few seeds and test pairs."
    enough = (possible["seeds"] >= possible["needed"]).all()
    low, high = (format_points(end) for end in (possible["detectable"].min(), possible["detectable"].max()))
    points = f"a true difference of {low}" if low == high else f"true differences of {low} to {high}"
    text = f"{seeds}, {points} points would have been {'supported' if enough else 'significant'} in 4 of 5 studies like this one"
    if possible["assumed"].any():
        text += f" (assumed where models did not learn or seeds collapsed: an sd of {SEED_SD} over seeds)"
    beyond = len(lacking) - len(possible)
    return f"{text}. No difference was detectable for {beyond} of the hypotheses." if beyond else f"{text}."


def is_learned(rows):
    """Whether a model learned what it is tested on: the interval of its difference from the majority class lies above 0.
    Args: the rows of `compare_arms` of one arm and test."""
    return next(row["low"] for row in rows if (row["measure"], row["against"]) == ("accuracy", MAJORITY)) > 0


def learned_arms(comparisons, claims):
    """Whether each arm learned its own training set, where the study tests it on that: {(model, trainset): bool}.

    An arm with a significant hypothesis has learned something. Args: the tables of `compare_arms` and `judge_claims`.
    """
    own = comparisons[(comparisons["level"] == "test") & (comparisons["scope"] == comparisons["trainset"])]
    held = claims[claims["code"].isin(["supported", "exploratory"])]
    held = set(zip(held["model"], held["trainset"], strict=True))
    runs = own.groupby(["model", "trainset"], sort=False)
    return {arm: arm in held or is_learned(rows.to_dict("records")) for arm, rows in runs}


def not_learned_text(learned):
    """The arms that did not learn their own training set, in a sentence; empty where there is none. `learned` is as from
    `learned_arms`."""
    names = ", ".join(" on ".join(arm) for arm, yes in learned.items() if not yes)
    text = (
        f"These models did not measurably learn their training task: {names}. A missing transfer therefore says little."
    )
    return text if names else ""


def significant_differences(comparisons):
    """The significant differences between the models and training sets of a study: (number of comparisons, a line for each
    significant one, largest first)."""
    rows = comparisons[comparisons["level"] == "arms"].to_dict("records")
    found = sorted((row for row in rows if row["p_holm"] < ALPHA), key=lambda row: -abs(row["difference"]))
    lines = [
        f"{row['model']}, {row['trainset']} on {row['scope']}: {format_difference(row, row['against'], row['p_holm'])}"
        f"; {row['better']} of {counted(row['seeds'], 'seed')} better" + ", exploratory" * (not has_enough_seeds(row))
        for row in found
    ]
    return len(rows), lines


def differences_text(comparisons):
    """How many differences between a study's models and training sets are significant, in one line; empty with one of each."""
    n, lines = significant_differences(comparisons)
    if not n:
        return ""
    if not lines:
        return f"No significant differences between models and training sets (0 of {n})."
    text = f"Significant differences between models and training sets: {len(lines)} of {n}"
    return f"{text}. The largest: {lines[0]}."
