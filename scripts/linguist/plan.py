"""What a configuration asks for: runs, their tests, the tokenizers and models they need. Plain functions on the config."""

UNTRAINED = "untrained"  # the place of a training pair set in the path of a control: a fresh head, no training


def trainsets(study):
    """Training pair sets of a study, with its controls in the place of one."""
    return [*study["trainsets"], *study["controls"]]


def cells(config, study):
    """All runs of a study as (model, trainset, seed), in the order of the config."""
    block = config["studies"][study]
    return [(m, t, s) for m in block["models"] for t in trainsets(block) for s in block["seeds"]]


def runs(config):
    """The union of all studies' runs, each once, in the order of the config."""
    return list(dict.fromkeys(cell for study in config["studies"] for cell in cells(config, study)))


def trained(cells):
    """The runs among `cells` that are trained: all but the controls."""
    return [cell for cell in cells if cell[1] != UNTRAINED]


def used_pairsets(config):
    """Pair sets that a study trains or tests on, in the order of the config."""
    used = {p for study in config["studies"].values() for p in (*study["trainsets"], *study["tests"])}
    return [name for name in config["pairsets"] if name in used]


def readings(config, study):
    """What a study's models read, as (test, model), each once."""
    block = config["studies"][study]
    return [(test, model) for model in block["models"] for test in block["tests"]]


def tests_of(config, model, trainset):
    """Pair sets on which the runs of (model, trainset) are tested: the union over the studies that hold them."""
    found = (
        test
        for study in config["studies"].values()
        if model in study["models"] and trainset in trainsets(study)
        for test in study["tests"]
    )
    return list(dict.fromkeys(found))


def tokenizer_of(config, model):
    """Name of a model's tokenizer: a trained one, or the model's own, which goes by the model's name."""
    return config["models"][model].get("tokenizer", model)


def source_of(config, model):
    """What a model is made of, without how it is fine-tuned."""
    return {key: value for key, value in config["models"][model].items() if key != "finetuning"}


def finetuning_of(config, model):
    """Fine-tuning options of a model: its own laid over the study's."""
    return config["finetuning"] | config["models"][model].get("finetuning", {})


def seeds_of(config, model, trainset):
    """Seeds of all runs of (model, trainset)."""
    return [seed for m, t, seed in runs(config) if (m, t) == (model, trainset)]


def caveats(config):
    """What keeps a study from being a real answer, a sentence each: synthetic sentences, models with random weights."""
    synthetic = [name for name in used_pairsets(config) if config["pairsets"][name]["recipe"] == "grammar"]
    scratch = [name for name, model in config["models"].items() if "architecture" in model]
    found = []
    if synthetic:
        found.append(f"Synthetic sentences (no claim about natural language): {', '.join(synthetic)}.")
    if scratch:
        found.append(f"Models from scratch with random weights (no claim about pretraining): {', '.join(scratch)}.")
    return found
