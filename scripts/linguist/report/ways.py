"""What differences between ways to answer tasks show: codes and sentences, computed from `compare_ways`."""

from linguist.statistics.comparisons import MAJORITY
from linguist.statistics.numbers import counted, format_p, format_points
from linguist.statistics.thresholds import ALPHA, FOLLOWS_INSTRUCTION, SEEDS_FOR_CLAIM
from linguist.statistics.ways import CLASSIFICATION
from linguist.tasks.baselines import KMERS, NEIGHBOURS
from linguist.tasks.prompts import TRAINED, UNSEEN
from linguist.training.controls import RANDOM_ENDING

QUESTIONS = {  # by the column question of `compare_ways`
    "instructing": "One instruction-tuned model, or one classifier per task?",
    "baseline": "Better than k-mers or BLAST?",
    "pretraining": "Does pretraining help?",
    "sets": "Does the form of the instructions matter?",
    "phrasing": "Does an unseen wording matter?",
    "majority": "Better than the majority class?",
}
FOLLOWING = "Does the model follow the instruction, or only the sequence?"
# Codes of differences, on the page.
TAGS = {
    "above": "higher",
    "below": "lower",
    "exploratory": "exploratory",
    "majority": "not above majority",
    "chance": "not significant",
    "constant": "constant",
}
FOLLOWING_TAGS = TAGS | {"above": "yes", "below": "no", "chance": "undecided"}
DISAGREE = {  # by the signs of a significant difference (0: not significant) by the answers, and by the paper's rule
    (0, 1): "what the paper's rule finds is a difference in the format of the replies",
    (1, 0): "the format of the replies hides the difference from the paper's rule",
    (1, -1): "the format of the replies reverses the difference",
}


def method_name(model, method):
    """A model with its method, in words."""
    if model in (KMERS, NEIGHBOURS, MAJORITY):
        return {KMERS: "k-mer logistic regression", NEIGHBOURS: "best BLAST hit", MAJORITY: "the majority class"}[model]
    name = f"{model.removesuffix(RANDOM_ENDING)} with random weights" if model.endswith(RANDOM_ENDING) else model
    return f"{name} (classifier per task)" if method == CLASSIFICATION else f"{name} (instruction-tuned: {method})"


def difference_names(row):
    """The two methods of a row of `compare_ways`, in words."""
    one, other = (method_name(row[f"{side}model"], row[f"{side}method"]) for side in ("", "against_"))
    if row["question"] == "phrasing":
        return f"{one} with a trained wording", "the same model with an unseen wording"
    return one + " with an unseen wording" * (row["variant"] == UNSEEN), other


def significant_sign(row, prefix=""):
    """1 or -1 if the difference of a row of `compare_ways` is significant, else 0; by the paper's rule with its prefix."""
    if not row[f"{prefix}p_holm"] < ALPHA:
        return 0
    return 1 if row[f"{prefix}difference"] > 0 else -1


def judge_difference(row):
    """What a row of `compare_ways` shows, as one of TAGS.

    The corrected p-value alone decides whether the difference is significant. A way is more accurate only if it is also
    significantly above the majority class, and only with enough seeds. If all runs of the first way give one answer, there is
    nothing to compare.
    """
    sign = significant_sign(row)
    better = row["above_majority"] if sign > 0 else row["against_above_majority"] or row["against_model"] == MAJORITY
    if row["runs"] and row["constant"] == row["runs"]:
        return "constant"
    if not sign:
        return "chance"
    if not better:
        return "majority"
    return "exploratory" if 0 < row["seeds"] < SEEDS_FOR_CLAIM else "above" if sign > 0 else "below"


def difference_finding(row):
    """What a difference between two methods shows: (code, sentences), the code one of TAGS. What the paper's rule shows is on a
    line of its own. `row` is one of `compare_ways`, as a dict."""
    code, sign, (one, other) = judge_difference(row), significant_sign(row), difference_names(row)
    numbers = difference_numbers(row)
    says = {1: "is more accurate than", -1: "is less accurate than", 0: "does not differ significantly from"}
    constant = {
        name: f"one answer, or none, for nearly all test rows in {constant_runs(row, side)}"
        for name, side in ((one, ""), (other, "against_"))
        if row[f"{side}constant"]
    }
    if code == "constant":
        text = f"{one} gives {constant.pop(one)}; its difference from {other} is {numbers}."
    elif code == "majority":
        other_is = row["against_above_majority"] if sign > 0 else row["above_majority"]
        who = f"{one if sign > 0 else other} is not" if other_is else "neither is"
        text = f"{one} and {other} differ significantly, {numbers}, but {who} significantly above the majority class."
    else:
        text = f"{one} {says[sign]} {other}: {numbers}."
    if code == "exploratory":
        text += f" This is exploratory: a claim needs {SEEDS_FOR_CLAIM} seeds."
    text = " ".join([text, *(f"But {name} gives {runs}." for name, runs in constant.items())])
    return code, "\n".join(filter(None, [text, papers_rule_text(row)]))


