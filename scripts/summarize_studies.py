"""The results of all studies as text, for a terminal."""

from linguist.files import write_text
from linguist.logs import start_log
from linguist.report.audit import best_baselines, find_problems, problem_sentence, read_audits
from linguist.report.tasks import read_task_tables
from linguist.report.terminal import answer_text, study_text, task_study_text, vectors_text
from linguist.report.vectors import read_vectors_table
from linguist.statistics.answer import answer_of
from linguist.statistics.verdicts import read_study_tables


def main(smk):
    start_log(smk.log[0])
    audits = read_audits(smk.params.tests, smk.input.audits)
    baselines, problems = best_baselines(audits), find_problems(audits)
    said = {study: problem_sentence(tests, problems) for study, tests in smk.params.tests_of.items()}
    paths = zip(smk.params.studies, smk.input.metrics, smk.input.comparisons, strict=True)
    tables = {name: read_study_tables(*files, baselines) for name, *files in paths}
    answer = answer_of({name: (t.claims, t.comparisons) for name, t in tables.items()}, smk.params.kinds)
    parts = [answer_text(answer)] if answer.transfers else []
    parts += [f"{title}\n\n{study_text(tables[name], said[name])}" for name, title in smk.params.studies.items()]
    files = zip(smk.params.task_studies.items(), smk.input.task_metrics, smk.input.task_comparisons, strict=True)
    for (name, title), *paths in files:
        parts.append(title + "\n\n" + task_study_text(*read_task_tables(*paths), said[name]))
    for title, path in zip(smk.params.vectors.values(), smk.input.vectors, strict=True):
        parts.append(title + "\n\n" + vectors_text(read_vectors_table(path)))
    write_text(smk.output[0], "\n".join([*parts, *smk.params.notes]) + "\n")


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
