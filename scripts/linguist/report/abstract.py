"""The abstract of a run: what it found, as one figure and five short paragraphs, computed from its tables."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from linguist.kinds import KINDS
from linguist.statistics.claims import (
    COMPARED,
    better_than_all,
    by_measure,
    closest_text,
    detectable_text,
    few_seeds_text,
    learned_arms,
    primary_text,
    seeds_text,
)
from linguist.statistics.numbers import counted, format_difference, format_range
from linguist.statistics.seeds import DIRECTIONS, behaviour_text
from linguist.statistics.thresholds import ALPHA
from linguist.statistics.verdicts import StudyTables, control_rows
from linguist.training.controls import CONTROLS

MATCHED = "matched"  # the variant of composition-matched sets
TOPICS = {  # of the paragraphs: the kinds of tests that they are about
    "Other sentences": ("sentence",),
    "DNA": ("dna", "rna"),
    "Protein and coding": ("protein", "coding"),
}
SIGNIFICANT = ("supported", "exploratory")
OPEN = "This run cannot answer the question: no model learned its own training pairs."
NO_CEILING = "No model was fine-tuned on sequences, so the run does not show whether such pairs can be learned."
NO_MATCHED = "**Composition-matched sets: not tested for transfer.** A result on sequences may come from their composition alone."


@dataclass(frozen=True)
class Abstract:
    """What the abstract of a run is made from.

    run: as from `describe_run`
    tables: the StudyTables of each of its studies, the main one first
    """

    run: dict
    tables: dict[str, StudyTables]

    @property
    def study(self):
        """The main study, as in `abstract_design`."""
        return next(iter(self.run["studies"].values()))

    @property
    def main(self):
        """The StudyTables of the main study."""
        return next(iter(self.tables.values()))

    def is_text(self, trainset):
        return KINDS[self.run["sets"][trainset]["kind"]].is_text

    @property
    def trainsets(self):
        """The training sets that the abstract is about: those of sentences in the main study; all, if it has none."""
        text = [trainset for trainset in self.study["trainsets"] if self.is_text(trainset)]
        return text or self.study["trainsets"]

    @property
    def claims(self):
        """The hypotheses that the abstract is about, as from `judge_claims`."""
        claims = self.main.claims
        return claims[claims["trainset"].isin(self.trainsets)]

    @property
    def judged(self):
        """The tests of the models that the abstract is about, as from `judge_tests`."""
        judged = self.main.judged
        return judged[judged["trainset"].isin(self.trainsets)]

    @property
    def ceilings(self):
        """The tests of models that are fine-tuned on sequences, where the abstract is about others; as from `judge_tests`."""
        parts = [t.judged[~t.judged["trainset"].map(self.is_text)] for t in self.tables.values()]
        found = pd.concat(parts)
        found = found[found["model"].isin(self.study["models"]) & ~found["trainset"].isin(self.trainsets)]
        return found.drop_duplicates(["model", "trainset", "test"])

    def variant(self, claim):
        """The variant of the tests of a hypothesis, if any."""
        return self.run["sets"][claim["tests"].split(", ")[0]]["variant"]

    def kind(self, claim):
        """The kind of the tests of a hypothesis."""
        return self.run["sets"][claim["tests"].split(", ")[0]]["kind"]


def abstract_lines(abstract):
    """The paragraphs of an abstract: what was done and learned; each topic that was tested; the matched sets; how sure it is."""
    rows = abstract.claims.to_dict("records")
    plain = [row for row in rows if abstract.variant(row) != MATCHED]
    matched = [row for row in rows if abstract.variant(row) == MATCHED]
    lines = [introduction(abstract)]
    for heading, kinds in TOPICS.items():
        if found := [row for row in plain if abstract.kind(row) in kinds]:
            lines.append(f"- {topic_text(heading, found, abstract)}")
    if matched:
        said = topic_text("Composition-matched sets", matched, abstract)
        lines.append(" ".join([f"- {said}", *matched_conclusions(plain, matched, abstract)]))
    elif any(not KINDS[abstract.kind(row)].is_text for row in plain):
        lines.append(f"- {NO_MATCHED}")
    return [*lines, f"- {certainty_text(abstract)}"]


def introduction(abstract):
    """What was fine-tuned on what, whether that was learned, and the primary hypothesis."""
    study, run, said = abstract.study, abstract.run, []
    learned = learned_arms(abstract.main.comparisons, abstract.main.claims)
    learned = {arm: yes for arm, yes in learned.items() if arm[1] in abstract.trainsets}
    if learned and not any(learned.values()):
        said.append(f"**{OPEN}**")
    elif primary := primary_text(abstract.claims):
        said.append(f"**{primary}**")
    for trainset in abstract.trainsets:
        pairs, models = run["trained"]["pairs"].get(trainset), " and ".join(study["models"])
        were = "was" if len(study["models"]) == 1 else "were"
        on = f"on {pairs} pairs of {trainset}" if pairs else f"on {trainset}"
        said.append(f"{models} {were} fine-tuned {on} with {counted(len(study['seeds']), 'seed')}.")
    for row in own_rows(abstract.judged):
        told = "learned" if learned[row["model"], row["trainset"]] else "did not measurably learn"
        said.append(f"{row['model']} {told} this task: {accuracy_text(row)}.")
    return " ".join(said)


def own_rows(judged):
    """The rows of `judge_tests` of models on the test split of their own training set."""
    return judged[judged["test"] == judged["trainset"]].to_dict("records")


def accuracy_text(row):
    """An accuracy with its interval and the majority class, from a row of `judge_tests`."""
    interval = f"{row['low']:.3f} to {row['high']:.3f}"
    return f"accuracy {row['accuracy']:.3f} on {row['test']} (95 % CI {interval}; majority class {row['majority']:.3f})"


def topic_text(heading, rows, abstract):
    """The hypotheses of a topic, from their rows of `judge_claims`: the judgement, then the numbers of each."""
    judged = [judgement(row, abstract.claims) for row in rows]
    if len(rows) == 1:
        return f"**{heading}: {judged[0]}.** {capital(claim_numbers(rows[0], abstract))}"
    codes, n = Counter(judged), len(rows)
    if len(codes) == 1:
        result = f"{judged[0]} ({n} of {n} hypotheses)"
    else:
        result = "; ".join(f"{code} ({count} of {n} hypotheses)" for code, count in codes.items())
    # What tells these hypotheses apart stands before the numbers of each.
    names = [key for key in ("model", "trainset", "group") if len({row[key] for row in rows}) > 1]
    parts = []
    for row, code in zip(rows, judged, strict=True):
        name = ", ".join(f"fine-tuned on {row[key]}" if key == "trainset" else row[key] for key in names)
        name = name if "model" in names else capital(name)
        parts.append(f"{name}{f' ({code})' * (len(codes) > 1)}: {claim_numbers(row, abstract)}")
    return f"**{heading}: {result}.** {' '.join(parts)}"


def judgement(row, claims):
    """The judgement of a hypothesis, and whether it is so only because the primary hypothesis is not supported."""
    return f"{row['code']}, as the primary hypothesis is not" if waits_for_primary(row, claims) else row["code"]


def capital(text):
    """A text with a capital letter where it begins with a plain word; names keep theirs."""
    first = text.partition(" ")[0].rstrip(",:")
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def claim_numbers(row, abstract):
    """The numbers of a hypothesis, and what limits them, in sentences; `row` is one of `judge_claims`."""
    difference = format_difference(row, COMPARED[row["against"]], row["p_claim"])
    better = f"{row['better']} of {counted(row['seeds'], 'seed')} better"
    said = [f"accuracy {row['accuracy']:.3f} on {row['tests']}, {difference}; {better}."]
    if median := median_text(row, abstract):
        said.append(median)
    said.append(seeds_text(row | {"turned": turned_texts(row, abstract)}).strip())
    if row["code"] != "not supported" and row["not_above_baseline"] and not pd.isna(row["baseline"]):
        said.append(f"It is not clearly above the best baseline without order information ({row['baseline']:.3f}).")
    if waits_for_primary(row, abstract.claims):
        said.append("Its interval is above 0, but it counts only if the primary hypothesis is supported.")
    return " ".join(filter(None, said))


def waits_for_primary(row, claims):
    """Whether a hypothesis whose interval lies above 0 is not supported since the primary one of its study is not significant
    (see `correct_family`)."""
    primary = claims[claims["primary"].astype(bool)]
    blocked = not row["primary"] and bool((primary["p_claim"] >= ALPHA).any())
    return blocked and row["code"] == "not supported" and row["low"] > 0


def median_text(row, abstract):
    """The result with the threshold at the median score, where that is significant and the accuracy is not."""
    if row["code"] not in ("ranks", "exploratory"):
        return ""
    table = abstract.main.comparisons
    of_claim = table["level"].eq("group") & table["scope"].eq(row["group"])
    of_claim &= table["model"].eq(row["model"]) & table["trainset"].eq(row["trainset"])
    own, at_median = by_measure(table[of_claim].to_dict("records"))
    return "" if better_than_all(own) else f"With the threshold at the median score: {closest_text(at_median)}."


def turned_texts(row, abstract):
    """Which seeds rank the pairs of a hypothesis' tests the wrong way round, a sentence for each test."""
    judged = abstract.judged
    cells = judged[judged["test"].isin(row["tests"].split(", ")) & judged["model"].eq(row["model"])]
    cells = cells[cells["trainset"].eq(row["trainset"]) & cells["reversed_seeds"].ne("")]
    return [f"On {cell['test']}: {behaviour_text(cell, DIRECTIONS)}." for cell in cells.to_dict("records")]


