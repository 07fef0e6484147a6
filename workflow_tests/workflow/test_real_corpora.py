"""Pretraining on real text, DNA and protein: from the files to a model that is held against models which only count.

By default a quick check on a megabyte of each. DNA_LINGUIST_FULL=1 takes about 20 minutes on two cores, and asks for more.
"""

import json
import os
import subprocess
import sys

import pytest
import yaml

FULL = bool(os.environ.get("DNA_LINGUIST_FULL"))
TEXTS = ("enwiki_gensim_sample", "wiki_mlqa_xquad.en", "wikitext2.valid", "wikitext2.test")


def real_pretraining(data):
    """A config without studies: a corpus of chrX, English and UniProt, a tokenizer, and a small GPT-2 pretrained on it."""
    texts = {name.replace(".", "-"): data / f"text/{name}.txt" for name in TEXTS}
    other = {
        "chrx": data / "genome/hs37chrXtrunc.fa.gz",
        "uniprot": data / "proteins/uniprot_mmseqs2_20000.fasta.gz",
    }
    sources = {
        "dna": {"kind": "dna", "resources": ["chrx"], "bytes": 8_000_000 if FULL else 1_000_000},
        "english": {"kind": "text", "resources": list(texts)} | ({} if FULL else {"bytes": 1_000_000}),
        "protein": {"kind": "protein", "resources": ["uniprot"], "share": 0.5 if FULL else 0.1},
    }
    width = 192 if FULL else 128
    shape = {"n_layer": 4 if FULL else 2, "n_embd": width, "n_head": width // 32, "n_positions": 256}
    return {
        "resources": {name: {"path": str(path)} for name, path in (texts | other).items()},
        "corpora": {"mixed": {"dev": 0.02 if FULL else 0.05, "sources": sources}},
        "tokenizers": {
            "bpe": {"type": "bpe", "vocab_size": 4000 if FULL else 1000, "corpus": "mixed", "max_token_length": 16}
        },
        "models": {
            "nano": {
                "architecture": "gpt2",
                "tokenizer": "bpe",
                "corpus": "mixed",
                "shape": shape | {"initializer_range": 0.07, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
            }
        },
        "threads": 2,
        "pretraining": {
            "learning_rate": 3.0e-3,
            "batch_size": 16,
            "micro_batch": None,
            "epochs": 4 if FULL else 1,
            "warmup": 200 if FULL else 0.1,
            "evaluations": 2,
            "dev_blocks": 500,
        },
    }


def test_a_model_pretrained_on_real_corpora(checkout, real_data):
    (checkout / "real.yaml").write_text(yaml.safe_dump(real_pretraining(real_data), sort_keys=False))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "real.yaml"]
    run = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-4000:]
    manifest = json.loads((checkout / "results/corpora/mixed/manifest.json").read_text())
    places = (checkout / "results/segments/mixed/dna.bed").read_text().splitlines()
    assert len(places) == manifest["sources"]["dna"]["documents"]
    assert (
        sum(line.split("\t")[3] == "dev" for line in places) == manifest["sources"]["dna"]["splits"]["dev"]["documents"]
    )
    vocabulary = json.loads((checkout / "results/vocabularies/bpe.json").read_text())
    assert {source["round_trip"] for source in vocabulary["sources"].values()} == {1.0}
    metrics = json.loads((checkout / "results/pretraining/nano/metrics.json").read_text())
    for source in manifest["sources"]:
        losses = {name: metrics[f"{name}_loss_{source}"] for name in ("dev", "unigram", "bigram")}
        print(source, losses, metrics[f"dev_bits_{source}"])
        assert losses["dev"] < losses["unigram"], source
        if FULL:
            assert losses["dev"] < losses["bigram"], source
    for page in ("tokenizers/bpe", "models/nano"):
        assert (checkout / f"results/report/{page}.html").stat().st_size > 5000


@pytest.mark.parametrize(
    ("source", "wrong", "said"),
    [
        ("dna", {"bytes": 900_000_000}, "bases in segments of 300 to 1000; lower bytes"),
        ("english", {"bytes": 900_000_000}, "of 900,000,000 bytes; lower bytes or add resources"),
        ("dna", {"exclude": {"places": ["chr99"]}}, "no record 'chr99'"),
    ],
)
def test_a_corpus_that_cannot_be_made_says_so_in_one_line(checkout, real_data, source, wrong, said):
    study = real_pretraining(real_data)
    study["corpora"]["mixed"]["sources"][source] |= wrong
    (checkout / "real.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    target = f"results/{'segments' if source == 'dna' else 'documents'}/mixed/{source}.txt"
    command = [sys.executable, "-m", "snakemake", target, "--cores", "2", "--configfile", "real.yaml"]
    run = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert run.returncode != 0
    rule = "segment_genome" if source == "dna" else "collect_documents"
    log = (checkout / f"logs/{rule}/mixed/{source}.log").read_text()
    assert "Traceback" not in log
    assert [said in line for line in log.splitlines() if line.startswith("error: ")] == [True], log
    assert not list((checkout / "results").rglob(f"mixed/*{source}*"))
