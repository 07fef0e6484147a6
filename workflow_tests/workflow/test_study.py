"""A small study from end to end: what it leaves, what survives a kill, and that its bytes repeat."""

import gzip
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import yaml
from Bio.Seq import Seq

from helpers.abstracts import named_places, strange_numbers
from helpers.data import ROOT
from helpers.pages import Page, open_page
from helpers.runs import COMMAND, RUN, STUDY, digests, edit_config, error_lines, planned_rules


def test_what_it_leaves(finished):
    results = finished / "results"
    for split in ("train", "dev", "test"):
        pairs = (results / f"pairs/dna50/{split}.tsv").read_text().splitlines()
        assert pairs[0] == "id\tsentence1\tsentence2\tlabel"
        assert pairs.pop() == "" and sum(line.endswith("\t1") for line in pairs[1:]) == len(pairs[1:]) / 2
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
    assert (table["study"] == "small").sum() == 3 * 4  # fine-tuned on two sets, and untrained
    assert (table["accuracy_low"] <= table["accuracy"]).all() and (table["accuracy"] <= table["accuracy_high"]).all()


def test_no_document_has_half_of_the_words_of_a_test_window(finished):
    """On either strand. The genome has the windows, and the manifest and the pages say how much of it was left out."""
    results, size = finished / "results", 25

    def words(text):
        parts = {text[at : at + size] for at in range(len(text) - size + 1)}
        return {min(part, str(Seq(part).reverse_complement())) for part in parts}

    windows = pd.read_csv(results / "pairs/dna50/test.tsv", sep="\t", skipfooter=1, engine="python")
    windows = [words(text) for side in ("sentence1", "sentence2") for text in windows[side]]
    texts = ((results / f"corpora/mixed/{split}.txt").read_text() for split in ("train", "dev"))
    documents = [words(document) for text in texts for document in text.splitlines()]
    assert not any(2 * len(window & document) >= len(window) for window in windows for document in documents)
    genome = words(
        gzip.decompress((results / "sequences/dna/hg38.fa.gz").read_bytes()).decode().upper().replace("\n", "")
    )
    assert sum(window <= genome for window in windows) >= 32
    left_out = json.loads((results / "corpora/mixed/manifest.json").read_text())["sources"]["dna"]["rows"]["left_out"]
    assert left_out["in excluded regions"] >= 16 * 40 and "not drawn" in left_out


def test_accuracy_by_identity_has_every_row_of_a_run_that_is_tested_on_its_own_set(finished):
    """Sentences have no identity; the other tests are not of the rows that the runs were trained on. A run that gives nearly all
    rows one answer is counted, and its accuracy left out."""
    results = finished / "results"
    metrics = pd.read_csv(results / "tables/metrics.tsv", sep="\t")
    rows = pd.read_csv(results / "tables/small.identity.tsv", sep="\t")
    assert set(zip(rows["model"], rows["trainset"], rows["test"], strict=True)) == {("tiny", "coding", "coding")}
    own = metrics[(metrics["trainset"] == "coding") & (metrics["test"] == "coding")]
    right = (rows["n"] * rows["accuracy"]).sum(skipna=False) / 32
    left_out = own["constant"].item() == 1
    assert rows["n"].sum() == 32 and (rows["constant"] == left_out).all()
    assert math.isnan(right) if left_out else right == pytest.approx(own["accuracy"].item())
    assert "Accuracy by identity" in (results / "report/small/page.html").read_text()
    tasks = pd.read_csv(results / "tables/asked.identity.tsv", sep="\t")
    assert (tasks.groupby(["model", "method", "test"])["n"].sum() == 30).all() and set(tasks["test"]) == {
        "splice",
        "repeat",
    }
    assert (tasks["low"] <= tasks["accuracy"]).all() and (tasks["accuracy"] <= tasks["high"]).all()


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


def test_its_abstract_is_written_on_request_and_shown_on_a_page(copy, snakemake):
    assert not (copy / "results/abstract").exists()
    before = digests(copy)
    run = snakemake(copy, "write_abstract", "--cores", "1", "--configfile", STUDY)
    assert run.returncode == 0, run.stderr[-2000:]
    assert before.items() <= digests(copy).items()
    page, folder = copy / "page.md", copy / "shown/small-study"
    page.write_text("# A\n<!-- small study -->\n<!-- end of small study -->\n")
    command = [sys.executable, ROOT / "scripts/publish_abstract.py", "results/abstract", folder, page]
    subprocess.run(command, cwd=copy, check=True)
    shown, said = page.read_text(), (folder / "abstract.md").read_text()
    assert "](shown/small-study/figure.svg)" in shown and "no model learned" in shown
    assert strange_numbers(said, folder) == [] and named_places(folder) == []
    assert "small" in json.loads((folder / "run.json").read_text())["studies"]
    assert yaml.safe_load((folder / "config.yaml").read_text())["studies"].keys() >= {"small"}


