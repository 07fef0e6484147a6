"""The jobs of a preview: what they are, what they took, and why one failed."""

from linguist.preview.jobs import Measured, Step, failure_of, measure_jobs, read_jobs

RUN = r"results/runs/(?P<model>small)/(?P<trainset>en)/seed-(?P<seed>\d+)/metrics\.json"
STEPS = {
    "finetune": Step([RUN], "logs/finetune/{seed}.log", "benchmarks/finetune/{seed}.tsv"),
    "finetune_seeds_1to3": Step([RUN], "logs/finetune/seeds-1to3.log", None, "finetune"),
}


def summary(rule, seeds):
    lines = [f"preview/results/runs/small/en/seed-{seed}/metrics.json\t-\t{rule}\t-\tmissing\t-" for seed in seeds]
    return "\n".join(["output_file\tdate\trule\tlog-file(s)\tstatus\tplan", *lines])


def test_a_job_of_several_runs_counts_as_several():
    jobs = read_jobs(summary("finetune_seeds_1to3", (1, 2, 3)), STEPS)
    assert jobs == read_jobs(summary("finetune", (1, 2, 3)), STEPS)
    assert {dict(wildcards)["seed"] for rule, wildcards in jobs if rule == "finetune"} == {"1", "2", "3"}


def test_times_are_read_from_logs_or_benchmark_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("logs/finetune", "benchmarks/finetune", "results/runs/small/en/seed-1"):
        (tmp_path / "preview" / folder).mkdir(parents=True)
    (tmp_path / "preview/results/runs/small/en/seed-1/metrics.json").write_bytes(bytes(10))
    (tmp_path / "preview/logs/finetune/1.log").write_text(
        "done: 14.00 s of CPU, 2.00 s of them before the first line\n"
    )
    (tmp_path / "preview/benchmarks/finetune/2.tsv").write_text("s\tcpu_time\tmax_rss\n5.0\t4.0\t9.0\n")
    measured = measure_jobs(read_jobs(summary("finetune", (1, 2, 3)), STEPS), STEPS)["finetune"]
    found = {dict(wildcards)["seed"]: job for wildcards, job in measured.items()}
    assert found == {"1": Measured(2, 12, 10), "2": Measured(0, 4, 0)}


def test_a_failed_rule_is_one_line_with_study_rule_cause_and_log():
    said = "\n".join(
        [
            "Error in rule audit_pairs:",
            "1 job failed:",
            "- auditing the pair set en",
            "  error: results/pairs/en: too few",
            "  log: preview/logs/audit_pairs/en.log",
            "When the causes are mended, ...",
        ]
    )
    line = failure_of("config/mine.yaml", said)
    for part in ("config/mine.yaml", "rule audit_pairs", "too few", "preview/logs/audit_pairs/en.log"):
        assert part in line
    assert "\n" not in line
    assert failure_of("config/mine.yaml", "error: config: models: no\n") == "config/mine.yaml: config: models: no"
