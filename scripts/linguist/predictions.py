"""Predictions of a run, as `evaluation.evaluate` writes them. Light to import: figures read them too."""

import csv

import pandas as pd


def read_predictions(path):
    """A run's predictions: data frame with test, id, label, score0, score1."""
    names = {"test": str, "id": str}  # an id may be NA
    return pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, dtype=names, keep_default_na=False, na_values=[""])
