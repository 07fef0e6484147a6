"""Fine-tuning a classifier on a pair set or task (classification tuning), and scoring the tests with it."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from linguist.files import write_lines, write_table
from linguist.tokenizers.encoding import PairTokens
from linguist.training.batches import Collator, Staged, batches_by_length, evaluation_batch
from linguist.training.changes import CHANGES, GIVEN
from linguist.training.devices import prepare_environment
from linguist.training.memory import Portion
from linguist.training.models import load_classifier
from linguist.training.tuning import Method, tune
from linguist.training.untrained import draw_classifiers

CLASSES = ("different", "same")  # of pairs, by label


@dataclass(frozen=True)
class SavedClassifier:
    """A classifier to test: the folder of a run's weights, or of a model before fine-tuning, whose classification head is then
    drawn from a seed (the control "untrained"). `classes` are the names of the labels; precision and attention may be "auto"."""

    folder: str | Path
    classes: tuple[str, ...] = CLASSES
    precision: str = "auto"
    attention: str = "auto"


def finetune(run, files, classes=CLASSES, change=GIVEN, after=lambda: None):
    """Fine-tune a classifier on encoded inputs, and keep the best epoch on dev.

    Args: `run` is a `tuning.Run`; `files` are the token files of train and dev; `classes` the names of the labels; `change`,
    one of CHANGES, says how their rows are changed; `after` as for `tuning.tune`.
    """
    draw = np.random.default_rng([run.seed, 0])
    train_tokens, dev_tokens = (CHANGES[change](PairTokens.load(path), draw) for path in files)
    method = Method(
        load=lambda attention: load_classifier(run.model, classes, run.seed, attention),
        make_loss=make_classification_loss,
        fixed_work=True,
        evaluate=lambda model, tokens, accelerator: classification_metrics(
            predict(model, tokens, accelerator), tokens.labels
        ),
        facts={"change": change},
    )
    tune(run, train_tokens, dev_tokens, method, after)


def make_classification_loss(to_inputs, tokens):
    """Mean cross-entropy (nats) of a classifier for rows of a PairTokens, as `tuning.Method` takes it."""
    labels = torch.from_numpy(tokens.labels.astype(np.int64)).to(to_inputs.device)

    def loss_of(model, rows):
        rows = rows if isinstance(rows, Staged) else to_inputs.stage(rows)
        logits = model(**to_inputs(rows)).logits
        return torch.nn.functional.cross_entropy(logits.float(), labels[rows.rows])

    return loss_of


def predict(model, tokens, accelerator):
    """Scores of every input of a PairTokens, in its order: a float32 array (inputs, classes) of logits."""
    return predict_each(model, [lambda inputs: model(**inputs).logits], tokens, accelerator)[0]


def predict_each(model, classifiers, tokens, accelerator):
    """Scores as from `predict`, for each of several functions that give the logits of a model's inputs."""
    to_inputs, size = Collator(model, tokens, accelerator.device), evaluation_batch(accelerator.device)
    scores = np.empty((len(classifiers), len(tokens), model.config.num_labels), np.float32)
    model.eval()

    def score(rows):
        inputs = to_inputs(rows)
        for number, classify in enumerate(classifiers):
            with accelerator.autocast():
                logits = classify(inputs)
            scores[number, rows] = logits.float().cpu().numpy()

    with torch.inference_mode():
        Portion(size).apply(score, batches_by_length(tokens.lengths, size))
    return scores


def classification_metrics(scores, labels):
    """{"loss": mean cross-entropy (nats), "accuracy"} of logits (inputs, classes) for labels (inputs,)."""
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(scores), torch.from_numpy(labels.astype(np.int64)))
    return {"loss": loss.item(), "accuracy": float(np.mean(scores.argmax(axis=1) == labels))}


def write_predictions(classifier, tests, paths, threads):
    """Score all tests with a classifier, for each seed. `tests` maps the names of pair sets or tasks to their token files,
    `paths` a seed to the table that is written: test, id, label, score0, score1 ... (logits, six significant digits; gzip).

    Without tests a table has the names of the columns only: a run may be made for its weights.
    """
    if not tests:
        names = ["test", "id", "label", *(f"score{i}" for i in range(len(classifier.classes)))]
        for path in paths.values():
            write_lines(path, ["\t".join(names)])
        return
    accelerator, environment = prepare_environment(classifier.precision, classifier.attention, threads)
    model, classifiers = draw_classifiers(classifier.folder, classifier.classes, list(paths), environment.attention)
    model, frames = model.to(environment.device), {seed: [] for seed in paths}
    for test, tokens_path in tests.items():
        tokens = PairTokens.load(tokens_path)
        columns = {"test": test, "id": tokens.names, "label": tokens.labels}
        for seed, scores in zip(paths, predict_each(model, classifiers, tokens, accelerator), strict=True):
            numbered = {f"score{number}": column for number, column in enumerate(scores.T)}
            frames[seed].append(pd.DataFrame(columns | numbered))
    for seed, path in paths.items():
        write_table(path, pd.concat(frames[seed]), quoting=csv.QUOTE_NONE)
