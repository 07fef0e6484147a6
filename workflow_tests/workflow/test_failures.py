"""Runs that fail or are stopped: the last lines say what failed, why, and where the log is; nothing goes on behind them."""

import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
import yaml

from helpers.runs import error_lines

SENTENCES = {"kind": "sentence", "recipe": "grammar"}
STUDY = {
    "resources": {"table": {"path": "table.tsv"}, "hg38": {"path": "resources/demo/hg38.fa.gz"}},
    "pairs": {"sizes": {"train": 8, "dev": 4, "test": 4}},
    "pairsets": {
        "bad": {"kind": "sentence", "recipe": "table", "files": {"test": ["table"]}},
        "en": SENTENCES | {"language": "en"},
        "fr": SENTENCES | {"language": "fr"},
        "de": SENTENCES | {"language": "de"},
    },
}
OPTIONS = ("--cores", "2", "--latency-wait", "0", "--configfile", "study.yaml")


@pytest.fixture
def study(checkout):
    """A checkout with a small file of pair sets; the table of one of them has a wrong label."""
    (checkout / "study.yaml").write_text(yaml.safe_dump(STUDY))
    (checkout / "table.tsv").write_text("id\tsentence1\tsentence2\tlabel\n1\ta b\tb a\t7\n")
    return checkout


def break_script(folder, **faults):
    """Let the script of a pair set run a line of Python as soon as it has begun its log, and do nothing else."""
    path = folder / "scripts/build_pairs.py"
    start = "    start_log(smk.log[0])\n"
    fault = "    import os, signal, time\n    print('began', flush=True)\n"
    fault += f"    exec({faults!r}.get(smk.wildcards.pairset, ''))\n"
    path.write_text(path.read_text().replace(start, start + fault))


def sets(*names):
    return [f"results/pairs/{name}/test.tsv" for name in names]


def test_a_run_ends_with_its_failed_jobs(study, snakemake):
    break_script(study, en="raise ValueError('a bug')", fr="os.kill(os.getpid(), signal.SIGKILL)", de="exit(0)")
    (study / "logs/build_pairs").mkdir(parents=True)
    (study / "logs/build_pairs/fr.log").write_text("error: of an earlier run\n")
    run = snakemake(study, *sets("en", "bad", "fr", "de"), *OPTIONS)
    assert run.returncode == 1
    screen = run.stderr.splitlines()[-20:]
    for name, cause in {"bad": "'7'", "en": "ValueError: a bug", "fr": "killed", "de": "missing"}.items():
        place = screen.index(f"  log: logs/build_pairs/{name}.log")
        assert screen[place - 1].strip().startswith("error: ") and cause in screen[place - 1]
        assert f"the pair set {name}" in screen[place - 2]
    assert len(error_lines(run)) == 4 and "earlier" not in run.stderr


def test_a_missing_program_is_named_before_any_job_starts(study, snakemake, tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("bash", "which"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    run = snakemake(
        study, "results/blast/dna/hg38", *OPTIONS, env={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}
    )
    assert run.returncode == 1 and "Traceback" not in run.stderr
    (line,) = error_lines(run)
    assert "makeblastdb" in line and "ncbi-blast+" in line
    assert not (study / "results").exists()


def stop_in_background(study, *command):
    """Start a command that runs the sets en and fr, send it SIGTERM when both have begun, and give its exit status."""

    def in_background():  # as in a script: the run ignores Ctrl-C, and with `nohup` the hangup, too; so do its jobs
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    break_script(study, en="time.sleep(600)", fr="time.sleep(600)")
    logs = [study / f"logs/build_pairs/{name}.log" for name in ("en", "fr")]
    with open(study / "out.txt", "w") as out:
        run = subprocess.Popen(command, cwd=study, stdout=out, stderr=out, preexec_fn=in_background)
    try:
        while not all(log.exists() and log.stat().st_size for log in logs):
            assert run.poll() is None, (study / "out.txt").read_text()
            time.sleep(0.05)
        started = psutil.Process(run.pid).children(recursive=True)
        run.terminate()
        status = run.wait(60)
    finally:
        run.kill()
    assert len(started) >= 2 and not [process for process in started if process.is_running()]
    return status


def test_sigterm_stops_a_run(study, snakemake):
    script = (study / "scripts/build_pairs.py").read_text()
    assert stop_in_background(study, sys.executable, "-m", "snakemake", *sets("en", "fr"), *OPTIONS) == 1
    assert "stopped" in (study / "out.txt").read_text()
    assert not list(study.glob("results/pairs/*/*.tsv"))
    (study / "scripts/build_pairs.py").write_text(script)
    again = snakemake(study, *sets("en"), *OPTIONS)
    assert again.returncode == 0, again.stderr


def test_sigterm_stops_the_tests(study):
    """`make test` passes the signal on to pytest."""
    test = study / "workflow_tests/unit/test_slow.py"
    test.write_text(f"def test_slow(snakemake):\n    snakemake({str(study)!r}, *{[*sets('en', 'fr'), *OPTIONS]!r})\n")
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", str(test)]
    assert stop_in_background(study, *command) == 2
