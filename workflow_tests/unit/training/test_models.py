"""Models from a folder, a mirror, a hub that answers as the real one does, or from nothing."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer, GPTNeoConfig, GPTNeoModel

import helpers.hub
from helpers.data import SHAPES
from helpers.hub import COMMIT, hub_of, site_of
from helpers.models import MARK, add_own_code
from linguist.errors import LinguistError
from linguist.sequences import fetching
from linguist.tokenizers.loading import load_tokenizer
from linguist.training import cpu as dropout
from linguist.training.hub import measure_model
from linguist.training.models import (
    build_model,
    fetch_model,
    initialize_model,
    load_base_model,
    load_classifier,
    randomize_model,
)


def weights(folder):
    return (Path(folder) / "model.safetensors").read_bytes()


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_sizes_and_ids_come_from_the_tokenizer(architecture, base_models):
    """GPT-2's own defaults (50,257 tokens, special tokens at 50,256) would point past a small vocabulary."""
    model, tokenizer = (
        AutoModel.from_pretrained(base_models[architecture]),
        AutoTokenizer.from_pretrained(base_models[architecture]),
    )
    assert model.config.vocab_size == len(tokenizer) == model.get_input_embeddings().weight.shape[0]
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        assert getattr(model.config, name) == getattr(tokenizer, name)
    assert model.dtype == torch.float32


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_a_seed_is_its_bytes(architecture, base_models, tokenizers, tmp_path):
    torch.rand(7)
    for seed in (1, 2):
        initialize_model(
            "m",
            {"architecture": architecture, "shape": SHAPES[architecture], "seed": seed},
            tokenizers[architecture],
            tmp_path / str(seed),
        )
    assert weights(tmp_path / "1") == weights(base_models[architecture])
    assert weights(tmp_path / "2") != weights(base_models[architecture])


@pytest.mark.parametrize(
    ("architecture", "field"), [("gpt2", "resid_pdrop"), ("bert", "hidden_dropout_prob")], ids=["gpt2", "bert"]
)
def test_pretraining_has_the_dropout_that_the_shape_asks_for(architecture, field, tokenizers):
    """And the configuration keeps the architecture's own for fine-tuning."""
    tokenizer = load_tokenizer(tokenizers[architecture])

    def dropouts(context, **shape):
        entry = {"architecture": architecture, "shape": SHAPES[architecture] | shape}
        model = build_model("m", entry, tokenizer, "sdpa", context)
        assert getattr(model.config, field) == shape.get(field, 0.1)
        return {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}

    assert dropouts(0) == {0.1}
    assert dropouts(64) == {0.0}
    assert dropouts(64, **{field: 0.3}) == {0.0, 0.3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_embd": 33}, "divisible"),
        ({"n_head": "two"}, "n_head"),
        ({"n_head": 0}, "zero"),
        ({"n_embd": -4}, "negative"),
        ({"activation_function": "foo"}, "foo"),
    ],
)
def test_a_wrong_shape_is_one_line(change, message, tokenizers, tmp_path):
    with pytest.raises(LinguistError, match=message) as caught:
        initialize_model(
            "tiny",
            {"architecture": "gpt2", "shape": SHAPES["gpt2"] | change, "seed": 1},
            tokenizers["gpt2"],
            tmp_path / "model",
        )
    assert str(caught.value).startswith("config: models.tiny.shape: ")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_a_folder_is_fetched_unchanged(architecture, base_models, tmp_path):
    fetch_model("m", tmp_path / "model", path=base_models[architecture])
    assert weights(tmp_path / "model") == weights(base_models[architecture])
    assert (tmp_path / "model" / "tokenizer.json").read_bytes() == (
        base_models[architecture] / "tokenizer.json"
    ).read_bytes()


def test_half_precision_stays_and_is_loaded_as_single(base_models, tmp_path):
    AutoModel.from_pretrained(base_models["bert"], dtype=torch.float16).save_pretrained(tmp_path / "half")
    AutoTokenizer.from_pretrained(base_models["bert"]).save_pretrained(tmp_path / "half")
    fetch_model("m", tmp_path / "model", path=tmp_path / "half")
    half, loaded = (
        load_file(tmp_path / "half/model.safetensors"),
        load_base_model(tmp_path / "model", None).state_dict(),
    )
    assert weights(tmp_path / "model") == weights(tmp_path / "half")
    assert {tensor.dtype for tensor in loaded.values()} == {torch.float32}
    assert all(torch.equal(loaded[name], half[name].float()) for name in half)
    randomize_model(tmp_path / "model", 1, tmp_path / "random")
    assert {tensor.dtype for tensor in load_file(tmp_path / "random/model.safetensors").values()} == {torch.float32}


