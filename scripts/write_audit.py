"""The page and the figure of a pair set's audit."""

from linguist.files import read_json
from linguist.logs import start_log
from linguist.report.pairset import write_audit
from linguist.report.plots.pairset import audit_figure
from linguist.report.plots.style import save


def main(smk):
    start_log(smk.log[0])
    audit = read_json(smk.input.audit)
    save(audit_figure(audit), smk.output.figure)
    write_audit(smk.output.page, smk.wildcards.pairset, smk.params.spec, audit, smk.output.figure, smk.input.template)


if "snakemake" in globals():
    main(snakemake)  # noqa: F821
