"""What it takes to trust and repeat a run: formulas, data, models and software, from the settled config and the run's files."""

import ast
import json
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from linguist.config.plan import is_searched, tokenizer_of
from linguist.files import file_digest, read_json
from linguist.intervals import LEVEL
from linguist.pairs.recipes import RECIPES
from linguist.provenance import SCRIPTS, versions, workflow_version
from linguist.report.facts import describe_model
from linguist.report.mathml import mathml
from linguist.report.page import REPORTS, render
from linguist.report.pairset import ORIGINS
from linguist.sequences.blast import GAP_SCORES, LETTER_SCORES, PROGRAMS
from linguist.splits import SPLITS
from linguist.statistics.metrics import RESAMPLES

SHOWN = 16  # hex digits of a file's SHA-256
PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "accelerate",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "matplotlib",
)
PACKAGES += ("biopython", "pysam", "pyfaidx", "parasail")
CONDA_NAMES = {"pytorch": "torch", "parasail-python": "parasail"}  # a package that conda names otherwise
STEPS = {"homologs": ("choose_positives", "find_negatives")}  # functions that a recipe's own says too little of


@dataclass(frozen=True)
class Formula:
    """A figure: its formula, what the letters mean, whose it is, and the function ("module.name") that computes it."""

    name: str
    formula: str
    about: str
    source: str
    function: str

    @property
    def set(self):
        return mathml(self.formula)

    @property
    def is_used(self):
        """Whether the library has the function: no formula is told that nothing computes."""
        module, _, name = self.function.partition(".")
        path = SCRIPTS / "linguist" / f"{module}.py"
        return path.exists() and re.search(rf"^def {name}\(", path.read_text(encoding="utf-8"), re.M) is not None