def test_a_pooler_is_kept_and_a_missing_one_is_drawn_from_the_seed(base_models, tmp_path):
    for name, pooler in (("whole", True), ("bare", False)):
        AutoModel.from_pretrained(base_models["bert"], add_pooling_layer=pooler).save_pretrained(tmp_path / name)
        AutoTokenizer.from_pretrained(base_models["bert"]).save_pretrained(tmp_path / name)
        fetch_model("m", tmp_path / f"{name}-fetched", path=tmp_path / name)

    def pooler_of(name, seed):
        return load_classifier(tmp_path / name, ("different", "same"), seed, "eager").bert.pooler.dense.weight

    stored = load_file(tmp_path / "whole/model.safetensors")["pooler.dense.weight"]
    assert torch.equal(pooler_of("whole-fetched", 1), stored) and torch.equal(pooler_of("whole-fetched", 2), stored)
    assert torch.equal(pooler_of("bare-fetched", 1), pooler_of("bare-fetched", 1))
    assert not torch.equal(pooler_of("bare-fetched", 1), pooler_of("bare-fetched", 2))


def test_a_mirror_is_taken_instead_of_the_hub(no_home, base_models, tmp_path):
    (tmp_path / "mirror" / "org").mkdir(parents=True)
    (tmp_path / "mirror" / "org" / "tiny").symlink_to(base_models["gpt2"])
    fetch_model("m", tmp_path / "model", hub="org/tiny", revision=COMMIT, mirror=tmp_path / "mirror")
    assert weights(tmp_path / "model") == weights(base_models["gpt2"])
    for mirror in (tmp_path / "mirror", tmp_path / "nowhere"):
        lacks = f"models/m: no folder {mirror}/org/other in the mirror, and cannot fetch org/other at {COMMIT} from "
        with pytest.raises(LinguistError, match=f"^{lacks}.*; put the model there") as caught:
            fetch_model("m", tmp_path / "none", hub="org/other", revision=COMMIT, mirror=mirror)
        assert "\n" not in str(caught.value)
    with pytest.raises(LinguistError, match="^models/m: cannot fetch org/other"):
        fetch_model("m", tmp_path / "none", hub="org/other", revision=COMMIT, mirror="https://example.org/mirror")


@pytest.mark.parametrize("damage", ["absent", "no weights", "half", "no config"])
def test_a_broken_folder_is_one_line(damage, base_models, tmp_path):
    folder = tmp_path / "broken"
    if damage != "absent":
        folder.mkdir()
        for path in base_models["bert"].iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
    if damage == "half":
        (folder / "model.safetensors").write_bytes(weights(folder)[:5000])
    elif damage != "absent":
        (folder / ("model.safetensors" if damage == "no weights" else "config.json")).unlink()
    with pytest.raises(LinguistError, match="models/m: .*broken.*; (check|give)") as caught:
        fetch_model("m", tmp_path / "model", path=folder)
    assert "\n" not in str(caught.value)
    with pytest.raises(LinguistError, match="broken: "):
        load_classifier(folder, ("different", "same"), 0, "eager")


@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_the_head_is_drawn_from_the_seed(architecture, base_models):
    """Whatever was drawn before: the authors of paper 1 built the head before they seeded."""

    def head(seed):
        torch.rand(seed + 3)
        model = load_classifier(base_models[architecture], ("different", "same"), seed, "eager")
        return getattr(model, "classifier" if architecture == "bert" else "score").weight

    assert torch.equal(head(5), head(5))
    assert not torch.equal(head(5), head(6))


def test_an_attention_that_the_architecture_lacks_steps_aside(tmp_path, caplog):
    shape = {"hidden_size": 8, "num_layers": 1, "num_heads": 1, "attention_types": [[["global"], 1]]}
    GPTNeoModel(GPTNeoConfig(vocab_size=50, **shape)).save_pretrained(tmp_path)
    for attention in (dropout.ATTENTION, "sdpa"):
        model = load_classifier(tmp_path, ("different", "same"), 0, attention)
        assert model.config._attn_implementation == "eager"
        expected = load_classifier(tmp_path, ("different", "same"), 0, "eager")
        assert torch.equal(model.score.weight, expected.score.weight)
    assert [text.partition(": a ")[2] for text in caplog.messages] == ["gpt_neo has no sdpa attention; eager is used"]


@pytest.fixture
def no_home(tmp_path, monkeypatch):
    """No cache and no token of the user's, no network, and no pauses between attempts."""
    for name in ("HF_HUB_CACHE", "HF_TOKEN", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(fetching, "WAIT", 0)


@pytest.fixture
def hub(no_home, base_models, tmp_path, monkeypatch):
    """A hub whose one model the test may change."""
    shutil.copytree(base_models["bert"], tmp_path / "org")
    with hub_of(tmp_path / "org") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.base)
        yield server


def asked(hub):
    return [path.rpartition("/")[2] for path, _ in hub.requests]


