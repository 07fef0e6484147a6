"""What a whole run will cost, from a preview of it: hours, GPU memory and disk of each rule.

Each job of the preview was measured. The work of a job is proportional to an amount, such as the bytes of a resource, the rows
of a set or the FLOPs of a training (AMOUNTS); the time before a script begins its work is not. So a job of the whole run takes
    start + work * (amount in the whole run) / (amount in the preview)
of the job of the same rule whose wildcards agree best. Jobs with a model are short in a preview: they spend more time on loading
and saving it than on arithmetic. Their work is therefore fitted over all of them: a constant, a term that is proportional to the
parameters, and one that is proportional to the FLOPs, none below 0 (non-negative least squares of relative errors).
"""

import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from linguist.config import plan, used
from linguist.config.cut import FOLDER, whole_layers
from linguist.config.settings import is_genome, pretraining_settings, tuning_settings
from linguist.files import read_json, write_text
from linguist.logs import CPU_TIME
from linguist.report.costs import read_benchmark
from linguist.splits import SPLITS
from linguist.training.changes import source_set
from linguist.training.controls import UNTRAINED

COLUMNS = ["rule", "jobs", "core_hours", "gpu_hours", "gpu_gb", "disk_gb"]
# Shares of the GPU's rate of products that trainings use: of a whole compiled pretraining, and of small batches.
PRETRAINING, TUNING = 0.4, 0.15
BYTES_PER_SECOND = 20e6  # of a download
STATE = 16  # bytes of a parameter: float32 weights, gradients and both moments of AdamW
ACTIVATIONS = (
    34  # bytes per token, feature and layer (Korthikanti et al. 2022, without attention's matrix, which is not kept)
)
LOGITS = 10  # bytes per token and vocabulary entry: bfloat16 logits, and float32 ones with their gradient
BACKWARD = 3  # FLOPs of a forward and a backward pass, in forward passes
LAYER = re.compile(r"\.\d+\.")  # in the name of a parameter: the layer


@dataclass(frozen=True)
class Shape:
    """A model: width, layers, entries of its vocabulary, and its parameters in a layer and in all."""

    width: int
    layers: int
    vocabulary: int
    in_layer: float
    parameters: float

    def flops(self, head):
        """FLOPs of a token's forward pass, with a head for the vocabulary or without."""
        return 2 * (self.layers * self.in_layer + head * self.vocabulary * self.width)


