"""The splits of a pair set, in their order. A module of its own, so that what needs just this depends on nothing else."""

SPLITS = ("train", "dev", "test")
