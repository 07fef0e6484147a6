"""Asking a tuned model: answers with their probabilities, solved examples, free text, and mistakes in one line."""

import io
import json
import os
import random
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers.data import ROOT, letters
from helpers.instructions import TASKS
from linguist.errors import LinguistError
from linguist.files import write_json
from linguist.tasks import answering
from linguist.tasks.chat import ExampleFinder, answer_command, answer_line
from linguist.tasks.store import write_task
from linguist.tokenizers.encoding import encode_texts, tokenize_splits
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.finetuning import finetune
from linguist.training.tuning import Run


def typed(raw):
    """Standard input with these bytes."""
    return io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8")


def ask(*arguments, **options):
    given = {"question": None, "model": None, "sequence": None, "fasta": None, "examples": 0, "task": None}
    given |= {"tokens": 10, "temperature": 0.0}
    out = io.StringIO()
    answer_command(SimpleNamespace(**(given | options)), out)
    return out.getvalue()


def test_an_answer_has_its_probability_among_those_of_its_task(tuned):
    said = ask(model=str(tuned / "weights"), question="GC?", sequence="ggccggccggcggc")
    text, rest = said.rstrip("\n").split("\t")
    assert text == "high" and float(rest.split()[0]) > 0.5
    assert rest.endswith(f"(low {1 - float(rest.split()[0]):.3f})")


@pytest.mark.parametrize("unseen", [True, False])
def test_a_wording_is_answered_by_its_task_and_any_other_question_by_the_likeliest(unseen, tuned, monkeypatch):
    """A model that stands alone, without its instruction set, knows the trained wordings."""
    model = answering.InstructedModel(tuned / "weights")
    model.unseen = {"rich": ["How much?"], "begin": ["Which one?"]} if unseen else {}
    likely = {"low": 0.1, "high": 0.2, "Adenine": 0.4, "Cytosine": 0.2, "other base": 0.1}

    def fixed(model, tokenizer, prompts, answers, accelerator):
        return [""], np.log([[likely[answer] for answer in answers]])

    monkeypatch.setattr(answering, "answer_prompts", fixed)
    for question in ["GC?", " gc?\n", *["How much?", "HOW MUCH? "] * unseen]:
        answer = model.ask(question, "ACGT")
        assert (answer.text, answer.task) == ("high", "") and answer.probability == pytest.approx(2 / 3)
        assert answer_line(answer).count("\t") == 1
    for question in ["GC", "Is GC? so?", *["How much?"] * (not unseen)]:
        answer = model.ask(question, "ACGT")
        assert (answer.text, answer.task) == ("Adenine", "begin") and answer.share == pytest.approx(0.7)
        assert answer_line(answer, "one").split("\t")[3] == "begin 0.700"


def test_unseen_wordings_are_read_beside_the_instruction_set_so_that_they_are_never_stale(tuned):
    results = tuned.parents[3]
    assert answering.read_unseen(tuned / "weights") == answering.read_unseen(tuned.parent / "best") == {}
    path = results / "instructions" / tuned.parent.name / "unseen.json"
    try:
        for text in ("How much?", "How rich?"):
            write_json(path, {"rich": [text]})
            for folder in (tuned / "weights", tuned.parent / "best"):
                assert answering.read_unseen(folder) == {"rich": [text]}
            assert answering.InstructedModel(tuned / "weights").is_wording(text.upper(), "rich")
    finally:
        path.unlink()


def test_of_tasks_with_the_same_wording_or_answers_the_likeliest_is_named(tuned, monkeypatch):
    model = answering.InstructedModel(tuned / "weights")
    monkeypatch.setattr(answering, "answer_prompts", lambda *_: ([""], np.log([[0.1, 0.2, 0.7]])))
    yes_no = {"answers": ["yes", "no"], "phrasings": ["Is it?"]}
    model.tasks = {"one": yes_no, "two": yes_no, "three": {"answers": ["no", "maybe"], "phrasings": ["Is it?", "Or?"]}}
    answer = model.ask("Is it?", "ACGT")
    assert (answer.text, answer.task) == ("maybe", "three") and answer.share == pytest.approx(0.9)
    assert model.ask("Or?", "ACGT").task == ""
    model.tasks = {"one": yes_no, "two": yes_no, "three": {"answers": ["maybe"], "phrasings": ["Or?"]}}
    monkeypatch.setattr(answering, "answer_prompts", lambda *_: ([""], np.log([[0.5, 0.2, 0.3]])))
    assert model.ask("Is it?", "ACGT").task == ""  # it has the same answer, whichever is meant
    answer = model.ask("What?", "ACGT")
    assert (answer.text, answer.task) == ("yes", "one, two") and answer.share == pytest.approx(0.7)


