"""A study of pair sets as text for a terminal."""

from textwrap import fill

from linguist.statistics.claims import headline, told_apart
from linguist.statistics.numbers import format_interval, format_number
from linguist.statistics.verdicts import VERDICTS, rows_by_arm, unlearned_warning


def study_text(tables):
    """The summary for a terminal: at most 110 columns; the claims, then a block for each model and training set.

    `tables` are StudyTables.
    """
    judged, claims, comparisons = tables.judged, tables.claims, tables.comparisons
    wide = min(24, max(map(len, [*judged["test"], "test"])))
    head = f"{'test':<{wide}}  {'accuracy [95 %]':<19}  {'± sd':>6}  {'best':>5}  {'AUROC':>5}  {'same':>4}  "
    lines = [fill(headline(claims)[1], 108), *filter(None, [fill(told_apart(comparisons), 108)]), ""]
    for claim in claims[claims["code"] != "not supported"].to_dict("records"):
        text = f"{claim['model']}, trained on {claim['trainset']}, on {claim['group']}: {claim['text']}"
        lines.append(fill(text, 108, initial_indent="  ", subsequent_indent="    "))
    for (model, trainset), part in claims[claims["code"] == "not supported"].groupby(["model", "trainset"], sort=False):
        text = f"{model}, trained on {trainset}: not supported on {'; '.join(part['group'])}"
        lines.append(fill(text, 108, initial_indent="  ", subsequent_indent="    "))
    lines += ["", head + f"{'major.':>6}  {'lead':>6}  {'base.':>5}  verdict"]
    for model, trainset, rows in rows_by_arm(judged):
        seeds = rows["seeds"].iloc[0]
        lines += ["", f"{model}, trained on {trainset} ({seeds} seed{'' if seeds == 1 else 's'})"]
        if warning := unlearned_warning(trainset, rows.to_dict("records")):
            lines.append(fill(warning, 108))
        for row in rows.to_dict("records"):
            test = row["test"] if len(row["test"]) <= wide else row["test"][: wide - 1] + "…"
            spread = f"{format_number(row['sd']):>6}  {row['best']:.3f}  {format_number(row['auroc']):>5}"
            beside = f"{row['predicted_positive']:>4.0%}  {row['majority']:>6.3f}  {row['lead']:>+6.3f}"
            mark = "†" if row["baseline_reaches"] else ""
            ends = f"{beside}  {format_number(row['baseline_accuracy']):>5}  {row['verdict']}{mark}"
            lines.append(f"{test:<{wide}}  {format_interval(row, 'accuracy')}  {spread}  {ends}")
    names = judged.drop_duplicates("test").groupby("baseline", sort=False)["test"].agg(", ".join)
    used = [fill(f"{name}: {tests}", 108, subsequent_indent="  ") for name, tests in names.items()]
    key = [f"{code}: {VERDICTS[code]}" for code in VERDICTS if code in set(judged["verdict"])]
    if judged["baseline_reaches"].any():
        key.append("†: not clearly above base.: the figure is no evidence of more than that baseline does")
    about = (
        "same: share of pairs called same · major.: majority share · lead: the weakest lead over that and the controls"
    )
    base = "base.: the best shallow baseline, which knows nothing of the order of letters"
    return "\n".join([*lines, "", about, base, *(f"  {line}" for line in used), *key, ""])
