"""Model cards: the hub can read them, and their numbers are those of the inputs."""

import copy

import pytest
import yaml
from huggingface_hub import ModelCard

from linguist.training.cards import model_card

MODELS = {
    "gpt2": {"architecture": "gpt2", "shape": {"n_embd": 32, "n_layer": 7}, "corpus": "mix", "tokenizer": "t"},
    "bert": {"architecture": "bert", "shape": {"hidden_size": 48}, "corpus": "mix", "tokenizer": "t"},
}
MANIFEST = {
    "seed": 3,
    "dev": 0.05,
    "sources": {
        "genome": {
            "kind": "dna",
            "resources": ["hs1", "mm39"],
            "licence": "CC0-1.0",
            "bytes": 1_234_567,
            "documents": 8_901,
        },
        "english": {"kind": "text", "resources": ["wiki"], "licence": "CC-BY-SA-4.0", "bytes": 222, "documents": 33},
        "pairs": {"kind": "protein", "pairsets": ["p"], "bytes": 44, "documents": 5},
    },
}
TRAIN = {"vocab_size": 50_257, "sources": {"0": {"tokens": 345_678}, "1": {"tokens": 91}}}
METRICS = {
    "seed": 17,
    "parameters": 9_876_543,
    "epoch": 4,
    "steps": 5_432,
    "dev_loss_genome": 6.54321,
    "unigram_loss_genome": 7.12,
    "bigram_loss_genome": 6.9,
    "dev_bits_genome": 1.91,
    "dev_loss_english": 3.25,
    "unigram_loss_english": 5.5,
    "options": {
        "batch_size": 64,
        "context": 256,
        "learning_rate": 5e-5,
        "schedule": "cosine",
        "warmup": 500,
        "weight_decay": 0.01,
    },
    "precision": "bf16",
    "device": "a device",
    "versions": {"torch": "2.99.1", "numpy": "9.8"},
}


def card(architecture="gpt2", **changes):
    return model_card("my-model", MODELS[architecture], MANIFEST, METRICS | changes, TRAIN)


def rows(text, after):
    """The rows of the table under a heading: {first cell: the others}."""
    lines = text.split(f"## {after}")[1].split("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert len({len(line) for line in cells}) == 1, "a table"
    assert set(cells[1]) == {"---"}
    return {first: rest for first, *rest in [cells[0], *cells[2:]]}


def test_texts_of_the_config_are_text_in_the_card():
    manifest = copy.deepcopy(MANIFEST)
    manifest["sources"]["genome"]["licence"] = "a | b\n\n# <script>x</script>"
    model = MODELS["gpt2"] | {"shape": {"n_embd": 32, "summary_type": "x\n---\n<img src=x>"}}
    text = model_card("my-model", model, manifest, METRICS, TRAIN)
    assert rows(text, "Data")["genome"][-1] == "a / b  # &lt;script&gt;x&lt;/script&gt;"
    assert "<script>" not in text and "<img" not in text and text.count("\n---\n") == 1


@pytest.mark.parametrize(
    ("architecture", "pipeline", "loader"),
    [("gpt2", "text-generation", "AutoModelForCausalLM"), ("bert", "fill-mask", "AutoModelForMaskedLM")],
)
def test_the_hub_reads_the_front_matter(architecture, pipeline, loader):
    text = card(architecture)
    assert text.startswith("---\n")
    front = yaml.safe_load(text.split("---\n")[1])
    assert front == {
        "library_name": "transformers",
        "pipeline_tag": pipeline,
        "tags": [architecture, "dna-linguist"],
    }
    assert ModelCard(text).data.to_dict() == front
    assert text.count(loader) == 2
    compile(text.split("```python\n")[1].split("```")[0], "card", "exec")


def test_data_are_those_of_the_manifest_and_the_tokens():
    assert rows(card(), "Data") == {
        "source": ["kind", "from", "bytes", "documents", "training tokens", "licence"],
        "genome": ["dna", "hs1, mm39", "1,234,567", "8,901", "345,678", "CC0-1.0"],
        "english": ["text", "wiki", "222", "33", "91", "CC-BY-SA-4.0"],
        "pairs": ["protein", "p", "44", "5", "0", "not stated"],
    }
    assert "5.00% of the documents" in card()


def test_losses_are_those_of_the_metrics_and_a_dash_where_there_is_none():
    assert rows(card(), "Losses on the dev split") == {
        "source": ["loss", "unigram model", "bigram model", "bits"],
        "genome": ["6.543", "7.120", "6.900", "1.910 per base"],
        "english": ["3.250", "5.500", "–", "–"],
        "pairs": ["–", "–", "–", "–"],
    }


def test_a_loss_of_zero_is_a_figure():
    assert rows(card(dev_loss_genome=0.0), "Losses on the dev split")["genome"][0] == "0.000"


def test_the_training_is_that_of_the_metrics():
    text = card()
    for said in (
        "9,876,543 parameters (n_embd 32, n_layer 7; vocabulary 50,257)",
        "seed 17",
        "4 epochs, 5,432 steps of 64 blocks of 256 tokens",
        "5e-05, cosine, warm-up 500, weight decay 0.01",
        "bf16 on a device",
        "torch 2.99.1, numpy 9.8",
        "next token",
    ):
        assert said in text
    assert "masked tokens (15 %)" in card("bert")
