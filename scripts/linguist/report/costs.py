"""What a run cost, by Snakemake's benchmark files: wall time, core-hours, GPU-hours and memory of each rule."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from linguist.files import write_table
from linguist.report.page import REPORTS, inline, render

COLUMNS = [
    "rule",
    "jobs",
    "measured",
    "seconds",
    "median_seconds",
    "longest_seconds",
    "core_hours",
    "gpu_hours",
    "memory_mb",
    "memory_job",
]
JOB = ["rule", "job", "seconds", "cpu_seconds", "memory_mb", "gpus"]


def read_benchmark(path):
    """Wall seconds, CPU seconds and peak memory in MB of a benchmark file, NaN for what it does not say.

    A job that was measured several times has the sum of its times. A file that is empty or no table says nothing.
    """
    try:
        table = pd.read_csv(path, sep="\t", na_values=["-"])
        seconds, cpu, memory = (pd.to_numeric(table[key], errors="coerce") for key in ("s", "cpu_time", "max_rss"))
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, KeyError):
        return np.nan, np.nan, np.nan
    return seconds.sum(min_count=1), cpu.sum(min_count=1), memory.max()


def is_of_run(found, used, runs):
    """Whether a job is one of this config's: by its wildcards, `used` values of each and the set of all `runs`."""
    if any(value not in used.get(name, [value]) for name, value in found.items()):
        return False
    if found.keys() >= {"model", "seed"}:
        trainset = found.get("trainset", found.get("instructions"))
        return (found["model"], trainset, int(found["seed"])) in runs
    return True


def find_files(pattern, folder, used, runs):
    """The files in a folder whose paths a rule's pattern takes and this config has in use: {wildcards' values: path}."""
    found, takes = {}, re.compile(pattern)
    for path in sorted(Path(folder).rglob("*")):
        match = takes.match(path.as_posix()) if path.is_file() else None
        if match and is_of_run(match.groupdict(), used, runs):
            found[tuple(match.groupdict().items())] = path
    return found


def find_jobs(steps, used, runs, trainings):
    """All jobs of this config that left a log or a benchmark file: a table with a row each, NaN where nothing was measured.

    Args: `steps` maps a rule to `log` and `benchmark`, each None or (pattern, folder), and `gpu`, the part of one that its jobs have;
    `used` and `runs` as for `is_of_run`; `trainings` is a list of (model, trainset, seed, metrics.json).
    The column gpus holds how many GPUs the job had, NaN where nothing tells.
    """
    rows, runs = [], set(map(tuple, runs))
    for rule, step in steps.items():
        logs, files = (find_files(*step[kind], used, runs) if step[kind] else {} for kind in ("log", "benchmark"))
        for wildcards in logs | files:
            path = files.get(wildcards)
            figures = read_benchmark(path) if path else (np.nan, np.nan, np.nan)
            gpus = gpus_of(dict(wildcards), trainings) * step["gpu"] if step["gpu"] else 0
            rows.append([rule, "/".join(value for _, value in wildcards) or "all", *figures, gpus])
    return pd.DataFrame(rows, columns=JOB)


def gpus_of(wildcards, trainings):
    """How many GPUs a job of a rule that asks for one had, by the device in metrics.json; NaN where nothing tells.

    A job without metrics of its own (the test of a control) had what all trainings had.
    """
    trainset, seed = wildcards.get("trainset", wildcards.get("instructions")), wildcards.get("seed")
    key = (wildcards.get("model"), trainset, seed and int(seed))
    had = [0 if m["device"] == "cpu" else m.get("processes", 1) for *run, m in trainings if tuple(run) == key]
    if had:
        return had[0]
    devices = {min(1, m["device"] != "cpu") for *_, m in trainings}
    return devices.pop() if len(devices) == 1 else np.nan


def tabulate_costs(jobs):
    """The table of a run's cost, a row for each rule (COLUMNS), that with the most core-hours first; times in seconds or hours.

    `jobs` as from `find_jobs`. A figure is over the jobs that were measured.
    """
    rows = []
    for rule, group in jobs.groupby("rule", sort=False):
        largest = group["memory_mb"].idxmax() if group["memory_mb"].notna().any() else None
        rows.append(figures(group) | {"rule": rule, "memory_job": "" if largest is None else group["job"][largest]})
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["core_hours", "seconds", "rule"], ascending=[False, False, True], ignore_index=True)


def total_of(jobs):
    """The same figures over all jobs; the job with the largest memory with its rule."""
    measured = jobs.dropna(subset="memory_mb")
    largest = measured.loc[measured["memory_mb"].idxmax(), ["rule", "job"]] if len(measured) else []
    return figures(jobs) | {"rule": "total", "memory_job": " ".join(largest)}


def figures(jobs):
    """The numbers of some jobs; NaN where nothing was measured."""
    seconds = jobs["seconds"].dropna().astype(float)
    return {
        "jobs": len(jobs),
        "measured": len(seconds),
        "seconds": seconds.sum(),
        "median_seconds": seconds.median() if len(seconds) else np.nan,
        "longest_seconds": seconds.max() if len(seconds) else np.nan,
        "core_hours": jobs["cpu_seconds"].sum(min_count=1) / 3600,
        "gpu_hours": (jobs["seconds"] * jobs["gpus"].astype(float)).sum(min_count=1) / 3600,
        "memory_mb": jobs["memory_mb"].max(),
    }


def training_speeds(trainings):
    """A record for each (model, trainset): runs, seconds, tokens/s (least, median, most) and the devices they ran on.

    Args as for `find_jobs`; a trainset None is pretraining. A run that was resumed at its end has no speed.
    """
    groups = {}
    for model, trainset, _, metrics in trainings:
        groups.setdefault((model, trainset), []).append(metrics)
    found = []
    for (model, trainset), runs in groups.items():
        speeds = [run["tokens_per_second"] for run in runs if run["tokens_per_second"]]
        speed = (min(speeds), float(np.median(speeds)), max(speeds)) if speeds else None
        means = {
            key: list(dict.fromkeys(str(run[key]) for run in runs)) for key in ("device", "precision", "attention")
        }
        found.append(
            {"model": model, "trainset": trainset, "runs": len(runs), "speed": speed}
            | {"seconds": sum(run["seconds"] for run in runs)}
            | means
        )
    return found


def span(seconds):
    """Seconds in words that are short: 8.1 s, 12 min, 3.4 h."""
    if pd.isna(seconds):
        return "–"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def write_cost_table(table, total, path):
    """Write the table with its total as tab-separated text."""
    rows = [*table.to_dict("records"), total]
    write_table(path, pd.DataFrame(rows, columns=COLUMNS))


def write_costs(path, jobs, table, trainings, figure, template=REPORTS / "costs.html.j2"):
    """Write the page of a run's cost: one HTML file that holds all it shows and asks nothing of the network.

    Args: `jobs` of `find_jobs`, `table` of `tabulate_costs`, `trainings` as for `find_jobs`; `figure` is the SVG file of
    `figures.costs_figure`.
    """
    gpu = jobs[(jobs["gpus"].astype(float) != 0) & jobs["seconds"].notna()]
    render(
        path,
        template,
        rows=table.to_dict("records"),
        total=total_of(jobs),
        unsampled=int((jobs["seconds"].notna() & jobs["cpu_seconds"].isna()).sum()),
        untold=int(gpu["gpus"].isna().sum()),
        on_gpu=bool((gpu["gpus"].astype(float) > 0).any()),
        trainings=training_speeds(trainings),
        devices=list(dict.fromkeys(metrics["device"] for *_, metrics in trainings)),
        span=span,
        figure=inline(figure, "figure-costs"),
    )
