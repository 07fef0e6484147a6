"""What the last lines of a run say about the jobs that failed."""

import os
import re

from linguist.errors import hide_credentials, one_line
from linguist.logs import ERROR

KILLED = "it was killed, perhaps because it ran out of memory or time"
INCOMPLETE = "it ended, but a file that it should write is missing or empty; Snakemake names the file above"
FROM_THE_FUTURE = (
    "{} has a date in the future, and so what is made of it looks old; set the clock, then type touch {} and run again"
)
BLAST_PROGRAMS = ("blastn", "blastp", "makeblastdb", "windowmasker")
TAIL = 8192  # bytes at the end of a log that are read
SHOWN = 10  # failed jobs in a summary


def cause_of_failure(path, is_script, since):
    """Why a job failed, from the last line of its log, on one line; None if the log does not say it.

    A script ends its log with an `error: ` line, unless it was killed. The last line of a shell command may be anything.
    A log that is older than `since` (seconds since 1970) is from an earlier run.
    """
    try:
        if os.path.getmtime(path) < since:
            return None
        with open(path, "rb") as stream:
            stream.seek(max(0, os.path.getsize(path) - TAIL))
            lines = stream.read().decode("utf-8", "replace").split("\n")
    except OSError:  # missing, or not readable here
        return None
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if missing := re.search(r"(\S+): command not found$", last):
        return not_installed(missing[1])
    if last.startswith(ERROR):
        return last.removeprefix(ERROR)
    return None if is_script else hide_credentials(one_line(last)) or None


def cause_by_executor(message):
    """Why a job failed, from what Snakemake's executor says of it, on one line: of a job that sbatch refuses, sbatch's last
    line; of another, the first sentence, which has its state. Without a message, the job was killed."""
    if not message:
        return KILLED
    if refused := re.search(r"error message was '(.*?)'\.\n", message, re.S):
        return f"it was not submitted ({one_line(refused[1].strip().rpartition(chr(10))[2])})"
    return one_line(message.partition(". ")[0])


def cause_by_files(inputs, now):
    """Why Snakemake took a job that ended without an error for failed. `now` is in seconds since 1970."""
    for path in inputs:
        if os.path.exists(path) and os.path.getmtime(path) > now:
            return FROM_THE_FUTURE.format(path, path)
    return INCOMPLETE


def not_installed(program):
    """The message for a program that is not on PATH, with what to install."""
    if program not in BLAST_PROGRAMS:
        return f"{program} is not installed"
    return (
        f"{program} is not installed; install NCBI BLAST+ (Debian: apt install ncbi-blast+, macOS: brew install blast)"
        " or add --use-conda"
    )


def failure_summary(failures):
    """The last lines of a run, from (what a job does, cause, log) of each failed job; without any the run was stopped."""
    if not failures:
        return "The run was stopped. The same command continues: finished files stay, and trainings resume."
    found = sorted(set(failures))
    lines = [f"{len(found)} {'job' if len(found) == 1 else 'jobs'} failed:"]
    for job, cause, log in found[:SHOWN]:
        lines += [f"- {job}", f"  {ERROR}{cause}", f"  log: {log}"]
    if len(found) > SHOWN:
        lines.append(
            f"... and {len(found) - SHOWN} more; their logs are in {os.path.commonpath([f[2] for f in found])}"
        )
    return "\n".join([*lines, "When the causes are mended, the same command continues: finished files stay."])
