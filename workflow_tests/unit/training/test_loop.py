"""The training loop: it learns, repeats itself to the byte, and goes on after a kill as if nothing had been."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForSequenceClassification

from linguist.errors import LinguistError
from linguist.training import cpu as dropout
from linguist.training import loop as training
from linguist.training.batches import batches_by_length
from linguist.training.checkpoints import Checkpoint
from linguist.training.cpu import FastDropout, RandomBits, drop
from linguist.training.devices import choose_attention, prepare_environment
from linguist.training.loop import Callbacks, TrainingOptions, parameter_groups, train

EXAMPLES = 40


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@given(
    lengths=st.lists(st.integers(1, 300), min_size=1, max_size=120),
    batch_size=st.integers(1, 40),
    seed=st.none() | st.integers(0, 99),
)
def test_batches_cover_each_row_once(lengths, batch_size, seed):
    lengths = np.array(lengths)
    batches = batches_by_length(lengths, batch_size, None if seed is None else np.random.default_rng(seed))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert sum(len(batch) != batch_size for batch in batches) <= 1
    assert all(len(batch) for batch in batches)
    # By length: no batch reaches into another's range.
    ranges = sorted((lengths[batch].min(), lengths[batch].max()) for batch in batches)
    assert all(a[1] <= b[0] for a, b in zip(ranges, ranges[1:], strict=False))


def test_batches_of_one_draw_are_alike_and_of_another_are_not():
    lengths = np.repeat([5, 9, 12], 30)
    first, again, other = (batches_by_length(lengths, 8, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(np.concatenate(first), np.concatenate(again))
    assert not np.array_equal(np.concatenate(first), np.concatenate(other))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("p", [0.1, 0.5])
def test_drop_zeroes_a_share_and_keeps_the_mean(dtype, p):
    n = 400_000
    x = torch.full((n,), 3.0, dtype=dtype, requires_grad=True)
    y = drop(x, p, RandomBits(1))
    kept = y != 0
    sigma = (p * (1 - p) / n) ** 0.5
    assert kept.double().mean().item() == pytest.approx(1 - p, abs=5 * sigma)
    rounding = 1e-5 if dtype == torch.float32 else 1e-2  # bfloat16 has 8 bits; torch's own dropout rounds alike
    assert y.double().mean().item() == pytest.approx(3, rel=5 * sigma / (1 - p) + rounding)
    assert y[kept].unique().tolist() == pytest.approx([3 / (1 - p)], rel=rounding)
    y.sum().backward()
    assert torch.equal(x.grad != 0, kept)


def test_drop_repeats_from_a_saved_state():
    bits, x = RandomBits(4), torch.ones(31, 7)
    state = bits.generator.state
    first, second = drop(x, 0.3, bits), drop(x, 0.3, bits)
    assert not torch.equal(first, second)
    bits.generator.state = state
    assert torch.equal(drop(x, 0.3, bits), first)


def test_no_dropout_is_identity():
    x, bits = torch.randn(5, 5), RandomBits(1)
    assert torch.equal(drop(x, 0.0, bits), x)
    assert FastDropout(0.0, bits)(x) is x
    assert FastDropout(0.9, bits).eval()(x) is x


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_attention_equals_that_of_transformers(architecture, base_models):
    ids = torch.randint(5, 400, (3, 20), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 12:] = mask[2, 3:] = 0
    ids[mask == 0] = 1
    scores = {}
    for attention in ("eager", dropout.ATTENTION):
        torch.manual_seed(0)
        model = AutoModelForSequenceClassification.from_pretrained(
            base_models[architecture], attn_implementation=attention, pad_token_id=1
        )
        if attention == dropout.ATTENTION:
            dropout.install_fast_dropout(model, 1)
            assert not any(type(module) is nn.Dropout for module in model.modules())
        scores[attention] = model.eval()(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(scores[dropout.ATTENTION], scores["eager"])


def test_the_fast_dropout_runs_in_attention(base_models):
    model = AutoModelForSequenceClassification.from_pretrained(
        base_models["bert"], attn_implementation=dropout.ATTENTION
    )
    for module in model.modules():
        if isinstance(module, nn.Dropout) and module is not model.bert.encoder.layer[0].attention.self.dropout:
            module.p = 0.0
    dropout.install_fast_dropout(model, 1)
    ids = torch.arange(5, 25)[None]
    model.train()
    assert not torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits)


class Net(nn.Module):
    """Two layers with dropout; its copies differ only in the seed of their weights."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(12, 16), nn.Tanh(), nn.Dropout(0.2), nn.Linear(16, 2))
        self.seen = set()

    def forward(self, x):
        hidden = self.layers[0](x)
        self.seen.add(hidden.dtype)
        return self.layers[3](self.layers[2](self.layers[1](hidden)))


