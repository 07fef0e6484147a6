"""Checks of pair sets, tasks and corpora."""

import os

from linguist.config.settings import is_genome
from linguist.config.validation import must_have_splits, refuse, suggestion
from linguist.kinds import KINDS
from linguist.pairs.recipes import RECIPES
from linguist.splits import SPLITS
from linguist.tasks.recipes import RECIPES as TASK_RECIPES

PAIR_KEYS = ("kind", "sizes", "rules")  # keys of every recipe, besides its own
TASK_KEYS = ("answers", "phrasings", "held_out", "published")


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
                refuse(f"{key}.folder", f"no such file: {task['files'][split][0]!r}; correct it")
            if "sizes" in recipe.needs and split not in task["sizes"]:
                refuse(f"{key}.sizes", f"missing key '{split}'; add it (rows)")
        if recipe.classes and len(task["answers"]) != recipe.classes:
            problem = f"recipe '{task['recipe']}' has {recipe.classes} classes"
            refuse(f"{key}.answers", f"{problem}; name {recipe.classes}")
        if task["held_out"] in task["phrasings"]:
            refuse(f"{key}.held_out", "is among the phrasings that are trained; take it out of them")


def check_corpora(config):
    for name, corpus in config["corpora"].items():
        for source, spec in corpus["sources"].items():
            key = f"corpora.{name}.sources.{source}"
            for pairset in spec.get("pairsets", []):
                must_have_splits(config, f"{key}.pairsets", pairset, ("train",))
            (check_genome if is_genome(spec) else check_uncut)(key, spec)
            if spec["exclude"]["pairsets"] and (spec["kind"] == "text" or "pairsets" in spec):
                refuse(f"{key}.exclude.pairsets", "only genomes and protein files can lack windows; remove it")


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
