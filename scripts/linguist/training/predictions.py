"""Reading the predictions of a run. Light to import: the report's figures need them too."""

import csv

import pandas as pd


def read_predictions(path):
    """A run's predictions: a data frame with test, id, label, score0, score1 ... Those of a baseline have the column baseline;
    those of an instruction-tuned model also variant, asked, and answer (text)."""
    names = dict.fromkeys(["test", "baseline", "id", "variant", "asked", "answer"], str)  # an id may be NA, an answer 1
    return pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, dtype=names, keep_default_na=False, na_values=[""])
