"""Pretraining from a tiny corpus: models that load, metrics of slow versions, the same bytes after a real SIGKILL."""

import json
import math
import os
import random
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from helpers.data import SENTENCES, SHAPES
from helpers.pretraining import CONTEXT, FEW, KINDS, encode_mixture, encode_sample, job_of
from linguist.errors import LinguistError
from linguist.files import read_json
from linguist.tokenizers.loading import load_tokenizer
from linguist.tokenizers.packed import Tokens
from linguist.tokenizers.training import train_tokenizer
from linguist.training import gpu, loop, pretraining
from linguist.training.ahead import STEPS
from linguist.training.blocks import Blocks, Examples
from linguist.training.checkpoints import Checkpoint
from linguist.training.devices import Environment
from linguist.training.models import DROPOUTS, load_classifier
from linguist.training.pretraining import PretrainingJob, launch, pretrain

ARCHITECTURES = pytest.mark.parametrize("architecture", ["gpt2", "bert"])
SOURCES = ["english", "genome"]
CLASSES = {"gpt2": AutoModelForCausalLM, "bert": AutoModelForMaskedLM}
LIBRARY = str(Path(sys.modules["linguist"].__path__[0]).parent)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    """{architecture: (tokenizer, paths)} of English sentences and DNA."""
    return {architecture: encode_sample(architecture, tmp_path_factory.mktemp(architecture)) for architecture in KINDS}


@pytest.fixture
def options(options):
    return options | FEW


def run(*arguments, **shape):
    """Pretrain; returns (bytes of the weights, text of the curve, metrics)."""
    job = job_of(*arguments, **shape)
    pretrain(PretrainingJob(**job))
    return read(job)


def read(job):
    outputs = {key: Path(path) for key, path in job["outputs"].items()}
    weights = (outputs["model"] / "model.safetensors").read_bytes()
    return weights, outputs["curve"].read_text(), read_json(outputs["metrics"])


def table(curve):
    return pd.DataFrame(
        [line.split("\t") for line in curve.splitlines()[1:] if line], columns=curve.splitlines()[0].split("\t")
    )


@pytest.fixture(scope="module")
def trained(corpora, tmp_path_factory):
    """{architecture: folder of a finished pretraining}, of 4 epochs."""
    folders = {}
    for architecture in KINDS:
        folders[architecture] = tmp_path_factory.mktemp("trained")
        options = {
            "learning_rate": 1e-2,
            "batch_size": 16,
            "epochs": 4,
            "schedule": "cosine",
            "warmup": 5,
            "weight_decay": 0.01,
            "max_grad_norm": 1.0,
            "select_by": "last",
            "precision": "fp32",
            "attention": "auto",
            "checkpoint_minutes": 9,
            "micro_batch": 8,
            "evaluations": 2,
            "context": CONTEXT,
            "dev_blocks": 7,
            "compile": False,
        }
        run(architecture, corpora, folders[architecture], options)
    return folders


# ── what it leaves ──


@ARCHITECTURES
def test_the_model_loads_everywhere(architecture, trained, corpora):
    folder, tokenizer = trained[architecture] / "model", load_tokenizer(corpora[architecture][0])
    model, info = CLASSES[architecture].from_pretrained(folder, output_loading_info=True)
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert model.dtype == torch.float32
    assert model.config.vocab_size == len(tokenizer) == 320
    for kind in ("bos", "eos", "pad"):
        assert getattr(model.config, f"{kind}_token_id") == getattr(tokenizer, f"{kind}_token_id")
        if architecture == "gpt2":
            assert getattr(model.generation_config, f"{kind}_token_id") == getattr(tokenizer, f"{kind}_token_id")
    text = "The quick Übergang ACGTACGT"
    assert AutoTokenizer.from_pretrained(folder)(text)["input_ids"] == tokenizer(text)["input_ids"]
    classifier = load_classifier(folder, ("different", "same"), 1, None)
    base_models = classifier.base_model.state_dict(), model.base_model.state_dict()
    for name, weights in base_models[1].items():
        assert torch.equal(base_models[0][name], weights)
    assert 'from_pretrained("path/to/nano")' in (folder / "README.md").read_text()
    names = [path.name for path in trained[architecture].iterdir()]
    assert sorted(names) == ["curve.tsv", "events", "metrics.json", "model", "work"]


