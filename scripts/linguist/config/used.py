"""What a configuration's studies make use of: pair sets, tasks, corpora, resources and models, in the order of the config."""

from linguist.config.plan import (
    all_models,
    all_runs,
    has_no_study,
    instruction_sets,
    tokenizers_of,
    trained_runs,
)
from linguist.pairs.recipes import RECIPES
from linguist.pairs.search import SEARCH_RULES
from linguist.tasks.recipes import RECIPES as TASK_RECIPES

SEARCH_KEYS = ("kind", "queries", "search", "length", "seed")  # what BLAST finds depends on them and on SEARCH_RULES


def in_order(section, names):
    """The names that are in a section of the config, in its order."""
    return [name for name in section if name in names]


def bases_of(spec):
    """The pair sets that a pair set is made from, if any."""
    return RECIPES[spec["recipe"]].bases(spec)


def is_synthetic(config, pairset):
    """Whether a pair set's sentences are those of the demo's grammar: its own, or those of a set that it is made from."""
    spec = config["pairsets"][pairset]
    return RECIPES[spec["recipe"]].synthetic or any(is_synthetic(config, base) for base in bases_of(spec))


def is_balanced(config, pairset):
    """Whether each split of a pair set has as many positives as negatives by construction, not by chance."""
    spec = config["pairsets"][pairset]
    balanced = RECIPES[spec["recipe"]].balanced
    return all(is_balanced(config, base) for base in bases_of(spec)) if balanced is None else balanced


def corpus_pairsets(config, corpus):
    """The pair sets whose sentences are documents of a corpus."""
    return [name for source in config["corpora"][corpus]["sources"].values() for name in source.get("pairsets", [])]


def has_synthetic_sentences(config, corpus):
    """Whether a corpus holds synthetic sentences."""
    return any(is_synthetic(config, name) for name in corpus_pairsets(config, corpus))


def used_pairsets(config):
    """Pair sets that a run is trained or tested on; all of them if the config asks for no run."""
    if has_no_study(config):
        return list(config["pairsets"])
    used = {name for study in config["studies"].values() for name in (*study["trainsets"], *study["tests"])}
    return in_order(config["pairsets"], used | {block["trainset"] for block in config["vectors"].values()})


def tested_sets(config):
    """Pair sets and tasks that a study tests on, in the order of the studies."""
    return list(dict.fromkeys(test for study in config["studies"].values() for test in study["tests"]))


def used_tasks(config):
    """Tasks that a study tests on; all of them if the config asks for no run."""
    if has_no_study(config):
        return list(config["tasks"])
    return in_order(config["tasks"], {test for study in config["studies"].values() for test in study["tests"]})


def used_models(config):
    """Models that runs start from; all of them if the config asks for no run."""
    if has_no_study(config):
        return list(config["models"])
    used = {model for study in config["studies"].values() for model in all_models(study)}
    return in_order(
        config["models"], used | {model for block in config["vectors"].values() for model in block["models"]}
    )


def pretrained_models(config):
    """The models among those in use that are pretrained here."""
    return [name for name in used_models(config) if "corpus" in config["models"][name]]


def used_instructions(config):
    """The instruction sets that a study trains on; all of them if the config asks for no run."""
    if has_no_study(config):
        return list(config["instructions"])
    return in_order(
        config["instructions"], {name for study in config["studies"] for name in instruction_sets(config, study)}
    )


def used_corpora(config):
    """The corpora of all tokenizers, and of the models that are pretrained."""
    used = {spec["corpus"] for spec in config["tokenizers"].values()}
    return in_order(config["corpora"], used | {config["models"][name]["corpus"] for name in pretrained_models(config)})


def trainings(config):
    """All trainings as (model, trainset, seed); a pretraining has None for the last two."""
    return [(model, None, None) for model in pretrained_models(config)] + trained_runs(all_runs(config))


# ── what is built on the way ──


def built_tasks(config):
    """All tasks that are built: those tested on, and those of the instruction sets in use."""
    names = {task for name in used_instructions(config) for task in config["instructions"][name]["tasks"]}
    return in_order(config["tasks"], names | {*used_tasks(config)})


