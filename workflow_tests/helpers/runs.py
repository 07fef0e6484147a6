"""Runs of the small study in a copy of the project, with changes to its configuration."""

import yaml

STUDY = "workflow_tests/workflow/tiny.yaml"


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
