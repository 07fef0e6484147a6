"""A run: the same inputs as one by one, the same bytes again, also after a real SIGKILL, and weights that reload."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModelForSequenceClassification, RobertaConfig, RobertaForSequenceClassification

from linguist.errors import LinguistError
from linguist.files import open_text, read_json
from linguist.statistics.tables import read_predictions
from linguist.tokenizers.encoding import PairTokens, encode_pairs
from linguist.tokenizers.loading import load_tokenizer
from linguist.training import cpu as dropout
from linguist.training.batches import Collator
from linguist.training.checkpoints import Checkpoint
from linguist.training.devices import prepare_environment
from linguist.training.finetuning import (
    SavedClassifier,
    classification_metrics,
    finetune,
    make_classification_loss,
    predict,
    write_predictions,
)
from linguist.training.models import load_classifier
from linguist.training.pruning import prune_embeddings
from linguist.training.tuning import Run

ARCHITECTURES = pytest.mark.parametrize("architecture", ["bert", "gpt2"])


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def outputs_in(folder):
    return {"metrics": folder / "metrics.json", "curve": folder / "curve.tsv", "weights": folder / "weights"}


def run(architecture, base_models, encoded, folder, options, seed=1):
    """Fine-tune a tiny model; returns (bytes of the weights, text of the curve, metrics)."""
    outputs, files = outputs_in(folder), encoded[architecture]
    job = Run(base_models[architecture], seed, options, outputs, folder / "checkpoint.pt", threads=1)
    finetune(job, (files["train"], files["dev"]))
    return read(folder)


def read(folder):
    outputs = outputs_in(folder)
    weights = (outputs["weights"] / "model.safetensors").read_bytes()
    return weights, outputs["curve"].read_text(), json.loads(outputs["metrics"].read_text())


@ARCHITECTURES
def test_collate_equals_a_slow_version(architecture, base_models, encoded):
    tokens = PairTokens.load(encoded[architecture]["train"])
    rows = np.random.default_rng(1).permutation(len(tokens))[:9]
    use_types = architecture == "bert"
    model = load_classifier(base_models[architecture], ("different", "same"), 1, "eager")
    model.config.pad_token_id = 7
    inputs = Collator(model, tokens, "cpu")(rows)
    assert set(inputs) == {"input_ids", "attention_mask"} | ({"token_type_ids"} if use_types else set())
    width = max(tokens.lengths[rows])
    for i, row in enumerate(rows):
        inside = slice(tokens.offsets[row], tokens.offsets[row + 1])
        rest = width - tokens.lengths[row]
        assert inputs["input_ids"][i].tolist() == tokens.ids[inside].tolist() + [7] * rest
        assert inputs["attention_mask"][i].tolist() == [1] * tokens.lengths[row] + [0] * rest
        if use_types:
            assert inputs["token_type_ids"][i].tolist() == tokens.types[inside].tolist() + [0] * rest


def test_inputs_and_labels_are_on_the_device_of_the_model(base_models, encoded):
    """The device "meta" computes nothing, and refuses tensors of another device, as a GPU does."""
    tokens = PairTokens.load(encoded["gpt2"]["train"])
    model = load_classifier(base_models["gpt2"], ("different", "same"), 1, "eager").to("meta")
    loss = make_classification_loss(Collator(model, tokens, model.device), tokens)(model, np.arange(8))
    loss.backward()
    assert loss.device.type == "meta"
    with pytest.raises(RuntimeError, match="device"):
        make_classification_loss(Collator(model, tokens, torch.device("cpu")), tokens)(model, np.arange(8))


@ARCHITECTURES
@pytest.mark.parametrize("attention", ["eager", "sdpa", dropout.ATTENTION])
def test_predict_equals_one_by_one(architecture, attention, base_models, encoded):
    """Padding changes nothing, and the order is the table's."""
    tokens = PairTokens.load(encoded[architecture]["train"])
    model = load_classifier(base_models[architecture], ("different", "same"), 1, attention)
    scores = predict(model, tokens, prepare_environment("fp32")[0])
    plain = load_classifier(base_models[architecture], ("different", "same"), 1, "eager").eval()
    for i in range(len(tokens)):
        inside = slice(tokens.offsets[i], tokens.offsets[i + 1])
        ids = torch.from_numpy(tokens.ids[inside].astype(np.int64))[None]
        types = {"token_type_ids": torch.from_numpy(tokens.types[inside].astype(np.int64))[None]}
        with torch.inference_mode():
            expected = plain(input_ids=ids, **(types if architecture == "bert" else {})).logits[0]
        np.testing.assert_allclose(scores[i], expected, rtol=1e-4, atol=1e-6)
        if architecture == "gpt2":  # the head reads the last real token
            with torch.inference_mode():
                last = plain.score(plain.transformer(ids).last_hidden_state[0, -1])
            np.testing.assert_allclose(scores[i], last, rtol=1e-4, atol=1e-6)