class Killed(Exception):
    pass


def run_training(
    options, checkpoint, seed=1, kill_at=None, nan_at=None, fingerprint="f", dev=None, strict=False, watch=None
):
    """Train a Net on a separable problem and be done with its checkpoint; returns (net, history, steps made)."""
    draw = torch.Generator().manual_seed(9)
    x = torch.randn(EXAMPLES, 12, generator=draw)
    y = (x[:, 0] > 0).long()
    net, steps = Net(), iter(range(10_000))

    def loss_of(model, rows):
        step = next(steps)
        if step == kill_at:
            raise Killed
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        return loss * torch.nan if step == nan_at else loss

    def evaluate():
        with torch.inference_mode():
            return {"loss": nn.functional.cross_entropy(net(x), y).item()}

    def batches_of(epoch):
        return batches_by_length(np.ones(EXAMPLES), 8, np.random.default_rng([seed, epoch]))

    options = TrainingOptions(**options)
    accelerator, _ = prepare_environment(options.precision)
    saved = Checkpoint(checkpoint, {"seed": seed, "options": {"name": fingerprint}}, strict)
    callbacks = Callbacks(batches_of, loss_of, dev or evaluate, record=watch)
    history, pace = train(accelerator, net, callbacks, options, seed, saved)
    saved.delete()
    return net, history, pace.steps


def same(first, second):
    """Whether two trainings ended in the same bytes and wrote the same curve."""
    pairs = zip(first[0].state_dict().values(), second[0].state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs) and first[1].curve == second[1].curve


@pytest.fixture
def long(options):
    return options | {"epochs": 4, "learning_rate": 1e-2}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_loss_falls_and_the_seed_decides(precision, long, tmp_path):
    long |= {"precision": precision, "epochs": 8, "checkpoint_minutes": 9}
    first, again, other = (run_training(long, tmp_path / "c", seed) for seed in (1, 1, 2))
    assert first[1].curve[-1]["dev_loss"] < 0.5 * first[1].curve[0]["dev_loss"]
    assert same(first, again)
    assert not same(first, other)


class Reads(TorchDispatchMode):
    """Counts what waits for a device: numbers that are read from tensors, and shapes that depend on them."""

    def __init__(self):
        super().__init__()
        self.waits = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        names = ("_local_scalar_dense", "nonzero", "equal", "is_nonzero")
        self.waits += function.overloadpacket.__name__.rpartition(".")[2] in names
        return function(*args, **kwargs or {})


