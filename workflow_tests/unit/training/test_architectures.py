"""Every kind of model that people fine-tune: fetched, with its own attention, trained, resumed and tested; others are refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForTokenClassification

from helpers.architectures import ARCHITECTURES, REFUSED, make_architecture
from helpers.stops import stopped_after
from linguist.errors import LinguistError
from linguist.files import read_json
from linguist.tokenizers.loading import load_tokenizer
from linguist.training import cpu
from linguist.training.finetuning import SavedClassifier, finetune, write_predictions
from linguist.training.models import (
    fetch_model,
    load_base_model,
    load_classifier,
    load_language_model,
    randomize_model,
)
from linguist.training.tuning import Run

CAUSAL = ("gpt2", "gpt-neox", "llama", "mistral", "qwen3", "gemma2", "gpt-oss")
CLASSES = ("different", "same")


@pytest.fixture(scope="module", params=ARCHITECTURES)
def fetched(request, tokenizers, tmp_path_factory):
    """Folder of a fetched model; its name is that of the architecture."""
    folder = tmp_path_factory.mktemp("architectures")
    make_architecture(request.param, load_tokenizer(tokenizers["bert"]), folder / "source")
    fetch_model("m", folder / request.param, path=folder / "source")
    return folder / request.param


def test_a_preview_gets_fewer_layers_of_the_same_width(fetched, tmp_path):
    fetch_model("m", tmp_path / "cut", path=fetched, cut={"layers": 1})
    whole, cut = (load_classifier(folder, CLASSES, 1, None) for folder in (fetched, tmp_path / "cut"))
    assert (whole.config.num_hidden_layers, cut.config.num_hidden_layers, cut.config.whole_layers) == (2, 1, 2)
    shapes = {name: parameter.shape for name, parameter in whole.named_parameters()}
    for name, parameter in cut.named_parameters():
        assert parameter.shape == shapes[name] or "contact_head" in name  # ESM's has a weight for each layer
    randomize_model(tmp_path / "cut", 1, tmp_path / "random")
    assert load_classifier(tmp_path / "random", CLASSES, 1, None).config.whole_layers == 2


def forward(model, precision):
    """Logits of rows longer than a sliding window, padded and not, and the gradient of one weight of attention."""
    ids = torch.randint(5, 400, (3, 20), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 12:] = mask[2, 3:] = 0
    ids[mask == 0] = model.config.pad_token_id
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        logits = model.eval()(input_ids=ids, attention_mask=mask).logits.float()
    logits.square().sum().backward()
    return {"logits": logits} | {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_attention_of_a_cpu_gives_what_that_of_transformers_gives(precision, fetched):
    found = {}
    for attention in ("eager", cpu.ATTENTION):
        model = load_classifier(fetched, CLASSES, 1, attention)
        if attention == cpu.ATTENTION:
            cpu.install_fast_dropout(model, 1)
        found[attention] = forward(model, precision)
    assert (model.config._attn_implementation == cpu.ATTENTION) == (fetched.name in cpu.PLAIN)
    torch.testing.assert_close(found[cpu.ATTENTION], found["eager"])
    assert found["eager"]["logits"].abs().max() > 1e-3


def test_the_plain_architectures_are_tested():
    assert set(cpu.PLAIN) <= ARCHITECTURES.keys()


def test_all_but_the_head_comes_from_the_folder(fetched):
    """Whatever the seed. BERT and its like have a pooler, or a layer of the head, too."""
    one, other = (dict(load_classifier(fetched, CLASSES, seed, "eager").named_parameters()) for seed in (1, 2))
    drawn = [name for name in one if one[name].ndim > 1 and not torch.equal(one[name], other[name])]
    assert drawn and all(
        name.startswith(("classifier.", "score.", "head.", "pre_classifier.")) or "pooler" in name for name in drawn
    )
    share = load_classifier(fetched, CLASSES, 1, "eager").loaded_share
    new = sum(
        p.numel()
        for name, p in one.items()
        if name.split(".")[0] in {name.split(".")[0] for name in drawn if "pooler" not in name}
    )
    assert 0.9 < share <= 1 - new / sum(p.numel() for p in one.values())
    assert load_base_model(fetched, "eager").loaded_share >= share


def test_fine_tuning_resumes_to_equal_bytes_and_its_weights_give_predictions(fetched, encoded, options, tmp_path):
    files = encoded["bert"]["train"], encoded["bert"]["dev"]

    def job(folder):
        outputs = {"metrics": folder / "metrics.json", "curve": folder / "curve.tsv", "weights": folder / "weights"}
        return Run(fetched, 1, options | {"epochs": 1}, outputs, folder / "checkpoint.pt", threads=1)

    finetune(job(tmp_path / "whole"), files)
    with stopped_after(3):
        finetune(job(tmp_path / "again"), files)
    assert job(tmp_path / "again").checkpoint.exists()
    finetune(job(tmp_path / "again"), files)
    whole, again = ((tmp_path / name / "weights/model.safetensors").read_bytes() for name in ("whole", "again"))
    assert whole == again
    metrics = read_json(tmp_path / "whole/metrics.json")
    assert 0.9 < metrics["loaded_share"] < 1
    assert metrics["attention"] == (cpu.ATTENTION if fetched.name in cpu.PLAIN else "eager")
    write_predictions(
        SavedClassifier(tmp_path / "whole/weights", precision="fp32"), {"dev": files[1]}, {1: tmp_path / "p.tsv"}, 1
    )
    scores = pd.read_csv(tmp_path / "p.tsv", sep="\t")[["score0", "score1"]].to_numpy()
    labels = pd.read_csv(tmp_path / "p.tsv", sep="\t")["label"]
    assert np.isfinite(scores).all()
    assert np.mean(scores.argmax(1) == labels) == pytest.approx(metrics["dev_accuracy"])


def test_language_models_keep_their_head(fetched):
    if fetched.name in CAUSAL:
        assert load_language_model(fetched, "eager").loaded_share == 1
    else:
        with pytest.raises(LinguistError, match="is not causal"):
            load_language_model(fetched, "eager")


def test_a_head_for_another_task_is_left_behind(fetched):
    """Of those that the architecture has in transformers, and of DeBERTa-v3 on the hub."""
    source = fetched.with_name("tagger")
    AutoModelForTokenClassification.from_pretrained(fetched, num_labels=7).save_pretrained(source)
    if fetched.name == "deberta-v2":
        held = load_file(source / "model.safetensors")
        extra = {f"{name}.dense.weight": torch.ones(1) for name in ("lm_predictions.lm_head", "mask_predictions")}
        save_file(held | extra, source / "model.safetensors", metadata={"format": "pt"})
    load_tokenizer(fetched).save_pretrained(source)
    fetch_model("m", fetched.with_name("base"), path=source)
    found, expected = (
        load_base_model(fetched.with_name(name), "eager").state_dict() for name in ("base", fetched.name)
    )
    assert all(torch.equal(found[name], expected[name]) for name in expected if "pooler" not in name)
    assert not [name for name in load_file(fetched.with_name("base") / "model.safetensors") if "classifier" in name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_fitting_classifier_is_refused_in_one_line(name, tokenizers, tmp_path):
    make_architecture(name, load_tokenizer(tokenizers["bert"]), tmp_path / "source")
    with pytest.raises(LinguistError, match=f"^models/m: .*type {name} cannot be fine-tuned.*; give") as caught:
        fetch_model("m", tmp_path / "model", path=tmp_path / "source")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
