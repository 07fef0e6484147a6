"""What a run cost, from Snakemake's benchmark files: wall time, core-hours, GPU-hours and memory of each rule."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = ["rule", "jobs", "measured", "seconds", "median_seconds", "longest_seconds", "core_hours", "gpu_hours"]
COLUMNS += ["memory_mb", "memory_job"]
JOB = ["rule", "job", "seconds", "cpu_seconds", "memory_mb", "gpus"]


def read_benchmark(path):
    """Wall seconds, CPU seconds and peak memory in MB from a benchmark file; NaN for missing values and for a damaged file.

    If a job was measured several times, times are summed.
    """
    try:
        table = pd.read_csv(path, sep="\t", na_values=["-"])
        seconds, cpu, memory = (pd.to_numeric(table[key], errors="coerce") for key in ("s", "cpu_time", "max_rss"))
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, KeyError):
        return np.nan, np.nan, np.nan
    return seconds.sum(min_count=1), cpu.sum(min_count=1), memory.max()


def is_of_config(wildcards, used, runs):
    """Whether a job belongs to the configuration: `used` maps a wildcard to its values, `runs` is the set of all runs."""
    if any(value not in used.get(name, [value]) for name, value in wildcards.items()):
        return False
    if wildcards.keys() >= {"model", "seed"}:
        trainset = wildcards.get("trainset", wildcards.get("instructions"))
        return (wildcards["model"], trainset, int(wildcards["seed"])) in runs
    return True


def find_files(pattern, folder, used, runs):
    """{wildcards: path} of the files of one rule, by its `pattern`, in a folder; without those of other configurations."""
    found, rule = {}, re.compile(pattern)
    for path in sorted(Path(folder).rglob("*")):
        match = rule.match(path.as_posix()) if path.is_file() else None
        if match and is_of_config(match.groupdict(), used, runs):
            found[tuple(match.groupdict().items())] = path
    return found


def find_jobs(steps, used, runs, trainings):
    """A table with a row (JOB) for each job of the configuration that left a log or a benchmark file.

    Args: `steps` maps a rule to `log` and `benchmark`, each None or (pattern, folder), and `gpu`, its jobs' share of a GPU; a
    rule whose jobs make several runs, or work on several pair sets, has `each` of them as well, {wildcard: values}, and in `of`
    the rule of one. Such a job has a row for each, with an equal share of its time. `used` and `runs` as for `is_of_config`;
    `trainings` is a list of (model, trainset, seed, metrics.json). Values that were not measured are NaN; `gpus` is NaN if no
    file says whether the job had a GPU.
    """
    rows, runs = {}, set(map(tuple, runs))
    for rule, step in steps.items():
        logs, files = (find_files(*step[kind], used, runs) if step[kind] else {} for kind in ("log", "benchmark"))
        parts = [{name: value} for name, values in step.get("each", {}).items() for value in values] or [{}]
        for found in logs | files:
            seconds, cpu, memory = read_benchmark(files[found]) if found in files else (np.nan, np.nan, np.nan)
            measured = [seconds / len(parts), cpu / len(parts), memory]
            for wildcards in (dict(found) | part for part in parts):
                if is_of_config(wildcards, used, runs):
                    job = (step.get("of", rule), "/".join(wildcards.values()) or "all")
                    gpus = gpus_of(wildcards, trainings) * step["gpu"] if step["gpu"] else 0
                    rows[job[0], frozenset(wildcards.items())] = [*job, *measured, gpus]
    return pd.DataFrame(rows.values(), columns=JOB)


def gpus_of(wildcards, trainings):
    """The number of GPUs of a job that asks for one, by the device in its metrics.json; NaN if unknown.

    Jobs without a metrics.json, such as tests of a control, have the device of the trainings if all have the same.
    """
    trainset, seed = wildcards.get("trainset", wildcards.get("instructions")), wildcards.get("seed")
    key = (wildcards.get("model"), trainset, seed and int(seed))
    for *run, metrics in trainings:
        if tuple(run) == key:
            return 0 if metrics["device"] == "cpu" else metrics.get("processes", 1)
    on_gpu = {metrics["device"] != "cpu" for *_, metrics in trainings}
    return int(on_gpu.pop()) if len(on_gpu) == 1 else np.nan


def sum_costs(rule, jobs, columns):
    """The costs of some jobs (COLUMNS); NaN if none was measured. The job with the most memory is named by its `columns`."""
    seconds, measured = jobs["seconds"].dropna().astype(float), jobs.dropna(subset="memory_mb")
    return {
        "rule": rule,
        "jobs": len(jobs),
        "measured": len(seconds),
        "seconds": seconds.sum(),
        "median_seconds": seconds.median() if len(seconds) else np.nan,
        "longest_seconds": seconds.max() if len(seconds) else np.nan,
        "core_hours": jobs["cpu_seconds"].sum(min_count=1) / 3600,
        "gpu_hours": (jobs["seconds"] * jobs["gpus"].astype(float)).sum(min_count=1) / 3600,
        "memory_mb": jobs["memory_mb"].max(),
        "memory_job": " ".join(measured.loc[measured["memory_mb"].idxmax(), columns]) if len(measured) else "",
    }


def tabulate_costs(jobs):
    """The costs by rule (COLUMNS), most core-hours first; the last row is the total of all jobs.

    `jobs` as from `find_jobs`; unmeasured jobs are only counted.
    """
    rows = [sum_costs(rule, group, ["job"]) for rule, group in jobs.groupby("rule", sort=False)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table = table.sort_values(["core_hours", "seconds", "rule"], ascending=[False, False, True])
    total = sum_costs("total", jobs, ["rule", "job"])
    return pd.DataFrame([*table.to_dict("records"), total], columns=COLUMNS)


def training_speeds(trainings):
    """A record for each (model, trainset): number of runs, seconds, tokens/s (lowest, median, highest), devices, and median
    model FLOPs utilisation (a share; None where the rate of the device was not measured).

    Args as for `find_jobs`; a trainset None is pretraining. A run that resumed after its last step has no speed.
    """
    groups, found = {}, []
    for model, trainset, _, metrics in trainings:
        groups.setdefault((model, trainset), []).append(metrics)
    for (model, trainset), runs in groups.items():
        speeds = [run["tokens_per_second"] for run in runs if run["tokens_per_second"]]
        speed = (min(speeds), float(np.median(speeds)), max(speeds)) if speeds else None
        record = {"model": model, "trainset": trainset, "runs": len(runs), "speed": speed}
        shares = [run["utilisation"] for run in runs if run.get("utilisation") is not None]
        record["utilisation"] = float(np.median(shares)) if shares else None
        record["seconds"] = sum(run["seconds"] for run in runs)
        for key in ("device", "precision", "attention"):
            record[key] = list(dict.fromkeys(str(run[key]) for run in runs))
        found.append(record)
    return found


def format_duration(seconds):
    """Seconds as short text: 8.1 s, 12.0 min, 3.4 h."""
    if pd.isna(seconds):
        return "–"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def costs_page(jobs, trainings):
    """What the page of costs shows, as values for its template. Args as from and for `find_jobs`."""
    *rows, total = tabulate_costs(jobs).to_dict("records")
    gpu = jobs[(jobs["gpus"].astype(float) != 0) & jobs["seconds"].notna()]
    return {
        "rows": rows,
        "total": total,
        "unsampled": int((jobs["seconds"].notna() & jobs["cpu_seconds"].isna()).sum()),
        "unknown": int(gpu["gpus"].isna().sum()),
        "on_gpu": bool((gpu["gpus"].astype(float) > 0).any()),
        "trainings": training_speeds(trainings),
        "duration": format_duration,
    }
