"""A small study from end to end: what it leaves, what reruns, what survives a kill, and that its bytes repeat."""

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

STUDY = "workflow_tests/workflow/tiny.yaml"
COMMAND = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", STUDY]
# metrics.json holds times, and a report of one run's speed goes on the page.
REPEATABLE = [
    "pairs",
    "tokenizers",
    "tokens",
    "models",
    "corpora",
    "segments",
    "vocabularies",
    "pretraining/*/curve.tsv",
    "tasks",
    "instructions",
    "neighbours/*/*.tsv",
    "baselines",
    "runs/*/*/*/predictions.tsv.gz",
    "runs/*/*/*/curve.tsv",
    "tables",
    "vectors",
]
RUN = "results/runs/tiny/en/seed-1"


@pytest.fixture(scope="session")
def finished(make_checkout, snakemake):
    """A checkout in which the study has run; tests must leave its results as they are."""
    folder = make_checkout()
    run = snakemake(folder, "--cores", "2", "--configfile", STUDY)
    assert run.returncode == 0, run.stderr[-4000:]
    return folder


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished checkout that a test may change; times are kept."""
    return shutil.copytree(finished, tmp_path / "copy", symlinks=True)


def digests(folder):
    files = {
        path for part in REPEATABLE for found in (folder / "results").glob(part) for path in [found, *found.rglob("*")]
    }
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
        if path.is_file()
    }


def planned(snakemake, folder, config=STUDY):
    """Names of the rules that a dry run would run."""
    run = snakemake(folder, "-n", "--configfile", config)
    assert run.returncode == 0, run.stderr
    table = run.stdout.partition("Job stats:")[2].splitlines()[3:]
    return {line.split()[0] for line in table[: next((i for i, line in enumerate(table) if not line.strip()), 0)]} - {
        "total"
    }


def edit_config(folder, edit):
    study = yaml.safe_load((folder / STUDY).read_text())
    edit(study)
    (folder / "edited.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    return "edited.yaml"


def test_what_it_leaves(finished):
    results = finished / "results"
    for split in ("train", "dev", "test"):
        pairs = (results / f"pairs/dna50/{split}.tsv").read_text().splitlines()
        assert pairs[0] == "id\tsentence1\tsentence2\tlabel"
        assert sum(line.endswith("\t1") for line in pairs[1:]) == len(pairs[1:]) / 2
    predictions = pd.read_csv(finished / RUN / "predictions.tsv.gz", sep="\t")
    assert list(predictions.columns) == ["test", "id", "label", "score0", "score1"]
    assert predictions["test"].value_counts().to_dict() == {
        "en": 64,
        "dna50": 32,
        "dna50-hard": 32,
        "coding": 32,
    }
    metrics = json.loads((finished / RUN / "metrics.json").read_text())
    assert {"seed", "data_digest", "versions", "device", "seconds", "tokens_per_second"} <= set(metrics)
    table = pd.read_csv(results / "tables/metrics.tsv", sep="\t")
    assert (table["study"] == "small").sum() == 2 * 4
    assert (table["accuracy_low"] <= table["accuracy"]).all() and (table["accuracy"] <= table["accuracy_high"]).all()


def test_words_are_compared_before_and_after_runs_that_nothing_tests(finished):
    results = finished / "results"
    table = pd.read_csv(results / "report/moved/table.tsv", sep="\t")
    assert set(table["seed"]) == {"before", "1", "2"} and set(table["words"]) >= {"dna", "english"}
    assert set(table["metric"]) == {"euclidean", "cosine"} and set(table["layer"]) == {0, 1}
    last = table[(table["layer"] == 1) & (table["words"] == "dna")]
    assert last["p"].between(0, 1).all() and len(last) == 3 * 2
    run = results / "runs/tiny/dna50/seed-1"
    assert len(pd.read_csv(run / "predictions.tsv.gz", sep="\t")) == 0 and not (run / "weights").exists()
    page = (results / "report/moved/page.html").read_text()
    assert "50.09 before" in page and page.count("<svg") == 2


def test_weights_go_but_the_best_stay(finished):
    assert not (finished / RUN / "weights").exists()
    assert (finished / RUN / "checkpoint.pt").exists() is False
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    AutoModelForSequenceClassification.from_pretrained(finished / "results/runs/tiny/en/best")
    AutoTokenizer.from_pretrained(finished / "results/models/tiny")


def test_an_instructed_model_can_be_asked(finished):
    """The best weights of a told model stay, and ask.py answers from them; those of the random control go."""
    runs = finished / "results/runs"
    assert (runs / "teller/told/best/config.json").is_file() and not (runs / "teller/told/seed-1/weights").exists()
    sequence = (finished / "results/tasks/splice/test.tsv").read_text().splitlines()[1].split("\t")[1]
    command = [sys.executable, "scripts/ask.py", "--model", "results/runs/teller/told/best", "Which site?"]
    command += ["--sequence", sequence, "--examples", "1", "--task", "results/tasks/splice"]
    asked = subprocess.run(command, cwd=finished, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    assert len(asked.stdout.splitlines()) == 1 and asked.stdout.count("\t") == 1
    unseen = json.loads((finished / "results/instructions/told/unseen.json").read_text())
    assert unseen == {"repeat": ["Is it one?"], "splice": ["What is in it?"]}
    predictions = pd.read_csv(runs / "teller/told/seed-1/predictions.tsv.gz", sep="\t")
    assert predictions.groupby(["test", "variant"]).size().to_dict() == {
        (task, variant): n
        for task in ("repeat", "splice")
        for variant, n in (("trained", 30), ("held-out", 30), ("swapped", 5))
    }


def test_a_changed_phrasing_leaves_the_rows_of_its_task_alone(copy, snakemake):
    def edit(study):
        study["tasks"]["repeat"]["phrasings"] = ["Is it a repeat?"]

    rerun = planned(snakemake, copy, edit_config(copy, edit))
    assert {"build_instructions", "tune_instructions", "answer_instructions", "compute_task_metrics"} <= rerun
    assert not {"build_task", "tokenize_task", "score_baselines", "finetune", "search_neighbours"} & rerun


def test_a_changed_unseen_wording_leaves_the_training_rows_alone(copy, snakemake):
    """The file that ask.py reads the wording from is made anew, with the test rows; the models' weights do not hold it."""

    def edit(study):
        study["tasks"]["repeat"]["held_out"] = "Say whether it repeats."

    rerun = planned(snakemake, copy, edit_config(copy, edit))
    assert {"build_questions", "answer_instructions", "compute_task_metrics"} <= rerun
    assert not {"build_task", "build_instructions", "finetune", "score_baselines"} & rerun


