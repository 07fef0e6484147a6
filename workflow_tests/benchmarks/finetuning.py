"""Fine-tuning speed against the Hugging Face Trainer, as ratios in one run: `make bench`.

Ways to fine-tune the same model on the same sentence pairs for one epoch, each in a process of its own, in turn:

    ours     linguist.training.loop, with the options it chooses by itself; on a GPU without torch.compile, and with it
    trainer  the Trainer at its best: batches grouped by length, bf16 where the device has it, the faster of its attention
             backends; on a GPU SDPA, without torch_compile and with it
    authors  the recipe of "Can linguists better understand DNA?": Trainer, float32, batch 20, padded to 128 (CPU only)

On a CPU the model is a BERT of 22 M parameters. On a GPU it is a BERT of 110 M and then GPT-2 small, and there are two speeds:
of the whole epoch, with all compiling and recording, and later, of its second half. Then runs of a 12-layer, 384-wide BERT share the
GPU, each a process with its own seed: pairs/s of all together, after their first epoch, without and with NVIDIA MPS where it is
installed, and how far their losses are from those of the same seeds alone. GRID_RATE is what 12 such runs reached before on an
H200 (777 TFLOP/s in bare products). FLOPs are 6 × parameters beside embeddings × tokens without padding.
Quote the ratios: absolute figures depend on the machine and on what else it is doing.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from common import Clock, describe_machine, on_gpu, product_rate, wait  # noqa: E402

TARGETS = {"trainer": 1.25, "authors": 6.0}
GPU_TARGETS = {"trainer": 1.5, "grid": 3.0}
GRID_RATE = 3440  # pairs/s
BATCH, AUTHORS_BATCH, AUTHORS_LENGTH = 32, 20, 128
VOCABULARY = 30_522
SHAPES = {  # architecture, layers, width, heads
    "minilm": ("bert", 6, 384, 12),
    "bert": ("bert", 12, 768, 12),
    "gpt2": ("gpt2", 12, 768, 12),
    "small": ("bert", 12, 384, 12),
    "tiny": ("gpt2", 2, 64, 2),  # to try the benchmark itself
}


def sentence_rows(n):
    """PAWS-Wiki where real data is (see the tests), repeated if it is short, else the demo's synthetic sentences; and which."""
    from linguist.pairs.grammar import sentence_pairs
    from linguist.pairs.tables import read_pair_table

    table = Path(os.environ.get("DNA_LINGUIST_DATA", ROOT.parent / "shared/data")) / "paws_wiki/dev.tsv"
    if table.exists():
        rows = read_pair_table(table)
        return (rows * -(-n // len(rows)))[:n], "PAWS-Wiki"
    return sentence_pairs("en", n, 1, "train"), "synthetic sentences"


def prepare(folder, n, shape):
    """Tokens and a model with random weights in `folder`; returns (what they are, tokens of an input)."""
    import pandas as pd
    import torch
    from transformers import BertConfig, BertModel, GPT2Config, GPT2Model

    from linguist.pairs.store import COLUMNS
    from linguist.tokenizers.encoding import encode_pairs
    from linguist.tokenizers.loading import load_tokenizer
    from linguist.tokenizers.training import train_tokenizer
    from linguist.training.models import save_model

    architecture, layers, width, heads = SHAPES[shape]
    rows, source = sentence_rows(n)
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"label": int})
    texts, kind = [*frame["sentence1"], *frame["sentence2"]], {"bert": "wordpiece", "gpt2": "bpe"}[architecture]
    size = 4000 if source == "PAWS-Wiki" else 1000  # made-up sentences have few words
    train_tokenizer(kind, texts, folder / "tokenizer", vocab_size=size)
    tokenizer = load_tokenizer(folder / "tokenizer")
    tokens, _ = encode_pairs(frame, tokenizer, AUTHORS_LENGTH)
    tokens.save(folder / "train.npz")
    torch.manual_seed(0)
    if architecture == "bert":
        sizes = {"num_hidden_layers": layers, "hidden_size": width, "num_attention_heads": heads}
        model = BertModel(BertConfig(**sizes, intermediate_size=4 * width, vocab_size=VOCABULARY))
    else:
        ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
        model = GPT2Model(GPT2Config(n_layer=layers, n_embd=width, n_head=heads, vocab_size=VOCABULARY, **ids))
    save_model(model, tokenizer, folder / "model")
    mean = tokens.lengths.mean()
    return f"{architecture}, {layers} layers × {width}; {n} pairs of {source}, {mean:.0f} tokens on average", mean