class Load:
    """The amounts of work in a preview's run or, if `whole`, in the run that it stands for. `config` is the configuration of
    the one or the other; what was measured lies in `folder`, the results of the preview."""

    def __init__(self, config, folder, whole):
        self.config, self.folder, self.whole = config, Path(folder), whole

    def read(self, path):
        return read_json(self.folder / path)

    # ── data ──

    def size(self, resource):
        """Bytes of a resource."""
        record = self.read(f"records/{resource}.json")
        return (self.whole and record["whole_bytes"]) or record["bytes"]

    def growth(self, references):
        """How many times the preview's part of some resources the whole is; 1 without resources."""
        names = [reference.partition(":")[0] for reference in references]
        known = [name for name in names if name in self.config["resources"]]
        if not (self.whole and known):
            return 1
        return sum(map(self.size, known)) / sum(self.read(f"records/{name}.json")["bytes"] for name in known)

    def rows(self, name, splits=SPLITS):
        """Rows of some splits of a pair set or task."""
        spec = (self.config["pairsets"] | self.config["tasks"])[name]
        return sum(self.split_rows(name, spec, split) for split in splits)

    def split_rows(self, name, spec, split):
        if split in spec.get("sizes", {}):
            return spec["sizes"][split]
        found = self.read(f"tasks/{name}/rows.json")["rows"]
        read = found[split]["read"] if split in found else sum(part["read"] for part in found.values()) / len(SPLITS)
        return read * self.growth([] if "folder" in spec else spec.get("files", {}).get(split, []))

    def source_bytes(self, corpus, name):
        """Bytes of a corpus's source."""
        source = self.config["corpora"][corpus]["sources"][name]
        found = self.read(f"corpora/{corpus}/manifest.json")["sources"][name]["bytes"]
        if not self.whole:
            return found
        if "pairsets" in source:
            rows = sum(self.config["pairsets"][pairset]["sizes"]["train"] for pairset in source["pairsets"])
            return found * rows / sum(self.read_rows(pairset) for pairset in source["pairsets"])
        return source.get("bytes", found * self.growth(source["resources"]))

    def read_rows(self, pairset):
        """Train rows of a pair set in the preview."""
        with open(self.folder / f"pairs/{pairset}/train.tsv", encoding="utf-8") as lines:
            return max(1, sum(1 for _ in lines) - 2)

    def corpus_bytes(self, corpus, split=None):
        share = {"train": 1 - self.config["corpora"][corpus]["dev"], "dev": self.config["corpora"][corpus]["dev"]}
        return share.get(split, 1) * sum(
            self.source_bytes(corpus, name) for name in self.config["corpora"][corpus]["sources"]
        )

    def sample_bytes(self, tokenizer):
        spec = self.config["tokenizers"][tokenizer]
        return spec.get("sample") or self.corpus_bytes(spec["corpus"])

    # ── models ──

    @cached_property
    def shapes(self):
        return {}

    def shape(self, model):
        """The Shape of a model, from its weights in the preview: there it has fewer layers, and perhaps fewer tokens."""
        if model not in self.shapes:
            self.shapes[model] = self.find_shape(model)
        return self.shapes[model]

    def find_shape(self, model):
        spec = self.config["models"][model]
        folder = self.folder / "models" / spec.get("random_of", model)  # a model with random weights has the same shape
        about, sizes = read_json(folder / "config.json"), read_sizes(folder / "model.safetensors")
        width, cut = (
            about.get(key) or about.get(other)
            for key, other in (("hidden_size", "n_embd"), ("num_hidden_layers", "n_layer"))
        )
        width, cut = width or about["dim"], cut or about["n_layers"]
        in_layers = sum(size for name, size in sizes.items() if LAYER.search(name))
        layers, vocabulary, parameters = cut, about["vocab_size"], sum(sizes.values())
        if self.whole:
            own = self.config["models"].get(spec.get("random_of"), spec)
            layers = whole_layers(own) if "architecture" in own else about.get("whole_layers", cut)
            tokenizer = self.config["tokenizers"].get(own.get("tokenizer"), {})
            vocabulary = tokenizer.get("vocab_size", vocabulary)
            parameters += (layers - cut) * in_layers / cut + (vocabulary - about["vocab_size"]) * width
        return Shape(width, layers, vocabulary, in_layers / cut, parameters)

    def tokens(self, name, model, split):
        """Tokens of a split of a pair set or task, for a model."""
        counts = self.counts(name, model)[split]
        return self.rows(name, [split]) * counts["tokens"] / max(1, counts["inputs"])

    def longest(self, name, model):
        return max(self.counts(name, model)[split]["longest"] for split in SPLITS)

    def counts(self, name, model):
        """The counts of tokens of a set for a model; for another one, if the preview does not have the two together."""
        own = self.folder / f"tokens/{name}.{plan.tokenizer_of(self.config, model)}/tokens.json"
        return read_json(own if own.exists() else min(self.folder.glob(f"tokens/{name}.*/tokens.json")))

    def test_tokens(self, model, trainset):
        return sum(self.tokens(test, model, "test") for test in plan.tests_of_arm(self.config, model, trainset))

    def options(self, model, trainset):
        return tuning_settings(self.config, model, source_set(trainset))

    def prompt_tokens(self, model, instructions):
        """Tokens of a prompt of an instruction set, from the trainings of the preview."""
        runs = [read_json(path) for path in self.folder.glob(f"runs/*/{instructions}/seed-*/metrics.json")]
        measured = [run["tokens_per_second"] * run["seconds"] / run["train_pairs"] for run in runs]
        return sum(measured) / len(measured) if measured else 256

    def task_rows(self, instructions, splits):
        return sum(self.rows(task, splits) for task in self.config["instructions"][instructions]["tasks"])

    def finetuning_flops(self, model, trainset):
        epochs, source = self.options(model, trainset)["epochs"], source_set(trainset)
        tokens = {split: self.tokens(source, model, split) for split in ("train", "dev")}
        passes = epochs * (BACKWARD * tokens["train"] + tokens["dev"]) + self.test_tokens(model, trainset)
        return passes * self.shape(model).flops(head=False)

    def instruction_flops(self, model, instructions):
        epochs = self.options(model, instructions)["epochs"]
        rows = BACKWARD * self.task_rows(instructions, ["train"]) + self.task_rows(instructions, ["dev"])
        tuning = epochs * rows * self.prompt_tokens(model, instructions) * self.shape(model).flops(head=True)
        return tuning + (self.config["keep_weights"] != "all") * self.answer_flops(model, instructions)

    def answer_flops(self, model, instructions):
        rows = self.task_rows(instructions, ["test"]) * 2  # each is asked in two ways
        return rows * self.prompt_tokens(model, instructions) * self.shape(model).flops(head=True)

    def pretraining_flops(self, model):
        spec = self.config["models"][model]
        about = self.read(f"tokens/{spec['corpus']}.{spec['tokenizer']}/train.json")
        density = about["tokens"] / sum(counts["bytes"] for counts in about["sources"].values())
        tokens = density * self.corpus_bytes(spec["corpus"], "train")
        epochs = pretraining_settings(self.config, model)["epochs"]
        return epochs * tokens * BACKWARD * self.shape(model).flops(head=True)

    # ── GPU memory ──

    def training_bytes(self, model, rows, length, head):
        """Weights, gradients, moments, activations and logits of a training step."""
        shape = self.shape(model)
        held = ACTIVATIONS * shape.width * shape.layers + (LOGITS * shape.vocabulary if head else 0)
        return STATE * shape.parameters + rows * length * held

    def finetuning_bytes(self, model, trainset):
        rows = self.options(model, trainset)["batch_size"]
        return self.training_bytes(model, rows, self.longest(source_set(trainset), model), head=False)

    def instruction_bytes(self, model, instructions):
        rows = self.options(model, instructions)["batch_size"]
        return self.training_bytes(model, rows, self.prompt_tokens(model, instructions), head=True)

    def pretraining_bytes(self, model):
        options = pretraining_settings(self.config, model)
        rows = min(options["batch_size"], options["micro_batch"] or options["batch_size"])
        return self.training_bytes(model, rows, options["context"], head=True)

    def weight_bytes(self, model):
        return 4 * self.shape(model).parameters


