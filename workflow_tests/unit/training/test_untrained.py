"""Several classifiers of one model at once: the same logits as one by one, and the layers that they share computed once."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from helpers.architectures import ARCHITECTURES, make_architecture
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.models import fetch_model, load_classifier
from linguist.training.untrained import SharedLayers, draw_classifiers

CLASSES, SEEDS = ("different", "same"), (3, 1, 2)


def batches():
    draw = torch.Generator().manual_seed(1)
    for length in (9, 5, 9):
        yield {
            "input_ids": torch.randint(5, 90, (4, length), generator=draw),
            "attention_mask": torch.ones(4, length).long(),
        }


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_seed_gives_what_it_gives_alone(architecture, precision, tokenizers, tmp_path):
    make_architecture(architecture, load_tokenizer(tokenizers["bert"]), tmp_path / "source")
    fetch_model("m", tmp_path / "model", path=tmp_path / "source")
    model, classifiers = draw_classifiers(tmp_path / "model", CLASSES, SEEDS, None)
    alone, calls = [load_classifier(tmp_path / "model", CLASSES, seed, None).eval() for seed in SEEDS], []
    model.eval().base_model.get_input_embeddings().register_forward_hook(lambda *given: calls.append(1))
    with torch.inference_mode():
        for inputs in batches():
            found, expected = [], []
            for classify, classifier in zip(classifiers, alone, strict=True):
                with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                    found.append(classify(inputs))
                    expected.append(classifier(**inputs).logits)
            assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))
            assert not torch.equal(found[0], found[1]) and not torch.equal(found[1], found[2])
    assert len(calls) == 4  # once for each batch, and once more to see that this is the same


class HeadFirst(nn.Module):
    """What is drawn comes before what is shared."""

    def __init__(self):
        super().__init__()
        self.drawn, self.shared = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, x):
        return SimpleNamespace(logits=self.shared(self.drawn(x)))


def test_a_model_with_another_order_is_computed_whole():
    model = HeadFirst()
    states = [{"drawn.weight": torch.full((3, 3), float(seed))} for seed in (1, 2, 3)]
    layers = SharedLayers(model, ["drawn.weight"])
    with torch.inference_mode():
        for x in torch.rand(2, 4, 3):
            found = [layers.classify(state, {"x": x}, first=number == 0) for number, state in enumerate(states)]
            for state, logits in zip(states, found, strict=True):
                expected = model.shared(nn.functional.linear(x, state["drawn.weight"], model.drawn.bias))
                assert torch.equal(logits, expected)
