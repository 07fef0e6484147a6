"""Recorded steps, with a tape in place of a CUDA graph: the same training as step by step. And what waits for the device."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch.utils._python_dispatch import _get_current_dispatch_mode

from helpers import tape
from helpers.architectures import make_architecture
from helpers.stops import stopped_after
from linguist.tokenizers.encoding import PairTokens
from linguist.tokenizers.loading import load_tokenizer
from linguist.training import batches, loop, recording
from linguist.training.batches import Collator
from linguist.training.finetuning import finetune
from linguist.training.models import load_classifier
from linguist.training.tuning import Run

ARCHITECTURES = pytest.mark.parametrize("architecture", ["bert", "gpt2"])


@pytest.fixture
def options(options):
    return options | {"checkpoint_minutes": 9, "epochs": 3, "attention": "sdpa", "learning_rate": 1e-3}


@pytest.fixture(autouse=True)
def without_dropout(monkeypatch):
    """A tape repeats what torch computes, and the random bits of a CPU are numpy's."""
    monkeypatch.setattr("linguist.training.cpu.drop", lambda x, p, bits: x)
    attention = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda *given, dropout_p=0.0, **named: attention(*given, **named),
    )


@pytest.fixture
def record_here(monkeypatch):
    """Let the CPU record, as a GPU does. Returns the list of recorded tapes."""
    tapes = []

    def record(*given):
        tapes.append(tape.record(*given))
        return tapes[-1]

    def step(accelerator, model, optimizer, options, take_step=loop.take_step):
        recorded = isinstance(_get_current_dispatch_mode(), tape.Tape)
        # Torch refuses to record an optimizer that is not, and warns of one that is in other steps.
        assert all(group["capturable"] == recorded for group in optimizer.param_groups)
        return take_step(accelerator, model, optimizer, options)

    monkeypatch.setattr(loop, "take_step", step)
    monkeypatch.setattr(loop, "DEVICES", ("cpu",))
    monkeypatch.setattr(recording, "record", record)
    monkeypatch.setattr(recording, "has_room", lambda: True)
    # Else a mask without padding is left out, which needs a look at it.
    monkeypatch.setattr("transformers.masking_utils.is_tracing", lambda *tensors: True)
    monkeypatch.setitem(batches.MULTIPLES, "cpu", 16)
    return tapes


def tune_in(folder, model, files, options, seed=1):
    """Fine-tune; returns (curve, weights)."""
    names = {"metrics": "metrics.json", "curve": "curve.tsv", "weights": "weights"}
    outputs = {name: folder / path for name, path in names.items()}
    folder.mkdir(exist_ok=True)
    finetune(Run(model, seed, options, outputs, folder / "checkpoint.pt", 1), (files["train"], files["dev"]))
    assert not (folder / "checkpoint.pt").exists()
    return pd.read_csv(outputs["curve"], sep="\t"), load_file(outputs["weights"] / "model.safetensors")


def assert_same(found, expected):
    """Sums of padding, and learning rates in float32, differ in the last bits."""
    pd.testing.assert_frame_equal(found[0], expected[0], rtol=1e-4, atol=1e-5)
    for name, tensor in expected[1].items():
        torch.testing.assert_close(found[1][name], tensor, rtol=1e-3, atol=1e-5)


@ARCHITECTURES
def test_recorded_steps_train_the_same_model(architecture, base_models, encoded, options, tmp_path, request):
    given = base_models[architecture], encoded[architecture], options
    expected = tune_in(tmp_path / "plain", *given)
    tapes = request.getfixturevalue("record_here")
    found = tune_in(tmp_path / "recorded", *given)
    assert_same(found, expected)
    tokens = PairTokens.load(encoded[architecture]["train"])
    assert 0 < len(tapes) <= -(-int(tokens.lengths.max()) // 16) + 2, "a recording for each shape"
    other = tune_in(tmp_path / "other", *given, seed=2)
    assert not other[0].equals(found[0])


@pytest.mark.parametrize("architecture", ["roberta", "modernbert", "esm", "llama"])
def test_other_architectures_are_recorded_too(architecture, tokenizers, encoded, options, tmp_path, request):
    """The losses are compared. The bias of a key has no influence, and its gradient is rounding alone."""
    make_architecture(architecture, load_tokenizer(tokenizers["bert"]), tmp_path / "model")
    given = tmp_path / "model", encoded["bert"], options | {"epochs": 2}
    expected, _ = tune_in(tmp_path / "plain", *given)
    tapes = request.getfixturevalue("record_here")
    found, _ = tune_in(tmp_path / "recorded", *given)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-4)
    assert tapes