def built_pairsets(config):
    """All pair sets of which anything is built: those in use, those in or kept out of a corpus, and those that these are
    made from, keep to the splits of or share a search with."""
    built = set(used_pairsets(config))
    for corpus in used_corpora(config):
        for source in config["corpora"][corpus]["sources"].values():
            built |= {*source.get("pairsets", []), *source["exclude"]["pairsets"]}
    for name, spec in reversed(config["pairsets"].items()):  # a set stands below those that it needs
        if name in built:
            built |= set(bases_of(spec))
            built |= {*earlier_searched(config, name), shared_search(config, name)} if is_searched(spec) else set()
    return in_order(config["pairsets"], built)


def built_models(config):
    """The models of studies; without a study, those that are pretrained."""
    return pretrained_models(config) if has_no_study(config) else used_models(config)


def used_resources(config):
    """The resources that pair sets, corpora and tasks are made from."""
    pairsets = [config["pairsets"][name] for name in built_pairsets(config)]
    tasks = [config["tasks"][name] for name in built_tasks(config)]
    found = [r for spec in pairsets for r in RECIPES[spec["recipe"]].resources(spec)]
    found += [r for spec in tasks for r in TASK_RECIPES[spec["recipe"]].resources(spec)]
    for corpus in used_corpora(config):
        for source in config["corpora"][corpus]["sources"].values():
            found += [*source.get("resources", []), *source["exclude"]["beds"]]
    return in_order(config["resources"], {reference.partition(":")[0] for reference in found})


def fetched_models(config):
    """The models among those in use, or that these are made from, whose weights come from the hub or from a folder."""
    return [name for name in wildcard_values(config)["model"] if {"hub", "path"} & config["models"][name].keys()]


def wildcard_values(config):
    """The values that wildcards of this config's jobs may have: {wildcard: values}. Other wildcards may have any value."""
    models = used_models(config)
    originals = {config["models"][model].get("random_of", model) for model in models}
    return {
        "pairset": built_pairsets(config),
        "task": built_tasks(config),
        "instructions": used_instructions(config),
        "corpus": used_corpora(config),
        "resource": used_resources(config),
        "model": in_order(config["models"], {*models, *originals}),
        "scatteritem": search_parts(config),
    }


# ── jobs of several pair sets ──


def shared_sets(config, names=None):
    """The lists of pair sets that share a job, in the order of the config: up to `sets_per_job` of `names`, by default all that
    are in use. A set that is left over has a job of its own."""
    names, size = used_pairsets(config) if names is None else names, config["sets_per_job"]
    parts = (tuple(names[start : start + size]) for start in range(0, len(names), size))
    return {part: () for part in parts if len(part) > 1}


def shared_tokens(config):
    """{pair sets: tokenizers that encode them in one job}."""
    found, read_by = {}, {name: tokenizers_of(config, name) for name in used_pairsets(config)}
    for tokenizer in dict.fromkeys(tokenizer for tokenizers in read_by.values() for tokenizer in tokenizers):
        for part in shared_sets(config, [name for name, tokenizers in read_by.items() if tokenizer in tokenizers]):
            found.setdefault(part, []).append(tokenizer)
    return found


# ── searches ──


def is_searched(spec):
    """Whether a pair set's positives come from a BLAST search."""
    return RECIPES[spec["recipe"]].searched


def shared_search(config, pairset):
    """The pair set under whose name a set's BLAST search runs: the first one with the same search settings."""

    def settings(spec):
        return [spec[key] for key in SEARCH_KEYS] + [spec["rules"][rule] for rule in SEARCH_RULES]

    wanted = settings(config["pairsets"][pairset])
    return next(name for name, spec in config["pairsets"].items() if is_searched(spec) and settings(spec) == wanted)


def earlier_searched(config, pairset):
    """The searched pair sets of the same kind above a set in the file: the set keeps to the splits of their families."""
    names, kind = list(config["pairsets"]), config["pairsets"][pairset]["kind"]
    above = {name: config["pairsets"][name] for name in names[: names.index(pairset)]}
    return [name for name, spec in above.items() if is_searched(spec) and spec["kind"] == kind]


def search_parts(config):
    """The names of the parts into which each search's windows are divided, as Snakemake's scattergather names them."""
    parts = config["blast"]["parts"]
    return [f"{part}-of-{parts}" for part in range(1, parts + 1)]


def retrieves(instructions):
    """Whether an instruction set has solved examples that BLAST finds."""
    return instructions["examples"] > 0 and instructions["retrieval"] == "blast"
