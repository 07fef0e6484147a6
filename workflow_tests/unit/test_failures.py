"""The summary of a failed run says the cause in each log, and nothing of an earlier run."""

import os
import shutil
import subprocess
import sys

import pytest

from helpers.data import ROOT
from linguist.failures import (
    BLAST_PROGRAMS,
    INCOMPLETE,
    KILLED,
    SHOWN,
    cause_by_executor,
    cause_by_files,
    cause_of_failure,
    failure_summary,
)

CAUSES = {  # what a script raises: its cause in the summary
    "LinguistError('pairs/en: line 3 has 2 columns; add one')": "pairs/en: line 3 has 2 columns; add one",
    "LinguistError('https://me:secret@host/x: gone')": "https://host/x: gone",
    "ValueError('two\\nlines')": "ValueError: two lines",
    "KeyError('https://me:secret@host/x')": "KeyError: 'https://host/x'",
    "AssertionError()": "AssertionError:",
}


@pytest.mark.parametrize("error", CAUSES)
def test_the_cause_is_what_the_script_raised(tmp_path, error):
    log = tmp_path / "job.log"
    code = f"from linguist.logs import start_log, LinguistError\nstart_log({str(log)!r})\nprint('fine')\nraise {error}"
    run = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "scripts")})
    assert run.returncode == 1
    assert cause_of_failure(log, True, 0) == CAUSES[error]
    assert ("Traceback" in log.read_text()) == ("LinguistError" not in error)


def test_a_log_without_an_error_names_no_cause(tmp_path):
    log = tmp_path / "job.log"
    assert cause_of_failure(log, True, 0) is None
    log.write_text("")
    assert cause_of_failure(log, True, 0) is None and cause_of_failure(log, False, 0) is None
    log.write_text("error: was repaired\nepoch 1\n")
    assert cause_of_failure(log, True, 0) is None


def test_an_input_from_the_future_is_named(tmp_path):
    """Snakemake takes a job for failed whose outputs are older than its inputs."""
    for name, at in {"past": 1000, "future": 3000}.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (at, at))
    inputs = [tmp_path / name for name in ("missing", "past", "future")]
    assert str(inputs[2]) in cause_by_files(inputs, 2000) and str(inputs[1]) not in cause_by_files(inputs, 2000)
    assert cause_by_files(inputs, 4000) == INCOMPLETE


def test_a_log_of_an_earlier_run_names_no_cause(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("error: of yesterday\n")
    assert cause_of_failure(log, True, log.stat().st_mtime) == "of yesterday"
    assert cause_of_failure(log, True, log.stat().st_mtime + 1) is None


def test_the_cause_of_a_shell_command_is_its_last_line(tmp_path):
    log = tmp_path / "job.log"
    log.write_bytes(b"x" * 100_000 + b"\nBLAST Database error: \xff\n\n")
    assert cause_of_failure(log, False, 0) == "BLAST Database error: \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("program", [*BLAST_PROGRAMS, "no-such-program"])
def test_a_missing_program_is_named_with_its_package(tmp_path, program):
    log = tmp_path / "job.log"
    with open(log, "w") as stream:
        subprocess.run(
            [shutil.which("bash"), "-c", f"echo | {program}"], stderr=stream, env={"PATH": str(tmp_path), "LC_ALL": "C"}
        )
    cause = cause_of_failure(log, False, 0)
    assert cause.startswith(program) and ("ncbi-blast+" in cause) == (program in BLAST_PROGRAMS)


def test_an_executor_says_why_it_took_no_job_or_how_a_job_ended():
    refused = (
        "SLURM sbatch failed. The error message was 'sbatch: error: invalid partition specified: x\n"
        "sbatch: error: Batch job submission failed: Invalid partition name specified'.\n    sbatch call:\n        sbatch\n"
    )
    cause = cause_by_executor(refused)
    assert "Invalid partition name specified" in cause and "\n" not in cause and "sbatch call" not in cause
    ended = cause_by_executor("SLURM-job '7' failed, SLURM status is: 'TIMEOUT'. Detailed failure reason unavailable.")
    assert "TIMEOUT" in ended and "unavailable" not in ended
    assert cause_by_executor(None) == KILLED


def test_a_summary_shows_every_job_once_and_few_of_many():
    failures = [(f"fine-tuning {i}", f"cause {i}", f"logs/finetune/{i}.log") for i in range(3)]
    lines = failure_summary(failures + failures).splitlines()
    for failure in failures:
        assert all(sum(part in line for line in lines) == 1 for part in failure)
    many = failure_summary([(f"job {i}", "full", f"logs/a/{i}.log") for i in range(500)])
    assert many.count("full") == SHOWN and "500" in many and "logs/a" in many