def matched_conclusions(plain, matched, abstract):
    """What the matched sets say about the results on the sets that they control, a sentence for each conclusion."""
    without_variant = {
        (row["model"], row["trainset"], abstract.kind(row)): row["code"] for row in plain if not abstract.variant(row)
    }
    found = {}
    for row in matched:
        code = without_variant.get((row["model"], row["trainset"], abstract.kind(row)))
        if code in SIGNIFICANT:
            said = "does not explain" if row["code"] in SIGNIFICANT else "may explain"
            named = f"{KINDS[abstract.kind(row)].label} ({row['model']})" if len(abstract.study["models"]) > 1 else None
            found.setdefault(said, {})[named or KINDS[abstract.kind(row)].label] = None
    return [f"Composition alone {said} the result on {' and '.join(names)}." for said, names in found.items()]


def certainty_text(abstract):
    """How sure the result is: what can be learned from such pairs, what the controls reach, and what would have been found."""
    claims, said = abstract.claims, []
    if any(not KINDS[abstract.kind(row)].is_text for row in claims.to_dict("records")):
        said += ceiling_texts(abstract) or [NO_CEILING]
    if claims["code"].ne("not supported").any() and not any(
        CONTROLS[name].random_weights for name in abstract.study["controls"]
    ):
        said.append("Random weights were not tried, so the result may not depend on pretraining.")
    said += [controls_text(abstract), few_seeds_text(claims) if len(claims) else "", detectable_text(claims)]
    return " ".join(["**How sure is this?**", *filter(None, said)])


