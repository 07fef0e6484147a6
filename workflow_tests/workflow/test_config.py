"""Every shipped configuration plans and lints; every mistake in one gets one line; the READMEs' commands work."""

import copy
import re
import shlex

import pytest
import yaml

from helpers.data import ROOT
from helpers.runs import error_lines

SHIPPED = [
    "config/config.yaml",
    "config/first-answer.yaml",
    "config/pilot.yaml",
    "config/paper.yaml",
    "workflow_tests/workflow/tiny.yaml",
]


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


@pytest.mark.parametrize(("options", "study"), [((), "transfer"), (("--configfile", SHIPPED[-1]), "small")])
def test_keys_on_the_command_line_lie_over_the_study(checkout, snakemake, options, study):
    """Over the demo, too, which no --configfile names. Snakemake gives nested values as text."""
    keys = ["threads=1", f"studies={{{study}: {{seeds: [41, 42]}}}}", "finetuning={learning_rate: 1e-4, epochs: 2}"]
    run = snakemake(checkout, "-n", "--config", *keys, *options)
    assert run.returncode == 0, run.stderr
    assert {"41", "42"} <= set(re.findall(r"results/runs/\S+/en/seed-(\d+)", run.stdout))
    assert f"report/{study}/page.html" in run.stdout


def documented_commands():
    """The commands for Snakemake in all READMEs: (README, words).

    Without those that need conda, a container or results; test_profiles.py runs those with a profile.
    """
    for path in [*ROOT.glob("*.md"), *ROOT.glob("*/README.md")]:
        text = path.read_text()
        run = re.search(r'^run="(.*)"$', text, re.M)
        for quoted, line in re.findall(r"`(snakemake(?: [^`]*)?)`|^(snakemake .*|\$run .*)$", text, re.M):
            command = (quoted or line).replace("$run", run[1] if run else "$run").partition("|")[0]
            words = [word for word in shlex.split(command, comments=True)[1:] if word != "--use-conda"]
            if not re.search("conda|container|archive|--report|--profile", " ".join(words)):
                yield path.relative_to(ROOT).as_posix(), words


def test_the_commands_of_the_readmes_work(checkout, snakemake):
    """As dry runs: a target after --configfile, say, would be taken for another file."""
    (checkout / "study").mkdir()
    for folder in (checkout, checkout / "study"):
        (folder / "my.yaml").symlink_to(checkout / SHIPPED[-1])
    same = re.compile(r"(?<!\S)(--cores all|-n|--quiet rules)(?!\S)")  # of no concern to a dry run
    found = {same.sub("", " ".join(words)).strip(): (path, words) for path, words in documented_commands()}
    assert len(found) > 6
    for command, (path, words) in found.items():
        words = [word.replace("NAME", "gpt2-nano").replace("/path/to/dna-linguist", "..") for word in words]
        folder = checkout / "study" if "--snakefile" in words else checkout
        run = snakemake(folder, *words, *([] if "--unlock" in words else ["-n", "--quiet", "rules"]))
        assert run.returncode == 0, f"{path}: snakemake {command}\n{run.stderr[-2000:]}"


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
