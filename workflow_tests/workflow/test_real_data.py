"""The main job on real input: a real pretrained checkpoint, real PAWS and PAWS-X pairs, DNA pairs built by real BLAST.

By default a quick check with a small English BERT. For a full run, name a checkpoint and the number of training pairs:
    DNA_LINGUIST_MODEL=/path/to/model DNA_LINGUIST_PAIRS=12500 pytest workflow_tests/workflow/test_real_data.py
"""

import os
import subprocess
import sys

import pandas as pd
import yaml

LANGUAGES = ("en", "fr", "de", "zh")
GENOMES = ("hg38", "rheMac3", "mm10", "bosTau8", "canFam3")


def real_study(data, model, pairs):
    """A study file: fine-tune `model` on `pairs` rows of PAWS-Wiki, test on PAWS-X and on DNA; full tests from 10,000."""
    full = pairs >= 10_000
    test = 2000 if full else 200
    tables = {
        f"pawsx-{lang}-{split}": data / f"pawsx/{lang}.{split}.tsv" for lang in LANGUAGES for split in ("dev", "test")
    }
    genomes = {name: data / f"genome/orthologs/{name}.fa" for name in GENOMES}
    wiki = {f"paws-wiki-{split}": data / f"paws_wiki/{split}.tsv" for split in ("dev", "test")}
    dna = {"kind": "dna", "recipe": "homologs", "queries": "hg38", "search": list(GENOMES[1:])}
    sentences = {
        lang: {
            "kind": "sentence",
            "recipe": "table",
            "files": {"test": [f"pawsx-{lang}-test"]},
            "sizes": {"test": test},
        }
        for lang in LANGUAGES
    }
    train = {"train": list(wiki), "dev": ["pawsx-en-dev"], "test": ["pawsx-en-test"]}
    return {
        "resources": {name: {"path": str(path)} for name, path in (tables | genomes | wiki).items()},
        "pairsets": sentences
        | {
            "paws": {
                "kind": "sentence",
                "recipe": "table",
                "files": train,
                "sizes": {"train": pairs, "dev": test, "test": test},
                "rules": {"disjoint": True},
            },
            "dna50": dna | {"length": 50, "sizes": {"train": 200, "dev": 100, "test": 1000 if full else 100}},
            "dna150": dna | {"length": 150, "sizes": {"train": 100, "dev": 50, "test": 600 if full else 100}},
        },
        "models": {"real": {"path": str(model)}},
        "threads": 1 if full else 2,
        "finetuning": {"learning_rate": 5.0e-5, "batch_size": 32, "epochs": 1 if full else 2, "schedule": "linear"},
        "studies": {
            "real": {
                "title": "Real data",
                "question": "Does a pretrained model tuned on PAWS carry over to PAWS-X and to DNA?",
                "models": ["real"],
                "trainsets": ["paws"],
                "seeds": [1, 2, 3] if full else [1],
                "tests": [*LANGUAGES, "dna50", "dna150"],
                "controls": ["untrained"],
            }
        },
    }


def test_a_pretrained_model_on_real_pairs(checkout, real_data, checkpoint):
    pairs = int(os.environ.get("DNA_LINGUIST_PAIRS", 600))
    (checkout / "real.yaml").write_text(yaml.safe_dump(real_study(real_data, checkpoint, pairs), sort_keys=False))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "real.yaml"]
    run = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-4000:]
    print((checkout / "results/tables/summary.txt").read_text())
    metrics = pd.read_csv(checkout / "results/tables/metrics.tsv", sep="\t")
    assert set(metrics["test"]) == {*LANGUAGES, "dna50", "dna150"}
    assert metrics["accuracy"].between(0.3, 1).all()
    tuned = metrics[metrics["trainset"] == "paws"].groupby("test")["accuracy"].mean()
    if pairs >= 10_000:
        # A checkpoint that learns at all is far above PAWS-X's majority-class accuracy of 0.5465.
        assert tuned["en"] > 0.65
    curve = pd.read_csv(checkout / "results/runs/real/paws/seed-1/curve.tsv", sep="\t")
    assert curve["train_loss"].iloc[-1] < 0.75