def difference_numbers(row, prefix=""):
    """The numbers behind a difference, in words: points, interval, p, tasks, and seeds; by the paper's rule with its prefix."""
    ends = [format_points(row[f"{prefix}{end}"], sign=True) for end in ("low", "high")]
    notes = [f"95 % CI {' to '.join(ends)}", format_p(row[f"{prefix}p_holm"])]
    if not prefix:
        notes.append(f"average of {row['tasks']} tasks" if row["tasks"] > 1 else "one task")
        if row["seeds"]:
            notes.append("one seed" if row["seeds"] == 1 else f"better in {row['better']} of {row['seeds']} seeds")
    return f"{format_points(row[f'{prefix}difference'], sign=True)} points ({', '.join(notes)})"


def constant_runs(row, side):
    """How many runs of one side of a difference give one answer, and which, unless all do."""
    text = f"{row[f'{side}constant']} of {counted(row[f'{side}runs'], 'run')}"
    return text if row[f"{side}constant"] == row[f"{side}runs"] else f"{text} ({row[f'{side}collapsed']})"


def papers_rule_text(row):
    """The same difference by the paper's rule, and how the two rules disagree; empty where no method generates text."""
    if {row["method"], row["against_method"]} == {CLASSIFICATION}:
        return ""
    text = f"By the paper's rule: {difference_numbers(row, 'prefix_')}."
    sign, paper = significant_sign(row), significant_sign(row, "prefix_")
    if sign == paper:
        return text
    return f"{text} The two rules disagree: {DISAGREE[abs(sign), paper * sign or abs(paper)]}."


def task_findings(summary, comparisons):
    """The findings of a study by question: {question in words: [(code, tag, sentence)]}; the tag is the code's word on the page.

    Args: tables of `summarize_tasks` and `compare_ways`.
    """
    found = {}
    for row in comparisons.to_dict("records"):
        code, text = difference_finding(row)
        found.setdefault(QUESTIONS[row["question"]], []).append((code, TAGS[code], text))
    rows = over_all_tasks(summary).to_dict("records")
    replies = {
        (row["model"], row["method"]): row for row in rows if (row["rule"], row["variant"]) == ("prefix", TRAINED)
    }
    own = comparisons[(comparisons["question"] == "majority") & (comparisons["variant"] == TRAINED)]
    above = {(row["model"], row["method"]): row["above_majority"] for row in own.to_dict("records")}
    for row in (row for row in rows if row["rule"] == "obeys"):
        way = row["model"], row["method"]
        code, text = following_finding(row, replies.get(way), above.get(way, False))
        found.setdefault(FOLLOWING, []).append((code, FOLLOWING_TAGS[code], text))
    return found


def following_finding(row, replies, above_majority):
    """Whether a model follows the instruction of another task: (code, sentences), the code one of FOLLOWING_TAGS.

    A model whose replies do not depend on the sequence obeys without reading it, and is named so. Args: its row over all tasks
    of `summarize_tasks` with swapped instructions; that with trained wordings by the paper's rule; and whether it is
    significantly above the majority class.
    """
    low, high, constant = row["accuracy_low"], row["accuracy_high"], replies["constant"] if replies else 0
    name = method_name(row["model"], row["method"])
    text = f"Given the instruction of another task, {name} gives an answer of the task that the instruction names in "
    text += f"{100 * row['accuracy']:.0f} % of the rows (95 % CI {100 * low:.0f} % to {100 * high:.0f} %, "
    text += f"{counted(row['seeds'], 'seed')}), and no answer of either task in {100 * row['no_answer']:.0f} %."
    code = "above" if low > FOLLOWS_INSTRUCTION else "below" if high < FOLLOWS_INSTRUCTION else "chance"
    if constant:
        text += f" But with the right instruction it gives one reply, or none, for nearly all rows of a task in {constant} of "
        text += f"{counted(replies['runs'], 'run')}: such a run does not show that it reads the sequence."
    elif code == "above" and not above_majority:
        text += " But with the right instruction it is not significantly above the majority class: it does not show that it "
        text += "reads the sequence."
    if code == "chance":
        return code, text
    if constant and constant == replies["runs"]:
        return "constant", text
    if code == "above" and not above_majority:
        return "majority", text
    return "exploratory" if row["seeds"] < SEEDS_FOR_CLAIM else code, text


def over_all_tasks(summary):
    """The rows over all tasks: "average", or of the one task there is."""
    return summary[summary["test"] == ("average" if "average" in set(summary["test"]) else summary["test"])]
