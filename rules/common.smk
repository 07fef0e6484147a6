"""The settled configuration, the wildcards' constraints, and what a run is asked for."""

import os
import re
import sys

sys.path.insert(0, f"{workflow.basedir}/scripts")

from linguist.sequences import blast
from linguist.config import plan
from linguist.config.settle import settle
from linguist.errors import LinguistError
from linguist.provenance import code_digest, text_digest
from linguist.pairs.recipes import RECIPES
from linguist.splits import CORPUS_SPLITS, SPLITS

try:
    config.update(settle(config))
except LinguistError as error:
    sys.exit(f"error: {error}")


def one_of(names):
    """A regular expression for a wildcard that takes just these names; with no names it matches nothing."""
    return "|".join(map(re.escape, sorted(names))) or "(?!)"


def shell_digest(rule):
    """A digest of a rule's shell command, for the rule's params: its jobs rerun when the command is edited."""
    return lambda wildcards: text_digest(workflow.get_rule(rule).shellcmd)


# What a run is trained on, or untrained; a control's labels are not those of its rows.
RELABELLED = [f"{pairset}.{labels}" for pairset in config["pairsets"] for labels in plan.RELABELLED]
TRAINABLE = [*config["pairsets"], *config["tasks"], *RELABELLED]
TRAINSETS = [*TRAINABLE, plan.UNTRAINED]


# Only names of the config: a mistyped target is then "no rule to produce", not an error deep inside.
wildcard_constraints:
    resource=one_of(config["resources"]),
    kind=one_of(blast.PROGRAMS),
    pairset=one_of(config["pairsets"]),
    corpus=one_of(config["corpora"]),
    source=one_of(source for corpus in config["corpora"].values() for source in corpus["sources"]),
    tokenizer=one_of([*config["tokenizers"], *config["models"]]),
    model=one_of(config["models"]),
    trainset=one_of(TRAINSETS),
    task=one_of(config["tasks"]),
    instructions=one_of(config["instructions"]),
    study=one_of(plan.pair_studies(config)),
    task_study=one_of(plan.task_studies(config)),
    vectors=one_of(config["vectors"]),
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


def study_outputs():
    """Everything that a run is asked for: what its studies ask for, how it was made, and what it cost."""
    return [*asked_outputs(), "<results>/report/methods.html", "<results>/report/costs.html"]


def asked_outputs():
    """Everything that the config's studies and vectors ask for, and the pages of all tokenizers; a page brings its table and
    figures. Without any of them, the pages of all pair sets and pretrained models."""
    wanted = [f"<results>/report/{name}/page.html" for name in [*config["studies"], *config["vectors"]]]
    wanted += [f"<results>/report/pairs/{pairset}.html" for pairset in plan.used_pairsets(config)]
    wanted += [f"<results>/report/tokenizers/{tokenizer}.html" for tokenizer in config["tokenizers"]]
    wanted += [f"<results>/report/models/{model}.html" for model in plan.pretrained(config)]
    if not plan.asks_nothing(config):
        wanted += ["<results>/report/answer.html", "<results>/tables/summary.txt"]
    if config["studies"]:
        wanted.append("<results>/tables/metrics.tsv")
    trained = plan.trained(plan.runs(config))
    if config["keep_weights"] == "best":
        wanted += [
            f"<results>/runs/{m}/{t}/best" for m, t in sorted({run[:2] for run in trained}) if not plan.is_control(m, t)
        ]
    elif config["keep_weights"] == "all":
        wanted += [f"<results>/runs/{m}/{t}/seed-{s}/weights" for m, t, s in trained]
    return wanted
