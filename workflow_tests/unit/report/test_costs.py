"""What a run cost: computed from made-up benchmark files with known sums, without those of other configurations."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers.pages import REPORTS, open_page, read_text
from linguist.files import write_table
from linguist.report import costs
from linguist.report.page import inline, render
from linguist.report.plots.costs import costs_figure
from linguist.report.plots.style import save
from linguist.training.controls import UNTRAINED

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
USED = {"pairset": ["en", "dna50"], "model": ["tiny"]}
RUNS = [("tiny", "en", 1), ("tiny", "en", 2), ("tiny", UNTRAINED, 1)]


def write_benchmark(path, seconds, memory, cpu):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{seconds}\t0:00:01\t{memory}\t1\t1\t1\t1\t1\t50.0\t{cpu}\n")


def training(device="cpu", **other):
    means = {"device": device, "precision": "bf16", "attention": "sdpa"}
    return means | {"seconds": 50.0, "tokens_per_second": 1000} | other


def step(folder, rule, pattern, gpu=False):
    """A rule whose logs and benchmarks are named by `pattern`, as the workflow describes it."""
    places = {
        kind: (f"{re.escape(str(folder))}/{kind}s/{rule}/{pattern}\\.{ending}$", f"{folder}/{kind}s/{rule}")
        for kind, ending in (("log", "log"), ("benchmark", "tsv"))
    }
    return places | {"gpu": gpu}


@pytest.fixture
def steps(tmp_path):
    """A run of three rules: its logs, benchmark files, and files of runs that are not in the configuration."""
    for pairset, seconds, cpu in (("en", 10, 7200), ("dna50", 30, 3600), ("gone", 1000, 1e6)):
        write_benchmark(tmp_path / f"benchmarks/build_pairs/{pairset}.tsv", seconds, 100 + seconds, cpu)
    for seed, seconds in ((1, 1800), (2, 3600), (9, 1e6)):
        write_benchmark(tmp_path / f"benchmarks/finetune/tiny/en/seed-{seed}.tsv", seconds, 500 * seed, 1800)
    write_benchmark(tmp_path / "benchmarks/finetune/other/en/seed-1.tsv", 1e6, 1e6, 1e6)
    for log in ("build_pairs/en", "build_pairs/gone", "finetune/tiny/en/seed-1", f"evaluate/tiny/{UNTRAINED}/seed-1"):
        path = tmp_path / f"logs/{log}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    run = r"(?P<model>tiny|other)/(?P<trainset>en|untrained)/seed-(?P<seed>\d+)"
    return {
        "build_pairs": step(tmp_path, "build_pairs", "(?P<pairset>en|dna50|gone)"),
        "finetune": step(tmp_path, "finetune", run, gpu=True),
        "evaluate": step(tmp_path, "evaluate", run, gpu=True),
        "never_run": step(tmp_path, "never_run", "all") | {"benchmark": None},
    }


TRAININGS = [("tiny", "en", 1, training("a GPU")), ("tiny", "en", 2, training("a GPU", processes=2))]
TRAININGS += [("tiny", None, 1, training("a GPU", utilisation=0.523))]


def test_a_job_of_several_runs_counts_for_each_with_an_equal_share(steps, tmp_path):
    """Also if a run has a file of a job of its own, from before."""
    write_benchmark(tmp_path / "benchmarks/finetune/tiny/en/seeds-1-2-9.tsv", 300, 700, 90)
    shared = step(tmp_path, "finetune", "(?P<model>tiny|other)/(?P<trainset>en|untrained)/seeds-1-2-9", gpu=True)
    steps["finetune_seeds_1_2_9"] = shared | {"of": "finetune", "each": {"seed": ["1", "2", "9"]}}
    jobs = costs.find_jobs(steps, USED, RUNS, TRAININGS)
    runs = jobs[jobs["rule"] == "finetune"].set_index("job")
    assert sorted(runs.index) == ["tiny/en/1", "tiny/en/2"]  # seed 9 is not of the configuration
    assert (runs["seconds"] == 100).all() and (runs["cpu_seconds"] == 30).all() and (runs["memory_mb"] == 700).all()
    assert runs["gpus"].to_dict() == {"tiny/en/1": 1, "tiny/en/2": 2}


def test_the_table_counts_what_was_measured_of_this_run_alone(steps):
    jobs = costs.find_jobs(steps, USED, RUNS, TRAININGS)
    table = costs.tabulate_costs(jobs).set_index("rule")
    assert list(table.index) == ["build_pairs", "finetune", "evaluate", "total"]
    pairs, finetune, evaluate, total = (table.loc[rule] for rule in table.index)
    assert (pairs["jobs"], pairs["measured"], pairs["seconds"], pairs["median_seconds"]) == (2, 2, 40, 20)
    assert (pairs["longest_seconds"], pairs["core_hours"], pairs["gpu_hours"]) == (30, 3, 0)
    assert (pairs["memory_mb"], pairs["memory_job"]) == (130, "dna50")
    assert (finetune["core_hours"], finetune["gpu_hours"]) == (1, 0.5 + 2)  # two GPUs of the second
    assert finetune["memory_job"] == "tiny/en/2"
    assert (evaluate["jobs"], evaluate["measured"], evaluate["memory_job"]) == (1, 0, "")
    assert (total["jobs"], total["measured"], total["core_hours"], total["gpu_hours"]) == (5, 4, 4, 2.5)
    assert total["memory_job"] == "finetune tiny/en/2"


@pytest.mark.parametrize(
    ("devices", "gpus"),
    [(["cpu"], 0), (["a GPU"], 1), (["a GPU", "another"], 1), (["a GPU", "cpu"], np.nan), ([], np.nan)],
)
def test_a_control_had_the_gpu_that_all_trainings_had(devices, gpus):
    trainings = [("tiny", "en", seed, training(device)) for seed, device in enumerate(devices)]
    found = costs.gpus_of({"model": "tiny", "trainset": UNTRAINED, "seed": "1"}, trainings)
    assert found == gpus or (np.isnan(found) and np.isnan(gpus))


def test_a_pretraining_has_its_own_device():
    trainings = [("tiny", None, None, training("a GPU", processes=4)), ("tiny", "en", 1, training())]
    assert costs.gpus_of({"model": "tiny"}, trainings) == 4
    assert costs.gpus_of({"model": "tiny", "instructions": "en", "seed": "1"}, trainings) == 0


@pytest.mark.parametrize("text", ["", "nothing of use\n", HEADER, HEADER.replace("cpu_time", "x"), "\xff\xfe\0"])
def test_a_benchmark_file_without_numbers_gives_nothing(text, tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes(text.encode("latin-1"))
    assert np.isnan(costs.read_benchmark(path)).all()


def test_values_that_were_not_sampled_are_not_zero(tmp_path):
    for missing in ("-", "NA", "nan"):
        write_benchmark(tmp_path / "a.tsv", 0.2, missing, missing)
        seconds, cpu, memory = costs.read_benchmark(tmp_path / "a.tsv")
        assert seconds == 0.2 and np.isnan([cpu, memory]).all()


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.0 s"), (119, "119.0 s"), (600, "10.0 min"), (9000, "2.5 h")])
def test_spans_are_short(seconds, text):
    assert costs.format_duration(seconds) == text


def test_speeds_are_of_the_runs_that_made_steps():
    runs = [("tiny", "en", seed, training(tokens_per_second=speed)) for seed, speed in enumerate((100, None, 400))]
    (found,) = costs.training_speeds(runs)
    assert (found["runs"], found["seconds"], found["speed"]) == (3, 150, (100, 250, 400))
    assert found["utilisation"] is None, "it was not measured on a CPU"
    assert costs.training_speeds(runs[1:2])[0]["speed"] is None


def test_utilisation_is_the_median_of_the_runs_that_have_one():
    runs = [("tiny", None, seed, training(utilisation=share)) for seed, share in enumerate((0.5, None, 0.3))]
    assert costs.training_speeds(runs)[0]["utilisation"] == pytest.approx(0.4)


def write_costs(folder, steps, trainings):
    jobs = costs.find_jobs(steps, USED, RUNS, trainings)
    table = costs.tabulate_costs(jobs)
    write_table(folder / "costs.tsv", table)
    save(costs_figure(table), folder / "costs.svg")
    figure = inline(folder / "costs.svg", "figure-costs")
    render(folder / "costs.html", REPORTS / "costs.html.j2", figure=figure, **costs.costs_page(jobs, trainings))
    return folder / "costs.html"


def test_the_page_shows_the_costs_and_opens_without_an_error(steps, tmp_path):
    path = write_costs(tmp_path, steps, TRAININGS)
    text = read_text(path)
    for fact in (
        "4.000 core-hours",
        "2.500 GPU-hours",
        "4 measured jobs of 5",
        "75 %",
        "52.3 %",
        "finetune tiny/en/2",
        "1,000 MB",
    ):
        assert fact in text
    assert "evaluate (1)" in text and "0 of 1" not in text  # a rule without a measured job is named below the table
    table = pd.read_csv(tmp_path / "costs.tsv", sep="\t").set_index("rule")
    assert table["core_hours"].dropna().to_dict() == {"build_pairs": 3, "finetune": 1, "total": 4}
    dom, console = open_page(path, tmp_path)
    assert "<svg" in dom and "Uncaught" not in console and "ERROR:CONSOLE" not in console


@pytest.mark.parametrize("kept", [["log"], []])
def test_a_run_of_which_nothing_was_measured(kept, steps, tmp_path):
    """Results that were copied have no benchmark files, and perhaps no logs."""
    nothing = dict.fromkeys({"log", "benchmark"} - set(kept))
    text = read_text(write_costs(tmp_path, {rule: step | nothing for rule, step in steps.items()}, []))
    assert "core-hours in" not in text and ("3 jobs" in text) == bool(kept)
    assert pd.read_csv(tmp_path / "costs.tsv", sep="\t")["rule"].iloc[-1] == "total"
