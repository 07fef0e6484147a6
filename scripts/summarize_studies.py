"""The results of all studies as text, for a terminal."""

from linguist.files import write_text
from linguist.logs import start_log
from linguist.report.pairset import read_best_baselines
from linguist.report.tasks import read_task_tables
from linguist.report.terminal import answer_text, study_text, task_study_text, vectors_text
from linguist.report.vectors import read_vectors_table
from linguist.statistics.claims import answer_of
from linguist.statistics.verdicts import read_study_tables


def main(smk):
    start_log(smk.log[0])
    baselines = read_best_baselines(smk.params.tests, smk.input.audits)
    paths = zip(smk.params.studies, smk.input.metrics, smk.input.comparisons, strict=True)
    tables = {name: read_study_tables(*files, baselines) for name, *files in paths}
    answer = answer_of({name: (t.claims, t.comparisons) for name, t in tables.items()}, smk.params.kinds)
    parts = [answer_text(answer)] if answer.transfers else []
    parts += [f"{title}\n\n{study_text(tables[name])}" for name, title in smk.params.studies.items()]
    files = zip(smk.params.task_studies.values(), smk.input.task_metrics, smk.input.task_comparisons, strict=True)
    for title, *paths in files:
        parts.append(title + "\n\n" + task_study_text(*read_task_tables(*paths)))
    for title, path in zip(smk.params.vectors.values(), smk.input.vectors, strict=True):
        parts.append(title + "\n\n" + vectors_text(read_vectors_table(path)))
    write_text(smk.output[0], "\n".join([*parts, *smk.params.notes]) + "\n")


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
