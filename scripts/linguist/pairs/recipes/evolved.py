"""Recipe `evolved`: simulated divergence."""

from linguist.kinds import NUCLEOTIDES
from linguist.pairs.recipes.hard import MATCHING_RULES
from linguist.recipe import base_files, base_of, recipe


@recipe(
    "evolved",
    kinds=NUCLEOTIDES,
    needs=("of", "divergence"),
    rules=(*MATCHING_RULES, "transitions", "indels", "indel_length"),
    files=base_files,
    bases=base_of,
    variant="simulated divergence",
)
def diverge(spec, files):
    """Sequences of another set, each with a copy that diverged from it in a simulation.

    Positives: sentence1 of the base's positives with a copy after neutral evolution (see `evolve`). A copy that equals its
    origin, lies within it or contains it, or that breaks `max_length_difference`, is drawn again.

    Negatives: as in the recipe `hard`. sentence2 is a shuffle of the row's own copy, or the copy of another sentence1, so
    that all of them went through the same simulation.
    """
    import random
    from dataclasses import replace

    from linguist.pairs.evolution import copy_after_evolution
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