def test_a_gpt2_without_a_pad_token_reads_its_last_real_token(base_models, encoded, tmp_path):
    """As published: eos stands in for padding."""
    for path in base_models["gpt2"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"pad_token_id": None}))
    tokens, accelerator = PairTokens.load(encoded["gpt2"]["dev"]), prepare_environment("fp32")[0]
    with_pad, without = (
        predict(load_classifier(folder, ("different", "same"), 1, "eager"), tokens, accelerator)
        for folder in (base_models["gpt2"], tmp_path)
    )
    np.testing.assert_allclose(without, with_pad, rtol=1e-4, atol=1e-6)


def test_an_input_longer_than_the_model_is_one_line(base_models, tokenizers, options, tmp_path):
    frame = pd.DataFrame([("a", "G!" * 200, "C", 1)], columns=["id", "sentence1", "sentence2", "label"])
    tokens, _ = encode_pairs(frame, load_tokenizer(tokenizers["bert"]), 300)
    tokens.save(tmp_path / "t.npz")
    files = {"bert": {"train": tmp_path / "t.npz", "dev": tmp_path / "t.npz"}}
    with pytest.raises(LinguistError, match="300 tokens.* 128 positions.*tokens.max_length"):
        run("bert", base_models, files, tmp_path, options)


def test_a_roberta_has_fewer_positions_than_its_embedding(encoded):
    """It counts them from behind its padding token; one more token would be an index error in the forward pass."""
    tokens = PairTokens.load(encoded["bert"]["dev"])
    rows, longest = np.array([tokens.lengths.argmax()]), int(tokens.lengths.max())
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    for room in (longest, longest - 1):
        config = RobertaConfig(vocab_size=500, pad_token_id=0, max_position_embeddings=room + 1, **shape)
        model = RobertaForSequenceClassification(config)
        if room == longest:
            assert model(**Collator(model, tokens, "cpu")(rows)).logits.shape == (1, 2)
        else:
            with pytest.raises(LinguistError, match=f"{longest} tokens.* {room} positions"):
                Collator(model, tokens, "cpu")


@ARCHITECTURES
def test_a_tiny_model_learns_an_easy_pair_set(architecture, base_models, encoded, options, tmp_path):
    options |= {"epochs": 6, "learning_rate": 5e-3, "checkpoint_minutes": 9}
    _, curve, metrics = run(architecture, base_models, encoded, tmp_path, options)
    assert metrics["dev_accuracy"] > 0.95
    losses = pd.read_csv(tmp_path / "curve.tsv", sep="\t")["train_loss"]
    assert losses.iloc[-1] < 0.5 * losses.iloc[0]
    assert metrics["train_pairs"] == 64
    assert metrics["attention"] == dropout.ATTENTION or torch.cuda.is_available()
    assert not (tmp_path / "checkpoint.pt").exists()


@ARCHITECTURES
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_seed_is_its_bytes_and_its_predictions(architecture, precision, base_models, encoded, options, tmp_path):
    options |= {"precision": precision, "checkpoint_minutes": 9}
    found = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        torch.rand(3)  # what came before must not matter
        found[name] = run(architecture, base_models, encoded, tmp_path / name, options, seed)
        classifier = SavedClassifier(tmp_path / name / "weights", precision=precision)
        write_predictions(classifier, {"dev": encoded[architecture]["dev"]}, {9: tmp_path / f"{name}.tsv.gz"}, 1)
    assert found["first"][:2] == found["again"][:2]
    assert found["first"][0] != found["other"][0]
    assert (tmp_path / "first.tsv.gz").read_bytes() == (tmp_path / "again.tsv.gz").read_bytes()
    assert (tmp_path / "first.tsv.gz").read_bytes() != (tmp_path / "other.tsv.gz").read_bytes()
    # The saved weights reload, and score as they did in the best epoch.
    with open_text(tmp_path / "first.tsv.gz") as handle:
        table = pd.read_csv(handle, sep="\t")
    scored = classification_metrics(table[["score0", "score1"]].to_numpy(np.float32), table["label"].to_numpy())
    metrics = found["first"][2]
    assert scored["loss"] == pytest.approx(metrics["dev_loss"], rel=1e-4)  # six digits a score
    assert scored["accuracy"] == metrics["dev_accuracy"]
    reloaded, info = AutoModelForSequenceClassification.from_pretrained(
        tmp_path / "first" / "weights", output_loading_info=True
    )
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert reloaded.dtype == torch.float32


