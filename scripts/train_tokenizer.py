"""Train a tokenizer on the train split of a corpus."""

import os

from linguist.logs import start_log
from linguist.tokenizers.training import read_balanced_sample, train_tokenizer


def main(smk):
    start_log(smk.log[0])
    os.environ["RAYON_NUM_THREADS"] = str(smk.threads)  # else tokenizers takes all cores of the machine
    entry = smk.params.tokenizer
    options = {name: value for name, value in entry.items() if name not in ("type", "corpus", "sample")}
    texts = read_balanced_sample(smk.input.text, smk.input.sources, entry.get("sample"), smk.params.kinds)
    train_tokenizer(entry["type"], texts, smk.output[0], **options)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
