"""Which files a rule reads: properties that hold for every shipped config, and what changes with a key."""

import copy
from types import SimpleNamespace

import pytest
import yaml

from helpers.data import ROOT
from linguist import layout
from linguist.config import inputs, plan, used
from linguist.config.settle import settle
from linguist.splits import SPLITS
from linguist.training.controls import UNTRAINED, is_control


def read_config(name, **changes):
    return settle(yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()) | changes)


@pytest.fixture(scope="module")
def demo():
    return read_config("config")


@pytest.fixture(params=["config", "first-answer", "pilot", "paper"], scope="module")
def config(request):
    return read_config(request.param)


def leaves(files):
    """All paths of {name: path or list of paths}."""
    return [path for value in files.values() for path in ([value] if isinstance(value, str) else value)]


def test_a_pair_set_is_made_from_resources_other_sets_or_shipped_files(config):
    sources = [layout.positives_file(name) for name in config["pairsets"]]
    sources += [layout.resource_or_archive(name + member) for name in config["resources"] for member in ("", ":x")]
    sources += [path for name in config["pairsets"] for path in layout.pair_splits(name).values()]
    for name in config["pairsets"]:
        files = leaves(inputs.recipe_files(config, "pairsets", name))
        assert files and not {*files} & {*layout.pair_splits(name).values()}
        assert all(path in sources or (ROOT / path).is_file() for path in files)


def test_homologs_read_each_hit_file_once_and_keep_to_the_sets_above(config):
    for name in filter(lambda name: used.is_searched(config["pairsets"][name]), config["pairsets"]):
        files = inputs.homolog_files(config, name)
        hits = [*files["hits"], *files["earlier_hits"]]
        assert len(hits) == len(set(hits))
        assert len(files["hits"]) == config["blast"]["parts"] * len(files["databases"])
        above = list(config["pairsets"])[: list(config["pairsets"]).index(name)]
        assert {*files["earlier_positives"]} <= {layout.positives_file(other) for other in above}


def test_only_a_genome_masked_by_windowmasker_needs_intervals(demo):
    masked = copy.deepcopy(demo)
    masked["pairsets"]["dna50"]["rules"]["masking"] = masked["pairsets"]["protein150"]["rules"]["masking"] = (
        "windowmasker"
    )
    assert "masks" in inputs.query_files(masked, "dna50") and "masks" not in inputs.query_files(demo, "dna50")
    assert "masks" not in inputs.query_files(masked, "protein150")


def test_only_instruction_sets_that_retrieve_examples_need_hits(demo):
    assert inputs.instruction_files(demo, "told")["hits"] == []
    shown = inputs.instruction_files(demo, "shown")
    assert len(shown["hits"]) == len(shown["rows"]) == len(SPLITS) * len(demo["instructions"]["shown"]["tasks"])


def test_a_task_of_a_folder_reads_its_tables(demo):
    files = {split: [f"folder/{split}.csv"] for split in SPLITS}
    tasks = {"core": {"recipe": "table", "folder": "folder", "files": files}}
    assert inputs.recipe_files(demo | {"tasks": tasks}, "tasks", "core") == files


def test_documents_of_a_genome_are_its_segments_and_excluded_pairs_are_test_rows(demo):
    assert [path.split("/")[1] for path in inputs.document_files(demo, "mixed", "txt")].count("segments") == 1
    files = inputs.source_files(demo, "mixed", "protein")
    assert files["pairs"] == [layout.pair_splits(name)["test"] for name in ("protein150", "coding")]
    sentences = inputs.source_files(demo, "english", "sentences")  # of its own pair sets, too
    own = layout.pair_splits("paraphrases-en")
    assert sentences["files"] == [own["train"]] and sentences["pairs"] == [own["test"]]
    assert inputs.source_files(demo, "mixed", "dna")["files"] == [layout.sequences_file("dna", "chr22")]


def test_an_untrained_run_is_tested_with_the_model_itself_and_a_control_reads_the_rows_of_its_set(demo):
    model = SimpleNamespace(model="gpt2-nano")
    untrained, run = (
        SimpleNamespace(**vars(model), trainset=UNTRAINED),
        SimpleNamespace(**vars(model), trainset="en", seed=1),
    )
    assert inputs.tested_weights(untrained) == layout.model_folder("gpt2-nano")
    assert inputs.tested_weights(run) == "<results>/runs/gpt2-nano/en/seed-1/weights"
    given = inputs.training_files(demo, "gpt2-nano", "dna50")
    assert inputs.training_files(demo, "gpt2-nano", "dna50.shuffled") == given
    assert inputs.training_files(demo, "gpt2-nano-random", "dna50") == given  # it has the tokenizer of its original


def test_a_random_model_is_made_from_a_tokenizer_or_from_the_shape_of_a_fetched_model(demo):
    assert inputs.initial_files(demo, "gpt2-nano-random") == inputs.tokenizer_folder(demo, "mixed-bpe")
    models = demo["models"] | {"hub": {"hub": "a/b"}, "hub-random": {"random_of": "hub"}}
    assert inputs.initial_files(demo | {"models": models}, "hub-random") == layout.model_folder("hub")
    assert inputs.tokenizer_folder(demo | {"models": models}, "hub") == layout.model_folder("hub")


def test_all_runs_of_a_config_and_its_pretrainings_have_metrics(config):
    metrics = inputs.training_metrics(config)
    assert (
        len(metrics)
        == len(set(metrics))
        == len(used.pretrained_models(config)) + len(plan.trained_runs(plan.all_runs(config)))
    )
    for study in config["studies"]:
        assert {*inputs.metrics_files(config, study)} <= {*metrics}


@pytest.mark.parametrize("keep", ["none", "best", "all"])
def test_weights_that_stay_are_asked_for(keep):
    config = read_config("config", keep_weights=keep)
    weights = [path for path in inputs.requested_files(config) if "/runs/" in path]
    trained = plan.trained_runs(plan.all_runs(config))
    if keep == "all":
        assert weights == inputs.run_files(trained, "weights")
    elif keep == "best":
        assert {*weights} == {f"<results>/runs/{m}/{t}/best" for m, t, _ in trained if not is_control(m, t)}
    else:
        assert not weights


def test_a_config_without_studies_asks_for_all_of_its_pair_sets_and_for_no_answer(demo):
    bare = demo | {"studies": {}, "vectors": {}}
    asked = inputs.requested_files(bare)
    assert {f"<results>/report/pairs/{name}.html" for name in demo["pairsets"]} <= {*asked}
    whole = {"<results>/report/answer.html", "<results>/tables/summary.txt", "<results>/tables/metrics.tsv"}
    assert not whole & {*asked} and whole <= {*inputs.requested_files(demo)}
