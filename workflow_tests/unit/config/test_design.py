"""The record of a study: what its pages read."""

import pytest
import yaml

from helpers.configs import CONFIG
from helpers.data import ROOT
from linguist.config import design, plan, used
from linguist.config.design import describe_study, page_config
from linguist.config.published import read_published, setup_differences
from linguist.config.settle import settle


@pytest.fixture(scope="module")
def demo():
    return settle(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


def test_a_study_of_pair_sets_has_its_sets_in_order_and_knows_what_is_synthetic(demo):
    study = describe_study(demo, "ceiling")
    spec = demo["studies"]["ceiling"]
    assert list(study.sets) == list(dict.fromkeys([*spec["trainsets"], *spec["tests"]]))
    assert study.spec is spec and study.random_models == ("gpt2-nano-random",)
    assert describe_study(demo, "transfer").random_models == ()
    assert study.synthetic_sets == ["en"] and study.synthetic_models == ["gpt2-nano"] and not study.random_start
    assert study.sets["dna50-hard"].recipe == "hard" and study.differences == []


def test_differences_from_the_paper_need_the_published_results(demo):
    assert describe_study(demo, "transfer").differences == []
    found = describe_study(page_config(demo, "transfer"), "transfer", read_published()).differences
    assert {"results", "model", "pair sets", "fine-tuning"} <= {topic for topic, _ in found}


def test_a_study_of_tasks_has_the_tasks_of_its_instruction_sets(demo):
    study = describe_study(demo, "tasks")
    assert list(study.instructions) == ["told", "shown"] and {*demo["instructions"]["told"]["tasks"]} <= {*study.sets}
    assert {data.kind for data in study.sets.values()} == {"task"} and "told" in study.trainsets


def test_a_comparison_of_vectors_has_one_training_set_and_no_tests(demo):
    study = describe_study(demo, "word-vectors")
    assert study.trainsets == ("en",) and study.tests == () and list(study.sets) == ["en"]
    assert study.spec["published"] == "paper1-vectors" and not study.random_models


def test_models_say_where_their_weights_come_from(demo):
    real = {"hub": "a/b", "revision": "c" * 40}
    models = demo["models"] | {"hub": real, "bare": {"architecture": "gpt2", "tokenizer": "mixed-bpe", "shape": {}}}
    block = demo["studies"]["scale"] | {"models": ["hub", "bare", "gpt2-pico"]}
    study = describe_study(demo | {"models": models, "studies": {"scale": block}}, "scale")
    assert study.random_start == ["bare"] and study.synthetic_models == ["gpt2-pico"]
    assert "a/b" in study.models["hub"].origin and "mixed" in study.models["gpt2-pico"].origin


# ── the result in short ──


def test_the_abstract_reads_the_main_study_and_those_that_train_its_models_on_sequences(demo):
    assert design.abstract_studies(demo) == ["transfer", "ceiling"]
    found = design.abstract_design(demo)
    assert list(found["studies"]) == ["transfer", "ceiling"] and found["models"].keys() == {"gpt2-nano"}
    assert found["sets"]["dna50-hard"] == {"kind": "dna", "variant": "matched", "base": "dna50"}
    assert found["sets"]["en"]["base"] is None
    assert set(design.abstract_tests(demo)) == {t for s in found["studies"].values() for t in s["tests"]}
    assert all(trainset != "untrained" for _, trainset, _ in design.abstract_runs(demo))


def test_the_main_study_is_the_one_with_a_primary_hypothesis(demo):
    primary = {"model": "gpt2-nano", "trainset": "dna50", "group": "DNA"}
    none = {name: {key: block[key] for key in block if key != "primary"} for name, block in demo["studies"].items()}
    studies = none | {"ceiling": none["ceiling"] | {"primary": primary}}
    assert design.main_study(demo | {"studies": studies}) == "ceiling"
    assert design.main_study(demo | {"studies": {"ceiling": studies["ceiling"]}}) == "ceiling"
    assert design.main_study(demo | {"studies": {}}) is None and design.abstract_studies(demo | {"studies": {}}) == []


# ── parts of the config, groups, curves, caveats ──


@pytest.mark.parametrize(("tests", "said"), [(["en", "fr"], "en, fr"), (["dna"], "en"), (["zz"], "en")])
def test_caveats_name_what_is_synthetic_and_used(tests, said):
    config = CONFIG | {"studies": {"one": CONFIG["studies"]["one"] | {"tests": tests}}}
    sentences, scratch = design.caveats(config)
    assert sentences.endswith(f": {said}.") and scratch.endswith(": nano.")
    real = config | {
        "models": {"base": {"hub": "a/b"}},
        "pairsets": dict.fromkeys(CONFIG["pairsets"], {"recipe": "table"}),
    }
    assert design.caveats(real) == []


def test_caveats_tell_synthetic_pretraining_from_random_weights():
    nano = CONFIG["models"]["nano"] | {"corpus": "mix"}
    config = CONFIG | {"models": CONFIG["models"] | {"nano": nano}}
    for pairsets, count in [(["en"], 1), ([], 0)]:
        sources = {"text": {"kind": "text", "pairsets": pairsets}, "dna": {"kind": "dna", "resources": ["genome"]}}
        found = design.caveats(config | {"corpora": {"mix": {"sources": sources}}})[1:]
        assert len(found) == count and all("nano" in line for line in found)


def test_a_group_has_tests_of_one_kind_and_question_without_the_training_set():
    pairsets = {
        "en": {"kind": "sentence", "recipe": "table"},
        "fr": {"kind": "sentence", "recipe": "table"},
        "dna": {"kind": "dna", "recipe": "homologs"},
        "dna-hard": {"kind": "dna", "recipe": "hard", "of": "dna"},
        "coding": {"kind": "coding", "recipe": "coding"},
    }
    pairsets |= {
        f"{base}-reverse": {"kind": "dna", "recipe": "reverse-complement", "of": base} for base in ("dna", "table")
    }
    pairsets = {"table": {"kind": "dna", "recipe": "table"}} | pairsets
    study = {"models": ["m", "n"], "trainsets": ["en", "dna"], "tests": list(pairsets), "controls": ["shuffled"]}
    study["primary"] = {"model": "m", "trainset": "en", "group": "DNA"}
    found, *others = design.comparisons_of({"pairsets": pairsets, "studies": {"s": study}}, "s")
    assert [found["primary"], *(other["primary"] for other in others)] == ["DNA", None, None, None]
    # recipes fix the numbers of both labels, tables do not; nor does a set that is made from one
    assert found["balanced"] == ["dna", "dna-hard", "coding", "dna-reverse"]
    assert found["across"] == [name for name in pairsets if name not in ("en", "fr")] and others[0]["across"] == []
    assert found["arm"] == ["m", "en"] and found["controls"] == {"shuffled": ["m", "en.shuffled"]}
    groups = {
        "sentences": ["fr"],
        "DNA": ["table", "dna"],
        "DNA, matched": ["dna-hard"],
        "DNA with protein": ["coding"],
    }
    groups["DNA, reverse complement"] = ["dna-reverse", "table-reverse"]
    assert found["groups"] == groups


def test_tests_of_several_lengths_or_divergences_make_a_curve():
    lengths = {"dna50": 50, "dna150": 150, "dna150s": 150}
    pairsets = {name: {"kind": "dna", "recipe": "homologs", "length": length} for name, length in lengths.items()}
    evolved = {"d40": 0.4, "d05": 0.05}
    pairsets |= {
        name: {"kind": "dna", "recipe": "evolved", "of": "dna150", "divergence": d} for name, d in evolved.items()
    }
    pairsets["en"] = {"kind": "sentence", "recipe": "table"}
    study = {"trainsets": ["en"], "tests": list(pairsets)}
    found = design.curves_of({"pairsets": pairsets, "studies": {"s": study}}, "s")
    assert found == {
        ("length", "DNA"): {"dna50": 50, "dna150": 150},
        ("divergence", "DNA, simulated divergence"): {"d05": 0.05, "d40": 0.4},
    }
    study["tests"] = ["en", "dna50", "d05"]
    assert design.curves_of({"pairsets": pairsets, "studies": {"s": study}}, "s") == {}


@pytest.mark.parametrize("name", ["config", "first-answer", "pilot", "paper"])
def test_a_page_depends_on_its_part_of_the_config_alone(name):
    config = settle(yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()))
    papers = read_published(ROOT / "resources/published.yaml")
    for study in [*config["studies"], *config["vectors"]]:
        part = design.page_config(config, study)
        alone = {key: {n: b for n, b in config[key].items() if n == study} for key in ("studies", "vectors")}
        assert design.page_config(config | alone, study) == part
        (block,) = (part.get("studies") or part["vectors"]).values()
        assert design.describe_study(part, study, papers) == design.describe_study(config, study, papers)
        for pairset in part["pairsets"]:
            assert used.is_synthetic(part, pairset) == used.is_synthetic(config, pairset)
        if study in plan.pair_studies(config):
            assert design.groups_of_tests(part, study, block["trainsets"][0])
        if study in plan.published_studies(config):
            assert design.describe_study(part, study, papers).differences == setup_differences(config, study, papers)
        if study in plan.task_studies(config):
            assert plan.instruction_sets(part, study) == plan.instruction_sets(config, study)
            told = {task for sets in part["instructions"].values() for task in sets["tasks"]}
            assert {*block["tests"], *told} == part["tasks"].keys()
            assert part["models"].keys() == set(plan.all_models(block))
