"""What a configuration asks for: runs, their tests, the tokenizers and models they need. Plain functions on the config."""

from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES, TASK_RECIPES
from linguist.pairs.recipes.homologs import CHOICE_RULES, SEARCH_RULES
from linguist.training.controls import CONTROLS, UNTRAINED


def claimed(study):
    """What a study makes claims of, as (model, training set)."""
    return [(model, trainset) for model in study["models"] for trainset in study["trainsets"]]


def arms(study):
    """All (model, training set) of a study: those it makes claims of, then their controls, each once."""
    controls = [CONTROLS[control].arm(*arm) for control in study["controls"] for arm in claimed(study)]
    return list(dict.fromkeys([*claimed(study), *controls]))


def models_of(study):
    """Models of a study, with those of random weights that are their controls."""
    return list(dict.fromkeys(model for model, _ in arms(study)))


def cells(config, study):
    """All runs of a study as (model, trainset, seed), in the order of the config, its controls last."""
    block = config["studies"][study]
    return [(m, t, s) for m, t in arms(block) for s in block["seeds"]]


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


def vector_runs(config, name):
    """The runs whose words a block of vectors compares with those of their models, as (model, trainset, seed)."""
    block = config["vectors"][name]
    return [(model, block["trainset"], seed) for model in block["models"] for seed in block["seeds"]]


def runs(config):
    """The union of the runs of all studies and of all vectors, each once, in the order of the config."""
    found = [cell for study in config["studies"] for cell in cells(config, study)]
    return list(dict.fromkeys(found + [run for name in config["vectors"] for run in vector_runs(config, name)]))


def trained(cells):
    """The runs among `cells` that are trained."""
    return [cell for cell in cells if cell[1] != UNTRAINED]


def trainings(config):
    """All trainings as (model, trainset, seed); a pretraining has None for the last two."""
    return [(model, None, None) for model in pretrained(config)] + trained(runs(config))


def titles_of(blocks):
    """{name: title} of studies or of comparisons of token vectors."""
    return {name: block["title"] for name, block in blocks.items()}


def asks_nothing(config):
    """Whether a config has no study and no vectors: then all of its pair sets and models are wanted."""
    return not config["studies"] and not config["vectors"]


def used_pairsets(config):
    """Pair sets that a run is trained or tested on, in the order of the config; all of them, if it asks for no run."""
    used = {p for study in config["studies"].values() for p in (*study["trainsets"], *study["tests"])}
    used |= {block["trainset"] for block in config["vectors"].values()}
    return [name for name in config["pairsets"] if name in used or asks_nothing(config)]


SEARCHED = ("kind", "queries", "search", "length", "seed")


def search_of(config, pairset):
    """The pair set under whose name its BLAST search runs: the first one that asks for the very same search."""

    def asked(spec):
        return [spec[key] for key in SEARCHED] + [spec["rules"][rule] for rule in SEARCH_RULES]

    wanted = asked(config["pairsets"][pairset])
    return next(name for name, spec in config["pairsets"].items() if is_searched(spec) and asked(spec) == wanted)


def search_parts(config):
    """The names of the parts into which each search's windows are divided, as Snakemake's scattergather names them."""
    parts = config["blast"]["parts"]
    return [f"{part}-of-{parts}" for part in range(1, parts + 1)]


def choice_of(config, pairset):
    """What the choice of a pair set's positives depends on: its part of the config without what comes after that."""
    spec = config["pairsets"][pairset]
    return spec | {"rules": {rule: spec["rules"][rule] for rule in CHOICE_RULES}}


def is_searched(spec):
    return RECIPES[spec["recipe"]].searched


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
    """Names of the tokenizers that the runs of a pair set read it with."""
    found = [s for s in config["studies"].values() if pairset in (*s["trainsets"], *s["tests"])]
    found += [block for block in config["vectors"].values() if block["trainset"] == pairset]
    return list(dict.fromkeys(tokenizer_of(config, model) for block in found for model in block["models"]))


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
        test for study in config["studies"].values() if (model, trainset) in arms(study) for test in study["tests"]
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
    """Models that runs start from, in the order of the config; all of them, if it asks for no run."""
    used = {model for study in config["studies"].values() for model in models_of(study)}
    used |= {model for block in config["vectors"].values() for model in block["models"]}
    return [name for name in config["models"] if name in used or asks_nothing(config)]


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
    own = config["models"][model]
    return config["finetuning"] | config["models"].get(own.get("random_of"), own).get("finetuning", {})


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
    return RECIPES[spec["recipe"]].synthetic or any(synthetic_of(config, base) for base in bases_of(spec))


def groups_of(config, study, trainset):
    """What a claim of a training set is made of: the tests of a study by kind, and by recipe where that makes another
    question of them: {name: tests}. The set itself, and those it is made of, are no transfer and stand in none."""
    pairsets, found = config["pairsets"], {}
    own = {trainset, *bases_of(pairsets[trainset])}
    for test in (test for test in config["studies"][study]["tests"] if test not in own):
        spec = pairsets[test]
        name = ", ".join(filter(None, [KINDS[spec["kind"]].label, RECIPES[spec["recipe"]].variant]))
        found.setdefault(name, []).append(test)
    return found


def bases_of(spec):
    """The pair sets that one is made of, if any."""
    return RECIPES[spec["recipe"]].bases(spec)


