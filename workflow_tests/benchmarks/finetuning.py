"""Fine-tuning speed against the Hugging Face Trainer, as ratios in one run: `make bench`.

Three ways to fine-tune the same BERT on the same sentence pairs for one epoch, each in a process of its own, in turn:

    ours     linguist.training.loop, with the options it chooses by itself
    trainer  the Trainer at its best: batches grouped by length, bf16 where the device has it, the faster of its
             attention backends
    authors  the recipe of "Can linguists better understand DNA?": Trainer, float32, batch 20, padded to 128

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
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

TARGETS = {"trainer": 1.25, "authors": 6.0}
BATCH, AUTHORS_BATCH, AUTHORS_LENGTH = 32, 20, 128
# all-MiniLM-L6's shape: 22 M parameters
SHAPE = {
    "num_hidden_layers": 6,
    "hidden_size": 384,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "vocab_size": 30522,
}


def sentence_rows(n):
    """PAWS-Wiki where real data is (see the tests), else the demo's synthetic sentences; and which it is."""
    from linguist.pairs.grammar import sentence_pairs
    from linguist.pairs.tables import read_pair_table

    table = Path(os.environ.get("DNA_LINGUIST_DATA", ROOT.parent / "shared/data")) / "paws_wiki/dev.tsv"
    if table.exists():
        return read_pair_table(table)[:n], "PAWS-Wiki"
    return sentence_pairs("en", n, 1, "train"), "synthetic sentences"


def prepare(folder, n):
    """Tokens and a model with random weights in `folder`; returns what they are."""
    import pandas as pd
    import torch
    from transformers import BertConfig, BertModel

    from linguist.pairs.store import COLUMNS
    from linguist.tokenizers.encoding import encode_pairs
    from linguist.tokenizers.loading import load_tokenizer
    from linguist.tokenizers.training import train_tokenizer
    from linguist.training.models import save_model

    rows, source = sentence_rows(n)
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"label": int})
    train_tokenizer("wordpiece", [*frame["sentence1"], *frame["sentence2"]], folder / "tokenizer", vocab_size=4000)
    tokenizer = load_tokenizer(folder / "tokenizer")
    tokens, _ = encode_pairs(frame, tokenizer, AUTHORS_LENGTH)
    tokens.save(folder / "train.npz")
    torch.manual_seed(0)
    save_model(BertModel(BertConfig(**SHAPE)), tokenizer, folder / "model")
    return f"{n} pairs of {source}, {tokens.lengths.mean():.0f} tokens on average"


def measure_ours(folder, threads):
    """Seconds of one epoch of our loop, batches included, without loading the model and without dev evaluation."""
    import numpy as np

    from linguist.tokenizers.encoding import PairTokens
    from linguist.training.batches import batches_by_length
    from linguist.training.checkpoints import Checkpoint
    from linguist.training.devices import prepare_environment
    from linguist.training.finetuning import CLASSES, make_classification_loss
    from linguist.training.loop import Callbacks, TrainingOptions, train
    from linguist.training.models import load_classifier

    tokens = PairTokens.load(folder / "train.npz")
    options = TrainingOptions(1e-5, BATCH, 1, "constant_with_warmup", 0.1, 0.0, 1.0, "loss", "auto", "auto", 60)
    accelerator, environment = prepare_environment("auto", "auto", threads)
    model = load_classifier(folder / "model", CLASSES, 1, environment.attention)
    callbacks = Callbacks(
        lambda epoch: batches_by_length(tokens.lengths, BATCH, np.random.default_rng([1, epoch])),
        make_classification_loss(model, tokens, environment.device),
        lambda: {"loss": 0.0},
    )
    started = time.perf_counter()
    train(accelerator, model, callbacks, options, 1, Checkpoint(folder / "checkpoint.pt", {}))
    return time.perf_counter() - started


def measure_trainer(folder, threads, attention, authors):
    """Seconds of one epoch of the Hugging Face Trainer."""
    import torch
    from transformers import AutoModelForSequenceClassification, DataCollatorWithPadding, Trainer, TrainingArguments

    from linguist.tokenizers.encoding import PairTokens
    from linguist.tokenizers.loading import load_tokenizer
    from linguist.training.devices import choose_precision

    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokens = PairTokens.load(folder / "train.npz")
    examples = [
        {
            "input_ids": tokens.ids[low:high].tolist(),
            "token_type_ids": tokens.types[low:high].tolist(),
            "attention_mask": [1] * int(high - low),
            "labels": int(label),
        }
        for low, high, label in zip(tokens.offsets[:-1], tokens.offsets[1:], tokens.labels, strict=True)
    ]
    model = AutoModelForSequenceClassification.from_pretrained(
        folder / "model", num_labels=2, attn_implementation=attention, dtype=torch.float32
    )
    padding = {"padding": "max_length", "max_length": AUTHORS_LENGTH} if authors else {}
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        per_device_train_batch_size=AUTHORS_BATCH if authors else BATCH,
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
        seed=1,
    )
    collator = DataCollatorWithPadding(load_tokenizer(folder / "tokenizer"), **padding)
    trainer = Trainer(model=model, args=arguments, train_dataset=examples, data_collator=collator)
    started = time.perf_counter()
    trainer.train()
    return time.perf_counter() - started


WAYS = {
    "ours": measure_ours,
    "trainer eager": lambda folder, threads: measure_trainer(folder, threads, "eager", authors=False),
    "trainer sdpa": lambda folder, threads: measure_trainer(folder, threads, "sdpa", authors=False),
    "authors": lambda folder, threads: measure_trainer(folder, threads, "sdpa", authors=True),
}


def measure(way, folder, threads):
    """Seconds of one way in a fresh process."""
    command = [sys.executable, __file__, "--measure", way, "--folder", str(folder), "--threads", str(threads)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{way} failed:\n{run.stderr[-2000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--measure", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        with contextlib.redirect_stdout(sys.stderr):
            seconds = WAYS[options.measure](options.folder, options.threads)
        print(json.dumps(seconds))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(f"{prepare(Path(folder), options.pairs)}; {options.threads} threads; {options.rounds} rounds in turn")
        times = [{way: measure(way, folder, options.threads) for way in WAYS} for _ in range(options.rounds)]
    for way in WAYS:
        rates = sorted(options.pairs / round_[way] for round_ in times)
        print(f"{way:<14}{statistics.median(rates):8.1f} pairs/s  ({rates[0]:.1f} to {rates[-1]:.1f})")
    for other, target in TARGETS.items():
        ratios = sorted(min(round_[way] for way in WAYS if way.startswith(other)) / round_["ours"] for round_ in times)
        low, middle, high = ratios[0], statistics.median(ratios), ratios[-1]
        print(f"ours / {other:<8} {middle:.2f} ×  ({low:.2f} to {high:.2f}; target {target} ×)")


if __name__ == "__main__":
    main()
