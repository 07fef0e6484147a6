"""Damaged results: the job that reads one says in one line which file it is, and what to do."""

import os
from pathlib import Path

import pytest

from helpers.jobs import plan_jobs, run_job
from helpers.runs import STUDY

WAYS = {
    "half": lambda data: data[: len(data) // 2],
    "cut at the end of a line": lambda data: b"".join(data.splitlines(True)[: max(1, data.count(b"\n") * 2 // 3)]),
    "garbage": lambda data: b"\x93garbage\0\n" * 9,
    "empty": lambda data: b"",
}
RAW = ("results/resources/", "results/unpacked/")  # files from outside, in the formats of others
# What a job is given and does not read: other files of a model's folder, what it copies, what must only be there.
UNREAD = {".snakemake_timestamp", "README.md", "generation_config.json"}
UNREAD |= {
    ("write_page", "report", ".tsv"),
    ("evaluate", "models", "tokenizer.json"),
    ("build_questions", "neighbours", ".tsv"),
}
UNREAD |= {("write_methods", "models", name) for name in ("config.json", "tokenizer.json", "tokenizer_config.json")}
PASSED_ON = {"keep_best_weights", "write_task_page"}  # which read no file of a model's folder
TEXTS = {".tsv", ".txt", ".json", ".jsonl", ".svg", ".fa", ".fai", ".version"}


def read_back(jobs):
    """(job, what it is given, file of the results that it reads): for each rule one of each kind, by folder and ending."""
    seen = set()
    for job in jobs:
        if not all(map(os.path.exists, job.input)):  # Snakemake has deleted a temporary file
            continue
        named = job.input.get("metrics", []) if job.rule.name == "write_costs" else job.input
        for given in map(Path, named):
            inside = sorted(path for path in given.rglob("*") if path.is_file()) if given.is_dir() else [given]
            for path in inside:
                kind = job.rule.name, path.parts[1], path.name if given.is_dir() else "".join(path.suffixes)
                unread = {kind, path.name} & UNREAD or (given.is_dir() and job.rule.name in PASSED_ON)
                if path.parts[0] == "results" and not unread and not str(path).startswith(RAW) and kind not in seen:
                    seen.add(kind)
                    yield job, given, path


@pytest.fixture
def jobs(copy, monkeypatch):
    """The jobs of the finished study, in a copy of it."""
    monkeypatch.chdir(copy)
    return plan_jobs(STUDY)


@pytest.mark.parametrize("way", WAYS)
def test_damaged_results_are_named_in_one_line(way, jobs):
    damaged, missed = 0, []
    for job, given, path in read_back(jobs):
        whole = path.read_bytes()
        spoilt = WAYS[way](whole)
        if spoilt == whole or ("line" in way and path.suffix not in TEXTS):
            continue
        path.write_bytes(spoilt)
        try:
            told = run_job(job)
        except Exception as error:
            told = f"Traceback: {type(error).__name__}: {error}"
        path.write_bytes(whole)
        damaged += 1
        lines = [line for line in (told or "").splitlines() if str(given) in line and "delete" in line]
        if len(lines) != 1 or (told != lines[0] and not job.is_shell):
            missed.append(f"{job.rule.name}, {path}: {told}")
    assert not missed, "\n".join(missed)
    assert damaged > 50
