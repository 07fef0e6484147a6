"""Whether a configuration makes sense: checks that its schema cannot make, by section."""

import os

from linguist.config.design import groups_of_tests
from linguist.config.mistakes import must_have_splits, must_know, refuse, suggestion
from linguist.config.plan import main_arms
from linguist.config.published import common_cells, paper_name, read_published
from linguist.config.settings import is_genome, tuning_settings
from linguist.config.shapes import check_shape
from linguist.errors import show
from linguist.kinds import KINDS, kind_of_source
from linguist.pairs.recipes import RECIPES
from linguist.splits import SPLITS
from linguist.tasks.recipes import RECIPES as TASK_RECIPES
from linguist.tokenizers.types import check_options
from linguist.training.controls import CONTROLS, RANDOM_ENDING

# Names that stand where these names do: controls, baselines, ways to answer and averages.
RESERVED = (*CONTROLS, "majority", "chance", "k-mers", "classification", "average")
SAME_PLACE = (  # sections whose names stand in the same place of a path
    ("tokenizers", "models"),
    ("tasks", "pairsets"),
    ("instructions", "pairsets"),
    ("instructions", "tasks"),
    ("vectors", "studies"),
)
PAIR_KEYS = ("kind", "sizes", "asked", "rules")  # keys of every recipe, besides its own; `settle` makes `asked`
TASK_KEYS = ("answers", "phrasings", "held_out", "published")
TRAINED_SPLITS = ("train", "dev")


def check_study_file(config):
    """Checks before the config is completed: names, and keys that would be lost in completing."""
    check_own_keys(config)
    check_names(config)


def check_sense(config):
    """Checks of the completed config. Raises LinguistError, one line, for the first mistake."""
    for name, model in config["models"].items():
        if "shape" in model:
            check_shape(config, name, model)
    check_pairsets(config)
    check_corpora(config)
    for name, tokenizer in config["tokenizers"].items():
        check_options(f"tokenizers.{name}", tokenizer)
    check_tasks(config)
    check_studies(config)
    check_vectors(config)
    check_pruning(config)
    check_warmups(config)
    check_paths(config)


def check_names(config):
    for section, other in SAME_PLACE:
        if both := sorted(set(config[section]) & set(config[other])):
            refuse(f"{section}.{both[0]}", f"one of {other} has the same name; give one of them another")
    for section in ("pairsets", "tasks", "instructions", "models"):
        for name in config[section]:
            if name in RESERVED or (section == "models" and name.endswith(RANDOM_ENDING)):
                refuse(f"{section}.{name}", "this name stands for something else; choose another")


def check_paths(config):
    """Files and folders that a study file names must exist."""
    for section, what, exists in (("resources", "file", os.path.isfile), ("models", "folder", os.path.isdir)):
        for name, entry in config[section].items():
            if "path" in entry and not exists(entry["path"]):
                cure = "correct it (relative to the working folder, or from / on; without ~)"
                if section == "resources" and os.path.isdir(entry["path"]):
                    cure = "this is a folder; name a file (of a task of tables, `folder` takes the folder itself)"
                refuse(f"{section}.{name}.path", f"no such {what}: {show(entry['path'])}; {cure}")
            if section == "models" and "path" in entry and not os.path.isfile(f"{entry['path']}/config.json"):
                problem = f"{show(entry['path'])} holds no config.json, so it is no model"
                refuse(f"{section}.{name}.path", f"{problem}; name a folder that Hugging Face's save_pretrained wrote")


# ── pair sets, tasks and corpora ──


def check_own_keys(config):
    """A pair set's own rules are rules that its recipe reads, and it has sizes only where it can choose them."""
    for name, spec in config["pairsets"].items():
        recipe, key = RECIPES[spec["recipe"]], f"pairsets.{name}"
        for rule in spec.get("rules", {}):
            if rule not in recipe.rules:
                problem = f"recipe '{spec['recipe']}' reads no rule '{rule}'"
                refuse(f"{key}.rules", f"{problem}{suggestion(rule, recipe.rules)}")
        if "of" in spec and isinstance(spec["of"], list) != recipe.several:
            right = "a list of pair sets" if recipe.several else "one pair set"
            refuse(f"{key}.of", f"recipe '{spec['recipe']}' is made from {right}; name it so")
        if "of" in recipe.needs and "sizes" in spec and not recipe.several:
            refuse(f"{key}.sizes", "the set has those of the one it is made from; remove it")