PERCENT = f"{100 * LEVEL:g} %"
FORMULAS = [
    Formula(
        "accuracy",
        r"a=\frac{1}{n}\sum_{i=1}^{n}[\hat{y}_i=y_i]",
        "the share of the n items whose called class is the true one; a pair is called the same if its logit of class 1 exceeds that of class 0",
        "",
        "metrics.confusion_figures",
    ),
    Formula(
        "F1",
        r"F_1=\frac{2TP}{2TP+FP+FN}",
        "of class 1 in pair sets, the mean over all classes (macro) in tasks; 0 where undefined; TP, FP, TN, FN are the counts of true and false positives and negatives",
        "van Rijsbergen 1979",
        "metrics.confusion_figures",
    ),
    Formula(
        "MCC of two classes",
        r"MCC=\frac{TP\cdot TN-FP\cdot FN}{\sqrt{(TP+FP)(TP+FN)(TN+FP)(TN+FN)}}",
        "0 where undefined",
        "Matthews 1975",
        "metrics.confusion_figures",
    ),
    Formula(
        "MCC of K classes",
        r"R_K=\frac{cn-\sum_{k}p_k t_k}{\sqrt{(n^2-\sum_{k}p_k^2)(n^2-\sum_{k}t_k^2)}}",
        "c of n items are called right, p are called class k and t are of it; an answer that is no class counts as a class of its own; 0 where undefined",
        "Gorodkin 2004",
        "task_metrics.confusion_figures",
    ),
    Formula(
        "Wilson's interval of a share",
        r"\frac{1}{1+z^2/n}\left(\hat{p}+\frac{z^2}{2n}\pm z\sqrt{\frac{\hat{p}(1-\hat{p})}{n}+\frac{z^2}{4n^2}}\right)",
        f"of the accuracy of one run; z is the normal quantile of {PERCENT}",
        "Wilson 1927",
        "metrics.wilson",
    ),
    Formula(
        "AUROC",
        r"A=\frac{1}{mn}\sum_{i=1}^{m}\sum_{j=1}^{n}\left([x_i>y_j]+\frac{1}{2}[x_i=y_j]\right)",
        "x are the scores of the m positives, y those of the n negatives; a score is the logit of class 1 less that of class 0",
        "Hanley & McNeil 1982",
        "metrics.auroc_interval",
    ),
    Formula(
        "DeLong's interval of AUROC",
        r"A\pm z\sqrt{\frac{s_X^2}{m}+\frac{s_Y^2}{n}}",
        "the variances s² are those of the share of negatives below each positive (X) and of positives above each negative (Y); cut to 0…1",
        "DeLong, DeLong & Clarke-Pearson 1988",
        "metrics.auroc_interval",
    ),
    Formula(
        "bootstrap of F1 and MCC",
        r"(N_1,\dots,N_C)^{*}\sim\text{Multinomial}(n,(N_1,\dots,N_C)/n)",
        f"items are drawn anew with replacement {RESAMPLES:,} times, done exactly on the cells of the confusion matrix; the interval is from percentiles of the figure over the draws ({PERCENT})",
        "Efron 1979",
        "metrics.figures",
    ),
    Formula(
        "mean over seeds",
        r"\bar{a}\pm\sqrt{t_{k-1}^2\frac{s^2}{k}+r^2}",
        f"s is the standard deviation over k seeds, t Student's quantile of {PERCENT}; r is the reach of the items, which all seeds share: half of Wilson's interval at the mean accuracy, or the mean half of DeLong's. The two reaches are added in quadrature. With one seed the interval is r alone",
        "Student 1908",
        "metrics.mean_interval",
    ),
    Formula(
        "paired difference",
        r"\bar{d}\pm\sqrt{t_{n-2}^2\left(\frac{1}{T}\sum_{t=1}^{T}\frac{s_t}{\sqrt{n_t}}\right)^2+t_{k-1}^2\frac{s^2}{k}}",
        "d is how much more often one way is right than the other on the same item and seed, averaged over T tests; the first part is of each test's items (in pair sets within labels, whose numbers are fixed; of tasks t has n - 1 degrees of freedom), as if all tests moved together (of tasks, whose items are apart, the mean of squares by T stands for its square), the second of the k paired seeds (a baseline has one, which stands for all); p is the level at which the interval ends at 0",
        "Student 1908",
        "metrics.paired_difference",
    ),
    Formula(
        "claim over several rivals",
        r"p=\max_{r}\left(p_r\right)",
        "p_r is that of the paired difference from the rival r, or 1 where the rival is not led: the claim is that all are beaten, so that it needs no correction for their number",
        "Berger 1982",
        "metrics.claim_p_values",
    ),
    Formula(
        "Holm's correction",
        r"p'_{(j)}=\max_{i\le j}\min(1,(m-i+1)p_{(i)})",
        "for m claims made at once, with their p-values in rising order: the chance of any false claim among them stays below the level",
        "Holm 1979",
        "metrics.holm",
    ),
]
SIMILARITY = Formula(
    "similarity of two sequences",
    r"S=\frac{\text{identical aligned positions}}{\max(\ell_1,\ell_2)}",
    "ℓ are the lengths of both sides; for positives the alignment is BLAST's, for negatives the best local one with BLAST's default scores (affine gaps)",
    "Smith & Waterman 1981; the first paper does not give its own formula",
    "alignment.similarity",
)


def describe_splits(pairsets, paths):
    """{pair set: {split: rows and SHA-256}}; `paths` are the split files, three for each, in the order of SPLITS."""
    places = iter(paths)
    return {name: {split: describe_table(next(places)) for split in SPLITS} for name in pairsets}


def describe_table(path):
    """Rows of a table without its header, and the first digits of its SHA-256."""
    with open(path, "rb") as handle:
        return {"rows": max(0, sum(1 for _ in handle) - 1), "sha256": file_digest(path)[:SHOWN]}


def rules_of(spec):
    """The rules that a pair set's recipe reads, with their values."""
    return {rule: spec["rules"][rule] for rule in RECIPES[spec["recipe"]].rules if rule in spec["rules"]}