def test_no_step_waits_for_the_device(long, tmp_path, monkeypatch):
    """Between the first step and the evaluation nothing is read from the device, in parts of a batch neither."""
    waits, take_step = [], training.take_step

    def watched(*args):
        found = take_step(*args)
        waits.append(reads.waits)
        return found

    monkeypatch.setattr(training, "take_step", watched)
    with Reads() as reads:
        run_training(long | {"epochs": 1, "checkpoint_minutes": 9, "micro_batch": 3}, tmp_path / "c")
    assert len(waits) == EXAMPLES // 8 and waits == [waits[0]] * len(waits)
    assert reads.waits > waits[-1], "the losses are read at the evaluation"


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@settings(max_examples=8, deadline=None)
@given(kills=st.lists(st.integers(1, 12), min_size=1, max_size=3))
def test_killed_and_resumed_is_as_if_never_killed(precision, kills, tmp_path_factory):
    long = vars(make_options(precision))
    folder = tmp_path_factory.mktemp("run")
    whole = run_training(long, folder / "whole.pt")
    made = 0
    for kill_at in kills:
        if made + kill_at < 20:
            with pytest.raises(Killed):
                run_training(long, folder / "c.pt", kill_at=kill_at)
            made += kill_at
    resumed = run_training(long, folder / "c.pt")
    assert resumed[2] == 20 - made, "every step was made once"
    assert same(whole, resumed)
    assert list(folder.iterdir()) == []


def make_options(precision):
    return TrainingOptions(1e-2, 8, 4, "linear", 0.1, 0.01, 1.0, "loss", precision, "auto", 0)


def test_precisions_do_not_leak_into_each_other(long, tmp_path):
    """accelerate keeps the precision of a process's first Accelerator unless told to forget it."""
    for precision, dtype in [("bf16", torch.bfloat16), ("fp32", torch.float32), ("bf16", torch.bfloat16)]:
        accelerator, _ = prepare_environment(precision)
        with accelerator.autocast():
            assert nn.Linear(2, 2)(torch.ones(1, 2)).dtype == dtype
        # In training and in the evaluation of the net that was prepared for it.
        net, _, _ = run_training(long | {"precision": precision}, tmp_path / "c")
        assert net.seen == {dtype}
        assert {tensor.dtype for tensor in net.state_dict().values()} == {torch.float32}


@pytest.mark.parametrize(("device", "attention"), [("cpu", dropout.ATTENTION), ("cuda", "sdpa"), ("mps", "sdpa")])
def test_the_attention_is_that_of_the_device(device, attention):
    """Fast dropout is for CPU tensors: `train` installs it on that device and on no other."""
    assert choose_attention("auto", torch.device(device)) == attention
    assert choose_attention("eager", torch.device(device)) == "eager"


@pytest.mark.parametrize("damage", ["another fingerprint", "half a file", "empty"])
def test_a_useless_checkpoint_is_ignored(damage, long, tmp_path):
    path = tmp_path / "c.pt"
    with pytest.raises(Killed):
        run_training(long, path, kill_at=7, fingerprint="other" if damage == "another fingerprint" else "f")
    if damage != "another fingerprint":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 if damage == "half a file" else 0])
    afresh = run_training(long, path)
    assert afresh[2] == 20
    assert same(afresh, run_training(long, path))


def test_a_strange_checkpoint_is_refused_where_it_is_worth_days(long, tmp_path):
    path = tmp_path / "c.pt"
    with pytest.raises(Killed):
        run_training(long, path, kill_at=7, fingerprint="other")
    saved = path.read_bytes()
    with pytest.raises(LinguistError, match=r"c\.pt.*options\.name"):
        run_training(long, path, strict=True)
    assert path.read_bytes() == saved


def test_the_last_weights_are_kept_where_nothing_selects(long, tmp_path):
    chosen = run_training(long | {"select_by": "last"}, tmp_path / "c", dev=lambda: {"loss": 1.0})
    assert chosen[1].best == 3 and chosen[1].best_state is None


