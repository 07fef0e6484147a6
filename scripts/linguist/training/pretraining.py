"""Pretraining a language model from random weights on the tokens of a corpus."""

import ctypes
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from linguist.errors import LinguistError
from linguist.files import read_json, write_json, write_table
from linguist.provenance import SCRIPTS, code_digest, versions
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.packed import Tokens
from linguist.training import ngrams
from linguist.training.cards import model_card
from linguist.training.loop import (
    TrainingOptions,
    choose_attention,
    decisive,
    describe_device,
    discard,
    make_accelerator,
    train,
)
from linguist.training.models import build_model, save_model
from linguist.training.objectives import Blocks, Examples, Objective

logger = logging.getLogger("linguist")
SAMPLE_PROMPT, SAMPLE_LENGTH = 16, 32  # tokens
PR_SET_PDEATHSIG = 1  # of prctl(2)
EVALUATION_BLOCKS = 8  # at once


def pretrain(name, model, tokenizer_folder, corpus, options, outputs, checkpoint, threads, events=None):
    """Pretrain a model from random weights and save it as a Hugging Face folder with a card.

    Args: `model` is its entry of the config (architecture, shape, seed); `corpus` has the paths train, train_info, dev,
    dev_info (of `tokens.encode_corpus`), train_sources, dev_sources and manifest (of `corpora.mix_corpus`); `options` are those of
    TrainingOptions and context, dev_blocks and compile; `outputs` has the paths model (folder), metrics (JSON) and curve
    (table, an evaluation a row); `checkpoint` is where a killed attempt goes on; `events` is a folder for TensorBoard.
    Runs in each of several processes where torchrun started them.
    Raises LinguistError for a corpus of less than a batch, and for a checkpoint of another training.
    """
    torch.set_num_threads(threads)
    options, seed = dict(options), model.get("seed", 0)
    context, dev_blocks, compiled = (options.pop(key) for key in ("context", "dev_blocks", "compile"))
    options = TrainingOptions(**options)
    accelerator, precision = make_accelerator(options.precision)
    torch.set_num_threads(threads)  # accelerate sets its own where it runs several processes
    if options.batch_size % accelerator.num_processes:
        raise LinguistError(
            f"config: pretraining.batch_size: {options.batch_size} blocks cannot be shared by "
            f"{accelerator.num_processes} processes; give a multiple"
        )
    attention, checkpoint = choose_attention(options.attention, accelerator.device), Path(checkpoint)
    tokenizer = load_tokenizer(tokenizer_folder)
    body = build_model(name, model["architecture"], model["shape"], tokenizer, seed, attention, context)
    objective = Objective(body)
    if compiled and accelerator.device.type == "cuda":
        body.base_model.compile()
    train_tokens, dev_tokens = (Tokens.open(corpus[split], corpus[f"{split}_info"]) for split in ("train", "dev"))
    for tokens, path in ((train_tokens, corpus["train"]), (dev_tokens, corpus["dev"])):
        if tokens.info["vocab_size"] != len(tokenizer):
            raise LinguistError(f"{path}: not the tokens of {tokenizer_folder}; delete it and run again")
    examples, dev = (
        Examples(
            split_blocks(tokens, context, split, least), body, tokenizer, attention, precision, seed, accelerator.device
        )
        for tokens, split, least in ((train_tokens, "train", options.batch_size), (dev_tokens, "dev", 1))
    )
    manifest = read_json(corpus["manifest"])
    sources = list(manifest["sources"])
    evaluation = Evaluation(dev, dev_tokens, np.load(corpus["dev_sources"]), sources, dev_blocks, accelerator)
    baselines = evaluation.baselines(train_tokens, np.load(corpus["train_sources"]))
    if events is not None and accelerator.is_main_process and not checkpoint.exists():
        shutil.rmtree(events, ignore_errors=True)  # the curves of another training
    writer = Writer(events if accelerator.is_main_process else None)

    def batches_of(epoch):
        """Full batches alone, so that all processes have as much to do; what is left of an epoch changes with it."""
        blocks = len(examples.blocks)
        order = np.random.default_rng([seed, epoch]).permutation(blocks) + epoch * blocks
        return list(order[: blocks - blocks % options.batch_size].reshape(-1, options.batch_size))

    def evaluate():
        figures = evaluation.figures(objective)
        if accelerator.is_main_process and np.isfinite(figures["loss"]):
            for source, text in evaluation.samples(body, tokenizer):
                logger.info("sample %s: %s", source, json.dumps(text, ensure_ascii=False))
        return figures

    means = {"precision": precision, "attention": attention, "threads": threads, "versions": versions()}
    means["processes"] = accelerator.num_processes
    data = {split: tokens.info["sha256"][:16] for split, tokens in (("train", train_tokens), ("dev", dev_tokens))}
    history, pace = train(
        accelerator,
        objective,
        batches_of,
        lambda objective, numbers: objective(**examples(numbers)),
        evaluate,
        options,
        seed,
        checkpoint,
        {
            "model": {key: model[key] for key in ("architecture", "shape")},
            "pretraining": decisive(options) | {"context": context, "dev_blocks": dev_blocks},
            "seed": seed,
            "data": data,
            "device": accelerator.device.type,
            "code": code_digest(
                "linguist.training.loop",
                "linguist.training.objectives",
                "linguist.training.models",
                "linguist.tokenizers.packed",
            ),
            **means,
        },
        tokens_of=lambda numbers: len(numbers) * context,
        watch=writer.write,
        strict=True,
    )
    writer.close()
    if accelerator.is_main_process:
        metrics = {
            "seed": seed,
            "parameters": sum(parameter.numel() for parameter in body.parameters()),
            **history.curve[history.best],
            **baselines,
            "train_tokens": len(train_tokens),
            "dev_tokens": evaluation.tokens,
            "data_digest": data,
            "options": vars(options) | {"context": context},
            "device": describe_device(accelerator.device),
            **means,
            "seconds": round(pace.seconds, 2),
            "tokens_per_second": pace.tokens_per_second,
        }
        card = model_card(name, model, manifest, metrics, train_tokens.info)
        save_model(body, tokenizer, outputs["model"], card)
        write_table(outputs["curve"], pd.DataFrame(history.curve))
        write_json(outputs["metrics"], metrics)
        discard(checkpoint)
    accelerator.wait_for_everyone()


