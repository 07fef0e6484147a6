"""The settled configuration, wildcard constraints, and the functions that tell rules their inputs."""

import os
import sys

sys.path.insert(0, f"{workflow.basedir}/scripts")

from linguist import blast, plan
from linguist.configuration import settle
from linguist.errors import LinguistError
from linguist.provenance import code_digest
from linguist.recipes import RECIPES, SPLITS

try:
    config.update(settle(config))
except LinguistError as error:
    sys.exit(f"error: {error}")


def one_of(names):
    """A regular expression for a wildcard that takes just these names; with no names it matches nothing."""
    return "|".join(sorted(names)) or "(?!)"


# Only names of the config: a mistyped target is then "no rule to produce", not an error deep inside.
wildcard_constraints:
    resource=one_of(config["resources"]),
    kind=one_of(blast.PROGRAMS),
    pairset=one_of(config["pairsets"]),
    tokenizer=one_of([*config["tokenizers"], *config["models"]]),
    model=one_of(config["models"]),
    trainset=one_of([*config["pairsets"], plan.UNTRAINED]),
    study=one_of(config["studies"]),
    seed=r"\d+",
    split=one_of(SPLITS),


def models_with(*keys):
    """A wildcard's expression for the models that have one of the keys."""
    return one_of(name for name, model in config["models"].items() if not model.keys().isdisjoint(keys))


def shipped(path):
    """A file of the workflow's own as an input: relative, so that a folder can be moved and nothing reruns."""
    return os.path.relpath(f"{workflow.basedir}/{path}")


# ── pair sets ──


def recipe_of(pairset):
    return RECIPES[config["pairsets"][pairset]["recipe"]]


def resource_of(reference):
    """Where the file that `resource` or `resource:member` names comes from: the resource, or its unpacked folder."""
    name, _, member = reference.partition(":")
    return f"<results>/unpacked/{name}" if member else f"<results>/resources/{name}"


def pair_files(pairset):
    """What a pair set's recipe reads, as it names it: {name: path or list of paths}."""
    spec = config["pairsets"][pairset]
    fasta = "<results>/sequences/{}/{}.fa.gz".format
    match spec["recipe"]:
        case "homologs":
            return {
                "queries": fasta(spec["kind"], spec["queries"]),
                "hits": [f"<results>/hits/{pairset}/{name}.tsv" for name in spec["search"]],
                "databases": [fasta(spec["kind"], name) for name in spec["search"]],
            }
        case "table":
            return {split: [resource_of(r) for r in spec["files"][split]] for split in SPLITS}
        case "coding":
            return {"sequences": f"<results>/resources/{spec['sequences']}"}
        case "grammar":
            return {"grammar": [shipped(f"resources/grammar/{name}.yaml") for name in ("frames", spec["language"])]}


def splits_of(pairset, folder="pairs", ending="tsv"):
    """The three split files of a pair set, by split."""
    return {split: f"<results>/{folder}/{pairset}/{split}.{ending}" for split in SPLITS}


# ── models and runs ──


def tokenizer_folder(tokenizer):
    """A trained tokenizer's folder, or the model's whose own it is."""
    section = "tokenizers" if tokenizer in config["tokenizers"] else "models"
    return f"<results>/{section}/{tokenizer}"


def tokens_of(pairset, model):
    """The folder of a pair set's tokens as a model reads them."""
    return f"<results>/tokens/{pairset}.{plan.tokenizer_of(config, model)}"


def weights_output(path):
    """A run's weights: they go when its predictions are written, unless the config keeps them."""
    return directory(path) if config["keep_weights"] == "all" else temp(directory(path))


def run_files(wildcards, name):
    """A file of every seed's run of the wildcards' model and trainset."""
    seeds = plan.seeds_of(config, wildcards.model, wildcards.trainset)
    return [f"<results>/runs/{wildcards.model}/{wildcards.trainset}/seed-{seed}/{name}" for seed in seeds]


def predictions_of(study):
    return [f"<results>/runs/{m}/{t}/seed-{s}/predictions.tsv.gz" for m, t, s in plan.cells(config, study)]


def trained_metrics_of(study):
    """metrics.json of a study's runs, without its controls, which have none."""
    trained = plan.trained(plan.cells(config, study))
    return [f"<results>/runs/{m}/{t}/seed-{s}/metrics.json" for m, t, s in trained]


def study_outputs():
    """Everything that the config's studies ask for; a page brings its table and figures."""
    wanted = [f"<results>/report/{study}/page.html" for study in config["studies"]]
    wanted += [f"<results>/pairs/{pairset}/audit.json" for pairset in plan.used_pairsets(config)]
    trained = plan.trained(plan.runs(config))
    if config["keep_weights"] == "best":
        wanted += [f"<results>/runs/{m}/{t}/best" for m, t in sorted({run[:2] for run in trained})]
    elif config["keep_weights"] == "all":
        wanted += [f"<results>/runs/{m}/{t}/seed-{s}/weights" for m, t, s in trained]
    return wanted