@pytest.mark.parametrize("evaluations", [1, 2, 5])
def test_evaluations_are_spread_over_the_epoch(evaluations, long, tmp_path):
    seen = []
    long |= {"evaluations": evaluations, "epochs": 2}
    _, history, steps = run_training(long, tmp_path / "c", watch=lambda step, metrics: seen.append((step, metrics)))
    assert [row["steps"] for row in history.curve] == [5 * (i + 1) // evaluations for i in range(2 * evaluations)]
    assert [step for step, metrics in seen if "loss" in metrics] == list(range(1, steps + 1))
    assert [metrics for _, metrics in seen if "dev_loss" in metrics] == history.curve


@pytest.mark.parametrize("micro_batch", [1, 3, 8])
def test_a_batch_in_parts_gives_the_gradient_of_the_whole(micro_batch, long, tmp_path, monkeypatch):
    monkeypatch.setattr(dropout, "drop", lambda x, p, bits: x)
    long |= {"precision": "fp32"}
    whole = run_training(long, tmp_path / "c")
    parts = run_training(long | {"micro_batch": micro_batch}, tmp_path / "c")
    for name, weights in whole[0].state_dict().items():
        torch.testing.assert_close(parts[0].state_dict()[name], weights, rtol=1e-4, atol=1e-5)
    assert [row["train_loss"] for row in parts[1].curve] == pytest.approx([r["train_loss"] for r in whole[1].curve])


def test_biases_and_scales_do_not_decay():
    net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Embedding(5, 4))
    decayed, free = parameter_groups(net, 0.1)
    assert [p.shape for p in decayed["params"]] == [(4, 3), (5, 4)] and decayed["weight_decay"] == 0.1
    assert [p.shape for p in free["params"]] == [(4,), (4,), (4,)] and free["weight_decay"] == 0


@pytest.mark.parametrize("nan_at", [3, 19])
def test_a_loss_that_is_no_number_is_one_line(nan_at, long, tmp_path):
    with pytest.raises(LinguistError, match="the loss became nan in epoch .*lower learning_rate"):
        run_training(long, tmp_path / "c", nan_at=nan_at)


def test_a_checkpoint_that_leads_to_no_number_goes(long, tmp_path):
    with pytest.raises(LinguistError, match="the loss became nan"):
        run_training(long | {"checkpoint_minutes": 0}, tmp_path / "c.pt", nan_at=4)
    assert not (tmp_path / "c.pt").exists()


def test_a_warm_up_as_long_as_the_training_is_refused(long, tmp_path):
    with pytest.raises(LinguistError, match="20 steps.*lower warmup"):
        run_training(long | {"warmup": 20}, tmp_path / "c")


def test_weights_that_break_in_the_last_step_are_one_line(long, tmp_path):
    """Its loss is a number still; that of the dev split is not."""
    with pytest.raises(LinguistError, match=r"\(dev: nan\)"):
        run_training(long, tmp_path / "c", dev=lambda: {"loss": float("nan")})


@pytest.mark.parametrize(("select_by", "best"), [("loss", 2), ("accuracy", 3)])
def test_the_best_epoch_on_dev_is_kept(select_by, best, long, tmp_path, monkeypatch):
    values = iter([(0.9, 0.5), (0.3, 0.6), (0.4, 0.8), (0.5, 0.8)])  # of equals the first
    long |= {"select_by": select_by, "checkpoint_minutes": 9}
    made = run_training(long, tmp_path / "c", dev=lambda: dict(zip(("loss", "accuracy"), next(values), strict=True)))
    assert made[1].best == best - 1
    assert [row["epoch"] for row in made[1].curve] == [1, 2, 3, 4]
    # The weights are those at the end of that epoch: with a constant rate after the warm-up of the same steps,
    # a training that stops there ends in them.
    shorter = dataclasses.replace(TrainingOptions(**long), epochs=best, warmup=long["warmup"] * 4 / best)
    monkeypatch.setattr(training, "get_scheduler", lambda name, optimizer, warm, steps: constant(optimizer))
    values = iter([(1.0 / (i + 1), i) for i in range(4)])
    reference = run_training(
        vars(shorter), tmp_path / "c", dev=lambda: dict(zip(("loss", "accuracy"), next(values), strict=True))
    )
    values = iter([(0.9, 0.5), (0.3, 0.6), (0.4, 0.8), (0.5, 0.8)])
    made = run_training(long, tmp_path / "c", dev=lambda: dict(zip(("loss", "accuracy"), next(values), strict=True)))
    pairs = zip(made[0].state_dict().values(), reference[0].state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def constant(optimizer):
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
