"""Predictions of a run, as `evaluation.evaluate` writes them. Light to import: figures read them too."""

import csv

import pandas as pd


def read_predictions(path):
    """A run's predictions: data frame with test (a baseline's have baseline), id, label, score0, score1 ...; of a model that
    answers instructions also variant, asked and answer, the text."""
    names = dict.fromkeys(["test", "baseline", "id", "variant", "asked", "answer"], str)  # an id may be NA, an answer 1
    return pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, dtype=names, keep_default_na=False, na_values=[""])
