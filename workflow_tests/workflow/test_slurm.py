"""The small study through a real Slurm cluster of one node, with stand-ins of GPUs and without."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import slurm
from helpers.runs import edit_config, planned_rules

pytestmark = pytest.mark.skipif(slurm.reason_to_skip() is not None, reason=slurm.reason_to_skip() or "")
RUNS = "results/runs/tiny/en"
LOGS = "logs/finetune/tiny/en"
SHARED = "rule_finetune_seeds_1_2_wildcards_tiny_en"  # the job of two runs, as Slurm names it
# Jobs are asked after sooner than on a real cluster, and no file arrives late.
FAST = ["--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "5"]


def command(profile, config, *options):
    return [
        sys.executable,
        "-m",
        "snakemake",
        *options,
        "--profile",
        f"profiles/{profile}",
        "--configfile",
        config,
        *FAST,
    ]


def jobs_of_cluster():
    """[(Slurm's number, state, GPUs, what the job does)] of all jobs that the cluster has had."""
    listed = subprocess.run(
        ["squeue", "--states=all", "--noheader", "--format=%i|%T|%P|%k"], capture_output=True, text=True, check=True
    )
    return [line.split("|") for line in listed.stdout.splitlines()]


def cancel_training(folder, run, seconds=600):
    """Cancel the job of two fine-tunings as soon as the second one has a checkpoint, and give its number."""
    deadline = time.monotonic() + seconds
    while not (folder / RUNS / "seed-2/checkpoint.pt").exists():
        assert run.poll() is None and time.monotonic() < deadline, (folder / "run.log").read_text()[-4000:]
        time.sleep(0.05)
    ((number, *_),) = [job for job in jobs_of_cluster() if job[3] == SHARED]
    subprocess.run(["scancel", number], check=True)
    return number


def change_study(study):
    """Let two runs share a job, and leave out what runs no further rule, since each job takes ten seconds; the training that is
    cancelled takes longer."""
    study["models"]["tiny"]["finetuning"] = {"epochs": 12}
    study["runs_per_job"], study["keep_weights"] = 2, "none"
    study["studies"]["small"]["seeds"] = [1, 2]
    study["studies"]["asked"]["controls"] = []
    study["vectors"]["moved"]["seeds"] = [1]


@pytest.fixture(scope="module")
def finished(make_checkout, tmp_path_factory):
    """A checkout in which the study has run on a cluster with GPUs, where one training was cancelled on the way, the number of
    that job, and all jobs of the cluster."""
    folder = make_checkout()
    config = edit_config(folder, change_study)
    with slurm.cluster(tmp_path_factory.mktemp("slurm"), gpus=True), open(folder / "run.log", "w") as log:
        run = subprocess.Popen(command("slurm", config), cwd=folder, stdout=log, stderr=log)
        try:
            cancelled = cancel_training(folder, run)
            assert run.wait(600) == 0, (folder / "run.log").read_text()[-4000:]
        finally:
            run.kill()
        return folder, cancelled, jobs_of_cluster()


def test_the_study_runs(finished, snakemake):
    folder, cancelled, jobs = finished
    assert (folder / "results/report/answer.html").is_file()
    assert planned_rules(snakemake, folder, "edited.yaml") == set()
    assert {state for number, state, *_ in jobs if number != cancelled} == {"COMPLETED"}


def test_jobs_with_a_gpu_go_to_its_partition(finished):
    partitions = {}
    for *_, partition, name in finished[2]:
        partitions.setdefault(partition, set()).add(re.split("_seeds_|_wildcards_", name.removeprefix("rule_"))[0])
    assert {"finetune", "pretrain", "tune_instructions", "evaluate"} <= partitions["gpu"]
    assert {"train_tokenizer", "sample_queries"} <= partitions["cpu"]
    assert not partitions["gpu"] & partitions["cpu"]


def test_a_cancelled_training_is_submitted_again_and_resumes(finished):
    """One job makes two runs; it is cancelled in the second."""
    folder, cancelled, jobs = finished
    tries = {number: state for number, state, _, name in jobs if name == SHARED}
    assert tries.pop(cancelled) == "CANCELLED" and list(tries.values()) == ["COMPLETED"]
    first, second = (folder / LOGS / "seeds-1-2.log").read_text().split("run 2 of 2: ")
    assert "finished before" in first and "resuming at epoch" in second
    assert all((folder / RUNS / f"seed-{seed}/predictions.tsv.gz").is_file() for seed in (1, 2))


@pytest.mark.skipif(Path("/proc/driver/nvidia").exists(), reason="torch may use the GPU of this machine")
def test_a_gpu_that_torch_cannot_use_is_reported(finished):
    """Slurm allots a stand-in of a GPU, which no torch can use."""
    assert (finished[0] / LOGS / "seeds-1-2.log").read_text().count("CUDA_VISIBLE_DEVICES=") == 1


def test_a_cluster_without_gpus_trains_as_well(finished, tmp_path_factory):
    """It refuses a job that asks for a GPU, so the profile for it asks for none."""
    folder = finished[0]
    target = [f"{RUNS}/seed-1/predictions.tsv.gz", "--forcerun", "finetune", "--until", "finetune"]
    target += ["--config", "runs_per_job=1"]
    with slurm.cluster(tmp_path_factory.mktemp("slurm"), gpus=False):
        refused = subprocess.run(["sbatch", "--gpus=1", "--wrap=true"], capture_output=True, text=True, cwd=folder)
        assert refused.returncode != 0 and "gres" in refused.stderr
        run = subprocess.run(command("slurm-cpu", "edited.yaml", *target), cwd=folder, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-4000:]
        assert [(state, name) for _, state, _, name in jobs_of_cluster()] == [
            ("COMPLETED", "rule_finetune_wildcards_tiny_en_1")
        ]
    assert "CUDA" not in (folder / LOGS / "seed-1.log").read_text()
