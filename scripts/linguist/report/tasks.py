"""The page of a study of tasks: findings computed from differences, and tables of accuracy."""

import numpy as np

from linguist.report.identity import identity_rows
from linguist.report.page import name_constant
from linguist.statistics.numbers import counted, format_p, format_points
from linguist.statistics.summaries import summarize_tasks
from linguist.statistics.tables import read_results
from linguist.statistics.thresholds import ALPHA, FOLLOWS_INSTRUCTION, ONE_CLASS
from linguist.statistics.ways import CLASSIFICATION, RULES
from linguist.tasks.baselines import KMERS, NEIGHBOURS
from linguist.tasks.prompts import TRAINED, VARIANTS, prompt_text
from linguist.tasks.recipes import RECIPES
from linguist.training.controls import RANDOM_ENDING

SHOWN = ("class", "prefix")  # rules of the main table and figure
QUESTIONS = {  # by the column question of `compare_ways`
    "instructing": "One instruction-tuned model, or one classifier per task?",
    "baseline": "Better than k-mers or BLAST?",
    "pretraining": "Does pretraining help?",
    "sets": "Does the form of the instructions matter?",
    "phrasing": "Does an unseen wording matter?",
}
FOLLOWING = "Does the model follow the instruction, or only the sequence?"
# Codes of differences, on the page.
TAGS = {"above": "higher", "below": "lower", "chance": "not significant", "constant": "constant"}
FOLLOWING_TAGS = {"above": "yes", "below": "no", "chance": "undecided"}


def method_name(model, method):
    """A model with its method, in words."""
    if model in (KMERS, NEIGHBOURS):
        return {KMERS: "k-mer logistic regression", NEIGHBOURS: "best BLAST hit"}[model]
    name = f"{model.removesuffix(RANDOM_ENDING)} with random weights" if model.endswith(RANDOM_ENDING) else model
    return f"{name} (classifier per task)" if method == CLASSIFICATION else f"{name} (instruction-tuned: {method})"


def difference_finding(row):
    """What a difference between two methods shows: (code, sentence), the code one of TAGS.

    The corrected p-value alone decides whether it is significant. If all runs of the first method give one answer, there is
    nothing to compare. `row` is one of `compare_ways`, as a dict.
    """
    code = "chance" if row["p_holm"] >= ALPHA else "above" if row["difference"] > 0 else "below"
    says = {"above": "is more accurate than", "below": "is less accurate than"}
    says["chance"] = "does not differ significantly from"
    one, other = (method_name(row[f"{side}model"], row[f"{side}method"]) for side in ("", "against_"))
    if row["question"] == "phrasing":
        one, other = f"{one} with a trained wording", "the same model with an unseen wording"
    ends = [format_points(row[end], sign=True) for end in ("low", "high")]
    notes = [f"95 % CI {' to '.join(ends)}", format_p(row["p_holm"])]
    notes.append(f"average of {row['tasks']} tasks" if row["tasks"] > 1 else "one task")
    notes += ["one seed"] if row["seeds"] == 1 else []
    notes = f"{format_points(row['difference'], sign=True)} points ({', '.join(notes)})"
    constant = {
        name: f"one answer, or none, for nearly all test rows in {row[f'{side}constant']} of {counted(row[f'{side}runs'], 'run')}"
        for name, side in ((one, ""), (other, "against_"))
        if row[f"{side}constant"]
    }
    if row["constant"] == row["runs"]:
        code, text = "constant", f"{one} gives {constant.pop(one)}; its difference from {other} is {notes}."
    else:
        text = f"{one} {says[code]} {other}: {notes}."
    return code, " ".join([text, *(f"But {name} gives {runs}." for name, runs in constant.items())])


def task_findings(summary, comparisons):
    """The findings of a study by question: {question in words: [(code, tag, sentence)]}; the tag is the code's word on the page.

    Args: tables of `summarize_tasks` and `compare_ways`.
    """
    found = {}
    for row in comparisons.to_dict("records"):
        code, text = difference_finding(row)
        found.setdefault(QUESTIONS[row["question"]], []).append((code, TAGS[code], text))
    for row in over_all_tasks(summary[summary["rule"] == "obeys"]).to_dict("records"):
        low, high = row["accuracy_low"], row["accuracy_high"]
        code = "above" if low > FOLLOWS_INSTRUCTION else "below" if high < FOLLOWS_INSTRUCTION else "chance"
        text = f"Given the instruction of another task, {method_name(row['model'], row['method'])} follows the instruction "
        text += f"rather than the sequence in {100 * row['accuracy']:.0f} % of the rows "
        text += f"(95 % CI {100 * low:.0f} % to {100 * high:.0f} %)."
        found.setdefault(FOLLOWING, []).append((code, FOLLOWING_TAGS[code], text))
    return found