def ceiling_texts(abstract):
    """What the models reach that are fine-tuned on sequences, a sentence or two for each."""
    ceilings, said = abstract.ceilings, []
    for row in own_rows(ceilings):
        arm = ceilings[(ceilings["model"] == row["model"]) & (ceilings["trainset"] == row["trainset"])]
        sets = abstract.run["sets"]
        beside = [
            f"{other['accuracy']:.3f} on {other['test']} ({sets[other['test']]['variant']})"
            for other in arm.to_dict("records")
            if sets[other["test"]]["base"] == row["test"] and sets[other["test"]]["variant"] == MATCHED
        ]
        text = f"{row['model']} fine-tuned on {row['trainset']} itself: {accuracy_text(row)}"
        said.append("; ".join([text, *beside]) + ".")
        said.append(
            "So such pairs can be learned."
            if row["learned"]
            else "So it does not measurably learn such pairs either, and a missing transfer says little."
        )
    return said


def controls_text(abstract):
    """The range of accuracies of the controls on the tests of other kinds than the training set, and of the majority class."""
    rows = control_rows(abstract.main.summary)
    if not len(rows):
        return "The study has no controls."
    names = ", ".join(abstract.study["controls"])
    return (
        f"Accuracy of the controls ({names}) on all tests: {format_range(rows['accuracy'].min(), rows['accuracy'].max())}; "
        f"majority class {format_range(rows['majority'].min(), rows['majority'].max())}."
    )