def study_rows(load, study):
    """Rows that the metrics of a study are computed from."""
    return len(plan.study_runs(load.config, study)) * sum(
        load.rows(test, ["test"]) for test in load.config["studies"][study]["tests"]
    )


def search_amount(load, w):
    """Windows of a part of a search, times the bytes of the database."""
    windows = load.config["pairsets"][w["pairset"]]["rules"]["windows"] / load.config["blast"]["parts"]
    return windows * load.size(w["resource"])


def source_amount(load, w):
    source = load.config["corpora"][w["corpus"]]["sources"][w["source"]]
    return load.size(source["resources"][0]) if is_genome(source) else load.source_bytes(w["corpus"], w["source"])


RESOURCE = ("fetch_resource", "unpack_resource", "index_sequences", "build_blast_database", "mask_repeats")
# Of so few sequences BLAST's time grows with their number, not with the number of comparisons.
PAIRS = ("build_pairs", "audit_pairs", "tokenize_pairs", "search_pair_neighbours")
TASKS = ("build_task", "audit_task", "tokenize_task", "score_baselines", "search_neighbours")
# What the work of a rule's job is proportional to: (Load, wildcards) to a number. The work of other rules is taken to be the
# same in both runs.
AMOUNTS = {
    **{rule: lambda load, w: load.size(w["resource"]) for rule in RESOURCE},
    **{rule: lambda load, w: load.rows(w["pairset"]) for rule in PAIRS},
    **{rule: lambda load, w: load.rows(w["task"]) for rule in TASKS},
    "sample_queries": lambda load, w: load.size(load.config["pairsets"][w["pairset"]]["queries"]),
    "search_homologs": search_amount,
    "choose_positives": lambda load, w: load.config["pairsets"][w["pairset"]]["rules"]["windows"],
    "segment_genome": source_amount,
    "collect_documents": source_amount,
    "mix_corpus": lambda load, w: load.corpus_bytes(w["corpus"]),
    "encode_corpus": lambda load, w: load.corpus_bytes(w["corpus"]),
    "train_tokenizer": lambda load, w: load.sample_bytes(w["tokenizer"]),
    "describe_vocabulary": lambda load, w: load.corpus_bytes(
        load.config["tokenizers"][w["tokenizer"]]["corpus"], "dev"
    ),
    "fetch_model": lambda load, w: load.weight_bytes(w["model"]),
    "initialize_model": lambda load, w: load.weight_bytes(w["model"]),
    "keep_best_weights": lambda load, w: load.weight_bytes(w["model"]),
    "build_instructions": lambda load, w: load.task_rows(w["instructions"], ["train", "dev"]),
    "build_questions": lambda load, w: load.task_rows(w["instructions"], ["test"]),
    "count_overlaps": lambda load, w: sum(map(load.rows, used.used_tasks(load.config))),
    "compute_metrics": lambda load, w: study_rows(load, w["study"]),
    "compute_task_metrics": lambda load, w: study_rows(load, w["task_study"]),
    "pretrain": lambda load, w: load.pretraining_flops(w["model"]),
    "finetune": lambda load, w: load.finetuning_flops(w["model"], w["trainset"]),
    "evaluate": lambda load, w: load.test_tokens(w["model"], w["trainset"]) * load.shape(w["model"]).flops(head=False),
    "tune_instructions": lambda load, w: load.instruction_flops(w["model"], w["instructions"]),
    "answer_instructions": lambda load, w: load.answer_flops(w["model"], w["instructions"]),
    "embed_words": lambda load, w: load.shape(w["model"]).vocabulary * load.shape(w["model"]).flops(head=False),
    "embed_words_before": lambda load, w: AMOUNTS["embed_words"](load, w),
}
# GPU memory of a job, in bytes. The amounts of these rules are FLOPs.
MEMORY = {
    "pretrain": lambda load, w: load.pretraining_bytes(w["model"]),
    "finetune": lambda load, w: (
        load.finetuning_bytes(w["model"], w["trainset"])
        if w["trainset"] != UNTRAINED
        else load.weight_bytes(w["model"])
    ),
    "tune_instructions": lambda load, w: load.instruction_bytes(w["model"], w["instructions"]),
    **{
        rule: lambda load, w: load.weight_bytes(w["model"])
        for rule in ("evaluate", "answer_instructions", "embed_words", "embed_words_before")
    },
}


