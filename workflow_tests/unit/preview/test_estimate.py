"""The estimate of a whole run from a preview of it."""

import numpy as np
import pytest

from linguist.preview import estimate as module
from linguist.preview.estimate import estimate, fit_work, format_amount, format_estimate
from linguist.preview.jobs import Measured, Step, read_jobs
from linguist.preview.shape import Shape
from linguist.preview.workload import Workload

STEPS = {
    "index_sequences": Step(
        [r"results/sequences/(?P<kind>dna)/(?P<resource>genome)\.fa\.gz"], "logs/index/{resource}.log", None
    ),
    "finetune": Step(
        [r"results/runs/(?P<model>small)/(?P<trainset>en)/seed-(?P<seed>\d+)/metrics\.json"],
        "logs/finetune/{seed}.log",
        None,
    ),
    "write_page": Step([r"results/report/(?P<study>one)/page\.html"], "logs/page/{study}.log", None),
}


def summary(prefix, seeds):
    files = [("index_sequences", "sequences/dna/genome.fa.gz"), ("write_page", "report/one/page.html")]
    files += [("finetune", f"runs/small/en/seed-{seed}/metrics.json") for seed in seeds]
    lines = [f"{prefix}results/{path}\t-\t{rule}\t-\tmissing\tupdate pending" for rule, path in files]
    return "\n".join(["output_file\tdate\trule\tlog-file(s)\tstatus\tplan", *lines])


def test_hours_grow_with_the_amount_of_work(preview, tmp_path):
    whole, cut, results = preview
    for path, total in {"index/genome": 3, "finetune/1": 14, "page/one": 7}.items():
        log = tmp_path / f"preview/logs/{path}.log"
        log.parent.mkdir(parents=True)
        log.write_text(f"12:00:00 done: {total:.2f} s of CPU, 2.00 s of them before the first line\n")
    fasta = results / "sequences/dna/genome.fa.gz"
    fasta.parent.mkdir(parents=True)
    fasta.write_bytes(bytes(1000))
    jobs = read_jobs(summary("", (1, 2, 3)), STEPS), read_jobs(summary("preview/", (1,)), STEPS)
    assert len(jobs[0]) == 5 and len(jobs[1]) == 3
    table = estimate((whole, cut), jobs, STEPS, results).set_index("rule")
    assert table["jobs"].to_dict() == {"finetune": 3, "index_sequences": 1, "write_page": 1}
    assert table.loc["index_sequences", "core_hours"] == pytest.approx((2 + 4000) / 3600)
    assert table.loc["index_sequences", "disk_gb"] == pytest.approx(4000 * 1000 / 1e9)
    assert table.loc["write_page", "core_hours"] == pytest.approx(7 / 3600)
    assert table.loc["write_page", "gpu_hours"] == table.loc["write_page", "gpu_gb"] == 0
    flops = Workload(whole, results, True).finetuning_flops("small", "en")
    gpu = 3 * (2 + flops / (200e12 * module.OTHER)) / 3600
    assert table.loc["finetune", "gpu_hours"] == pytest.approx(gpu)
    assert table.loc["finetune", "core_hours"] > 3 * (2 + 12) / 3600
    text = format_estimate("study.yaml", table.reset_index(), whole, results, 2)
    assert all(rule in text for rule in STEPS) and "200 TFLOP/s" in text


def test_a_rule_that_the_preview_did_not_run_is_named(preview, tmp_path):
    whole, cut, results = preview
    table = estimate((whole, cut), (read_jobs(summary("", (1,)), STEPS), {}), STEPS, results)
    assert table["core_hours"].isna().all()
    text = format_estimate("study.yaml", table, whole, results, 2)
    line = next(line for line in text.splitlines() if line.startswith("Not in the preview"))
    assert all(rule in line for rule in STEPS)


def test_the_time_of_arithmetic_is_told_from_that_of_loading(preview, monkeypatch):
    """The truth is known: 3 s, 10 ns a parameter and 1e-10 s a FLOP."""
    _, cut, results = preview
    load, truth = Workload(cut, results, False), np.array([3, 1e-8, 1e-10])
    flops = {1: 1e9, 2: 5e10, 3: 4e11}
    monkeypatch.setitem(module.FLOPS, "finetune", lambda load, w: flops[w["seed"]])
    size = {"a": 1e6, "b": 3e8}
    monkeypatch.setattr(Workload, "shape", lambda self, model: Shape(1, 1, 1, 1, size[model]))
    jobs = {
        (("model", model), ("seed", seed)): Measured(2, float(truth @ [1, size[model], flops[seed]]), 0)
        for model in size
        for seed in flops
    }
    found = fit_work(load, {rule: jobs if rule == "finetune" else {} for rule in module.FLOPS})
    np.testing.assert_allclose(found, truth, rtol=1e-6)


def test_a_resource_of_unknown_size_is_named(preview):
    whole, cut, results = preview
    table = estimate((whole, cut), (read_jobs(summary("", (1,)), STEPS), {}), STEPS, results)
    assert "genome" not in format_estimate("study.yaml", table, whole, results, 2)
    (results / "records/genome.json").write_text('{"bytes": 1000000, "whole_bytes": null}')
    assert "genome" in format_estimate("study.yaml", table, whole, results, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "–"),
        (np.nan, "–"),
        (0.001, "<0.01"),
        (0.0123, "0.012"),
        (6.23, "6.2"),
        (45.6, "46"),
        (28_867, "29,000"),
        (2e6, "2,000,000"),
    ],
)
def test_amounts_have_two_digits(value, text):
    assert format_amount(value) == text
