"""The methods page: how everything in a run was made, from its final configuration and its files."""

import json
import math
import platform
from pathlib import Path

from linguist.config.plan import tokenizer_of
from linguist.config.settings import weights_origin
from linguist.config.used import is_searched
from linguist.errors import hide_credentials
from linguist.files import file_digest, read_json, read_lines, read_yaml, reading_result
from linguist.kinds import KINDS
from linguist.layout import FETCH_WARNINGS
from linguist.pairs.recipes import RECIPES
from linguist.provenance import versions, workflow_version
from linguist.splits import SPLITS

DIGITS = 16  # hex digits of a file's SHA-256 that the page shows
PACKAGES = [
    "torch",
    "transformers",
    "tokenizers",
    "accelerate",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "matplotlib",
]
PACKAGES += ["biopython", "pysam", "pyfaidx", "parasail"]
CONDA_NAMES = {"pytorch": "torch", "parasail-python": "parasail"}  # packages whose name differs in conda
DEVICE = {"device": "device", "precision": "arithmetic", "attention": "attention", "threads": "threads"}


def count_rows(names, paths):
    """{name: {split: {rows, sha256}}} of pair sets or tasks; `paths` are the three split files of each, in the order of SPLITS.

    rows is without the header; sha256 has the first DIGITS digits.
    """
    waiting, found = iter(paths), {}
    for name in names:
        for split in SPLITS:
            path = next(waiting)
            rows = sum(1 for _ in read_lines(path)) - 1
            found.setdefault(name, {})[split] = {"rows": rows, "sha256": file_digest(path)[:DIGITS]}
    return found


def used_rules(spec):
    """The rules of a pair set that its recipe reads, with their values; without those that ask for nothing."""
    rules = {rule: spec["rules"].get(rule) for rule in RECIPES[spec["recipe"]].rules}
    return {rule: value for rule, value in rules.items() if value is not None}


def stated_licences(config):
    """{resource: the licences that the config's corpora state for it, as text}."""
    found = {}
    for corpus in config["corpora"].values():
        for source in corpus["sources"].values():
            for reference in source.get("resources", []) if source.get("licence") else []:
                found.setdefault(reference.partition(":")[0], {})[source["licence"]] = None
    return {name: ", ".join(licences) for name, licences in found.items()}


def list_resource(name, spec, record, licence):
    """A resource as the page lists it, from its part of the config and the record of its download."""
    checksum = next((f"{kind} {spec[kind]}" for kind in ("sha256", "md5") if kind in spec), None)
    address = spec.get("path") or hide_credentials(spec["url"])
    if record["verified"] and not checksum:
        checksum = "sha256 in the lock file"
    return {
        "name": name,
        "address": address,
        "mirror": record["source"] if "path" not in spec and record["source"] != address else None,
        "checksum": checksum or "none",
        "verified": bool(record["verified"]),
        "sha256": record["sha256"],
        "bytes": record["bytes"],
        "day": record["day"],
        "licence": licence or "not stated",
    }


def count_parameters(folder):
    """How many numbers a model's safetensors files hold, by the shapes in their headers; None if it has no such file."""
    files, total = sorted(Path(folder).glob("*.safetensors")), 0
    for path in files:
        with reading_result(path), open(path, "rb") as handle:
            size, length = path.stat().st_size, int.from_bytes(handle.read(8), "little")
            header = json.loads(handle.read(min(length, size)))
            ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
            if 8 + length + max(ends, default=0) != size:
                raise ValueError(f"{size} bytes, not {8 + length + max(ends, default=0)}")
        total += sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
    return total if files else None


def loaded_shares(models, trainings):
    """{model: smallest share of the parameters of its runs that come from its weights}; the rest is a head drawn at random.

    `models` and `trainings` (metrics.json) have an entry per training.
    """
    found = {}
    for model, training in zip(models, trainings, strict=True):
        if "loaded_share" in training:  # a pretraining has none
            found[model] = min(training["loaded_share"], found.get(model, 1))
    return found


def list_models(config, models, folders, shares):
    """Records of models: origin, number of parameters, share of them in a run (of `loaded_shares`), tokenizer, corpus, shape,
    options of their own, and warnings from when they were fetched."""
    found = []
    for name, folder in zip(models, folders, strict=True):
        spec = config["models"][name]
        control = "random_of" in spec
        base = config["models"][spec["random_of"]] if control else spec
        origin = f"control: {spec['random_of']} with random weights" if control else weights_origin(spec)
        own_corpus = "none" if "architecture" in base else "its authors'"
        tokenizer, warnings = tokenizer_of(config, name), Path(folder) / FETCH_WARNINGS
        found.append(
            {
                "name": name,
                "origin": origin,
                "parameters": count_parameters(folder),
                "share": shares.get(name),
                "tokenizer": "its own" if tokenizer in config["models"] else tokenizer,
                "corpus": "none" if control else base.get("corpus", own_corpus),
                "shape": base.get("shape"),
                "options": {key: spec[key] for key in ("pretraining", "finetuning") if spec.get(key)},
                "warnings": read_json(warnings) if warnings.is_file() else [],
            }
        )
    return found


