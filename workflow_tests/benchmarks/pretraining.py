"""Pretraining speed against the Hugging Face Trainer and against bare matrix products, as ratios in one run: `make bench`.

Ways to pretrain the same GPT-2 (by default small, 124 M parameters) on the same blocks, each in a process of its own, in
turn:

    ours       linguist.training.loop and objectives, blocks of several documents as a corpus of DNA gives
    ours whole the same, with one document a block: attention over all of it
    trainer    the Trainer at its best: bf16 where the device has it, the faster of its attention backends; on a GPU SDPA and
               torch_compile

On a CPU a step has 4 blocks of 512 tokens; on a GPU 32,768 tokens, in blocks of 256 and in blocks of 1024.
In each process the rate of bare matrix products in the training's precision is measured beside the training. FLOPs of a step:
6 × parameters × tokens, and 6 × layers × width × context × tokens for causal attention over whole blocks.
Quote the ratios: absolute figures depend on the machine and on what else it is doing.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from common import Clock, describe_machine, on_gpu, product_rate  # noqa: E402

TARGETS = {"trainer": 1.15, "products": {512: 0.6}}
GPU_TARGETS = {"trainer": 1.35, "products": {256: 0.45, 1024: 0.55}}
GPU_TOKENS, GPU_STEPS = 32_768, 80
VOCABULARY = 50_000
DOCUMENT = 160  # tokens: a segment of 650 bp
SHAPES = {
    "small": {"n_layer": 12, "n_embd": 768, "n_head": 12},
    "tiny": {"n_layer": 2, "n_embd": 128, "n_head": 2},  # to try the benchmark itself
}


def shape_of(options):
    return SHAPES[options.shape] | {
        "n_positions": options.context,
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
    }


class Numbers:
    """What a model needs of a tokenizer whose tokens are numbers."""

    bos_token_id = eos_token_id = 0
    pad_token_id = 1
    mask_token_id = None
    all_special_ids = (0,)
    init_kwargs = {}

    def __len__(self):
        return VOCABULARY


def make_ids(options, whole):
    """Blocks' tokens, end to end, and one more: random, with document starts (id 0) every DOCUMENT tokens or every block."""
    import numpy as np

    n = options.context * options.batch * options.steps
    ids = np.random.default_rng(0).integers(1, VOCABULARY, n + 1).astype(np.uint16)
    ids[:: options.context if whole else DOCUMENT] = 0
    return ids


def measure_ours(options, folder, whole=False):
    """Seconds a step, and the precision."""
    import numpy as np

    from linguist.training import gpu
    from linguist.training.ahead import STEPS, Ahead
    from linguist.training.blocks import Blocks, Examples
    from linguist.training.checkpoints import Checkpoint
    from linguist.training.devices import prepare_environment
    from linguist.training.loop import Callbacks, TrainingOptions, train
    from linguist.training.models import build_model
    from linguist.training.objectives import Objective

    tokenizer = Numbers()
    accelerator, environment = prepare_environment("auto", "auto", options.threads)
    entry = {"architecture": "gpt2", "shape": shape_of(options), "seed": 1}
    body = build_model("gpt2", entry, tokenizer, environment.attention, options.context)
    objective = Objective(body)
    training = TrainingOptions(1e-4, options.batch, 1, "cosine", 0.1, 0.01, 1.0, "last", "auto", "auto", 60)
    if on_gpu():
        environment, training = gpu.speed_up(objective, entry["shape"], environment, training, options.context, 1)
    blocks = Blocks(make_ids(options, whole), 0, options.context)
    examples = Examples(blocks, body, tokenizer, environment, 1)
    ahead, clock = Ahead(examples.read_rows, STEPS.get(accelerator.device.type, 0)), Clock(options.steps)
    callbacks = Callbacks(
        lambda epoch: list(np.arange(len(blocks)).reshape(-1, options.batch)),
        lambda objective, rows: objective(**examples.inputs(ahead(rows))),
        lambda: {"loss": 0.0},
        tokens_of=lambda rows: clock.tick() or len(rows) * options.context,
        expect=ahead.expect,
    )
    train(accelerator, objective, callbacks, training, 1, Checkpoint(folder / "checkpoint.pt", {}))
    return clock.seconds(), environment.precision


