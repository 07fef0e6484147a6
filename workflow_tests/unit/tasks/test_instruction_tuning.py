"""Instruction tuning and its answers: what is trained is what is asked, batches equal one by one, a kill changes nothing."""

import io
import json
import os
import random
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from helpers.data import letters
from linguist.errors import LinguistError
from linguist.files import open_text
from linguist.tasks import chat as asking
from linguist.tasks.generation import BEYOND, encode_answer, reply
from linguist.tasks.instruction_tuning import (
    INFO,
    answer_figures,
    answer_rows,
    encode_prompts,
    encode_rows,
    instruct,
    loss_maker,
)
from linguist.tasks.prompts import phrasings, write_rows
from linguist.tasks.store import write_task
from linguist.tokenizers.encoding import encode_sequences, load_tokenizer, tokenize_splits
from linguist.training.finetuning import finetune
from linguist.training.loop import make_accelerator
from linguist.training.models import load_language_model, randomize_model
from linguist.training.objectives import Objective
from linguist.training.predictions import read_predictions

TASKS = {
    "rich": {"answers": ["low", "high"], "phrasings": ["GC?"], "held_out": "How much?"},
    "begin": {"answers": ["Adenine", "Cytosine", "other base"], "phrasings": ["First?"], "held_out": "Which one?"},
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def row(draw, i, task):
    label = i % len(TASKS[task]["answers"])
    if task == "rich":
        sequence = letters(draw, draw.randint(12, 40), "GC" if label else "AT")
    else:
        sequence = "ACG"[label] + letters(draw, draw.randint(8, 30))
    told = {"task": task, "asked": task, "id": f"{task}-{i}", "variant": "trained", "label": label}
    told |= {"instruction": TASKS[task]["phrasings"][0], "examples": [], "input": sequence}
    return told | {"output": TASKS[task]["answers"][label]}


@pytest.fixture(scope="session")
def rows():
    draw = random.Random(5)
    return [row(draw, i, task) for i in range(72) for task in TASKS]


@pytest.fixture
def files(rows, tmp_path):
    write_rows(tmp_path / "train.jsonl", rows[:112])
    write_rows(tmp_path / "dev.jsonl", rows[112:])
    return tmp_path


def run(bodies, files, folder, options, loss="answer", seed=1):
    outputs = {"metrics": folder / "metrics.json", "curve": folder / "curve.tsv", "weights": folder / "weights"}
    instruct(
        bodies["gpt2"],
        files / "train.jsonl",
        files / "dev.jsonl",
        seed,
        options=options,
        outputs=outputs,
        checkpoint=folder / "checkpoint.pt",
        threads=1,
        loss=loss,
        told=phrasings({"tasks": list(TASKS), "style": "language"}, TASKS),
        answers={task: about["answers"] for task, about in TASKS.items()},
    )
    return (folder / "weights/model.safetensors").read_bytes(), json.loads((folder / "metrics.json").read_text())


@pytest.fixture(scope="session")
def tuned(bodies, rows, tmp_path_factory):
    """Folder of a tiny model that was told two easy tasks until it knows one of them."""
    folder = tmp_path_factory.mktemp("tuned")
    write_rows(folder / "train.jsonl", rows)
    write_rows(folder / "dev.jsonl", rows)
    options = {"learning_rate": 5e-3, "batch_size": 16, "epochs": 40, "schedule": "linear", "warmup": 0.1}
    options |= {"weight_decay": 0.0, "max_grad_norm": 1.0, "select_by": "accuracy", "precision": "fp32"}
    run(bodies, folder, folder, options | {"attention": "auto", "checkpoint_minutes": 10})
    return folder


def test_what_a_prompt_ends_with_in_training_is_what_it_is_asked_with(rows, tokenizers):
    tokenizer = load_tokenizer(tokenizers["gpt2"])
    tokens, prompts = encode_rows(rows, tokenizer), encode_prompts(rows, tokenizer)
    for i, (ids, told) in enumerate(zip(prompts, rows, strict=True)):
        whole = tokens.ids[tokens.offsets[i] : tokens.offsets[i + 1]].tolist()
        types = tokens.types[tokens.offsets[i] : tokens.offsets[i + 1]].tolist()
        ending = encode_answer(tokenizer, told["output"])
        assert whole == ids + ending and types == [0] * len(ids) + [1] * len(ending)
        assert ids[0] == tokenizer.bos_token_id and ending[-1] == tokenizer.eos_token_id
        assert tokenizer.decode(ids[1:]).endswith(f"### Input:\n{told['input']}\n\n### Response:\n")
        assert tokenizer.decode(ending[:-1]) == told["output"]


@pytest.mark.parametrize("answers_only", [False, True])
def test_the_loss_is_of_the_whole_text_or_of_the_answer(answers_only, rows, bodies):
    model = load_language_model(bodies["gpt2"], "eager").eval()
    tokens = encode_rows(rows, load_tokenizer(bodies["gpt2"]))
    chosen = np.array([3, 0, 8, 5])
    objective = Objective(model)
    loss = loss_maker(answers_only)(model, tokens, "cpu")(objective, chosen)
    losses = []
    for i in chosen:
        ids = torch.from_numpy(tokens.ids[tokens.offsets[i] : tokens.offsets[i + 1]].astype(np.int64))[None]
        types = tokens.types[tokens.offsets[i] : tokens.offsets[i + 1]][1:]
        each = torch.nn.functional.cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="none")
        losses += each[types == 1].tolist() if answers_only else each.tolist()
    assert loss.item() == pytest.approx(np.mean(losses), rel=1e-5)
    loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_dev_accuracy_is_that_of_greedy_replies(tuned, rows):
    accelerator, _ = make_accelerator("fp32")
    model, tokenizer = load_language_model(tuned / "weights", "eager").eval(), load_tokenizer(tuned / "weights")
    figures = answer_figures(model, encode_rows(rows, tokenizer), accelerator)
    texts, _ = reply(model, tokenizer, encode_prompts(rows, tokenizer), ["Adenine"], accelerator)
    assert figures["accuracy"] == np.mean([text == told["output"] for text, told in zip(texts, rows, strict=True)])
    assert figures["accuracy"] > 0.6


