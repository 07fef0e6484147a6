"""Figures of runs on tasks, each with its interval, and differences between methods, from predictions alone.

A method is a way to make one answer of a model: "classification" (a model for each task), or the name of an instruction set
(one model for all).
"""

from itertools import combinations
from math import hypot, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from linguist.intervals import LEVEL, wilson
from linguist.statistics.metrics import RESAMPLES, holm, paired_difference
from linguist.tasks.baselines import KMERS, NEIGHBOURS
from linguist.tasks.prompts import SWAPPED, TRAINED, UNSEEN, match_exact, match_prefix
from linguist.training.controls import RANDOM_ENDING
from linguist.training.predictions import read_predictions

CLASSIFICATION = "classification"
RULES = {
    "class": "the class with the highest score",
    "prefix": "the generated text begins with the answer (the paper's rule)",
    "strict": "the generated text is the answer, to the letter",
    "scored": "the likeliest of the allowed answers",
    "obeys": "the generated text begins with an answer of the task that the instruction names",
}
NAMES = dict.fromkeys(["study", "model", "method", "test", "variant", "rule"], str)


def confusion_figures(counts):
    """Accuracy, macro F1 and Matthews correlation for K classes (Gorodkin 2004) from counts (..., K, K + 1).

    Rows are the truth, columns what was called; the last column holds what was called no class. 0 where undefined.
    """
    counts = np.asarray(counts, float)
    truth, called, n = counts.sum(-1), counts.sum(-2), counts.sum((-1, -2))
    right = np.diagonal(counts[..., :-1], axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        f1 = np.nan_to_num(2 * right / (truth + called[..., :-1])).mean(-1)
        covariance = right.sum(-1) * n - (truth * called[..., :-1]).sum(-1)
        mcc = np.nan_to_num(covariance / np.sqrt((n**2 - (called**2).sum(-1)) * (n**2 - (truth**2).sum(-1))))
    return right.sum(-1) / n, f1, mcc


def figures(label, called, classes, draw):
    """All figures of one run on one task: accuracy (Wilson's interval), macro F1 and MCC (bootstrap over the items).

    Args: `label` and `called` are class numbers (called: -1 for none); `draw` a numpy Generator.
    """
    n, counts = len(label), np.zeros((classes, classes + 1), int)
    np.add.at(counts, (label, called), 1)  # -1 is the last column
    accuracy, f1, mcc = confusion_figures(counts)
    samples = draw.multinomial(n, counts.ravel() / n, RESAMPLES).reshape(RESAMPLES, *counts.shape)
    _, f1s, mccs = confusion_figures(samples)
    tails = [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2]
    low, high = wilson(np.sum(label == called), n)
    found = {"n": n, "accuracy": accuracy, "accuracy_low": low, "accuracy_high": high}
    for name, value, values in (("f1", f1, f1s), ("mcc", mcc, mccs)):
        found |= dict(zip((name, f"{name}_low", f"{name}_high"), (value, *np.percentile(values, tails)), strict=True))
    return found | {"no_answer": np.mean(called < 0), "majority": np.bincount(label).max() / n}


def readings(predictions, answers):
    """How the predictions of a run on a task may be read: yields (variant, rule, label, called), the last two as arrays.

    Args: rows of `read_predictions` of one task; `answers` maps each task to its answers.
    """
    scores = predictions.filter(regex=r"^score\d+$").dropna(axis=1, how="all").to_numpy()
    if "answer" not in predictions:
        yield "", "class", predictions["label"].to_numpy(), scores.argmax(1)
        return
    texts = predictions["answer"].fillna("")
    for variant in predictions["variant"].unique():
        mine = (predictions["variant"] == variant).to_numpy()
        label, test = predictions["label"].to_numpy()[mine], predictions["test"].iloc[0]
        if variant == SWAPPED:
            asked = predictions["asked"][mine]
            obeys = [match_prefix(text, answers[task]) for text, task in zip(texts[mine], asked, strict=True)]
            yield variant, "obeys", np.zeros(len(label), int), np.where(np.array(obeys) < 0, -1, 0)
            continue
        for rule, read in (("prefix", match_prefix), ("strict", match_exact)):
            yield variant, rule, label, np.array([read(text, answers[test]) for text in texts[mine]])
        yield variant, "scored", label, scores[mine].argmax(1)


def read_runs(runs, baselines, answers, every):
    """What every run called each item: {(model, method, variant, rule): {task: {seed: (label, called)}}}.

    Args: `runs` lists (model, trainset, seed, path of predictions), `baselines` maps tasks to the files of their
    baselines' predictions; `answers` maps each task of the study to its answers, `every` all that instructions may name.
    """
    found = {}

    def add(model, method, seed, part, test):
        for variant, rule, label, called in readings(part, every):
            found.setdefault((model, method, variant, rule), {}).setdefault(test, {})[seed] = label, called

    for model, trainset, seed, path in runs:
        for test, part in read_predictions(path).groupby("test", sort=False):
            if test in answers:
                add(model, CLASSIFICATION if trainset in answers else trainset, seed, part, test)
    for test, path in baselines.items():
        for name, part in read_predictions(path).groupby("baseline", sort=False):
            add(name, CLASSIFICATION, 0, part, test)
    return found


def compute_task_metrics(study, called, answers):
    """The long table of a study of tasks: a row for each model, method, seed, task, variant and rule.

    `called` is as from `read_runs`. The column trainset is the task for a classifier, else the instruction set.
    """
    rows = []
    for (model, method, variant, rule), tests in called.items():
        for test, seeds in tests.items():
            for seed, (label, guess) in seeds.items():
                trainset = test if method == CLASSIFICATION else method
                key = {
                    "study": study,
                    "model": model,
                    "method": method,
                    "trainset": trainset,
                    "seed": seed,
                    "test": test,
                }
                classes = 1 if rule == "obeys" else len(answers[test])
                draw = np.random.default_rng(0)
                rows.append(key | {"variant": variant, "rule": rule} | figures(label, guess, classes, draw))
    return pd.DataFrame(rows)


def summarize_tasks(metrics):
    """Over the seeds of each (model, method, variant, rule, test): the mean accuracy, MCC and F1 with their intervals, the
    sd of accuracy; and a row "average" for those that answered all of several tests.

    Intervals join two sources of chance, the seeds (Student's t) and the items, which all seeds share, in quadrature.
    """
    names, rows, every = ["model", "method", "variant", "rule"], [], metrics["test"].nunique()
    for key, group in metrics.groupby(names, sort=False):
        way = dict(zip(names, key, strict=True))
        parts = {test: [part] for test, part in group.groupby("test", sort=False)}
        if len(parts) == every > 1:
            parts["average"] = [part for (part,) in parts.values()]
        rows += [way | {"test": test} | mean_figures(part) for test, part in parts.items()]
    return pd.DataFrame(rows)


def mean_figures(parts):
    """Means over seeds of the average over some tests; `parts` are the rows of each test, a seed each."""
    found = {"n": sum(part["n"].iloc[0] for part in parts), "seeds": min(len(part) for part in parts)}
    for name, (least, most) in {"accuracy": (0, 1), "f1": (0, 1), "mcc": (-1, 1)}.items():
        by_seed = pd.concat([part.set_index("seed")[name] for part in parts], axis=1).mean(axis=1)
        reaches = [(part[f"{name}_high"] - part[f"{name}_low"]).mean() / 2 for part in parts]
        reach = hypot(seed_reach(by_seed), sqrt(sum(r**2 for r in reaches)) / len(parts))
        mean = by_seed.mean()
        found |= {name: mean, f"{name}_low": max(least, mean - reach), f"{name}_high": min(most, mean + reach)}
    by_seed = pd.concat([part.set_index("seed")["accuracy"] for part in parts], axis=1).mean(axis=1)
    found |= {"sd": by_seed.std(ddof=1) if len(by_seed) > 1 else np.nan, "best": by_seed.max()}
    return found | {name: np.mean([part[name].mean() for part in parts]) for name in ("no_answer", "majority")}


def seed_reach(values):
    """Half the width of Student's interval for the mean of a value a seed; 0 for one seed."""
    n = len(values)
    return stats.t.ppf((1 + LEVEL) / 2, n - 1) * np.std(values, ddof=1) / sqrt(n) if n > 1 else 0.0


def difference(one, other):
    """`metrics.paired_difference` of two ways' accuracies over the tasks that both answered, whose items are apart:
    (mean, low, high, p, tasks).

    Args: {task: {seed: (label, called)}} of both, on the same items and seeds; a baseline has one.
    """
    tests = [test for test in one if test in other]
    right = (
        [np.array([label == called for label, called in way[test].values()], float) for test in tests]
        for way in (one, other)
    )
    return *paired_difference(*right, shared=False), len(tests)


def compare(called):
    """Differences that answer the study's questions: a table of question, model, method, against_model, against_method,
    difference, low, high (95 %, not corrected), p, p_holm (corrected over all rows), tasks, seeds.

    `called` is as from `read_runs`. Generated answers are read by the paper's rule (prefix).
    """
    ways = {key[:3]: tests for key, tests in called.items() if key[3] in ("class", "prefix")}
    models = list(dict.fromkeys(model for model, _, _ in ways if model not in (KMERS, NEIGHBOURS)))
    sets = list(dict.fromkeys(method for _, method, _ in ways if method != CLASSIFICATION))
    asked = []
    for model in (model for model in models if not model.endswith(RANDOM_ENDING)):
        own = (model, CLASSIFICATION, "")
        asked += [("instructing", own, (model, name, TRAINED)) for name in sets]
        asked += [("baseline", own, (name, CLASSIFICATION, "")) for name in (KMERS, NEIGHBOURS)]
        asked.append(("pretraining", own, (f"{model}{RANDOM_ENDING}", CLASSIFICATION, "")))
        asked += [("pretraining", (model, name, TRAINED), (f"{model}{RANDOM_ENDING}", name, TRAINED)) for name in sets]
        asked += [("sets", (model, a, TRAINED), (model, b, TRAINED)) for a, b in combinations(sets, 2)]
        asked += [("phrasing", (model, name, TRAINED), (model, name, UNSEEN)) for name in sets]
    rows = []
    for question, one, other in asked:
        if one in ways and other in ways and not ways[one].keys().isdisjoint(ways[other]):
            mean, low, high, p, tasks = difference(ways[one], ways[other])
            seeds = min(map(len, ways[one].values()))
            sides = {"model": one[0], "method": one[1], "against_model": other[0], "against_method": other[1]}
            rows.append(
                {"question": question}
                | sides
                | {"difference": mean, "low": low, "high": high, "p": p, "tasks": tasks, "seeds": seeds}
            )
    columns = ["question", "model", "method", "against_model", "against_method"]
    columns += ["difference", "low", "high", "p", "tasks", "seeds"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_holm=holm(table["p"]))


def read_task_metrics(path):
    """The long table of `compute_task_metrics`, from its file."""
    return pd.read_csv(path, sep="\t", dtype=NAMES, keep_default_na=False, na_values={"sd": [""]})