def recipes_of(pairsets):
    """How the recipes in use make their rows, as the code says of itself: {recipe: paragraphs}."""
    found = {}
    for spec in pairsets.values():
        recipe = RECIPES[spec["recipe"]]
        names = [*STEPS.get(spec["recipe"], ()), recipe.function.partition(".")[2]]
        found[spec["recipe"]] = [docstring(recipe.module, name) for name in names]
    return found


def docstring(module, function):
    """The docstring of a function of the library, in one paragraph; read, not imported: a page's job may lack packages."""
    tree = ast.parse((SCRIPTS / "linguist" / f"{module}.py").read_text(encoding="utf-8"))
    node = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    return " ".join(ast.get_docstring(node).split())


def licences_of(config):
    """{resource: licences that corpora state for it}."""
    found = {}
    for corpus in config["corpora"].values():
        for source in corpus["sources"].values():
            for reference in source.get("resources", []) if source.get("licence") else []:
                found.setdefault(reference.partition(":")[0], {})[source["licence"]] = None
    return {name: ", ".join(licences) for name, licences in found.items()}


def describe_resource(name, spec, record, licence):
    """A resource in words: where the config has it from, and what the record of its fetching says."""
    given = next((f"{kind} {spec[kind]}" for kind in ("sha256", "md5") if kind in spec), None)
    address = spec.get("path") or spec["url"]
    return {
        "name": name,
        "address": address,
        "other": record["source"] if "path" not in spec and record["source"] != address else None,
        "given": given or "none",
        "verified": bool(record["verified"]),
        "sha256": record["sha256"],
        "bytes": record["bytes"],
        "day": record["day"],
        "licence": licence or "not stated",
    }


def count_parameters(folder):
    """Numbers in a model's safetensors files, by the shapes in their headers; None where there are none."""
    total, files = 0, sorted(Path(folder).glob("*.safetensors"))
    for path in files:
        with open(path, "rb") as handle:
            header = json.loads(handle.read(int.from_bytes(handle.read(8), "little")))
        for name, tensor in header.items():
            if name != "__metadata__":
                size = 1
                for length in tensor["shape"]:
                    size *= length
                total += size
    return total if files else None


def describe_models(config, models, folders):
    """A record for each model: where from, parameters, tokenizer and corpus."""
    found = []
    for name, folder in zip(models, folders, strict=True):
        spec = config["models"][name]
        control = "random_of" in spec
        base = config["models"][spec["random_of"]] if control else spec
        origin = f"control: {spec['random_of']} with random weights" if control else describe_model(spec)[0]
        found.append(
            {
                "name": name,
                "origin": origin,
                "parameters": count_parameters(folder),
                "tokenizer": "its own"
                if tokenizer_of(config, name) in config["models"]
                else tokenizer_of(config, name),
                "corpus": "none"
                if control
                else base.get("corpus", "none" if "architecture" in base else "its makers'"),
                "shape": base.get("shape"),
                "own": {key: spec[key] for key in ("pretraining", "finetuning") if spec.get(key)},
            }
        )
    return found


def read_pins(paths):
    """{package: versions pinned in the files of the conda environments}, by the name that pip knows."""
    found = {}
    for path in paths:
        for line in yaml.safe_load(Path(path).read_text(encoding="utf-8"))["dependencies"]:
            name, _, pinned = str(line).partition("=")
            found.setdefault(CONDA_NAMES.get(name, name), {})[pinned] = None
    return {name: ", ".join(pins) for name, pins in found.items()}


def describe_software(snakemake, runs, searches, pins):
    """A record for each package: its version where this page was written, in the jobs that used it, and as pinned for conda.

    `runs` are metrics.json of trainings, `searches` {program of BLAST+: versions}. A package without any version is left out.
    """
    here = {"python": platform.python_version(), "snakemake": snakemake} | versions(PACKAGES)
    in_runs = {"blast": {f"{program} {number}": None for program, found in searches.items() for number in found}}
    for run in runs:
        for name, version in run["versions"].items():
            in_runs.setdefault(name, {})[version] = None
    used = {name: ", ".join(found) for name, found in in_runs.items() if found}
    columns = {"here": here, "runs": used, "pinned": pins}
    names = [name for name in ("python", "snakemake", *PACKAGES, "blast") if any(name in c for c in columns.values())]
    return [{"name": name} | {key: column.get(name, "–") for key, column in columns.items()} for name in names]


