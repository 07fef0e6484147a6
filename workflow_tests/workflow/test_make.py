"""What make needs works in a folder with spaces, and with the tools that every Unix has."""

import re
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def spaced(checkout):
    """A checkout in a folder with spaces in its path."""
    return checkout.rename(checkout.parent / "a folder with spaces")


def test_help_lists_the_targets(spaced):
    targets = re.search(r"^\.PHONY: (.*)$", (spaced / "Makefile").read_text(), re.M)[1].split()
    run = subprocess.run(["make", "--no-print-directory", "help"], cwd=spaced, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    rows = [re.fullmatch(r"make ([\w-]+) {2,}(\w.*)", line) for line in run.stdout.splitlines()]
    assert all(rows) and {row[1] for row in rows} == set(targets)
    assert len({row.start(2) for row in rows}) == 1, "the descriptions stand in one column"


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_shells_parse_the_setup(checkout, shell):
    if not shutil.which(shell):
        pytest.skip(f"no {shell}")
    run = subprocess.run([shell, "-n", "envs/setup.sh"], cwd=checkout, capture_output=True, text=True)
    assert run.returncode == 0 and not run.stderr


def test_the_setup_and_a_run_work_with_spaces(spaced, snakemake):
    """With a Python whose path has spaces, too. Without requirements, so that nothing is downloaded."""
    (spaced / "requirements.txt").write_text("")
    (spaced / "a python").symlink_to(sys.executable)
    command = ["make", ".venv/ready", f"PYTHON={spaced}/a python"]
    run = subprocess.run(command, cwd=spaced, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (spaced / ".venv/ready").exists() and (spaced / ".venv/bin/pip").exists()
    run = snakemake(spaced, "results/pairs/en/test.tsv", "results/blast/dna/hg38", "--cores", "2")
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("system", ["Debian", "macOS"])
def test_a_missing_blast_says_what_to_install(checkout, tmp_path, system):
    """On a machine that has no package manager of Debian, or that may not use it."""
    run = subprocess.run(
        [shutil.which("sh"), "envs/setup.sh", "blast"],
        cwd=checkout,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1 and system in run.stderr
