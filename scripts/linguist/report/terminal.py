"""The results as text for a terminal: the answer, studies of pair sets, studies of tasks, comparisons of token vectors."""

from textwrap import fill

import numpy as np

from linguist.report.tasks import rule_rows
from linguist.report.vectors import TAGS, approach_statement, change_text, last_layer_changes, measure_name
from linguist.report.ways import task_findings
from linguist.statistics.claims import differences_text, study_headline
from linguist.statistics.numbers import counted, format_interval, format_number, format_range, signed, whole_percent
from linguist.statistics.verdicts import VERDICTS, not_learned_warning
from linguist.statistics.ways import CLASSIFICATION
from linguist.tasks.baselines import KMERS, NEIGHBOURS

WIDTH = 108  # the widest line of text; tables may have 110 columns
COLUMNS = {  # of the table of tests: their width, and how a row's cell is made
    "± sd": (6, lambda row: format_number(row["sd"])),
    "AUROC": (9, lambda row: format_range(row["auroc_least"], row["auroc_most"], "{:.2f}".format)),
    "same, %": (
        7,
        lambda row: format_range(row["predicted_positive_least"], row["predicted_positive_most"], whole_percent),
    ),
    "major.": (6, lambda row: format_number(row["majority"])),
    "diff.": (6, lambda row: signed(row["difference"])),
    "base.": (5, lambda row: format_number(row["baseline_accuracy"])),
}
KEY = (
    "AUROC; same, share of pairs predicted as same: lowest to highest seed · major.: majority-class accuracy",
    "diff.: difference in accuracy from the closest control · base.: best baseline without order information",
)


def answer_text(answer):
    """What all studies say about transfer (an `Answer`), as the first paragraph of the summary."""
    return paragraph(" ".join(answer.sentences)) + "\n"


def study_text(tables, problems=""):
    """The results of a study, at most 110 columns wide: its hypotheses, then a table of tests for each model and training set.

    `tables` are StudyTables; `problems` is the `problem_sentence` of its test sets.
    """
    lines = [*hypothesis_lines(tables.claims, tables.comparisons), "", *test_lines(tables.judged)]
    return "\n".join([*lines, *filter(None, [paragraph(problems)]), ""])


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
        lines.append("†: the interval is not above base., so the accuracy is no evidence for more than that baseline")
    return lines


def task_study_text(summary, comparisons, problems=""):
    """A study of tasks: accuracy by task, the average, and the findings.

    Args: tables of `summarize_tasks` and `compare_ways`; `problems` is the `problem_sentence` of its test sets.
    """
    shown = rule_rows(summary)
    tests = [test for test in shown["test"].unique() if test != "average"]
    methods = {key: rows.set_index("test") for key, rows in shown.groupby(["model", "method"], sort=False)}
    names = {key: key[0] if key[0] in (KMERS, NEIGHBOURS) else ", ".join(key) for key in methods}
    wide = min(28, max(map(len, names.values())))
    heads = [f"{test[:9]:>9}" for test in tests[:4]]
    lines = [f"{'accuracy':<{wide}}  {' '.join(heads)}  {'average [95 % CI]':>19}  prefix  no answer"]
    for key, rows in methods.items():
        name = names[key] if len(names[key]) <= wide else names[key][: wide - 1] + "…"
        cells = [f"{format_number(rows['accuracy'].get(test, np.nan)):>9}" for test in tests[:4]]
        last = rows.loc["average"] if "average" in rows.index else rows.iloc[0] if len(tests) == 1 else None
        ends = (
            "–"
            if last is None
            else format_interval(last.rename({"accuracy_low": "low", "accuracy_high": "high"}), "accuracy")
        )
        if last is not None and key[1] != CLASSIFICATION:
            ends += f"  {last['prefix_accuracy']:>6.3f}  {100 * last['prefix_no_answer']:>7.0f} %"
        lines.append(f"{name:<{wide}}  {' '.join(cells)}  {ends}")
    majority = shown.drop_duplicates("test").set_index("test")["majority"]
    cells = [f"{format_number(majority.get(test, np.nan)):>9}" for test in tests[:4]]
    average = majority.get("average", majority.iloc[0] if len(tests) == 1 else np.nan)
    lines.append(f"{'majority class':<{wide}}  {' '.join(cells)}  {format_number(average)}")
    if shown["rule"].eq("scored").any():
        lines.append("accuracy: of an instruction-tuned model, of the likeliest allowed answer")
        lines.append(
            "prefix: average by the paper's rule (the generated text begins with the answer) · no answer: other replies"
        )
    if len(tests) > 4:
        lines.append(f"({len(tests) - 4} more tasks on the page)")
    if comparisons["seeds"].eq(1).any():
        lines.append("One seed: the intervals ignore variation between seeds.")
    lines += filter(None, [paragraph(problems)])
    for question, findings in task_findings(summary, comparisons).items():
        lines += ["", question, *(paragraph(text, "  ") for _, _, text in findings)]
    return "\n".join([*lines, ""])


def vectors_text(table):
    """A comparison of token vectors (`read_distances`): the statement of each model, then a line for each measure."""
    lines = []
    for model in table["model"].unique():
        changes = last_layer_changes(table, model)
        lines += [paragraph(f"{model}: {approach_statement(changes)[1]}"), ""]
        for measure, change in changes.items():
            lines.append(paragraph(f"{TAGS[change['code']]}: {measure_name(*measure)}: {change_text(change)}", "  "))
        lines.append("")
    return "\n".join(lines)