@pytest.mark.parametrize("attention", ["eager", "sdpa", "eager_fast_dropout"])
def test_replies_at_once_equal_generate_one_by_one(attention, tuned, rows):
    accelerator, _ = make_accelerator("fp32")
    model, tokenizer = load_language_model(tuned / "weights", attention).eval(), load_tokenizer(tuned / "weights")
    prompts, answers = encode_prompts(rows[:30], tokenizer), TASKS["begin"]["answers"]
    texts, scores = reply(model, tokenizer, prompts, answers, accelerator, batch_size=7)
    assert len(set(texts)) > 1
    most = max(len(encode_answer(tokenizer, answer)) for answer in answers) + BEYOND
    for ids, text, row_scores in zip(prompts, texts, scores, strict=True):
        inputs = torch.tensor([ids])
        made = model.generate(
            input_ids=inputs,
            attention_mask=torch.ones_like(inputs),
            do_sample=False,
            max_new_tokens=most,
            pad_token_id=1,
        )[0, len(ids) :].tolist()
        made = made[: made.index(tokenizer.eos_token_id)] if tokenizer.eos_token_id in made else made
        assert text == tokenizer.decode(made, skip_special_tokens=True)
        for answer, score in zip(answers, row_scores, strict=True):
            ending = encode_answer(tokenizer, answer)
            logs = model(torch.tensor([ids + ending])).logits[0].log_softmax(-1)
            expected = sum(logs[len(ids) - 1 + i, token].item() for i, token in enumerate(ending))
            assert score == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_one_prompt_and_prompts_with_nothing_in_common(tuned):
    accelerator, _ = make_accelerator("fp32")
    model, tokenizer = load_language_model(tuned / "weights", "eager").eval(), load_tokenizer(tuned / "weights")
    prompts = [[5, 6, 7, 8], [9], [5, 6, 7, 9, 10, 11]]
    together = reply(model, tokenizer, prompts, ["low"], accelerator)
    alone = [reply(model, tokenizer, [prompt], ["low"], accelerator) for prompt in prompts]
    assert together[0] == [texts[0] for texts, _ in alone]
    np.testing.assert_allclose(together[1], np.concatenate([scores for _, scores in alone]), rtol=1e-4)


