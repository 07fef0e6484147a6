"""The work of a preview and of the whole run."""

import pytest

from linguist.preview.workload import Workload


def test_a_whole_model_has_the_layers_and_the_vocabulary_of_its_configuration(preview, parameters):
    whole, cut, results = preview
    assert Workload(cut, results, False).shape("small").parameters == parameters(1, 2000)
    shape = Workload(whole, results, True).shape("small")
    assert (shape.layers, shape.vocabulary, shape.parameters) == (3, 5000, parameters(3, 5000))


def test_flops_are_those_of_the_tokens(preview):
    whole, _, results = preview
    load, per_token = Workload(whole, results, True), 2 * 3 * (12 * 16**2 + 13 * 16)
    sizes, epochs = whole["pairsets"]["en"]["sizes"], whole["finetuning"]["epochs"]
    passes = epochs * (3 * sizes["train"] + sizes["dev"]) + sizes["test"] + whole["pairsets"]["dna"]["sizes"]["test"]
    assert load.finetuning_flops("small", "en") == pytest.approx(30 * passes * per_token)
    tokens = 0.25 * 0.99 * 50_000_000 * whole["pretraining"]["epochs"]
    assert load.pretraining_flops("small") == pytest.approx(3 * tokens * (per_token + 2 * 5000 * 16))


def test_gpu_memory_grows_with_the_batch_and_gradient_checkpointing_lowers_it(preview, parameters):
    whole, _, results = preview
    load, batch = Workload(whole, results, True), whole["finetuning"]["batch_size"]
    usual = load.finetuning_memory("small", "en")
    assert usual - 16 * parameters(3, 5000) == pytest.approx(batch * 40 * 34 * 16 * 3)
    assert load.pretraining_memory("small") > 2 * 16 * parameters(3, 5000)
    flops = load.finetuning_flops("small", "en")
    whole["finetuning"]["gradient_checkpointing"] = True
    assert load.finetuning_memory("small", "en") < usual and load.finetuning_flops("small", "en") > flops


def test_resources_grow_to_their_whole_size(preview):
    whole, cut, results = preview
    assert Workload(cut, results, False).size("genome") == 1_000_000
    assert Workload(whole, results, True).size("genome") == 4_000_000_000
    assert Workload(cut, results, False).growth(["genome:chr1", "rows"]) == 1
    assert Workload(whole, results, True).growth(["genome:chr1", "rows"]) == 4000
