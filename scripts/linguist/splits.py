"""The splits of pair sets, tasks and corpora, in their order."""

SPLITS = ("train", "dev", "test")
CORPUS_SPLITS = ("train", "dev")