# What the bytes of a job's outputs are proportional to, where that is not its work.
OUTPUTS = {
    "fetch_resource": lambda load, w: (
        load.size(w["resource"]) if "url" in load.config["resources"][w["resource"]] else 0
    ),
    "search_homologs": lambda load, w: (
        load.config["pairsets"][w["pairset"]]["rules"]["windows"] / load.config["blast"]["parts"]
    ),
    "pretrain": lambda load, w: load.weight_bytes(w["model"]),
    "finetune": lambda load, w: (
        load.weight_bytes(w["model"])
        if load.config["keep_weights"] == "all"
        else load.test_tokens(w["model"], w["trainset"])
    ),
    "tune_instructions": lambda load, w: load.weight_bytes(w["model"]) if load.config["keep_weights"] == "all" else 1,
    "evaluate": lambda load, w: load.test_tokens(w["model"], w["trainset"]),
    "answer_instructions": lambda load, w: load.task_rows(w["instructions"], ["test"]),
    "embed_words": lambda load, w: load.shape(w["model"]).vocabulary,
    "embed_words_before": lambda load, w: load.shape(w["model"]).vocabulary,
}


@dataclass(frozen=True)
class Step:
    """Where the jobs of a rule leave files: patterns of its outputs, and its log and benchmark with wildcards in braces. Jobs that
    make several runs have their `seeds`, and in `of` the rule that makes one."""

    outputs: list
    log: str
    benchmark: str | None
    of: str | None = None
    seeds: tuple = (None,)