def split_blocks(tokens, context, split, least):
    """The Blocks of a split, `least` at least."""
    blocks = Blocks(tokens.ids, tokens.info["start"], context)
    if len(blocks) < least:
        raise LinguistError(
            f"the {split} split has {len(tokens)} tokens, which make {len(blocks)} of at least {least} blocks of {context}; "
            "give the corpus more bytes, or lower pretraining.context or batch_size"
        )
    return blocks


class Evaluation:
    """What a model says of the dev split, source by source: at most `dev_blocks` blocks, evenly spread over it."""

    def __init__(self, examples, tokens, document_sources, sources, dev_blocks, accelerator):
        if len(document_sources) != tokens.documents:
            raise LinguistError(
                f"{len(document_sources)} sources for {tokens.documents} dev documents; encode the corpus anew"
            )
        self.examples, self.sources, self.accelerator = examples, sources, accelerator
        blocks = len(examples.blocks)
        self.chosen = np.unique(np.linspace(0, blocks - 1, min(dev_blocks, blocks)).astype(int))
        self.tokens = len(self.chosen) * examples.blocks.context
        self.all, self.document_sources = tokens, document_sources
        self.lengths = {}  # characters a token, of all of dev
        for number, source in enumerate(sources):
            counts = tokens.info["sources"].get(str(number), {})
            whole = counts.get("tokens", 0) + counts.get("documents", 0)  # with start tokens, which are predicted too
            self.lengths[source] = counts.get("characters", 0) / max(1, whole)

    def source_of(self, numbers, places):
        """For each target that flat `places` of the blocks predict, the number of its document's source."""
        context = self.examples.blocks.context
        at = (np.asarray(numbers)[:, None] * context + np.arange(context)).ravel()[places]
        return self.document_sources[np.searchsorted(self.all.starts, at, "right") - 1]

    def mean_by_source(self, losses_of):
        """Mean of `losses_of(numbers)` (float array, a target each) over the targets of each source, and over all; each
        process takes its share of the blocks."""
        sums = np.zeros((2, len(self.sources)))
        mine = self.chosen[self.accelerator.process_index :: self.accelerator.num_processes]
        for part in np.split(mine, range(EVALUATION_BLOCKS, len(mine), EVALUATION_BLOCKS)):
            if len(part):
                _, _, places = self.examples.pose(self.examples.read(part), part)
                source = self.source_of(part, places)
                sums[0] += np.bincount(source, losses_of(part), len(self.sources))
                sums[1] += np.bincount(source, minlength=len(self.sources))
        # NCCL sums what is on its GPU alone; without processes it may stay: not every device has float64.
        where = self.accelerator.device if self.accelerator.num_processes > 1 else "cpu"
        sums = self.accelerator.reduce(torch.from_numpy(sums).to(where), "sum").cpu().numpy()
        means = {source: float(sums[0, i] / sums[1, i]) for i, source in enumerate(self.sources) if sums[1, i]}
        return {"loss": float(sums[0].sum() / sums[1].sum())} | {
            f"loss_{source}": mean for source, mean in means.items()
        }

    def figures(self, objective):
        """Mean losses (nats a target) of all targets and of each source, and bits per character (base, residue) of each,
        document ends included, if the model predicts every token."""

        def losses_of(numbers):
            with torch.inference_mode(), self.accelerator.autocast():
                return objective(**self.examples(numbers)).double().cpu().numpy()

        found = self.mean_by_source(losses_of)
        return found | (self.bits(found) if self.examples.causal else {})

    def bits(self, losses, of=""):
        return {
            f"{of}bits_{source}": float(losses[f"loss_{source}"] / np.log(2) / self.lengths[source])
            for source in self.sources
            if f"loss_{source}" in losses
        }

    def baselines(self, tokens, document_sources):
        """The same losses, and bits, of models that count the train split (a Tokens and its documents' sources): unigrams
        and, where every token is predicted, bigrams, of each source its own."""
        lengths = np.diff(tokens.starts, append=len(tokens))
        models = []
        for number in range(len(self.sources)):
            mine = np.flatnonzero(document_sources == number)
            # Of a corpus that does not fit into memory, its beginning.
            mine = mine[: np.searchsorted(np.cumsum(lengths[mine]), ngrams.MOST) + 1]
            ids = [
                tokens.ids[start : start + length]
                for start, length in zip(tokens.starts[mine], lengths[mine], strict=True)
            ]
            models.append(ngrams.count_models(np.concatenate([*ids, tokens.ids[:0]]), tokens.info["vocab_size"]))
        found = {}
        for baseline in ("unigram", "bigram") if self.examples.causal else ("unigram",):

            def losses_of(numbers, baseline=baseline):
                tokens = self.examples.read(numbers)
                _, targets, places = self.examples.pose(tokens, numbers)
                previous, source = tokens[:, :-1].ravel()[places], self.source_of(numbers, places)
                losses = np.empty(len(targets))
                for number in np.unique(source):
                    mine = source == number
                    losses[mine] = models[number][baseline](previous[mine], targets[mine])
                return losses

            losses = self.mean_by_source(losses_of)
            found |= {f"{baseline}_{name}": loss for name, loss in losses.items()}
            if self.examples.causal:
                found |= self.bits(losses, f"{baseline}_")
        return found

    def samples(self, model, tokenizer):
        """How the model goes on with the beginning of the first dev document of each source: (source, text) pairs.

        Drawn with a generator of their own, so that the training does not notice.
        """
        if not self.examples.causal:
            return
        draw = torch.Generator().manual_seed(0)
        for number, source in enumerate(self.sources):
            if not (self.document_sources == number).any():
                continue
            start = int(self.all.starts[np.argmax(self.document_sources == number)])
            prompt = self.all.ids[start : start + min(SAMPLE_PROMPT, self.examples.blocks.context // 2)].astype(
                np.int64
            )
            ids = torch.from_numpy(prompt)[None].to(self.accelerator.device)
            # A compiled model would be compiled again for each length.
            stance = torch.compiler.set_stance("force_eager")
            with stance, torch.inference_mode(), self.accelerator.autocast():
                for _ in range(min(SAMPLE_LENGTH, self.examples.blocks.context - ids.shape[1])):
                    scores = model(input_ids=ids, use_cache=False).logits[0, -1].float().cpu()
                    following = torch.multinomial(scores.softmax(0), 1, generator=draw)
                    if following == self.examples.blocks.start:
                        break
                    ids = torch.cat([ids, following[None].to(ids.device)], 1)
            yield source, tokenizer.decode(ids[0, 1:].tolist())


class Writer:
    """TensorBoard's events of a training, in a folder; without one nothing is written."""

    def __init__(self, folder):
        self.events = None
        if folder is not None:
            from torch.utils.tensorboard import SummaryWriter  # some processes write none, and it takes a while

            self.events = SummaryWriter(str(folder))

    def write(self, step, figures):
        if self.events is not None:
            for name, figure in figures.items():
                self.events.add_scalar(name, figure, step)

    def close(self):
        if self.events is not None:
            self.events.close()


def launch(job, processes, folder):
    """Run `pretrain(**job)` in as many processes as torchrun starts here; with one, in this one.

    The job goes to them as `folder`/job.json. For several nodes set torchrun's own variables (PET_NNODES,
    PET_RDZV_ENDPOINT ...) and run `torchrun --module linguist.pretraining job.json` on the others.
    Raises LinguistError if it fails, with the cause if the processes told one, or if there are fewer GPUs.
    """
    if processes < 2:
        return pretrain(**job)
    gpus = torch.cuda.device_count()
    if 0 < gpus < processes:
        raise LinguistError(f"the job has gpu={processes}, but here are {gpus}; lower --set-resources pretrain:gpu=")
    path = Path(folder) / "job.json"
    write_json(path, job)
    torchrun = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}"]
    if "PET_RDZV_ENDPOINT" not in os.environ:
        torchrun.append("--standalone")
    library = os.pathsep.join([str(SCRIPTS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    # On a CPU accelerate joins processes only where it is told so: each would train all by itself.
    setting = {"PYTHONPATH": library} | ({} if gpus else {"ACCELERATE_USE_CPU": "true"})
    told = []
    try:
        with subprocess.Popen(
            [*torchrun, "--module", "linguist.training.pretraining", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | setting,
            preexec_fn=end_with_parent,
        ) as run:
            for line in run.stdout:
                print(line, end="", flush=True)
                told += [line.strip().removeprefix("error: ")] if line.startswith("error: ") else []
    finally:
        path.unlink()
    if run.returncode:
        raise LinguistError(told[0] if told else f"torchrun with {processes} processes failed; see the lines above")


def end_with_parent():
    """Have this process told to end when its parent dies: else it would go on, and a second attempt beside it."""
    if hasattr(ctypes.CDLL(None), "prctl"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(path):
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.WARNING, stream=sys.stdout)
    if os.environ["RANK"] == "0":
        logger.setLevel(logging.INFO)
    try:
        pretrain(**read_json(path))
    except LinguistError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