@ARCHITECTURES
def test_training_without_the_embeddings_of_absent_tokens_gives_the_same(
    architecture, base_models, encoded, options, tmp_path
):
    """Predictions of all tokens stay the same, also of those that no training row has, whose embeddings stay as they were."""
    options |= {"precision": "fp32", "checkpoint_minutes": 9, "epochs": 2}
    scores, embeddings = {}, {}
    seen = [PairTokens.load(encoded[architecture][split]).ids for split in ("train", "dev")]
    before = load_classifier(base_models[architecture], ("different", "same"), 1, "eager")
    size = before.config.vocab_size
    absent = np.setdiff1d(np.arange(size), np.concatenate([*seen, [before.config.pad_token_id]]))
    assert 0 < len(absent) < size
    other = PairTokens.load(encoded[architecture]["dev"])
    other.ids[::2] = np.resize(absent, len(other.ids[::2]))
    for pruned in (False, True):
        folder = tmp_path / f"pruned-{pruned}"
        run(architecture, base_models, encoded, folder, options | {"prune_vocabulary": pruned})
        model = load_classifier(folder / "weights", ("different", "same"), 1, "eager")
        embeddings[pruned] = model.get_input_embeddings().weight.detach().numpy()
        scores[pruned] = predict(model, other, prepare_environment("fp32")[0])
    np.testing.assert_allclose(scores[True], scores[False], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(embeddings[True], embeddings[False], rtol=1e-3, atol=1e-5)
    assert np.array_equal(embeddings[True][absent], before.get_input_embeddings().weight.detach().numpy()[absent])
    assert not np.allclose(embeddings[True], before.get_input_embeddings().weight.detach().numpy())


def test_a_model_trains_without_the_embeddings_of_absent_tokens():
    """The padding token gets no gradient, wherever its embedding stands, and others get theirs."""
    config = RobertaConfig(
        vocab_size=50, pad_token_id=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    torch.manual_seed(1)
    model = RobertaForSequenceClassification(config).eval()
    ids = torch.tensor([[3, 30, 41, 9], [41, 3, 9, 9]])
    inputs = {"input_ids": ids, "attention_mask": (ids != 9).long()}
    expected = model(**inputs).logits
    expected.sum().backward()
    embeddings = model.get_input_embeddings()
    gradient = embeddings.weight.grad
    pruned = prune_embeddings(model, ids.numpy().ravel())
    found = model(**inputs).logits
    found.sum().backward()
    assert torch.equal(found, expected)
    assert embeddings.weight.shape == (4, 8)
    assert torch.equal(embeddings.weight.grad, gradient[[3, 9, 30, 41]])
    pruned.restore()
    assert torch.equal(model(**inputs).logits, expected)


KILLED_RUN = """
import json, os, signal, sys
import torch
from linguist.training.finetuning import finetune
from linguist.training.tuning import Run

arguments, killing = json.loads(sys.argv[1]), int(sys.argv[2])
whole = torch.save

def save(state, path):
    global killing
    killing -= 1
    whole(state, path)
    if killing == 0:  # in the middle of writing a checkpoint
        os.truncate(path, os.path.getsize(path) // 2)
        os.kill(os.getpid(), signal.SIGKILL)

torch.save = save
finetune(Run(**arguments[0]), arguments[1])
"""


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_run_killed_for_real_ends_as_an_uninterrupted_one(precision, base_models, encoded, options, tmp_path):
    options |= {"precision": precision}
    whole = run("bert", base_models, encoded, tmp_path / "whole", options)
    folder = tmp_path / "killed"
    job = {
        "model": str(base_models["bert"]),
        "seed": 1,
        "options": options,
        "outputs": {name: str(path) for name, path in outputs_in(folder).items()},
        "checkpoint": str(folder / "checkpoint.pt"),
        "threads": 1,
    }
    arguments = job, [str(encoded["bert"][split]) for split in ("train", "dev")]
    at = random.randint(2, 15)  # of 16 steps; any will do, a failure names it
    library = str(Path(sys.modules["linguist"].__path__[0]).parent)
    done = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, json.dumps(arguments), str(at)],
        env=os.environ | {"PYTHONPATH": library},
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint.lock", "checkpoint.partial", "checkpoint.pt"]
    resumed = run("bert", base_models, encoded, folder, options)
    assert resumed[:2] == whole[:2], f"killed while saving step {at}"
    assert sorted(path.name for path in folder.iterdir()) == ["curve.tsv", "metrics.json", "weights"]


@pytest.mark.parametrize("failing", ["save_model", "write_json"])
def test_a_run_that_fails_to_write_is_not_lost(failing, base_models, encoded, options, tmp_path, monkeypatch):
    whole, folder = run("bert", base_models, encoded, tmp_path / "whole", options), tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"linguist.training.tuning.{failing}", lambda *_: interrupt())
        run("bert", base_models, encoded, folder, options)
    again = run("bert", base_models, encoded, folder, options)
    assert again[:2] == whole[:2]
    assert again[2]["tokens_per_second"] is None, "every step came from the checkpoint"
    assert sorted(path.name for path in folder.iterdir()) == ["curve.tsv", "metrics.json", "weights"]


