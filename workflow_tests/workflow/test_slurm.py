"""The small study through a real Slurm cluster of one node, with stand-ins of GPUs and without."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import slurm
from helpers.runs import edit_config, planned_rules

pytestmark = pytest.mark.skipif(slurm.reason_to_skip() is not None, reason=slurm.reason_to_skip() or "")
RUN = "results/runs/tiny/en/seed-1"
LOG = "logs/finetune/tiny/en/seed-1.log"
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
    """Cancel the job of a fine-tuning as soon as it has a checkpoint, and give its number."""
    deadline = time.monotonic() + seconds
    while not (folder / RUN / "checkpoint.pt").exists():
        assert run.poll() is None and time.monotonic() < deadline, (folder / "run.log").read_text()[-4000:]
        time.sleep(0.05)
    ((number, *_),) = [job for job in jobs_of_cluster() if job[3] == "rule_finetune_wildcards_tiny_en_1"]
    subprocess.run(["scancel", number], check=True)
    return number


def shorten(study):
    """Leave out what runs no further rule, since each job takes ten seconds; the training that is cancelled takes longer."""
    study["models"]["tiny"]["finetuning"] = {"epochs": 12}
    study["studies"]["asked"]["controls"] = []
    study["vectors"]["moved"]["seeds"] = [1]


@pytest.fixture(scope="module")
def finished(make_checkout, tmp_path_factory):
    """A checkout in which the study has run on a cluster with GPUs, where one training was cancelled on the way, the number of
    that job, and all jobs of the cluster."""
    folder = make_checkout()
    config = edit_config(folder, shorten)
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
        partitions.setdefault(partition, set()).add(name.split("_wildcards_")[0].removeprefix("rule_"))
    assert {"finetune", "pretrain", "tune_instructions", "evaluate"} <= partitions["gpu"]
    assert {"train_tokenizer", "sample_queries"} <= partitions["cpu"]
    assert not partitions["gpu"] & partitions["cpu"]


def test_a_cancelled_training_is_submitted_again_and_resumes(finished):
    folder, cancelled, jobs = finished
    tries = {number: state for number, state, _, name in jobs if name == "rule_finetune_wildcards_tiny_en_1"}
    assert tries.pop(cancelled) == "CANCELLED" and list(tries.values()) == ["COMPLETED"]
    assert "resuming at epoch" in (folder / LOG).read_text()


@pytest.mark.skipif(Path("/proc/driver/nvidia").exists(), reason="torch may use the GPU of this machine")
def test_a_gpu_that_torch_cannot_use_is_reported(finished):
    """Slurm allots a stand-in of a GPU, which no torch can use."""
    assert (finished[0] / LOG).read_text().count("CUDA_VISIBLE_DEVICES=") == 1


def test_a_cluster_without_gpus_trains_as_well(finished, tmp_path_factory):
    """It refuses a job that asks for a GPU, so the profile for it asks for none."""
    folder = finished[0]
    target = [f"{RUN}/predictions.tsv.gz", "--forcerun", "finetune", "--until", "finetune"]
    with slurm.cluster(tmp_path_factory.mktemp("slurm"), gpus=False):
        refused = subprocess.run(["sbatch", "--gpus=1", "--wrap=true"], capture_output=True, text=True, cwd=folder)
        assert refused.returncode != 0 and "gres" in refused.stderr
        run = subprocess.run(command("slurm-cpu", "edited.yaml", *target), cwd=folder, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-4000:]
        assert [(state, name) for _, state, _, name in jobs_of_cluster()] == [
            ("COMPLETED", "rule_finetune_wildcards_tiny_en_1")
        ]
    assert "CUDA" not in (folder / LOG).read_text()