def test_a_resumed_training_goes_on_recording(base_models, encoded, options, tmp_path, record_here):
    """With the learning rate of the checkpoint: the schedule still warms up."""
    given = base_models["bert"], encoded["bert"], options | {"checkpoint_minutes": 0, "warmup": 0.9}
    expected = tune_in(tmp_path / "whole", *given)
    with stopped_after(11):
        tune_in(tmp_path / "stopped", *given)
    recorded = len(record_here)
    found = tune_in(tmp_path / "stopped", *given)
    assert len(record_here) > recorded
    assert_same(found, expected)


def test_what_cannot_be_recorded_is_trained_step_by_step(
    base_models, encoded, options, tmp_path, record_here, monkeypatch, caplog
):
    given = base_models["bert"], encoded["bert"], options
    expected, recorded = tune_in(tmp_path / "recorded", *given), len(record_here)
    inputs_of = Collator.__call__

    def look(self, rows):
        inputs = inputs_of(self, rows)
        assert inputs["attention_mask"].sum().item() > 0
        return inputs

    monkeypatch.setattr(Collator, "__call__", look)
    found = tune_in(tmp_path / "plain", *given)
    assert len(record_here) == recorded
    assert sum("not recorded" in line and "_local_scalar_dense" in line for line in caplog.messages) == 1
    assert_same(found, expected)


@ARCHITECTURES
def test_a_long_training_is_compiled_once_for_all_shapes(
    architecture, base_models, encoded, options, tmp_path, record_here, monkeypatch
):
    """Not again for the evaluations. A tape sees nothing in compiled code, so the steps are not recorded here."""
    given = base_models[architecture], encoded[architecture], options
    expected, graphs = tune_in(tmp_path / "plain", *given), []

    def count(graph, inputs):
        graphs.append(graph)
        return graph.forward

    def refuse(*given):
        raise RuntimeError("not here")

    monkeypatch.setattr(recording, "record", refuse)
    monkeypatch.setattr(recording, "BACKEND", count)
    monkeypatch.setattr(loop, "COMPILED_STEPS", 24)
    torch._dynamo.reset()
    with torch._dynamo.config.patch(suppress_errors=False):
        found = tune_in(tmp_path / "compiled", *given)
        assert len(graphs) == 1
        tune_in(tmp_path / "short", *given[:2], options | {"epochs": 2})
    assert len(graphs) == 1
    assert_same(found, expected)


@pytest.mark.parametrize("change", [{"micro_batch": 3}, {"gradient_checkpointing": True}])
def test_parts_of_a_batch_and_recomputed_activations_are_not_recorded(
    change, base_models, encoded, options, tmp_path, record_here, caplog
):
    tune_in(tmp_path / "run", base_models["bert"], encoded["bert"], options | change)
    assert not record_here and "not recorded" not in caplog.text


@ARCHITECTURES
def test_staged_rows_have_the_inputs_of_rows(architecture, base_models, encoded, monkeypatch):
    """Padded to a multiple, but not beyond the positions of the model."""
    tokens = PairTokens.load(encoded[architecture]["train"])
    model = load_classifier(base_models[architecture], ("different", "same"), 1, "eager")
    collate, rows = Collator(model, tokens, "cpu"), np.argsort(tokens.lengths)[-5:]
    exact, longest = collate(rows), int(tokens.lengths.max())
    for multiple, expected in ((7, -(-longest // 7) * 7), (10_000, 128)):
        monkeypatch.setitem(batches.MULTIPLES, "cpu", multiple)
        staged = collate.stage(rows)
        padded = collate(staged)
        assert staged.length == expected
        for name, tensor in padded.items():
            assert torch.equal(tensor[:, :longest], exact[name])
            assert (tensor[:, longest:] == (model.config.pad_token_id if name == "input_ids" else 0)).all()