def measure_trainer(options, folder, attention):
    """Seconds a step, and the precision."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

    from linguist.training.devices import choose_precision

    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    ids = make_ids(options, whole=False)[:-1].reshape(-1, options.context).astype("int64")
    config = GPT2Config(**shape_of(options), vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=0)
    config._attn_implementation = attention
    precision, clock = choose_precision("auto", device), Clock(options.steps)

    class Ticks(TrainerCallback):
        def on_step_end(self, *args, **kwargs):
            clock.tick()

    trainer = Trainer(
        model=GPT2LMHeadModel(config),
        args=TrainingArguments(
            output_dir=str(folder / "trainer"),
            per_device_train_batch_size=options.batch,
            num_train_epochs=1,
            learning_rate=1e-4,
            lr_scheduler_type="cosine",
            bf16=precision == "bf16",
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=device.type == "cpu",
            seed=1,
            torch_compile=device.type == "cuda",
        ),
        train_dataset=[{"input_ids": row, "labels": row} for row in ids],
        callbacks=[Ticks()],
    )
    trainer.train()
    return clock.seconds(), precision


WAYS = {
    "ours": measure_ours,
    "ours whole": lambda options, folder: measure_ours(options, folder, whole=True),
    "trainer sdpa": lambda options, folder: measure_trainer(options, folder, "sdpa"),
    "trainer eager": lambda options, folder: measure_trainer(options, folder, "eager"),
}


def measure(way, options, folder):
    """(seconds a step; the rate of bare products) of one way, in this process."""
    import torch

    seconds, precision = WAYS[way](options, folder)
    torch.set_num_threads(options.threads)
    return seconds, product_rate(precision)


def flops(options):
    """FLOPs of a step, forward and backward."""
    shape = SHAPES[options.shape]
    width, layers = shape["n_embd"], shape["n_layer"]
    parameters = 12 * layers * width**2 + (VOCABULARY + options.context) * width
    tokens = options.batch * options.context
    return 6 * parameters * tokens + 6 * layers * width * options.context * tokens


def compare(options, targets):
    """Measure all ways with one size of blocks, in turn, and print their speeds and ratios."""
    left_out = [*(["trainer eager"] if on_gpu() else []), *(["ours whole"] if options.quick else [])]
    ways = [way for way in WAYS if way not in left_out]
    given = [f"--{name}={getattr(options, name)}" for name in ("shape", "context", "batch", "steps", "threads")]
    rounds = []
    for _ in range(options.rounds):
        rounds.append({})
        for way in ways:
            command = [sys.executable, __file__, *given, "--measure", way]
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode:
                sys.exit(f"{way} failed:\n{run.stderr[-2000:]}")
            rounds[-1][way] = json.loads(run.stdout.splitlines()[-1])
    tokens, work = options.batch * options.context, flops(options)
    print(
        f"GPT-2 {options.shape}, vocabulary {VOCABULARY:,}, {options.batch} blocks of {options.context} tokens a step; "
        f"{options.rounds} rounds in turn"
    )
    for way in ways:
        rates = sorted(tokens / round_[way][0] for round_ in rounds)
        shares = sorted(work / round_[way][0] / round_[way][1] for round_ in rounds)
        milliseconds = 1000 * statistics.median(round_[way][0] for round_ in rounds)
        print(
            f"{way:<15}{milliseconds:9.1f} ms, {statistics.median(rates):8.0f} tokens/s ({rates[0]:.0f} to {rates[-1]:.0f}), "
            f"{statistics.median(shares):.2f} of the products' rate ({shares[0]:.2f} to {shares[-1]:.2f})"
        )
    products = targets["products"].get(options.context)
    for way in [way for way in ways if way.startswith("ours")]:
        ratios = sorted(
            min(round_[other][0] for other in ways if other.startswith("trainer")) / round_[way][0] for round_ in rounds
        )
        print(
            f"{way} / trainer  {statistics.median(ratios):.2f} ×  ({ratios[0]:.2f} to {ratios[-1]:.2f}; "
            f"target {targets['trainer']} ×{f', and {products} of the products' if products else ''})",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--context", type=int, help="tokens of a block (512; on a GPU 256 and then 1024)")
    parser.add_argument("--batch", type=int, help=f"blocks a step (4; on a GPU {GPU_TOKENS} tokens)")
    parser.add_argument("--steps", type=int, help=f"(6; on a GPU {GPU_STEPS})")
    parser.add_argument("--rounds", type=int, help="(3; on a GPU 1)")
    parser.add_argument("--quick", action="store_true", help="leave out blocks of one document")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--measure", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as folder:
            found = measure(options.measure, options, Path(folder))
        print(json.dumps(found))
        return
    fast, targets = on_gpu(), GPU_TARGETS if on_gpu() else TARGETS
    options.steps = options.steps or (GPU_STEPS if fast else 6)
    options.rounds = options.rounds or (1 if fast else 3)
    print(describe_machine(options.threads), flush=True)
    for context in [options.context] if options.context else targets["products"]:
        batch = options.batch or (GPU_TOKENS // context if fast else 4)
        compare(argparse.Namespace(**vars(options) | {"context": context, "batch": batch}), targets)


if __name__ == "__main__":
    main()
