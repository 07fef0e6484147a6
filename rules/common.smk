"""The final configuration, the constraints of wildcards, and helpers that need the workflow itself."""

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(workflow.current_basedir, "../scripts"))

from linguist import layout
from linguist.config import design, inputs, plan, settings, used
from linguist.config.cut import FOLDER, cut_config
from linguist.config.settle import settle
from linguist.config.strict import check_file
from linguist.errors import LinguistError
from linguist.files import REFUSE_CUT, one_line_json
from linguist.kinds import KINDS, SEARCHABLE
from linguist.pairs.recipes import RECIPES
from linguist.pairs.search import BLAST_COLUMNS, CHECK_SUMS, WRITE_SUMS
from linguist.provenance import SCRIPTS, code_digest, text_digest
from linguist.report.study_figures import FIGURES, figures_of
from linguist.sequences import neighbours
from linguist.sequences.lockfile import LockFile, find_lock_file
from linguist.splits import CORPUS_SPLITS, SPLITS
from linguist.tasks.recipes import RECIPES as TASK_RECIPES
from linguist.tokenizers.types import TYPES
from linguist.training.changes import CHANGES, GIVEN, row_change
from linguist.training.controls import UNTRAINED
from snakemake.settings.types import DeploymentMethod

# Only rules that fetch use the network: BLAST+ would report each use to NCBI.
os.environ.setdefault("BLAST_USAGE_REPORT", "false")

# A job finds the library beside its script. Snakemake shows each folder of sys.path to containers at another place, where the
# library would lack its data.
sys.path.pop(0)
if not SCRIPTS.samefile(os.path.join(workflow.current_basedir, "../scripts")):
    sys.exit("error: two versions of dna-linguist in one workflow; run each in a workflow of its own")
try:
    # A module may get a part of the outer workflow's config: then the config files are no studies. Otherwise they are, and the
    # file of --configfile replaces config/config.yaml, with which Snakemake has merged it.
    if config is workflow.modifier_stack[0].globals["config"]:
        for path in workflow.configfiles:
            check_file(path)
        if workflow.overwrite_configfiles:
            config = workflow.config_settings.overwrite_config
    config = settle(config)
    if config["preview"]["cut"]:
        config = cut_config(config)
    # Not a key of the study. The first file is that of --configfile, if there is one.
    config["lock"] = find_lock_file(next(iter(workflow.configfiles), None))
except LinguistError as error:
    sys.exit(f"error: {error}")

if workflow.deployment_settings.deployment_method == {DeploymentMethod.APPTAINER}:
    sys.exit("error: --sdm apptainer: rules run in conda environments; type --sdm conda apptainer (see envs/README.md)")

if config["preview"]["cut"]:

    pathvars:
        **{name: f"{FOLDER}/{name}" for name in ("results", "logs", "benchmarks")},


if config["container"]:

    containerized: config["container"]


def one_of(names):
    """A regular expression for a wildcard that takes only these names; without names it matches nothing."""
    return "|".join(map(re.escape, sorted(names))) or "(?!)"


def models_with(*keys):
    """The expression for models that have one of the keys."""
    return one_of(name for name, model in config["models"].items() if not model.keys().isdisjoint(keys))


def shipped_file(path):
    """A file that ships with the workflow, as an input of a rule."""
    return in_place(layout.shipped_file(path))


def in_place(files):
    """Inputs of a rule, of which those outside of the results keep their places where a module has a prefix."""
    if isinstance(files, dict):
        return {name: in_place(paths) for name, paths in files.items()}
    if isinstance(files, list):
        return [in_place(path) for path in files]
    return files if files.startswith("<results>/") else local(files)


def shell_digest(rule):
    """A digest of a rule's shell command, for the rule's params: its jobs rerun when the command is edited."""
    return lambda wildcards: text_digest(getattr(rules, rule).rule.shellcmd)


# Texts of recipes and types of tokenizers, for pages that show them: `code_digest` leaves docstrings and what is loaded by name out.
REGISTRY_TEXTS = text_digest(
    repr([[r.description, r.variant] for r in (*RECIPES.values(), *TASK_RECIPES.values())])
    + repr([[found.label, found.note, found.lossless] for found in TYPES.values()])
)
# A run trains on a pair set, on a pair set whose rows a control changes, on a task or on nothing.
CHANGED = [f"{pairset}.{change}" for pairset in config["pairsets"] for change in CHANGES if change != GIVEN]
TRAINABLE = [*config["pairsets"], *config["tasks"], *CHANGED]
TRAINSETS = [*TRAINABLE, UNTRAINED]
# Pair sets for which BLAST searches.
SEARCHED = one_of(name for name, spec in config["pairsets"].items() if used.is_searched(spec))
SYNTHETIC = [name for name in config["pairsets"] if used.is_synthetic(config, name)]
WEIGHTS_STAY = config["keep_weights"] == "all"


# Only names of the config, so that Snakemake itself refuses a mistyped target.
wildcard_constraints:
    resource=one_of(config["resources"]),
    kind=one_of(SEARCHABLE),
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


def weights_output(path):
    """A run's weights as an output; Snakemake deletes them once the predictions are written, unless the config keeps them."""
    return directory(path) if WEIGHTS_STAY else temp(directory(path))


def source_of(wildcards, output):
    """The resource's part of the config. Snakemake stops if a file lies there that is not the one of the lock file."""
    source = config["resources"][wildcards.resource]
    if "cut" in source:  # its beginning has another checksum
        return source
    try:
        LockFile(**config["lock"]).check(source, output.file, output.record)
    except LinguistError as error:
        sys.exit(f"error: {error}")
    return source


def growing(amount, unit, by_weights=0):
    """A resource of a rule: `amount` of a unit, and `by_weights` more for each GB of weights among the inputs; each further
    attempt gets as much again. Weights that are not made yet, as in a dry run, count nothing."""

    def needed(wildcards, input, attempt):
        files = [file for path in input for file in Path(path).glob("*.safetensors")] if by_weights else []
        gigabytes = sum(file.stat().st_size for file in files) / 1e9
        return f"{attempt * round(amount + by_weights * gigabytes)}{unit}"

    return needed


def measured_steps(wildcards):
    """For each rule, where its jobs leave a log and a benchmark file, as (pattern, folder), and its share of a GPU, or 0; of jobs
    of several runs or pair sets also `each` of them, and `of` which rule they are."""

    def place(path):
        return (path.regex().pattern, os.path.dirname(path.constant_prefix()))

    # The rules of this workflow by the names that they have here; a module that uses it may rename them and have others.
    steps = {name: proxy.rule for name, proxy in rules._rules.items() if len(proxy.rule.log) and len(proxy.rule.output)}
    return {
        name: {
            "log": place(step.log[0]),
            "benchmark": place(step.benchmark) if step.benchmark else None,
            "gpu": 0 if "gpu" not in step.resources else 1 / config["runs_per_gpu"] if name != "pretrain" else 1,
            **several.get(name, {}),
        }
        for name, step in steps.items()
    }
