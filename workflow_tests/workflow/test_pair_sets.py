"""Pair sets without a study: built, audited and shown; and what a user's wrong input gets."""

import json
import random
import re

import pytest
import yaml

from helpers.runs import error_lines

RULES = {"windows": 300}
SIZES = {"train": 40, "dev": 20, "test": 20}
DNA = {"kind": "dna", "recipe": "homologs", "queries": "hg38", "search": ["rheMac3"], "length": 50}


def study(**changes):
    """A file with pair sets alone."""
    resources = {name: {"path": f"resources/demo/{name}.fa.gz"} for name in ("hg38", "rheMac3")}
    return {
        "resources": resources | changes.pop("resources", {}),
        "pairs": {"sizes": SIZES, "rules": RULES},
        "blast": {"parts": 2},
        "pairsets": {"dna50": DNA | changes.pop("dna50", {})} | changes,
    }


def run(checkout, snakemake, content, *targets):
    (checkout / "pairs.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    finished = snakemake(checkout, *targets, "--cores", "2", "--configfile", "pairs.yaml")
    return finished, error_lines(finished)


def test_a_file_without_a_study_builds_and_audits_its_sets(checkout, snakemake):
    draw = random.Random(1)
    rows = [
        {"sentence1": "".join(draw.choices("ACGT", k=60)), "sentence2": "MKWVTFISLL", "label": i % 2} for i in range(8)
    ]
    (checkout / "foreign.json").write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    content = study(
        resources={"foreign": {"path": "foreign.json"}},
        hard={"kind": "dna", "recipe": "hard", "of": "dna50"},
        foreign={"kind": "coding", "recipe": "table", "files": {"test": ["foreign"]}},
    )
    finished, _ = run(checkout, snakemake, content)
    assert finished.returncode == 0, finished.stderr[-4000:]
    for name in content["pairsets"]:
        audit = json.loads((checkout / f"results/pairs/{name}/audit.json").read_text())
        assert audit["baselines"] and audit["tokens"] == {}
        assert (checkout / f"results/report/pairs/{name}.html").stat().st_size > 10_000
    assert audit["splits"]["test"]["repeated_rows"] == 1 and audit["splits"]["train"]["rows"] == 0
    assert audit["identity"] == {}  # without train rows
    assert "Nothing to be done" in run(checkout, snakemake, content)[0].stderr


def test_pair_sets_and_tasks_have_the_same_audit(checkout, snakemake):
    """What stands in the tables of workflow_tests/inputs, counted by hand."""
    tables = {
        f"{name}-{split}": {"path": f"workflow_tests/inputs/{name}/{split}.{ending}"}
        for name, ending in (("strands", "tsv"), ("near-rows", "csv"))
        for split in ("train", "dev", "test")
    }
    content = {
        "resources": tables,
        "pairsets": {"strands": {"kind": "dna", "recipe": "table"}},
        "tasks": {
            "near-rows": {"recipe": "table", "answers": ["no", "yes"], "phrasings": ["Is it?"], "held_out": "Say."}
        },
    }
    for name, part in (("strands", "pairsets"), ("near-rows", "tasks")):
        content[part][name]["files"] = {split: [f"{name}-{split}"] for split in ("train", "dev", "test")}
    finished, _ = run(checkout, snakemake, content)
    assert finished.returncode == 0, finished.stderr[-4000:]
    pairs, rows = (
        json.loads((checkout / f"results/{place}/audit.json").read_text())
        for place in ("pairs/strands", "tasks/near-rows")
    )
    keys = ("repeated_rows", "contradictions", "equal_negatives")
    assert [pairs["splits"]["train"][key] for key in keys] == [1, 0, 0]  # a pair again, from the other strand
    assert [pairs["splits"]["test"][key] for key in keys] == [0, 0, 1]
    expected = {"sentences": 4, "other_strand": 3, "pairs": 2, "contradictions": 1, "near_duplicates": 1}
    assert all(pairs["overlaps"]["train-test"].pop("contradiction")) and pairs["splits"]["test"]["equal_negative"]
    assert pairs["overlaps"]["train-test"] == expected
    assert pairs["identity"] == {"100 %": 2, "95 % to 100 %": 0, "80 % to 95 %": 0, "below 80 %": 3}
    assert [rows["splits"]["train"][key] for key in keys[:2]] == [2, 1]
    expected = {"sentences": 3, "other_strand": 1, "pairs": 2, "contradictions": 1, "near_duplicates": 2}
    assert len(rows["overlaps"]["train-test"].pop("contradiction")) == 1
    assert rows["overlaps"]["train-test"] == expected
    assert rows["identity"] == {"100 %": 3, "95 % to 100 %": 2, "80 % to 95 %": 1, "below 80 %": 4}
    assert (checkout / "results/report/tasks/near-rows.html").stat().st_size > 10_000


def test_no_blind_baseline_tells_the_labels_of_a_hard_twin(checkout, snakemake):
    """Of real pairs; the plain set's composition does tell them, so that the test can fail."""
    sizes = {"train": 1000, "dev": 20, "test": 600}
    content = study(dna50={"sizes": sizes, "search": ["rheMac3"], "rules": {"windows": 4000}})
    content["pairsets"]["hard"] = {"kind": "dna", "recipe": "hard", "of": "dna50"}
    finished, _ = run(checkout, snakemake, content)
    assert finished.returncode == 0, finished.stderr[-4000:]
    found = {}
    for name in ("dna50", "hard"):
        audit = json.loads((checkout / f"results/pairs/{name}/audit.json").read_text())
        found[name] = {baseline["name"]: baseline for baseline in audit["baselines"]}
    blind = [name for name, baseline in found["hard"].items() if baseline["each_side_alone"]]
    assert {"length difference", "composition", "2-mer composition", "complexity", "one sentence"} <= set(blind)
    # .55, and two standard deviations of 600 rows for what is .5 in truth
    assert all(found["hard"][name]["low"] <= 0.55 and found["hard"][name]["accuracy"] <= 0.59 for name in blind)
    assert found["dna50"]["composition"]["accuracy"] > 0.8 and found["hard"]["alignment"]["accuracy"] > 0.95


MISTAKES = {
    "too few positives": (
        {"dna50": {"sizes": {"train": 4000}}},
        r"pairs/dna50: only \d+ positives in \d+ families found, \d+ of 2000 wanted left for 'train'; lower sizes",
    ),
    "a genome without a hit": (
        {"dna50": {"search": ["rheMac3", "random"]}},
        r"pairs/dna50: random: no hits of up to 300 windows of hg38",
    ),
    "proteins for DNA": (
        {"dna50": {"search": ["proteins"]}},
        r"results/resources/proteins \(from proteins\), line 2: 'F' is not a letter of the dna alphabet: it looks like protein",
    ),
    "DNA for proteins": (
        {"dna50": {"kind": "protein", "queries": "rheMac3", "search": ["rheMac3"]}},
        r"results/resources/rheMac3 \(from resources/demo/rheMac3.fa.gz\), line 1: record \S+ looks like DNA; give a protein file here",
    ),
    "an empty split": (
        {"dna50": {"recipe": "table", "files": {"train": ["table"], "dev": ["table"], "test": ["header"]}}},
        r"pairs/dna50: split 'test' is empty: 0 rows found, 20 wanted",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_wrong_input_gets_one_line(checkout, snakemake, name):
    changes, expected = MISTAKES[name]
    draw = random.Random(1)
    files = {
        "random": ">r\n" + "".join(draw.choices("ACGT", k=5000)) + "\n",
        "proteins": ">p\nMKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKDLGE\n",
        "table": "id\tsentence1\tsentence2\tlabel\n1\tACGT\tACGA\t1\n2\tACGT\tTTTT\t0\n",
        "header": "id\tsentence1\tsentence2\tlabel\n",
    }
    for file, text in files.items():
        (checkout / file).write_text(text)
    content = study(resources={file: {"path": file} for file in files}, **changes)
    if "files" in content["pairsets"]["dna50"]:
        content["pairsets"]["dna50"] = {"kind": "dna", **changes["dna50"]}
    finished, errors = run(checkout, snakemake, content, "results/pairs/dna50/test.tsv")
    assert finished.returncode != 0
    assert errors and re.search(expected, errors[0]), finished.stderr[-3000:]
    assert not (checkout / "results/pairs/dna50/test.tsv").exists()
