"""Pretrain a model on the tokens of a corpus, on all GPUs of the job."""

from pathlib import Path

from linguist.logs import start_log
from linguist.training.pretraining import PretrainingJob, launch


def main(smk):
    start_log(smk.log[0])
    folder = Path(smk.params.checkpoint)
    job = PretrainingJob(
        name=smk.wildcards.model,
        model=smk.params.model,
        tokenizer=smk.input.tokenizer,
        corpus={name: path for name, path in smk.input.items() if name != "tokenizer"},
        options=smk.params.options,
        outputs=dict(smk.output.items()),
        checkpoint=str(folder / "checkpoint.pt"),
        threads=smk.threads,
        events=str(Path(smk.log[0]).with_suffix("")),
    )
    launch(job, smk.resources.gpu, folder)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
