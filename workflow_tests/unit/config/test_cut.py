"""The cut configuration of a preview: little data and few steps, but every rule, model, set and control of the study."""

import pytest
import yaml

from helpers.data import ROOT
from linguist.config import plan, used
from linguist.config.cut import FEW_ARMS, ROWS, STEPS, cut_config
from linguist.config.settings import pretraining_settings, tuning_settings
from linguist.config.settle import settle

CONFIGS = {
    path.stem: settle(yaml.safe_load(path.read_text()))
    for path in ROOT.glob("config/*.yaml")
    if path.stem != "defaults" and not path.name.endswith(".lock.yaml")
}


@pytest.fixture(params=CONFIGS)
def whole(request):
    return CONFIGS[request.param]


def test_a_cut_leaves_the_configuration_as_it_is(whole):
    before = yaml.safe_dump(whole)
    cut_config(whole)
    assert yaml.safe_dump(whole) == before


def test_every_set_model_study_and_control_is_tried(whole):
    cut = cut_config(whole)
    assert cut.keys() == whole.keys()
    sections = "resources pairsets tasks instructions corpora tokenizers models studies vectors"
    for section in sections.split():
        assert list(cut[section]) == list(whole[section])
    parts = ("built_pairsets", "built_tasks", "used_resources", "used_instructions", "used_corpora")
    for names in (getattr(used, part) for part in parts):
        assert names(cut) == names(whole)
    for model in used.used_models(whole):  # of models with random weights, each way to make them
        assert model in used.used_models(cut) or "random_of" in whole["models"][model]

    def controls(config):
        return {(plan.is_of_tasks(config, name), c) for name, s in config["studies"].items() for c in s["controls"]}

    assert controls(cut) == controls(whole)


def test_no_training_has_more_than_some_steps(whole):
    cut = cut_config(whole)
    for model, trainset, _ in plan.trained_runs(plan.all_runs(cut)):
        name = trainset.partition(".")[0]
        options = tuning_settings(cut, model, name)
        sets = cut["instructions"][name]["tasks"] if name in cut["instructions"] else [name]
        rows = sum((cut["pairsets"] | cut["tasks"])[one]["sizes"]["train"] for one in sets)
        assert options["epochs"] * rows / options["batch_size"] <= STEPS
    for model in used.pretrained_models(cut):
        options = pretraining_settings(cut, model)
        assert options["epochs"] == 1 and options["context"] == pretraining_settings(whole, model)["context"]
        assert (options["micro_batch"] or 1) <= options["batch_size"]


def test_rows_windows_and_seeds_are_few(whole):
    cut = cut_config(whole)
    for name, spec in cut["pairsets"].items():
        assert all(
            spec["sizes"][split] <= min(ROWS[split], size) for split, size in whole["pairsets"][name]["sizes"].items()
        )
    for study in cut["studies"].values():
        arms = len(plan.all_arms(study))
        assert len(study["seeds"]) == 1 or arms <= FEW_ARMS


def test_what_decides_the_code_stays(whole):
    cut = cut_config(whole)
    for name, spec in whole["pairsets"].items():
        for key in ("kind", "recipe", "length", "search", "queries"):
            assert cut["pairsets"][name].get(key) == spec.get(key)
    for name, model in whole["models"].items():
        shape, ours = model.get("shape", {}), cut["models"][name].get("shape", {})
        assert {key for key in ours if ours[key] != shape.get(key)} <= {"n_layer", "num_hidden_layers"}


def test_searched_resources_get_homologs_of_what_is_searched_for():
    cut = cut_config(CONFIGS["paper"])
    assert cut["resources"]["mm39"]["cut"]["copies"] == [("hg38", "ACGT")]
    assert cut["resources"]["hg38"]["cut"]["copies"] == []
    assert [name for name, _ in cut["resources"]["swissprot"]["cut"]["copies"]] == ["swissprot"]
