"""A study of pair sets as text for a terminal."""

from textwrap import fill

from linguist.statistics.claims import differences_text, study_headline
from linguist.statistics.numbers import counted, format_interval, format_number, signed
from linguist.statistics.verdicts import VERDICTS, not_learned_warning

WIDTH = 108
COLUMNS = {  # of the table of tests: their width, and how a row's cell is made
    "± sd": (6, lambda row: format_number(row["sd"])),
    "best": (5, lambda row: format_number(row["best"])),
    "AUROC": (5, lambda row: format_number(row["auroc"])),
    "same": (4, lambda row: f"{row['predicted_positive']:.0%}"),
    "major.": (6, lambda row: format_number(row["majority"])),
    "diff.": (6, lambda row: signed(row["difference"])),
    "base.": (5, lambda row: format_number(row["baseline_accuracy"])),
}
KEY = (
    "same: share of pairs predicted as same · major.: majority-class accuracy · best: best seed (not evidence)",
    "diff.: difference in accuracy from the closest control · base.: best baseline without order information",
)


def answer_text(answer):
    """What all studies say about transfer (an `Answer`), as the first paragraph of the summary."""
    return paragraph(" ".join(answer.sentences)) + "\n"


def study_text(tables):
    """The results of a study, at most 110 columns wide: its hypotheses, then a table of tests for each model and training set.

    `tables` are StudyTables.
    """
    return "\n".join([*hypothesis_lines(tables.claims, tables.comparisons), "", *test_lines(tables.judged), ""])


def paragraph(text, indent=""):
    return fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  " * bool(indent))


def hypothesis_lines(claims, comparisons):
    """The result of a study, then its hypotheses; those of one model that are not supported share a line."""
    lines = [paragraph(text) for text in (study_headline(claims)[1], differences_text(comparisons)) if text] + [""]
    arms = ["model", "trainset"]
    for row in claims[claims["code"] != "not supported"].to_dict("records"):
        text = f"{row['model']}, fine-tuned on {row['trainset']}, tested on {row['group']}: {row['text']}"
        lines.append(paragraph(text, "  "))
    for (model, trainset), part in claims[claims["code"] == "not supported"].groupby(arms, sort=False):
        text = f"{model}, fine-tuned on {trainset}: not supported on {'; '.join(part['group'])}"
        lines.append(paragraph(text, "  "))
    return lines


def test_lines(judged):
    """The table of tests, a block for each model and training set, and what its columns and verdicts mean."""
    wide = min(24, max(map(len, [*judged["test"], "test"])))
    heads = [f"{name:>{width}}" for name, (width, _) in COLUMNS.items()]
    lines = ["  ".join([f"{'test':<{wide}}", f"{'accuracy [95 %]':<19}", *heads, "verdict"])]
    for (model, trainset), rows in judged.groupby(["model", "trainset"], sort=False):
        lines += ["", f"{model}, fine-tuned on {trainset} ({counted(rows['seeds'].iloc[0], 'seed')})"]
        if warning := not_learned_warning(trainset, rows.to_dict("records")):
            lines.append(paragraph(warning))
        for row in rows.to_dict("records"):
            test = row["test"] if len(row["test"]) <= wide else row["test"][: wide - 1] + "…"
            cells = [f"{cell(row):>{width}}" for width, cell in COLUMNS.values()]
            verdict = row["verdict"] + "†" * bool(row["not_above_baseline"])
            lines.append("  ".join([f"{test:<{wide}}", format_interval(row, "accuracy"), *cells, verdict]))
    names = judged.drop_duplicates("test").groupby("baseline", sort=False)["test"].agg(", ".join)
    lines += ["", *KEY, *(fill(f"  {name}: {tests}", WIDTH, subsequent_indent="    ") for name, tests in names.items())]
    lines += [f"{code}: {meaning}" for code, meaning in VERDICTS.items() if code in set(judged["verdict"])]
    if judged["not_above_baseline"].any():
        lines.append("†: not clearly above base., so no evidence for more than that baseline")
    return lines