def check_recipe(config, key, recipe, spec, common):
    """An entry has the keys that its recipe needs and no others but the `common` ones."""
    for need in recipe.needs:
        if need not in spec:
            refuse(key, f"missing key '{need}', which recipe '{spec['recipe']}' needs; add it")
    for other in sorted(spec.keys() - {"recipe", "seed", *common, *recipe.keys}):
        refuse(key, f"recipe '{spec['recipe']}' has no key '{other}'{suggestion(other, recipe.keys)}")


def check_pairsets(config):
    for name, spec in config["pairsets"].items():
        key, recipe = f"pairsets.{name}", RECIPES[spec["recipe"]]
        if spec["kind"] not in recipe.kinds:
            allowed = " or ".join(recipe.kinds)
            refuse(f"{key}.kind", f"recipe '{spec['recipe']}' makes {allowed} pairs, not {spec['kind']}")
        check_recipe(config, key, recipe, spec, PAIR_KEYS)
        for base in recipe.bases(spec):
            check_base(config, name, base)
            must_have_splits(config, f"{key}.of", base, SPLITS)
        if KINDS[spec["kind"]].translated and spec.get("length", 0) % 3:
            refuse(f"{key}.length", f"is {spec['length']}, but must be a multiple of 3 (whole codons)")
        if sum(spec["rules"].get(share, 0) for share in ("identical", "contained")) > 1:
            refuse(f"{key}.rules", "identical and contained are shares; together at most 1")
        check_negatives(f"{key}.rules.negatives", spec, recipe)


def check_negatives(key, spec, recipe):
    """The rule `negatives` asks for kinds that the recipe makes, in shares that are 1 together, of sentences."""
    if not (shares := spec["rules"].get("negatives")):
        return
    if not KINDS[spec["kind"]].is_text:
        refuse(key, f"is for sentence pairs, not {spec['kind']}; remove it")
    for kind in shares:
        if kind not in recipe.negatives:
            refuse(key, f"recipe '{recipe.name}' makes no '{kind}' negatives; known: {', '.join(recipe.negatives)}")
    if abs(sum(shares.values()) - 1) > 1e-6:
        refuse(key, f"the shares are {sum(shares.values()):g} together, but must be 1; correct them")


def check_base(config, name, base):
    """A set that another is made from is of its kind and stands above it in the file, so that no set comes from itself."""
    kind, names = config["pairsets"][name]["kind"], list(config["pairsets"])
    if config["pairsets"][base]["kind"] != kind:
        refuse(f"pairsets.{name}.of", f"{base} is not of kind {kind}; name a set that is")
    if names.index(base) >= names.index(name):
        refuse(f"pairsets.{name}.of", f"{base} must stand above {name} in the file; move it")


def check_tasks(config):
    for name, task in config["tasks"].items():
        key, recipe = f"tasks.{name}", TASK_RECIPES[task["recipe"]]
        check_recipe(config, key, recipe, task, TASK_KEYS)
        for split in SPLITS:
            if "folder" in task and not os.path.isfile(task["files"][split][0]):
                refuse(f"{key}.folder", f"no such file: {show(task['files'][split][0])}; correct it")
            if "sizes" in recipe.needs and split not in task["sizes"]:
                refuse(f"{key}.sizes", f"missing key '{split}'; add it (rows)")
            if task.get("sizes", {}).get(split, len(task["answers"])) < len(task["answers"]):
                refuse(f"{key}.sizes.{split}", f"is fewer than its {len(task['answers'])} classes; raise it")
        if recipe.classes and len(task["answers"]) != recipe.classes:
            problem = f"recipe '{task['recipe']}' has {recipe.classes} classes"
            refuse(f"{key}.answers", f"{problem}; name {recipe.classes}")
        if "classes" in task and len(task["classes"]) != len(task["answers"]):
            problem = f"names {len(task['classes'])} FASTA files for {len(task['answers'])} answers"
            refuse(f"{key}.classes", f"{problem}; name one for each, in their order")
        if "regions" in task and "class_column" not in task:
            files, classes = len(task["regions"]), len(task["answers"])
            if files != classes and (files, classes) != (1, 2):
                problem = f"names {files} BED files for {classes} answers"
                refuse(f"{key}.regions", f"{problem}; name one for each, or give class_column")
        if len({answer.lower() for answer in task["answers"]}) < len(task["answers"]):
            refuse(f"{key}.answers", "two of them differ in capital letters alone; give each its own words")
        for asking in (other for other, spec in config["instructions"].items() if name in spec["tasks"]):
            for need in ("phrasings", "held_out"):
                if need not in task:
                    refuse(key, f"missing key '{need}', with which instructions.{asking} asks models; add it")
        if task.get("held_out") in task.get("phrasings", []):
            refuse(f"{key}.held_out", "is among the phrasings that are trained; take it out of them")