def blocks_of(architecture, corpora, split):
    tokenizer, corpus = corpora[architecture]
    tokens = Tokens.open(corpus[split], corpus[f"{split}_info"])
    return tokens, Blocks(tokens.ids, tokens.info["start"], CONTEXT), load_tokenizer(tokenizer)


@ARCHITECTURES
def test_the_curve_has_a_row_an_evaluation_and_the_metrics_its_last(architecture, trained, corpora):
    folder = trained[architecture]
    curve, metrics = pd.read_csv(folder / "curve.tsv", sep="\t"), read_json(folder / "metrics.json")
    tokens, blocks, _ = blocks_of(architecture, corpora, "train")
    length = len(blocks) // 16
    assert curve["epoch"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert curve["steps"].tolist() == [
        length * epoch + step for epoch in range(4) for step in (round(length / 2), length)
    ]
    names = ["loss", "loss_english", "loss_genome"]
    names += ["bits_english", "bits_genome"] if architecture == "gpt2" else []
    assert curve.columns.tolist() == ["epoch", "steps", "train_loss", *(f"dev_{name}" for name in names)]
    assert [metrics[name] for name in curve.columns] == pytest.approx(curve.iloc[-1].tolist(), rel=1e-5)  # six digits
    baselines = ["unigram", "bigram"] if architecture == "gpt2" else ["unigram"]
    expected = {f"{baseline}_{name}" for baseline in baselines for name in names} | {*curve.columns}
    assert {name for name in metrics if "loss" in name or "bits" in name} <= expected <= {*metrics}
    assert metrics["train_tokens"] == len(tokens)
    assert metrics["dev_tokens"] == 7 * CONTEXT
    assert metrics["seed"] == 1 and metrics["processes"] == 1 and metrics["threads"] == 1
    assert metrics["options"]["context"] == CONTEXT
    assert metrics["precision"] == "fp32" and "torch" in metrics["versions"]
    model = CLASSES[architecture].from_pretrained(folder / "model")
    assert metrics["parameters"] == sum(parameter.numel() for parameter in model.parameters())
    assert metrics["data_digest"]["train"] == tokens.info["sha256"][:16]
    assert curve["dev_loss"].iloc[-1] < 0.9 * curve["dev_loss"].iloc[0] < 0.9 * math.log(320)


@ARCHITECTURES
def test_tensorboard_reads_the_curve(architecture, trained):
    folder = trained[architecture]
    curve, events = pd.read_csv(folder / "curve.tsv", sep="\t"), EventAccumulator(str(folder / "events"))
    events.Reload()
    assert {*curve.columns, "loss", "learning_rate", "gradient_norm"} == {*events.Tags()["scalars"]}
    for name in curve.columns:
        found = events.Scalars(name)
        assert [event.step for event in found] == curve["steps"].tolist()
        assert [event.value for event in found] == pytest.approx(curve[name].tolist(), rel=1e-5)
    assert [event.step for event in events.Scalars("loss")] == list(range(1, curve["steps"].iloc[-1] + 1))
    rates = [event.value for event in events.Scalars("learning_rate")]
    assert max(rates) == pytest.approx(1e-2) and rates[-1] == pytest.approx(0, abs=1e-9)


# ── its metrics, slowly ──


def chosen_blocks(blocks):
    return sorted({int(place) for place in np.linspace(0, len(blocks) - 1, 7)})


def documents_of(tokens, blocks, number):
    """(place of its first token in the split, place after its last) of each document in a block."""
    low, high = number * CONTEXT, (number + 1) * CONTEXT
    bounds = sorted({low, high, *(int(start) for start in tokens.starts if low < start < high)})
    return zip(bounds, bounds[1:], strict=False)


def slow_targets(architecture, corpora):
    """Of each document's part in the chosen dev blocks: (number of its source, ids shown, targets or -100)."""
    tokens, blocks, tokenizer = blocks_of(architecture, corpora, "dev")
    sources = np.load(corpora[architecture][1]["dev_sources"])
    for number in chosen_blocks(blocks):
        shown = labels = None
        if architecture == "bert":
            model = load_model_config(tokenizer)
            examples = Examples(blocks, model, tokenizer, Environment(torch.device("cpu"), "fp32", "sdpa"), 1)
            inputs = examples([number])
            shown, labels = inputs["input_ids"][0].numpy(), np.full(CONTEXT, -100)
            labels[inputs["places"]] = inputs["targets"]
        for low, high in documents_of(tokens, blocks, number):
            document = max(i for i, start in enumerate(tokens.starts) if start <= low)
            if architecture == "gpt2":
                ids, targets = tokens.ids[low:high], tokens.ids[low + 1 : high + 1]
            else:
                inside = slice(low - number * CONTEXT, high - number * CONTEXT)
                ids, targets = shown[inside], labels[inside]
            yield sources[document], np.array(ids, np.int64), np.array(targets, np.int64)


def load_model_config(tokenizer):
    from linguist.training.models import build_model

    return build_model("m", {"architecture": "bert", "shape": SHAPES["bert"], "seed": 1}, tokenizer)


@ARCHITECTURES
def test_dev_losses_are_those_of_the_loaded_model_document_by_document(architecture, trained, corpora):
    model = CLASSES[architecture].from_pretrained(trained[architecture] / "model").eval()
    metrics, losses = read_json(trained[architecture] / "metrics.json"), defaultdict(list)
    for source, ids, targets in slow_targets(architecture, corpora):
        with torch.inference_mode():
            scores = model(input_ids=torch.from_numpy(ids)[None]).logits[0].log_softmax(-1).numpy()
        losses[SOURCES[source]] += [-scores[at, target] for at, target in enumerate(targets) if target >= 0]
    assert sorted(losses) == SOURCES
    for name, found in losses.items():
        assert metrics[f"dev_loss_{name}"] == pytest.approx(np.mean(found), rel=1e-4)
    assert metrics["dev_loss"] == pytest.approx(np.mean(sum(losses.values(), [])), rel=1e-4)


@ARCHITECTURES
def test_baselines_are_those_of_counting_with_dictionaries(architecture, trained, corpora):
    tokens, _, _ = blocks_of(architecture, corpora, "train")
    sources = np.load(corpora[architecture][1]["train_sources"])
    ends, words = [*tokens.starts[1:], len(tokens)], defaultdict(list)
    for source, low, high in zip(sources, tokens.starts, ends, strict=True):
        words[source] += tokens.ids[low:high].tolist()
    losses = defaultdict(list)
    for source, ids, targets in slow_targets(architecture, corpora):
        counts, here = Counter(words[source]), words[source]
        unigram = {target: (counts[target] + 1) / (len(here) + 320) for target in targets.tolist()}
        losses[f"unigram_loss_{SOURCES[source]}"] += [-math.log(unigram[t]) for t in targets.tolist() if t >= 0]
        if architecture == "gpt2":
            for previous, target in zip(ids.tolist(), targets.tolist(), strict=True):
                after = Counter(w for v, w in zip(here, here[1:], strict=False) if v == previous)
                kinds = len(after) or 1
                p = (after[target] + kinds * unigram[target]) / (after.total() + kinds)
                losses[f"bigram_loss_{SOURCES[source]}"].append(-math.log(p))
    metrics = read_json(trained[architecture] / "metrics.json")
    assert len(losses) == (4 if architecture == "gpt2" else 2)
    for name, found in losses.items():
        assert metrics[name] == pytest.approx(np.mean(found))


def test_bits_are_losses_by_the_characters_of_a_token(trained, corpora):
    tokens, _, tokenizer = blocks_of("gpt2", corpora, "dev")
    metrics, sources = read_json(trained["gpt2"] / "metrics.json"), np.load(corpora["gpt2"][1]["dev_sources"])
    for number, name in enumerate(SOURCES):
        characters = size = 0
        for source, low, high in zip(sources, tokens.starts, [*tokens.starts[1:], len(tokens)], strict=True):
            if source == number:
                characters += len(tokenizer.decode(tokens.ids[low + 1 : high].tolist()))
                size += high - low
        for model in ("dev", "unigram", "bigram"):
            bits = metrics[f"{model}_loss_{name}"] / math.log(2) / (characters / size)
            assert metrics[f"{model}_bits_{name}"] == pytest.approx(bits)
    assert metrics["unigram_bits_genome"] > 1.9, "random bases are two bits each"


def test_a_model_beats_counting_on_a_language_with_a_memory(options, tmp_path):
    """Each second letter of a document is its first: no pair of neighbours tells it."""
    draw, documents = random.Random(8), []
    for _ in range(500):
        key = draw.choice("ACGTDEFH")
        documents.append("".join(key + draw.choice("IKLMNPQR") for _ in range(12)))
    corpora = {"gpt2": encode_mixture(tmp_path, "bpe", 259, {"english": documents})}  # 256 bytes and the specials
    options |= {"epochs": 12, "context": 64, "dev_blocks": 99}
    _, curve, metrics = run("gpt2", corpora, tmp_path / "run", options)
    assert metrics["bigram_loss"] < metrics["unigram_loss"]
    assert metrics["dev_loss"] < 0.75 * metrics["bigram_loss"]
    entropy = (12 * math.log(8) + math.log(8)) / 25  # the letters between, the key once, the end never a surprise
    assert metrics["dev_loss"] > 0.95 * entropy


# ── the same bytes ──


@ARCHITECTURES
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_seed_is_its_bytes(architecture, precision, corpora, options, tmp_path):
    options |= {"precision": precision}
    found = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        torch.rand(3)  # what came before must not matter
        found[name] = run(architecture, corpora, tmp_path / name, options, seed)
    assert found["first"][:2] == found["again"][:2]
    assert found["first"][0] != found["other"][0] and found["first"][1] != found["other"][1]


def test_an_epoch_has_each_block_once_in_an_order_of_its_own(corpora, options, tmp_path, monkeypatch):
    orders, read = {}, Examples.read_rows
    for seed in (1, 2):
        seen = []
        with monkeypatch.context() as patch:
            patch.setattr(Examples, "read_rows", lambda self, n, seen=seen: (seen.append((self, n)), read(self, n))[1])
            run("gpt2", corpora, tmp_path / str(seed), options, seed)
        orders[seed] = np.concatenate([numbers for examples, numbers in seen if examples is seen[0][0]])
    blocks = len(blocks_of("gpt2", corpora, "train")[1])
    whole = blocks - blocks % 16
    for order in orders.values():
        assert len(order) == 2 * whole == len(set(order.tolist()))
        assert (order // blocks).tolist() == [0] * whole + [1] * whole
        assert (order[:whole] % blocks).tolist() != (order[whole:] % blocks).tolist()
    assert orders[1].tolist() != orders[2].tolist()


@ARCHITECTURES
def test_inputs_made_ahead_give_the_same_bytes(architecture, corpora, options, tmp_path, monkeypatch):
    at_once = run(architecture, corpora, tmp_path / "at-once", options | {"micro_batch": 5})
    monkeypatch.setitem(STEPS, "cpu", 2)
    assert run(architecture, corpora, tmp_path / "ahead", options | {"micro_batch": 5})[:2] == at_once[:2]


class Stopped(Exception):
    pass


@ARCHITECTURES
@pytest.mark.parametrize("memories", [(1e12, 1e3), (1e3, 1e12)])
def test_the_ways_of_a_gpu_lead_to_the_same_model(architecture, memories, corpora, options, tmp_path, monkeypatch):
    """Compiled, inputs made ahead, with a padded vocabulary, the loss in slices where memory is short; stopped, and resumed on a
    device with another memory. Only the kernel is missing, whose backward pass needs a GPU."""
    options |= {"attention": "sdpa", "batch_size": 15, "micro_batch": 4, "precision": "fp32", "checkpoint_minutes": 0}
    still = dict.fromkeys(DROPOUTS[architecture], 0.0)
    plain = job_of(architecture, corpora, tmp_path / "plain", options, **still)
    pretrain(PretrainingJob(**plain))
    monkeypatch.setattr(gpu, "DEVICES", ("cpu",))
    monkeypatch.setattr(gpu, "BACKEND", "eager")
    monkeypatch.setitem(STEPS, "cpu", 2)
    devices = iter([SimpleNamespace(total_memory=memory) for memory in memories])
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: next(devices))
    fast = job_of(architecture, corpora, tmp_path / "fast", options | {"compile": True}, **still)
    with monkeypatch.context() as patch:
        steps, take_step = iter(range(9)), loop.take_step

        def stopping(*args):
            if next(steps, None) is None:
                raise Stopped
            return take_step(*args)

        patch.setattr(loop, "take_step", stopping)
        with pytest.raises(Stopped):
            pretrain(PretrainingJob(**fast))
    torch._dynamo.reset()
    pretrain(PretrainingJob(**fast))
    curves = [pd.read_csv(job["outputs"]["curve"], sep="\t") for job in (plain, fast)]
    pd.testing.assert_frame_equal(curves[1], curves[0], rtol=1e-3)
    weights = [load_file(Path(job["outputs"]["model"]) / "model.safetensors") for job in (plain, fast)]
    assert weights[0].keys() == weights[1].keys()
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, rtol=1e-2, atol=2e-3)
    assert read(fast)[2]["parameters"] == read(plain)[2]["parameters"]
    model = CLASSES[architecture].from_pretrained(fast["outputs"]["model"])
    assert model.config.vocab_size == len(model.get_input_embeddings().weight) == len(load_tokenizer(fast["tokenizer"]))


