"""What a run does beside its jobs: it says how much it fetches, SIGTERM stops it as Ctrl-C does, and its last lines say which jobs
failed, and why."""

import re
import shutil
import signal
import time
from contextlib import suppress
from operator import itemgetter

import psutil
from snakemake.logging import logger

from linguist.failures import (
    BLAST_PROGRAMS,
    cause_by_executor,
    cause_by_files,
    cause_of_failure,
    failure_summary,
    not_installed,
)

said = {}  # {id of a failed job: what its executor says, such as its state in Slurm}
fetched = {}  # {"models/gpt2": where it lies}
started = time.time()


def keep_messages(executor):
    """Keep what an executor says about failed jobs. Snakemake itself drops it for the jobs of a group."""
    print_job_error = executor.print_job_error

    def keep(job_info, msg=None, **kwargs):
        job = job_info.job
        said.update({member.jobid: msg for member in (job.jobs if job.is_group() else [job])})
        print_job_error(job_info, msg, **kwargs)

    executor.print_job_error = keep


def stop_run(signum, frame):
    """Stop the jobs on this machine. Snakemake cancels the others and removes its lock, as after Ctrl-C."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    raise KeyboardInterrupt


def missing_programs():
    """The programs of BLAST+ that jobs on this machine need and that are not on PATH."""
    if not workflow.local_exec or workflow.deployment_settings.deployment_method:
        return []
    commands = " ".join(job.shellcmd for job in workflow.dag.needrun_jobs() if job.is_shell)
    return [name for name in BLAST_PROGRAMS if re.search(rf"\b{name}\b", commands) and not shutil.which(name)]


def fetching_jobs():
    """("models/gpt2", where it will lie) of each resource and model that this run brings; a resource with a path is only
    linked."""
    for job in workflow.dag.needrun_jobs():
        if job.rule.name == "fetch_model":
            yield f"models/{job.wildcards.model}", job.output[0]
        elif job.rule.name == "fetch_resource" and "url" in config["resources"][job.wildcards.resource]:
            yield f"resources/{job.wildcards.resource}", job.output.file


def failed_jobs():
    """(what the job does, cause, log) of each failed job; of a group, the jobs with an error in their log."""
    for failed in workflow.scheduler.failed:
        jobs = [job for job in (failed.jobs if failed.is_group() else [failed]) if job.log]
        causes = {job: cause_of_failure(job.log[0], job.is_script, started) for job in jobs}
        for job in list(filter(causes.get, jobs)) or jobs:
            by_executor = cause_by_executor(said[job.jobid]) if job.jobid in said else None
            yield description(job), causes[job] or by_executor or cause_by_files(job.input, time.time()), job.log[0]


def description(job):
    """What a job does, from its rule's docstring. A rule of a workflow that has this one as a module may have none, or one with
    other braces. `{runs}` is what the log is named after."""
    wildcards, text = job.wildcards_dict | {"runs": Path(job.log[0]).stem}, job.rule.docstring or job.rule.name
    return re.sub(r"\{(\w+)\}", lambda found: wildcards.get(found[1], found[0]), text)


onstart:
    for executor in {workflow.scheduler.get_executor(job) for job in workflow.dag.needrun_jobs()}:
        keep_messages(executor)
    # By itself Snakemake waits at SIGTERM until its running jobs end, which can take hours.
    signal.signal(signal.SIGTERM, stop_run)
    if missing := missing_programs():
        sys.exit(f"error: {not_installed(missing[0])}")
    fetched.update([] if config["preview"]["cut"] else sorted(fetching_jobs()))
    if fetched:
        from linguist.config.downloads import announce

        logger.info(announce(config, fetched))


onsuccess:
    if fetched:
        from linguist.config.downloads import account

        logger.info(account(fetched))


onerror:
    logger.error(failure_summary(sorted(failed_jobs(), key=itemgetter(0))))
