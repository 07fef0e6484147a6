"""What a configuration asks for: runs, their tests, the tokenizers and models they need. Plain functions on the config."""

from linguist.recipes import CHOICE, SEARCH_RULES

UNTRAINED = "untrained"  # the place of a training pair set in the path of a control: a fresh head, no training
RANDOM_WEIGHTS = "random-weights"  # a control of tasks: the same models with random weights
RANDOM = "-random"  # ... which go by the name of the model with this ending


def trainsets(study):
    """Training sets of a study, with an untrained control in the place of one."""
    return [*study["trainsets"], *(control for control in study["controls"] if control == UNTRAINED)]


def models_of(study):
    """Models of a study, with those of random weights that are their controls."""
    random = [f"{model}{RANDOM}" for model in study["models"]] if RANDOM_WEIGHTS in study["controls"] else []
    return [*study["models"], *random]


def cells(config, study):
    """All runs of a study as (model, trainset, seed), in the order of the config."""
    block = config["studies"][study]
    return [(m, t, s) for m in models_of(block) for t in trainsets(block) for s in block["seeds"]]


def is_of_tasks(config, study):
    """Whether a study is one of tasks, and not of pair sets."""
    return config["studies"][study]["tests"][0] in config["tasks"]


def pair_studies(config):
    """The studies of pair sets: {name: study}."""
    return {name: study for name, study in config["studies"].items() if not is_of_tasks(config, name)}


def task_studies(config):
    """The studies of tasks: {name: study}."""
    return {name: study for name, study in config["studies"].items() if is_of_tasks(config, name)}


def used_tasks(config):
    """Tasks that a study tests on, in the order of the config; without a study, all of them."""
    used = {test for study in config["studies"].values() for test in study["tests"]}
    return [name for name in config["tasks"] if name in used or not config["studies"]]


def answers_of(config, trainset):
    """The answers of a task, by label; None for a pair set."""
    return config["tasks"][trainset]["answers"] if trainset in config["tasks"] else None


def task_of(config, task):
    """What a task's rows depend on: its part of the config without how it is told."""
    spec = config["tasks"][task]
    return {key: value for key, value in spec.items() if key not in ("phrasings", "held_out", "published")}


def telling_of(config, instructions, asked=False):
    """How the tasks of an instruction set are told: {task: answers and phrasings, and if `asked` the one held out}."""
    keys = ("answers", "phrasings", *["held_out"] * asked)
    return {t: {key: config["tasks"][t][key] for key in keys} for t in config["instructions"][instructions]["tasks"]}


def set_of(config, instructions, asked=False):
    """What the rows of an instruction set depend on: its part of the config without how a model is tuned on it, and but
    for the rows that it is `asked` without what these alone read."""
    spec = config["instructions"][instructions]
    return {key: value for key, value in spec.items() if key not in ("loss", "tuning", *["swapped"] * (not asked))}


def sets_of(config, study):
    """The instruction sets that a study trains on."""
    return [name for name in config["studies"][study]["trainsets"] if name in config["instructions"]]


def is_random(model):
    """Whether a model of the config is made here and not pretrained."""
    return "random_of" in model or ("architecture" in model and "corpus" not in model)


def retrieves(spec):
    """Whether an instruction set has examples that BLAST finds."""
    return spec["examples"] > 0 and spec["retrieval"] == "blast"


def searched_tasks(config):
    """Tasks whose rows BLAST compares with their train rows, since an instruction set has examples of it."""
    sets = [spec for spec in config["instructions"].values() if retrieves(spec)]
    return [name for name in config["tasks"] if any(name in spec["tasks"] for spec in sets)]


def taught(config, study):
    """All (model, instruction set) that a study tunes, without the controls of random weights."""
    return [(model, name) for model in config["studies"][study]["models"] for name in sets_of(config, study)]


def task_readings(config, study):
    """What a study's classifiers read, as (task, model); a control of random weights reads as its original does."""
    block = config["studies"][study]
    return [(name, model) for model in block["models"] for name in block["trainsets"] if name in config["tasks"]]


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
    return list(dict.fromkeys(test for study in pair_studies(config).values() for test in study["tests"]))


def readings(config, study):
    """What a study's models read, as (test, model), each once."""
    block = config["studies"][study]
    return [(test, model) for model in block["models"] for test in block["tests"]]


def tests_of(config, model, trainset):
    """Sets on which the runs of (model, trainset) are tested: the union over the studies that hold them. A classifier of a
    task is tested on that task, an instructed model on those that it was told of."""
    found = (
        test
        for study in config["studies"].values()
        if model in models_of(study) and trainset in trainsets(study)
        for test in study["tests"]
    )
    if trainset in config["tasks"]:
        found = (test for test in found if test == trainset)
    elif trainset in config["instructions"]:
        found = (test for test in found if test in config["instructions"][trainset]["tasks"])
    return list(dict.fromkeys(found))


def tokenizer_of(config, model):
    """Name of a model's tokenizer: a trained one, or the model's own, which goes by the model's name."""
    spec = config["models"][model]
    return tokenizer_of(config, spec["random_of"]) if "random_of" in spec else spec.get("tokenizer", model)


def source_of(config, model):
    """What a model is made of, without how it is trained."""
    spec = config["models"][model]
    base = config["models"].get(spec.get("random_of"), {})
    if "architecture" in base:  # made as its original was, without the corpus
        spec = {key: value for key, value in base.items() if key != "corpus"}
    return {key: value for key, value in spec.items() if key not in ("pretraining", "finetuning")}


def pretraining_of(config, model):
    """Pretraining options of a model: its own laid over the study's."""
    return config["pretraining"] | config["models"][model].get("pretraining", {})


def used_models(config):
    """Models that a study names, in the order of the config; without a study, all of them."""
    used = {model for study in config["studies"].values() for model in models_of(study)}
    return [name for name in config["models"] if name in used or not config["studies"]]


def pretrained(config):
    """The models among those used that are pretrained here."""
    return [name for name in used_models(config) if "corpus" in config["models"][name]]


def finetuning_of(config, model, trainset):
    """Training options of a run: of a pair set, the model's own laid over the study's; of a task, those of classification
    tuning; of an instruction set, those of instruction tuning, with its own laid over them."""
    if trainset in config["tasks"]:
        return config["classification"]
    if trainset in config["instructions"]:
        return config["instruction_tuning"] | config["instructions"][trainset].get("tuning", {})
    return config["finetuning"] | config["models"][model].get("finetuning", {})


def seeds_of(config, model, trainset):
    """Seeds of all runs of (model, trainset)."""
    return [seed for m, t, seed in runs(config) if (m, t) == (model, trainset)]


def caveats(config):
    """What keeps a study from being a real answer, a sentence each: synthetic sentences, models with random weights."""
    synthetic = [name for name in used_pairsets(config) if synthetic_of(config, name)]
    models = {name: config["models"][name] for name in used_models(config)}
    random = [name for name, model in models.items() if is_random(model) and "random_of" not in model]
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
    return any(synthetic_of(config, p) for source in sources for p in source.get("pairsets", []))


def synthetic_of(config, pairset):
    """Whether a pair set's sentences are the grammar's, its own or those of a set that it joins."""
    spec = config["pairsets"][pairset]
    if spec["recipe"] == "union":
        return any(synthetic_of(config, name) for name in spec["of"])
    return spec["recipe"] == "grammar"


def published_studies(config):
    """The studies that ask for a paper's figures beside theirs."""
    return [name for name, study in pair_studies(config).items() if "published" in study]
