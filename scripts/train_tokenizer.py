"""Train a tokenizer on the train split of a corpus."""

import os

from linguist.logs import start_log
from linguist.tokenizers.encoding import balanced, train_tokenizer


def main(smk):
    start_log(smk.log[0])
    os.environ["RAYON_NUM_THREADS"] = str(smk.threads)  # else tokenizers takes all cores of the machine
    tokenizer = smk.params.tokenizer
    train_tokenizer(
        tokenizer["type"],
        balanced(smk.input.text, smk.input.sources, tokenizer.get("sample"), smk.params.kinds),
        tokenizer.get("vocab_size"),
        smk.output[0],
        k=tokenizer.get("k"),
        max_token_length=tokenizer.get("max_token_length"),
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