def test_a_seed_is_its_bytes_and_losses_differ(bodies, files, options, tmp_path):
    one = run(bodies, files, tmp_path / "one", options)
    again = run(bodies, files, tmp_path / "again", options)
    other = run(bodies, files, tmp_path / "other", options, loss="prompt")
    assert one[0] == again[0] != other[0]
    assert one[1]["loss_over"] == "answer" and other[1]["loss_over"] == "prompt"
    config = json.loads((tmp_path / "one/weights/config.json").read_text())
    assert config[INFO]["rich"] == {"answers": ["low", "high"], "phrasings": ["GC?"], "held_out": ["How much?"]}


@pytest.mark.parametrize(("style", "held_out"), [("language", ["How much?"]), ("ids", None)])
def test_what_is_held_out_is_told_to_the_model_though_no_parameter(style, held_out, monkeypatch, tmp_path):
    """Of words alone: a model that is told numbers knows no phrasing."""
    import tune_instructions as script

    given = {}
    monkeypatch.setattr(script, "instruct", lambda *_, **arguments: given.update(arguments))
    monkeypatch.setattr(script, "start_log", lambda _: None)
    tasks = {name: {key: task[key] for key in ("answers", "phrasings")} for name, task in TASKS.items()}
    smk = SimpleNamespace(log=[""], output=None, threads=1, config={"tasks": TASKS})
    smk.wildcards, smk.input = SimpleNamespace(seed="1"), SimpleNamespace(model="m", train="t", dev="d")
    smk.params = SimpleNamespace(spec={"tasks": list(TASKS), "style": style}, tasks=tasks, loss="answer")
    smk.params.options, smk.params.checkpoint, smk.params.code = {}, tmp_path, ""
    script.main(smk)
    assert given["told"]["rich"].get("held-out") == held_out
    assert given["answers"]["rich"] == ["low", "high"]


def test_a_run_that_stops_half_way_ends_as_an_uninterrupted_one(bodies, files, options, tmp_path, monkeypatch):
    from linguist.training import loop as training

    whole = run(bodies, files, tmp_path / "whole", options)
    save, calls = training.save, []

    def stop(*arguments):
        save(*arguments)
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        run(bodies, files, tmp_path / "broken", options)
    monkeypatch.setattr(training, "save", save)
    assert (tmp_path / "broken/checkpoint.pt").exists()
    assert run(bodies, files, tmp_path / "broken", options)[0] == whole[0]
    assert not (tmp_path / "broken/checkpoint.pt").exists()


def test_a_masked_model_and_too_long_a_prompt_are_one_line(bodies, files, options, tmp_path):
    with pytest.raises(LinguistError, match="a bert does not go on with a text; give a GPT-2 or its like"):
        load_language_model(bodies["bert"], "eager")
    long = row(random.Random(1), 0, "rich") | {"input": "G!" * 200}
    write_rows(files / "train.jsonl", [long])
    with pytest.raises(
        LinguistError, match=r"the input takes \d+ tokens .* has 128 positions; give a shorter sequence"
    ):
        run(bodies, files, tmp_path / "out", options)


def test_answers_are_written_with_their_scores(tuned, rows, options, tmp_path):
    write_rows(tmp_path / "test.jsonl", rows)
    answers = {task: about["answers"] for task, about in TASKS.items()}
    answer_rows(tuned / "weights", tmp_path / "test.jsonl", answers, options, tmp_path / "p.tsv.gz", 1)
    found = read_predictions(tmp_path / "p.tsv.gz")
    assert list(found.columns[:6]) == ["test", "variant", "asked", "id", "label", "answer"]
    assert found["test"].value_counts().to_dict() == {"rich": 72, "begin": 72}
    assert found.loc[found["test"] == "rich", "score2"].isna().all()
    rich = found[found["test"] == "rich"]
    assert np.mean(rich["label"] == (rich["score1"] > rich["score0"])) > 0.9
    answer_rows(tuned / "weights", tmp_path / "test.jsonl", answers, options, tmp_path / "again.tsv.gz", 1)
    assert (tmp_path / "p.tsv.gz").read_bytes() == (tmp_path / "again.tsv.gz").read_bytes()


