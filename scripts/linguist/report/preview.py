"""The run of a preview: a Snakemake of its own, whose first failed job becomes one line."""

import os
import re
import subprocess
import sys

from linguist.config.cut import FOLDER
from linguist.errors import LinguistError, one_line
from linguist.logs import ERROR

FAILED = re.compile(rf"^- (.*)\n  {ERROR}(.*)\n  log: (.*)$", re.M)  # in `failures.failure_summary`
PROGRESS = re.compile(r"\d+ of \d+ steps \(.*\) done")
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
            if PROGRESS.match(line):
                done, of = map(int, re.findall(r"\d+", line)[:2])
                if done / of >= shown + STEP:
                    shown = done / of
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
