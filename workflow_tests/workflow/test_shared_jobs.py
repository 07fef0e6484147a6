"""Runs that share a job: each has the bytes that it has alone, and one that is finished is not made again."""

import os
import shutil
import signal
import subprocess
import time

from helpers.runs import COMMAND, edit_config, planned_rules

RUNS, LOG = "results/runs/tiny/en", "logs/finetune/tiny/en/seeds-1to3.log"


def seeds_of_english(runs_per_job, seeds):
    """A change of the small study to runs on English alone, whose weights nothing reads."""

    def change(study):
        study["runs_per_job"], study["keep_weights"], study["vectors"] = runs_per_job, "none", {}
        study["studies"] = {"small": study["studies"]["small"] | {"trainsets": ["en"], "seeds": seeds}}

    return change


def start(folder, config, *targets):
    command = [*COMMAND[:-1], config, "--", *(targets or ["results/tables/small.metrics.tsv"])]
    with open(folder / "run.log", "w") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def made(folder, seed):
    """The bytes of a run's results."""
    paths = [folder / RUNS / f"seed-{seed}" / name for name in ("curve.tsv", "predictions.tsv.gz", "metrics.json")]
    return [path.read_bytes() for path in paths]


def test_a_killed_job_goes_on_with_the_run_that_it_was_in(copy, snakemake):
    """Seed 1 was made before and alone; the job is killed in seed 3. Seeds 1 and 2 stay, and 3 goes on."""
    first = made(copy, 1)
    config = edit_config(copy, seeds_of_english(3, [1, 2, 3]))
    assert planned_rules(snakemake, copy, config) >= {"finetune_seeds_1to3", "evaluate_seeds_1to3"}
    run, deadline = start(copy, config), time.monotonic() + 600
    while not (copy / RUNS / "seed-3/checkpoint.pt").exists():
        assert run.poll() is None and time.monotonic() < deadline, (copy / "run.log").read_text()[-2000:]
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    second = made(copy, 2)
    snakemake(copy, "--unlock", "--configfile", config)
    assert start(copy, config).wait(600) == 0, (copy / "run.log").read_text()[-2000:]
    log = (copy / LOG).read_text()
    assert log.count("finished before") == 2 and log.count("resuming at epoch") == 1
    # Times of training are among the metrics: they show that a run was not made again.
    assert made(copy, 1) == first and made(copy, 2) == second
    assert not list((copy / RUNS).rglob("weights")) and not list((copy / RUNS).rglob("checkpoint.pt"))
    assert planned_rules(snakemake, copy, edit_config(copy, seeds_of_english(1, [1, 2, 3]))).isdisjoint({"finetune"})

    third = made(copy, 3)
    for seed in (2, 3):
        shutil.rmtree(copy / RUNS / f"seed-{seed}")
    alone = [f"{RUNS}/seed-{seed}/metrics.json" for seed in (2, 3)]
    assert start(copy, edit_config(copy, seeds_of_english(1, [1, 2, 3])), *alone).wait(600) == 0
    assert [made(copy, seed)[:2] for seed in (2, 3)] == [second[:2], third[:2]]


def test_pair_sets_that_share_a_job_have_the_bytes_that_they_have_alone(copy, snakemake):
    """Three sets share a job, the fourth has one of its own."""
    sets = ("en", "dna50", "dna50-hard", "coding")
    kinds = ("pairs/{}/audit.json", "pairs/{}/identity.tsv", "tokens/{}.*/*")
    paths = [path for kind in kinds for name in sets for path in (copy / "results").glob(kind.format(name))]
    alone = {path: path.read_bytes() for path in paths}
    config = edit_config(copy, lambda study: study.update(sets_per_job=3))
    rules = {f"{rule}_sets_1" for rule in ("tokenize_pairs", "audit_pairs", "write_audit")}
    assert planned_rules(snakemake, copy, config) >= rules
    pages = [f"results/report/pairs/{name}.html" for name in sets]
    for path in [*paths, *(copy / page for page in pages)]:
        path.unlink()
    assert start(copy, config, *pages).wait(600) == 0, (copy / "run.log").read_text()[-2000:]
    assert {path: path.read_bytes() for path in paths} == alone
    assert all(f"Audit of {name}" in (copy / page).read_text() for name, page in zip(sets, pages, strict=True))
    assert (copy / "logs/audit_pairs/sets-1.log").is_file() and (copy / "logs/audit_pairs/coding.log").is_file()
