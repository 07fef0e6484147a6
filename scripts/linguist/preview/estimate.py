"""What a whole run will cost, from a preview of it: hours, GPU memory and disk of each rule.

A job of the whole run takes
    start + work * (amount in the whole run) / (amount in the preview)
of the job of the preview that has the same rule and most wildcards in common: `start` is the CPU time before its work begins, mostly
imports, and `amounts` says what the work of a rule grows with, such as the bytes of a resource or the rows of a set.
Jobs with a model are short in a preview: they spend more time on loading and saving it than on arithmetic. Their work is therefore
fitted over all of them: a constant, a term that is proportional to the parameters, and one that is proportional to the FLOPs, none
below 0 (non-negative least squares of relative errors).
"""

import math
import os

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from linguist.files import read_json
from linguist.preview.amounts import FLOPS, MEMORY, outputs_of, work_of
from linguist.preview.jobs import measure_jobs
from linguist.preview.workload import Workload
from linguist.statistics.numbers import percent

COLUMNS = {
    "rule": "rule",
    "jobs": "jobs",
    "core_hours": "core hours",
    "gpu_hours": "GPU hours",
    "gpu_gb": "GPU memory, GB",
    "disk_gb": "disk, GB",
}
# Assumed shares of the GPU's rate of products: large batches of a compiled pretraining, and small batches of other jobs. Pages of
# pretrained models and of costs have the share that a run reached.
PRETRAINING, OTHER = 0.4, 0.15
BYTES_PER_SECOND = 20e6  # of a download, assumed
NOTES = """\
Core hours were measured on this machine and grow with bytes, rows or FLOPs. Except for trainings and tests they are upper bounds,
since the work of a short job is never 0.
GPU hours are FLOPs at {rate:g} TFLOP/s (preview.gpu_rate). Pretraining is assumed to use {pretraining} of it, other jobs {other}.
GPU memory is weights, gradients, moments of AdamW, and activations and logits of the longest rows.
Disk has no temporary files. Tokens of new tokenizers are counted with small vocabularies; with the whole ones there are fewer.
"""


def estimate(configs, jobs, steps, folder):
    """A table of the rules (COLUMNS), those with most hours first; core_hours is NaN if the preview did not run the rule.

    Args: `configs` and `jobs` are pairs: of the whole run, and of the preview; `steps` is {rule: Step}; `folder` has the results
    of the preview.
    """
    loads = [Workload(config, folder, whole) for config, whole in zip(configs, (True, False), strict=True)]
    measured = measure_jobs(jobs[1], steps)
    model = fit_work(loads[1], measured)
    rows = [{"rule": rule, **estimate_job(rule, w, loads, measured[rule], model)} for rule, w in jobs[0]]
    groups = pd.DataFrame(rows, columns=[*COLUMNS]).groupby("rule")
    table = groups[["core_hours", "gpu_hours", "disk_gb"]].sum(min_count=1).reset_index()
    table = table.assign(jobs=groups.size().to_numpy(), gpu_gb=groups["gpu_gb"].max().to_numpy())[[*COLUMNS]]
    return table.sort_values(["core_hours", "rule"], ascending=[False, True], ignore_index=True)


def estimate_job(rule, wildcards, loads, measured, model):
    """What a job of the whole run takes: its columns of the table, {} if the preview did not run its rule. `measured` has the jobs
    of the preview with this rule, `model` is from `fit_work`."""
    if not measured:
        return {}
    near = max(measured, key=lambda other: len({*other} & {*wildcards}))
    job, (whole, cut) = measured[near], loads
    amount, before = work_of(rule, whole, dict(wildcards)), work_of(rule, cut, dict(near)) or 1
    left, left_before = outputs_of(rule, whole, dict(wildcards)), outputs_of(rule, cut, dict(near)) or 1
    with_model = rule in FLOPS
    work = model @ terms(whole, wildcards, amount) if with_model and model[-1] else job.work * amount / before
    found = {"core_hours": (job.start + work) / 3600, "gpu_hours": 0, "gpu_gb": 0}
    found["disk_gb"] = job.disk * left / left_before / 1e9
    if with_model:
        rate = 1e12 * whole.config["preview"]["gpu_rate"] * (PRETRAINING if rule == "pretrain" else OTHER)
        found["gpu_hours"] = (job.start + amount / rate) / 3600
        found["gpu_gb"] = MEMORY[rule](whole, dict(wildcards)) / 1e9
    return found


