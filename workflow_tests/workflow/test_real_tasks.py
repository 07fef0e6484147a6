"""GUE's core promoters, real ones, with a nano model that was pretrained on real human DNA and English.

Stand-ins: GPT-2 of 2 layers × 128 instead of GPT-2 small; half a megabyte of chr22 and as much English instead of
150 MB each; 6,000 of 47,356 rows of train and 1,000 of test.
"""

import pandas as pd
import yaml

STUDY = """
corpora:
  mixed:
    dev: 0.05
    sources:
      dna: {kind: dna, resources: [chr22], bytes: 500000}
      english: {kind: text, resources: [english], bytes: 500000}
tokenizers:
  mixed-bpe: {type: bpe, vocab_size: 1000, corpus: mixed}
models:
  nano:
    architecture: gpt2
    tokenizer: mixed-bpe
    corpus: mixed
    shape: {n_layer: 2, n_embd: 128, n_head: 4, n_positions: 256, initializer_range: 0.09, resid_pdrop: 0.0, embd_pdrop: 0.0, attn_pdrop: 0.0}
tasks:
  core:
    recipe: table
    sizes: {train: 6000, dev: 500, test: 1000}
    answers: [Non-promoter, promoter]
    phrasings: ["Is it a core promoter?"]
    held_out: "Tell whether it is one."
    published: gue-core
pretraining: {learning_rate: 2.0e-3, batch_size: 16, micro_batch: null, epochs: 1, warmup: 0.1, evaluations: 1, dev_blocks: 50}
classification: {learning_rate: 1.0e-3, epochs: 3, warmup: 0.1}
threads: 1
studies:
  gue:
    title: Core promoters
    question: Does it learn them?
    models: [nano]
    trainsets: [core]
    seeds: [1, 2, 3]
    tests: [core]
"""


def test_a_nano_model_learns_real_core_promoters_and_says_how_k_mers_do(real_data, checkout, snakemake):
    """MCC clearly above the majority's, 0; the k-mers' figure stands beside it, whichever wins."""
    study = yaml.safe_load(STUDY)
    study["resources"] = {
        "chr22": {"path": str(real_data / "genome/22_20-21M.fa")},
        "english": {"path": str(real_data / "text/wiki_mlqa_xquad.en.txt")},
    }
    study["tasks"]["core"]["folder"] = str(real_data / "gue/prom/prom_core_all")
    (checkout / "gue.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    run = snakemake(checkout, "--cores", "2", "--configfile", "gue.yaml")
    assert run.returncode == 0, run.stderr[-4000:]
    table = pd.read_csv(checkout / "results/report/gue/table.tsv", sep="\t").set_index("model")
    ours, kmers = table.loc["nano"], table.loc["k-mers"]
    assert ours["mcc_low"] > 0.1 and ours["accuracy_low"] > ours["majority"]
    assert kmers["mcc"] > 0.1
    summary = (checkout / "results/tables/summary.txt").read_text()
    print(summary)
    assert "k-mers" in summary and "nano" in summary
    page = (checkout / "results/report/gue/page.html").read_text()
    assert "DNABERT-2 (published)" in page and "<strong>nano (classifier per task)</strong>" in page