def check_corpora(config):
    for name, corpus in config["corpora"].items():
        for source, spec in corpus["sources"].items():
            key = f"corpora.{name}.sources.{source}"
            for pairset in spec.get("pairsets", []):
                must_have_splits(config, f"{key}.pairsets", pairset, ("train",))
            (check_genome if is_genome(spec) else check_uncut)(key, spec)
            if "documents" in spec and "pairsets" not in spec:
                refuse(f"{key}.documents", "only pair sets have sentences and pairs; remove it")
            if "pairsets" in spec:
                continue  # these lack the sentences of any pair set
            if spec["exclude"]["pairsets"] and spec["kind"] == "text":
                refuse(f"{key}.exclude.pairsets", "only genomes, protein files and pair sets can lack them; remove it")
            for pairset in spec["exclude"]["pairsets"]:
                sides, letters = KINDS[config["pairsets"][pairset]["kind"]].sides, kind_of_source(spec["kind"])
                if not any(KINDS[side].database == letters.database for side in sides):
                    problem = f"{pairset} has no {letters.label} in its pairs, so nothing would be excluded; remove it"
                    refuse(f"{key}.exclude.pairsets", problem)


def check_genome(key, spec):
    """A source that is a genome is one file, and either a part of it is cut or a share."""
    if len(spec["resources"]) > 1:
        refuse(f"{key}.resources", f"names {len(spec['resources'])} genomes; make a source of each")
    if ":" in spec["resources"][0]:
        refuse(f"{key}.resources", "a genome must be a file of its own; give it as a resource")
    if {"bytes", "share"} <= spec.keys():
        refuse(key, "has both bytes and share; give one")
    if spec["lengths"][0] > spec["lengths"][1]:
        refuse(f"{key}.lengths", f"is {spec['lengths']}, but the shortest comes first; swap them")


def check_uncut(key, spec):
    """A source that is no genome is not cut, and lacks no places."""
    for option in ("lengths", "strands"):
        if option in spec:
            refuse(f"{key}.{option}", "only a genome is cut; remove it")
    for option in ("places", "beds"):
        if spec["exclude"][option]:
            refuse(f"{key}.exclude.{option}", "only a genome has places; remove it")


# ── studies and comparisons of token vectors ──


def check_studies(config):
    for name, study in config["studies"].items():
        key = f"studies.{name}"
        named = {*study["tests"], *study["trainsets"]}
        of_pairs = named.isdisjoint({*config["tasks"], *config["instructions"]})
        (check_pair_study if of_pairs else check_task_study)(config, key, study)


def check_pair_study(config, key, study):
    """It trains and tests on pair sets."""
    for part in ("trainsets", "tests"):
        for pairset in study[part]:
            must_know(config, f"{key}.{part}", pairset, "pairsets")
    for trainset in study["trainsets"]:
        must_have_splits(config, f"{key}.trainsets", trainset, TRAINED_SPLITS)
    if "primary" in study:
        check_primary(config, key, study)
    if "published" in study:
        check_published(f"{key}.published", study)


def check_primary(config, key, study):
    """The primary hypothesis is one of the study's."""
    primary, name = study["primary"], key.removeprefix("studies.")
    for part, names in (("model", study["models"]), ("trainset", study["trainsets"])):
        if primary[part] not in names:
            problem = f"{show(primary[part])} is not in the study's {part}s"
            refuse(f"{key}.primary.{part}", f"{problem}{suggestion(primary[part], names)}")
    groups = groups_of_tests(config, name, primary["trainset"])
    if primary["group"] not in groups:
        problem = f"the study has no tests of group {show(primary['group'])} for {primary['trainset']}"
        refuse(f"{key}.primary.group", f"{problem}{suggestion(primary['group'], groups)}")


