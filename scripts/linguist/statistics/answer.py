"""What all studies of pair sets together say about transfer from sentences to DNA and protein."""

from dataclasses import dataclass

from linguist.kinds import KINDS
from linguist.statistics.claims import learned_arms
from linguist.statistics.numbers import counted


@dataclass(frozen=True)
class Answer:
    """What all studies say about transfer.

    transfers: the judgement, one of `claims.CLAIMS`, of each hypothesis: {(model, trainset, group): code}.
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
        if ranks := self.count("ranks"):
            said.append(
                f"In {counted(ranks, 'case')}, the model ranks pairs correctly, but its decision threshold does not transfer."
            )
        if not self.is_open and (failed := list(self.learned.values()).count(False)):
            said.append(f"{failed} of {len(self.learned)} models did not measurably learn their own training pairs.")
        return said


def answer_of(claims, comparisons, kinds):
    """The Answer of a run: hypotheses of models trained on sentences and tested on other kinds, each counted once.

    Where studies differ in a hypothesis, the one that does not support it counts.
    Args: `claims` and `comparisons` map studies to their tables of `judge_claims` and `compare_arms`; `kinds` maps pair
    sets to their kinds.
    """
    transfers, learned = {}, {}
    for study, table in claims.items():
        for row in table.to_dict("records"):
            key = (row["model"], row["trainset"], row["group"])
            if KINDS[kinds[row["trainset"]]].is_text and not row["group"].startswith(KINDS["sentence"].label):
                transfers[key] = row["code"] if transfers.get(key, "supported") == "supported" else transfers[key]
        for arm, yes in learned_arms(comparisons[study], table).items():
            if KINDS[kinds[arm[1]]].is_text:
                learned[arm] = learned.get(arm, False) or yes
    return Answer(transfers, learned)
