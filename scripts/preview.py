"""Run every rule on a cut of its inputs, and estimate what the whole run will cost."""

import sys

from linguist.config.cut import FOLDER, cut_config
from linguist.files import write_table, write_text
from linguist.logs import start_log
from linguist.preview.estimate import estimate, format_estimate
from linguist.preview.jobs import Step, list_jobs, read_jobs, run_preview


def main(smk):
    start_log(smk.log[0])
    study, commands, config = smk.params.study, smk.params.commands, smk.config
    steps = {rule: Step(*files) for rule, files in smk.params.steps.items()}
    run_preview(study, commands["run"])
    jobs = [read_jobs(list_jobs(commands[name]), steps) for name in ("whole", "cut")]
    table = estimate((config, cut_config(config)), jobs, steps, f"{FOLDER}/results")
    text = format_estimate(study, table, config, f"{FOLDER}/results", smk.threads)
    write_table(f"{FOLDER}/estimate.tsv", table)
    write_text(f"{FOLDER}/estimate.txt", text)
    print(text, file=sys.__stdout__)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
