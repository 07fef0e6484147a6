"""Train a tokenizer on the train splits of pair sets."""

from linguist.logs import start_log
from linguist.pairs import read_pairs
from linguist.tokenization import train_tokenizer


def main(smk):
    start_log(smk.log[0])
    frames = (read_pairs(path) for path in smk.input)
    texts = (text for frame in frames for column in ("sentence1", "sentence2") for text in frame[column])
    train_tokenizer(smk.params.tokenizer["type"], texts, smk.params.tokenizer["vocab_size"], smk.output[0])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
