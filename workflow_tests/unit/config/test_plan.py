"""What a config asks for: each run once, with the tests of all studies that hold it."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import ROOT
from linguist.config import design, plan, settings, used
from linguist.config.published import read_published, setup_differences
from linguist.config.schema import default_config
from linguist.config.settle import settle
from linguist.pairs.recipes import RECIPES
from linguist.pairs.search_rules import SEARCH_RULES
from linguist.training.controls import CONTROLS, is_control

CONFIG = {
    "pairsets": {
        name: {"recipe": "grammar" if name in ("en", "fr") else "table"} for name in ("en", "fr", "dna", "zz")
    },
    "models": {
        "nano": {"architecture": "gpt2", "tokenizer": "bpe", "finetuning": {"epochs": 9}},
        "base": {"hub": "a/b"},
    },
    "tasks": {},
    "instructions": {},
    "vectors": {},
    "finetuning": {"epochs": 4, "batch_size": 20},
    "studies": {
        "one": {
            "models": ["nano", "base"],
            "trainsets": ["en"],
            "seeds": [2, 1],
            "tests": ["en", "dna"],
            "controls": ["untrained"],
        },
        "two": {
            "models": ["nano"],
            "trainsets": ["en", "dna"],
            "seeds": [1, 3],
            "tests": ["dna", "fr"],
            "controls": [],
        },
    },
}


def test_a_study_gives_models_by_trainsets_and_controls_by_seeds():
    assert plan.study_runs(CONFIG, "one") == [
        (model, trainset, seed) for trainset in ("en", "untrained") for model in ("nano", "base") for seed in (2, 1)
    ]
    assert ("nano", "untrained", 3) not in plan.study_runs(CONFIG, "two")


def test_shared_runs_come_once_in_the_order_of_the_config():
    runs = plan.all_runs(CONFIG)
    assert len(runs) == len(set(runs)) == 8 + 4 - 1  # (nano, en, 1) is in both
    assert runs[:8] == plan.study_runs(CONFIG, "one")
    assert set(runs) == {*plan.study_runs(CONFIG, "one"), *plan.study_runs(CONFIG, "two")}


def test_a_run_is_tested_on_what_all_its_studies_ask_for():
    assert plan.tests_of_arm(CONFIG, "nano", "en") == ["en", "dna", "fr"]
    assert plan.tests_of_arm(CONFIG, "base", "en") == ["en", "dna"]
    assert plan.tests_of_arm(CONFIG, "nano", "untrained") == ["en", "dna"]  # study two has no control
    assert plan.tests_of_arm(CONFIG, "nano", "dna") == ["dna", "fr"]
    assert plan.tests_of_arm(CONFIG, "base", "dna") == []


def test_vectors_share_the_runs_of_studies_and_add_their_own():
    vectors = {"words": {"models": ["nano"], "trainset": "zz", "seeds": [4]}}
    vectors["shared"] = {"models": ["base", "nano"], "trainset": "en", "seeds": [1, 5]}
    config = CONFIG | {"vectors": vectors}
    added = [("nano", "zz", 4), ("base", "en", 5), ("nano", "en", 5)]
    assert plan.all_runs(config) == plan.all_runs(CONFIG) + added
    assert plan.vector_runs(config, "shared") == [(m, "en", s) for m in ("base", "nano") for s in (1, 5)]
    assert plan.tests_of_arm(config, "nano", "zz") == [] and plan.seeds_of_arm(config, "nano", "zz") == [4]
    assert used.used_pairsets(config) == ["en", "fr", "dna", "zz"] and plan.tokenizers_of(config, "zz") == ["bpe"]


def test_a_config_of_vectors_alone_uses_what_they_name():
    config = CONFIG | {
        "studies": {},
        "vectors": {"words": {"models": ["nano"], "trainset": "en", "seeds": [1]}},
    }
    assert used.used_models(config) == ["nano"] and used.used_pairsets(config) == ["en"]
    assert plan.all_runs(config) == [("nano", "en", 1)]


def test_seeds_of_a_model_and_trainset_come_from_all_studies():
    assert plan.seeds_of_arm(CONFIG, "nano", "en") == [2, 1, 3]
    assert plan.seeds_of_arm(CONFIG, "nano", "untrained") == [2, 1]
    assert plan.seeds_of_arm(CONFIG, "base", "dna") == []


def test_a_model_brings_its_own_tokenizer_and_options():
    assert plan.tokenizer_of(CONFIG, "nano") == "bpe" and plan.tokenizer_of(CONFIG, "base") == "base"
    assert settings.tuning_settings(CONFIG, "nano", "en") == {"epochs": 9, "batch_size": 20}
    assert settings.tuning_settings(CONFIG, "base", "en") == CONFIG["finetuning"] == {"epochs": 4, "batch_size": 20}


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


def test_models_that_are_used_and_pretrained():
    more = {"other": {"architecture": "gpt2", "corpus": "mix"}, "nano": CONFIG["models"]["nano"] | {"corpus": "mix"}}
    config = CONFIG | {"models": CONFIG["models"] | more}
    assert used.used_models(config) == ["nano", "base"] and used.pretrained_models(config) == ["nano"]
    assert used.pretrained_models(config | {"studies": {}}) == ["nano", "other"]


def test_a_models_options_lie_over_the_studys():
    nano = {"architecture": "gpt2", "pretraining": {"epochs": 9}, "finetuning": {"epochs": 1}}
    config = {"pretraining": {"epochs": 3, "context": 256}, "models": {"nano": nano}}
    assert settings.pretraining_settings(config, "nano") == {"epochs": 9, "context": 256}
    assert settings.model_settings(config, "nano") == {"architecture": "gpt2"}


def test_used_pair_sets_come_in_the_order_of_the_config_and_without_a_study_all_are():
    assert used.used_pairsets(CONFIG) == ["en", "fr", "dna"]
    assert used.used_pairsets(CONFIG | {"studies": {"two": CONFIG["studies"]["two"] | {"tests": ["dna"]}}}) == [
        "en",
        "dna",
    ]
    assert used.used_pairsets(CONFIG | {"studies": {}}) == ["en", "fr", "dna", "zz"]


def test_a_test_knows_the_other_sets_that_its_runs_are_trained_on():
    assert plan.other_trainsets(CONFIG, "dna") == plan.other_trainsets(CONFIG, "fr")[:1] == ["en"]
    assert plan.other_trainsets(CONFIG, "fr") == ["en", "dna"]  # in the order of the config, not of the study
    assert plan.other_trainsets(CONFIG, "en") == plan.other_trainsets(CONFIG, "zz") == []


def test_a_pair_set_knows_the_tokenizers_that_read_it():
    assert plan.tokenizers_of(CONFIG, "en") == ["bpe", "base"]  # "base" has its own
    assert plan.tokenizers_of(CONFIG, "fr") == ["bpe"] and plan.tokenizers_of(CONFIG, "zz") == []


specs = st.fixed_dictionaries(
    {
        "recipe": st.sampled_from(["homologs", "homologs", "homologs", "table"]),
        "kind": st.sampled_from(["dna", "protein"]),
        "queries": st.just("a"),
        "search": st.sampled_from([["a"], ["a", "b"]]),
        "length": st.sampled_from([50, 150]),
        "seed": st.just(1),
        "sizes": st.integers(),
        "rules": st.fixed_dictionaries(
            dict.fromkeys(("masking", "max_masked", "max_hits", "max_evalue"), st.just(0))
            | {"windows": st.sampled_from([1, 2]), "identical": st.floats(0, 1), "min_similarity": st.floats(0, 1)}
        ),
    }
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), specs, min_size=1))
def test_sets_that_ask_for_the_same_search_share_it(pairsets):
    """It does not depend on what is done with the hits: sizes, and rules of the pairs."""
    names = list(pairsets)

    def asked(name):
        spec = pairsets[name]
        return spec["kind"], spec["search"], spec["length"], spec["rules"]["windows"]

    for at, name in enumerate(names):
        if pairsets[name]["recipe"] != "homologs":
            continue
        same = [other for other in names if pairsets[other]["recipe"] == "homologs" and asked(other) == asked(name)]
        assert used.shared_search({"pairsets": pairsets}, name) == same[0] and names.index(same[0]) <= at
        assert used.earlier_searched({"pairsets": pairsets}, name) == [
            other
            for other in names[:at]
            if pairsets[other]["recipe"] == "homologs" and pairsets[other]["kind"] == pairsets[name]["kind"]
        ]


@pytest.mark.parametrize("key", [*used.SEARCH_KEYS, *SEARCH_RULES])
def test_another_search_is_another_one(key):
    spec = dict.fromkeys(used.SEARCH_KEYS, "x") | {
        "recipe": "homologs",
        "rules": dict.fromkeys(SEARCH_RULES, "x"),
    }
    other = spec | {"rules": dict(spec["rules"])}
    (other if key in other else other["rules"])[key] = "y"
    pairsets = {"one": spec, "other": other, "last": spec}
    assert [used.shared_search({"pairsets": pairsets}, name) for name in pairsets] == ["one", "other", "one"]


def test_what_a_search_reads_is_what_it_is_known_by():
    """The keys of homologs, and every rule that the Snakemake rules from the windows to the hits look at."""
    assert set(RECIPES["homologs"].needs) <= set(used.SEARCH_KEYS)
    smk = (ROOT / "rules/pairs.smk").read_text()
    rules = smk[smk.index("rule sample_queries:") : smk.index("rule choose_positives:")]
    known = default_config()["pairs"]["rules"]
    assert {name for name in known if re.search(rf"\b{name}\b", rules)} | {"masking"} == set(SEARCH_RULES)


names = st.lists(st.sampled_from("abc"), min_size=1, unique=True)
studies = st.fixed_dictionaries(
    {
        "models": names,
        "trainsets": names,
        "tests": names,
        "seeds": st.lists(st.integers(0, 3), min_size=1, unique=True),
        "controls": st.sampled_from([[], ["untrained"]]),
    }
)


@given(st.dictionaries(st.text(max_size=3), studies, min_size=1, max_size=3))
def test_the_plan_holds_just_what_the_studies_ask_for(blocks):
    config = {"studies": blocks, "tasks": {}, "instructions": {}, "vectors": {}}
    wanted = {
        (model, trainset, seed, test)
        for block in blocks.values()
        for model in block["models"]
        for trainset in block["trainsets"] + block["controls"]
        for seed in block["seeds"]
        for test in block["tests"]
    }
    runs = plan.all_runs(config)
    assert len(runs) == len(set(runs)) and set(runs) == {cell[:3] for cell in wanted}
    for model, trainset, _ in runs:
        tests = plan.tests_of_arm(config, model, trainset)
        assert len(tests) == len(set(tests)) and set(tests) == {c[3] for c in wanted if c[:2] == (model, trainset)}
        assert set(plan.seeds_of_arm(config, model, trainset)) == {c[2] for c in wanted if c[:2] == (model, trainset)}


TASKS = {
    "tasks": {name: {"answers": ["no", "yes"]} for name in ("core", "splice", "tf")},
    "instructions": {
        "told": {"tasks": ["core", "splice"], "examples": 0, "retrieval": "blast"},
        "shown": {"tasks": ["splice"], "examples": 2, "retrieval": "blast", "tuning": {"epochs": 9}},
    },
    "pairsets": {},
    "models": {"nano": {"architecture": "gpt2", "tokenizer": "bpe"}, "nano-random": {"random_of": "nano"}},
    "classification": {"epochs": 1},
    "instruction_tuning": {"epochs": 2},
    "studies": {
        "one": {
            "models": ["nano"],
            "trainsets": ["core", "told", "shown"],
            "seeds": [1],
            "tests": ["core", "splice"],
            "controls": ["random-weights"],
        }
    },
}


def test_a_study_of_tasks_has_its_random_models_beside_it_and_each_run_its_own_tests():
    assert plan.study_runs(TASKS, "one") == [
        (m, t, 1) for m in ("nano", "nano-random") for t in ("core", "told", "shown")
    ]
    assert plan.tests_of_arm(TASKS, "nano", "core") == ["core"]  # a classifier knows its own classes alone
    assert plan.tests_of_arm(TASKS, "nano", "told") == ["core", "splice"]
    assert plan.tests_of_arm(TASKS, "nano-random", "shown") == ["splice"]
    assert (
        list(plan.task_studies(TASKS)) == ["one"]
        and plan.pair_studies(TASKS) == {}
        and used.tested_pairsets(TASKS) == []
    )
    assert used.used_tasks(TASKS) == ["core", "splice"]
    assert used.used_tasks(TASKS | {"studies": {}}) == ["core", "splice", "tf"]


def test_each_kind_of_run_has_options_of_its_own():
    options = [settings.tuning_settings(TASKS, "nano", trainset)["epochs"] for trainset in ("core", "told", "shown")]
    assert options == [1, 2, 9]


def test_a_random_model_reads_as_its_original_does_and_is_not_kept_to_be_asked():
    assert plan.tokenizer_of(TASKS, "nano-random") == "bpe"
    assert plan.instruction_tuned(TASKS, "one") == [("nano", "told"), ("nano", "shown")]


def test_only_tasks_with_examples_by_blast_are_searched():
    assert used.searched_tasks(TASKS) == ["splice"]


def test_how_a_task_is_told_does_not_touch_its_rows():
    task = {"recipe": "table", "answers": ["a", "b"], "phrasings": ["x"], "held_out": "y", "published": "z"}
    assert settings.task_settings({"tasks": {"t": task}}, "t") == {"recipe": "table", "answers": ["a", "b"]}
    spec = {"tasks": ["t"], "loss": "answer", "tuning": {}, "seed": 1, "swapped": 9}
    config = {"tasks": {"t": task}, "instructions": {"s": spec}}
    assert settings.instruction_settings(config, "s") == {"tasks": ["t"], "seed": 1}
    assert settings.instruction_settings(config, "s", tested=True) == {"tasks": ["t"], "seed": 1, "swapped": 9}
    assert settings.prompt_settings(config, "s") == {"t": {"answers": ["a", "b"], "phrasings": ["x"]}}
    assert settings.prompt_settings(config, "s", tested=True)["t"]["held_out"] == "y"


def test_a_random_model_is_made_as_its_original_without_its_corpus():
    made = {"architecture": "gpt2", "tokenizer": "bpe", "shape": {"n_layer": 1}}
    models = {"a": made | {"corpus": "c", "pretraining": {}}, "a-random": {"random_of": "a"}}
    assert settings.model_settings({"models": models}, "a-random") == made
    models = {"a": {"hub": "x/y", "revision": "0"}, "a-random": {"random_of": "a"}}
    assert settings.model_settings({"models": models}, "a-random") == {"random_of": "a"}


def test_a_control_is_a_run_of_its_own_that_says_what_is_wrong_with_it():
    study = CONFIG["studies"]["two"] | {"controls": list(CONTROLS)}
    found = plan.all_arms(study)
    assert found[:2] == plan.main_arms(study) == [("nano", "en"), ("nano", "dna")]
    assert found[2:] == [
        ("nano", "untrained"),
        *[("nano", f"{trainset}.{labels}") for labels in ("shuffled", "flipped") for trainset in ("en", "dna")],
        ("nano-random", "en"),
        ("nano-random", "dna"),
    ]
    assert [is_control(*arm) for arm in found] == [False] * 2 + [True] * 7


def test_random_weights_are_trained_as_the_model_is():
    models = CONFIG["models"] | {"nano-random": {"random_of": "nano"}}
    assert settings.tuning_settings(CONFIG | {"models": models}, "nano-random", "en.shuffled")["epochs"] == 9


def test_a_claim_is_of_tests_of_one_kind_and_question_and_not_of_the_training_set():
    pairsets = {
        "en": {"kind": "sentence", "recipe": "table"},
        "fr": {"kind": "sentence", "recipe": "table"},
        "dna": {"kind": "dna", "recipe": "homologs"},
        "dna-hard": {"kind": "dna", "recipe": "hard", "of": "dna"},
        "coding": {"kind": "coding", "recipe": "coding"},
    }
    study = {"models": ["m"], "trainsets": ["en"], "seeds": [1], "tests": list(pairsets), "controls": ["shuffled"]}
    (found,) = design.comparisons_of({"pairsets": pairsets, "studies": {"s": study}}, "s")
    assert found["arm"] == ["m", "en"] and found["controls"] == {"shuffled": ["m", "en.shuffled"]}
    groups = {"sentences": ["fr"], "DNA": ["dna"], "DNA, matched": ["dna-hard"], "DNA with protein": ["coding"]}
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


def test_a_union_of_synthetic_sentences_is_synthetic():
    pairsets = CONFIG["pairsets"] | {"mix": {"recipe": "union", "of": ["zz", "en"]}}
    pairsets |= {"deep": {"recipe": "union", "of": ["mix"]}, "real": {"recipe": "union", "of": ["zz"]}}
    config = CONFIG | {"pairsets": pairsets}
    assert [name for name in pairsets if used.is_synthetic(config, name)] == ["en", "fr", "mix", "deep"]


def test_studies_that_ask_for_a_papers_figures():
    assert plan.published_studies(CONFIG) == []
    studies = {name: study | {"published": {"tables": ["table1"]}} for name, study in CONFIG["studies"].items()}
    assert plan.published_studies(CONFIG | {"studies": CONFIG["studies"] | {"two": studies["two"]}}) == ["two"]


@pytest.mark.parametrize("name", ["config", "pilot", "paper"])
def test_a_study_is_told_by_its_part_of_the_config_and_no_other_changes_that(name):
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
