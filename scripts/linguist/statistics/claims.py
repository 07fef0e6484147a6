"""What a study of pair sets may claim: a line for each model, training set and group of tests, computed from paired tests."""

import numpy as np
import pandas as pd

from linguist.statistics.metrics import CHANCE, MAJORITY, MEASURES
from linguist.training.controls import CONTROLS

ALPHA = 0.05  # of the corrected p-values
RIVALS = {
    MAJORITY: "always calling the larger class",
    CHANCE: "a coin flip",
} | {name: control.phrase for name, control in CONTROLS.items()}
CLAIMS = {
    "supported": "supported: the mean over the seeds beats the majority share and every control",
    "ranks": "not supported, but it ranks: with the threshold at the median score, which needs no labels, it beats every control",
    "not supported": "not supported",
    "uncontrolled": "above the majority share, but the study has no control that could refute it",
    "unrepeated": "above the majority share and every control, but with one seed, which says nothing of others",
}

COLUMNS = ["model", "trainset", "group", "tests", "seeds", "accuracy", "baseline", "reaches", "against"]
COLUMNS += ["difference", "low", "high", "p_claim", "needed", "code", "text"]


def beaten(row):
    """Whether a rival (a row of `metrics.compare`) is beaten: the difference is positive, and not by chance."""
    return row["difference"] > 0 and row["p_holm"] < ALPHA


def proven(rivals):
    """Whether all rivals of a claim are beaten, as one claim among those of the study."""
    return rivals[0]["p_claim"] < ALPHA


def weakest(rivals):
    """The rival that refutes the claim first: one that is not beaten, if there is any, or else the one that is led least surely."""
    return max(
        rivals, key=lambda row: (not beaten(row), row["p_holm"] if row["difference"] > 0 else 1, -row["difference"])
    )


def judge_group(rivals):
    """What may be claimed of a group of tests: one of CLAIMS.

    `rivals` are the rows of `metrics.compare` of one arm and group, of both measures. Where no control can refute the
    hypothesis, it is uncontrolled.
    """
    by_threshold, by_rank = ([row for row in rivals if row["measure"] == measure] for measure in MEASURES)
    controlled = any(row["against"] != MAJORITY and CONTROLS[row["against"]].can_refute for row in by_threshold)
    repeated = rivals[0]["seeds"] > 1
    if proven(by_threshold):
        return "uncontrolled" if not controlled else "supported" if repeated else "unrepeated"
    carried = any(beaten(row) for row in by_threshold if row["against"] == MAJORITY)
    if proven(by_rank) and not carried and controlled and repeated:
        return "ranks"
    return "not supported"


def lead(row, p="p_claim"):
    """A difference with its interval, a p-value (of the claim, or its own: "p_holm") and what it is from, in words."""
    ends = f"[{row['low']:+.3f} to {row['high']:+.3f}]"
    return f"{row['difference']:+.3f} {ends} from {RIVALS[row['against']]}, p {p_value(row[p])}"


def p_value(p):
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def judge_claims(comparisons, summary, shortcuts):
    """The claims of a study, a row each: model, trainset, group, tests, seeds, accuracy (mean over the tests), baseline (mean of
    their best shallow baselines), reaches (whether accuracy is not clearly above that), against, the weakest rival, and its
    columns of `metrics.compare`; code, one of CLAIMS, and text.

    Args: the tables of `metrics.compare` and `metrics.summarize`; `shortcuts` as for `report.judge`.
    """
    accuracy = summary.set_index(["model", "trainset", "test"])["accuracy"]
    groups = comparisons[comparisons["level"] == "group"]
    rows = []
    for (model, trainset, group), part in groups.groupby(["model", "trainset", "scope"], sort=False):
        rivals = part.to_dict("records")
        tests = rivals[0]["tests"].split(", ")
        code = judge_group(rivals)
        mean = float(np.mean([accuracy[model, trainset, test] for test in tests]))
        baseline = float(np.mean([shortcuts[test]["accuracy"] for test in tests]))
        by_threshold, by_rank = ([row for row in rivals if row["measure"] == measure] for measure in MEASURES)
        first, share = weakest(by_threshold), next(row for row in by_threshold if row["against"] == MAJORITY)
        reaches = not mean - (share["difference"] - share["low"]) > baseline  # where it is not known, too
        controls = [row["against"] for row in by_threshold if row["against"] != MAJORITY]
        text = f"{CLAIMS[code]}. Accuracy {mean:.3f}; the weakest lead is {lead(first)}."
        if code == "ranks":
            text += f" At the median: {lead(weakest(by_rank))}. Its threshold did not carry over."
        elif code == "not supported" and not proven(by_rank):
            text += f" Nor does it rank: at the median {lead(weakest(by_rank))}."
        if code in ("supported", "ranks", "unrepeated"):
            text += f" Controls: {', '.join(controls)}"
            text += (
                "."
                if any(CONTROLS[name].random_weights for name in controls)
                else "; random weights were not tried, so pretraining may not matter."
            )
            if np.isnan(baseline):
                text += " No shallow baseline was scored beside it."
            elif reaches:
                text += (
                    f" But it is not clearly above shallow baselines, which read no order of letters: {baseline:.3f}."
                )
        key = {"model": model, "trainset": trainset, "group": group, "tests": ", ".join(tests)}
        key |= {"seeds": rivals[0]["seeds"], "accuracy": mean, "baseline": baseline, "reaches": reaches}
        led = {"against": first["against"]} | {
            name: first[name] for name in ("difference", "low", "high", "p_claim", "needed")
        }
        rows.append(key | led | {"code": code, "text": text})
    return pd.DataFrame(rows, columns=COLUMNS)


