"""Planted answers to tasks: predictions of classifiers and of instruction-tuned models, as their files hold them."""

import numpy as np
import pandas as pd

from linguist.statistics.ways import interpret_answers


def predict_classes(task, label, called, noise=0.0):
    """Predictions of a classifier; `noise` makes the scores of one run differ from those of others."""
    scores = np.eye(max(label.max(), called.max()) + 1)[called] + noise
    columns = {f"score{number}": column for number, column in enumerate(scores.T)}
    return pd.DataFrame({"test": task, "id": range(len(label)), "label": label} | columns)


def predict_replies(task, label, likeliest, texts, classes, variant="trained", asked=None, noise=0.0):
    """Predictions of an instruction-tuned model: the likeliest allowed answer of each row, and the text of its reply."""
    scores = np.log(np.where(np.eye(classes)[likeliest] > 0, 0.5 - noise, 0.1))
    columns = {"test": task, "variant": variant, "asked": asked or task, "id": range(len(label)), "label": label}
    columns |= {"answer": texts} | {f"score{number}": column for number, column in enumerate(scores.T)}
    return pd.DataFrame(columns)


def answers_of(runs, answers):
    """The answers of some runs as `read_answers` gives them: `runs` lists (model, method, seed, predictions of one task)."""
    found = {}
    for model, method, seed, predictions in runs:
        for variant, rule, said in interpret_answers(predictions, answers):
            way = found.setdefault((model, method, variant, rule), {})
            way.setdefault(predictions["test"].iloc[0], {})[seed] = said
    return found


def guess(share, label, classes, draw):
    """Answers of which about `share` are right; the others are the next class."""
    return np.where(draw.random(len(label)) < share, label, (label + 1) % classes)
