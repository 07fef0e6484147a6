"""Weights are copied without being loaded, and a config.json that does not fit them is refused before anything is built."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer, GPT2Config, GPT2Model

from linguist.errors import LinguistError
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.models import fetch_model, load_base_model, load_classifier, save_model

LANGUAGE_MODELS = {"bert": AutoModelForMaskedLM, "gpt2": AutoModelForCausalLM}


@pytest.fixture(params=["bert", "gpt2"])
def source(request, base_models, tmp_path):
    """A copy of a model's folder, for the test to change."""
    return shutil.copytree(base_models[request.param], tmp_path / request.param)


def fetched(source):
    """The tensors of the model that is fetched from a folder."""
    target = source.with_name(f"{source.name}-fetched")
    fetch_model("m", target, path=source)
    assert [path.name for path in target.glob("*.safetensors")] == ["model.safetensors"]
    return load_file(target / "model.safetensors")


def edit(source, **changes):
    settings = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(settings | changes))
    return settings


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor)


def test_parts_become_one_file(source):
    expected = load_file(source / "model.safetensors")
    model = LANGUAGE_MODELS[source.name].from_pretrained(source)
    (source / "model.safetensors").unlink()
    model.save_pretrained(source, max_shard_size="50KB")
    assert len(list(source.glob("model-*.safetensors"))) > 1
    assert_equal(fetched(source), expected)
    next(source.glob("model-00002-*")).unlink()
    with pytest.raises(LinguistError, match="model-00002-of-.* is missing"):
        fetched(source)


@pytest.mark.parametrize("mapped", [True, False])
def test_pickled_weights_become_safetensors(mapped, source):
    expected = load_file(source / "model.safetensors")
    state = LANGUAGE_MODELS[source.name].from_pretrained(source).state_dict()
    (source / "model.safetensors").unlink()
    torch.save(state, source / "pytorch_model.bin", _use_new_zipfile_serialization=mapped)
    found = fetched(source)
    assert_equal({name: found[name] for name in expected}, expected)


def test_a_foreign_head_is_left_behind(source):
    """Else a new classifier would be that of another task, or have another number of classes."""
    model = load_classifier(source, ("a", "b", "c"), 1, "eager")
    save_model(model, load_tokenizer(source), source)
    found, heads = fetched(source), ("classifier.", "score.")
    expected = load_file(source / "model.safetensors")
    assert_equal(found, {name: tensor for name, tensor in expected.items() if not name.startswith(heads)})
    assert len(found) < len(expected)
    load_classifier(source.with_name(f"{source.name}-fetched"), ("different", "same"), 1, "eager")


def test_what_a_model_computes_itself_is_no_weight(base_models, tmp_path):
    """Old checkpoints hold masks, and their names are without the prefix of today's class."""
    source = shutil.copytree(base_models["gpt2"], tmp_path / "gpt2")
    expected = {
        name.removeprefix("transformer."): tensor for name, tensor in load_file(source / "model.safetensors").items()
    }
    masks = {"h.0.attn.bias": torch.ones(1, 1, 128, 128), "h.0.attn.masked_bias": torch.tensor(-1e4)}
    save_file(expected | masks, source / "model.safetensors", metadata={"format": "pt"})
    assert_equal(fetched(source), expected)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architectures": ["LlamaForCausalLM"]}, "LlamaForCausalLM"),
        ({"architectures": ["NoSuchForCausalLM"]}, "NoSuchForCausalLM"),
        ({"model_type": "llama"}, "llama"),
        ({"model_type": "llama", "architectures": None}, "the weights"),
        ({"hidden_size": 60_000, "n_embd": 60_000}, "0000"),
        ({"vocab_size": 10**9}, "1000000000"),
        ({"num_hidden_layers": 3, "n_layer": 3}, "lack"),
        ({"num_hidden_layers": 10**9, "n_layer": 10**9}, "1000000000 layers"),
    ],
)
def test_a_config_that_does_not_fit_is_one_line_before_memory_is_taken(changes, words, source):
    """A Llama by its defaults takes 26 GB, and a vocabulary of 10**9 tokens takes 128 GB."""
    edit(source, **changes)
    with pytest.raises(LinguistError, match=rf"^models/m: .*{words}.*; (give|correct)") as caught:
        fetched(source)
    assert "\n" not in str(caught.value)
    assert [path.name for path in source.parent.iterdir()] == [source.name]
    with pytest.raises(LinguistError, match=rf"{source.name}: .*{words}.*; (give|correct)"):
        load_base_model(source, None)


PEAK = """
import re, sys
from linguist.training.models import fetch_model
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) // 1000
before = peak()
fetch_model("m", sys.argv[2], path=sys.argv[1])
print(before, peak())
"""


@pytest.mark.parametrize("kind", ["safetensors", "pickled"])
def test_a_fetch_takes_little_memory(kind, base_models, tmp_path):
    """The weights are 283 MB. The packages alone take 330 MB without CUDA."""
    source = tmp_path / "large"
    config = GPT2Config(vocab_size=20_000, n_embd=1024, n_layer=4, n_head=16, n_positions=8)
    with torch.device("meta"):
        state = {
            name: torch.zeros_like(tensor, device="cpu") for name, tensor in GPT2Model(config).state_dict().items()
        }
    config.save_pretrained(source)
    AutoTokenizer.from_pretrained(base_models["gpt2"]).save_pretrained(source)
    if kind == "safetensors":
        save_file(state, source / "model.safetensors", metadata={"format": "pt"})
    else:
        torch.save(state, source / "pytorch_model.bin")
    assert sum(tensor.nbytes for tensor in state.values()) > 250e6
    command = [sys.executable, "-c", PEAK, str(source), str(tmp_path / "model")]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}, timeout=300)
    before, peak = map(int, done.stdout.split())
    assert peak - before < 170
    assert peak < 500 or torch.version.cuda
    assert (tmp_path / "model/model.safetensors").stat().st_size > 250e6
