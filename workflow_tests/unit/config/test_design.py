"""The record of a study: what its pages read."""

import pytest
import yaml

from helpers.data import ROOT
from linguist.config.design import describe_study, page_config
from linguist.config.published import read_published
from linguist.config.settle import settle


@pytest.fixture(scope="module")
def demo():
    return settle(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


def test_a_study_of_pair_sets_has_its_sets_in_order_and_knows_what_is_synthetic(demo):
    study = describe_study(demo, "ceiling")
    spec = demo["studies"]["ceiling"]
    assert list(study.sets) == list(dict.fromkeys([*spec["trainsets"], *spec["tests"]]))
    assert study.controls == tuple(spec["controls"]) and study.random_models == ("gpt2-nano-random",)
    assert study.synthetic_sets == ["en"] and study.synthetic_models == ["gpt2-nano"] and not study.random_start
    assert study.sets["dna50-hard"].recipe == "hard" and study.differences == []


def test_differences_from_the_paper_need_the_published_results(demo):
    assert describe_study(demo, "transfer").differences == []
    found = describe_study(page_config(demo, "transfer"), "transfer", read_published()).differences
    assert {"results", "model", "pair sets", "fine-tuning"} <= {topic for topic, _ in found}


def test_a_study_of_tasks_has_the_tasks_of_its_instruction_sets(demo):
    study = describe_study(demo, "tasks")
    assert list(study.instructions) == ["told"] and {*demo["instructions"]["told"]["tasks"]} <= {*study.sets}
    assert {data.kind for data in study.sets.values()} == {"task"} and "told" in study.trainsets


def test_a_comparison_of_vectors_has_one_training_set_and_no_tests(demo):
    study = describe_study(demo, "word-vectors")
    assert study.trainsets == ("en",) and study.tests == () and list(study.sets) == ["en"]
    assert study.published == "paper1-vectors" and not study.random_models


def test_models_say_where_their_weights_come_from(demo):
    real = {"hub": "a/b", "revision": "c" * 40}
    models = demo["models"] | {"hub": real, "bare": {"architecture": "gpt2", "tokenizer": "mixed-bpe", "shape": {}}}
    block = demo["studies"]["scale"] | {"models": ["hub", "bare", "gpt2-pico"]}
    study = describe_study(demo | {"models": models, "studies": {"scale": block}}, "scale")
    assert study.random_start == ["bare"] and study.synthetic_models == ["gpt2-pico"]
    assert "a/b" in study.models["hub"].origin and "mixed" in study.models["gpt2-pico"].origin
