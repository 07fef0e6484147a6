"""Pretraining a language model from random weights on the tokens of a corpus, in one process or in several with torchrun."""

import ctypes
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from linguist.corpora.store import read_sources
from linguist.errors import LinguistError, one_line
from linguist.files import read_json, write_json, write_table
from linguist.provenance import SCRIPTS, code_digest
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.packed import Tokens
from linguist.training import gpu
from linguist.training.ahead import STEPS, Ahead
from linguist.training.blocks import Blocks, Examples
from linguist.training.cards import model_card
from linguist.training.checkpoints import Checkpoint
from linguist.training.devices import describe_device, prepare_environment
from linguist.training.loop import Callbacks, TrainingOptions, rows_of_process, train
from linguist.training.memory import Portion
from linguist.training.models import build_model, save_model
from linguist.training.objectives import Objective
from linguist.training.source_evaluation import SourceEvaluation
from linguist.training.utilisation import flops_per_token, product_rate

logger = logging.getLogger("linguist")
# The modules whose code decides the weights: a checkpoint that other code wrote is refused.
TRAINING_CODE = [f"linguist.training.{name}" for name in ("loop", "blocks", "objectives", "gpu", "models")]
TRAINING_CODE += ["linguist.tokenizers.packed"]
PR_SET_PDEATHSIG = 1  # of prctl(2)
OUT_OF_MEMORY = "out of memory: "  # begins the line of a process whose GPU's memory is too small


@dataclass(frozen=True)
class PretrainingJob:
    """A pretraining, as plain values that can be written as JSON for other processes.

    `model` is its entry in the config (architecture, shape, seed); `corpus` has the paths train, train_info, dev, dev_info (of
    `packed.encode_corpus`), train_sources, dev_sources and manifest (of `mixture.mix_corpus`); `options` are those of
    TrainingOptions, and context, dev_blocks and compile; `outputs` has the paths model (folder), metrics (JSON) and curve (table,
    an evaluation per row); a killed attempt resumes from `checkpoint`; `events` is a folder for TensorBoard. `fitting` is the
    number of blocks that go through the model at once, where `launch` has found that micro_batch is too many.
    """

    name: str
    model: dict
    tokenizer: str
    corpus: dict
    options: dict
    outputs: dict
    checkpoint: str
    threads: int
    events: str | None = None
    fitting: int | None = None