def check_published(key, study):
    """Each of a paper's tables has a cell that the study has, too; the paper's names are names of its models."""
    tables, asked = read_published()["tables"], study["published"]
    theirs = list(dict.fromkeys(row["model"] for name in asked["tables"] for row in tables[name]["rows"]))
    for model, name in asked.get("as", {}).items():
        if model not in study["models"]:
            refuse(f"{key}.as", f"{show(model)} is no model of this study{suggestion(model, study['models'])}")
        if name not in theirs:
            refuse(f"{key}.as.{model}", f"{show(name)} is no model of its tables{suggestion(name, theirs)}")
    for name in asked["tables"]:
        if not common_cells(study, tables[name]):
            ours = ", ".join(paper_name(asked, model) for model in study["models"])
            refuse(
                f"{key}.tables",
                f"{name} has no cell (model, training set and test) in common with this study, whose models are called "
                f"{ours} there; give the paper's names in 'as', or remove it",
            )


def check_task_study(config, key, study):
    """It tests on tasks and trains on tasks or on instruction sets, which need models that continue a text."""
    for test in study["tests"]:
        must_know(config, f"{key}.tests", test, "tasks")
    for control in study["controls"]:
        if not CONTROLS[control].for_tasks:
            cure = f"take {' or '.join(repr(name) for name, it in CONTROLS.items() if it.for_tasks)}"
            refuse(f"{key}.controls", f"'{control}' is for studies of pair sets; {cure}")
    for part, cure in (("published", "give tasks.*.published instead"), ("primary", "remove it")):
        if part in study:
            refuse(f"{key}.{part}", f"is for studies of pair sets; {cure}")
    for trainset in study["trainsets"]:
        tested = tasks_of_trainset(config, key, trainset)
        if trainset in config["instructions"]:
            for model in study["models"]:
                if config["models"][model].get("architecture") == "bert":
                    problem = f"{model} is a bert, which cannot continue a text"
                    refuse(f"{key}.models", f"{problem}; {trainset} needs a gpt2")
        if set(tested).isdisjoint(study["tests"]):
            refuse(f"{key}.trainsets", f"{trainset} is tested on none of its tests; add one of its tasks")


def tasks_of_trainset(config, key, trainset):
    """The tasks that a training set is made of: itself, or those of an instruction set."""
    if trainset in config["instructions"]:
        return config["instructions"][trainset]["tasks"]
    if trainset not in config["tasks"]:
        known = suggestion(trainset, [*config["tasks"], *config["instructions"]])
        refuse(f"{key}.trainsets", f"{show(trainset)} is not in tasks or instructions{known}")
    return [trainset]


def check_vectors(config):
    for name, block in config["vectors"].items():
        must_have_splits(config, f"vectors.{name}.trainset", block["trainset"], TRAINED_SPLITS)


# ── training ──


def check_pruning(config):
    """Only without weight decay do the embeddings of tokens that do not occur stay as they are."""
    for name, model in config["models"].items():
        if model.get("prune_vocabulary") and (config["finetuning"] | model.get("finetuning", {}))["weight_decay"]:
            refuse(f"models.{name}.prune_vocabulary", "needs finetuning.weight_decay 0; set it, or remove this key")


def check_warmups(config):
    """No run spends all of its steps on the warm-up, where the config says how many steps it has at most."""
    arms = {arm for study in config["studies"].values() for arm in main_arms(study)}
    arms |= {(model, block["trainset"]) for block in config["vectors"].values() for model in block["models"]}
    for model, trainset in sorted(arms):
        options, rows = tuning_settings(config, model, trainset), most_rows(config, trainset)
        steps = rows and -(-rows // options["batch_size"]) * options["epochs"]
        if steps and options["warmup"] >= max(1, steps):
            refuse(
                f"{tuning_key(config, model, trainset)}.warmup",
                f"is {show(options['warmup'])} steps, but {model} on {trainset} has at most {steps} (rows: {rows}); lower "
                "warmup or batch_size, or add epochs or rows",
            )


def most_rows(config, trainset):
    """The rows of a training set, at most; None if the config does not say."""
    if trainset in config["instructions"]:
        parts = [most_rows(config, task) for task in config["instructions"][trainset]["tasks"]]
        return None if None in parts else sum(parts)
    return (config["tasks"] | config["pairsets"])[trainset].get("sizes", {}).get("train")


def tuning_key(config, model, trainset):
    """Where the warm-up of a run stands in the config; see `tuning_settings`."""
    if trainset in config["tasks"]:
        return "classification"
    if trainset in config["instructions"]:
        own = "warmup" in config["instructions"][trainset].get("tuning", {})
        return f"instructions.{trainset}.tuning" if own else "instruction_tuning"
    return f"models.{model}.finetuning" if "warmup" in config["models"][model].get("finetuning", {}) else "finetuning"
