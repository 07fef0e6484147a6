"""The answer of a run: what the hypotheses of all studies together say about transfer from sentences to sequences."""

from dataclasses import dataclass

from linguist.kinds import KINDS
from linguist.statistics.claims import learned_arms
from linguist.statistics.numbers import counted


@dataclass(frozen=True)
class Answer:
    """What all studies say about transfer from sentences to DNA and protein.

    transfers: the judgement, one of CLAIMS, of each hypothesis: {(model, trainset, group): code}.
    learned: whether each model learned its own training pairs, where it is tested on them: {(model, trainset): bool}.
    """

    transfers: dict
    learned: dict

    @property
    def is_open(self):
        """Whether the run cannot answer the question, since no model learned what it was trained on."""
        return bool(self.learned) and not any(self.learned.values())

    def count(self, code):
        return list(self.transfers.values()).count(code)

    @property
    def sentences(self):
        """The answer in words, the most important first; no sentence without a hypothesis about transfer."""
        if not self.transfers:
            return []
        said, n = [], len(self.transfers)
        if self.is_open:
            said.append("This run cannot answer the question: no model learned its own training pairs.")
        are = "hypotheses are" if n != 1 else "hypothesis is"
        said.append(f"Transfer from sentences to DNA or protein: {self.count('supported')} of {n} {are} supported.")
        if exploratory := self.count("exploratory"):
            said.append(
                f"In {counted(exploratory, 'case')}, the result is significant but exploratory: there are too few seeds."
            )
        if ranks := self.count("ranks"):
            said.append(
                f"In {counted(ranks, 'case')}, the model ranks pairs correctly, but its decision threshold does not transfer."
            )
        if not self.is_open and (failed := list(self.learned.values()).count(False)):
            said.append(f"{failed} of {len(self.learned)} models did not measurably learn their own training pairs.")
        return said


def answer_of(studies, kinds):
    """The Answer of a run: hypotheses of models trained on sentences and tested on other kinds, each counted once.

    Where studies differ in a hypothesis, the one that does not support it counts, but none with too few seeds.
    Args: `studies` maps names to two tables each, of `judge_claims` and `compare_arms`; `kinds` maps pair sets to kinds.
    """
    transfers, learned = {}, {}
    for table, comparisons in studies.values():
        for row in table.to_dict("records"):
            key = (row["model"], row["trainset"], row["group"])
            if KINDS[kinds[row["trainset"]]].is_text and not row["group"].startswith(KINDS["sentence"].label):
                found = transfers.get(key, "exploratory")
                if found == "exploratory" or (found == "supported" and row["code"] != "exploratory"):
                    transfers[key] = row["code"]
        for arm, yes in learned_arms(comparisons, table).items():
            if KINDS[kinds[arm[1]]].is_text:
                learned[arm] = learned.get(arm, False) or yes
    return Answer(transfers, learned)