def test_an_instructed_model_can_be_asked(finished):
    """The best weights of an instruction-tuned model are kept, and ask.py answers from them."""
    runs = finished / "results/runs"
    assert (runs / "teller/told/best/config.json").is_file() and not (runs / "teller/told/seed-1/weights").exists()
    sequence = (finished / "results/tasks/splice/test.tsv").read_text().splitlines()[1].split("\t")[1]
    command = [sys.executable, "scripts/ask.py", "--model", "results/runs/teller/told/best", "Which site?"]
    command += ["--sequence", sequence, "--examples", "1", "--task", "results/tasks/splice"]
    asked = subprocess.run(command, cwd=finished, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    assert len(asked.stdout.splitlines()) == 1 and asked.stdout.count("\t") == 1
    unseen = json.loads((finished / "results/instructions/told/unseen.json").read_text())
    assert unseen == {"repeat": ["Is it one? {{ 7*7 }}"], "splice": ["What is in it?"]}
    predictions = pd.read_csv(runs / "teller/told/seed-1/predictions.tsv.gz", sep="\t")
    assert predictions.groupby(["test", "variant"]).size().to_dict() == {
        (task, variant): n
        for task in ("repeat", "splice")
        for variant, n in (("trained", 30), ("held-out", 30), ("swapped", 5))
    }


def test_a_second_run_does_nothing(copy, snakemake):
    run = snakemake(copy, "--cores", "2", "--configfile", STUDY)
    assert run.returncode == 0
    assert "Nothing to be done" in run.stderr + run.stdout


def interrupt(folder):
    """Run the study, interrupt it as soon as its fine-tuning has a checkpoint, and give the exit status."""
    with open(folder / "first.log", "w") as log:
        # A group of its own, so that the interrupt reaches Snakemake and its jobs as it does from a terminal.
        # A shell's background job ignores the interrupt, and so would all that it starts.
        run = subprocess.Popen(
            COMMAND,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
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
    assert run.returncode != 0
    assert [line for line in error_lines(run) if line.startswith("error: resources/table: ")]
    assert not (copy / "results/resources/table").exists()
    after = digests(copy)
    assert {name: after.get(name) for name in before if "predictions" not in name and "tables" not in name} == {
        name: digest for name, digest in before.items() if "predictions" not in name and "tables" not in name
    }


def test_the_report(copy, snakemake, tmp_path):
    """Its texts are shown as they are written: none runs, is evaluated, or includes a file."""
    run = snakemake(copy, "--configfile", STUDY, "--report", "results/report.html")
    assert run.returncode == 0, run.stderr
    studies = yaml.safe_load((copy / STUDY).read_text())
    titles = {name: block["title"] for name, block in (studies["studies"] | studies["vectors"]).items()}
    pages = {
        "report.html": [],
        "report/costs.html": ["core-hours"],
        "report/power.html": ["How sure is this?"],
        "report/methods.html": [*titles.values()],
    }
    pages["report/answer.html"] = [*titles.values()]
    for name, block in (studies["studies"] | studies["vectors"]).items():
        pages[f"report/{name}/page.html"] = [block["title"], " ".join(block["question"].split())]
    pages["report/asked/page.html"] += studies["tasks"]["repeat"]["answers"]
    for page, texts in pages.items():
        path = copy / "results" / page
        dom, console = open_page(path, tmp_path)
        assert "Uncaught" not in console and "ERROR:CONSOLE" not in console, page
        assert 'id="ran"' not in dom and "cff-version" not in dom, page
        shown = "" if page == "report.html" else " ".join(" ".join(Page(path.read_text()).text).split())
        assert [text for text in texts if text not in shown] == [], page
    report = (copy / "results/report.html").read_text()
    assert "<mfrac>" in (copy / "results/report/methods.html").read_text() and "A small study" in report
    script = report.split('<script id="results">')[1].split("</script>")[0].strip()
    results = json.loads(script.removeprefix("var results = ").removesuffix(";"))
    assert "results/report/small/page.html" in results
    assert not list(copy.glob("ran"))


def test_the_costs_are_those_of_all_benchmark_files_and_of_nothing_else(copy, snakemake):
    """Files of runs outside the config are not counted; a missing file is reported and its job does not run again."""
    benchmarks = copy / "benchmarks"
    found = pd.read_csv(copy / "results/report/costs.tsv", sep="\t").set_index("rule")
    counts = {folder.name: len(list(folder.rglob("*.tsv"))) for folder in benchmarks.iterdir()}
    measured = found["measured"].rename({"embed_words_before": "embed_words"}).groupby(level=0).sum()
    assert measured[list(counts)].to_dict() == counts and measured["total"] == sum(counts.values())
    stale = benchmarks / "finetune/tiny/en/seed-7.tsv"
    shutil.copy(benchmarks / "finetune/tiny/en/seed-1.tsv", stale)
    (benchmarks / "pretrain/tiny.tsv").unlink()
    assert planned_rules(snakemake, copy) == set()
    run = snakemake(copy, "--cores", "2", "--configfile", STUDY, "--force", "results/report/costs.html")
    assert run.returncode == 0, run.stderr[-4000:]
    again = pd.read_csv(copy / "results/report/costs.tsv", sep="\t").set_index("rule")
    assert again["measured"]["finetune"] == found["measured"]["finetune"]
    assert (again["jobs"]["pretrain"], again["measured"]["pretrain"]) == (1, 0)


def test_predictions_have_no_timestamp(finished):
    path = finished / RUN / "predictions.tsv.gz"
    assert path.read_bytes()[4:8] == b"\0\0\0\0"
    assert gzip.decompress(path.read_bytes()).startswith(b"test\tid\tlabel")
