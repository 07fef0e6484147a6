"""Designs of studies: those that ship with the workflow, and a small one."""

import yaml

from linguist.config import design, plan
from linguist.config.settle import settle
from linguist.files import ROOT

SENTENCES, SEQUENCES = ["zh"], ["dna50", "dna150", "protein150", "protein450"]
# One pretrained model against the same with random weights and two more controls, in ten seeds; DNA is the primary question.
ONE_ARM = [
    {
        "arm": ["bert", "en"],
        "controls": {
            "untrained": ["bert", "untrained"],
            "shuffled": ["bert", "en.shuffled"],
            "random-weights": ["bert-random", "en"],
        },
        "groups": {"sentences": SENTENCES, "DNA": SEQUENCES[:2], "protein": SEQUENCES[2:]},
        "balanced": SEQUENCES,
        "across": SEQUENCES,
        "primary": "DNA",
    }
]
ONE_ARM_SETS = {"zh": 2000, "dna50": 1000, "dna150": 1000, "protein150": 200, "protein450": 200}


def studies_of(name):
    """{study: (its comparisons, number of seeds, {test: number of pairs})} of a config in config/."""
    config = settle(yaml.safe_load((ROOT / f"config/{name}.yaml").read_text(encoding="utf-8")))
    sizes = {test: config["pairsets"][test]["sizes"]["test"] for test in plan.pair_tests(config)}
    return {
        study: (
            design.comparisons_of(config, study),
            len(block["seeds"]),
            {test: sizes[test] for test in block["tests"]},
        )
        for study, block in plan.pair_studies(config).items()
    }