def train_ours(options, epochs=1, seed=1, at_epoch=lambda: None, tick=lambda: None):
    """Train with our loop, batches included, without dev evaluation; gives the losses of the epochs. `at_epoch` is called at
    the end of each, `tick` after each step."""
    import numpy as np

    from linguist.tokenizers.encoding import PairTokens
    from linguist.training.batches import Collator, batches_by_length
    from linguist.training.checkpoints import Checkpoint
    from linguist.training.devices import prepare_environment
    from linguist.training.finetuning import CLASSES, make_classification_loss
    from linguist.training.loop import Callbacks, TrainingOptions, train
    from linguist.training.models import load_classifier

    tokens = PairTokens.load(options.folder / "train.npz")
    training = TrainingOptions(1e-5, BATCH, epochs, "constant_with_warmup", 0.1, 0.0, 1.0, "last", "auto", "auto", 60)
    accelerator, environment = prepare_environment("auto", "auto", options.threads)
    model = load_classifier(options.folder / "model", CLASSES, seed, environment.attention)
    to_inputs = Collator(model, tokens, environment.device)
    callbacks = Callbacks(
        lambda epoch: batches_by_length(tokens.lengths, BATCH, np.random.default_rng([seed, epoch])),
        make_classification_loss(to_inputs, tokens),
        lambda: at_epoch() or {"loss": 0.0},
        tokens_of=lambda rows: tick() or len(rows),
        stage=to_inputs.stage,
    )
    checkpoint = Checkpoint(options.folder / f"checkpoint-{seed}.pt", {})
    started = time.perf_counter()
    history, _ = train(accelerator, model, callbacks, training, seed, checkpoint)
    return [row["train_loss"] for row in history.curve], time.perf_counter() - started


