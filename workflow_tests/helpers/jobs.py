"""Jobs of a study, run in this process with the inputs and parameters that Snakemake gives them."""

import logging
import runpy
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.script import Snakemake
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

from helpers.data import ROOT
from linguist.errors import LinguistError


def plan_jobs(config):
    """All jobs of a configuration, as Snakemake plans them in the working folder."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        # The rules of this project, since a process can have one library only.
        settings = ResourceSettings(cores=1), ConfigSettings(configfiles=[Path(config)])
        workflow = api.workflow(*settings, snakefile=ROOT / "Snakefile", workdir=Path.cwd())
        workflow.dag(DAGSettings(forceall=True)).execute_workflow(executor="dryrun")
        return [job for job in workflow._workflow.dag.jobs if job.is_script or job.is_shell]


@contextmanager
def own_output():
    """Give back what `start_log` takes: standard output, standard error, the hook for exceptions, handlers of logs."""
    root, streams, hook = logging.getLogger(), (sys.stdout, sys.stderr), sys.excepthook
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        (sys.stdout, sys.stderr), sys.excepthook = streams, hook
        root.handlers[:] = handlers
        root.setLevel(level)


def run_job(job):
    """Run a job; returns the line with which it fails, or None. Any exception but a LinguistError passes through."""
    for path in [*job.output, *job.log]:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    if job.is_shell:
        command = ["bash", "-euo", "pipefail", "-c", job.shellcmd]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
        told = [line for path in job.log for line in Path(path).read_text().splitlines()]
        return "\n".join(told) if run.returncode else None
    given = Snakemake(
        job.input,
        job.output,
        job.params,
        job.wildcards,
        1,
        job.resources,
        job.log,
        {},
        job.rule.name,
        None,
    )
    script = Path(job.rule.basedir.get_path_or_uri(secret_free=True), job.rule.script)
    with own_output():
        try:
            runpy.run_path(str(script), {"snakemake": given})
        except LinguistError as error:
            return str(error)
    return None