def test_a_second_run_does_nothing(copy, snakemake):
    run = snakemake(copy, "--cores", "2", "--configfile", STUDY)
    assert run.returncode == 0
    assert "Nothing to be done" in run.stderr + run.stdout


def test_touched_files_and_comments_rerun_nothing(copy, snakemake):
    for path in (copy / "scripts").rglob("*.py"):
        path.write_text(path.read_text() + "\n# a comment\n")
    assert planned(snakemake, copy) == set()


def test_a_changed_key_reruns_what_depends_on_it(copy, snakemake):
    config = edit_config(copy, lambda study: study["finetuning"].update(learning_rate=2e-3))
    rerun = planned(snakemake, copy, config)
    assert {"finetune", "evaluate", "compute_metrics"} <= rerun
    assert not {"build_pairs", "tokenize_pairs", "train_tokenizer", "pretrain", "search_homologs"} & rerun


def test_more_points_of_a_figure_of_words_train_nothing(copy, snakemake):
    rerun = planned(snakemake, copy, edit_config(copy, lambda study: study.update(vector={"points": 20})))
    pages = {"write_vectors_page", "summarize_studies", "write_answer"}
    assert rerun - {"all"} == {"plot_vectors", *pages, "write_costs"}  # the last comes after all


def test_a_longer_pretraining_leaves_corpus_and_tokens_alone(copy, snakemake):
    rerun = planned(snakemake, copy, edit_config(copy, lambda study: study["pretraining"].update(epochs=2)))
    assert {"pretrain", "finetune", "write_pretraining"} <= rerun
    assert not {"segment_genome", "mix_corpus", "train_tokenizer", "encode_corpus", "tokenize_pairs"} & rerun