def measure_ours(options, compiled=False):
    """Seconds of one epoch, and of a step in its second half."""
    from linguist.training import loop

    loop.COMPILED_STEPS = 0 if compiled else float("inf")
    clock = Clock(-(-options.pairs // BATCH))
    _, seconds = train_ours(options, tick=clock.tick)
    return seconds, clock.seconds()


def measure_trainer(options, attention, authors=False, compiled=False):
    """The same of the Hugging Face Trainer."""
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        DataCollatorWithPadding,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    from linguist.tokenizers.encoding import PairTokens
    from linguist.tokenizers.loading import load_tokenizer
    from linguist.training.devices import choose_precision

    torch.set_num_threads(options.threads)
    device, folder = torch.device("cuda" if on_gpu() else "cpu"), options.folder
    tokens = PairTokens.load(folder / "train.npz")
    types = "token_type_ids" if SHAPES[options.shape][0] == "bert" else None
    examples = [
        {
            "input_ids": tokens.ids[low:high].tolist(),
            **({types: tokens.types[low:high].tolist()} if types else {}),
            "attention_mask": [1] * int(high - low),
            "labels": int(label),
        }
        for low, high, label in zip(tokens.offsets[:-1], tokens.offsets[1:], tokens.labels, strict=True)
    ]
    model = AutoModelForSequenceClassification.from_pretrained(
        folder / "model", num_labels=2, attn_implementation=attention, dtype=torch.float32
    )
    padding = {"padding": "max_length", "max_length": AUTHORS_LENGTH} if authors else {}
    size = AUTHORS_BATCH if authors else BATCH
    clock = Clock(-(-options.pairs // size))

    class Ticks(TrainerCallback):
        def on_step_end(self, *args, **kwargs):
            clock.tick()

    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        per_device_train_batch_size=size,
        num_train_epochs=1,
        learning_rate=1e-5,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=4,
        bf16=not authors and choose_precision("auto", device) == "bf16",
        train_sampling_strategy="random" if authors else "group_by_length",
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=device.type == "cpu",
        torch_compile=compiled,
        seed=1,
    )
    collator = DataCollatorWithPadding(load_tokenizer(folder / "tokenizer"), **padding)
    given = {"train_dataset": examples, "data_collator": collator, "callbacks": [Ticks()]}
    trainer = Trainer(model=model, args=arguments, **given)
    started = time.perf_counter()
    trainer.train()
    return time.perf_counter() - started, clock.seconds()


def measure_evaluation(options):
    """Seconds to score all pairs, and for a batch of them."""
    from linguist.tokenizers.encoding import PairTokens
    from linguist.training.devices import prepare_environment
    from linguist.training.finetuning import CLASSES, predict
    from linguist.training.models import load_classifier

    tokens = PairTokens.load(options.folder / "train.npz")
    accelerator, environment = prepare_environment("auto", "auto", options.threads)
    model = load_classifier(options.folder / "model", CLASSES, 1, environment.attention).to(environment.device)
    predict(model, tokens, accelerator)
    started = time.perf_counter()
    predict(model, tokens, accelerator)
    seconds = time.perf_counter() - started
    return seconds, seconds * BATCH / options.pairs


def measure_in_grid(options):
    """{when the epochs after the first began and ended, losses of all, whether MPS is used}. Waits for a line before them, so
    that all runs begin together."""
    from linguist.training import loop, mps
    from linguist.training.devices import lock_folder

    loop.COMPILED_STEPS = 0 if options.compiled else float("inf")
    times = []

    def at_epoch():
        wait()
        if not times:
            print("ready", file=sys.__stdout__, flush=True)
            sys.stdin.readline()
        times.append(time.time())

    with mps.sharing(lock_folder() / "mps") if options.mps else contextlib.nullcontext():
        losses, _ = train_ours(options, options.epochs + 1, options.seed, at_epoch)
        return {"begun": times[0], "ended": times[-1], "losses": losses, "mps": mps.PIPES in os.environ}


CPU_WAYS = {
    "ours": measure_ours,
    "trainer eager": lambda options: measure_trainer(options, "eager"),
    "trainer sdpa": lambda options: measure_trainer(options, "sdpa"),
    "authors": lambda options: measure_trainer(options, "sdpa", authors=True),
}
GPU_WAYS = {
    "ours": measure_ours,
    "ours compiled": lambda options: measure_ours(options, compiled=True),
    "trainer sdpa": lambda options: measure_trainer(options, "sdpa"),
    "trainer compiled": lambda options: measure_trainer(options, "sdpa", compiled=True),
    "evaluation": measure_evaluation,
}
WAYS = CPU_WAYS | GPU_WAYS | {"grid": measure_in_grid}


def command_of(way, options, *more):
    given = [f"--{name}={getattr(options, name)}" for name in ("folder", "shape", "pairs", "threads", "epochs")]
    return [sys.executable, __file__, *given, "--measure", way, *more]


def measure(way, options):
    """What one way gives in a fresh process."""
    run = subprocess.run(command_of(way, options), capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{way} failed:\n{run.stderr[-2000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def run_grid(seeds, options, *more):
    """What runs with so many seeds give that share the GPU, each a process."""
    runs, folder = [], options.folder
    for seed in range(1, seeds + 1):
        with open(folder / f"{seed}.log", "w") as log:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "text": True}
            runs.append(subprocess.Popen(command_of("grid", options, f"--seed={seed}", *more), **pipes))
    found = []
    try:
        ready = [run.stdout.readline() for run in runs]
        for run in runs if all(ready) else []:
            run.stdin.write("\n")
            run.stdin.flush()
        for seed, run in enumerate(runs, 1):
            output = run.communicate()[0] if all(ready) else ""
            if run.returncode or not output:
                sys.exit(f"run {seed} of a grid failed:\n{(folder / f'{seed}.log').read_text()[-2000:]}")
            found.append(json.loads(output.splitlines()[-1]))
    finally:
        for run in runs:
            run.kill()
            run.wait()
    return found


def compare(options, ways, targets, rate=None):
    """Measure all ways with one model, in turn, and print their speeds and ratios. `rate`: of bare products, on a GPU."""
    about, tokens = prepare(options.folder, options.pairs, options.shape)
    print(f"{about}; {options.rounds} rounds in turn", flush=True)
    times = [{way: measure(way, options) for way in ways} for _ in range(options.rounds)]
    for way in ways:
        rates = sorted(options.pairs / round_[way][0] for round_ in times)
        later = ""
        if rate:
            speed = BATCH / statistics.median(round_[way][1] for round_ in times)
            share = (2 if way == "evaluation" else 6) * parameters(options.shape) * tokens * speed / rate
            later = f"; later {speed:8.1f} pairs/s, {share:.3f} of the products' rate"
        print(f"{way:<17}{statistics.median(rates):8.1f} pairs/s  ({rates[0]:.1f} to {rates[-1]:.1f}){later}")
    for other, target in targets.items():
        for number, what in enumerate(["", ", later"] if rate else [""]):

            def best(round_, name, number=number):
                return min(seconds[number] for way, seconds in round_.items() if way.startswith(name))

            ratios = sorted(best(round_, other) / best(round_, "ours") for round_ in times)
            low, middle, high = ratios[0], statistics.median(ratios), ratios[-1]
            text = f"{middle:.2f} ×  ({low:.2f} to {high:.2f}; target {target} ×)"
            print(f"ours / {other}{what:<7} {text}", flush=True)


def compare_grids(options, rate):
    """Measure runs of one small model that share the GPU, and print their speed together."""
    from linguist.training import mps

    about, tokens = prepare(options.folder, options.pairs, options.shape)
    print(about)
    alone, has_mps = {}, shutil.which(mps.CONTROL) is not None
    print("with and without MPS" if has_mps else f"no MPS here ({mps.CONTROL})")
    ways = [[], ["--mps"], ["--compiled"], ["--compiled", "--mps"]]
    for seeds in [1, *options.grids]:
        for more in ways:
            if ("--mps" in more and (seeds == 1 or not has_mps)) or ("--compiled" in more and options.quick):
                continue
            found = run_grid(seeds, options, *more)
            if "--mps" in more and not all(run["mps"] for run in found):
                print(f"{seeds} runs with MPS: it does not work here")
                has_mps = False
                continue
            seconds = max(run["ended"] for run in found) - min(run["begun"] for run in found)
            speed, compiled = seeds * options.epochs * options.pairs / seconds, "--compiled" in more
            alone.setdefault(compiled, found[0]["losses"])
            apart = max(abs(a / b - 1) for a, b in zip(found[0]["losses"], alone[compiled], strict=True))
            how = " ".join(["alone" if seeds == 1 else "share the GPU", *(name.strip("-") for name in more)])
            print(
                f"{seeds} runs, {how}: {speed:.0f} pairs/s together, {speed / GRID_RATE:.2f} × {GRID_RATE} "
                f"(target {GPU_TARGETS['grid']} × for 8 or more), {6 * parameters(options.shape) * tokens * speed / rate:.3f} of the "
                f"products' rate; losses of seed 1 within {apart:.1e} of those alone",
                flush=True,
            )


def parameters(shape):
    """Of the matrices of all layers, without embeddings."""
    _, layers, width, _ = SHAPES[shape]
    return 12 * layers * width**2


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, help="(minilm; on a GPU bert and gpt2)")
    parser.add_argument(
        "--pairs", type=int, help="(1280; on a GPU 12800, and a quarter of them for each run of a grid)"
    )
    parser.add_argument("--rounds", type=int, help="(3; on a GPU 1)")
    parser.add_argument("--grids", nargs="*", type=int, help="numbers of runs that share a GPU (8 and 12)")
    parser.add_argument("--grid-shape", choices=SHAPES, default="small")
    parser.add_argument("--epochs", type=int, default=4, help="of a run of a grid, after the first one")
    parser.add_argument("--quick", action="store_true", help="on a GPU leave out what torch.compile takes long for")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    for name, about in {
        "measure": {"choices": WAYS},
        "folder": {"type": Path},
        "shape": {},
        "seed": {"type": int},
    }.items():
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS, **about)
    for name in ("mps", "compiled"):
        parser.add_argument(f"--{name}", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        with contextlib.redirect_stdout(sys.stderr):
            found = WAYS[options.measure](options)
        print(json.dumps(found))
        return
    fast = on_gpu()
    ways, targets = (GPU_WAYS, {"trainer": GPU_TARGETS["trainer"]}) if fast else (CPU_WAYS, TARGETS)
    ways = {way: measure for way, measure in ways.items() if not (options.quick and way.endswith("compiled"))}
    options.rounds, options.pairs = options.rounds or (1 if fast else 3), options.pairs or (12_800 if fast else 1280)
    rate = product_rate("bf16") if fast else None
    print(describe_machine(options.threads), flush=True)
    for shape in (["bert", "gpt2"] if fast else ["minilm"]) if options.shapes is None else options.shapes:
        with tempfile.TemporaryDirectory() as folder:
            compare(argparse.Namespace(**vars(options) | {"folder": Path(folder), "shape": shape}), ways, targets, rate)
    if grids := ([8, 12] if fast else []) if options.grids is None else options.grids:
        with tempfile.TemporaryDirectory() as folder:
            given = {"folder": Path(folder), "shape": options.grid_shape, "grids": grids, "threads": 1}
            given |= {"pairs": max(640, options.pairs // 4)}
            compare_grids(argparse.Namespace(**vars(options) | given), rate or product_rate("fp32"))


if __name__ == "__main__":
    main()
