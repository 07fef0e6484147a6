"""The splits of pair sets and corpora, in their order. A module of its own, so that what needs just this depends on
nothing else."""

SPLITS = ("train", "dev", "test")
CORPUS_SPLITS = ("train", "dev")
