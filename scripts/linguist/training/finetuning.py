"""Fine-tuning on a pair set, or on a task (classification tuning): one run of (model, training set, seed)."""

import hashlib
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from linguist.errors import LinguistError
from linguist.files import atomic_path, file_digest, read_json, write_json, write_table
from linguist.provenance import versions
from linguist.tokenizers.encoding import PairTokens
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.labels import GIVEN, change_labels
from linguist.training.loop import (
    TrainingOptions,
    batches_by_length,
    choose_attention,
    decisive,
    describe_device,
    discard,
    make_accelerator,
    train,
)
from linguist.training.models import load_classifier, save_model

logger = logging.getLogger("linguist")
CLASSES = ("different", "same")  # of pairs, by label
EVALUATION_BATCH = 64


def collate(tokens, rows, pad, use_types, device):
    """Model inputs for the given rows of a PairTokens, padded on the right to the longest: tensors (rows, tokens).

    Token types go to models that have an embedding for them; GPT-2 gets none.
    """
    lengths = tokens.lengths[rows]
    inside = np.arange(lengths.max()) < lengths[:, None]
    places = (tokens.offsets[rows][:, None] + np.arange(lengths.max()))[inside]
    inputs = {"input_ids": np.full(inside.shape, pad, np.int64), "attention_mask": inside.astype(np.int64)}
    inputs["input_ids"][inside] = tokens.ids[places]
    if use_types:
        inputs["token_type_ids"] = np.zeros(inside.shape, np.int64)
        inputs["token_type_ids"][inside] = tokens.types[places]
    return {name: torch.from_numpy(array).to(device) for name, array in inputs.items()}


def positions_of(model):
    """How many tokens a model has positions for; None where it has no bound."""
    room = getattr(model.config, "max_position_embeddings", None)
    for name, module in model.named_modules():
        if room and name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            room -= module.padding_idx + 1  # a RoBERTa counts its positions from there
    return room or None


def collator(model, tokens, device):
    """`collate` of a PairTokens for a model, with all but the rows filled in.

    Raises LinguistError if an input is longer than the model has positions for.
    """
    config, longest, room = model.config, int(tokens.lengths.max()), positions_of(model)
    if room is not None and longest > room:
        raise LinguistError(
            f"an input has {longest} tokens, but the model only {room} positions; lower tokens.max_length"
        )
    use_types = getattr(config, "type_vocab_size", 0) > 1
    return lambda rows: collate(tokens, rows, config.pad_token_id, use_types, device)


def predict(model, tokens, accelerator):
    """Scores of every input of a PairTokens in its order: float32 array (inputs, classes) of logits."""
    to_inputs = collator(model, tokens, accelerator.device)
    scores = np.empty((len(tokens), model.config.num_labels), np.float32)
    model.eval()
    with torch.inference_mode():
        for rows in batches_by_length(tokens.lengths, EVALUATION_BATCH):
            with accelerator.autocast():
                logits = model(**to_inputs(rows)).logits
            scores[rows] = logits.float().cpu().numpy()
    return scores


def dev_figures(scores, labels):
    """Mean cross-entropy and accuracy of logits (inputs, classes) against labels."""
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(scores), torch.from_numpy(labels.astype(np.int64)))
    return {"loss": loss.item(), "accuracy": float(np.mean(scores.argmax(axis=1) == labels))}


def digest(*tokens):
    """Hex digest of encoded data: what a run was trained on."""
    found = hashlib.sha256()
    for split in tokens:
        for array in (split.ids, split.types, split.offsets, split.labels):
            found.update(np.ascontiguousarray(array))
    return found.hexdigest()[:16]


