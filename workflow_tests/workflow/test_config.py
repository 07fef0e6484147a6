"""Every shipped configuration plans and lints; every mistake in one gets one line."""

import copy

import pytest
import yaml

from helpers.runs import error_lines

SHIPPED = ["config/config.yaml", "config/pilot.yaml", "config/paper.yaml", "workflow_tests/workflow/tiny.yaml"]


@pytest.mark.parametrize("config", SHIPPED)
def test_a_shipped_config_plans(checkout, snakemake, config):
    run = snakemake(checkout, "-n", "--configfile", config)
    assert run.returncode == 0, run.stderr
    assert "finetune" in run.stdout


@pytest.mark.parametrize("config", SHIPPED)
def test_the_workflow_lints(checkout, snakemake, config):
    run = snakemake(checkout, "--lint", "--configfile", config)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_config_file_replaces_the_demo(checkout, snakemake):
    run = snakemake(checkout, "-n", "--configfile", "workflow_tests/workflow/tiny.yaml")
    assert "small" in run.stdout and "transfer" not in run.stdout


def change(*path, value):
    """An edit of a study: set the value at the path."""

    def edit(study):
        for key in path[:-1]:
            study = study[key]
        study[path[-1]] = value

    return edit


def drop(*path):
    def edit(study):
        for key in path[:-1]:
            study = study[key]
        del study[path[-1]]

    return edit


MISTAKES = {
    "an unknown key": (change("finetuning", "learning_rat", value=1), "finetuning: unknown key 'learning_rat'"),
    "a missing key": (drop("studies", "small", "seeds"), "studies.small: missing key 'seeds'"),
    "a wrong type": (change("threads", value="two"), "threads: is 'two', but must be a whole number"),
    "an unknown model": (change("studies", "small", "models", value=["tinny"]), "did you mean 'tiny'?"),
    "an unknown pair set": (change("studies", "small", "tests", value=["dna500"]), "did you mean 'dna50'?"),
    "a missing file": (change("resources", "hg38", "path", value="no/such.fa"), "no such file: 'no/such.fa'"),
    "an empty seed list": (change("studies", "small", "seeds", value=[]), "studies.small.seeds: is empty"),
}


def test_a_key_that_stands_twice_is_refused_with_both_lines(checkout, snakemake):
    study = (checkout / "workflow_tests/workflow/tiny.yaml").read_text()
    (checkout / "bad.yaml").write_text(f"{study}studies: {{}}\n")
    first, second = (
        at for at, line in enumerate(f"{study}studies: {{}}".split("\n"), 1) if line.startswith("studies:")
    )
    run = snakemake(checkout, "-n", "--configfile", "bad.yaml")
    assert run.returncode != 0 and "Traceback" not in run.stderr
    (error,) = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert f"bad.yaml, line {second}:" in error and f"line {first}," in error


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_line(checkout, snakemake, name):
    edit, expected = MISTAKES[name]
    study = copy.deepcopy(yaml.safe_load((checkout / "workflow_tests/workflow/tiny.yaml").read_text()))
    edit(study)
    (checkout / "bad.yaml").write_text(yaml.safe_dump(study))
    run = snakemake(checkout, "-n", "--configfile", "bad.yaml")
    errors = error_lines(run)
    assert run.returncode != 0
    assert "Traceback" not in run.stderr
    assert len(errors) == 1 and expected in errors[0], run.stderr
