"""The objectives equal the plain ones of torch and transformers, document by document."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers.activations import NewGELUActivation

from helpers.data import SHAPES
from linguist.tokenizers.loading import load_tokenizer
from linguist.training import blocks as blocks_module
from linguist.training import objectives
from linguist.training.blocks import (
    KEPT,
    MASKED,
    SWAPPED,
    Blocks,
    Examples,
    additive_mask,
    attention_mask,
    attention_tiles,
    document_starts,
)
from linguist.training.cpu import ATTENTION, RandomBits, eager_attention
from linguist.training.devices import Environment
from linguist.training.models import build_model, fuse_activations
from linguist.training.objectives import MeanLoss, Objective, loss_slices

ARCHITECTURES = pytest.mark.parametrize("architecture", ["gpt2", "bert"])
ATTENTIONS = pytest.mark.parametrize("attention", [ATTENTION, "sdpa", "eager"])
CPU = torch.device("cpu")


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(blocks_module, "TILE", 8)


# ── blocks and masks ──


@given(tokens=st.integers(2, 200), context=st.integers(1, 40), data=st.data())
def test_blocks_are_slices(tokens, context, data):
    ids = np.random.default_rng(tokens).integers(0, 60_000, tokens).astype(np.uint16)
    blocks = Blocks(ids, 0, context)
    whole = [ids[low : low + context + 1] for low in range(0, tokens, context)]
    whole = [block for block in whole if len(block) == context + 1]
    assert len(blocks) == len(whole)
    if whole:
        rows = data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5))
        read = blocks.read(rows)
        assert read.dtype == np.int64
        np.testing.assert_array_equal(read, [whole[row] for row in rows])


@given(
    ids=st.integers(1, 12).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 2), min_size=n, max_size=n), min_size=1, max_size=4)
    )
)
def test_starts_and_masks_are_those_of_loops(ids):
    ids = np.array(ids)
    starts = document_starts(ids, 0)
    rows, length = ids.shape
    for row in range(rows):
        begun = 0
        for place in range(length):
            begun = place if ids[row, place] == 0 else begun
            assert starts[row, place] == begun
    for causal in (True, False):
        mask = attention_mask(torch.from_numpy(starts), causal)
        assert mask.shape == (rows, 1, length, length)
        for row in range(rows):
            for query in range(length):
                for key in range(length):
                    between = ids[row, min(query, key) + 1 : max(query, key) + 1]
                    one_document = 0 not in between
                    assert mask[row, 0, query, key] == (one_document and (key <= query or not causal))


# ── attention in tiles ──


def made_starts(length, rows=3, share=0.15):
    """Starts of random documents, the last row one document."""
    ids = np.random.default_rng(length).random((rows, length)) >= share
    ids[-1] = True
    return document_starts(ids.astype(int), 0)


def attend(query, key, value, mask, tiles=None, drop=0.0):
    module = SimpleNamespace(fast_dropout_bits=RandomBits(1))
    return eager_attention(module, query, key, value, mask, dropout=drop, tiles=tiles)[0]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("length", [1, 5, 8, 16, 29])
def test_attention_in_tiles_is_attention(length, causal, small_tiles):
    allowed, heads = attention_mask(torch.from_numpy(made_starts(length)), causal), 2
    tiles = attention_tiles(allowed, heads, torch.float32)
    assert [queries.stop - queries.start for queries, _, _ in tiles][:-1] == [8] * ((length - 1) // 8)
    draw = torch.Generator().manual_seed(1)
    results = []
    inputs = [torch.randn(3, heads, length, 4, generator=draw) for _ in range(3)]
    weights = torch.randn(3, length, heads, 4, generator=draw)
    for mask, parts in ((additive_mask(allowed, torch.float32), None), (None, tiles)):
        leaves = [x.clone().requires_grad_() for x in inputs]
        out = attend(*leaves, mask, parts)
        (out * weights).sum().backward()
        results.append([out, *(leaf.grad for leaf in leaves)])
    assert results[0][0].shape == weights.shape
    for tiled, dense in zip(*results[::-1], strict=True):
        torch.testing.assert_close(tiled, dense)


@pytest.mark.parametrize("causal", [True, False])
def test_tiles_leave_out_what_nobody_attends_to_and_nothing_else(causal, small_tiles):
    allowed = attention_mask(torch.from_numpy(made_starts(40, share=0.3)[:2]), causal)
    computed = torch.zeros_like(allowed)
    for queries, keys, mask in attention_tiles(allowed, 3, torch.float32):
        computed[:, :, queries, keys] = True
        assert mask.shape == (6, queries.stop - queries.start, keys.stop - keys.start)
        for row in range(2):
            for head in range(3):
                assert torch.equal(mask[3 * row + head] == 0, allowed[row, 0, queries, keys])
        edges = allowed[:, 0, queries, keys].flatten(0, 1).any(0)
        assert edges[0] and edges[-1]
    assert not (allowed & ~computed).any()
    assert computed.float().mean() < 0.7


def test_attention_in_tiles_drops_its_weights(small_tiles):
    tiles = attention_tiles(attention_mask(torch.from_numpy(made_starts(32)), True), 4, torch.float32)
    query, key, value = torch.randn(3, 4, 32, 8), torch.randn(3, 4, 32, 8), torch.ones(3, 4, 32, 8)
    torch.testing.assert_close(attend(query, key, value, None, tiles), torch.ones(3, 32, 4, 8))
    dropped = attend(query, key, value, None, tiles, drop=0.25)
    assert dropped.std() > 0.1
    assert (dropped[:, 0] - 4 / 3).abs().minimum(dropped[:, 0]).max() < 1e-5, "of one key: all or nothing"
    assert dropped.mean() == pytest.approx(1, abs=0.15)  # 384 queries


def test_the_fused_gelu_is_that_of_gpt2(tokenizers):
    fused = [
        child
        for model in (
            build_model("m", entry_of("gpt2"), load_tokenizer(tokenizers["gpt2"])),
            fuse_activations(nn.Sequential(nn.Sequential(NewGELUActivation()))),
        )
        for child in model.modules()
        if isinstance(child, NewGELUActivation | nn.GELU)
    ]
    assert len(fused) == 3 and not any(isinstance(child, NewGELUActivation) for child in fused)
    results = []
    for activation in (NewGELUActivation(), fused[0]):
        x = torch.linspace(-12, 12, 4001, requires_grad=True)
        y = activation(x)
        y.sum().backward()
        results.append((y, x.grad))
    assert not torch.allclose(results[0][0], nn.functional.gelu(x), rtol=0, atol=1e-5), "not the exact one"
    for plain, fused in zip(*results, strict=True):
        torch.testing.assert_close(fused, plain, rtol=1e-5, atol=3e-6)  # a few roundings of 12


# ── the loss ──


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(objectives, "SLICE", 16)
    monkeypatch.setattr(objectives, "ROWS", 5)


def layer(n, bias, dtype=torch.float32, size=11, features=6):
    """Hidden states, weight, bias (or None) and targets, drawn for n."""
    draw = torch.Generator().manual_seed(n)
    hidden, weight = torch.randn(n, features, generator=draw).to(dtype), torch.randn(size, features, generator=draw)
    leaves = [hidden, weight, torch.randn(size, generator=draw) if bias else None]
    targets = torch.randint(size, (n,), generator=draw)
    return [None if leaf is None else leaf.requires_grad_() for leaf in leaves], targets


@pytest.mark.parametrize("n", [1, 5, 16, 17, 53])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mean_loss_is_cross_entropy_with_its_gradients(dtype, bias, n, small_slices):
    # bfloat16 rounds logits and gradients to 8 bits; sums of some terms are off by about as much of the largest.
    close = {} if dtype == torch.float32 else {"rtol": 3e-2, "atol": 3e-2}
    found, expected = [], []
    for results, factor in ((found, 3.0), (expected, 3.0)):
        (hidden, weight, offset), targets = layer(n, bias, dtype)
        if results is found:
            loss = MeanLoss.apply(hidden, weight, offset, targets)
        else:
            loss = nn.functional.cross_entropy(nn.functional.linear(hidden.float(), weight, offset), targets)
        (factor * loss).backward()
        results += [loss, hidden.grad, weight.grad, *([offset.grad] if bias else [])]
    assert [x.dtype for x in found] == [x.dtype for x in expected]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, **close)


@pytest.mark.parametrize("n", [1, 16, 53])
@pytest.mark.parametrize("bias", [True, False])
def test_the_losses_of_slices_are_those_of_all_tokens(bias, n, small_slices):
    (hidden, weight, offset), targets = layer(n, bias)
    with torch.inference_mode():
        parts = list(loss_slices(hidden, weight, offset, targets))
    expected = nn.functional.cross_entropy(nn.functional.linear(hidden, weight, offset), targets, reduction="none")
    torch.testing.assert_close(torch.cat([losses for losses, _, _ in parts]), expected.detach())
    assert [len(logits) for _, _, logits in parts] == [16] * (n // 16) + [n % 16] * (n % 16 > 0)


def test_gradients_of_many_slices_are_summed_in_full_precision(small_slices):
    """In bfloat16 a sum of 250 slices would stop growing, and be off by tens of percent."""
    found = []
    for step in (16, 4000):
        objectives.SLICE = step
        (hidden, weight, offset), _ = layer(4000, True, torch.bfloat16)
        targets = torch.zeros(4000, dtype=torch.int64)
        MeanLoss.apply((hidden.abs() + 1).to(torch.bfloat16), weight, offset, targets).backward()
        found.append((weight.grad, offset.grad))
    for parts, whole in zip(*found, strict=True):
        assert (parts - whole).norm() < 0.01 * whole.norm()


def test_large_logits_do_not_overflow():
    (hidden, weight, _), targets = layer(20, False)
    loss = MeanLoss.apply(hidden * 1000, weight, None, targets)
    loss.backward()
    assert loss.isfinite() and hidden.grad.isfinite().all() and loss > 100


# ── the models ──


def entry_of(architecture):
    return {"architecture": architecture, "shape": SHAPES[architecture], "seed": 1}


def make_objective(architecture, attention, tokenizers, context=30):
    """(objective, without dropout; examples of packed random documents, the first block one document)."""
    tokenizer = load_tokenizer(tokenizers[architecture])
    model = build_model("m", entry_of(architecture), tokenizer, attention, context).eval()
    start = tokenizer.cls_token_id if architecture == "bert" else tokenizer.bos_token_id
    ids = np.random.default_rng(1).integers(10, 500, 8 * context + 1).astype(np.uint16)
    starts = np.random.default_rng(2).integers(context, len(ids), 30)
    ids[[0, *starts]] = start
    ids[starts[:5] - 1] = tokenizer.sep_token_id or 20
    examples = Examples(Blocks(ids, start, context), model, tokenizer, Environment(CPU, "fp32", attention), 3)
    return Objective(model), examples


def slow_losses(objective, examples, numbers):
    """(loss of transformers, number of targets) of each document of blocks that has a target, each by itself."""
    tokens = examples.read(numbers)
    shown, targets, places = examples.make_targets(tokens, numbers)
    labels = np.full(shown.size, -100)
    labels[places] = targets
    labels = labels.reshape(shown.shape)
    for row, block in enumerate(tokens):
        context = len(block) - 1
        starts = np.flatnonzero(block[:-1] == examples.blocks.start)
        bounds = sorted({0, *starts.tolist(), context})
        for low, high in zip(bounds, bounds[1:], strict=False):
            if examples.causal:  # it shifts the labels itself: the last token is a target alone
                ids = wanted = block[low : high + 1]
                n = high - low
            else:
                ids, wanted = shown[row, low:high], labels[row, low:high]
                n = (wanted >= 0).sum()
            if n:
                ids, wanted = torch.from_numpy(ids)[None], torch.from_numpy(wanted)[None]
                yield objective.model(input_ids=ids, labels=wanted).loss, n


@ARCHITECTURES
@ATTENTIONS
@pytest.mark.parametrize("numbers", [[0], [1, 4, 7, 2]])
def test_the_objective_is_the_loss_of_transformers_document_by_document(
    numbers, architecture, attention, tokenizers, small_tiles
):
    """Blocks of one document, and packed ones: no token sees another document, and positions restart."""
    objective, examples = make_objective(architecture, attention, tokenizers)
    parts = list(slow_losses(objective, examples, numbers))
    assert (len(parts) == 1) == (numbers == [0])
    expected = sum(loss * n for loss, n in parts) / sum(n for _, n in parts)
    expected.backward()
    gradients = {name: p.grad.clone() for name, p in objective.named_parameters() if p.grad is not None}
    objective.zero_grad()
    loss = objective(**examples(numbers))
    loss.backward()
    torch.testing.assert_close(loss, expected)
    found = {name: p.grad for name, p in objective.named_parameters() if p.grad is not None}
    assert found.keys() == gradients.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=1e-6, msg=lambda m, name=name: f"{name}: {m}")
    # In evaluation the losses of the same targets, each.
    with torch.inference_mode():
        losses = objective(**examples(numbers))
    assert losses.dtype == torch.float32
    assert len(losses) == sum(n for _, n in parts)
    assert losses.mean().item() == pytest.approx(loss.item(), rel=1e-5)
    low = 0
    for slow, n in parts:
        assert losses[low : low + n].mean().item() == pytest.approx(slow.item(), rel=1e-4)
        low += n


@ARCHITECTURES
@ATTENTIONS
def test_a_change_in_one_document_is_not_seen_in_another(architecture, attention, tokenizers, small_tiles):
    objective, examples = make_objective(architecture, attention, tokenizers)
    number = next(n for n in range(1, 8) if examples.blocks.start in examples.read([n])[0, 1:-1])
    inputs = examples([number])
    first = int(np.flatnonzero(examples.read([number])[0, 1:-1] == examples.blocks.start)[0]) + 1
    changed = inputs | {"input_ids": inputs["input_ids"].clone()}
    changed["input_ids"][0, :first] = 30
    with torch.inference_mode():
        before, after = objective(**inputs), objective(**changed)
    places = inputs.get("places", torch.arange(len(before)))
    assert torch.equal(before[places >= first], after[places >= first])
    assert not torch.equal(before[places < first], after[places < first])


@ARCHITECTURES
def test_half_precision_gives_nearly_the_same_loss(architecture, tokenizers, small_tiles):
    objective, examples = make_objective(architecture, ATTENTION, tokenizers)
    loss = objective(**examples([1, 2, 3]))
    examples.dtype = torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16):
        rounded = objective(**examples([1, 2, 3]))
    assert rounded.dtype == torch.float32
    assert rounded.item() == pytest.approx(loss.item(), rel=1e-2)  # 8 bits a logit
    assert rounded.item() != loss.item()


@ARCHITECTURES
def test_positions_restart_and_targets_are_the_tokens(architecture, tokenizers):
    _, examples = make_objective(architecture, "sdpa", tokenizers)
    numbers = [3, 1, 12]
    inputs, blocks = examples(numbers), examples.blocks.read([3, 1, 4])
    for row, block in enumerate(blocks):
        place = -1
        for at, token in enumerate(block[:-1]):
            place = 0 if token == examples.blocks.start else place + 1
            assert inputs["position_ids"][row, at] == place
    if architecture == "gpt2":
        assert torch.equal(inputs["input_ids"], torch.from_numpy(blocks[:, :-1]))
        assert torch.equal(inputs["targets"], torch.from_numpy(blocks[:, 1:]).flatten())
    else:
        flat = blocks[:, :-1].ravel()
        assert inputs["targets"].tolist() == flat[inputs["places"]].tolist()
        others = np.setdiff1d(np.arange(flat.size), inputs["places"])
        assert inputs["input_ids"].flatten()[others].tolist() == flat[others].tolist()


# ── masking ──


@pytest.fixture(scope="module")
def masked_examples(tokenizers):
    return make_objective("bert", "sdpa", tokenizers)[1]


@pytest.fixture(scope="module")
def masking(masked_examples):
    return masked_examples.masking


@settings(deadline=None)
@given(n=st.integers(1, 90), share=st.sampled_from([0.0, 0.1, 0.7, 0.9, 1.0]), number=st.integers(0, 10**6))
def test_as_many_are_chosen_in_each_block_and_special_tokens_last(n, share, number, masking):
    draw = np.random.default_rng(n)
    row = np.where(draw.random(n) < share, draw.choice(masking.special, n), draw.integers(10, 500, n))
    chosen = masking.choose(row, number)
    assert len(chosen) == len(set(chosen.tolist())) == max(1, round(MASKED * n))
    assert np.array_equal(chosen, np.sort(chosen)) and chosen[0] >= 0 and chosen[-1] < n
    special = np.isin(row, masking.special)
    if special[chosen].any():
        assert set(np.flatnonzero(~special)) < set(chosen.tolist())


@pytest.mark.parametrize("k", [3, 6])
def test_kmers_are_hidden_in_runs_that_hide_a_letter(k, masking):
    masking = dataclasses.replace(masking, run_length=k)
    row, hidden = np.arange(10, 310), 0
    for number in range(20):
        chosen = masking.choose(row, number)
        assert len(chosen) == round(MASKED * 300)
        runs = np.split(chosen, np.flatnonzero(np.diff(chosen) > 1) + 1)
        # Letter i stands in the k-mers i - k + 1 to i: a run of k hides the last letter that its first one has.
        hidden += sum(max(0, len(run) - k + 1) for run in runs)
        shown = masking.replace(row[chosen], chosen, number)
        together = masking.runs(chosen, number)
        kept = set(together[shown == row[chosen]].tolist())
        masked = [run for run in set(together.tolist()) if (shown[together == run] == masking.mask_id).all()]
        assert masked and kept.isdisjoint(masked)
    assert hidden >= 0.8 * 20 * round(MASKED * 300) / k


def test_all_places_are_chosen_alike(masking):
    row, counts, draws = np.arange(10, 50), np.zeros(40), 4000
    for number in range(draws):
        counts[masking.choose(row, number)] += 1
    sigma = math.sqrt(MASKED * (1 - MASKED) / draws)
    np.testing.assert_allclose(counts / draws, MASKED, atol=5 * sigma)


def test_chosen_tokens_are_masked_swapped_or_kept(masking):
    n, size = 100_000, masking.vocab_size
    targets = np.random.default_rng(1).integers(10, size, n)
    shown = masking.replace(targets, np.arange(n), 5)
    masked, kept = shown == masking.mask_id, shown == targets
    swapped = shown[~masked & ~kept]
    sigma = math.sqrt(0.25 / n)
    # One swap in `size` gives the token itself, and one the mask token.
    assert masked.mean() == pytest.approx(1 - KEPT - SWAPPED + SWAPPED / size, abs=5 * sigma)
    assert kept.mean() == pytest.approx(KEPT + SWAPPED / size, abs=5 * sigma)
    assert len(swapped) / n == pytest.approx(SWAPPED * (1 - 2 / size), abs=5 * sigma)
    assert set(swapped.tolist()) == set(range(size)) - {masking.mask_id}, "of all the vocabulary"
    assert (MASKED, KEPT, SWAPPED) == (0.15, 0.1, 0.1), "as in the paper"


def test_the_mask_is_that_of_the_number_whatever_else_is_in_the_batch(masked_examples):
    numbers, context = [2, 7, 19], masked_examples.blocks.context
    together, places = masked_examples(numbers), masked_examples(numbers)["places"].view(3, -1)
    for i, number in enumerate(numbers):
        alone = masked_examples([number])
        assert torch.equal(alone["input_ids"][0], together["input_ids"][i])
        assert torch.equal(alone["places"], places[i] - i * context)


def test_another_epoch_and_another_seed_mask_other_tokens(masked_examples, tokenizers):
    n = len(masked_examples.blocks)
    other_seed = make_objective("bert", "sdpa", tokenizers)[1]
    other_seed.masking = dataclasses.replace(other_seed.masking, seed=99)
    first = masked_examples([4])
    for other in (masked_examples([4 + n]), masked_examples([4 + 2 * n]), other_seed([4])):
        assert not torch.equal(first["places"], other["places"])
    np.testing.assert_array_equal(masked_examples.read([4]), masked_examples.read([4 + n]))


def test_a_gpt2_predicts_the_next_token_even_with_a_tokenizer_that_has_a_mask(tokenizers):
    tokenizer = load_tokenizer(tokenizers["bert"])
    model = build_model("m", entry_of("gpt2"), tokenizer, "eager", 16)
    ids = np.random.default_rng(1).integers(0, len(tokenizer), 65)
    examples = Examples(Blocks(ids, tokenizer.cls_token_id, 16), model, tokenizer, Environment(CPU, "fp32", "eager"), 1)
    with torch.inference_mode():
        losses = Objective(model).eval()(**examples([0, 1]))
    assert examples.causal and losses.shape == (32,)