def digest_folder(folder):
    """Hex digest of the files in a folder: what a run started from."""
    digests = [file_digest(path) for path in sorted(Path(folder).iterdir())]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def finetune(model_folder, train_path, dev_path, seed, classes=CLASSES, labels=GIVEN, **run):
    """Fine-tune a classifier on encoded inputs and keep the best epoch by dev; `classes` are the names of the labels.

    Args: `train_path`, `dev_path` are token files; `labels` as for `change_labels`, of train and dev; `run` are the others that
    `tune` takes.
    """
    draw = np.random.default_rng([seed, 0])
    given = (PairTokens.load(path) for path in (train_path, dev_path))
    train_tokens, dev_tokens = (replace(tokens, labels=change_labels(tokens.labels, labels, draw)) for tokens in given)

    def loss_maker(model, tokens, device):
        to_inputs = collator(model, tokens, device)
        labels = torch.from_numpy(tokens.labels.astype(np.int64)).to(device)

        def loss_of(model, rows):
            logits = model(**to_inputs(rows)).logits
            return torch.nn.functional.cross_entropy(logits.float(), labels[torch.from_numpy(rows).to(labels.device)])

        return loss_of

    tune(
        model_folder,
        train_tokens,
        dev_tokens,
        seed,
        **run,
        load=lambda attention: load_classifier(model_folder, classes, seed, attention),
        loss_maker=loss_maker,
        dev_figures=lambda model, tokens, accelerator: dev_figures(predict(model, tokens, accelerator), tokens.labels),
        facts={"labels": labels},
    )


def tune(
    model_folder,
    train_tokens,
    dev_tokens,
    seed,
    *,
    options,
    outputs,
    checkpoint,
    threads,
    code="",
    load,
    loss_maker,
    dev_figures,
    wrap=lambda model: model,
    facts=None,
    after=lambda: None,
):
    """One run, whatever it learns: train a model on encoded inputs (two PairTokens), keep the best epoch by dev, write it.

    Args: `options` are the keyword arguments of TrainingOptions; `outputs` has the paths `metrics` (JSON), `curve` (table,
    an epoch a row) and `weights` (a Hugging Face folder); `checkpoint` is where a killed attempt goes on, deleted once all
    outputs are there; `code` is a digest of the code, so that a checkpoint of other code is not resumed.
    `load(attention)` gives the model, `wrap(model)` the module that is trained; `loss_maker(model, tokens, device)` its loss
    of rows, as `training.train` takes it; `dev_figures(model, tokens, accelerator)` what it says of dev. `facts` are told
    of the run besides, and must agree with a checkpoint's; `after` is called once all is written, before the checkpoint goes.
    """
    torch.set_num_threads(threads)
    options, facts = TrainingOptions(**options), facts or {}
    accelerator, precision = make_accelerator(options.precision)
    attention, checkpoint = choose_attention(options.attention, accelerator.device), Path(checkpoint)
    model = load(attention)

    def batches_of(epoch):
        return batches_by_length(train_tokens.lengths, options.batch_size, np.random.default_rng([seed, epoch]))

    data = digest(train_tokens, dev_tokens)
    means = {"precision": precision, "attention": attention, "threads": threads, "versions": versions()}
    history, pace = train(
        accelerator,
        wrap(model),
        batches_of,
        loss_maker(model, train_tokens, accelerator.device),
        lambda: dev_figures(model, dev_tokens, accelerator),
        options,
        seed,
        checkpoint,
        {
            "options": decisive(options),
            "seed": seed,
            "data": data,
            "model": digest_folder(model_folder),
            "device": accelerator.device.type,
            "code": code,
            **facts,
            **means,
        },
        tokens_of=lambda rows: int(train_tokens.lengths[rows].sum()),
    )
    save_model(model, load_tokenizer(model_folder), outputs["weights"])
    write_table(outputs["curve"], pd.DataFrame(history.curve))
    best = history.curve[history.best]
    write_json(
        outputs["metrics"],
        {
            "seed": seed,
            "best_epoch": best["epoch"],
            **best,
            "train_pairs": len(train_tokens),
            "dev_pairs": len(dev_tokens),
            "data_digest": data,
            "options": vars(options),
            **facts,
            "device": describe_device(accelerator.device),
            **means,
            "seconds": round(pace.seconds, 2),
            "tokens_per_second": pace.tokens_per_second,
        },
    )
    after()
    discard(checkpoint)


def keep_best_weights(metrics, weights, select_by, target):
    """Copy the weights of the run that is best on dev (paths in the same order) to `target`; the first of equals."""
    figures = [read_json(path)[f"dev_{select_by}"] for path in metrics]
    best = figures.index(min(figures) if select_by == "loss" else max(figures))
    with atomic_path(target) as temporary:
        shutil.copytree(weights[best], temporary)