def comparisons_of(config, study):
    """What the runs of a study are compared by: for each (model, training set) it makes claims of, its controls by name
    and its groups of tests."""
    block = config["studies"][study]
    return [
        {
            "arm": [model, trainset],
            "controls": {control: list(CONTROLS[control].arm(model, trainset)) for control in block["controls"]},
            "groups": groups_of(config, study, trainset),
        }
        for model, trainset in claimed(block)
    ]


# Keys of a pair set that make a curve.
AXES = {"divergence": "divergence (events a base)", "length": "length of a sequence"}


def curves_of(config, study):
    """Along which keys the tests of a study make curves: {(key, group of tests): {test: place on the axis}}, each of at least
    two places; of tests at one place (dna150, dna150s) the first."""
    block, found = config["studies"][study], {}
    for trainset in block["trainsets"]:
        for group, tests in groups_of(config, study, trainset).items():
            for key in AXES:
                at = {config["pairsets"][t][key]: t for t in reversed(tests) if key in config["pairsets"][t]}
                places = {test: place for place, test in sorted(at.items())}
                if len(places) > 1:
                    found.setdefault((key, group), {}).update(places)
    return found


def used_sets(config):
    """The instruction sets that a study trains on, in the order of the config; without a study, all of them."""
    used = {name for study in config["studies"] for name in sets_of(config, study)}
    return [name for name in config["instructions"] if name in used or not config["studies"]]


def made_tasks(config):
    """All tasks that are built: those tested on and those told, in the order of the config."""
    told = {task for name in used_sets(config) for task in config["instructions"][name]["tasks"]}
    return [name for name in config["tasks"] if name in told or name in used_tasks(config)]


def used_corpora(config):
    """The corpora of all tokenizers and of the models that are pretrained, in the order of the config."""
    used = {spec["corpus"] for spec in config["tokenizers"].values()}
    used |= {config["models"][model]["corpus"] for model in pretrained(config)}
    return [name for name in config["corpora"] if name in used]


def made_pairsets(config):
    """All pair sets of which anything is made: those used, those in or kept out of a corpus, and those that these are
    made from, keep to the splits of or share a search with; in the order of the config."""
    made = set(used_pairsets(config))
    for corpus in used_corpora(config):
        for source in config["corpora"][corpus]["sources"].values():
            made |= {*source.get("pairsets", []), *source["exclude"]["pairsets"]}
    for name, spec in reversed(config["pairsets"].items()):
        if name in made:
            made |= set(RECIPES[spec["recipe"]].bases(spec))
            made |= {*earlier_of(config, name), search_of(config, name)} if is_searched(spec) else set()
    return [name for name in config["pairsets"] if name in made]


def used_resources(config):
    """The resources that pair sets, corpora and tasks are made from, in the order of the config."""
    pairsets = [config["pairsets"][name] for name in made_pairsets(config)]
    tasks = [config["tasks"][name] for name in made_tasks(config) if config["studies"]]  # else none is asked for
    found = [r for spec in pairsets for r in RECIPES[spec["recipe"]].resources(spec)]
    found += [r for spec in tasks if "folder" not in spec for r in TASK_RECIPES[spec["recipe"]].resources(spec)]
    for corpus in used_corpora(config):
        for source in config["corpora"][corpus]["sources"].values():
            found += [*source.get("resources", []), *source["exclude"]["beds"]]
    used = {reference.partition(":")[0] for reference in found}
    return [name for name in config["resources"] if name in used]


def in_use(config):
    """The values that wildcards of this config's jobs may have, by wildcard; of others, any that the rules allow."""
    models = used_models(config)
    bases = {config["models"][model].get("random_of", model) for model in models}
    return {
        "pairset": made_pairsets(config),
        "task": made_tasks(config),
        "instructions": used_sets(config),
        "corpus": used_corpora(config),
        "resource": used_resources(config),
        "model": [name for name in config["models"] if name in models or name in bases],
        "scatteritem": search_parts(config),
    }


def made_models(config):
    """The models of studies; without a study, those that are pretrained."""
    return pretrained(config) if asks_nothing(config) else used_models(config)


def part_of(config, name):
    """The part of a config that a study, or a comparison of word vectors, is told by, as a config of it alone: what else
    changes in a config does not change a page."""
    section = "studies" if name in config["studies"] else "vectors"
    block = config[section][name]
    named = {*block.get("trainsets", [block.get("trainset")]), *block.get("tests", [])}
    instructions = [sets for sets in config["instructions"] if sets in named]
    named |= {task for sets in instructions for task in config["instructions"][sets]["tasks"]}
    models = models_of(block) if section == "studies" else block["models"]
    corpora = {config["models"][model].get("corpus") for model in models}
    for corpus in corpora - {None}:
        named |= {p for source in config["corpora"][corpus]["sources"].values() for p in source.get("pairsets", [])}
    for pairset, spec in reversed(config["pairsets"].items()):  # those that a set is made of stand above it
        named |= set(bases_of(spec)) if pairset in named else set()
    wanted = {"models": models, "corpora": corpora, "instructions": instructions}
    wanted |= {"pairsets": named, "tasks": named}
    parts = {key: {n: v for n, v in config[key].items() if n in names} for key, names in wanted.items()}
    return {section: {name: block}, **parts, **{key: config[key] for key in ("finetuning", "tokens")}}


def published_studies(config):
    """The studies that ask for a paper's figures beside theirs."""
    return [name for name, study in pair_studies(config).items() if "published" in study]
