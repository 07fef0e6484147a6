"""Model cards: what a model made here is, for those who find it without its workflow."""

from linguist.kinds import kind_of_source

PIPELINES = {"gpt2": "text-generation", "bert": "fill-mask"}
CLASSES = {"gpt2": "AutoModelForCausalLM", "bert": "AutoModelForMaskedLM"}


def model_card(name, model, manifest, metrics, train_info):
    """The README.md of a pretrained model's folder, in the hub's form: Markdown under a block of YAML.

    Args: the model's name and entry of the config, its corpus's manifest, its metrics, and the description of the tokens
    it was trained on (`tokens.encode_corpus`).
    """
    architecture = model["architecture"]
    rows = []
    for number, (source, about) in enumerate(manifest["sources"].items()):
        counts = train_info["sources"].get(str(number), {"tokens": 0})
        rows.append(
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
    data = table(["source", "kind", "from", "bytes", "documents", "training tokens", "licence"], rows)
    figures = []
    for source, about in manifest["sources"].items():
        row = [source, *(show(metrics.get(f"{of}loss_{source}")) for of in ("dev_", "unigram_", "bigram_"))]
        bits = show(metrics.get(f"dev_bits_{source}"))
        figures.append([*row, f"{bits} a {kind_of_source(about['kind']).letter}" if bits != "–" else bits])
    losses = table(["source", "loss", "unigram model", "bigram model", "bits"], figures)
    options, shape = metrics["options"], ", ".join(f"{key} {value}" for key, value in model["shape"].items())
    what = "next token" if architecture == "gpt2" else "masked tokens (15 %)"
    return f"""---
library_name: transformers
pipeline_tag: {PIPELINES[architecture]}
tags: [{architecture}, dna-linguist]
---

# {name}

A {architecture} of {metrics["parameters"]:,} parameters ({shape}; vocabulary {train_info["vocab_size"]:,}), pretrained from
random weights (seed {metrics["seed"]}) by dna-linguist to predict the {what}.
All its tokens, DNA, protein and text alike, share one embedding table.

```python
from transformers import AutoTokenizer, {CLASSES[architecture]}

model = {CLASSES[architecture]}.from_pretrained("path/to/{name}")
tokenizer = AutoTokenizer.from_pretrained("path/to/{name}")
```

## Data

{data}

{manifest["dev"]:.2%} of the documents of each source are held out as dev split. The licences above reach the weights.

## Losses on the dev split

In nats a token; bits a character count the ends of documents too. The unigram and bigram models count the same training tokens.

{losses}

## Training

{metrics["epoch"]} epochs, {metrics["steps"]:,} steps of {options["batch_size"]} blocks of {options["context"]} tokens; AdamW,
learning rate {options["learning_rate"]:g}, {options["schedule"]}, warm-up {options["warmup"]:g}, weight decay {options["weight_decay"]:g},
{metrics["precision"]} on {metrics["device"]}. Versions: {", ".join(f"{package} {v}" for package, v in metrics["versions"].items())}.
"""


def table(header, rows):
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def show(figure):
    return "–" if figure is None else f"{figure:.3f}"