def read_jobs(text, steps):
    """{(rule, wildcards as sorted pairs): [outputs]} from what `snakemake --summary` prints; `steps` is {rule: Step}. A job of
    several runs counts as so many jobs of one."""
    jobs = defaultdict(list)
    for line in text.splitlines():
        path, _, rule, *_ = [*line.split("\t"), "", ""]
        path = path.removeprefix(f"{FOLDER}/")
        for pattern in steps[rule].outputs if rule in steps else []:
            if match := re.fullmatch(pattern, path):
                for seed in steps[rule].seeds:
                    wildcards = match.groupdict() | ({"seed": str(seed)} if seed is not None else {})
                    jobs[steps[rule].of or rule, tuple(sorted(wildcards.items()))].append(path)
                break
    return dict(jobs)


@dataclass(frozen=True)
class Measured:
    """CPU seconds of a job of the preview before its work and for it, and the bytes of its outputs that are still there."""

    start: float
    work: float
    disk: int


def measure_job(wildcards, outputs, step):
    """What a job of the preview took, or None if it was not measured. Of a script the log gives the CPU time, of a command the
    benchmark file."""
    wildcards, folder = dict(wildcards), Path(FOLDER)
    disk = sum(bytes_on_disk(folder / path) for path in outputs)
    log = folder / step.log.format(**wildcards)
    if log.is_file() and (found := CPU_TIME.findall(log.read_text(encoding="utf-8", errors="replace"))):
        total, start = map(float, found[-1])
        return Measured(start, total - start, disk)
    if step.benchmark and (path := folder / step.benchmark.format(**wildcards)).is_file():
        seconds, cpu, _ = read_benchmark(path)
        return Measured(0, cpu if cpu > 0 else seconds, disk)  # of a short job there is none
    return None


def bytes_on_disk(path):
    """Bytes of a file, or of the files in a folder; 0 if it is not there or a link."""
    if path.is_symlink() or not path.exists():
        return 0
    return path.stat().st_size if path.is_file() else sum(map(bytes_on_disk, path.iterdir()))


def read_sizes(path):
    """{name: number of parameters} of a safetensors file."""
    with open(path, "rb") as handle:
        header = json.loads(handle.read(int.from_bytes(handle.read(8), "little")))
    return {name: math.prod(about["shape"]) for name, about in header.items() if name != "__metadata__"}


def estimate(configs, jobs, steps, folder):
    """A table of the rules (COLUMNS), those with most hours first; core_hours is NaN if the preview did not run the rule.

    Args: `configs` and `jobs` are pairs: of the whole run, and of the preview; `steps` is {rule: Step}; `folder` has the results
    of the preview.
    """
    whole, cut = (Load(config, folder, flag) for config, flag in zip(configs, (True, False), strict=True))
    rate = 1e12 * configs[0]["preview"]["gpu_rate"]
    measured = defaultdict(dict)
    for (rule, wildcards), outputs in jobs[1].items():
        if found := measure_job(wildcards, outputs, steps[rule]):
            measured[rule][wildcards] = found
    arithmetic = fit_arithmetic(cut, measured)
    rows = defaultdict(lambda: dict.fromkeys(COLUMNS[1:], 0))
    for rule, wildcards in jobs[0]:
        row, amount = rows[rule], AMOUNTS.get(rule, lambda load, w: 1)
        row["jobs"] += 1
        if not measured[rule]:
            row["core_hours"] = math.nan
            continue
        near = max(measured[rule], key=lambda other: len({*other} & {*wildcards}))
        job, needed, left = measured[rule][near], amount(whole, dict(wildcards)), OUTPUTS.get(rule, amount)
        if rule in MEMORY and arithmetic[-1]:
            work = arithmetic @ terms(whole, wildcards, needed)
        else:
            work = job.work * needed / (amount(cut, dict(near)) or 1)
        row["core_hours"] += (job.start + work) / 3600
        row["disk_gb"] += job.disk * left(whole, dict(wildcards)) / (left(cut, dict(near)) or 1) / 1e9
        if rule in MEMORY:
            share = PRETRAINING if rule == "pretrain" else TUNING
            row["gpu_hours"] += (job.start + needed / rate / share) / 3600
            row["gpu_gb"] = max(row["gpu_gb"], MEMORY[rule](whole, dict(wildcards)) / 1e9)
    table = pd.DataFrame([{"rule": rule, **row} for rule, row in rows.items()], columns=COLUMNS)
    return table.sort_values(["core_hours", "rule"], ascending=[False, True], ignore_index=True)


