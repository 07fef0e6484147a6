"""The final configuration: a study file laid over the defaults, checked and completed."""

import os

from linguist import layout
from linguist.config.checks import check_sense, check_study_file
from linguist.config.schema import default_config, read_schema, read_texts
from linguist.config.settings import is_genome
from linguist.config.validation import check_schema
from linguist.pairs.recipes import RECIPES
from linguist.splits import SPLITS
from linguist.training.controls import CONTROLS, RANDOM_ENDING

OTHER_NAMES = {"dev": ("valid", "val", "validation")}  # of a split's table in a folder
TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet")
NOTHING_EXCLUDED = {"exclude": {"places": [], "beds": [], "pairsets": []}}


def settle(study):
    """The final configuration of a study: its keys laid over the defaults, checked and completed.

    Args: `study` is the parsed study file (a dict), which stays as it is. Returns a new dict.
    Raises LinguistError, one line: the key, what is wrong, what would be right.
    """
    schema = read_schema()
    config = read_texts(merge(default_config(), study), schema, schema)
    check_schema(config, schema)
    check_study_file(config)
    config = complete(config)
    check_sense(config)
    return config


def merge(under, over):
    """`over` laid on `under`: mappings are merged key by key, anything else is replaced."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return {key: merge(under.get(key), over[key]) if key in over else under[key] for key in under | over}


def complete(config):
    """The config with everything filled in that its entries leave out, and with the models that are controls."""
    studies = {name: {"controls": []} | on_one_line(study) for name, study in config["studies"].items()}
    sections = config | {
        "resources": {name: with_places(resource) for name, resource in config["resources"].items()},
        "pairsets": complete_pairsets(config),
        "corpora": {name: complete_corpus(config["corpus"], corpus) for name, corpus in config["corpora"].items()},
        "tasks": {name: complete_task(config["task"] | with_places(task)) for name, task in config["tasks"].items()},
        "instructions": {name: config["instruction"] | spec for name, spec in config["instructions"].items()},
        "models": {name: with_places(model) for name, model in config["models"].items()} | random_models(studies),
        "studies": studies,
        "vectors": {name: on_one_line(block) for name, block in config["vectors"].items()},
    }
    return {
        key: {name: ordered(entry) for name, entry in part.items()} if isinstance(part, dict) else part
        for key, part in sections.items()
    }


def on_one_line(block):
    """A study or a comparison of token vectors with its title and question without line breaks."""
    return block | {key: " ".join(block[key].split()) for key in ("title", "question")}


def complete_pairsets(config):
    """All pair sets with seed, sizes, and the rules that their recipes read. A set made from others has their sizes; one that is read
    from tables gets `asked`, its own sizes, beside those that it has from `pairs.sizes`."""
    pairsets = {}
    for name, spec in config["pairsets"].items():
        recipe = RECIPES[spec["recipe"]]
        full = merge(config["pairs"], spec)
        # A set's own rule replaces the whole of the common one.
        rules = config["pairs"]["rules"] | spec.get("rules", {})
        full["rules"] = {rule: rules[rule] for rule in recipe.rules}
        bases = [pairsets[base] for base in (recipe.bases(spec) if "of" in spec else []) if base in pairsets]
        if bases:
            sizes = {split: sum(base["sizes"][split] for base in bases) for split in SPLITS}
            full["sizes"] = sizes | spec.get("sizes", {})
        if "files" in recipe.needs and "sizes" in spec:
            full["asked"] = spec["sizes"]
        pairsets[name] = full
    return pairsets


def random_models(studies):
    """The models with random weights that are controls of studies."""
    return {
        f"{model}{RANDOM_ENDING}": {"random_of": model}
        for study in studies.values()
        for model in study["models"]
        if any(CONTROLS[control].random_weights for control in study["controls"])
    }


def with_places(entry):
    """An entry whose paths are seen from the working folder."""
    return entry | {key: layout.named_path(entry[key]) for key in ("path", "folder") if key in entry}


def complete_task(task):
    """A task with its files; the tables of a folder are its {split}.csv, as GUE has them, or have another usual name."""
    if "folder" in task:
        return task | {"files": {split: [table_in(task["folder"], split)] for split in SPLITS}}
    return task


def table_in(folder, split):
    """The table of a split in a folder: the first of its usual names that exists; {split}.csv if none does."""
    names = [f"{name}{ending}" for name in (split, *OTHER_NAMES.get(split, ())) for ending in TABLE_ENDINGS]
    return next(filter(os.path.isfile, (os.path.join(folder, name) for name in names)), os.path.join(folder, names[0]))


def complete_corpus(defaults, corpus):
    """A corpus with the defaults of all corpora; how a genome is cut stands in its source."""
    cutting = {key: defaults[key] for key in ("lengths", "strands")}
    sources = {
        name: merge((cutting if is_genome(source) else {}) | NOTHING_EXCLUDED, source)
        for name, source in corpus["sources"].items()
    }
    return {key: defaults[key] for key in ("seed", "dev")} | corpus | {"sources": sources}


def ordered(value):
    """A mapping with its keys sorted, at every depth: the order in a file must not look like a change."""
    if not isinstance(value, dict):
        return value
    return {key: ordered(value[key]) for key in sorted(value, key=lambda key: (type(key).__name__, key))}
