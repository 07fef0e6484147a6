"""`snakemake preview`: every rule on a cut of its inputs, in a folder of its own, and what the whole run will cost."""

import csv
import json

import pytest
import yaml

from helpers.data import ROOT
from helpers.runs import edit_config, error_lines, planned_rules
from helpers.stand_ins import make_mirror

CUT = ["--config", "preview={cut: true}"]
LARGE = ["pilot", "paper"]
BAD = {
    "resources": {"rows": {"path": "rows.tsv"}},
    "pairsets": {"bad": {"kind": "dna", "recipe": "table", "files": {"test": ["rows"]}}},
}


def keep_one_study(study):
    """The study `small` with one training and two tests, of which one is searched for by BLAST."""
    study["studies"] = {
        "small": study["studies"]["small"] | {"trainsets": ["en"], "tests": ["en", "dna50"], "controls": []}
    }
    for section in ("tasks", "instructions", "vectors"):
        study.pop(section)
    study["tokenizers"].pop("bytes")
    study["models"].pop("teller")
    study["keep_weights"] = "none"


def rules_of(output):
    """The rules of the table in what a preview prints."""
    lines = output.partition("\nrule ")[2].partition("\n\n")[0].splitlines()[1:]
    return {line.split()[0] for line in lines}


def test_a_preview_tries_every_rule_and_estimates_it(checkout, snakemake):
    config = edit_config(checkout, keep_one_study)
    planned = planned_rules(snakemake, checkout, config)
    run = snakemake(checkout, "preview", "--cores", "2", "--configfile", config)
    assert run.returncode == 0, run.stderr
    assert rules_of(run.stdout) == planned
    assert not (checkout / "results").exists() and not (checkout / "benchmarks").exists()
    assert (checkout / "preview/results/report/answer.html").exists()
    with open(checkout / "preview/estimate.tsv") as table:
        rows = {row["rule"]: row for row in csv.DictReader(table, delimiter="\t")}
    assert rows.keys() == planned and all(int(row["jobs"]) > 0 for row in rows.values())
    assert [rule for rule, row in rows.items() if not row["core_hours"]] == []  # all were measured
    assert {rule for rule, row in rows.items() if float(row["gpu_hours"]) > 0} == {"pretrain", "finetune"}
    assert float(rows["finetune"]["core_hours"]) > 0 and float(rows["pretrain"]["gpu_gb"]) > 0
    metrics = json.loads((checkout / "preview/results/runs/tiny/en/seed-1/metrics.json").read_text())
    assert metrics["train_pairs"] == 80 and metrics["epoch"] == 1


def test_a_rule_that_fails_in_a_preview_is_named_in_one_line(checkout, snakemake):
    (checkout / "rows.tsv").write_text("id\tsentence1\tsentence2\tlabel\n1\tACGT\tACXT\t1\n")
    (checkout / "bad.yaml").write_text(yaml.safe_dump(BAD))
    run = snakemake(checkout, "preview", "--cores", "2", "--configfile", "bad.yaml")
    assert run.returncode == 1 and "Traceback" not in run.stderr
    [line] = error_lines(run)
    for part in ("bad.yaml", "rule build_pairs", "line 2", "preview/logs/build_pairs/bad.log"):
        assert part in line
    assert not (checkout / "results").exists() and not (checkout / "preview/estimate.txt").exists()


@pytest.mark.parametrize("name", LARGE)
def test_a_preview_of_a_large_configuration_has_all_of_its_rules(checkout, snakemake, name):
    whole = snakemake(checkout, "-n", "--quiet", "rules", "--configfile", f"config/{name}.yaml")
    cut = snakemake(checkout, "-n", "--quiet", "rules", "--configfile", f"config/{name}.yaml", *CUT)
    assert cut.returncode == 0, cut.stderr
    jobs = [
        dict(row.split() for row in run.stdout.partition("Job stats:")[2].splitlines()[3:] if len(row.split()) == 2)
        for run in (whole, cut)
    ]
    # All seeds of an untrained model share a job, and a preview has one seed.
    jobs = [{name.partition("_seeds_")[0]: count for name, count in counts.items()} for counts in jobs]
    assert jobs[0].keys() == jobs[1].keys()
    assert int(jobs[1]["total"]) < int(jobs[0]["total"])


@pytest.mark.soak
@pytest.mark.parametrize("name", LARGE)
def test_a_large_configuration_goes_through_its_preview(checkout, snakemake, real_data, name):
    """Real data stand for the downloads, and models of the right shape for those of the hub. About an hour for paper.yaml."""
    study = yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())
    make_mirror(study, real_data, checkout / "mirror")
    run = snakemake(
        checkout, "preview", "--cores", "2", "--configfile", f"config/{name}.yaml", "--config", "mirror=mirror"
    )
    assert run.returncode == 0, run.stderr
    text = (checkout / "preview/estimate.txt").read_text()
    print(text)
    assert "Not in the preview" not in text
    assert rules_of(run.stdout) == planned_rules(snakemake, checkout, f"config/{name}.yaml")