def test_a_larger_corpus_reruns_all_that_reads_it(copy, snakemake):
    def enlarge(study):
        study["corpora"]["mixed"]["sources"]["dna"]["bytes"] = 61000

    rerun = planned(snakemake, copy, edit_config(copy, enlarge))
    assert {"segment_genome", "mix_corpus", "train_tokenizer", "encode_corpus", "pretrain", "finetune"} <= rerun
    assert not {"build_pairs", "search_homologs", "sample_queries"} & rerun


def test_a_changed_function_reruns_what_uses_it(copy, snakemake):
    figures = copy / "scripts/linguist/report/plots/style.py"
    figures.write_text(figures.read_text() + "\nUNUSED = 1\n")
    assert planned(snakemake, copy) - {"all"} == {
        "compare_published",
        "plot_accuracy",
        "plot_confusion",
        "plot_lengths",
        "plot_tasks",
        "plot_vectors",
        "summarize_studies",
        "write_answer",
        "write_audit",
        "write_costs",
        "write_methods",
        "write_page",
        "write_pretraining",
        "write_task_page",
        "write_vectors_page",
        "write_vocabulary",
    }


def test_a_changed_rule_reruns_the_sets_that_read_it(copy, snakemake):
    rerun = planned(snakemake, copy, edit_config(copy, lambda study: study["pairs"]["rules"].update(transitions=0.5)))
    assert rerun == set()
    rerun = planned(snakemake, copy, edit_config(copy, lambda study: study["pairs"]["rules"].update(unrelated=0.5)))
    assert {"build_pairs", "evaluate"} <= rerun and not {
        "choose_positives",
        "search_homologs",
        "train_tokenizer",
    } & rerun


def test_another_seed_shares_everything_but_its_run(copy, snakemake):
    rerun = planned(snakemake, copy, edit_config(copy, lambda study: study["studies"]["small"].update(seeds=[1, 2])))
    assert "finetune" in rerun and not {"build_pairs", "tokenize_pairs"} & rerun


def interrupt(folder):
    """Run the study, interrupt it as soon as its fine-tuning has a checkpoint, and give the exit status."""
    with open(folder / "first.log", "w") as log:
        # A group of its own, so that the interrupt reaches Snakemake and its jobs as it does from a terminal.
        run = subprocess.Popen(COMMAND, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 300
        while not (folder / RUN / "checkpoint.pt").exists():
            assert run.poll() is None and time.monotonic() < deadline, (folder / "first.log").read_text()[-2000:]
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGINT)
        return run.wait(60)


def test_the_same_seed_gives_the_same_bytes_even_if_interrupted(make_checkout, finished):
    """Ctrl-C while fine-tuning, then the same command: it goes on, and ends with the bytes of the undisturbed run."""
    for _ in range(3):  # on a busy machine the interrupt may come when all is done
        folder = make_checkout()
        if interrupt(folder) != 0:
            break
    checkpoint = folder / RUN / "checkpoint.pt"
    assert checkpoint.exists() and not (folder / RUN / "metrics.json").exists()
    pairs = folder / "results/pairs/en/train.tsv"
    before = pairs.stat().st_mtime_ns
    again = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr[-4000:]
    assert "resuming at epoch" in (folder / "logs/finetune/tiny/en/seed-1.log").read_text()
    assert pairs.stat().st_mtime_ns == before
    assert digests(folder) == digests(finished)


