"""What a configuration asks for: runs, their tests, the tokenizers and models they need. Plain functions on the config."""

from linguist.recipes import CHOICE, SEARCH_RULES

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
    """Pair sets that a study trains or tests on, in the order of the config; without a study, all of them."""
    used = {p for study in config["studies"].values() for p in (*study["trainsets"], *study["tests"])}
    return [name for name in config["pairsets"] if name in used or not config["studies"]]


SEARCHED = ("kind", "queries", "search", "length", "seed")


def search_of(config, pairset):
    """The pair set under whose name its BLAST search runs: the first one that asks for the very same search."""

    def asked(spec):
        return [spec[key] for key in SEARCHED] + [spec["rules"][rule] for rule in SEARCH_RULES]

    wanted = asked(config["pairsets"][pairset])
    return next(name for name, spec in config["pairsets"].items() if is_searched(spec) and asked(spec) == wanted)


def choice_of(config, pairset):
    """What the choice of a pair set's positives depends on: its part of the config without what comes after that."""
    spec = config["pairsets"][pairset]
    return spec | {"rules": {rule: spec["rules"][rule] for rule in CHOICE}}


def is_searched(spec):
    return spec["recipe"] == "homologs"


def is_genome(source):
    """Whether a corpus's source is a genome, which is cut into segments."""
    return source["kind"] == "dna" and "resources" in source


def kinds_of(config, corpus):
    """The kind of each source of a corpus, in the order that numbers them."""
    return [source["kind"] for source in config["corpora"][corpus]["sources"].values()]


def reading_of(source):
    """What a source's documents depend on: its entry of the config without what is only told of it."""
    return {key: value for key, value in source.items() if key != "licence"}


def earlier_of(config, pairset):
    """The pair sets of the same kind that stand before it and are searched for too: it keeps to their splits."""
    names = list(config["pairsets"])
    before = names[: names.index(pairset)]
    kind = config["pairsets"][pairset]["kind"]
    return [p for p in before if is_searched(config["pairsets"][p]) and config["pairsets"][p]["kind"] == kind]


def trainsets_of(config, test):
    """Other pair sets that the runs tested on `test` are trained on, in the order of the config."""
    found = {t for study in config["studies"].values() if test in study["tests"] for t in study["trainsets"]}
    return [name for name in config["pairsets"] if name in found - {test}]


def tokenizers_of(config, pairset):
    """Names of the tokenizers that a study reads a pair set with."""
    studies = (s for s in config["studies"].values() if pairset in (*s["trainsets"], *s["tests"]))
    return list(dict.fromkeys(tokenizer_of(config, model) for study in studies for model in study["models"]))


def tests(config):
    """Pair sets that a study tests on, each once."""
    return list(dict.fromkeys(test for study in config["studies"].values() for test in study["tests"]))


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
    """What a model is made of, without how it is trained."""
    return {key: value for key, value in config["models"][model].items() if key not in ("pretraining", "finetuning")}


def pretraining_of(config, model):
    """Pretraining options of a model: its own laid over the study's."""
    return config["pretraining"] | config["models"][model].get("pretraining", {})


def used_models(config):
    """Models that a study names, in the order of the config; without a study, all of them."""
    used = {model for study in config["studies"].values() for model in study["models"]}
    return [name for name in config["models"] if name in used or not config["studies"]]


def pretrained(config):
    """The models among those used that are pretrained here."""
    return [name for name in used_models(config) if "corpus" in config["models"][name]]


def finetuning_of(config, model):
    """Fine-tuning options of a model: its own laid over the study's."""
    return config["finetuning"] | config["models"][model].get("finetuning", {})


def seeds_of(config, model, trainset):
    """Seeds of all runs of (model, trainset)."""
    return [seed for m, t, seed in runs(config) if (m, t) == (model, trainset)]


def caveats(config):
    """What keeps a study from being a real answer, a sentence each: synthetic sentences, models with random weights."""
    synthetic = [name for name in used_pairsets(config) if config["pairsets"][name]["recipe"] == "grammar"]
    models = {name: config["models"][name] for name in used_models(config)}
    random = [name for name, model in models.items() if "architecture" in model and "corpus" not in model]
    small = [name for name, model in models.items() if "corpus" in model and reads_grammar(config, model["corpus"])]
    found = []
    if synthetic:
        found.append(f"Synthetic sentences (no claim about natural language): {', '.join(synthetic)}.")
    if small:
        found.append(f"Models pretrained on synthetic sentences (no claim about pretraining): {', '.join(small)}.")
    if random:
        found.append(f"Models with random weights (no claim about pretraining): {', '.join(random)}.")
    return found


def reads_grammar(config, corpus):
    """Whether a corpus holds synthetic sentences."""
    sources = config["corpora"][corpus]["sources"].values()
    return any(config["pairsets"][p]["recipe"] == "grammar" for source in sources for p in source.get("pairsets", []))
