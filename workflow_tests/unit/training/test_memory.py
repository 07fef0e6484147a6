"""A device whose memory runs out, made up: the same batches in smaller parts. And activations that are computed again."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.data import SHAPES
from linguist.errors import LinguistError
from linguist.tokenizers.encoding import PairTokens
from linguist.tokenizers.loading import load_tokenizer
from linguist.training import cpu, memory
from linguist.training.batches import Collator
from linguist.training.checkpoints import Checkpoint
from linguist.training.devices import choose_attention, prepare_environment
from linguist.training.finetuning import make_classification_loss, predict
from linguist.training.loop import Callbacks, TrainingOptions, add_gradients, train
from linguist.training.memory import Portion, recompute_activations
from linguist.training.models import build_model, load_classifier


@pytest.fixture(autouse=True)
def fresh_log():
    memory.warn_of_memory.cache_clear()


def room_for(rows_that_fit, seen):
    """A function that raises what torch raises for more rows than fit."""

    def check(rows):
        seen.append(len(rows))
        if len(rows) > rows_that_fit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    return check


@pytest.mark.parametrize(
    ("fitting", "tried"), [(9, [9]), (8, [9, 4, 4, 1]), (3, [9, 4, 2, 2, 2, 2, 1]), (1, [9, 4, 2] + 9 * [1])]
)
def test_parts_are_halved_until_they_fit(fitting, tried):
    seen = []
    check = room_for(fitting, seen)
    portion = Portion(None, "micro_batch")

    def work(parts):
        for part in parts:
            check(part)
        return np.concatenate(parts).tolist()

    assert portion.run(np.arange(9), work) == list(range(9))
    assert seen == tried
    seen.clear()
    portion.run(np.arange(9), work)
    assert seen == tried[tried.index(min(tried[0], portion.most or 9)) :], "what does not fit is tried once"


def train_net(folder, fitting, micro_batch=8):
    """Train a small net where so many rows fit: (weights, curve, numbers of rows that went through it)."""
    draw = torch.Generator().manual_seed(9)
    x = torch.randn(40, 12, generator=draw)
    y, seen = (x[:, 0] > 0).long(), []
    torch.manual_seed(0)
    net, check = nn.Sequential(nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 2)), room_for(fitting, seen)

    def loss_of(model, rows):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        check(rows)
        return loss

    def evaluate():
        with torch.inference_mode():
            return {"loss": nn.functional.cross_entropy(net(x), y).item()}

    options = TrainingOptions(1e-2, 8, 2, "linear", 0.1, 0.01, 1.0, "last", "fp32", "auto", 9, micro_batch)
    accelerator, _ = prepare_environment("fp32")
    callbacks = Callbacks(lambda epoch: np.split(np.arange(40), 5), loss_of, evaluate)
    history, _ = train(accelerator, net, callbacks, options, 1, Checkpoint(folder / "c.pt", {}))
    return net.state_dict(), history.curve, seen


@pytest.mark.parametrize(("fitting", "sizes"), [(4, [8, 4, 4]), (3, [8, 4, 2, 2, 2, 2])])
def test_a_training_that_runs_out_of_memory_goes_on_as_if_it_had_not(fitting, sizes, tmp_path, caplog):
    weights, curve, _ = train_net(tmp_path, 8)
    assert not [line for line in caplog.messages if "micro_batch" in line]
    smaller, other, seen = train_net(tmp_path, fitting)
    assert seen[: len(sizes)] == sizes and max(seen[1 + len(sizes) :]) <= fitting
    (line,) = [line for line in caplog.messages if "micro_batch" in line]
    assert "8 rows" in line and f"micro_batch: {sizes[-1]}" in line
    for name, tensor in weights.items():
        torch.testing.assert_close(smaller[name], tensor, rtol=1e-4, atol=1e-5)  # sums in another order
    assert [row["train_loss"] for row in other] == pytest.approx([row["train_loss"] for row in curve], rel=1e-5)


def test_gradients_of_a_failed_attempt_do_not_count():
    """The second part fails when the first has left its gradients."""
    accelerator, _ = prepare_environment("fp32")
    found, x = {}, torch.randn(8, 3)
    for failing in (False, True):
        torch.manual_seed(0)
        net, calls = nn.Linear(3, 1), []

        def loss_of(model, rows, calls=calls, failing=failing):
            calls.append(len(rows))
            if failing and calls == [4, 4]:
                raise torch.OutOfMemoryError
            return model(x[rows]).square().mean()

        callbacks = Callbacks(None, loss_of, None)
        add_gradients(accelerator, net, callbacks, np.arange(8), Portion(4, "micro_batch"))
        found[failing] = net.weight.grad
    torch.testing.assert_close(found[True], found[False])


def test_a_part_weighs_as_much_as_it_has_targets():
    accelerator, _ = prepare_environment("fp32")
    counts, x, found = np.array([1, 7, 2, 9, 1, 1, 5, 3]), torch.randn(8, 3), []
    for most in (None, 3, 1):
        torch.manual_seed(0)
        net = nn.Linear(3, 1)

        def loss_of(model, rows):
            return model(x[rows.repeat(counts[rows])]).square().mean()

        callbacks = Callbacks(None, loss_of, None, targets_of=lambda rows: int(counts[rows].sum()))
        loss = add_gradients(accelerator, net, callbacks, np.arange(8), Portion(most))
        found.append((loss, net.weight.grad))
    for other in found[1:]:
        torch.testing.assert_close(other, found[0])


def test_a_row_that_does_not_fit_is_one_line_with_its_key(tmp_path):
    with pytest.raises(LinguistError, match=r"micro_batch.*tokens\.max_length.*gradient_checkpointing") as caught:
        train_net(tmp_path, 0)
    assert "\n" not in str(caught.value)
    with pytest.raises(LinguistError, match=r"rows at once: 1.*gradient_checkpointing"):  # fine-tuning has no such key
        train_net(tmp_path, 0, micro_batch=None)


def test_a_test_is_scored_in_smaller_batches(base_models, encoded, monkeypatch, caplog):
    tokens, (accelerator, _) = PairTokens.load(encoded["bert"]["train"]), prepare_environment("fp32")
    model = load_classifier(base_models["bert"], ("different", "same"), 1, None)
    whole, seen = predict(model, tokens, accelerator), []
    check, forward = room_for(20, seen), model.forward
    monkeypatch.setattr(model, "forward", lambda **inputs: (check(inputs["input_ids"]), forward(**inputs))[1])
    np.testing.assert_allclose(predict(model, tokens, accelerator), whole, rtol=1e-4, atol=1e-5)
    assert seen == [64, 32, 16, 16, 16, 16]
    predict(model, tokens, accelerator)
    assert len([line for line in caplog.messages if "rows of an evaluation: 16" in line]) == 1, "once"


# ── gradient checkpointing ──


def gradients(architecture, folder, encoded, recompute):
    """(loss, {parameter: gradient}, bits drawn afterwards, numbers kept for the backward pass) of a classifier with dropout."""
    tokens = PairTokens.load(encoded[architecture]["train"])
    model = load_classifier(folder, ("different", "same"), 1, choose_attention("auto", torch.device("cpu"))).train()
    bits, kept = cpu.install_fast_dropout(model, 3), []
    if recompute:
        recompute_activations(model, bits)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: (kept.append(tensor.numel()), tensor)[1], lambda t: t):
        loss = make_classification_loss(Collator(model, tokens, torch.device("cpu")), tokens)(model, np.arange(8))
    loss.backward()
    found = {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}
    return loss.detach(), found, bits.draw((5,)), sum(kept)


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_recomputed_activations_give_the_same_bytes_from_less_memory(architecture, base_models, encoded):
    """Dropout is on: the repetition must draw the same bits, and leave the generator where it was."""
    found = [gradients(architecture, base_models[architecture], encoded, recompute) for recompute in (False, True)]
    assert torch.equal(found[0][0], found[1][0])
    assert found[0][1].keys() == found[1][1].keys()
    for name, gradient in found[0][1].items():
        assert torch.equal(gradient, found[1][1][name]), name
    assert torch.equal(found[0][2], found[1][2])
    assert found[1][3] < 0.5 * found[0][3]


def test_an_architecture_without_it_is_named(tokenizers, monkeypatch):
    entry = {"architecture": "gpt2", "shape": SHAPES["gpt2"], "seed": 1}
    model = build_model("m", entry, load_tokenizer(tokenizers["gpt2"]))
    monkeypatch.setattr(type(model), "supports_gradient_checkpointing", False)
    with pytest.raises(LinguistError, match="gradient_checkpointing: a gpt2"):
        recompute_activations(nn.Sequential(model))
