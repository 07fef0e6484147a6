"""What is synthetic in a configuration, so that no page takes the demo for an answer about natural language."""

from linguist.config.settings import has_random_weights
from linguist.config.used import bases_of, used_models, used_pairsets
from linguist.pairs.recipes import RECIPES


def is_synthetic(config, pairset):
    """Whether a pair set's sentences are those of the demo's grammar: its own, or those of a set that it is made from."""
    spec = config["pairsets"][pairset]
    return RECIPES[spec["recipe"]].synthetic or any(is_synthetic(config, base) for base in bases_of(spec))


def has_synthetic_sentences(config, corpus):
    """Whether a corpus holds synthetic sentences."""
    sources = config["corpora"][corpus]["sources"].values()
    return any(is_synthetic(config, name) for source in sources for name in source.get("pairsets", []))


def caveats(config):
    """Why the studies of a config cannot answer their questions, a sentence for each reason."""
    models = {name: config["models"][name] for name in used_models(config)}
    found = {
        "Synthetic sentences (no evidence about natural language)": [
            name for name in used_pairsets(config) if is_synthetic(config, name)
        ],
        "Models pretrained on synthetic sentences (no evidence about pretraining)": [
            name
            for name, model in models.items()
            if "corpus" in model and has_synthetic_sentences(config, model["corpus"])
        ],
        "Models with random weights (no evidence about pretraining)": [
            name for name, model in models.items() if has_random_weights(model) and "random_of" not in model
        ],
    }
    return [f"{reason}: {', '.join(names)}." for reason, names in found.items() if names]