def describe_devices(runs):
    """How trainings were computed: {what: the values seen, as text}."""
    keys = {"device": "device", "precision": "arithmetic", "attention": "attention", "threads": "threads"}
    seen = {what: list(dict.fromkeys(str(run[key]) for run in runs if key in run)) for key, what in keys.items()}
    return {what: ", ".join(values) for what, values in seen.items() if values}


def read_citation(path):
    """What CITATION.cff says: this software and its references, as records of title, authors and address."""
    cited = yaml.safe_load(Path(path).read_text(encoding="utf-8"))

    def record(part):
        names = [a.get("name") or f"{a['family-names']} {a.get('given-names', '')}".strip() for a in part["authors"]]
        address = part.get("doi") or part.get("url")
        return {"title": part["title"], "authors": ", ".join(names), "year": part.get("year"), "address": address}

    return {
        "message": cited["message"],
        "own": record(cited),
        "references": list(map(record, cited.get("references", []))),
    }


def write_methods(
    path, config, splits, records, models, runs, software, citation, template=REPORTS / "methods.html.j2"
):
    """Write the page of methods: one HTML file that holds all it shows and asks nothing of the network.

    Args: the settled `config`; `splits` of `describe_splits`; `records` {resource: record of its fetching}; `models` of
    `describe_models`; `runs` metrics.json of all trainings; `software` of `describe_software`; `citation` of
    `read_citation`.
    """
    pairsets = {name: config["pairsets"][name] for name in splits}
    licences = licences_of(config)
    kinds = dict.fromkeys(spec["kind"] for spec in pairsets.values())
    searched = {spec["kind"] for spec in pairsets.values() if is_searched(spec)}
    studied = {name for study in config["studies"].values() for name in study["trainsets"]}
    studied |= {block["trainset"] for block in config["vectors"].values()}
    options = {"pretraining": any("corpus" in config["models"][model["name"]] for model in models)}
    options |= {"finetuning": bool(studied & config["pairsets"].keys())}
    options |= {"classification": bool(studied & config["tasks"].keys())}
    options |= {"instruction_tuning": bool(studied & config["instructions"].keys())}
    render(
        path,
        template,
        formulas=[formula for formula in FORMULAS if formula.is_used],
        similarity=SIMILARITY,
        pairsets=pairsets,
        splits=splits,
        rules={name: rules_of(spec) for name, spec in pairsets.items()},
        kinds={kind: [n for n, s in pairsets.items() if s["kind"] == kind] for kind in kinds},
        made={recipe: ORIGINS.get(recipe, recipe) for recipe in dict.fromkeys(s["recipe"] for s in pairsets.values())},
        recipes=recipes_of(pairsets),
        programs={kind: PROGRAMS[kind] for kind in PROGRAMS if kind in searched},
        letters=LETTER_SCORES,
        gaps=GAP_SCORES,
        resources=[
            describe_resource(name, config["resources"][name], record, licences.get(name))
            for name, record in records.items()
        ],
        models=models,
        options={
            name: {key: value for key, value in config[name].items() if value is not None}
            for name, used in options.items()
            if used
        },
        max_length=config["tokens"]["max_length"],
        blast=config["blast"],
        studies=config["studies"],
        vectors=config["vectors"],
        software=software,
        devices=describe_devices(runs),
        workflow=workflow_version(),
        citation=citation,
    )


def read_records(names, paths):
    """{resource: the record of its fetching}."""
    return {name: read_json(path) for name, path in zip(names, paths, strict=True)}