def test_a_run_whose_tests_fail_is_not_lost(base_models, encoded, options, tmp_path):
    outputs = {name: tmp_path / name for name in ("metrics", "curve", "weights")}
    job = Run(base_models["bert"], 1, options, outputs, tmp_path / "checkpoint.pt", threads=1)
    files = encoded["bert"]["train"], encoded["bert"]["dev"]
    with pytest.raises(KeyboardInterrupt):
        finetune(job, files, after=interrupt)
    assert job.checkpoint.exists()
    finetune(job, files)
    assert not job.checkpoint.exists()
    assert read_json(tmp_path / "metrics")["tokens_per_second"] is None, "every step came from the checkpoint"


def test_a_checkpoint_of_another_model_is_not_resumed(base_models, tokenizers, encoded, options, tmp_path, monkeypatch):
    """Same data, same options, other weights under the same name."""
    from helpers.data import SHAPES
    from linguist.training.models import initialize_model

    folder = tmp_path / "run"
    initialize_model(
        "m", {"architecture": "bert", "shape": SHAPES["bert"], "seed": 9}, tokenizers["bert"], tmp_path / "other"
    )
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        saves = iter(range(5))
        save = Checkpoint.save
        patch.setattr(
            Checkpoint, "save", lambda *args, **state: save(*args, **state) if next(saves) < 4 else interrupt()
        )
        run("bert", base_models, encoded, folder, options)
    assert (folder / "checkpoint.pt").exists()
    models = {"bert": tmp_path / "other"}
    assert (
        run("bert", models, encoded, folder, options)[0] == run("bert", models, encoded, tmp_path / "new", options)[0]
    )


def interrupt():
    raise KeyboardInterrupt


@ARCHITECTURES
def test_the_untrained_control_is_the_model_with_a_head_of_its_seed(architecture, base_models, encoded, tmp_path):
    tests = {"en": encoded[architecture]["dev"]}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        classifier = SavedClassifier(base_models[architecture], precision="fp32", attention="eager")
        write_predictions(classifier, tests, {seed: tmp_path / name}, 1)
    a, b, c = (pd.read_csv(tmp_path / name, sep="\t") for name in "abc")
    assert a.equals(b) and not a["score1"].equals(c["score1"])
    model = load_classifier(base_models[architecture], ("different", "same"), 1, "eager")
    scores = predict(model, PairTokens.load(tests["en"]), prepare_environment("fp32")[0])
    assert a["score1"].to_numpy() == pytest.approx(scores[:, 1], rel=1e-4)


def test_a_run_that_nothing_tests_has_predictions_without_rows(tmp_path):
    """One that is wanted for its weights alone: no model is loaded."""
    write_predictions(SavedClassifier(tmp_path / "none"), {}, {1: tmp_path / "predictions.tsv.gz"}, 1)
    assert read_predictions(tmp_path / "predictions.tsv.gz").columns.tolist() == [
        "test",
        "id",
        "label",
        "score0",
        "score1",
    ]
