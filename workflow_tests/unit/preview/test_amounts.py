"""What the work of each rule grows with."""

import re

import pytest

from helpers.data import ROOT
from linguist.preview.amounts import AMOUNTS, FLOPS, OUTPUTS, outputs_of, work_of
from linguist.preview.workload import Workload

RULES = "\n".join(path.read_text() for path in ROOT.glob("rules/*.smk"))


@pytest.mark.parametrize("rule", FLOPS | AMOUNTS | OUTPUTS)
def test_an_amount_belongs_to_a_rule(rule):
    assert re.search(rf'^(rule {rule}:|use rule \w+ as {rule} with:|for job in \w+\("{rule}")', RULES, re.M)


def test_the_work_of_a_whole_job_is_larger_and_its_outputs_may_grow_with_something_else(preview):
    whole, cut, results = preview
    loads = Workload(cut, results, False), Workload(whole, results, True)
    run = {"model": "small", "trainset": "en", "seed": "1"}
    for rule, wildcards in {
        "finetune": run,
        "index_sequences": {"resource": "genome"},
        "build_pairs": {"pairset": "en"},
    }.items():
        assert work_of(rule, loads[0], wildcards) < work_of(rule, loads[1], wildcards)
    assert work_of("write_page", loads[0], {"study": "one"}) == work_of("write_page", loads[1], {"study": "one"})
    tests = sum(whole["pairsets"][name]["sizes"]["test"] for name in ("en", "dna"))
    assert outputs_of("finetune", loads[1], run) == pytest.approx(30 * tests)


def test_the_seeds_of_an_untrained_model_share_the_work(preview):
    whole, _, results = preview
    study = whole["studies"]["one"] | {"controls": ["untrained"]}
    load = Workload(whole | {"studies": {"one": study}}, results, True)
    run = {"model": "small", "seed": "1"}
    untrained, trained = (work_of("evaluate", load, run | {"trainset": trainset}) for trainset in ("untrained", "en"))
    assert untrained == pytest.approx(trained / 3)