def test_a_reader_that_stops_early_ends_it_quietly(tuned, tmp_path, monkeypatch):
    import ask as script

    (tmp_path / "s.fa").write_text(">one\nGGCCGGCCGGCG\n>two\nAATTATATATAT\n")
    for arguments in (["GC?", "--fasta", str(tmp_path / "s.fa")], ["GC?"], []):
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "w") as out:  # closing flushes, as Python does when it exits: that must not fail either
            monkeypatch.setattr("sys.stdout", out)
            with pytest.raises(SystemExit) as caught:
                script.main(["--model", str(tuned / "weights"), *arguments])
            monkeypatch.undo()
        assert caught.value.code == 141


def test_a_fasta_file_is_answered_one_by_one(tuned, tmp_path):
    (tmp_path / "s.fa").write_text(">one\nGGCCGGCCGGCG\n>two some words\nAATTATATATAT\n")
    lines = ask(model=str(tuned / "weights"), question="GC?", fasta=str(tmp_path / "s.fa")).splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["one", "high"], ["two", "low"]]


def test_free_text_is_streamed_and_a_plain_model_just_goes_on(tuned, base_models):
    assert ask(model=str(tuned / "weights"), question="GC?").endswith("\n")
    assert ask(model=str(base_models["gpt2"]), question="The quick", temperature=1.0).endswith("\n")


@pytest.fixture
def classifier(base_models, tmp_path, options):
    """Folder of a tiny classifier of a task, tuned with its answers as classes."""
    draw = random.Random(6)
    rows = [(f"r{i}", letters(draw, 30, "GC" if i % 2 else "AT"), i % 2) for i in range(64)]
    frame = pd.DataFrame(rows, columns=["id", "sequence", "label"])
    tokenize_splits(base_models["gpt2"], {"train": frame, "dev": frame}, 64, tmp_path)
    outputs = {name: tmp_path / name for name in ("metrics", "curve", "weights")}
    run = Run(base_models["gpt2"], 1, options | {"epochs": 4}, outputs, tmp_path / "c.pt", threads=1)
    finetune(run, (tmp_path / "train.npz", tmp_path / "dev.npz"), ["low", "high"])
    return outputs["weights"]


def test_a_classifier_answers_with_its_classes(classifier, base_models):
    said = ask(model=str(classifier), sequence="GCGCGGCCGCGCGGCCGCGCGGCC")
    assert said.split("\t")[0] == "high"
    one, other = (encode_texts(load_tokenizer(folder), ["ACGT"]) for folder in (classifier, base_models["gpt2"]))
    assert one[0].ids == other[0].ids
    with pytest.raises(LinguistError, match="classifier"):
        ask(model=str(classifier), question="Hello?")
    config = json.loads((classifier / "config.json").read_text())
    assert config["label2id"] == {"low": 0, "high": 1}
    config["id2label"] = {"0": "different", "1": "same"}
    (classifier / "config.json").write_text(json.dumps(config))
    with pytest.raises(LinguistError, match="compares two sequences"):
        ask(model=str(classifier), sequence="ACGT")