def test_a_random_model_has_the_shape_and_the_tokens_but_not_the_weights(bodies, tmp_path):
    for architecture in bodies:
        randomize_model(bodies[architecture], 3, tmp_path / architecture)
        config, other = (
            json.loads((f / "config.json").read_text()) for f in (bodies[architecture], tmp_path / architecture)
        )
        assert config == other
        assert load_tokenizer(tmp_path / architecture).get_vocab() == load_tokenizer(bodies[architecture]).get_vocab()
        weights = [(f / "model.safetensors").read_bytes() for f in (bodies[architecture], tmp_path / architecture)]
        assert weights[0] != weights[1] and len(weights[0]) == len(weights[1])


# ── asking ──


def ask(*arguments, **options):
    given = {"question": None, "model": None, "sequence": None, "fasta": None, "examples": 0, "task": None}
    given |= {"tokens": 10, "temperature": 0.0}
    out = io.StringIO()
    asking.run(SimpleNamespace(**(given | options)), out)
    return out.getvalue()


def test_an_answer_has_its_probability_among_those_of_its_task(tuned):
    said = ask(model=str(tuned / "weights"), question="GC?", sequence="ggccggccggcggc")
    text, rest = said.rstrip("\n").split("\t")
    assert text == "high" and float(rest.split()[0]) > 0.5
    assert rest.endswith(f"(low {1 - float(rest.split()[0]):.3f})")


@pytest.mark.parametrize("held_out", [True, False])
def test_a_phrasing_is_answered_by_its_task_and_any_other_question_by_the_likeliest(held_out, tuned, monkeypatch):
    """Whatever the model finds likely; a model of an older version knows the trained phrasings alone."""
    teller = asking.Teller(tuned / "weights")
    if not held_out:
        for about in teller.tasks.values():
            del about["held_out"]
    likely = {"low": 0.1, "high": 0.2, "Adenine": 0.4, "Cytosine": 0.2, "other base": 0.1}

    def fixed(model, tokenizer, prompts, answers, accelerator):
        return [""], np.log([[likely[answer] for answer in answers]])

    monkeypatch.setattr(asking, "reply", fixed)
    phrasings = ["GC?", " gc?\n", *["How much?", "HOW MUCH? "] * held_out]
    for question in phrasings:
        answer = teller.ask(question, "ACGT")
        assert (answer.text, answer.task) == ("high", "") and answer.probability == pytest.approx(2 / 3)
        assert asking.show(answer).count("\t") == 1
    for question in ["GC", "Is GC? so?", *["How much?"] * (not held_out)]:
        answer = teller.ask(question, "ACGT")
        assert (answer.text, answer.task) == ("Adenine", "begin") and answer.share == pytest.approx(0.7)
        assert asking.show(answer, "one").split("\t")[3] == "begin 0.700"


def test_tasks_with_the_same_phrasing_or_answers_are_told_apart_as_far_as_they_can_be(tuned, monkeypatch):
    teller = asking.Teller(tuned / "weights")
    monkeypatch.setattr(asking, "reply", lambda *_: ([""], np.log([[0.1, 0.2, 0.7]])))
    yes_no = {"answers": ["yes", "no"], "phrasings": ["Is it?"]}
    teller.tasks = {"one": yes_no, "two": yes_no, "three": {"answers": ["no", "maybe"], "phrasings": ["Is it?", "Or?"]}}
    answer = teller.ask("Is it?", "ACGT")
    assert (answer.text, answer.task) == ("maybe", "three") and answer.share == pytest.approx(0.9)
    assert teller.ask("Or?", "ACGT").task == ""
    teller.tasks = {"one": yes_no, "two": yes_no, "three": {"answers": ["maybe"], "phrasings": ["Or?"]}}
    monkeypatch.setattr(asking, "reply", lambda *_: ([""], np.log([[0.5, 0.2, 0.3]])))
    assert teller.ask("Is it?", "ACGT").task == ""  # it has the same answer, whichever is meant
    answer = teller.ask("What?", "ACGT")
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


