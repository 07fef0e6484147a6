"""What a job depends on: the smallest part of the configuration that decides its result.

Rules pass it as a parameter, so that a changed key reruns what depends on it and nothing else.
"""

from linguist.pairs.search import CHOICE_RULES

WORDING = ("phrasings", "held_out")  # keys of a task that say how models are asked


def without(entry, *keys):
    """An entry of the config without some of its keys."""
    return {key: value for key, value in entry.items() if key not in keys}


# ── pair sets, tasks and corpora ──


def positives_settings(config, pairset):
    """What the choice of a pair set's positives depends on: all of its rules but those that come after the choice."""
    spec = config["pairsets"][pairset]
    return spec | {"rules": {rule: spec["rules"][rule] for rule in CHOICE_RULES}}


def task_settings(config, task):
    """What a task's rows depend on: all but how models are asked and what stands beside the results."""
    return without(config["tasks"][task], *WORDING, "published")


def answers_of(config, trainset):
    """The answers of a task in the order of their labels; None for a pair set."""
    return config["tasks"][trainset]["answers"] if trainset in config["tasks"] else None


def is_genome(source):
    """Whether a corpus's source is a genome, which is cut into segments."""
    return source["kind"] == "dna" and "resources" in source


def source_settings(config, corpus, name):
    """What the documents of a corpus's source depend on: all but its licence and how they are mixed."""
    return without(config["corpora"][corpus]["sources"][name], "licence", "repeated")


def source_kinds(config, corpus):
    """The kind of each source of a corpus, in the order that numbers the sources."""
    return [source["kind"] for source in config["corpora"][corpus]["sources"].values()]


# ── instruction sets ──


def instruction_settings(config, instructions, tested=False):
    """What the rows of an instruction set depend on: all but how a model is tuned on them; and for the train and dev rows all
    but what only the `tested` rows depend on."""
    return without(config["instructions"][instructions], "loss", "tuning", *["swapped"] * (not tested))


def prompt_settings(config, instructions, tested=False):
    """How models are asked about the tasks of an instruction set: {task: its answers and phrasings, and for the `tested` rows
    the phrasing that is held out}."""
    keys = ("answers", "phrasings", *["held_out"] * tested)
    return {t: {key: config["tasks"][t][key] for key in keys} for t in config["instructions"][instructions]["tasks"]}


# ── models ──


def has_random_weights(model):
    """Whether a model (its entry in the config) is made here and not pretrained."""
    return "random_of" in model or ("architecture" in model and "corpus" not in model)


def weights_origin(spec):
    """Where a model's weights come from, in a phrase; `spec` is its entry in the config."""
    if "corpus" in spec:
        origin = f"{spec['architecture']}, pretrained here from random weights on the corpus {spec['corpus']}"
    elif "architecture" in spec:
        origin = f"{spec['architecture']}, from scratch: random weights, not pretrained"
    else:
        origin = f"{spec['hub']} at {spec['revision']}" if "hub" in spec else f"local folder {spec['path']}"
    return f"{origin}; {spec['note']}" if "note" in spec else origin


def model_settings(config, model):
    """What a model is made of, without how it is trained. A control with random weights is made as its original, without the
    corpus; or, if its original comes from elsewhere, from that model's shape (`random_of`)."""
    spec = config["models"][model]
    original = config["models"].get(spec.get("random_of"), {})
    if "architecture" in original:
        spec = without(original, "corpus")
    return without(spec, "pretraining", "finetuning", "prune_vocabulary", "note")


def pretraining_settings(config, model):
    """Pretraining options of a model: its own over those of the file."""
    return config["pretraining"] | config["models"][model].get("pretraining", {})


def tuning_settings(config, model, trainset):
    """Training options of a run. On a pair set, the model's own over those of the file; on a task, those of classification
    tuning; on an instruction set, the set's own over those of instruction tuning."""
    if trainset in config["tasks"]:
        return config["classification"]
    if trainset in config["instructions"]:
        return config["instruction_tuning"] | config["instructions"][trainset].get("tuning", {})
    own = config["models"][model]
    original = config["models"].get(own.get("random_of"), own)
    pruning = {"prune_vocabulary": True} if original.get("prune_vocabulary") else {}
    return config["finetuning"] | original.get("finetuning", {}) | pruning