def pretrain(job):
    """Pretrain a model from random weights, and save it as a Hugging Face folder with a model card.

    It runs in each of several processes if torchrun started them (see `launch`).
    Raises LinguistError for a corpus of less than a batch, and for a checkpoint of another training.
    """
    options, seed = dict(job.options), job.model.get("seed", 0)
    context, dev_blocks, compiled = (options.pop(key) for key in ("context", "dev_blocks", "compile"))
    options = TrainingOptions(**options)
    accelerator, environment = prepare_environment(options.precision, options.attention, job.threads)
    if options.batch_size % accelerator.num_processes:
        raise LinguistError(
            f"config: pretraining.batch_size: {options.batch_size} blocks cannot be divided among "
            f"{accelerator.num_processes} processes; give a multiple"
        )
    tokenizer = load_tokenizer(job.tokenizer)
    model = build_model(job.name, job.model, tokenizer, environment.attention, context)
    objective, evaluated_at_once = Objective(model), None
    fitting = replace(options, micro_batch=job.fitting or options.micro_batch)
    if compiled and accelerator.device.type in gpu.DEVICES:
        environment, fitting = gpu.speed_up(
            objective, job.model["shape"], environment, fitting, context, accelerator.num_processes
        )
        evaluated_at_once = fitting.micro_batch
    train_tokens, dev_tokens = (open_tokens(job, split, len(tokenizer)) for split in ("train", "dev"))
    examples, dev_examples = (
        Examples(make_blocks(tokens, context, split, least), model, tokenizer, environment, seed)
        for tokens, split, least in ((train_tokens, "train", options.batch_size), (dev_tokens, "dev", 1))
    )
    manifest, checkpoint = read_json(job.corpus["manifest"]), Path(job.checkpoint)
    evaluation = SourceEvaluation(
        dev_examples,
        dev_tokens,
        read_sources(job.corpus["dev_sources"]),
        list(manifest["sources"]),
        dev_blocks,
        accelerator,
        evaluated_at_once,
    )
    baselines = evaluation.baselines(train_tokens, read_sources(job.corpus["train_sources"]))
    events = None
    if job.events is not None and accelerator.is_main_process:
        from torch.utils.tensorboard import SummaryWriter  # a slow import, which other processes do not need

        if not checkpoint.exists():
            shutil.rmtree(job.events, ignore_errors=True)  # the curves of an earlier training
        events = SummaryWriter(job.events)

    def batches_of(epoch):
        """Full batches only, so that all processes have as many rows. Other blocks are left out in each epoch."""
        blocks = len(examples.blocks)
        order = np.random.default_rng([seed, epoch]).permutation(blocks) + epoch * blocks
        return list(order[: blocks - blocks % options.batch_size].reshape(-1, options.batch_size))

    def evaluate():
        metrics = evaluation.losses(objective)
        if accelerator.is_main_process and np.isfinite(metrics["loss"]):
            for source, text in evaluation.samples(model, tokenizer):
                logger.info("sample %s: %s", source, json.dumps(text, ensure_ascii=False))
        return metrics

    def record(step, metrics):
        for name, value in metrics.items():
            events.add_scalar(name, value, step)

    ahead = Ahead(examples.read_rows, STEPS.get(accelerator.device.type, 0))
    product, flops = product_rate(accelerator.device, environment.precision), flops_per_token(model, context)
    callbacks = Callbacks(
        batches_of,
        lambda objective, numbers: objective(**examples.inputs(ahead(numbers))),
        evaluate,
        tokens_of=lambda numbers: len(numbers) * context,
        full_rate=product and accelerator.num_processes * product / flops,
        record=events and record,
        expect=lambda batches: ahead.expect(rows_of_process(batch, accelerator) for batch in batches),
    )
    described = environment.describe() | {"processes": accelerator.num_processes}
    data = {split: tokens.info["sha256"][:16] for split, tokens in (("train", train_tokens), ("dev", dev_tokens))}
    fingerprint = {
        "model": {key: job.model[key] for key in ("architecture", "shape")},
        "pretraining": options.result_options() | {"context": context, "dev_blocks": dev_blocks, "compile": compiled},
        "seed": seed,
        "data": data,
        "device": accelerator.device.type,
        "code": code_digest(*TRAINING_CODE),
        **described,
    }
    checkpoint = Checkpoint(checkpoint, fingerprint, strict=True)
    with checkpoint.locked():
        history, pace = train(accelerator, objective, callbacks, fitting, seed, checkpoint)
        if events is not None:
            events.close()
        if accelerator.is_main_process:
            gpu.cut_vocabulary(model)
            metrics = {
                "seed": seed,
                "parameters": sum(parameter.numel() for parameter in model.parameters()),
                **history.curve[history.best],
                **baselines,
                "train_tokens": len(train_tokens),
                "dev_tokens": evaluation.evaluated,
                "data_digest": data,
                "options": vars(options) | {"context": context},
                "device": describe_device(accelerator.device),
                **described,
                "seconds": round(pace.seconds, 2),
                "tokens_per_second": pace.tokens_per_second,
                "flops_per_token": flops,
                "product_rate": product,
                "utilisation": pace.utilisation,
            }
            card = model_card(job.name, job.model, manifest, metrics, train_tokens.info)
            save_model(model, tokenizer, job.outputs["model"], card)
            write_table(job.outputs["curve"], pd.DataFrame(history.curve))
            write_json(job.outputs["metrics"], metrics)
            checkpoint.delete()
        accelerator.wait_for_everyone()


def open_tokens(job, split, vocab_size):
    """The packed.Tokens of a split of a job's corpus. Raises LinguistError if their vocabulary has another size."""
    tokens = Tokens.open(job.corpus[split], job.corpus[f"{split}_info"])
    if tokens.info["vocab_size"] != vocab_size:
        raise LinguistError(f"{job.corpus[split]}: not the tokens of {job.tokenizer}; delete it and run again")
    return tokens


