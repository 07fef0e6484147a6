"""What the statistics read: the predictions of runs, and the tables that this package makes."""

import numpy as np
import pandas as pd

from linguist.pairs.store import kinds_of_pairs
from linguist.tasks.prompts import SWAPPED, match_exact, match_prefix
from linguist.training.predictions import read_predictions

CLASSIFICATION = "classification"  # the method of a model for each task; others go by their instruction set
RULES = {
    "class": "the class with the highest score",
    "prefix": "the generated text begins with the answer (the paper's rule)",
    "strict": "the generated text is exactly the answer",
    "scored": "the most likely of the allowed answers",
    "obeys": "the generated text begins with an answer of the task that the instruction names",
}
TEXTS = ["study", "model", "trainset", "method", "test", "variant", "rule", "kind", "question", "code", "text"]
TEXTS += ["scope", "level", "tests", "group", "measure", "against", "against_model", "against_method"]
MAY_LACK = ["auroc", "auroc_low", "auroc_high", "baseline"]  # numbers that are not always there


def read_results(path):
    """A table of metrics, comparisons, hypotheses or errors by kind, from its file. Names stay text: one may be nan, or 1."""
    lacking = {name: [""] for name in MAY_LACK}
    return pd.read_csv(path, sep="\t", dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=lacking)


def read_scores(tests, runs):
    """The scores of every run: {(model, trainset): {test: (label, {seed: score})}}, arrays in the order of the items.

    Args: `runs` lists (model, trainset, seed, path of predictions). A score is the logit of class 1 minus that of class 0.
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


def read_pair_kinds(tests, path):
    """The kind of pair of each item of the tests: {test: list of names, or None}; `path` is a run's predictions."""
    predictions = read_predictions(path)
    return {test: kinds_of_pairs(predictions["id"][predictions["test"] == test]) for test in tests}


def read_answers(runs, baselines, answers, every):
    """The answers of every run: {(model, method, variant, rule): {task: {seed: (label, called)}}}.

    Args: `runs` lists (model, trainset, seed, path of predictions), `baselines` maps tasks to the files of their
    baselines' predictions; `answers` maps each task of the study to its answers, `every` all that instructions may name.
    """
    found = {}

    def add(model, method, seed, part, test):
        for variant, rule, label, called in interpret_answers(part, every):
            found.setdefault((model, method, variant, rule), {}).setdefault(test, {})[seed] = label, called

    for model, trainset, seed, path in runs:
        for test, part in read_predictions(path).groupby("test", sort=False):
            if test in answers:
                add(model, CLASSIFICATION if trainset in answers else trainset, seed, part, test)
    for test, path in baselines.items():
        for name, part in read_predictions(path).groupby("baseline", sort=False):
            add(name, CLASSIFICATION, 0, part, test)
    return found


def interpret_answers(predictions, answers):
    """The answers of a run on a task by each of RULES: yields (variant, rule, label, called), the last two as arrays.

    Args: rows of `read_predictions` of one task; `answers` maps each task to its answers. called is -1 for no answer.
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
        for rule, match in (("prefix", match_prefix), ("strict", match_exact)):
            yield variant, rule, label, np.array([match(text, answers[test]) for text in texts[mine]])
        yield variant, "scored", label, scores[mine].argmax(1)
