"""Runs of the small study in a copy of the project, with changes to its configuration."""

import hashlib
import re
import sys

import yaml

STUDY = "workflow_tests/workflow/tiny.yaml"
COMMAND = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", STUDY]
RUN = "results/runs/tiny/en/seed-1"
# metrics.json holds times, and a report of one run's speed goes on the page.
REPEATABLE = [
    "pairs",
    "tokenizers",
    "tokens",
    "models",
    "corpora",
    "segments",
    "vocabularies",
    "pretraining/*/curve.tsv",
    "tasks",
    "instructions",
    "neighbours/*/*.tsv",
    "baselines",
    "runs/*/*/*/predictions.tsv.gz",
    "runs/*/*/*/curve.tsv",
    "tables",
    "vectors",
]


def edit_config(folder, change):
    """Write a copy of the small study, changed by `change(study)`, and give its path in the folder."""
    study = yaml.safe_load((folder / STUDY).read_text())
    change(study)
    (folder / "edited.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    return "edited.yaml"


def planned_rules(snakemake, folder, config=STUDY):
    """Names of the rules that a dry run in the folder would run, without the target rule `all`."""
    run = snakemake(folder, "-n", "--configfile", config)
    assert run.returncode == 0, run.stderr
    rows = run.stdout.partition("Job stats:")[2].partition("\ntotal ")[0].splitlines()[3:]
    return {row.split()[0] for row in rows} - {"all"}


def planned_resources(output):
    """[(rule, {resource: value as text})] of all jobs that a dry run lists."""
    jobs = re.findall(r"^ *rule (\w+):\n(?:.+\n)*? *resources: (.*)$", output, re.M)
    return [(rule, dict(part.split("=", 1) for part in listed.split(", "))) for rule, listed in jobs]


def submitted_jobs(folder, output):
    """From the output of the dry run of a run on a cluster: (how many jobs it would submit, how many steps are in them).

    Jobs are groups, and single steps of rules that are not local.
    """
    rules = re.split(r"^rule ", "".join(path.read_text() for path in folder.glob("rules/*.smk")), flags=re.M)
    local = {"all"} | {rule.partition(":")[0] for rule in rules if "    localrule: True\n" in rule}
    steps = [step for step in re.findall(r"^( *)rule (\w+):$", output, re.M) if step[1] not in local]
    single = [rule for indent, rule in steps if not indent]
    return len(single) + len(re.findall(r"Group job \w+ \(", output)), len(steps)


def error_lines(run):
    """The lines of a finished run of Snakemake that say what is wrong: of the configuration, or of each failed job."""
    return [line.strip() for line in run.stderr.splitlines() if line.strip().startswith("error: ")]


def digests(folder):
    """{path: SHA-256} of the results in a folder that every run of the study gives alike."""
    files = {
        path for part in REPEATABLE for found in (folder / "results").glob(part) for path in [found, *found.rglob("*")]
    }
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
        if path.is_file()
    }