def make_blocks(tokens, context, split, least):
    """The Blocks of a split. Raises LinguistError if there are fewer than `least`."""
    blocks = Blocks(tokens.ids, tokens.info["start"], context)
    if len(blocks) < least:
        raise LinguistError(
            f"the {split} split has {len(tokens)} tokens, which make {len(blocks)} blocks of {context}, but at least {least} are "
            "needed; give the corpus more bytes, or lower pretraining.context or batch_size"
        )
    return blocks


def launch(job, processes, folder, nodes=1):
    """Run a PretrainingJob in this process, or in several that torchrun starts, on the machines of a Slurm job if it has several
    `nodes`. They read the job from `folder`/job.json.

    Raises LinguistError if it fails, with the error of a process if there is one, or if there are too few GPUs.
    """
    if processes < 2:
        return pretrain(job)
    gpus = torch.cuda.device_count()
    if processes % nodes:
        raise LinguistError(f"{processes} GPUs cannot be divided among {nodes} nodes; change gpu or nodes of pretrain")
    if 0 < gpus < processes // nodes:
        raise LinguistError(
            f"the job asks for {processes // nodes} GPUs, but this machine has {gpus}; lower --set-resources pretrain:gpu="
        )
    path = Path(folder) / "job.json"
    blocks, micro_batch = np.arange(max(1, job.options["batch_size"] // processes)), job.options.get("micro_batch")
    portion = Portion(micro_batch, "micro_batch")
    command = [*torchrun_command(processes, nodes), "--module", "linguist.training.pretraining", str(path)]

    def attempt(parts):
        write_json(path, vars(job if portion.most == micro_batch else replace(job, fitting=portion.most)))
        run_processes(command, gpus > 0)

    try:
        portion.run(blocks, attempt)
    finally:
        path.unlink(missing_ok=True)


def torchrun_command(processes, nodes):
    """The beginning of the command that starts so many processes: on this machine, or as many on each node of this Slurm job,
    where srun starts a torchrun on each. They meet on this node, which is the job's first."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes // nodes}"]
    if nodes == 1:  # torchrun's own variables (PET_NNODES, PET_RDZV_ENDPOINT ...) may name other machines
        return torchrun + ([] if "PET_RDZV_ENDPOINT" in os.environ else ["--standalone"])
    job = os.environ.get("SLURM_JOB_ID", "0")
    meeting = f"{socket.gethostname()}:{20000 + int(job) % 10000}"  # a port of this job
    torchrun += [f"--nnodes={nodes}", "--rdzv-backend=c10d", f"--rdzv-endpoint={meeting}", f"--rdzv-id={job}"]
    # A task a node, which uses all of the node's CPUs and GPUs that the job has.
    srun = ["srun", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", "--overlap", "--cpu-bind=none"]
    return [*srun, "--kill-on-bad-exit=1", *torchrun]


def run_processes(command, on_gpus):
    """Run torchrun and pass its output on. Raises LinguistError if it fails, or torch.OutOfMemoryError if the memory of a GPU
    does not suffice."""
    library = os.pathsep.join([str(SCRIPTS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    # On a CPU accelerate connects the processes only with this variable. Otherwise each would train alone.
    variables = {"PYTHONPATH": library} | ({} if on_gpus else {"ACCELERATE_USE_CPU": "true"})
    errors, short_of_memory = [], False
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | variables,
        preexec_fn=end_with_parent,
    ) as run:
        for line in run.stdout:
            print(line, end="", flush=True)
            errors += [line.strip().removeprefix("error: ")] if line.startswith("error: ") else []
            short_of_memory |= line.startswith(OUT_OF_MEMORY)
    if run.returncode and short_of_memory:
        raise torch.OutOfMemoryError
    if run.returncode:
        raise LinguistError(errors[0] if errors else "a process of torchrun failed; see the lines above")


def end_with_parent():
    """Let the kernel end this process when its parent dies. Otherwise it would continue beside a second attempt."""
    if hasattr(ctypes.CDLL(None), "prctl"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(path):
    """Run the job in a JSON file, as one of torchrun's processes. The first one writes the log."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.WARNING, stream=sys.stdout)
    if os.environ["RANK"] == "0":
        logging.getLogger("linguist").setLevel(logging.INFO)
    try:
        pretrain(PretrainingJob(**read_json(path)))
    except torch.OutOfMemoryError as error:
        sys.exit(OUT_OF_MEMORY + one_line(error))
    except LinguistError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
