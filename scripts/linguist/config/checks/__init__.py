"""Whether a configuration makes sense: checks that its schema cannot make, by section."""

import os

from linguist.config.checks.data import check_corpora, check_own_keys, check_pairsets, check_tasks
from linguist.config.checks.studies import check_studies, check_vectors
from linguist.config.shapes import check_shape
from linguist.config.validation import refuse
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
                refuse(f"{section}.{name}.path", f"no such {what}: {entry['path']!r}; correct it")
