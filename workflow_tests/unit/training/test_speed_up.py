"""What pretraining does on a GPU, as far as a CPU can check it: FlexAttention has no backward pass there."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from functorch.compile import make_boxed_func
from torch._dynamo.backends.common import aot_autograd
from torch._dynamo.testing import CompileCounter
from torch.nn.attention.flex_attention import create_mask

from helpers.data import SHAPES
from linguist.tokenizers.loading import load_tokenizer
from linguist.training import gpu
from linguist.training.blocks import Blocks, Examples, attention_mask, document_starts
from linguist.training.devices import Environment
from linguist.training.loop import TrainingOptions
from linguist.training.memory import recompute_activations
from linguist.training.models import build_model, load_language_model, save_model
from linguist.training.objectives import Objective
from linguist.training.utilisation import flops_per_token, product_rate

ARCHITECTURES = pytest.mark.parametrize("architecture", ["gpt2", "bert"])
CPU = torch.device("cpu")
CONTEXT = 128


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch._dynamo.reset()
    with torch._dynamo.config.patch(optimize_ddp=True):  # restored after the test
        yield
    torch._dynamo.reset()


def make_objective(architecture, tokenizers, attention="sdpa", precision="fp32", **shape):
    """(objective, examples of packed random documents) without dropout, always the same weights."""
    tokenizer = load_tokenizer(tokenizers[architecture])
    entry = {"architecture": architecture, "shape": SHAPES[architecture] | shape, "seed": 1}
    model = build_model("m", entry, tokenizer, "sdpa", CONTEXT)
    model.set_attn_implementation(attention)
    start = tokenizer.cls_token_id if architecture == "bert" else tokenizer.bos_token_id
    ids = np.random.default_rng(1).integers(10, 500, 12 * CONTEXT + 1).astype(np.uint16)
    ids[:: 2 * CONTEXT] = start
    ids[np.random.default_rng(2).integers(CONTEXT, len(ids), 40)] = start
    examples = Examples(Blocks(ids, start, CONTEXT), model, tokenizer, Environment(CPU, precision, attention), 3)
    return Objective(model), examples


# ── attention ──


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("length", [128, 256, 200])
def test_the_block_mask_is_the_dense_mask(causal, length):
    ids = np.random.default_rng(length).integers(0, 40, (3, length))
    starts = torch.from_numpy(document_starts(ids, 0))
    mask, dense = gpu.document_mask(starts, causal), attention_mask(starts, causal)
    made = create_mask(mask.mask_mod, 3, 1, length, length, device="cpu")
    assert torch.equal(made, dense)
    tiles = mask.to_dense()[:, 0].bool()
    for row in range(3):
        for low in range(0, length, 128):
            for left in range(0, length, 128):
                needed = dense[row, 0, low : low + 128, left : left + 128].any()
                assert tiles[row, low // 128, left // 128] == needed


@ARCHITECTURES
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_its_losses_are_those_of_eager_attention(architecture, precision, tokenizers):
    found = {}
    for attention in ("eager", gpu.ATTENTION):
        objective, examples = make_objective(architecture, tokenizers, attention, precision)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            found[attention] = objective(**examples([3, 0, 9, 4]))
    tolerance = {"fp32": 1e-4, "bf16": 0.1}[precision]  # bfloat16 has 8 bits, and losses are about 6
    torch.testing.assert_close(found["eager"], found[gpu.ATTENTION], rtol=0, atol=tolerance)


def test_without_a_mask_it_is_the_attention_of_one_document(tokenizers):
    """As samples are drawn: one row of any length."""
    ids, scores = torch.arange(10, 47)[None], []
    for attention in ("eager", gpu.ATTENTION):
        objective, _ = make_objective("gpt2", tokenizers, attention)
        with torch.no_grad():
            scores.append(objective.model(input_ids=ids, use_cache=False).logits)
    torch.testing.assert_close(*scores)


@pytest.mark.parametrize(
    ("context", "shape", "fits"),
    [
        (128, {}, True),
        (1024, {"resid_pdrop": 0.1}, True),
        (1024, {"attn_pdrop": 0.1}, False),
        (120, {}, False),
        (128, {"n_head": 4}, False),
    ],
)
def test_the_kernel_is_taken_where_it_can_compute_the_model(context, shape, fits, tokenizers):
    objective, _ = make_objective("gpt2", tokenizers, **shape)
    assert gpu.has_kernel(objective.model, SHAPES["gpt2"] | shape, context) == fits


def test_the_compiled_block_mask_is_made_once_for_all_batches(monkeypatch):
    counter = CompileCounter()
    gpu.compiled_block_mask.cache_clear()
    monkeypatch.setattr(gpu, "BACKEND", counter)
    for number in range(4):
        ids = np.random.default_rng(number).integers(0, 40, (3, 256))
        starts = torch.from_numpy(document_starts(ids, 0))
        plain = gpu.document_mask(starts, True)
        monkeypatch.setattr(gpu, "DEVICES", ("cpu",))
        made = gpu.document_mask(starts, True)
        monkeypatch.setattr(gpu, "DEVICES", ("cuda",))
        assert torch.equal(made.to_dense(), plain.to_dense())
        assert torch.equal(*(create_mask(mask.mask_mod, 3, 1, 256, 256, device="cpu") for mask in (made, plain)))
    gpu.compiled_block_mask.cache_clear()
    assert counter.frame_count == 1


# ── compilation ──


def freeze(objective):
    """Parameters without gradients, so that the kernel's forward pass runs on a CPU in training mode, too."""
    objective.requires_grad_(False)
    return objective


