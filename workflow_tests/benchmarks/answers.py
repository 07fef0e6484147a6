"""Speed of a model's answers: generated ones against one `generate` a prompt, classes against the pipeline of transformers.

`python workflow_tests/benchmarks/answers.py [--layers 12 --width 768]`, which is the size on a GPU; random weights, sequences
of 70 to 300 bases with one instruction before them, on the machine's own precision for ours and float32 for the others':

    generation: prompts/s of `generation.answer_prompts` (which scores the allowed answers as well) over `generate` one by one
    classification: sequences/s of `finetuning.predict` over the pipeline at the best of several batch sizes

Shares of the rate of bare products count 2 × parameters beside embeddings × tokens of the prompts or sequences. The medians of
rounds in turn. Quote the ratio: absolute figures depend on the machine and on what else it is doing.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from transformers import pipeline

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from common import describe_machine, on_gpu, product_rate  # noqa: E402

from linguist.tasks.generation import EXTRA_TOKENS, answer_prompts, encode_answer  # noqa: E402
from linguist.tasks.instruction_tuning import encode_prompts  # noqa: E402
from linguist.tokenizers.encoding import encode_pairs  # noqa: E402
from linguist.tokenizers.loading import load_tokenizer  # noqa: E402
from linguist.tokenizers.training import train_tokenizer  # noqa: E402
from linguist.training.devices import prepare_environment  # noqa: E402
from linguist.training.finetuning import predict  # noqa: E402
from linguist.training.models import initialize_model, load_classifier, load_language_model  # noqa: E402

TARGETS = {"generation": 5.0, "classification": 1.0}  # at least
ANSWERS = ["Non-promoter", "promoter"]
INSTRUCTION = (
    "Determine whether the following DNA sequence is a promoter. The answer is one of: promoter, Non-promoter."
)
BATCHES = (1, 8, 32, 64)  # of the pipeline
ROUNDS = 3


def timed(work, count):
    """Items a second of `work`, which does `count` of them."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def measure_generation(folder, sequences):
    """Tokens of a prompt, and (prompts/s of ours, of `generate` one by one) in each round."""
    accelerator, environment = prepare_environment()
    tokenizer = load_tokenizer(folder)
    ours = load_language_model(folder, environment.attention).to(accelerator.device).eval()
    theirs = load_language_model(folder, "sdpa").to(accelerator.device).eval()
    rows = [{"instruction": INSTRUCTION, "input": sequence, "examples": []} for sequence in sequences]
    prompts = encode_prompts(rows, tokenizer)
    most = max(len(encode_answer(tokenizer, answer)) for answer in ANSWERS) + EXTRA_TOKENS

    def one_by_one():
        for ids in prompts:
            inputs = torch.tensor([ids], device=theirs.device)
            theirs.generate(
                input_ids=inputs,
                attention_mask=torch.ones_like(inputs),
                max_new_tokens=most,
                do_sample=False,
                pad_token_id=tokenizer.pad_token_id,
            )

    def at_once():
        answer_prompts(ours, tokenizer, prompts, ANSWERS, accelerator)

    rounds = [(timed(at_once, len(prompts)), timed(one_by_one, len(prompts))) for _ in range(ROUNDS)]
    return np.mean([len(ids) for ids in prompts]), rounds


def measure_classification(folder, sequences):
    """Tokens of a sequence, and (sequences/s of ours, of the pipeline at its best batch size) in each round."""
    accelerator, environment = prepare_environment()
    tokenizer = load_tokenizer(folder)
    ours = load_classifier(folder, ANSWERS, 1, environment.attention).to(accelerator.device)
    theirs = pipeline(
        "text-classification",
        model=load_classifier(folder, ANSWERS, 1, "sdpa"),
        tokenizer=tokenizer,
        device=accelerator.device,
    )
    frame = pd.DataFrame({"id": "x", "sequence": sequences, "label": 0})

    def encode_and_predict():
        tokens, _ = encode_pairs(frame, tokenizer, 1024)
        predict(ours, tokens, accelerator)
        return tokens

    best = max(BATCHES, key=lambda size: timed(lambda: theirs(sequences[:128], batch_size=size), 128))
    print(f"the pipeline's best batch size of {BATCHES}: {best}")
    rounds = [
        (
            timed(encode_and_predict, len(sequences)),
            timed(lambda: theirs(sequences, batch_size=best), len(sequences)),
        )
        for _ in range(ROUNDS)
    ]
    return encode_and_predict().lengths.mean(), rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    layers, width = (12, 768) if on_gpu() else (4, 256)
    parser.add_argument("--layers", type=int, default=layers)
    parser.add_argument("--width", type=int, default=width)
    parser.add_argument("--prompts", type=int, default=128)
    options = parser.parse_args()
    draw = random.Random(1)
    texts = ["".join(draw.choices("ACGT", k=1000)) for _ in range(200)] + [INSTRUCTION, *ANSWERS] * 20
    sequences = ["".join(draw.choices("ACGT", k=draw.randint(70, 300))) for _ in range(4 * options.prompts)]
    shape = {
        "n_layer": options.layers,
        "n_embd": options.width,
        "n_head": max(1, options.width // 64),
        "n_positions": 1024,
    }
    precision = prepare_environment()[1].precision
    print(
        f"{describe_machine(torch.get_num_threads())}; GPT-2 of {options.layers} layers × {options.width}, {precision}"
    )
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        train_tokenizer("bpe", texts, folder / "tokenizer", vocab_size=1000)
        initialize_model(
            "bench", {"architecture": "gpt2", "shape": shape, "seed": 1}, folder / "tokenizer", folder / "model"
        )
        work, rate = 2 * 12 * options.layers * options.width**2, product_rate(precision)
        for name, (tokens, rounds) in (
            ("generation", measure_generation(folder / "model", sequences[: options.prompts])),
            ("classification", measure_classification(folder / "model", sequences)),
        ):
            ours, theirs = (statistics.median(part) for part in np.array(rounds).T)
            print(
                f"{name}: {ours:.1f} a second, {ours / theirs:.2f} × the usual way ({theirs:.1f}; target {TARGETS[name]} ×), "
                f"{work * tokens * ours / rate:.3f} of the products' rate"
            )


if __name__ == "__main__":
    main()