def test_samples_do_not_disturb_the_training(corpora, options, tmp_path, monkeypatch, caplog):
    options |= {"attention": "sdpa"}  # its dropout draws from torch's generator, as sampling does by default
    with caplog.at_level("INFO", "linguist"):
        sampled = run("gpt2", corpora, tmp_path / "with", options)
    assert sum("sample genome:" in line for line in caplog.messages) == 4, "one an evaluation"
    monkeypatch.setattr(pretraining.SourceEvaluation, "samples", lambda *_: ())
    assert run("gpt2", corpora, tmp_path / "without", options)[:2] == sampled[:2]


def test_samples_go_on_with_the_first_document_of_each_source(corpora, options, tmp_path, caplog):
    with caplog.at_level("INFO", "linguist"):
        run("gpt2", corpora, tmp_path, options | {"epochs": 1, "evaluations": 1})
    tokens, _, tokenizer = blocks_of("gpt2", corpora, "dev")
    sources = np.load(corpora["gpt2"][1]["dev_sources"])
    for number, name in enumerate(SOURCES):
        start = tokens.starts[sources.tolist().index(number)]
        prompt = tokenizer.decode(tokens.ids[start + 1 : start + CONTEXT // 2].tolist())
        (line,) = (line for line in caplog.messages if line.startswith(f"sample {name}: "))
        text = json.loads(line.removeprefix(f"sample {name}: "))
        assert text.startswith(prompt) and len(text) > len(prompt)


KILLED_RUN = """
import json, os, signal, sys
import torch
from linguist.training import pretraining
from linguist.training import loop as training
from linguist.training.ahead import STEPS

STEPS["cpu"] = 2  # inputs are made ahead here, and not in the attempt that goes on
job, where, left = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def counted(function, before):
    def call(*args):
        global left
        left -= 1
        if left == 0 and before:
            die()
        found = function(*args)
        if left == 0:
            os.truncate(args[1], os.path.getsize(args[1]) // 2)
            die()
        return found
    return call

if where == "saving":  # in the middle of writing a checkpoint
    torch.save = counted(torch.save, False)
elif where == "stepping":
    training.take_step = counted(training.take_step, True)
else:  # all is trained, and nothing written but the model
    pretraining.write_table = lambda *_: die()
pretraining.pretrain(pretraining.PretrainingJob(**job))
"""


def kill(job, where, after):
    """Run a job in a process of its own that kills itself."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, json.dumps(job), where, str(after)],
        env=os.environ | {"PYTHONPATH": LIBRARY},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize(("architecture", "precision"), [("gpt2", "fp32"), ("bert", "bf16")])
def test_killed_for_real_it_ends_as_if_never_killed(architecture, precision, corpora, options, tmp_path):
    options |= {"precision": precision, "checkpoint_minutes": 0, "micro_batch": 12}
    whole = run(architecture, corpora, tmp_path / "whole", options)
    job = job_of(architecture, corpora, tmp_path / "killed", options)
    steps = int(table(whole[1])["steps"].iloc[-1])
    kills = [("saving", random.randint(2, steps // 2)), ("stepping", random.randint(2, steps // 2)), ("writing", 0)]
    for where, after in kills:  # any will do, a failure names them
        kill(job, where, after)
        assert Path(job["checkpoint"]).exists()
    pretrain(PretrainingJob(**job))
    resumed = read(job)
    assert resumed[:2] == whole[:2], kills
    assert resumed[2]["tokens_per_second"] is None, "every step came from the checkpoint"
    assert {name for name in resumed[2] if resumed[2][name] != whole[2][name]} <= {"seconds", "tokens_per_second"}
    assert not [*Path(job["checkpoint"]).parent.iterdir()]
    assert not [path for path in (tmp_path / "killed").iterdir() if path.is_file() and path.name.startswith(".")]
    # What was told of steps that a kill undid is told again: one event a step and name remains.
    events = EventAccumulator(job["events"])
    events.Reload()
    assert {event.step for event in events.Scalars("dev_loss")} == set(table(whole[1])["steps"].astype(int))


def test_a_checkpoint_of_another_config_is_refused(corpora, options, tmp_path):
    options |= {"checkpoint_minutes": 0}
    job = job_of("gpt2", corpora, tmp_path, options)
    kill(job, "stepping", 4)
    saved = Path(job["checkpoint"]).read_bytes()
    other = job | {"options": options | {"learning_rate": 2e-2}}
    with pytest.raises(LinguistError, match=r"pretraining\.learning_rate") as caught:
        pretrain(PretrainingJob(**other))
    assert "\n" not in str(caught.value)
    assert Path(job["checkpoint"]).read_bytes() == saved
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events", "work"]


# ── several processes ──


SMALL_GPU = """
import sys
if "linguist.training.pretraining" in sys.orig_argv and "torch.distributed.run" not in sys.orig_argv:
    import os, torch
    from linguist.training.objectives import Objective

    def forward(self, targets, whole=Objective.forward, **inputs):
        if torch.is_grad_enabled() and len(inputs["input_ids"]) > 3 and os.environ["RANK"] == "1":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return whole(self, targets, **inputs)

    Objective.forward = forward
"""


def test_two_processes_train_as_one(corpora, options, tmp_path, monkeypatch, caplog):
    """Also where the GPU of one is too small: all start again with smaller parts of the same batch."""
    still = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    options |= {"weight_decay": 0.01, "dev_blocks": 9}
    one = job_of("gpt2", corpora, tmp_path / "one", options, **still)
    launch(PretrainingJob(**one), 1, tmp_path / "one")
    two = job_of("gpt2", corpora, tmp_path / "two", options | {"micro_batch": 6}, **still)
    (tmp_path / "sitecustomize.py").write_text(SMALL_GPU)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{LIBRARY}")
    launch(PretrainingJob(**two), 2, tmp_path / "two")
    assert [line.split("micro_batch: ")[1] for line in caplog.messages if "micro_batch: " in line] == ["3"]
    curves = [pd.read_csv(job["outputs"]["curve"], sep="\t") for job in (one, two)]
    # Sums in another order, and AdamW divides by small numbers: float32's roundings grow from step to step.
    pd.testing.assert_frame_equal(curves[1], curves[0], rtol=1e-3)
    weights = [load_file(Path(job["outputs"]["model"]) / "model.safetensors") for job in (one, two)]
    assert weights[0].keys() == weights[1].keys()
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, rtol=1e-2, atol=2e-3)
    metrics = [read(job)[2] for job in (one, two)]
    assert [found["processes"] for found in metrics] == [1, 2]
    assert metrics[1]["options"]["micro_batch"] == 6, "as the config has it"
    assert metrics[1]["unigram_loss_genome"] == pytest.approx(metrics[0]["unigram_loss_genome"])
    assert metrics[1]["dev_tokens"] == metrics[0]["dev_tokens"]
    events = EventAccumulator(two["events"])
    events.Reload()
    assert [event.step for event in events.Scalars("dev_loss")] == curves[1]["steps"].tolist(), "told by one alone"
    assert not (tmp_path / "two/job.json").exists() and not [*(tmp_path / "two/work").glob("*")]


SRUN = """#!/bin/sh
# A cluster of two nodes, both on this machine.
while [ "${1#--}" != "$1" ]; do echo "$1" >> "$0.options"; shift; done
"$@" & first=$!
"$@" & second=$!
wait $first && wait $second
"""


def test_on_several_nodes_srun_starts_torchrun(corpora, options, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/srun").write_text(SRUN)
    (tmp_path / "bin/srun").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", str(random.randrange(10_000)))  # decides the port
    monkeypatch.setattr("socket.gethostname", lambda: "127.0.0.1")
    job = job_of("gpt2", corpora, tmp_path / "run", options | {"epochs": 1})
    launch(PretrainingJob(**job), 2, tmp_path / "run", nodes=2)
    assert read(job)[2]["processes"] == 2
    assert {"--nodes=2", "--ntasks=2", "--ntasks-per-node=1"} <= {*(tmp_path / "bin/srun.options").read_text().split()}
    with pytest.raises(LinguistError, match="9 GPUs .* 2 nodes"):
        launch(PretrainingJob(**job), 9, tmp_path / "run", nodes=2)


def test_a_mistake_in_a_process_reaches_the_caller_as_its_line(corpora, options, tmp_path, capfd):
    job = job_of("gpt2", corpora, tmp_path, options | {"batch_size": 15})
    with pytest.raises(LinguistError) as caught:
        launch(PretrainingJob(**job), 2, tmp_path)
    line = str(caught.value)
    assert line.startswith("config: pretraining.batch_size: 15 blocks") and "2 processes" in line
    assert line in capfd.readouterr().out
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_second_training_is_refused(processes, corpora, options, tmp_path):
    """One process holds the lock for all of a training, and it is the first that is refused for all."""
    job = job_of("gpt2", corpora, tmp_path, options)
    checkpoint = Checkpoint(Path(job["checkpoint"]), {})
    with checkpoint.locked(), pytest.raises(LinguistError) as caught:
        launch(PretrainingJob(**job), processes, tmp_path)
    line = str(caught.value)
    assert f"process {os.getpid()} on " in line and "checkpoint.lock" in line and "\n" not in line
    assert not Path(job["outputs"]["model"]).exists()


def test_a_crash_of_a_process_points_to_the_log(corpora, options, tmp_path, capfd):
    job = job_of("gpt2", corpora, tmp_path, options)
    del job["options"]["dev_blocks"]
    with pytest.raises(LinguistError, match="^a process of torchrun failed; see the lines above$"):
        launch(PretrainingJob(**job), 2, tmp_path)
    assert "KeyError: 'dev_blocks'" in capfd.readouterr().out


# ── mistakes ──


def spoil(mistake, corpora, folder, options):
    """(job with a mistake, what its one line must say)."""
    job = job_of("gpt2", corpora, folder, options)
    shape, few = job["model"]["shape"], job["options"]
    if mistake == "corpus smaller than a batch":
        few["batch_size"] = 5000
        return (
            job,
            r"the train split has \d+ tokens.* blocks of 32, .* 5000 ",
        )
    if mistake == "dev smaller than a block":
        size = read_json(job["corpus"]["dev_info"])["tokens"]
        few |= {"context": size, "batch_size": 1}
        shape["n_positions"] = size
        return (
            job,
            rf"the dev split has {size} tokens.* 0 blocks of {size}, .* 1 ",
        )
    if mistake == "tokens of another tokenizer":
        train_tokenizer("bpe", SENTENCES * 3, folder.parent / "other", vocab_size=280)
        job["tokenizer"] = str(folder.parent / "other")
        return job, r"train\.bin: not the tokens of .*other; delete it and run again"
    if mistake == "too few positions":
        shape["n_positions"] = 31
        return job, "config: models.nano: pretraining.context is 32, but its shape has 31 positions; lower context"
    if mistake == "sources of another corpus":
        np.save(folder.parent / "few.npy", np.zeros(3, np.uint8))
        job["corpus"] = job["corpus"] | {"dev_sources": str(folder.parent / "few.npy")}
        return job, r"3 sources for \d+ dev documents"
    few["learning_rate"] = 1e30
    return job, "the loss became .*; lower learning_rate"


@pytest.mark.parametrize(
    "mistake",
    [
        "corpus smaller than a batch",
        "dev smaller than a block",
        "tokens of another tokenizer",
        "too few positions",
        "sources of another corpus",
        "a learning rate too high",
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_model(mistake, corpora, options, tmp_path):
    job, said = spoil(mistake, corpora, tmp_path / "run", options)
    with pytest.raises(LinguistError, match=said) as caught:
        pretrain(PretrainingJob(**job))
    assert "\n" not in str(caught.value)
    assert {path.name for path in (tmp_path / "run").glob("*")} <= {"events", "work"}
