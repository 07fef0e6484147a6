"""What the studies of a config make use of, in the order of the config."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.configs import CONFIG
from helpers.data import ROOT
from linguist.config import plan, used
from linguist.config.schema import default_config
from linguist.pairs.recipes import RECIPES
from linguist.pairs.search import SEARCH_RULES


def test_a_config_of_vectors_alone_uses_what_they_name():
    config = CONFIG | {
        "studies": {},
        "vectors": {"words": {"models": ["nano"], "trainset": "en", "seeds": [1]}},
    }
    assert used.used_models(config) == ["nano"] and used.used_pairsets(config) == ["en"]
    assert plan.all_runs(config) == [("nano", "en", 1)]


def test_models_that_are_used_and_pretrained():
    more = {"other": {"architecture": "gpt2", "corpus": "mix"}, "nano": CONFIG["models"]["nano"] | {"corpus": "mix"}}
    config = CONFIG | {"models": CONFIG["models"] | more}
    assert used.used_models(config) == ["nano", "base"] and used.pretrained_models(config) == ["nano"]
    assert used.pretrained_models(config | {"studies": {}}) == ["nano", "other"]


def test_used_pair_sets_come_in_the_order_of_the_config_and_without_a_study_all_are():
    assert used.used_pairsets(CONFIG) == ["en", "fr", "dna"]
    assert used.used_pairsets(CONFIG | {"studies": {"two": CONFIG["studies"]["two"] | {"tests": ["dna"]}}}) == [
        "en",
        "dna",
    ]
    assert used.used_pairsets(CONFIG | {"studies": {}}) == ["en", "fr", "dna", "zz"]


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


def test_a_search_is_identified_by_all_that_it_reads():
    """The keys of homologs, and every rule that the Snakemake rules from the windows to the hits look at."""
    assert set(RECIPES["homologs"].needs) <= set(used.SEARCH_KEYS)
    smk = (ROOT / "rules/pairs.smk").read_text()
    rules = smk[smk.index("rule sample_queries:") : smk.index("rule choose_positives:")]
    known = default_config()["pairs"]["rules"]
    assert {name for name in known if re.search(rf"\b{name}\b", rules)} | {"masking"} == set(SEARCH_RULES)


def test_a_union_of_synthetic_sentences_is_synthetic():
    pairsets = CONFIG["pairsets"] | {"mix": {"recipe": "union", "of": ["zz", "en"]}}
    pairsets |= {"deep": {"recipe": "union", "of": ["mix"]}, "real": {"recipe": "union", "of": ["zz"]}}
    config = CONFIG | {"pairsets": pairsets}
    assert [name for name in pairsets if used.is_synthetic(config, name)] == ["en", "fr", "mix", "deep"]
