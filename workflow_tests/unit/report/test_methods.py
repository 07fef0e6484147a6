"""The methods page: its formulas have functions, its records agree with the files, and it opens in a browser."""

import hashlib
import json
from importlib import import_module
from xml.etree import ElementTree

import pytest
import yaml

from helpers.data import ROOT
from helpers.pages import REPORTS, Page, open_page
from linguist import provenance
from linguist.config.settle import settle
from linguist.config.used import built_models, used_resources, used_tasks, wildcard_values
from linguist.files import write_json
from linguist.layout import FETCH_WARNINGS
from linguist.pairs.recipes import RECIPES
from linguist.report import methods
from linguist.report.formulas import Formula, read_formulas
from linguist.report.page import render
from linguist.splits import SPLITS
from linguist.tasks.recipes import RECIPES as TASK_RECIPES

RUN = {"device": "a GPU", "precision": "bf16", "attention": "sdpa", "threads": 1, "versions": {"torch": "9.9.9"}}
RECORD = {"source": "/a/mirror/hg38", "bytes": 1234567, "sha256": "ab" * 32, "verified": None, "day": "2026-01-02"}
EMPTY = {"pairsets": {}, "resources": {}, "corpora": {}, "models": {}, "studies": {}, "tasks": {}, "instructions": {}}
EMPTY |= {"vectors": {}}
FORMULAS = read_formulas(REPORTS / "formulas.yaml")


@pytest.fixture(scope="module")
def config():
    return settle(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


def write_model(folder, shapes):
    """A folder with a safetensors file of tensors of these shapes."""
    header = {name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    text = json.dumps(header | {"__metadata__": {"format": "pt"}}).encode()
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text)
    return folder


def write_page(folder, config, pairsets, resources, models, trainings):
    """The methods page of a made-up run: its source and its text."""
    paths, tasks, task_paths = [], used_tasks(config) if config["studies"] else [], []
    for name in pairsets:
        for split in SPLITS:
            paths.append(folder / f"{name}.{split}.tsv")
            paths[-1].write_text(f"id\tsentence1\tsentence2\tlabel\n{name}{split}\tA\tC\t1\n\n")
    for name in tasks:
        for split in SPLITS:
            task_paths.append(folder / f"task-{name}.{split}.tsv")
            task_paths[-1].write_text(f"id\tsequence\tlabel\n{name}{split}\tA\t1\n\n")
    folders = [write_model(folder / name, {"a": [3, 4], "b": [5], "c": []}) for name in models]
    pins = methods.read_pins((ROOT / "envs").glob("*.yaml"))
    for place in folders[:1]:
        write_json(place / FETCH_WARNINGS, ["the tokenizer is <odd>"])
    shares = dict.fromkeys(models[:1], 0.98765)
    records = dict.fromkeys(resources, RECORD), methods.list_models(config, models, folders, shares)
    render(
        folder / "methods.html",
        REPORTS / "methods.html.j2",
        formulas=FORMULAS,
        files=methods.count_rows(pairsets, paths),
        task_files=methods.count_rows(tasks, task_paths),
        task_recipes={
            name: TASK_RECIPES[name].paragraphs for name in dict.fromkeys(config["tasks"][t]["recipe"] for t in tasks)
        },
        software=methods.list_software("9.99", trainings, {"blastn": ["2.34.5"]}, pins),
        recipes={spec["recipe"]: RECIPES[spec["recipe"]].paragraphs for spec in config["pairsets"].values()},
        citation=methods.read_citation(ROOT / "CITATION.cff"),
        **methods.methods_page(config, pairsets, *records, trainings),
    )
    source = (folder / "methods.html").read_text(encoding="utf-8")
    page = Page(source)
    assert len(page.ids) == len(set(page.ids)) and all(load.startswith("#") for load in page.loads)
    text = " ".join(" ".join(page.text).split())
    assert not {"None", "nan", "Undefined", "None,"} & set(text.split())
    return source, text


def test_the_share_in_a_run_is_that_of_the_smallest():
    trainings = [{"loaded_share": 0.99}, {"loaded_share": 0.98}, {"loss": 1.0}]
    assert methods.loaded_shares(["a", "a", "b"], trainings) == {"a": 0.98}


def test_the_page_shows_all_that_the_demo_is_made_of(config, tmp_path):
    pairsets, resources, models = list(config["pairsets"]), used_resources(config), built_models(config)
    assert set(resources) <= set(config["resources"]) and models
    source, text = write_page(tmp_path, config, pairsets, resources, models, [RUN])
    titles = [block["title"] for section in ("studies", "vectors") for block in config[section].values()]
    for name in [*pairsets, *resources, *models, *titles]:
        assert name in text
    assert hashlib.sha256((tmp_path / "en.dev.tsv").read_bytes()).hexdigest()[:16] in text
    assert "min_similarity 0.85" in text and "1,234,567" in text and "ab" * 32 in text and "2026-01-02" in text
    for task in used_tasks(config):
        assert f"{task} {config['tasks'][task]['recipe']}" in text
        assert TASK_RECIPES[config["tasks"][task]["recipe"]].paragraphs[0] in text
    assert "a GPU" in text and "sdpa" in text and "9.9.9" in text and "9.99" in text and "blastn 2.34.5" in text
    assert "Can linguists better understand DNA?" in text and "DNAHLM" in text
    assert "match 2, mismatch −3" in text and "BLOSUM62" in text
    assert source.count("<math") == len(FORMULAS)
    assert " 18 " in f" {text} "  # 12 + 5 + 1 parameters
    assert "98.77 %" in text and source.count("data-warning") == 1
    assert f"Check the tokenizer of {models[0]}. The tokenizer is <odd>" in text
    dom, console = open_page(tmp_path / "methods.html", tmp_path)
    assert "<mfrac>" in dom and "Uncaught" not in console and "ERROR:CONSOLE" not in console


def test_a_config_without_anything_has_a_page(config, tmp_path):
    source, _ = write_page(tmp_path, config | EMPTY, [], [], [], [])
    assert source.count("<math") == len(FORMULAS)


def test_only_rules_that_the_recipe_reads_are_shown(config):
    assert methods.used_rules(config["pairsets"]["en"]).keys() == {"negatives"}
    rules = methods.used_rules(config["pairsets"]["dna50"])
    assert "min_similarity" in rules and "transitions" not in rules


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.name)
def test_every_formula_has_a_function_and_is_well_formed(formula):
    module, _, name = formula.function.rpartition(".")
    assert callable(getattr(import_module(f"linguist.{module}"), name))
    assert len(ElementTree.fromstring(formula.mathml)) and "\\" not in formula.mathml


