"""Mix the documents of a corpus's sources, and split them into train and dev."""

from linguist.corpora.mixture import mix_corpus
from linguist.files import read_json
from linguist.logs import start_log


def main(smk):
    start_log(smk.log[0])
    corpus = smk.params.corpus
    sources = {
        name: {"path": path, "rows": read_json(rows)}
        | {
            key: source[key]
            for key in ("kind", "resources", "pairsets", "documents", "repeated", "licence")
            if key in source
        }
        for path, rows, (name, source) in zip(smk.input.texts, smk.input.rows, corpus["sources"].items(), strict=True)
    }
    mix_corpus(sources, smk.output, dev=corpus["dev"], seed=corpus["seed"])


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
