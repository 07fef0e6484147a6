"""Testing a run: the scores of every test pair, written once. All tables and figures come from these."""

import csv

import pandas as pd
import torch

from linguist.files import write_table, write_text
from linguist.tokenizers.encoding import PairTokens
from linguist.training.finetuning import CLASSES, predict
from linguist.training.loop import choose_attention, make_accelerator
from linguist.training.models import load_classifier


def evaluate(weights, tests, options, seed, predictions, threads, classes=CLASSES):
    """Score all tests with one run's weights, in one pass.

    Args: `weights` is a run's folder, or a model's, which gets a head drawn from `seed` (the control "untrained"); `tests`
    maps names of pair sets or tasks to token files; `options` are a run's training options (precision, attention);
    `classes` are the names of the labels.
    Writes `predictions` (gzip table): test, id, label, score0, score1 ... (logits, six significant digits); without a test
    just the names of the columns, since a run may be wanted for its weights alone.
    """
    if not tests:
        write_text(predictions, "\t".join(["test", "id", "label", *(f"score{i}" for i in range(len(classes)))]) + "\n")
        return
    torch.set_num_threads(threads)
    accelerator, _ = make_accelerator(options["precision"])
    attention = choose_attention(options["attention"], accelerator.device)
    model = load_classifier(weights, classes, seed, attention).to(accelerator.device)
    frames = []
    for test, path in tests.items():
        tokens = PairTokens.load(path)
        scores = predict(model, tokens, accelerator)
        columns = {"test": test, "id": tokens.names, "label": tokens.labels}
        frames.append(pd.DataFrame(columns | {f"score{number}": column for number, column in enumerate(scores.T)}))
    write_table(predictions, pd.concat(frames), quoting=csv.QUOTE_NONE)
