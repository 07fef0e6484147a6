"""Checks of studies and of comparisons of token vectors."""

from linguist.config.published import common_cells, paper_name, read_published
from linguist.config.validation import must_have_splits, must_know, refuse, show, suggestion
from linguist.training.controls import CONTROLS

TRAINED_SPLITS = ("train", "dev")


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
    if "published" in study:
        check_published(f"{key}.published", study)


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
    if "published" in study:
        refuse(f"{key}.published", "is for studies of pair sets; give tasks.*.published instead")
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
