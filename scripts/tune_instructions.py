"""Tune a language model on an instruction set, with one seed."""

from pathlib import Path

from linguist.instructing import instruct
from linguist.logs import start_log


def main(smk):
    start_log(smk.log[0])
    instruct(
        smk.input.model,
        smk.input.train,
        smk.input.dev,
        seed=int(smk.wildcards.seed),
        options=smk.params.options,
        outputs=smk.output,
        checkpoint=Path(smk.params.checkpoint) / "checkpoint.pt",
        threads=smk.threads,
        code=smk.params.code,
        tasks=smk.params.tasks,
        **smk.params.spec,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
