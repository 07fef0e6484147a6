"""A model's folder with code of its own, which writes a file if it runs."""

import json

from helpers.data import SHAPES

MARK = "the-code-has-run"


def add_own_code(folder, name):
    """Let a configuration of a model's folder name classes of the folder's own code, and give the folder."""
    mark = folder.resolve() / MARK
    code = (
        f"open({str(mark)!r}, 'w').close()\nfrom transformers import GPT2Config, GPT2LMHeadModel, GPT2TokenizerFast\n"
    )
    code += "class OwnConfig(GPT2Config):\n    model_type = 'own'\n"
    code += "class OwnModel(GPT2LMHeadModel):\n    config_class = OwnConfig\n"
    code += "class OwnTokenizer(GPT2TokenizerFast):\n    pass\n"
    (folder / "own.py").write_text(code)
    auto = {"AutoConfig": "own.OwnConfig", "AutoTokenizer": ["own.OwnTokenizer", "own.OwnTokenizer"]}
    auto |= dict.fromkeys(("AutoModel", "AutoModelForCausalLM", "AutoModelForSequenceClassification"), "own.OwnModel")
    path = folder / name
    settings = json.loads((folder / ("tokenizer_config.json" if "tokenizer" in name else "config.json")).read_text())
    path.write_text(json.dumps(settings | {"auto_map": auto} | ({} if "tokenizer" in name else {"model_type": "own"})))
    return folder


def make_model(folder):
    """Save a tiny GPT-2 with random weights, and a tokenizer of three-letter words."""
    from linguist.tokenizers.training import train_tokenizer
    from linguist.training.models import initialize_model

    train_tokenizer("kmer", (), folder.with_suffix(".tokenizer"), k=3)
    entry = {"architecture": "gpt2", "shape": SHAPES["gpt2"], "seed": 1}
    initialize_model(folder.name, entry, folder.with_suffix(".tokenizer"), folder)
