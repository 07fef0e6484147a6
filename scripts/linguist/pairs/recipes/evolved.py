"""Recipe `evolved`: simulated divergence."""

from linguist.errors import LinguistError
from linguist.kinds import KINDS, NUCLEOTIDES
from linguist.pairs.recipes.hard import MATCHING_RULES
from linguist.recipe import DERIVING, recipe

COPIES = 1000  # draws of one copy before its rules are held to be impossible


@recipe(
    "evolved",
    kinds=NUCLEOTIDES,
    rules=(*MATCHING_RULES, "transitions", "indels", "indel_length"),
    balanced=True,
    variant="simulated divergence",
    **DERIVING | {"needs": ("of", "divergence")},
)
def diverge(spec, files, tallies):
    """Sequences of another set, each with a copy that diverged from it in a simulation.

    Positives: sentence1 of the base's positives with a copy after neutral evolution (see `evolve`). A copy that equals its
    origin, lies within it or contains it, or that breaks `max_length_difference`, is drawn again.

    Negatives: as in the recipe `hard`. sentence2 is a shuffle of the row's own copy, or the copy of another sentence1, so
    that all of them went through the same simulation.
    """
    import random
    from dataclasses import replace

    from linguist.pairs.matched import make_rows
    from linguist.pairs.store import read_positives
    from linguist.splits import SPLITS

    splits = {}
    for split in SPLITS:
        draw = random.Random(f"evolved {split} {spec['seed']}")
        found = [
            replace(pair, id2=pair.id1, sentence2=copy_after_evolution(pair, spec, draw))
            for pair in read_positives(files[split])
        ]
        splits[split] = make_rows(spec, split, found, draw, mark="-evolved")
    return splits


def copy_after_evolution(pair, spec, draw):
    """A copy of sentence1 after evolution that obeys the rules of a positive.

    Raises LinguistError for a letter that has no transition, and if no draw obeys the rules.
    """
    text, rules, letters = pair.sentence1, spec["rules"], KINDS[spec["kind"]].letters
    if not set(text) <= set(letters):
        raise LinguistError(
            f"{pair.id1}: sentence1 contains a letter other than {letters}, which has no transition; remove the row"
        )
    for _ in range(COPIES):
        copy = evolve(text, spec["divergence"], rules, draw, letters)
        if (
            abs(len(copy) - len(text)) <= rules["max_length_difference"] * max(len(copy), len(text))
            and copy not in text
            and text not in copy
        ):
            return copy
    raise LinguistError(
        f"none of {COPIES} simulated copies of {pair.id1} differs from it and keeps its length; raise divergence "
        f"({spec['divergence']}) or rules.max_length_difference, or lower rules.indel_length"
    )


def evolve(text, divergence, rules, draw, letters="ACGT"):
    """A copy of a sequence after neutral evolution in one step: substitutions (Kimura 1980), insertions and deletions.

    Each base is the site of one event with probability `divergence`. A share rules["indels"] of the events are insertions
    or deletions with equal probability; their lengths are geometric with mean rules["indel_length"]. An insertion puts
    uniformly random bases behind the base. A deletion removes bases from this one on, which then have no events of their
    own. All other events substitute the base: a share rules["transitions"] by its transition (A-G, C-T), the rest by one
    of its two transversions. No site changes twice, so `divergence` is the share of sites that differ, not a distance
    corrected for multiple hits. The defaults are human: transitions are 2.1 times as frequent as transversions, and one
    event in 8 is an insertion or deletion (Lunter 2007).

    `letters` are the bases in the order A, C, G, T (or U), as in `Kind.letters`.
    """
    purines, pyrimidines = letters[::2], letters[1::2]
    copy, at = [], 0
    while at < len(text):
        base = text[at]
        at += 1
        if draw.random() >= divergence:
            copy.append(base)
        elif draw.random() >= rules["indels"]:
            own, others = (purines, pyrimidines) if base in purines else (pyrimidines, purines)
            copy.append(own.replace(base, "") if draw.random() < rules["transitions"] else draw.choice(others))
        else:
            length = 1
            while draw.random() * rules["indel_length"] >= 1:
                length += 1
            if draw.random() < 0.5:
                copy += [base, *draw.choices(letters, k=length)]
            else:
                at += length - 1
    return "".join(copy)
