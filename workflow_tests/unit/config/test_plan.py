"""Which runs a config asks for: each once, with the tests of all studies that have it."""

from hypothesis import given
from hypothesis import strategies as st

from helpers.configs import CONFIG, TASKS
from linguist.config import plan, used
from linguist.training.controls import is_control


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


def test_seeds_of_a_model_and_trainset_come_from_all_studies():
    assert plan.seeds_of_arm(CONFIG, "nano", "en") == [2, 1, 3]
    assert plan.seeds_of_arm(CONFIG, "nano", "untrained") == [2, 1]
    assert plan.seeds_of_arm(CONFIG, "base", "dna") == []


def test_seeds_of_one_model_and_trainset_share_jobs():
    arms = dict.fromkeys((model, trainset) for model, trainset, _ in plan.all_runs(CONFIG))
    config = CONFIG | {"runs_per_job": 2, "keep_weights": "none"}
    assert plan.shared_jobs(config, arms) == {
        (1, 2): [("nano", "en"), ("base", "en"), ("nano", "untrained"), ("base", "untrained")],
        (1, 3): [("nano", "dna")],
    }  # seed 3 of (nano, en) is left over
    assert (1, 2, 3) in plan.shared_jobs(config | {"runs_per_job": 10}, arms)
    untrained = {(1, 2): [("nano", "untrained"), ("base", "untrained")]}  # which share their computations
    assert plan.shared_jobs(config | {"runs_per_job": 1}, arms) == untrained


def test_runs_whose_weights_are_read_share_no_job():
    arms, config = [("nano", "en"), ("base", "en")], CONFIG | {"runs_per_job": 10, "keep_weights": "none"}
    vectors = {"words": {"models": ["nano"], "trainset": "en", "seeds": [1]}}
    assert plan.shared_jobs(config | {"vectors": vectors}, arms) == {(1, 2): [("base", "en")]}
    assert plan.shared_jobs(config | {"keep_weights": "best"}, [*arms, ("nano", "untrained")]) == {
        (1, 2): [("nano", "untrained")]
    }
    assert plan.shared_jobs(config | {"keep_weights": "all"}, [*arms, ("nano", "untrained")]) == {
        (1, 2): [("nano", "untrained")]
    }


@given(st.sets(st.integers(0, 30), min_size=1), st.sets(st.integers(0, 30), min_size=1))
def test_different_seeds_have_different_names(one, other):
    names = [plan.name_of_seeds(sorted(seeds)) for seeds in (one, other)]
    assert (names[0] == names[1]) == (one == other)


def test_consecutive_seeds_are_named_by_the_first_and_the_last():
    assert plan.name_of_seeds([1, 2, 3, 7]) == "1to3-7" and plan.name_of_seeds([1, 2]) == "1-2"


def test_a_test_knows_the_other_sets_that_its_runs_are_trained_on():
    assert plan.other_trainsets(CONFIG, "dna") == plan.other_trainsets(CONFIG, "fr")[:1] == ["en"]
    assert plan.other_trainsets(CONFIG, "fr") == ["en", "dna"]  # in the order of the config, not of the study
    assert plan.other_trainsets(CONFIG, "en") == plan.other_trainsets(CONFIG, "zz") == []


def test_a_pair_set_knows_the_tokenizers_that_read_it():
    assert plan.tokenizers_of(CONFIG, "en") == ["bpe", "base"]  # "base" has its own
    assert plan.tokenizers_of(CONFIG, "fr") == ["bpe"] and plan.tokenizers_of(CONFIG, "zz") == []


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
        and used.tested_sets(TASKS) == ["core", "splice"]
    )
    assert used.used_tasks(TASKS) == ["core", "splice"]
    assert used.used_tasks(TASKS | {"studies": {}, "vectors": {}}) == ["core", "splice", "tf"]


def test_a_random_model_has_the_tokenizer_of_its_original_and_its_weights_do_not_stay():
    assert plan.tokenizer_of(TASKS, "nano-random") == "bpe"


def test_a_control_is_a_run_of_its_own_named_after_what_differs():
    study = CONFIG["studies"]["two"] | {"controls": ["untrained", "shuffled", "flipped", "random-weights"]}
    found = plan.all_arms(study)
    assert found[:2] == plan.main_arms(study) == [("nano", "en"), ("nano", "dna")]
    assert found[2:] == [
        ("nano", "untrained"),
        *[("nano", f"{trainset}.{change}") for change in ("shuffled", "flipped") for trainset in ("en", "dna")],
        ("nano-random", "en"),
        ("nano-random", "dna"),
    ]
    assert [is_control(*arm) for arm in found] == [False] * 2 + [True] * 7


def test_accuracy_by_identity_is_for_sets_that_a_study_trains_and_tests_on():
    study = {"trainsets": ["dna", "en"], "tests": ["en", "dna", "protein"]}
    kinds = {"en": "sentence", "dna": "dna", "protein": "protein"}
    config = {"studies": {"s": study}, "pairsets": {name: {"kind": kind} for name, kind in kinds.items()}}
    assert plan.own_tests(config, "s") == ["dna"]


def test_studies_that_ask_for_published_results():
    assert plan.published_studies(CONFIG) == []
    studies = {name: study | {"published": {"tables": ["table1"]}} for name, study in CONFIG["studies"].items()}
    assert plan.published_studies(CONFIG | {"studies": CONFIG["studies"] | {"two": studies["two"]}}) == ["two"]


def test_pair_sets_share_jobs_in_the_order_of_the_config():
    used_sets = used.used_pairsets(CONFIG)
    assert used_sets == ["en", "fr", "dna"]
    assert [*used.shared_sets(CONFIG | {"sets_per_job": 2})] == [("en", "fr")]  # the third is left over
    assert used.shared_sets(CONFIG | {"sets_per_job": 1}) == {}
    tokens = used.shared_tokens(CONFIG | {"sets_per_job": 9})
    assert tokens == {("en", "fr", "dna"): ["bpe"], ("en", "dna"): ["base"]}