@ARCHITECTURES
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_step_is_one_graph(architecture, precision, tokenizers):
    objective, examples = make_objective(architecture, tokenizers, gpu.ATTENTION, precision)
    objective.sliced = False
    gpu.pad_vocabulary(objective.model)
    inputs = examples([0, 1])
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        found = torch._dynamo.explain(freeze(objective))(**inputs)
    assert (found.graph_count, found.graph_break_count) == (1, 0), found.break_reasons


def test_a_step_that_computes_activations_again_is_one_graph(tokenizers):
    objective, examples = make_objective("gpt2", tokenizers)
    objective.sliced = False
    recompute_activations(objective)
    found = torch._dynamo.explain(objective)(**examples([0, 1]))
    assert (found.graph_count, found.graph_break_count) == (1, 0), found.break_reasons


@ARCHITECTURES
def test_it_is_compiled_once_for_training_and_once_for_evaluation(architecture, tokenizers, monkeypatch):
    """Not again for other batches, whose block masks are new objects."""
    objective, examples = make_objective(architecture, tokenizers, gpu.ATTENTION)
    objective.sliced = False
    counter = CompileCounter()
    monkeypatch.setattr(gpu, "BACKEND", counter)
    gpu.compile_step(freeze(objective), 1)
    for grad in (True, False):
        for number in (0, 4, 6):
            with torch.set_grad_enabled(grad):
                objective(**examples([number, number + 1]))
    assert counter.frame_count == 2


@ARCHITECTURES
@pytest.mark.parametrize("sliced", [True, False])
def test_of_several_processes_each_compiles_layer_by_layer(architecture, sliced, tokenizers, monkeypatch):
    """All layers share their graph, and the loss and its gradients are those without compilation."""
    plain, examples = make_objective(architecture, tokenizers)
    objective, _ = make_objective(architecture, tokenizers)
    plain.sliced = objective.sliced = sliced
    counter = CompileCounter()
    monkeypatch.setattr(gpu, "BACKEND", counter)
    gpu.compile_step(objective, 2)
    for numbers in ([0, 1], [5, 2]):
        losses = [one(**examples(numbers)) for one in (plain, objective)]
        torch.testing.assert_close(*losses)
        for loss in losses:
            loss.backward()
    assert counter.frame_count == 1 + (not sliced)
    for one, other in zip(plain.parameters(), objective.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.fixture
def one_process_group():
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", rank=0, world_size=1, store=store)
    yield
    torch.distributed.destroy_process_group()


@ARCHITECTURES
def test_gradients_are_reduced_while_backward_runs(architecture, tokenizers, monkeypatch, one_process_group):
    """And those of all parts of a batch but the last are not reduced."""
    objective, examples = make_objective(architecture, tokenizers)
    objective.sliced = False
    seen = []

    def compile_backward(graph, inputs):
        return make_boxed_func(lambda *args: (seen.append("backward"), graph(*args))[1])

    backend = aot_autograd(fw_compiler=lambda graph, inputs: make_boxed_func(graph), bw_compiler=compile_backward)
    monkeypatch.setattr(gpu, "BACKEND", backend)
    gpu.compile_step(objective, 2)
    parallel = torch.nn.parallel.DistributedDataParallel(objective, bucket_cap_mb=0.02)

    def reduce(state, bucket):
        seen.append("reduced")
        return torch.distributed.all_reduce(bucket.buffer(), async_op=True).get_future().then(lambda f: f.value()[0])

    parallel.register_comm_hook(None, reduce)
    for _ in range(2):  # buckets have their final order from the second step on
        seen.clear()
        with parallel.no_sync():
            parallel(**examples([0, 1])).backward()
        assert set(seen) == {"backward"}
        parallel(**examples([2, 3])).backward()
    assert "backward" in seen[seen.index("reduced") :], "of the layers before"


# ── vocabulary ──


@ARCHITECTURES
@pytest.mark.parametrize("sliced", [True, False])
def test_a_padded_vocabulary_changes_no_loss_and_no_gradient(architecture, sliced, tokenizers):
    plain, examples = make_objective(architecture, tokenizers)
    padded, _ = make_objective(architecture, tokenizers)
    padded.sliced, vocabulary = sliced, plain.model.config.vocab_size
    gpu.pad_vocabulary(padded.model)
    table, head = padded.model.get_input_embeddings(), padded.model.get_output_embeddings()
    assert vocabulary % gpu.TILE, "else nothing is padded here"
    assert len(table.weight) % gpu.TILE == 0 and 0 < len(table.weight) - vocabulary < gpu.TILE
    assert table.weight is head.weight and padded.model.config.vocab_size == vocabulary
    assert flops_per_token(padded.model, CONTEXT) == flops_per_token(plain.model, CONTEXT)
    losses = [one(**examples([0, 3, 5])) for one in (plain, padded)]
    torch.testing.assert_close(*losses)
    for loss in losses:
        loss.backward()
    assert not table.weight.grad[vocabulary:].any(), "so the optimizer leaves these rows at zero"
    for (name, one), other in zip(plain.named_parameters(), padded.parameters(), strict=True):
        torch.testing.assert_close(
            one.grad, other.grad[: len(one)], rtol=1e-4, atol=1e-6, msg=lambda m, n=name: f"{n}: {m}"
        )
    with torch.no_grad():
        torch.testing.assert_close(*(one(**examples([0, 3, 5])) for one in (plain, padded)))


@ARCHITECTURES
def test_a_padded_model_is_saved_as_it_was(architecture, tokenizers, tmp_path):
    tokenizer = load_tokenizer(tokenizers[architecture])
    objective, _ = make_objective(architecture, tokenizers)
    save_model(objective.model, tokenizer, tmp_path / "plain")
    gpu.pad_vocabulary(objective.model)
    gpu.cut_vocabulary(objective.model)
    save_model(objective.model, tokenizer, tmp_path / "padded")
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "padded" / name).read_bytes()
    if architecture == "gpt2":
        loaded = load_language_model(tmp_path / "padded", "sdpa")
        assert loaded.get_output_embeddings().weight is loaded.get_input_embeddings().weight
        assert len(loaded.get_input_embeddings().weight) == len(tokenizer)