def terms(load, wildcards, flops):
    """What the work of a job with a model is a sum of: 1, its parameters and its FLOPs."""
    return np.array([1, load.shape(dict(wildcards)["model"]).parameters, flops])


def fit_arithmetic(cut, measured):
    """CPU seconds for each of `terms`, none below 0, from the jobs of a preview; `measured` is {rule: {wildcards: Measured}}."""
    found = [
        (terms(cut, wildcards, AMOUNTS[rule](cut, dict(wildcards))), job.work)
        for rule in MEMORY
        for wildcards, job in measured[rule].items()
        if job.work > 0
    ]
    if not found:
        return np.zeros(3)
    parts, work = (np.array(column) for column in zip(*found, strict=True))
    scale = parts.max(axis=0)
    return nnls(parts / scale / work[:, None], np.ones(len(work)))[0] / scale


def format_estimate(name, table, rate, cores):
    """The table as text for a terminal, with its totals and what it assumes."""
    shown = table.assign(
        **{key: [format_amount(value) for value in table[key]] for key in COLUMNS[2:]},
        jobs=[str(jobs) for jobs in table["jobs"]],
    )
    heads = ["rule", "jobs", "core hours", "GPU hours", "GPU memory, GB", "disk, GB"]
    lines = [heads, *shown[COLUMNS].to_numpy().tolist()]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    text = "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )
    on_gpu = table["rule"].isin(list(MEMORY))
    rest, cpu, gpu = (
        table.loc[~on_gpu, "core_hours"].sum(),
        table["core_hours"].sum(),
        table.loc[on_gpu, "gpu_hours"].sum(),
    )
    untried = ", ".join(table.loc[table["core_hours"].isna(), "rule"])
    fetched = table.loc[table["rule"] == "fetch_resource", "disk_gb"].sum()
    return f"""\
{name}: every rule ran on a cut of its inputs. The whole run, estimated:

{text}

With one GPU: {format_amount(gpu)} GPU hours, and {format_amount(rest)} core hours of other jobs ({format_amount(rest / cores)} hours on {cores} cores).
Without a GPU: {format_amount(cpu)} core hours ({format_amount(cpu / cores)} hours on {cores} cores).
GPU memory: {format_amount(table["gpu_gb"].max())} GB, and about 1 GB for the libraries. Disk: {format_amount(table["disk_gb"].sum())} GB.
{f"Not in the preview, and not counted: {untried}." + chr(10) if untried else ""}\
Downloads of resources: {format_amount(fetched)} GB, {format_amount(fetched * 1e9 / BYTES_PER_SECOND / 3600)} hours at {BYTES_PER_SECOND / 1e6:g} MB/s.

Core hours were measured on this machine and grow with bytes, rows or FLOPs. Of rules other than trainings and tests they are upper
bounds, since the work of a short job is never 0.
GPU hours are FLOPs at {rate:g} TFLOP/s (preview.gpu_rate), of which pretraining uses {PRETRAINING:.0%} and other jobs {TUNING:.0%}.
GPU memory is weights, gradients and AdamW's moments ({STATE} bytes a parameter), activations and logits of the longest rows.
Disk has no temporary files. Tokens of new tokenizers are counted with small vocabularies, so there are fewer in the whole run.
"""


def format_amount(value):
    """A number with two digits, whole from 100 on; a dash for none."""
    if not value or math.isnan(value):
        return "–"
    return (
        f"{value:,.0f}"
        if value >= 100
        else f"{value:.1f}"
        if value >= 10
        else f"{value:.2f}"
        if value >= 0.01
        else "<0.01"
    )


def write_estimate(path, table):
    """Write the table as tab-separated text."""
    write_text(path, table.to_csv(sep="\t", index=False, float_format="%.4g"))