@pytest.mark.parametrize("function", ["intervals.wilsons", "no_such_module.wilson", "wilson"])
def test_a_formula_without_a_function_is_an_error_at_once(function):
    with pytest.raises(LookupError, match="no function"):
        Formula("x", "x", "", function)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_described(recipe):
    assert all(len(text) > 10 for text in RECIPES[recipe].paragraphs)


def test_a_resource_says_whether_it_was_verified_and_where_it_came_from():
    spec = {"url": "https://example.org/hg38", "sha256": "ab" * 32}
    found = methods.list_resource("hg38", spec, RECORD | {"verified": "sha256"}, None)
    assert found["verified"] and found["mirror"] == "/a/mirror/hg38" and found["licence"] == "not stated"
    unpinned = {"url": "https://example.org/hg38"}
    assert methods.list_resource("hg38", unpinned, RECORD, None)["checksum"] == "none"
    assert "lock file" in methods.list_resource("hg38", unpinned, RECORD | {"verified": "sha256"}, None)["checksum"]
    found = methods.list_resource("hg38", {"path": "hg38.fa"}, RECORD, "CC0")
    assert not found["verified"] and found["mirror"] is None and found["address"] == "hg38.fa"


def test_a_folder_without_weights_has_no_number_of_parameters(tmp_path):
    assert methods.count_parameters(tmp_path) is None


def test_parameters_are_those_of_a_real_model(base_models):
    from transformers import AutoModelForMaskedLM

    model = AutoModelForMaskedLM.from_pretrained(base_models["bert"])
    assert methods.count_parameters(base_models["bert"]) == sum(p.numel() for p in model.parameters())


def test_a_command_that_does_not_exist_prints_nothing():
    assert provenance.run_quietly("no-such-command") is None and provenance.run_quietly("false") is None
    assert len(provenance.workflow_version()["digest"]) == 16


def test_what_is_in_use_is_of_the_config(config):
    used = wildcard_values(config)
    for wildcard, section in {"pairset": "pairsets", "model": "models", "task": "tasks", "corpus": "corpora"}.items():
        assert used[wildcard] and set(used[wildcard]) <= set(config[section])
    fewer = config | {"studies": {}, "vectors": {}, "models": {}, "tokenizers": {}}
    assert used_resources(fewer) and wildcard_values(fewer)["corpus"] == []


def test_a_fetched_resource_leaves_a_record(tmp_path):
    from linguist.sequences.fetching import Origin, fetch

    body = b">a\nACGT\n"
    (tmp_path / "a.fa").write_bytes(body)
    md5, sha256 = (hashlib.new(name, body).hexdigest() for name in ("md5", "sha256"))
    for given, algorithm in (({"md5": md5}, "md5"), ({"sha256": sha256}, "sha256"), ({}, None)):
        record = fetch("a", tmp_path / "out", Origin(path=tmp_path / "a.fa", **given))
        assert (record["bytes"], record["sha256"], record["verified"]) == (len(body), sha256, algorithm)
