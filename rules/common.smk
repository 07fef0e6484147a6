"""The settled configuration, wildcard constraints, and the functions that tell rules their inputs."""

import os
import sys

sys.path.insert(0, f"{workflow.basedir}/scripts")

from linguist import blast, plan
from linguist.configuration import settle
from linguist.errors import LinguistError
from linguist.provenance import code_digest
from linguist.recipes import RECIPES
from linguist.splits import SPLITS

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
    corpus=one_of(config["corpora"]),
    source=one_of(source for corpus in config["corpora"].values() for source in corpus["sources"]),
    tokenizer=one_of([*config["tokenizers"], *config["models"]]),
    model=one_of(config["models"]),
    trainset=one_of([*config["pairsets"], plan.UNTRAINED]),
    study=one_of(config["studies"]),
    seed=r"\d+",
    split=one_of(SPLITS),
    scatteritem=r"\d+-of-\d+",


scattergather:
    queries=config["blast"]["parts"],


# Pair sets whose windows are searched for.
SEARCHED = one_of(name for name, spec in config["pairsets"].items() if plan.is_searched(spec))


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


def fasta_of(pairset, resource):
    return f"<results>/sequences/{config['pairsets'][pairset]['kind']}/{resource}.fa.gz"


def rules_of(wildcards):
    return config["pairsets"][wildcards.pairset]["rules"]


def query_files(pairset):
    """The sequences that a pair set's windows are drawn from, and what masks them beside their own lower case."""
    spec = config["pairsets"][pairset]
    masked = spec["kind"] == "dna" and spec["rules"]["masking"] == "windowmasker"
    return {"sequences": fasta_of(pairset, spec["queries"])} | (
        {"masks": f"<results>/masks/{spec['queries']}.txt"} if masked else {}
    )


def hits_of(pairset):
    """BLAST's hits of a pair set's windows, from all jobs of its search."""
    search = plan.search_of(config, pairset)
    parts = gather.queries("{scatteritem}.tsv")
    names = config["pairsets"][pairset]["search"]
    return [f"<results>/hits/{search}/{name}/{part}" for name in names for part in parts]


def homolog_files(pairset):
    """What the positives of a pair set are chosen from, and the sets that it must not share a family with."""
    spec, earlier = config["pairsets"][pairset], plan.earlier_of(config, pairset)
    hits = hits_of(pairset)
    earlier_hits = dict.fromkeys(path for name in earlier for path in hits_of(name))
    return {
        "queries": fasta_of(pairset, spec["queries"]),
        "databases": [fasta_of(pairset, name) for name in spec["search"]],
        "hits": hits,
        "earlier_hits": [path for path in earlier_hits if path not in hits],  # a search may be shared
        "earlier_positives": [f"<results>/positives/{name}.tsv" for name in earlier],
    }


def pair_files(pairset):
    """What a pair set's recipe reads, as it names it: {name: path or list of paths}."""
    spec = config["pairsets"][pairset]
    match spec["recipe"]:
        case "homologs":
            return {"positives": f"<results>/positives/{pairset}.tsv"}
        case "table":
            return {split: [resource_of(r) for r in references] for split, references in spec["files"].items()}
        case "coding":
            return {key: f"<results>/resources/{spec[key]}" for key in ("sequences", "proteins") if key in spec}
        case "grammar":
            return {"grammar": [shipped(f"resources/grammar/{name}.yaml") for name in ("frames", spec["language"])]}
        case _:
            return splits_of(spec["of"])


def splits_of(pairset, folder="pairs", ending="tsv"):
    """The three split files of a pair set, by split."""
    return {split: f"<results>/{folder}/{pairset}/{split}.{ending}" for split in SPLITS}


def audit_of(pairset):
    return f"<results>/pairs/{pairset}/audit.json"


def audits_of(study):
    """The audits of a study's tests, in their order."""
    return [audit_of(test) for test in config["studies"][study]["tests"]]


def corpus_of(entry, name):
    """A file of the corpus that an entry of the config (a tokenizer or a model) names."""
    return f"<results>/corpora/{entry['corpus']}/{name}"


def corpus_tokens(model, name):
    """A file of the corpus that a model is pretrained on, in its tokens."""
    return f"<results>/tokens/{config['models'][model]['corpus']}.{plan.tokenizer_of(config, model)}/{name}"


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
    """Everything that the config's studies ask for, and the pages of all tokenizers; a page brings its table and figures.
    Without a study, the pages of all pair sets and pretrained models."""
    wanted = [f"<results>/report/{study}/page.html" for study in config["studies"]]
    wanted += [f"<results>/report/pairs/{pairset}.html" for pairset in plan.used_pairsets(config)]
    wanted += [f"<results>/report/tokenizers/{tokenizer}.html" for tokenizer in config["tokenizers"]]
    wanted += [f"<results>/report/pretraining/{model}.html" for model in plan.pretrained(config)]
    if config["studies"]:
        wanted += ["<results>/tables/metrics.tsv", "<results>/tables/summary.txt"]
    trained = plan.trained(plan.runs(config))
    if config["keep_weights"] == "best":
        wanted += [f"<results>/runs/{m}/{t}/best" for m, t in sorted({run[:2] for run in trained})]
    elif config["keep_weights"] == "all":
        wanted += [f"<results>/runs/{m}/{t}/seed-{s}/weights" for m, t, s in trained]
    return wanted