# ── what is chosen ──


@pytest.mark.parametrize(
    ("batch", "most", "processes", "taken"),
    [(512, 16, 1, 16), (24, 16, 1, 12), (24, None, 2, 12), (8, 100, 1, 8), (7, 3, 1, 1)],
)
@pytest.mark.parametrize(("memory", "sliced"), [(80e9, False), (1e6, True)])
def test_speed_up_makes_equal_parts_and_holds_the_logits_that_fit(
    batch, most, processes, taken, memory, sliced, tokenizers, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=memory))
    objective, _ = make_objective("gpt2", tokenizers)
    options = TrainingOptions(1e-3, batch, 1, "cosine", 0.1, 0.0, 1.0, "last", "auto", "auto", 10, micro_batch=most)
    environment = Environment(CPU, "bf16", "sdpa")
    environment, options = gpu.speed_up(objective, SHAPES["gpt2"], environment, options, CONTEXT, processes)
    assert environment.attention == objective.model.config._attn_implementation == gpu.ATTENTION
    assert (options.micro_batch, objective.sliced) == (taken, sliced)
    assert len(objective.model.get_input_embeddings().weight) > objective.model.config.vocab_size, "whatever the memory"


def test_a_gpu_without_bfloat16_keeps_its_attention(tokenizers, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=1e6))
    objective, _ = make_objective("gpt2", tokenizers)
    options = TrainingOptions(1e-3, 8, 1, "cosine", 0.1, 0.0, 1.0, "last", "auto", "auto", 10)
    given = SHAPES["gpt2"], Environment(CPU, "fp32", "sdpa"), options, CONTEXT, 1
    assert gpu.speed_up(objective, *given)[0].attention == "sdpa"


# ── utilisation ──


def test_flops_of_gpt2_small_are_those_of_the_formula():
    """6 N + 6 L d T with the 124 M parameters of GPT-2 small, of which the published count is known."""
    from transformers import GPT2Config, GPT2LMHeadModel

    with torch.device("meta"):
        model = GPT2LMHeadModel(GPT2Config())
    assert flops_per_token(model, 1024) == 6 * 124_439_808 + 6 * 12 * 768 * 1024


def test_a_bert_counts_its_head_for_the_masked_tokens_and_attention_in_both_directions(tokenizers):
    objective, _ = make_objective("bert", tokenizers)
    config, model = objective.model.config, objective.model
    table = config.vocab_size * config.hidden_size
    parameters = sum(p.numel() for p in model.parameters()) - 0.85 * table
    attention = 12 * config.num_hidden_layers * config.hidden_size * 50
    assert flops_per_token(model, 50) == pytest.approx(6 * parameters + attention)


def test_the_rate_of_a_cpu_is_not_measured():
    assert product_rate(CPU, "bf16") is None
