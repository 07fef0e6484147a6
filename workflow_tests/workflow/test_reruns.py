"""What one change reruns, by dry runs over results that are empty files: everything it affects, and nothing else."""

import re
import shutil
from functools import partial

import pytest

from helpers.data import ROOT
from helpers.runs import STUDY, edit_config, planned_rules

SHELL = re.compile(r'^rule (\w+):(?:(?!^rule ).)*?^    shell:\n        "', re.M | re.S)
SHELL_RULES = [match[1] for path in sorted(ROOT.glob("rules/*.smk")) for match in SHELL.finditer(path.read_text())]


@pytest.fixture
def planned(snakemake):
    """A function that gives the names of the rules that a dry run in a folder would run."""
    return partial(planned_rules, snakemake)


@pytest.fixture(scope="module")
def finished(make_checkout, snakemake):
    """A checkout with an empty file for every result, which Snakemake takes for finished."""
    folder = make_checkout()
    (folder / "scripts/linguist/aside.py").write_text("VALUE = 1\n")
    edit(folder, "scripts/collect_metrics.py", '"""\n', '"""\n\nimport linguist.aside\n')
    listing = snakemake(folder, "-n", "--configfile", STUDY)
    assert listing.returncode == 0, listing.stderr
    for line in re.findall(r"^ +output: (.+)$", listing.stdout, re.M):
        for path in map(folder.joinpath, line.split(", ")):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in ("", ".db") and path.parent.name != "resources":  # a rule's output is a directory
                path.mkdir()
            else:
                path.write_text("x")
    run = snakemake(folder, "--touch", "--forceall", "--cores", "2", "--configfile", STUDY)
    assert run.returncode == 0, run.stderr[-4000:]
    assert planned_rules(snakemake, folder) == set()
    return folder


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished checkout that a test may change; time stamps are kept."""
    return shutil.copytree(finished, tmp_path / "copy", symlinks=True)


def edit(folder, name, old, new):
    """Replace the first `old` in a file by `new`."""
    text = (folder / name).read_text()
    assert old in text, f"{name} does not hold {old!r}"
    (folder / name).write_text(text.replace(old, new, 1))


# ── code ──


def test_touched_files_and_comments_rerun_nothing(copy, planned):
    for path in [*copy.glob("rules/*.smk"), *copy.glob("scripts/**/*.py")]:
        path.write_text(path.read_text() + "\n\n# a comment\n")
    assert planned(copy) == set()


@pytest.mark.parametrize("rule", SHELL_RULES)
def test_an_edited_shell_command_reruns_its_rule(rule, copy, planned):
    for path in copy.glob("rules/*.smk"):
        path.write_text(SHELL.sub(lambda found: found[0] + "true && " * (found[1] == rule), path.read_text()))
    assert rule in planned(copy)


def test_an_edited_function_reruns_what_uses_it(copy, planned):
    path = copy / "scripts/linguist/report/costs.py"
    path.write_text(path.read_text() + "\nUNUSED = 1\n")
    rerun = planned(copy)
    assert "write_costs" in rerun and not {"build_pairs", "finetune", "compute_metrics"} & rerun


def test_a_module_that_is_imported_by_its_full_name_counts(copy, planned):
    (copy / "scripts/linguist/aside.py").write_text("VALUE = 2\n")
    rerun = planned(copy)
    assert "collect_metrics" in rerun and "finetune" not in rerun


def test_an_edited_recipe_reruns_its_sets_alone(copy, planned):
    """No corpus leaves out the test windows of a set of this recipe."""
    path = copy / "scripts/linguist/pairs/matched.py"
    path.write_text(path.read_text() + "\nUNUSED = 1\n")
    rerun = planned(copy)
    assert {"build_pairs", "audit_pairs"} <= rerun and not {"pretrain", "train_tokenizer"} & rerun


def test_an_edited_description_of_a_recipe_reruns_pages_alone(copy, planned):
    edit(copy, "scripts/linguist/pairs/recipes/coding.py", '"""Windows of', '"""Described anew: windows of')
    assert {name.partition("_")[0] for name in planned(copy)} == {"write"}


def test_an_edited_template_reruns_its_page_alone(copy, planned):
    path = copy / "reports/methods.html.j2"
    path.write_text(path.read_text() + "\n")
    assert planned(copy) == {"write_methods", "write_costs"}


# ── configuration ──


def test_a_changed_key_reruns_what_depends_on_it(copy, planned):
    rerun = planned(copy, edit_config(copy, lambda study: study["finetuning"].update(learning_rate=2e-3)))
    assert {"finetune", "evaluate", "compute_metrics"} <= rerun
    assert not {"build_pairs", "tokenize_pairs", "train_tokenizer", "pretrain", "search_homologs"} & rerun


def test_a_tokenizer_option_reruns_all_that_reads_its_tokens(copy, planned):
    rerun = planned(copy, edit_config(copy, lambda study: study["tokenizers"]["words"].update(vocab_size=700)))
    assert {"train_tokenizer", "encode_corpus", "tokenize_pairs", "pretrain", "finetune"} <= rerun
    assert not {"build_pairs", "mix_corpus"} & rerun


def test_an_unseen_wording_leaves_the_training_rows_alone(copy, planned):
    rerun = planned(copy, edit_config(copy, lambda study: study["tasks"]["repeat"].update(held_out="Or is it?")))
    assert {"build_questions", "tune_instructions", "compute_task_metrics"} <= rerun  # its weights were deleted
    assert not {"build_instructions", "build_task", "finetune"} & rerun


def test_an_instruction_wording_leaves_the_rows_of_its_task_alone(copy, planned):
    rerun = planned(copy, edit_config(copy, lambda study: study["tasks"]["repeat"].update(phrasings=["A repeat?"])))
    assert {"build_instructions", "tune_instructions", "compute_task_metrics"} <= rerun
    assert not {"build_task", "tokenize_task", "score_baselines", "finetune", "search_neighbours"} & rerun


def test_more_points_in_a_figure_of_vectors_train_nothing(copy, planned):
    rerun = planned(copy, edit_config(copy, lambda study: study.update(vector={"points": 20})))
    assert "plot_vectors" in rerun and not {"embed_words", "embed_words_before", "finetune"} & rerun


def test_a_longer_pretraining_leaves_corpus_and_tokens_alone(copy, planned):
    rerun = planned(copy, edit_config(copy, lambda study: study["pretraining"].update(epochs=2)))
    assert {"pretrain", "finetune", "write_pretraining"} <= rerun
    assert not {"segment_genome", "mix_corpus", "train_tokenizer", "encode_corpus", "tokenize_pairs"} & rerun


def test_a_larger_corpus_reruns_all_that_reads_it(copy, planned):
    def enlarge(study):
        study["corpora"]["mixed"]["sources"]["dna"]["bytes"] = 61000

    rerun = planned(copy, edit_config(copy, enlarge))
    assert {"segment_genome", "mix_corpus", "train_tokenizer", "encode_corpus", "pretrain", "finetune"} <= rerun
    assert not {"build_pairs", "search_homologs", "sample_queries"} & rerun


def test_a_changed_rule_reruns_the_sets_that_read_it(copy, planned):
    rerun = planned(copy, edit_config(copy, lambda study: study["pairs"]["rules"].update(transitions=0.5)))
    assert not {"build_pairs", "choose_positives", "search_homologs"} & rerun
    rerun = planned(copy, edit_config(copy, lambda study: study["pairs"]["rules"].update(unrelated=0.5)))
    assert "build_pairs" in rerun and not {"choose_positives", "search_homologs", "train_tokenizer"} & rerun


def test_another_seed_shares_everything_but_its_run(copy, planned):
    rerun = planned(copy, edit_config(copy, lambda study: study["studies"]["small"].update(seeds=[1, 2])))
    assert "finetune" in rerun and not {"build_pairs", "tokenize_pairs"} & rerun
