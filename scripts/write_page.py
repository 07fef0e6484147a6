"""The page of a study."""

from linguist.config.published import read_published
from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.facts import collect_facts
from linguist.report.pairset import read_best_baselines
from linguist.report.study import write_page
from linguist.statistics.metrics import read_kinds_table
from linguist.statistics.verdicts import read_study_tables


def main(smk):
    start_log(smk.log[0])
    shortcuts = read_best_baselines(smk.params.tests, smk.input.audits)
    tables = read_study_tables(smk.input.metrics, smk.input.comparisons, shortcuts)
    tokens = {name: read_json(path) for name, path in zip(smk.params.readings, smk.input.tokens, strict=True)}
    write_page(
        smk.output[0],
        smk.wildcards.study,
        smk.params.config,
        tables.judged,
        tables.claims,
        tables.comparisons,
        tables.metrics,
        read_kinds_table(smk.input.kinds),
        figures={
            name: smk.input[name] for name in ("accuracy", "seeds", "curves", "confusion", "lengths") if smk.input[name]
        },
        facts=collect_facts([read_json(path) for path in smk.input.runs], tokens),
        published=read_published(smk.input.published) if smk.input.get("published") else None,
        beside=smk.input.get("beside"),
        template=smk.input.template,
    )


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
