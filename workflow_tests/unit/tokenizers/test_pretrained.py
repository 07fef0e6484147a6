"""No code of a model's folder runs, whatever loads it, and whatever is typed."""

import ast
import io
import re
import shutil
import sys

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig

from helpers.data import ROOT
from helpers.models import MARK, add_own_code
from linguist.errors import LinguistError
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.models import (
    fetch_model,
    load_base_model,
    load_classifier,
    load_language_model,
    randomize_model,
)

LOADERS = {
    "fetch": lambda folder: fetch_model("m", folder.parent / "model", path=folder),
    "random weights": lambda folder: randomize_model(folder, 1, folder.parent / "model"),
    "tokenizer": load_tokenizer,
    "base model": lambda folder: load_base_model(folder, None),
    "classifier": lambda folder: load_classifier(folder, ("different", "same"), 0, None),
    "language model": lambda folder: load_language_model(folder, None),
}


@pytest.fixture(params=["config.json", "tokenizer_config.json", "config.5.0.0.json"])
def hostile(request, base_models, tmp_path):
    """A model's folder whose code would write a file beside it, named by one of its configurations."""
    shutil.copytree(base_models["gpt2"], tmp_path / "hostile")
    return add_own_code(tmp_path / "hostile", request.param)


@pytest.mark.parametrize("loader", LOADERS)
def test_a_folder_with_its_own_code_is_refused_in_one_line(loader, hostile, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    with pytest.raises(LinguistError, match="needs its own code .*which dna-linguist does not run") as caught:
        LOADERS[loader](hostile)
    assert "\n" not in str(caught.value) and "trust" not in str(caught.value)
    assert not list(hostile.parent.rglob(MARK)) and not (hostile.parent / "model").exists()


def test_the_code_would_run_if_it_were_trusted(base_models, tmp_path, monkeypatch):
    """So that the test above can fail."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.path", [*sys.path])
    shutil.copytree(base_models["gpt2"], tmp_path / "hostile")
    AutoConfig.from_pretrained(add_own_code(tmp_path / "hostile", "config.json"), trust_remote_code=True)
    assert (tmp_path / "hostile" / MARK).exists()


@pytest.mark.parametrize("content", ["[]", "1", "null"])
def test_a_configuration_that_is_no_mapping_is_refused(content, base_models, tmp_path):
    shutil.copytree(base_models["gpt2"], tmp_path / "model")
    (tmp_path / "model/config.json").write_text(content)
    for load in (LOADERS["fetch"], LOADERS["classifier"]):
        with pytest.raises(LinguistError, match="is not a JSON object"):
            load(tmp_path / "model")


class Opener:
    """Pickled, it is the call that creates a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("hostile", [False, True])
def test_pickled_weights_are_read_but_their_code_does_not_run(hostile, base_models, tmp_path):
    shutil.copytree(base_models["gpt2"], tmp_path / "pickled")
    (tmp_path / "pickled/model.safetensors").unlink()
    weights = load_file(base_models["gpt2"] / "model.safetensors")
    weights |= {"lm_head.weight": weights["transformer.wte.weight"]} | (
        {"more": Opener(tmp_path / MARK)} if hostile else {}
    )
    torch.save(weights, tmp_path / "pickled/pytorch_model.bin")
    if not hostile:
        LOADERS["fetch"](tmp_path / "pickled")
        fetched = load_file(tmp_path / "model/model.safetensors")
        assert all(torch.equal(fetched[name], weights[name]) for name in fetched)
        return
    with pytest.raises(LinguistError, match="cannot load"):
        LOADERS["fetch"](tmp_path / "pickled")
    assert not (tmp_path / MARK).exists()
    torch.load(tmp_path / "pickled/pytorch_model.bin", weights_only=False)
    assert (tmp_path / MARK).exists(), "the weights were harmless, so this test could not fail"


def calls_of(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            yield ast.unparse(node.func), given, ast.unparse(node)


RUNNERS = r"(eval|exec|yaml\.(unsafe_|full_)?load_all|yaml\.unsafe_load|yaml\.full_load|.*\.read_pickle|.*\.apply_chat_template)"
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


@pytest.mark.parametrize("path", sorted(ROOT.glob("scripts/**/*.py")), ids=lambda path: path.name)
def test_nothing_loads_in_a_way_that_could_run_code(path):
    tree = ast.parse(path.read_text())
    for name, given, call in calls_of(tree):
        assert not re.fullmatch(RUNNERS, name), f"{call}: can run what it reads"
        assert "allow_pickle" not in given, f"{call}: numpy then unpickles objects"
        if name.endswith("from_pretrained"):
            assert path.name == "pretrained.py", f"{call}: load it through load_pretrained"
        if name.endswith(("from_pretrained", ".from_config")):
            assert given["trust_remote_code"].value is False, call
        if name == "torch.load":
            assert given["weights_only"].value is True, call
        if name == "yaml.load":
            assert "SafeLoader" in ast.unparse(given["Loader"]), call
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not MODULES & {alias.name.partition(".")[0] for alias in node.names}, path
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            assert [alias.name for alias in node.names] == ["UnpicklingError"], path
