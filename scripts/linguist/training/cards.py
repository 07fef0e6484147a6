"""Model cards: what a model from here is, for people who find it without its workflow."""

from html import escape

from linguist.files import clean
from linguist.kinds import kind_of_source
from linguist.training.models import HEADS

PIPELINES = {"gpt2": "text-generation", "bert": "fill-mask"}


def model_card(name, model, manifest, metrics, train_info):
    """The README.md of a pretrained model's folder, as the hub expects it: Markdown after a block of YAML.

    Args: the model's name and entry in the config, its corpus's manifest, its metrics.json, and the description of the tokens
    of the train split (`packed.encode_corpus`).
    """
    architecture = model["architecture"]
    data_rows, loss_rows = [], []
    for number, (source, about) in enumerate(manifest["sources"].items()):
        counts = train_info["sources"].get(str(number), {"tokens": 0})
        data_rows.append(
            [
                source,
                about["kind"],
                ", ".join(about.get("resources") or about.get("pairsets")),
                f"{about['bytes']:,}",
                f"{about['documents']:,}",
                f"{counts['tokens']:,}",
                about.get("licence") or "not stated",
            ]
        )
        losses = [_three_digits(metrics.get(f"{prefix}loss_{source}")) for prefix in ("dev_", "unigram_", "bigram_")]
        bits = metrics.get(f"dev_bits_{source}")
        unit = kind_of_source(about["kind"]).letter
        loss_rows.append([source, *losses, "–" if bits is None else f"{bits:.3f} per {unit}"])
    options, shape = metrics["options"], _plain(", ".join(f"{key} {value}" for key, value in model["shape"].items()))
    head = HEADS[architecture].__name__
    objective = "the next token" if architecture == "gpt2" else "masked tokens (15 %)"
    return f"""---
library_name: transformers
pipeline_tag: {PIPELINES[architecture]}
tags: [{architecture}, dna-linguist]
---

# {name}

A {architecture} with {metrics["parameters"]:,} parameters ({shape}; vocabulary {train_info["vocab_size"]:,}). dna-linguist
pretrained it from random weights (seed {metrics["seed"]}) to predict {objective}.
Tokens of DNA, protein and text share one embedding table.

```python
from transformers import AutoTokenizer, {head}

model = {head}.from_pretrained("path/to/{name}")
tokenizer = AutoTokenizer.from_pretrained("path/to/{name}")
```

## Data

{_markdown_table(["source", "kind", "from", "bytes", "documents", "training tokens", "licence"], data_rows)}

The dev split has {manifest["dev"]:.2%} of the documents of each source. The licences of the data also apply to the weights.

## Losses on the dev split

Losses are in nats per token. Bits per letter include the ends of documents. The unigram and bigram models count the same
training tokens.

{_markdown_table(["source", "loss", "unigram model", "bigram model", "bits"], loss_rows)}

## Training

{metrics["epoch"]} epochs, {metrics["steps"]:,} steps of {options["batch_size"]} blocks of {options["context"]} tokens; AdamW,
learning rate {options["learning_rate"]:g}, {options["schedule"]}, warm-up {options["warmup"]:g}, weight decay {options["weight_decay"]:g},
{metrics["precision"]} on {metrics["device"]}. Versions: {", ".join(f"{package} {v}" for package, v in metrics["versions"].items())}.
"""


def _markdown_table(header, rows):
    lines = [header, ["---"] * len(header), *[map(_plain, row) for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text):
    """A text of the config on one line, without what Markdown or a table of it would read as its own."""
    return escape(clean(text).replace("|", "/"), quote=False)


def _three_digits(value):
    return "–" if value is None else f"{value:.3f}"
