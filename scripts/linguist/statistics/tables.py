"""What the statistics read: the predictions of runs, and the tables that this package makes."""

import csv

from linguist.files import read_table
from linguist.pairs.store import types_of_rows

TEXTS = ["study", "model", "trainset", "method", "test", "variant", "rule", "kind", "question", "code", "text"]
TEXTS += ["scope", "level", "tests", "group", "measure", "against", "against_model", "against_method"]
TEXTS += ["against_variant", "collapsed", "against_collapsed"]
# Numbers that are not always there.
MAY_LACK = [
    "auroc",
    "auroc_low",
    "auroc_high",
    "baseline",
    "detectable",
    "right",
    "low",
    "high",
    "worst",
    "best",
    "accuracy",
    "answer_mass",
]


def read_results(path):
    """A table of metrics, comparisons, hypotheses or errors by kind, from its file. Names stay text: one may be nan, or 1."""
    lacking = {name: [""] for name in MAY_LACK}
    return read_table(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=lacking)


def read_predictions(path):
    """A run's predictions: a data frame with test, id, label, score0, score1 ... Those of a baseline have the column baseline;
    those of an instruction-tuned model also variant, asked, and answer (text)."""
    names = dict.fromkeys(["test", "baseline", "id", "variant", "asked", "answer"], str)  # an id may be NA, an answer 1
    options = {"quoting": csv.QUOTE_NONE, "dtype": names, "keep_default_na": False, "na_values": [""]}
    return read_table(path, ["id", "label", "score0"], **options)


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


def read_row_types(tests, path):
    """The type of each item of the tests: {test: list of types, or None}; `path` is a run's predictions."""
    predictions = read_predictions(path)
    return {test: types_of_rows(predictions["id"][predictions["test"] == test]) for test in tests}