def test_free_text_is_streamed_and_a_plain_model_just_goes_on(tuned, bodies):
    assert ask(model=str(tuned / "weights"), question="GC?").endswith("\n")
    assert ask(model=str(bodies["gpt2"]), question="The quick", temperature=1.0).endswith("\n")


@pytest.fixture
def classifier(bodies, tmp_path, options):
    """Folder of a tiny classifier of a task, tuned with its answers as classes."""
    import pandas as pd

    draw = random.Random(6)
    rows = [(f"r{i}", letters(draw, 30, "GC" if i % 2 else "AT"), i % 2) for i in range(64)]
    frame = pd.DataFrame(rows, columns=["id", "sequence", "label"])
    tokenize_splits(bodies["gpt2"], {"train": frame, "dev": frame}, 64, tmp_path)
    outputs = {name: tmp_path / name for name in ("metrics", "curve", "weights")}
    files = tmp_path / "train.npz", tmp_path / "dev.npz"
    classes = ["low", "high"]
    settings = {"options": options | {"epochs": 4}, "outputs": outputs, "checkpoint": tmp_path / "c.pt", "threads": 1}
    finetune(bodies["gpt2"], *files, 1, classes, **settings)
    return outputs["weights"]


def test_a_classifier_answers_with_its_classes(classifier, bodies):
    said = ask(model=str(classifier), sequence="GCGCGGCCGCGCGGCCGCGCGGCC")
    assert said.split("\t")[0] == "high"
    assert encode_sequences(["ACGT"], load_tokenizer(classifier)) == encode_sequences(
        ["ACGT"], load_tokenizer(bodies["gpt2"])
    )
    with pytest.raises(LinguistError, match="a classifier has no words but its classes"):
        ask(model=str(classifier), question="Hello?")
    config = json.loads((classifier / "config.json").read_text())
    assert config["label2id"] == {"low": 0, "high": 1}
    config["id2label"] = {"0": "different", "1": "same"}
    (classifier / "config.json").write_text(json.dumps(config))
    with pytest.raises(LinguistError, match="compares two sequences; give a classifier of a task"):
        ask(model=str(classifier), sequence="ACGT")


