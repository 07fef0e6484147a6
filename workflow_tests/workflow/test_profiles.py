"""What the profiles of clusters ask for, by dry runs."""

import re
import shutil

import pytest
import yaml

from helpers.data import ROOT
from helpers.runs import STUDY, planned_resources, submitted_jobs

DEMO = "config/config.yaml"
# Jobs for each step that is not local, at most. Each fine-tuning of the papers is a job of its own, and steps of the demo do the
# work of several.
LIMITS = {DEMO: 0.5, "config/paper.yaml": 0.5}


def dry_run(snakemake, folder, profile, config, *options):
    run = snakemake(folder, "-n", "--profile", f"profiles/{profile}", "--configfile", config, *options)
    assert run.returncode == 0, run.stderr + run.stdout
    return run.stdout + run.stderr


@pytest.mark.parametrize("config", LIMITS)
def test_few_jobs_are_submitted(checkout, snakemake, config):
    jobs, steps = submitted_jobs(checkout, dry_run(snakemake, checkout, "slurm", config))
    assert 0 < jobs <= LIMITS[config] * steps


def test_without_gpus_no_job_asks_for_one(checkout, snakemake):
    """The rules that ask for a GPU are listed in the profile of clusters without them: the list must be complete."""
    jobs = {
        name: [
            job
            for weights in ("best", "all")  # some rules are for weights that stay
            for job in planned_resources(
                dry_run(snakemake, checkout, name, STUDY, "--config", f"keep_weights={weights}")
            )
        ]
        for name in ("slurm", "slurm-cpu")
    }
    gpus = {name: {rule: found["gpu"] for rule, found in listed if "gpu" in found} for name, listed in jobs.items()}
    assert set(gpus["slurm"].values()) == {"1"} and set(gpus["slurm-cpu"].values()) == {"0"}
    listed = yaml.safe_load((checkout / "profiles/slurm-cpu/config.yaml").read_text())["set-resources"]
    assert set(listed) == set(gpus["slurm"]) == set(gpus["slurm-cpu"])


def test_what_a_profile_sets_for_a_rule_holds_for_its_jobs_of_several_runs(checkout, snakemake):
    """The demo has such jobs. On a cluster the limit of time grows with their runs."""
    jobs = {name: planned_resources(dry_run(snakemake, checkout, name, DEMO)) for name in ("slurm", "slurm-cpu")}
    shared = {
        name: {rule: found for rule, found in listed if re.match("(finetune|evaluate)_seeds_", rule)}
        for name, listed in jobs.items()
    }
    assert shared["slurm"] and {found["gpu"] for found in shared["slurm"].values()} == {"1"}
    assert {found["gpu"] for found in shared["slurm-cpu"].values()} == {"0"}
    one = dict(jobs["slurm"])["finetune"]
    assert int(shared["slurm"]["finetune_seeds_1to5"]["runtime"]) == 5 * int(one["runtime"])


def test_profiles_of_slurm_differ_in_gpus_only():
    ours, without = (
        yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text()) for name in ("slurm", "slurm-cpu")
    )
    differing = {key for key in ours.keys() | without.keys() if ours.get(key) != without.get(key)}
    assert differing == {"slurm-partition-config", "set-resources"}


def test_a_large_model_gets_more_time_and_memory(checkout, snakemake):
    """GPT-2 XL has 6.4 GB of weights, and our estimate of a fine-tuning is 12 hours. On a CPU its weights, gradients, moments
    and best weights take 32 GB."""
    small = dict(planned_resources(dry_run(snakemake, checkout, "slurm", STUDY)))["finetune"]
    for model in ("tiny", "teller", "teller-random"):
        weights = checkout / "results/models" / model / "model.safetensors"
        weights.parent.mkdir(parents=True)
        weights.touch()
        with open(weights, "r+b") as sparse:
            sparse.truncate(6_430_000_000)
    large = dict(planned_resources(dry_run(snakemake, checkout, "slurm", STUDY)))["finetune"]
    assert int(small["runtime"]) < 6 * 60 and int(large["runtime"]) >= 12 * 60
    assert int(small["mem_mb"]) < 12_000 and int(large["mem_mb"]) >= 32_000


def test_kubernetes_knows_whose_gpus_it_has(checkout, snakemake, tmp_path):
    """Pods share no folder with Snakemake, so that all files are in a storage, here a folder."""
    for folder in ("resources", "reports", "envs"):
        shutil.copytree(checkout / folder, tmp_path / folder)
    shutil.copy(checkout / "CITATION.cff", tmp_path)
    storage = ["--default-storage-provider", "fs", "--default-storage-prefix", str(tmp_path)]
    jobs = planned_resources(dry_run(snakemake, checkout, "kubernetes", STUDY, *storage))
    trained = [found for rule, found in jobs if rule in ("pretrain", "finetune")]
    assert trained and all((found["gpu"], found["gpu_manufacturer"]) == ("1", "nvidia") for found in trained)
