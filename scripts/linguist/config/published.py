"""The papers' figures: what is printed, which of it a study has too, and the conditions that differ, read from the config."""

import yaml

from linguist.config.plan import reads_grammar, synthetic_of
from linguist.files import open_text

PAWSX = "x-final/"  # the folder of PAWS-X's archive
MADE = {  # how we make what the paper made in another way
    "homologs": "negatives re-pair the positives' own sequences, matched in length and composition, where the paper's are random",
    "coding": "windows of coding sequences without introns and negatives of our own, where the paper has LucaOne's genes",
}


def read_published(path):
    """The figures of others: {"tasks", "setup", "tables", "vectors"}, as in resources/published.yaml."""
    with open_text(path) as handle:
        return yaml.safe_load(handle)


def name_of(asked, model):
    """The paper's name for a model of ours; `asked` is a study's key `published`."""
    return asked.get("as", {}).get(model, model)


def common_cells(asked, study, table):
    """The cells of a published table that a study has too: [(model, trainset, test, figure)], in the study's order."""
    rows = {(row["model"], row["trainset"]): row["accuracy"] for row in table["rows"]}
    return [
        (model, trainset, test, figures[test])
        for model in study["models"]
        for trainset in study["trainsets"]
        for figures in [rows.get((name_of(asked, model), trainset), {})]
        for test in study["tests"]
        if test in figures
    ]


def conditions(config, name, published):
    """What a study does otherwise than the paper whose figures stand beside it: [(what, ours and theirs)], computed.

    Args: the `config`, or its `plan.part_of`, the study's name, and
    `published` as of `read_published`. It looks only at models, training sets and tests as the study names them.
    """
    study, setup = config["studies"][name], published["setup"]
    sets = {p: config["pairsets"][p] for p in dict.fromkeys([*study["trainsets"], *study["tests"]])}
    found = [("figure", seeds_line(study, published["tables"]))]
    found += [("model", line) for model in study["models"] for line in model_lines(config, study, model, setup)]
    found += [("pair sets", line) for line in set_lines(config, sets, setup)]
    found += [("training rows", line) for line in size_lines(sets, study, setup)]
    longest = config["tokens"]["max_length"]
    if longest != setup["max_length"]:
        found.append(("tokens", f"inputs are cut at {longest} tokens, the paper's at {setup['max_length']}"))
    return found + [("fine-tuning", line) for line in tuning_lines(config, study, setup)]


def seeds_line(study, tables):
    """Which statistic of how many seeds stands beside the paper's."""
    count = len(study["seeds"])
    ours = (
        f"ours is the mean over {count} seeds, and beside it the best of them" if count > 1 else "ours is of one seed"
    )
    said = {"best": "the best of a number of seeds", "mean": "the mean over a number of seeds"}
    kinds = dict.fromkeys(tables[name]["statistic"] for name in study["published"]["tables"])
    return f"{ours}; the paper's is {' or '.join(said[kind] for kind in kinds)} that it does not tell"


def model_lines(config, study, model, setup):
    """What is different about a model: another one altogether, other weights, or another pretraining."""
    spec, theirs = config["models"][model], name_of(study["published"], model)
    paper = setup["models"].get(theirs, {})
    if "hub" in paper and spec.get("hub") != paper["hub"]:
        yield f"{model} stands for {theirs} ({paper['hub']}): it is another model, {origin_of(spec)}"
    elif theirs != model and "hub" not in spec:
        yield f"{model} stands for {theirs}: it is another model, {origin_of(spec)}"
    if "corpus" in spec:
        sources = config["corpora"][spec["corpus"]]["sources"].items()
        sizes = ", ".join(f"{name} {size_of(source)}" for name, source in sources)
        text = f"{model} is pretrained here, on the corpus {spec['corpus']} ({sizes})"
        text += f"; the paper's {theirs} on {paper['corpus']}" if "corpus" in paper else ""
        yield text + ("; its sentences are synthetic" if reads_grammar(config, spec["corpus"]) else "")


def origin_of(spec):
    """Where a model's weights come from, in a few words."""
    if "architecture" in spec:
        start = "pretrained here" if "corpus" in spec else "with random weights"
        return f"a {spec['architecture']} {start}"
    return spec.get("hub", "of a local folder")


def size_of(source):
    """How much a source of a corpus gives at most."""
    if "bytes" not in source:
        return "whole"
    return f"{source['bytes'] / 1e9:.2g} GB" if source["bytes"] >= 1e8 else f"{source['bytes'] / 1e6:.2g} MB"


def set_lines(config, sets, setup):
    """What is different about pair sets, those of a kind and origin in one line."""
    synthetic = [name for name in sets if synthetic_of(config, name)]
    if synthetic:
        yield f"{', '.join(synthetic)}: synthetic sentences of this project's grammar, where the paper has PAWS-X"
    tables = [name for name, spec in sets.items() if spec["recipe"] == "table"]
    pawsx = [n for n in tables if all(PAWSX in r for files in sets[n]["files"].values() for r in files)]
    if other := [name for name in tables if name not in pawsx]:
        yield f"{', '.join(other)}: read from other tables than PAWS-X's"
    if left := [name for name in pawsx if sets[name]["rules"].get("disjoint")]:
        yield f"{', '.join(left)}: without the train and dev rows that share a sentence with a later split"
    for recipe, said in MADE.items():
        if names := [name for name, spec in sets.items() if spec["recipe"] == recipe]:
            formula = ", by this project's similarity (the paper's formula was not published)" * (recipe == "homologs")
            yield f"{', '.join(names)}: built anew{formula}; {said}"
    for name, length in setup["lengths"].items():
        if "length" in sets.get(name, {}) and sets[name]["length"] != length:
            yield f"{name}: windows of {sets[name]['length']} letters, the paper's have {length} on average"
    if fresh := [n for n, spec in sets.items() if spec["recipe"] not in ("grammar", "table", *MADE)]:
        yield f"{', '.join(fresh)}: made by the recipe {', '.join(dict.fromkeys(sets[n]['recipe'] for n in fresh))}, not the paper's"


def size_lines(sets, study, setup):
    """Sentence sets that are trained on with fewer or more rows than PAWS-X has."""
    for trainset in study["trainsets"]:
        asked, paper = sets[trainset]["sizes"]["train"], setup["sizes"]["train"]
        if sets[trainset]["kind"] == "sentence" and asked != paper:
            yield f"{trainset} has {asked:,} rows to train on, the paper's {paper:,}"


def tuning_lines(config, study, setup):
    """Fine-tuning options that are not the paper's, a line for each value, with the models that have it."""
    for option, paper in setup["finetuning"].items():
        values = {}
        for model in study["models"]:
            options = config["finetuning"] | config["models"][model].get("finetuning", {})
            values.setdefault(options[option], []).append(model)
        for value, models in values.items():
            if value != paper:
                of = f" of {', '.join(models)}" if len(values) > 1 else ""
                yield f"{option}{of} is {plain_number(value)}, the paper's {plain_number(paper)}"


def plain_number(value):
    """A number without a needless zero, anything else as it is."""
    return f"{value:g}" if isinstance(value, float) else str(value)