def terms(load, wildcards, flops):
    """What the work of a job with a model is a sum of: 1, its parameters and its FLOPs."""
    return np.array([1, load.shape(dict(wildcards)["model"]).parameters, flops])


def fit_work(cut, measured):
    """CPU seconds for each of `terms`, none below 0, from the jobs of a preview with a model; `measured` is
    {rule: {wildcards: Measured}}."""
    found = [
        (terms(cut, wildcards, work_of(rule, cut, dict(wildcards))), job.work)
        for rule in FLOPS
        for wildcards, job in measured[rule].items()
        if job.work > 0
    ]
    if not found:
        return np.zeros(3)
    parts, work = (np.array(column) for column in zip(*found, strict=True))
    scale = parts.max(axis=0)
    return nnls(parts / scale / work[:, None], np.ones(len(work)))[0] / scale


def unsized(config, folder):
    """The resources of a preview whose servers do not say how large they are."""
    records = {name: f"{folder}/records/{name}.json" for name in config["resources"]}
    return [name for name, path in records.items() if os.path.exists(path) and not read_json(path)["whole_bytes"]]


def format_estimate(study, table, config, folder, cores):
    """The table as text for a terminal, with its totals and what it assumes; `folder` has the results of the preview."""
    cells = table.assign(jobs=table["jobs"].map(str))
    for key in ("core_hours", "gpu_hours", "gpu_gb", "disk_gb"):
        cells[key] = table[key].map(format_amount)
    hours, others = table["core_hours"], ~table["rule"].isin([*FLOPS])
    fetched = table["disk_gb"][table["rule"] == "fetch_resource"].sum()
    lines = [
        f"{study}: estimate of the whole run, from a preview of it",
        "",
        *align([[*COLUMNS.values()], *cells[[*COLUMNS]].to_numpy().tolist()]),
        "",
        f"With one GPU: {format_amount(table['gpu_hours'].sum())} GPU hours, "
        f"and {format_hours(hours[others].sum(), cores)} of other jobs.",
        f"Without a GPU: {format_hours(hours.sum(), cores)}.",
        f"GPU memory: {format_amount(table['gpu_gb'].max())} GB, and about 1 GB for the libraries. "
        f"Disk: {format_amount(table['disk_gb'].sum())} GB.",
    ]
    if fetched:
        took = format_amount(fetched * 1e9 / BYTES_PER_SECOND / 3600)
        lines += [
            f"Downloads of resources: {format_amount(fetched)} GB, {took} hours at {BYTES_PER_SECOND / 1e6:g} MB/s."
        ]
    if untried := [*table["rule"][hours.isna()]]:
        lines += [f"Not in the preview, and not counted: {', '.join(untried)}."]
    if names := unsized(config, folder):
        lines += [f"Counted as no larger than their beginnings, since servers give no size: {', '.join(names)}."]
    rate = config["preview"]["gpu_rate"]
    return "\n".join(
        [*lines, "", NOTES.format(rate=rate, pretraining=percent(PRETRAINING, 0), other=percent(OTHER, 0))]
    )


def align(lines):
    """Rows of cells as lines of text: the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]


def format_hours(hours, cores):
    """Core hours, and what they are on so many cores."""
    return f"{format_amount(hours)} core hours ({format_amount(hours / cores)} hours on {cores} cores)"


def format_amount(value):
    """A number with two significant digits, as rough as the estimate is; a dash for none."""
    if not value or math.isnan(value):
        return "–"
    return "<0.01" if value < 0.01 else f"{float(f'{value:.2g}'):,.10g}"