def test_a_failed_download_stops_one_branch_only(copy, snakemake, tmp_path):
    """A resource with a wrong checksum: a non-zero exit, one clear line, and what is finished stays."""
    table = tmp_path / "pairs.tsv"
    table.write_text("1\ta b\tb a\t0\n")

    def edit(study):
        study["resources"]["table"] = {"path": str(table), "sha256": "0" * 64}
        study["pairsets"]["foreign"] = {
            "kind": "sentence",
            "recipe": "table",
            "files": {split: ["table"] for split in ("train", "dev", "test")},
        }
        study["studies"]["small"]["tests"].append("foreign")

    before = digests(copy)
    run = snakemake(copy, "--cores", "2", "--configfile", edit_config(copy, edit))
    output = run.stdout + run.stderr
    assert run.returncode != 0
    assert [line for line in output.splitlines() if line.startswith("error: resources/table: ")]
    assert not (copy / "results/resources/table").exists()
    after = digests(copy)
    assert {name: after.get(name) for name in before if "predictions" not in name and "tables" not in name} == {
        name: digest for name, digest in before.items() if "predictions" not in name and "tables" not in name
    }


def test_the_report(copy, snakemake):
    run = snakemake(copy, "--configfile", STUDY, "--report", "results/report.html")
    assert run.returncode == 0, run.stderr
    pages = {"results/report.html": "A small study", "results/report/asked/page.html": "A small study of tasks"}
    pages["results/report/moved/page.html"] = "Words that move"
    pages |= {"results/report/methods.html": "<mfrac>", "results/report/costs.html": "core-hours"}
    for page, title in (pages | {"results/report/small/page.html": "A small study"}).items():
        dom, console = browse(copy / page)
        assert title in dom
        assert "Uncaught" not in console and "ERROR:CONSOLE" not in console
    assert dom.count("<svg") >= 3


def browse(page):
    """A page's elements after its scripts ran, and what the browser logged, from headless Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium to open the report in")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=5000 --dump-dom"
    profile = Path(page).parent / "browser"
    run = subprocess.run(
        [chromium, *flags.split(), f"--user-data-dir={profile}", Path(page).as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return run.stdout, run.stderr


def test_the_costs_are_those_of_all_benchmark_files_and_of_nothing_else(copy, snakemake):
    """Files of runs that the config does not have are not counted, and one that is missing is told and not made anew."""
    benchmarks = copy / "benchmarks"
    found = pd.read_csv(copy / "results/report/costs.tsv", sep="\t").set_index("rule")
    counts = {folder.name: len(list(folder.rglob("*.tsv"))) for folder in benchmarks.iterdir()}
    measured = found["measured"].rename({"embed_words_before": "embed_words"}).groupby(level=0).sum()
    assert measured[list(counts)].to_dict() == counts and measured["total"] == sum(counts.values())
    stale = benchmarks / "finetune/tiny/en/seed-7.tsv"
    shutil.copy(benchmarks / "finetune/tiny/en/seed-1.tsv", stale)
    (benchmarks / "pretrain/tiny.tsv").unlink()
    assert planned(snakemake, copy) == set()
    run = snakemake(copy, "--cores", "2", "--configfile", STUDY, "--force", "results/report/costs.html")
    assert run.returncode == 0, run.stderr[-4000:]
    again = pd.read_csv(copy / "results/report/costs.tsv", sep="\t").set_index("rule")
    assert again["measured"]["finetune"] == found["measured"]["finetune"]
    assert (again["jobs"]["pretrain"], again["measured"]["pretrain"]) == (1, 0)


def test_predictions_have_no_timestamp(finished):
    path = finished / RUN / "predictions.tsv.gz"
    assert path.read_bytes()[4:8] == b"\0\0\0\0"
    assert gzip.decompress(path.read_bytes()).startswith(b"test\tid\tlabel")