def test_a_model_comes_from_the_hub(hub, base_models, tmp_path, monkeypatch):
    (hub.folder / "pytorch_model.bin").write_bytes(b"not wanted, since there is a safetensors file")
    (hub.folder / "README.md").write_text("not wanted")
    monkeypatch.setenv("HF_TOKEN", "s3cret")
    size = measure_model("org/tiny", COMMIT)
    fetch_model("m", tmp_path / "model", hub="org/tiny", revision=COMMIT)
    assert weights(tmp_path / "model") == weights(base_models["bert"])
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")
    assert loaded.config.vocab_size == len(AutoTokenizer.from_pretrained(tmp_path / "model"))
    assert not {"pytorch_model.bin", "README.md"} & {*asked(hub)}
    assert {token for _, token in hub.requests} == {"Bearer s3cret"}
    assert size == sum(path.stat().st_size for path in base_models["bert"].iterdir())
    assert [path.name for path in (tmp_path / "model").parent.glob(".model*")] == []


def test_a_preview_downloads_no_weights_but_must_find_them(hub, base_models, tmp_path):
    fetch_model("m", tmp_path / "model", hub="org/tiny", revision=COMMIT, cut={"layers": 1})
    assert "tokenizer.json" in asked(hub) and "model.safetensors" not in asked(hub)
    load_classifier(tmp_path / "model", ("different", "same"), 0, None)
    for folder, place in ((hub.folder, {"hub": "org/tiny", "revision": COMMIT}), (hub.folder, {"path": hub.folder})):
        (folder / "model.safetensors").unlink(missing_ok=True)
        with pytest.raises(LinguistError, match="models/m: .*model.safetensors"):
            fetch_model("m", tmp_path / "none", **place, cut={"layers": 1})


def test_the_hubs_cache_needs_no_hub(no_home, base_models, tmp_path):
    snapshot = tmp_path / "home/hub/models--org--tiny/snapshots" / COMMIT
    shutil.copytree(base_models["gpt2"], snapshot)
    fetch_model("m", tmp_path / "model", hub="org/tiny", revision=COMMIT)
    assert weights(tmp_path / "model") == weights(base_models["gpt2"])
    (snapshot / "model.safetensors").unlink()  # half a download of another program
    with pytest.raises(LinguistError, match="from http://127.0.0.1:9"):
        fetch_model("m", tmp_path / "none", hub="org/tiny", revision=COMMIT)


@pytest.mark.parametrize(
    ("name", "revision", "cause"),
    [("org/tiny", "b" * 40, "HTTP 404"), ("org/none", COMMIT, "HTTP 404"), ("org/tiny", COMMIT, "sha256 is")],
)
def test_what_the_hub_does_not_give_is_one_line(name, revision, cause, hub, tmp_path, monkeypatch):
    describe = helpers.hub.describe
    swapped = lambda path: describe(path) | {"lfs": {"oid": "0" * 64}}  # noqa: E731
    monkeypatch.setattr(helpers.hub, "describe", swapped)
    with pytest.raises(
        LinguistError, match=f"models/m: .*{name} at {revision} .*{cause}.*; check id and revision"
    ) as caught:
        fetch_model("m", tmp_path / "model", hub=name, revision=revision)
    assert "\n" not in str(caught.value) and not (tmp_path / "model").exists()


def test_a_hub_that_is_down_is_asked_again_for_a_time_that_the_log_says(no_home, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(fetching, "WAIT", 0.01)
    with pytest.raises(LinguistError, match=r"Connection refused.* \(4 attempts in \d+ s\); check") as caught:
        fetch_model("m", tmp_path / "model", hub="org/tiny", revision=COMMIT)
    assert "\n" not in str(caught.value)
    assert [text.partition("again in ")[2].split()[0] for text in caplog.messages] == ["0.01", "0.02", "0.04"]
    assert [text.rpartition(" of ")[2] for text in caplog.messages] == [
        "0.07 s in all",
        "0.06 s in all",
        "0.04 s in all",
    ]
    assert measure_model("org/tiny", COMMIT) is None


@pytest.mark.parametrize("listing", [b"<html>", b"{}", b"[1]", b'[{"type": "file"}]'])
def test_what_is_no_hub_is_one_line(listing, no_home, tmp_path, monkeypatch):
    (tmp_path / "site/api/models/org/tiny/tree").mkdir(parents=True)
    (tmp_path / "site/api/models/org/tiny/tree" / COMMIT).write_bytes(listing)
    with site_of(tmp_path / "site") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.base)
        with pytest.raises(LinguistError, match="models/m: "):
            fetch_model("m", tmp_path / "model", hub="org/tiny", revision=COMMIT)
        assert measure_model("org/tiny", COMMIT) is None


def test_a_model_of_the_hub_with_its_own_code_is_refused_before_its_weights_come(hub, tmp_path):
    add_own_code(hub.folder, "config.json")
    with pytest.raises(LinguistError, match="models/m: org/tiny: this model needs its own code"):
        fetch_model("m", tmp_path / "model", hub="org/tiny", revision=COMMIT)
    assert not [name for name in asked(hub) if name.endswith((".safetensors", ".py"))]
    assert not list(tmp_path.rglob(MARK)) and not (tmp_path / "model").exists()
