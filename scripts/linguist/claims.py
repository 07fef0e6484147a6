"""What a study of pair sets may claim: a line for each model, training set and group of tests, computed from paired tests."""

import numpy as np
import pandas as pd

from linguist.metrics import CHANCE, MAJORITY
from linguist.plan import FLIPPED, RANDOM_WEIGHTS, SHUFFLED, UNTRAINED

ALPHA = 0.05  # of the corrected p-values
RIVALS = {
    MAJORITY: "always calling the larger class",
    CHANCE: "a coin flip",
    UNTRAINED: "the untrained head",
    SHUFFLED: "training on shuffled labels",
    FLIPPED: "training on flipped labels",
    RANDOM_WEIGHTS: "random weights, trained alike",
}
CLAIMS = {
    "supported": "supported: the mean over the seeds beats the majority share and every control",
    "ranks": "not supported, but it ranks: with the threshold at the median score, which needs no labels, it beats every control",
    "not supported": "not supported",
    "uncontrolled": "above the majority share, but the study has no control that could refute it",
    "unrepeated": "above the majority share and every control, but with one seed, which says nothing of others",
}

COLUMNS = ["model", "trainset", "group", "tests", "seeds", "accuracy", "baseline", "against"]
COLUMNS += ["difference", "low", "high", "p_holm", "code", "text"]


def beaten(row):
    """Whether a rival (a row of `metrics.compare`) is beaten: the difference is positive, and not by chance."""
    return row["difference"] > 0 and row["p_holm"] < ALPHA


def closest(rivals):
    """The rival that is led by least: the one that refutes the claim, if any does."""
    return min(rivals, key=lambda row: row["difference"])


def judge_group(rivals):
    """What may be claimed of a group of tests: one of CLAIMS.

    `rivals` are the rows of `metrics.compare` of one arm and group, of both measures.
    """
    of = {measure: [row for row in rivals if row["measure"] == measure] for measure in ("accuracy", "accuracy_median")}
    controlled = any(row["against"] != MAJORITY for row in of["accuracy"])
    if all(map(beaten, of["accuracy"])):
        return "uncontrolled" if not controlled else "supported" if rivals[0]["seeds"] > 1 else "unrepeated"
    if all(map(beaten, of["accuracy_median"])) and controlled and rivals[0]["seeds"] > 1:
        return "ranks"
    return "not supported"


def lead(row):
    """A difference with its interval, its p-value and what it is from, in words."""
    p = "< 0.001" if row["p_holm"] < 0.001 else f"{row['p_holm']:.3f}"
    ends = f"[{row['low']:+.3f} to {row['high']:+.3f}]"
    return f"{row['difference']:+.3f} {ends} from {RIVALS[row['against']]}, p {p}"


def judge_claims(comparisons, summary, shortcuts):
    """The claims of a study, a row each: model, trainset, group, tests, seeds, accuracy (mean over the tests), baseline (mean of
    their best shallow baselines), code, one of CLAIMS, and text.

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
        by_threshold, by_rank = (
            closest([row for row in rivals if row["measure"] == measure]) for measure in ("accuracy", "accuracy_median")
        )
        text = f"{CLAIMS[code]}. Accuracy {mean:.3f}; the least lead is {lead(by_threshold)}."
        if code == "ranks":
            text += f" At the median: {lead(by_rank)}. Its threshold did not carry over."
        elif code == "not supported":
            text += f" Nor does it rank: at the median {lead(by_rank)}." if not beaten(by_rank) else ""
        if code in ("supported", "ranks", "unrepeated") and baseline >= mean:
            text += f" But shallow baselines, which read no order of letters, have {baseline:.3f}."
        rows.append(
            {
                "model": model,
                "trainset": trainset,
                "group": group,
                "tests": ", ".join(tests),
                "seeds": rivals[0]["seeds"],
                "accuracy": mean,
                "baseline": baseline,
                "against": by_threshold["against"],
                **{key: by_threshold[key] for key in ("difference", "low", "high", "p_holm")},
                "code": code,
                "text": text,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def headline(claims):
    """A study's claim in one line, and its code: all of its claims are supported, some are, or none is."""
    held = claims[claims["code"] == "supported"]
    if not len(claims):
        return "unknown", "No claim: it is tested on nothing but what it is trained on."
    code = "supported" if len(held) == len(claims) else "in part" if len(held) else "not supported"
    text = f"{code[0].upper()}{code[1:]}: {len(held)} of {len(claims)} combinations of model, training set and kind of test beat "
    text += "the majority share and every control"
    reached = int((held["baseline"] >= held["accuracy"]).sum())
    text += f", {reached} of them no further than shallow baselines" if reached else ""
    if ranks := int((claims["code"] == "ranks").sum()):
        text += f"; {ranks} more rank{'s' * (ranks == 1)} without a threshold that carries over"
    if open_ := int(claims["code"].isin(["uncontrolled", "unrepeated"]).sum()):
        text += f"; {open_} {'is' if open_ == 1 else 'are'} above without control or repetition"
    return code, f"{text}."