@pytest.mark.skipif(shutil.which("blastn") is None, reason="no BLAST+ on PATH")
def test_examples_are_found_among_the_rows_of_train(tuned, tmp_path):
    draw = random.Random(7)
    base = letters(draw, 36)
    near = base[:18] + "ACGT"["CGTA".index(base[18])] + base[19:]
    rows = [("far", letters(draw, 36), 0), ("near", near, 1), ("same", base, 0)]
    write_task(tmp_path / "rich/train.tsv", rows)
    finder = ExampleFinder(tmp_path / "rich", TASKS, 2)
    assert finder.near(base) == [(near, "high")]  # not itself, and no unrelated one
    assert ask(model=str(tuned / "weights"), question="GC?", sequence=base, examples=1, task=str(tmp_path / "rich"))
    with pytest.raises(LinguistError, match="'other'.*rich, begin"):
        ExampleFinder(tmp_path / "other", TASKS, 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sequence": "ACGU!"}, "--sequence: 'U'"),
        ({"sequence": " "}, "--sequence"),
        ({"sequence": "ACGT" * 300, "question": "GC?"}, "128 positions"),
        ({"question": "word " * 300}, "128 positions"),
        ({"sequence": "ACGT"}, "begin: First?; rich: GC?"),
        ({"fasta": "nowhere.fa", "question": "GC?"}, "nowhere.fa"),
    ],
)
def test_a_mistake_is_one_line(options, said, tuned, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LinguistError) as caught:
        ask(**({"model": str(tuned / "weights")} | options))
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "results/runs/m/told/best"),
        (["--model", "nowhere"], "nowhere"),
        (
            ["--model", "m", "--examples", "2"],
            "--task results/tasks/TASK",
        ),
        (["--model", "m", "--tokens", "0"], "--tokens"),
        (["--model", "m", "--tokens", "-5"], "--tokens: must be from 1 to"),
        (["--model", "m", "--tokens", "1" + "0" * 30], "--tokens: must be from 1 to"),
        (["--model", "m", "--tokens", "9" * 5000], "--tokens"),
        (["--model", "m", "--tokens", "1e3"], "--tokens: invalid int value: '1e3'"),
        (["--model", "m", "--examples", "-1", "--task", "t"], "--examples: must be from 0 to"),
        (["--model", "m", "--temperature", "nan"], "--temperature: must be 0, or from"),
        (["--model", "m", "--temperature", "inf"], "--temperature: must be 0, or from"),
        (["--model", "m", "--temperature", "1e-300"], "--temperature: must be 0, or from"),
        (["--model", "m", "--temperature", "-1"], "--temperature: must be 0, or from"),
        (["--model", "m", "--temperature", "hot"], "--temperature: invalid float value: 'hot'"),
        (["--model", "m", "--colour", "red"], "unrecognized arguments: --colour"),
        (["--model", "m", "Is it\udcff?"], "the question is not UTF-8 text"),
        (["--model", "m", "--sequence", "ACGT\udcff", "Is it?"], "the sequence is not UTF-8 text"),
        (["--model", "m\udcff", "Is it?"], "no model there"),
        (["--model", "m", "--sequence", "AXG", "Is it?"], "--sequence: 'X'"),
        (["--model", "m", "--fasta", "none.fa", "Is it?"], "none.fa"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(arguments, said, monkeypatch, tmp_path):
    import ask as script

    (tmp_path / "m").mkdir()
    (tmp_path / "m/config.json").write_text("{}")
    (tmp_path / "results/runs/m/told/best").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        script.main(arguments)
    assert str(caught.value).startswith("error: ") and said in str(caught.value) and "\n" not in str(caught.value)


def test_examples_are_for_sequences_and_a_broken_model_is_named(tuned, tmp_path):
    write_task(tmp_path / "rich/train.tsv", [("a", "ACGT" * 9, 0), ("b", "GGCC" * 9, 1)])
    with pytest.raises(LinguistError, match="--examples"):
        ask(model=str(tuned / "weights"), question="GC?", examples=1, task=str(tmp_path / "rich"))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(LinguistError, match="config.json"):
        ask(model=str(tmp_path), question="GC?")


def test_a_prompt_that_just_has_room_is_answered_by_the_likeliest_answer(tuned):
    """It is one of its task's, whatever the model generates."""
    model, answered = answering.InstructedModel(tuned / "weights"), 0
    for n in range(30, 80):
        try:
            answer = model.ask("GC?", "AT" * n)
        except LinguistError as error:
            assert "128 positions" in str(error)
            continue
        answered += 1
        assert answer.probability == max(answer.among.values()) and sum(answer.among.values()) == pytest.approx(1)
        assert set(answer.among) == set(TASKS["rich"]["answers"])
        assert answer.generated == "" or not answer.generated.strip().startswith(answer.text)
    assert 0 < answered < 50


def test_an_answer_is_one_line_with_what_the_model_generated_instead():
    answer = answering.ModelAnswer("high", 0.6, {"low": 0.4, "high": 0.6}, "hi\tgh")
    assert answer_line(answer, "one") == "one\thigh\t0.600 (low 0.400; generated: 'hi gh')"
    assert answer_line(answering.ModelAnswer("high", 0.6, {"low": 0.4, "high": 0.6})) == "high\t0.600 (low 0.400)"
    answer = answering.ModelAnswer("high", 0.6, {"low": 0.4, "high": 0.6}, task="rich", share=0.25)
    assert answer_line(answer, "one") == "one\thigh\t0.600 (low 0.400)\trich 0.250"


def test_a_terminal_is_not_controlled_by_a_model():
    answer = answering.ModelAnswer("hi\x1b[2J", 0.6, {"low\x9b": 0.4, "hi\x1b[2J": 0.6}, task="rich\x07", share=0.25)
    assert answer_line(answer, "one").replace("\t", "").isprintable()
    out = io.StringIO()
    answering._FileStreamer(None, out).on_finalized_text("a\x1b]0;x\x07\tb\n", stream_end=True)
    assert out.getvalue() == "a\ufffd]0;x\ufffd\tb\n\n"


@pytest.mark.parametrize(
    "tasks", [5, ["rich"], {"rich": 5}, {"rich": {"answers": ["a"]}}, {"rich": {"answers": [1], "phrasings": ["x"]}}]
)
def test_damaged_tasks_of_a_model_are_one_line(tasks, tuned, tmp_path):
    shutil.copytree(tuned / "weights", tmp_path / "model")
    config = json.loads((tmp_path / "model/config.json").read_text())
    (tmp_path / "model/config.json").write_text(json.dumps(config | {answering.INFO: tasks}))
    with pytest.raises(LinguistError, match="in its config.json are not tasks"):
        ask(model=str(tmp_path / "model"), question="rich?")


def test_an_over_long_record_is_named(tuned, tmp_path):
    (tmp_path / "s.fa").write_text(">one\nGGCCGGCCGGCG\n>two\n" + "ACGT" * 300 + "\n")
    with pytest.raises(LinguistError, match="two: .*128 positions"):
        ask(model=str(tuned / "weights"), question="GC?", fasta=str(tmp_path / "s.fa"))


def test_a_model_without_tasks_is_an_error(base_models):
    with pytest.raises(LinguistError, match="not instruction-tuned"):
        ask(model=str(base_models["gpt2"]), question="GC?", sequence="ACGT")


def test_a_small_conversation(tuned, monkeypatch):
    monkeypatch.setattr("sys.stdin", typed(b"GGCCGGCCGGCGGC\nGC?\nNo such thing at all, is it?\n\nGC?\n"))
    said = ask(model=str(tuned / "weights"))
    monkeypatch.setattr("sys.stdin", typed(b"GGCCGGCCGGXGGC\n\xff\xfe is it?\nGC?\n"))
    wrong = ask(model=str(tuned / "weights"))
    assert "error: the sequence: 'X'" in wrong and "error: the line is not UTF-8 text" in wrong
    assert wrong.count("> ") == 4 and wrong.count("error") == 2
    assert "(14 bases)" in said and "high\t" in said and said.count("> ") == 6 and "error" not in said


def test_bytes_that_are_not_text_are_one_line(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m/config.json").write_text("{}")
    (tmp_path / "s.fa").write_bytes(b">one\nACGT\n>two\nAC\xff\n")
    for arguments in ([b"Is it \xff?"], [b"--sequence", b"AC\xff", b"Is it?"], [b"--fasta", b"s.fa", b"Is it?"]):
        command = [sys.executable, str(ROOT / "scripts/ask.py"), "--model", "m", *arguments]
        asked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
        assert asked.returncode == 1 and asked.stderr.startswith("error: ")
        assert asked.stderr.count("\n") == 1 and "UTF-8" in asked.stderr