@pytest.mark.skipif(shutil.which("blastn") is None, reason="no BLAST+ on PATH")
def test_examples_are_found_among_the_rows_of_train(tuned, tmp_path):
    draw = random.Random(7)
    base = letters(draw, 36)
    near = base[:18] + "ACGT"["CGTA".index(base[18])] + base[19:]
    rows = [("far", letters(draw, 36), 0), ("near", near, 1), ("same", base, 0)]
    write_task(tmp_path / "rich/train.tsv", rows)
    examples = asking.Examples(tmp_path / "rich", TASKS, 2)
    assert examples.near(base) == [(near, "high")]  # not itself, and no unrelated one
    assert ask(model=str(tuned / "weights"), question="GC?", sequence=base, examples=1, task=str(tmp_path / "rich"))
    with pytest.raises(LinguistError, match=r"was not taught 'other' \(it knows: rich, begin\)"):
        asking.Examples(tmp_path / "other", TASKS, 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sequence": "ACGU!"}, "--sequence: 'U' is not a letter of DNA; give bases, as ACGTACGT"),
        ({"sequence": " "}, "--sequence: is empty"),
        ({"sequence": "ACGT" * 300, "question": "GC?"}, "tokens with its answer, but the model has 128 positions"),
        ({"question": "word " * 300}, "tokens with its answer, but the model has 128 positions"),
        ({"sequence": "ACGT"}, "no question; ask one it was taught (begin: First?; rich: GC?)"),
        ({"fasta": "nowhere.fa", "question": "GC?"}, "nowhere.fa: cannot be read"),
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
        ([], "no model: give --model; name one that was tuned, as results/runs/m/told/best"),
        (["--model", "nowhere"], "nowhere: no model there; name one that was tuned"),
        (
            ["--model", "m", "--examples", "2"],
            "--examples needs the task that they come from; give --task results/tasks/TASK",
        ),
        (["--model", "m", "--tokens", "0"], "nor --tokens below 1"),
        (["--model", "m", "--sequence", "AXG", "Is it?"], "--sequence: 'X' is not a letter of DNA"),
        (["--model", "m", "--fasta", "none.fa", "Is it?"], "none.fa: cannot be read (No such file or directory)"),
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


def test_examples_are_for_sequences_and_a_broken_model_is_told(tuned, tmp_path):
    write_task(tmp_path / "rich/train.tsv", [("a", "ACGT" * 9, 0), ("b", "GGCC" * 9, 1)])
    with pytest.raises(LinguistError, match="--examples are found for a sequence; give --sequence or --fasta"):
        ask(model=str(tuned / "weights"), question="GC?", examples=1, task=str(tmp_path / "rich"))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(LinguistError, match="its config.json cannot be read; give another model"):
        ask(model=str(tmp_path), question="GC?")


def test_a_prompt_that_just_has_room_is_answered_by_the_likeliest_answer(tuned):
    """It is one of its task's, whatever the model generates, and that is told where it begins otherwise."""
    teller, said = asking.Teller(tuned / "weights"), 0
    for n in range(30, 80):
        try:
            answer = teller.ask("GC?", "AT" * n)
        except LinguistError as error:
            assert "has 128 positions" in str(error)
            continue
        said += 1
        assert answer.probability == max(answer.among.values()) and sum(answer.among.values()) == pytest.approx(1)
        assert set(answer.among) == set(TASKS["rich"]["answers"])
        assert answer.said == "" or not answer.said.strip().startswith(answer.text)
    assert 0 < said < 50


def test_an_answer_tells_what_the_model_says_instead():
    answer = asking.Answer("high", 0.6, {"low": 0.4, "high": 0.6}, "hi\tgh")
    assert asking.show(answer, "one") == "one\thigh\t0.600 (low 0.400; it says 'hi gh')"
    assert asking.show(asking.Answer("high", 0.6, {"low": 0.4, "high": 0.6})) == "high\t0.600 (low 0.400)"
    answer = asking.Answer("high", 0.6, {"low": 0.4, "high": 0.6}, task="rich", share=0.25)
    assert asking.show(answer, "one") == "one\thigh\t0.600 (low 0.400)\trich 0.250"


def test_an_over_long_record_is_named(tuned, tmp_path):
    (tmp_path / "s.fa").write_text(">one\nGGCCGGCCGGCG\n>two\n" + "ACGT" * 300 + "\n")
    with pytest.raises(LinguistError, match="two: the input takes"):
        ask(model=str(tuned / "weights"), question="GC?", fasta=str(tmp_path / "s.fa"))


def test_a_model_that_was_not_instructed_says_so(bodies):
    with pytest.raises(LinguistError, match="this model was not instructed"):
        ask(model=str(bodies["gpt2"]), question="GC?", sequence="ACGT")


def test_a_small_conversation(tuned, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("GGCCGGCCGGCGGC\nGC?\nNo such thing at all, is it?\n\nGC?\n"))
    said = ask(model=str(tuned / "weights"))
    monkeypatch.setattr("sys.stdin", io.StringIO("GGCCGGCCGGXGGC\n"))
    assert "error: the sequence: 'X' is not a letter of DNA" in ask(model=str(tuned / "weights"))
    assert "(14 bases)" in said and "high\t" in said and said.count("> ") == 6 and "error" not in said


def test_predictions_survive_text_that_looks_like_another_column(tuned, tmp_path, rows, options, monkeypatch):
    """A reply may hold tabs and line breaks."""
    from linguist.tasks import instruction_tuning as instructing

    def odd(model, tokenizer, prompts, answers, accelerator):
        return ["a\tb\nc"] * len(prompts), np.zeros((len(prompts), len(answers)), np.float32)

    monkeypatch.setattr(instructing, "reply", odd)
    write_rows(tmp_path / "test.jsonl", rows[:4])
    answers = {task: about["answers"] for task, about in TASKS.items()}
    answer_rows(tuned / "weights", tmp_path / "test.jsonl", answers, options, tmp_path / "p.tsv.gz", 1)
    with open_text(tmp_path / "p.tsv.gz") as handle:
        assert len(handle.read().splitlines()) == 5
    assert set(read_predictions(tmp_path / "p.tsv.gz")["answer"]) == {"a b c"}
