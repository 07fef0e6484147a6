"""Pretrain a model on the tokens of a corpus, on all GPUs of the job."""

from pathlib import Path

from linguist.logs import start_log
from linguist.training.devices import own_gpus
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
    with own_gpus(smk.resources.gpu, smk.resources.runs_per_gpu, whole=True):
        launch(job, smk.resources.gpu, folder, smk.resources.get("nodes", 1))


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