def over_all_tasks(summary):
    """The rows over all tasks: "average", or of the one task there is."""
    return summary[summary["test"] == ("average" if "average" in set(summary["test"]) else summary["test"])]


def main_rows(summary):
    """The rows of the main table and figure: classifiers, and instruction-tuned models with trained wordings, read by the
    paper's rule (prefix)."""
    return summary[summary["rule"].isin(SHOWN) & summary["variant"].isin(["", TRAINED])]


def published_rows(summary, published, stated, trained):
    """Published results beside ours, a row each: task, method, mcc, accuracy (NaN if not given), train and test (rows; None
    if not stated), ours and partial (bool): whether we trained or tested on fewer rows than are stated.

    Args: `published` maps tasks to records of method, mcc or accuracy, and `stated` to the {"train", "test"} rows of the
    records with mcc; tasks without records get no rows. `trained` maps tasks and instruction sets to their train rows.
    """
    rows, mine = [], main_rows(summary)
    for task, records in published.items():
        unknown, theirs = {"train": None, "test": None}, stated.get(task, {})
        for row in mine[mine["test"] == task].to_dict("records") if records else []:
            # Of an instruction set the rows of all its tasks are known together; they say nothing of one task.
            train = trained[task] if row["method"] not in trained else None
            used = {"train": train, "test": row["n"]}
            partial = any(used[split] is not None and used[split] < number for split, number in theirs.items())
            name = method_name(row["model"], row["method"])
            rows.append(row | used | {"task": task, "method": name, "ours": True, "partial": partial})
        for record in records:
            row = {"task": task, "ours": False, "partial": False, "mcc": np.nan, "accuracy": np.nan}
            rows.append(row | (theirs if "mcc" in record else unknown) | record)
    return rows


def task_page(study, tables, reports):
    """What the page of a study of tasks shows, as values for its template.

    Args: `study` is a StudyDesign; `tables` are those of `summarize_tasks` and `compare_ways`; `reports` has, by task, what its
    baselines chose ("baselines"), by instruction set, its rows and dropped rows ("instructions"), the table of
    `accuracy_by_identity` ("identity"), the records of `count_overlaps` ("overlaps"), `collect_facts` ("facts"), and what
    `read_published` gives ("published").
    """
    summary, comparisons = tables
    tasks = {test: study.sets[test].spec for test in study.tests}
    records = {task: reports["published"]["tasks"].get(spec.get("published"), []) for task, spec in tasks.items()}
    stated = {task: reports["published"]["task_rows"].get(spec.get("published"), {}) for task, spec in tasks.items()}
    trained = {task: about["rows"]["train"] for task, about in reports["baselines"].items()}
    trained |= {name: about["rows"]["train"] for name, about in reports["instructions"].items()}
    dropped = [part["dropped"] for part in reports["instructions"].values()]
    compared = study.instructions and not tasks.keys().isdisjoint(study.trainsets)
    return {
        "study": study,
        "tasks": tasks,
        "findings": task_findings(summary, comparisons),
        "averages": reports["published"]["averages"]["dnahlm"] if compared else None,
        "rows": [row | {"name": method_name(row["model"], row["method"])} for row in summary.to_dict("records")],
        "constant": name_constant(
            (method_name(row["model"], row["method"]), row["test"], row["constant"], row["runs"])
            for row in main_rows(summary).to_dict("records")
            if row["test"] != "average"
        ),
        "rules": {rule: text for rule, text in RULES.items() if rule in set(summary["rule"])},
        "variants": {variant: text for variant, text in VARIANTS.items() if variant in set(summary["variant"])},
        "one_class": ONE_CLASS,
        "reports": reports,
        "published": published_rows(summary, records, stated, trained),
        "identity": identity_rows(reports["identity"], lambda row: method_name(row["model"], row["method"])),
        "overlaps": [record for record in reports["overlaps"] if record["test"].partition(" ")[0] in tasks],
        "dropped": sum(number for parts in dropped for splits in parts.values() for number in splits.values()),
        "prompts": {
            name: example_prompt(spec, study.sets[spec["tasks"][0]].spec) for name, spec in study.instructions.items()
        },
        "recipes": {task: RECIPES[spec["recipe"]].description for task, spec in tasks.items()},
    }


def example_prompt(spec, task):
    """A prompt of an instruction set with its answer, dots for sequences; `spec` and `task` are parts of the config."""
    solved = [("ACGT…", answer) for answer in task["answers"][: spec["examples"]]]
    wording = "Task 1" if spec["style"] == "ids" else task["phrasings"][0]
    return prompt_text(wording, "ACGT…", solved) + task["answers"][0]


def read_task_tables(metrics, comparisons):
    """The tables of a study of tasks from their files: (summary as of `summarize_tasks`, comparisons)."""
    return summarize_tasks(read_results(metrics)), read_results(comparisons)