def read_pins(paths):
    """{package: versions pinned in the conda environments}, by the package's name on PyPI."""
    found = {}
    for path in paths:
        for line in read_yaml(path)["dependencies"]:
            name, _, pinned = str(line).partition("=")
            found.setdefault(CONDA_NAMES.get(name, name), {})[pinned] = None
    return {name: ", ".join(pins) for name, pins in found.items()}


def list_software(snakemake, trainings, searches, pins):
    """Records of packages: version in the job that writes the page, in the jobs that computed results, and pinned for conda.

    `snakemake` is its version, `trainings` are metrics.json, `searches` {program of BLAST+: versions}, `pins` from `read_pins`.
    A package without any version is left out.
    """
    used = {"blast": {f"{program} {number}": None for program, found in searches.items() for number in found}}
    for training in trainings:
        for name, number in training["versions"].items():
            used.setdefault(name, {})[number] = None
    columns = {
        "here": {"python": platform.python_version(), "snakemake": snakemake} | versions(PACKAGES),
        "used": {name: ", ".join(found) for name, found in used.items() if found},
        "pinned": pins,
    }
    names = [name for name in ("python", "snakemake", *PACKAGES, "blast") if any(name in c for c in columns.values())]
    return [{"name": name} | {key: column.get(name, "–") for key, column in columns.items()} for name in names]


def read_citation(path):
    """CITATION.cff: its message, and this software and its references as records of title, authors, year and address."""
    cited = read_yaml(path)

    def record(part):
        names = [a.get("name") or f"{a['family-names']} {a.get('given-names', '')}".strip() for a in part["authors"]]
        address = part.get("doi") or part.get("url")
        return {"title": part["title"], "authors": ", ".join(names), "year": part.get("year"), "address": address}

    works = [cited, *cited.get("references", [])]
    return {"message": cited["message"], "works": [record(work) for work in works]}


def used_options(config, models):
    """{stage: training options} of the stages of training that a run has, without those that are not set."""
    trainsets = {name for study in config["studies"].values() for name in study["trainsets"]}
    trainsets |= {block["trainset"] for block in config["vectors"].values()}
    stages = {
        "pretraining": any("corpus" in config["models"][model["name"]] for model in models),
        "finetuning": bool(trainsets & config["pairsets"].keys()),
        "classification": bool(trainsets & config["tasks"].keys()),
        "instruction_tuning": bool(trainsets & config["instructions"].keys()),
    }
    names = {"finetuning": "fine-tuning", "instruction_tuning": "instruction tuning"}
    return {
        names.get(stage, stage): {key: value for key, value in config[stage].items() if value is not None}
        for stage, used in stages.items()
        if used
    }


def methods_page(config, pairsets, resources, models, trainings):
    """What the methods page shows of a run, as values for its template.

    Args: `config` has the sections of the final configuration that the page shows; `pairsets` are names, `resources` map
    names to records of their downloads, `models` are as from `list_models`, `trainings` are the metrics.json of all.
    """
    shown = {name: config["pairsets"][name] for name in pairsets}
    kinds = dict.fromkeys(spec["kind"] for spec in shown.values())
    searched = dict.fromkeys(spec["kind"] for spec in shown.values() if is_searched(spec))
    sides = dict.fromkeys(side for kind in kinds for side in KINDS[kind].sides if KINDS[side].scores)
    licences = stated_licences(config)
    devices = {what: dict.fromkeys(str(t[key]) for t in trainings if key in t) for key, what in DEVICE.items()}
    return {
        "scores": [KINDS[side] for side in sides],
        "pairsets": shown,
        "kinds": {KINDS[kind].label: [n for n, spec in shown.items() if spec["kind"] == kind] for kind in kinds},
        "rules": {name: used_rules(spec) for name, spec in shown.items()},
        "programs": {KINDS[kind].label: KINDS[kind].blast for kind in searched},
        "resources": [
            list_resource(name, config["resources"][name], record, licences.get(name))
            for name, record in resources.items()
        ],
        "models": models,
        "options": used_options(config, models),
        "config": config,
        "devices": {what: ", ".join(values) for what, values in devices.items() if values},
        "workflow": workflow_version(),
    }
