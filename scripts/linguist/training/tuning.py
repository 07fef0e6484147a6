"""One run: a pretrained model is trained further on encoded inputs, with one seed, and its results are written."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from linguist.files import file_digest, write_json, write_table
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.batches import Collator, batches_by_length
from linguist.training.checkpoints import Checkpoint
from linguist.training.devices import describe_device, prepare_environment
from linguist.training.loop import Callbacks, TrainingOptions, train
from linguist.training.models import save_model
from linguist.training.pruning import prune_embeddings


@dataclass(frozen=True)
class Run:
    """A fine-tuning or instruction tuning with one seed: where it starts, and where its results go.

    `model` is the folder of the model before tuning; `options` are keyword arguments of TrainingOptions; `outputs` has the
    paths metrics (JSON), curve (table, an epoch per row) and weights (a Hugging Face folder); a killed attempt resumes from
    `checkpoint`, unless the digest `code` has changed.
    """

    model: str | Path
    seed: int
    options: dict
    outputs: Mapping
    checkpoint: str | Path
    threads: int
    code: str = ""


@dataclass(frozen=True)
class Method:
    """How a run trains its model.

    `load(attention)` gives the model; `wrap(model)` the module that is trained; `make_loss(to_inputs, tokens)`, with a Collator
    of a PairTokens, its loss for rows, as `loop.Callbacks` takes it, which is a mean over `count_targets(tokens, rows)` numbers;
    `evaluate(model, tokens, accelerator)` the metrics of a PairTokens, "loss" among them. `fixed_work` says that the loss of Staged rows is the same work for each batch of a shape.
    `facts` ({name: value}) are recorded in metrics.json and must agree with a checkpoint's.
    """

    load: Callable
    make_loss: Callable
    evaluate: Callable
    wrap: Callable = lambda model: model
    count_targets: Callable = lambda tokens, rows: len(rows)
    fixed_work: bool = False
    facts: dict = field(default_factory=dict)


def tune(run, train_tokens, dev_tokens, method, after=lambda: None):
    """Train a run's model on encoded inputs (two PairTokens), and write the weights of the best epoch on dev, and its metrics.

    `after` is called when all is written. The checkpoint is deleted after that, so that a failure in `after` does not cost the
    training.
    """
    options = TrainingOptions(**run.options)
    accelerator, environment = prepare_environment(options.precision, options.attention, run.threads)
    model, data = method.load(environment.attention), digest_tokens(train_tokens, dev_tokens)
    described = replace(environment, attention=model.config._attn_implementation).describe()
    pruned = prune_embeddings(model, train_tokens.ids, dev_tokens.ids) if options.prune_vocabulary else None

    lengths, to_inputs = train_tokens.lengths, Collator(model, train_tokens, environment.device)

    def batches_of(epoch):
        return batches_by_length(lengths, options.batch_size, np.random.default_rng([run.seed, epoch]))

    def evaluate():
        with torch.compiler.set_stance("force_eager"):  # a compiled model would be compiled again for evaluation
            return method.evaluate(model, dev_tokens, accelerator)

    callbacks = Callbacks(
        batches_of,
        method.make_loss(to_inputs, train_tokens),
        evaluate,
        targets_of=lambda rows: method.count_targets(train_tokens, rows),
        tokens_of=lambda rows: int(lengths[rows].sum()),
        stage=to_inputs.stage if method.fixed_work else None,
    )
    fingerprint = {
        "options": options.result_options(),
        "seed": run.seed,
        "data": data,
        "model": digest_folder(run.model),
        "device": environment.device.type,
        "code": run.code,
        **method.facts,
        **described,
    }
    checkpoint = Checkpoint(Path(run.checkpoint), fingerprint)
    with checkpoint.locked():
        history, pace = train(accelerator, method.wrap(model), callbacks, options, run.seed, checkpoint)
        if pruned:
            pruned.restore()
        save_model(model, load_tokenizer(run.model), run.outputs["weights"])
        write_table(run.outputs["curve"], pd.DataFrame(history.curve))
        best = history.curve[history.best]
        metrics = {
            "seed": run.seed,
            "best_epoch": best["epoch"],
            **best,
            "train_pairs": len(train_tokens),
            "dev_pairs": len(dev_tokens),
            "data_digest": data,
            "options": vars(options),
            **method.facts,
            "loaded_share": model.loaded_share,
            "device": describe_device(environment.device),
            **described,
            "seconds": round(pace.seconds, 2),
            "tokens_per_second": pace.tokens_per_second,
        }
        write_json(run.outputs["metrics"], metrics)
        after()
        checkpoint.delete()


def digest_tokens(*splits):
    """Hex digest of PairTokens: what a run was trained on."""
    digest = hashlib.sha256()
    for split in splits:
        for array in (split.ids, split.types, split.offsets, split.labels):
            digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


def digest_folder(folder):
    """Hex digest of the files in a folder: the model that a run starts from."""
    digests = [file_digest(path) for path in sorted(Path(folder).iterdir())]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
