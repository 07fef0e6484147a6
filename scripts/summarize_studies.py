"""The main tables as text, for a terminal."""

from linguist.files import write_text
from linguist.findings import read_shortcuts
from linguist.logs import start_log
from linguist.metrics import read_metrics, summarize
from linguist.report import text_table
from linguist.task_report import read_summary, text_task_table


def main(smk):
    start_log(smk.log[0])
    shortcuts, parts = read_shortcuts(smk.params.tests, smk.input.audits), []
    for study, path in zip(smk.params.studies.values(), smk.input.metrics, strict=True):
        parts.append(study["title"] + "\n\n" + text_table(summarize(read_metrics(path)), shortcuts))
    files = zip(smk.params.task_studies.values(), smk.input.tasks, smk.input.comparisons, strict=True)
    for study, *paths in files:
        parts.append(study["title"] + "\n\n" + text_task_table(*read_summary(*paths)))
    write_text(smk.output[0], "\n".join([*parts, *smk.params.notes]) + "\n")


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
