"""Testing a classifier: the scores of every test pair, written once. All tables and figures are made from them."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from linguist.files import write_table, write_text
from linguist.tokenizers.encoding import PairTokens
from linguist.training.devices import prepare_environment
from linguist.training.finetuning import CLASSES, predict
from linguist.training.models import load_classifier


@dataclass(frozen=True)
class Classifier:
    """A classifier to test: the folder of a run's weights, or of a model before fine-tuning, whose classification head is then
    drawn from `seed` (the control "untrained"). `classes` are the names of the labels; precision and attention may be "auto"."""

    folder: str | Path
    seed: int
    classes: tuple[str, ...] = CLASSES
    precision: str = "auto"
    attention: str = "auto"


def write_predictions(classifier, tests, path, threads):
    """Score all tests with a classifier. `tests` maps the names of pair sets or tasks to their token files.

    Writes a table (gzip): test, id, label, score0, score1 ... (logits, six significant digits). Without tests it has the names
    of the columns only: a run may be made for its weights.
    """
    if not tests:
        names = ["test", "id", "label", *(f"score{i}" for i in range(len(classifier.classes)))]
        write_text(path, "\t".join(names) + "\n")
        return
    accelerator, environment = prepare_environment(classifier.precision, classifier.attention, threads)
    model = load_classifier(classifier.folder, classifier.classes, classifier.seed, environment.attention)
    model, frames = model.to(environment.device), []
    for test, tokens_path in tests.items():
        tokens = PairTokens.load(tokens_path)
        scores = predict(model, tokens, accelerator)
        columns = {"test": test, "id": tokens.names, "label": tokens.labels}
        frames.append(pd.DataFrame(columns | {f"score{number}": column for number, column in enumerate(scores.T)}))
    write_table(path, pd.concat(frames), quoting=csv.QUOTE_NONE)
