"""The jobs of a preview: a Snakemake of its own runs them, lists them and those of the whole run, and each leaves what it took."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from linguist.config.cut import FOLDER
from linguist.errors import LinguistError, one_line
from linguist.logs import CPU_TIME, ERROR
from linguist.report.costs import read_benchmark

FAILED = re.compile(rf"^- (.*)\n  {ERROR}(.*)\n  log: (.*)$", re.M)  # in `failures.failure_summary`
PROGRESS = re.compile(r"(\d+) of (\d+) steps \(.*\) done")
STEP = 0.1  # of all jobs, between two lines of progress


def run_preview(study, command):
    """Run Snakemake on the cut of a study, without a GPU. Its output goes to the log, its progress to the terminal.

    Raises LinguistError, one line with the study, the rule and the log, if a job fails.
    """
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "PYTHONUNBUFFERED": "1"}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    said, shown = [], 0.0
    with subprocess.Popen(command, env=environment, **options) as run:
        for line in run.stdout:
            print(line, end="", flush=True)
            said.append(line)
            if found := PROGRESS.match(line):
                done = int(found[1]) / int(found[2])
                if done >= shown + STEP:
                    shown = done
                    print(f"preview of {study}: {line.strip()}", file=sys.__stderr__, flush=True)
    if run.returncode:
        raise LinguistError(failure_of(study, "".join(said)))


def failure_of(study, text):
    """Why a preview failed, in one line, from what its Snakemake said."""
    if found := FAILED.search(text):
        job, cause, log = found.groups()
        rule = log.removeprefix(f"{FOLDER}/logs/").partition("/")[0]
        return f"{study}: rule {rule} fails in the preview ({job}): {cause}; log: {log}"
    errors = [line for line in text.splitlines() if line.startswith(ERROR)]
    return f"{study}: {errors[-1].removeprefix(ERROR) if errors else one_line(text[-500:])}"


def list_jobs(command):
    """What `snakemake --summary` prints. Raises LinguistError if it fails."""
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise LinguistError(one_line(run.stderr[-500:]))
    return run.stdout


@dataclass(frozen=True)
class Step:
    """Where the jobs of a rule leave files: patterns of its outputs, and its log and benchmark with wildcards in braces. Jobs of
    several runs have in `of` the rule of one, and its patterns."""

    outputs: list
    log: str
    benchmark: str | None
    of: str | None = None


def read_jobs(text, steps):
    """{(rule, wildcards as sorted pairs): [outputs]} from what `snakemake --summary` prints; `steps` is {rule: Step}. A job of
    several runs counts as so many jobs of one."""
    jobs = defaultdict(list)
    for line in text.splitlines():
        path, _, rule, *_ = [*line.split("\t"), "", ""]
        path = path.removeprefix(f"{FOLDER}/")
        for pattern in steps[rule].outputs if rule in steps else []:
            if match := re.fullmatch(pattern, path):
                jobs[steps[rule].of or rule, tuple(sorted(match.groupdict().items()))].append(path)
                break
    return dict(jobs)


@dataclass(frozen=True)
class Measured:
    """CPU seconds of a job of the preview before its work and for it, and the bytes of its outputs that are still there."""

    start: float
    work: float
    disk: int


def measure_jobs(jobs, steps):
    """{rule: {wildcards: Measured}} of the jobs of a preview, as `read_jobs` gives them; without those that left no time."""
    measured = defaultdict(dict)
    for (rule, wildcards), outputs in jobs.items():
        if found := measure_job(wildcards, outputs, steps[rule]):
            measured[rule][wildcards] = found
    return measured


def measure_job(wildcards, outputs, step):
    """The Measured of a job, or None. The CPU time of a script is in its log, that of a command in its benchmark file."""
    wildcards, folder = dict(wildcards), Path(FOLDER)
    disk = sum(bytes_on_disk(folder / path) for path in outputs)
    log = folder / step.log.format(**wildcards)
    if log.is_file() and (found := CPU_TIME.findall(log.read_text(encoding="utf-8", errors="replace"))):
        total, start = map(float, found[-1])
        return Measured(start, total - start, disk)
    if step.benchmark and (path := folder / step.benchmark.format(**wildcards)).is_file():
        seconds, cpu, _ = read_benchmark(path)
        return Measured(0, cpu if cpu > 0 else seconds, disk)  # Snakemake measures no CPU time of a short job
    return None


def bytes_on_disk(path):
    """Bytes of a file, or of the files in a folder; 0 if it is not there or a link."""
    if path.is_symlink() or not path.exists():
        return 0
    return path.stat().st_size if path.is_file() else sum(map(bytes_on_disk, path.iterdir()))
