"""The workflow used from elsewhere: another folder, a tag in a Git repository, and a module of another workflow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from helpers.runs import STUDY

OUTER = """
rule count:
    input: "dl/results/report/answer.html", "dl/results/report/costs.tsv"
    output: "count.txt"
    log: "count.log"
    shell: "cat {input} | wc -c > {output}"

configfile: "config/config.yaml"

module dna_linguist:
    snakefile: github("org/dna-linguist", path="workflow/Snakefile", tag="v1.0.0")
    prefix: "dl"
    config: config

use rule * from dna_linguist as dl_*
"""
MODULES = """
import yaml

module one:
    snakefile: "{snakefile}"
    config: yaml.safe_load(open("{study}"))
    pathvars:
        results="one/results",
        logs="one/logs",
        benchmarks="one/benchmarks",

use rule * from one as one_*

module two:
    snakefile: "{snakefile}"
    prefix: "two"

use rule * from two as two_*
"""
# A pair set from a table in the working folder, and one from files that ship.
OWN = {
    "resources": {"mine": {"path": "tables/mine.csv"}},
    "pairsets": {
        "mine": {"kind": "sentence", "recipe": "table", "files": {"test": ["mine"]}},
        "en": {"kind": "sentence", "recipe": "grammar", "language": "en"},
    },
    "pairs": {"sizes": {"train": 40, "dev": 20, "test": 20}},
}


@pytest.fixture(scope="module")
def home(make_checkout):
    """A copy of the workflow."""
    return make_checkout()


@pytest.fixture(scope="module")
def hosted(home, tmp_path_factory):
    """The environment in which GitHub has the workflow at a tag: git reads its addresses from a folder; and the tag's commit."""
    folder = tmp_path_factory.mktemp("hosted")
    repository, bare = folder / "work", folder / "hosts/org/dna-linguist.git"

    def git(*command):
        run = subprocess.run(["git", *command], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    shutil.copytree(home, repository)
    git("-C", repository, "init", "-q")
    git("-C", repository, "add", "--all")
    git("-C", repository, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "A release")
    git("-C", repository, "tag", "v1.0.0")
    git("clone", "-q", "--bare", repository, bare)
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_TOKEN"}
    environment |= {"XDG_CACHE_HOME": str(folder / "cache"), "GIT_CONFIG_COUNT": "1"}
    environment |= {
        "GIT_CONFIG_KEY_0": f"url.file://{folder}/hosts/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }
    return environment, git("-C", repository, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def deployed(hosted, home, tmp_path_factory):
    """A folder into which snakedeploy has deployed the workflow, beside a study."""
    folder = tmp_path_factory.mktemp("deployed") / "project"
    folder.mkdir()
    command = [Path(sys.executable).with_name("snakedeploy"), "deploy-workflow", "https://github.com/org/dna-linguist"]
    run = subprocess.run([*command, folder, "--tag", "v1.0.0"], env=hosted[0], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    shutil.copy(home / STUDY, folder / "my.yaml")
    return folder


def planned_jobs(run):
    """{rule: number of jobs} of a finished dry run."""
    assert run.returncode == 0, run.stderr[-4000:]
    return {
        rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", run.stdout.partition("Job stats:")[2], re.M)
    }


def write_own_study(folder):
    """Write a study of the user, with a table of its own, and give its path in the folder."""
    rows = [f"{i} says so,so says {i},{i % 2}" for i in range(12)]
    (folder / "tables").mkdir()
    (folder / "tables/mine.csv").write_text("\n".join(["sentence1,sentence2,label", *rows]) + "\n")
    (folder / "own.yaml").write_text(yaml.safe_dump(OWN))
    return "own.yaml"


def test_another_folder_runs_the_demo_or_the_users_study(home, snakemake, tmp_path):
    at_home, there = planned_jobs(snakemake(home, "-n")), ["--snakefile", home / "Snakefile"]
    assert planned_jobs(snakemake(tmp_path, "-n", *there)) == at_home
    study, pages = write_own_study(tmp_path), [f"results/report/pairs/{name}.html" for name in OWN["pairsets"]]
    run = snakemake(tmp_path, *pages, *there, "--configfile", study, "--cores", "2")
    assert run.returncode == 0, run.stderr[-4000:]
    assert all((tmp_path / page).stat().st_size > 10_000 for page in pages)
    (tmp_path / "config").mkdir()
    shutil.copy(home / STUDY, tmp_path / "config/config.yaml")
    assert planned_jobs(snakemake(tmp_path, "-n", *there)) == planned_jobs(snakemake(home, "-n", "--configfile", STUDY))


def test_two_studies_in_one_workflow_have_folders_of_their_own(home, snakemake, tmp_path):
    """As modules of it: one with path variables, one with a prefix and without a study."""
    (tmp_path / "Snakefile").write_text(MODULES.format(snakefile=home / "Snakefile", study=home / STUDY))
    run = snakemake(tmp_path, "one_all", "two_all", "-n")
    jobs = planned_jobs(run)
    for module, config in (("one", ["--configfile", STUDY]), ("two", [])):
        alone = planned_jobs(snakemake(home, "-n", *config))
        found = {rule.partition("_")[2]: n for rule, n in jobs.items() if rule.startswith(f"{module}_")}
        assert found == {rule: n for rule, n in alone.items() if rule != "total"}
    written = re.findall(r"^ +(?:output|log|benchmark): (.*)$", run.stdout, re.M)
    assert {path.partition("/")[0] for line in written for path in line.split(", ")} == {"one", "two"}


def test_a_workflow_can_call_the_hooks_of_its_module(home, snakemake, tmp_path):
    """They say which job failed; for a renamed rule, too."""
    study = write_own_study(tmp_path)
    wrong = {**OWN, "resources": {"mine": OWN["resources"]["mine"] | {"sha256": "0" * 64}}}
    (tmp_path / study).write_text(yaml.safe_dump(wrong))
    modules = MODULES.format(snakefile=home / "workflow/Snakefile", study=study)
    (tmp_path / "Snakefile").write_text(modules + "onstart:\n    one.onstart()\nonerror:\n    one.onerror()\n")
    run = snakemake(tmp_path, "one/results/resources/mine", "--cores", "1")
    assert run.returncode != 0 and "- fetching the resource mine\n" in run.stderr
    assert "log: one/logs/fetch_resource/mine.log\n" in run.stderr


def test_a_wrong_module_gets_one_line(home, hosted, make_checkout, snakemake, tmp_path):
    """A single file from Git, which lacks the library; and a second version, whose library Python would not import."""
    one_file = (
        'module one:\n    snakefile: github("org/dna-linguist", path="Snakefile", tag="v1.0.0")\nuse rule * from one\n'
    )
    versions = MODULES.format(snakefile=home / "Snakefile", study=home / STUDY)
    versions = versions[::-1].replace(str(home)[::-1], str(make_checkout())[::-1], 1)[::-1]
    for snakefile, cure in ((one_file, "workflow/Snakefile"), (versions, "two versions")):
        (tmp_path / "Snakefile").write_text(snakefile)
        run = snakemake(tmp_path, "-n", env=hosted[0])
        errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
        assert run.returncode != 0 and len(errors) == 1 and cure in errors[0], run.stderr
        assert "Traceback" not in run.stderr


def test_a_deployed_workflow_runs_the_demo_or_the_study_that_replaces_it(deployed, hosted, home, snakemake):
    assert planned_jobs(snakemake(deployed, "-n", env=hosted[0])) == planned_jobs(snakemake(home, "-n"))
    replaced = snakemake(deployed, "-n", "--configfile", "my.yaml", env=hosted[0])
    assert planned_jobs(replaced) == planned_jobs(snakemake(home, "-n", "--configfile", STUDY))


def test_a_module_from_a_tag_runs_beside_a_rule_of_the_outer_workflow(deployed, hosted, snakemake):
    """All jobs of the study, under a prefix, in a folder that is a repository itself; then the folder moves."""
    environment, commit = hosted
    subprocess.run(["git", "init", "-q", deployed], check=True)
    (deployed / "workflow/Snakefile").write_text(OUTER)
    command = ["--configfile", "my.yaml", "--cores", "2"]
    run = snakemake(deployed, *command, env=environment)
    assert run.returncode == 0, run.stderr[-4000:]
    assert int((deployed / "count.txt").read_text()) > 10_000
    assert not (deployed / "results").exists()
    results = deployed / "dl/results"
    assert commit in (results / "report/methods.html").read_text()
    costs = pd.read_csv(results / "report/costs.tsv", sep="\t").set_index("rule")
    assert costs["measured"]["pretrain"] == 1 and costs["measured"]["total"] == len(
        list(deployed.glob("dl/benchmarks/**/*.tsv"))
    )
    report = snakemake(deployed, *command, "--report", "report.html", env=environment)
    assert report.returncode == 0, report.stderr[-4000:]
    moved = deployed.rename(deployed.with_name("moved"))
    again = snakemake(moved, *command, env=environment)
    assert "Nothing to be done" in again.stdout + again.stderr
