"""Fine-tune a model on a pair set, with one seed."""

from pathlib import Path

from linguist.finetuning import CLASSES, finetune
from linguist.logs import start_log


def main(smk):
    start_log(smk.log[0])
    finetune(
        smk.input.model,
        smk.input.train,
        smk.input.dev,
        seed=int(smk.wildcards.seed),
        options=smk.params.options,
        outputs=smk.output,
        checkpoint=Path(smk.params.checkpoint) / "checkpoint.pt",
        threads=smk.threads,
        code=smk.params.code,
        classes=smk.params.classes or CLASSES,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