def headline(claims):
    """A study's claims in one line, and their code: all are supported, some are, or none is."""
    held = claims[claims["code"] == "supported"]
    if not len(claims):
        return "unknown", "No claim: it is tested on nothing but what it is trained on."
    code = "supported" if len(held) == len(claims) else "in part" if len(held) else "not supported"
    text = f"{code[0].upper()}{code[1:]}: {len(held)} of {len(claims)} combinations of model, training set and kind of test beat "
    text += "the majority share and every control"
    reached = int(held["reaches"].sum())
    text += f", {reached} of them not clearly further than shallow baselines" if reached else ""
    if ranks := int((claims["code"] == "ranks").sum()):
        text += f"; {ranks} more rank{'s' * (ranks == 1)} without a threshold that carries over"
    if open_ := int(claims["code"].isin(["uncontrolled", "unrepeated"]).sum()):
        text += f"; {open_} {'is' if open_ == 1 else 'are'} above without control or repetition"
    return code, f"{text}.{power(claims)}"


def is_learned(rivals):
    """Whether a run has learned what it is tested on: the interval of its lead over the majority share lies above 0. Args: the
    rows of `metrics.compare` of one arm and test."""
    return next(row["low"] for row in rivals if (row["measure"], row["against"]) == ("accuracy", MAJORITY)) > 0


def unlearned(comparisons, claims):
    """The models that are not shown to have learned their own training set, as far as a study tests them on it, in one
    sentence; empty where there is none. One that has a supported claim has learned something."""
    own = comparisons[(comparisons["level"] == "test") & (comparisons["scope"] == comparisons["trainset"])]
    held = claims[claims["code"] == "supported"]
    held = set(zip(held["model"], held["trainset"], strict=True))
    runs = [(arm, rows.to_dict("records")) for arm, rows in own.groupby(["model", "trainset"], sort=False)]
    names = [" ".join(arm) for arm, rows in runs if arm not in held and not is_learned(rows)]
    if not names:
        return ""
    return (
        f"Not shown to have learned its own training set, so that a missing transfer says little: {', '.join(names)}."
    )


def power(claims):
    """What a study could not have shown, in a sentence: the lead over its weakest rival that would have sufficed for each claim
    without support. Where nothing varied at all there is none to tell."""
    lacking = claims[~claims["code"].isin(["supported", "uncontrolled"]) & (claims["seeds"] > 1)]
    lacking = lacking[lacking["needed"] > 1e-6]
    if not len(lacking):
        return ""
    share = (lacking["accuracy"] - lacking["difference"]).where(lacking["against"] == MAJORITY, 0)
    within = lacking.loc[lacking["needed"] < 1 - share, "needed"]
    text = f" With {lacking['seeds'].min()} seeds and {len(claims)} claim{'s' * (len(claims) > 1)}, "
    if not len(within):
        return f"{text}no lead could have been shown, so far apart are the seeds."
    needed = (
        f"{within.min():.2f}" if within.max() - within.min() < 0.005 else f"{within.min():.2f} to {within.max():.2f}"
    )
    beyond = len(lacking) - len(within)
    return f"{text}a lead had to be above {needed} to be shown" + (
        f", and in {beyond} of them none could." if beyond else "."
    )


def differences(comparisons):
    """The differences between the models and training sets of a study: (how many are told apart, of how many, a line for each
    that is, largest first)."""
    rows = comparisons[comparisons["level"] == "arms"].to_dict("records")
    apart = sorted((row for row in rows if row["p_holm"] < ALPHA), key=lambda row: -abs(row["difference"]))
    lines = []
    for row in apart:
        ends = f"[{row['low']:+.3f} to {row['high']:+.3f}], p {p_value(row['p_holm'])}"
        lines.append(
            f"{row['model']}, {row['trainset']} against {row['against']}, on {row['scope']}: {row['difference']:+.3f} {ends}"
        )
    return len(apart), len(rows), lines


def told_apart(comparisons):
    """What the differences between a study's models and training sets come to, in one line; empty where it has one of each."""
    apart, of, lines = differences(comparisons)
    if not of:
        return ""
    text = f"Between its models and training sets, {apart} of {of} difference{'s' * (of > 1)} {'is' if apart == 1 else 'are'} told apart"
    return f"{text} (largest: {lines[0]})." if lines else f"{text}."
