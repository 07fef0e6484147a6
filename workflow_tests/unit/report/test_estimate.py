"""The estimate of a whole run from a preview of it."""

import json

import numpy as np
import pytest

from linguist.config.cut import cut_config
from linguist.config.settle import settle
from linguist.report import estimate as module
from linguist.report.estimate import Load, Measured, Step, estimate, fit_arithmetic, format_estimate, read_jobs
from linguist.report.preview import failure_of
from linguist.training.weights import read_tensors

SHAPE = {"n_layer": 3, "n_embd": 16, "n_head": 2, "n_positions": 256}
STUDY = {
    "resources": {
        "genome": {"url": "https://example.org/genome.fa.gz"},
        "rows": {"url": "https://example.org/rows.tsv"},
    },
    "pairsets": {
        "dna": {"kind": "dna", "recipe": "homologs", "queries": "genome", "search": ["genome"], "length": 50},
        "en": {"kind": "sentence", "recipe": "table", "files": {split: ["rows"] for split in ("train", "dev", "test")}},
    },
    "corpora": {"text": {"sources": {"english": {"kind": "text", "resources": ["rows"], "bytes": 50_000_000}}}},
    "tokenizers": {"bpe": {"type": "bpe", "vocab_size": 5000, "corpus": "text"}},
    "models": {"small": {"architecture": "gpt2", "tokenizer": "bpe", "corpus": "text", "shape": SHAPE}},
    "studies": {
        "one": {
            "title": "One",
            "question": "Does it?",
            "models": ["small"],
            "trainsets": ["en"],
            "seeds": [1, 2, 3],
            "tests": ["en", "dna"],
            "controls": [],
        }
    },
}
WHOLE_BYTES, CUT_BYTES = 4_000_000_000, 1_000_000


@pytest.fixture
def preview(tmp_path, monkeypatch):
    """(whole configuration, cut configuration, results of a preview) with made-up measurements."""
    from transformers import GPT2Config, GPT2LMHeadModel

    monkeypatch.chdir(tmp_path)
    whole = settle(STUDY)
    cut, results = cut_config(whole), tmp_path / "preview/results"

    def write(path, value):
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        (results / path).write_text(json.dumps(value))

    for name in STUDY["resources"]:
        write(f"records/{name}.json", {"bytes": CUT_BYTES, "whole_bytes": WHOLE_BYTES})
    counts = {"inputs": 20, "tokens": 600, "longest": 40}
    for name in ("en", "dna"):
        write(f"tokens/{name}.bpe/tokens.json", {"max_length": 64} | dict.fromkeys(("train", "dev", "test"), counts))
    write("corpora/text/manifest.json", {"sources": {"english": {"bytes": 1_000_000}}})
    write("tokens/text.bpe/train.json", {"tokens": 250_000, "sources": {"0": {"bytes": 1_000_000}}})
    model = GPT2LMHeadModel(GPT2Config(**SHAPE | {"n_layer": 1}, vocab_size=2000))
    model.save_pretrained(results / "models/small")
    return whole, cut, results


def parameters(layers, vocabulary):
    """Of a GPT-2 of this shape, by its definition."""
    width = SHAPE["n_embd"]
    layer = 12 * width**2 + 13 * width
    return layers * layer + vocabulary * width + SHAPE["n_positions"] * width + 2 * width


def test_the_shape_of_the_whole_model_follows_from_the_cut_one(preview):
    whole, cut, results = preview
    assert Load(cut, results, False).shape("small").parameters == parameters(1, 2000)
    shape = Load(whole, results, True).shape("small")
    assert (shape.layers, shape.vocabulary) == (3, 5000)
    assert shape.parameters == parameters(3, 5000)
    held = sum(np.prod(tensor.shape) for tensor in read_tensors(results / "models/small").values())
    assert held == parameters(1, 2000)


def test_flops_are_those_of_the_tokens(preview):
    whole, _, results = preview
    load, per_token = Load(whole, results, True), 2 * 3 * (12 * 16**2 + 13 * 16)
    sizes, epochs = whole["pairsets"]["en"]["sizes"], whole["finetuning"]["epochs"]
    passes = epochs * (3 * sizes["train"] + sizes["dev"]) + sizes["test"] + whole["pairsets"]["dna"]["sizes"]["test"]
    assert load.finetuning_flops("small", "en") == pytest.approx(30 * passes * per_token)
    tokens = 0.25 * 0.99 * 50_000_000 * whole["pretraining"]["epochs"]
    assert load.pretraining_flops("small") == pytest.approx(3 * tokens * (per_token + 2 * 5000 * 16))


def test_gpu_memory_has_the_state_of_adamw_and_grows_with_the_batch(preview):
    whole, _, results = preview
    load = Load(whole, results, True)
    state = 16 * parameters(3, 5000)
    batch = whole["finetuning"]["batch_size"]
    assert load.finetuning_bytes("small", "en") - state == pytest.approx(batch * 40 * 34 * 16 * 3)
    assert load.pretraining_bytes("small") > 2 * state


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
    flops = Load(whole, results, True).finetuning_flops("small", "en")
    gpu = 3 * (2 + flops / (200e12 * module.TUNING)) / 3600
    assert table.loc["finetune", "gpu_hours"] == pytest.approx(gpu)
    assert table.loc["finetune", "core_hours"] > 3 * (2 + 12) / 3600
    text = format_estimate("study.yaml", table.reset_index(), 200, 2)
    assert all(rule in text for rule in STEPS) and "200 TFLOP/s" in text


def test_a_rule_that_the_preview_did_not_run_is_named(preview, tmp_path):
    whole, cut, results = preview
    table = estimate((whole, cut), (read_jobs(summary("", (1,)), STEPS), {}), STEPS, results)
    assert table["core_hours"].isna().all()
    text = format_estimate("study.yaml", table, 200, 2)
    line = next(line for line in text.splitlines() if line.startswith("Not in the preview"))
    assert all(rule in line for rule in STEPS)


def test_the_time_of_arithmetic_is_told_from_that_of_loading(preview, monkeypatch):
    """The truth is known: 3 s, 10 ns a parameter and 1e-10 s a FLOP."""
    _, cut, results = preview
    load, truth = Load(cut, results, False), np.array([3, 1e-8, 1e-10])
    flops = {1: 1e9, 2: 5e10, 3: 4e11}
    monkeypatch.setitem(module.AMOUNTS, "finetune", lambda load, w: flops[w["seed"]])
    size = {"a": 1e6, "b": 3e8}
    monkeypatch.setattr(Load, "shape", lambda self, model: module.Shape(1, 1, 1, 1, size[model]))
    jobs = {
        (("model", model), ("seed", seed)): Measured(2, float(truth @ [1, size[model], flops[seed]]), 0)
        for model in size
        for seed in flops
    }
    found = fit_arithmetic(load, {rule: jobs if rule == "finetune" else {} for rule in module.MEMORY})
    np.testing.assert_allclose(found, truth, rtol=1e-6)


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
