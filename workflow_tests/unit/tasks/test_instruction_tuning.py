"""Instruction tuning: training sees what is asked later, a seed gives its bytes, and an interrupted run ends the same."""

import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from helpers.instructions import TASKS, prompt_row, tune_on_rows
from helpers.stops import stopped_after
from linguist.errors import LinguistError
from linguist.files import open_text
from linguist.statistics.tables import read_predictions
from linguist.tasks.generation import encode_answer
from linguist.tasks.instruction_tuning import (
    INFO,
    count_targets,
    encode_answered_prompts,
    encode_prompts,
    make_instruction_loss,
    write_answers,
)
from linguist.tasks.prompts import write_prompt_rows
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.batches import Collator
from linguist.training.models import load_language_model, randomize_model
from linguist.training.objectives import Objective


@pytest.fixture
def files(rows, tmp_path):
    write_prompt_rows(tmp_path / "train.jsonl", rows[:112])
    write_prompt_rows(tmp_path / "dev.jsonl", rows[112:])
    return tmp_path


def test_what_a_prompt_ends_with_in_training_is_what_it_is_asked_with(rows, tokenizers):
    tokenizer = load_tokenizer(tokenizers["gpt2"])
    tokens, prompts = encode_answered_prompts(rows, tokenizer), encode_prompts(rows, tokenizer)
    for i, (ids, row) in enumerate(zip(prompts, rows, strict=True)):
        whole = tokens.ids[tokens.offsets[i] : tokens.offsets[i + 1]].tolist()
        types = tokens.types[tokens.offsets[i] : tokens.offsets[i + 1]].tolist()
        ending = encode_answer(tokenizer, row["output"])
        assert whole == ids + ending and types == [0] * len(ids) + [1] * len(ending)
        assert ids[0] == tokenizer.bos_token_id and ending[-1] == tokenizer.eos_token_id
        assert tokenizer.decode(ids[1:]).endswith(f"### Input:\n{row['input']}\n\n### Response:\n")
        assert tokenizer.decode(ending[:-1]) == row["output"]


@pytest.mark.parametrize("answers_only", [False, True])
def test_the_loss_is_of_the_whole_text_or_of_the_answer(answers_only, rows, base_models):
    model = load_language_model(base_models["gpt2"], "eager").eval()
    tokens = encode_answered_prompts(rows, load_tokenizer(base_models["gpt2"]))
    chosen = np.array([3, 0, 8, 5])
    objective = Objective(model)
    loss = make_instruction_loss(answers_only)(Collator(model, tokens, "cpu"), tokens)(objective, chosen)
    losses = []
    for i in chosen:
        ids = torch.from_numpy(tokens.ids[tokens.offsets[i] : tokens.offsets[i + 1]].astype(np.int64))[None]
        types = tokens.types[tokens.offsets[i] : tokens.offsets[i + 1]][1:]
        each = torch.nn.functional.cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="none")
        losses += each[types == 1].tolist() if answers_only else each.tolist()
    assert loss.item() == pytest.approx(np.mean(losses), rel=1e-5)
    assert count_targets(answers_only)(tokens, chosen) == len(losses)
    loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())


def test_a_seed_is_its_bytes_and_losses_differ(base_models, files, options, tmp_path):
    one = tune_on_rows(base_models["gpt2"], files, tmp_path / "one", options)
    again = tune_on_rows(base_models["gpt2"], files, tmp_path / "again", options)
    other = tune_on_rows(base_models["gpt2"], files, tmp_path / "other", options, loss="prompt")
    assert one[0] == again[0] != other[0]
    assert one[1]["loss_over"] == "answer" and other[1]["loss_over"] == "prompt"
    config = json.loads((tmp_path / "one/weights/config.json").read_text())
    assert config[INFO]["rich"] == {"answers": ["low", "high"], "phrasings": ["GC?"]}


@pytest.mark.parametrize(("style", "wording"), [("language", "GC?"), ("ids", "Task 1")])
def test_a_tuned_model_is_given_its_trained_wordings_and_nothing_outside_of_the_params(
    style, wording, monkeypatch, tmp_path
):
    """The script has no config to read: what is not in its params cannot make the model stale."""
    import tune_instructions as script

    given = {}
    monkeypatch.setattr(script, "tune_instructions", lambda run, sets, loss, tasks, after: given.update(tasks=tasks))
    monkeypatch.setattr(script, "start_log", lambda _: None)
    tasks = {name: {key: task[key] for key in ("answers", "phrasings")} for name, task in TASKS.items()}
    smk = SimpleNamespace(log=[""], output=None, threads=1, resources=SimpleNamespace(gpu=1, runs_per_gpu=1))
    smk.wildcards, smk.input = SimpleNamespace(seed="1"), SimpleNamespace(model="m", train="t", dev="d")
    smk.params = SimpleNamespace(spec={"tasks": list(TASKS), "style": style}, tasks=tasks, loss="answer")
    smk.params.options, smk.params.checkpoint, smk.params.code = {}, tmp_path, ""
    script.main(smk)
    assert given["tasks"]["rich"] == {"answers": ["low", "high"], "phrasings": [wording]}


@pytest.mark.parametrize("loss", ["answer", "prompt"])
def test_parts_of_a_batch_have_the_loss_of_the_whole_batch(loss, base_models, rows, options, tmp_path, monkeypatch):
    """Rows have different numbers of tokens that are predicted, and the mean is over these."""
    monkeypatch.setattr("linguist.training.cpu.drop", lambda x, p, bits: x)
    for name in ("train", "dev"):
        write_prompt_rows(tmp_path / f"{name}.jsonl", rows[:24])
    options |= {"epochs": 1, "batch_size": 24, "precision": "fp32"}
    found = []
    for size in (None, 1):
        (tmp_path / str(size)).mkdir()
        given = base_models["gpt2"], tmp_path, tmp_path / str(size), options | {"micro_batch": size, "warmup": 0}
        found.append(tune_on_rows(*given, loss=loss)[1]["train_loss"])
    assert found[1] == pytest.approx(found[0], rel=1e-6)


def test_a_run_that_stops_half_way_ends_as_an_uninterrupted_one(base_models, files, options, tmp_path):
    whole = tune_on_rows(base_models["gpt2"], files, tmp_path / "whole", options)
    with stopped_after(5):
        tune_on_rows(base_models["gpt2"], files, tmp_path / "broken", options)
    assert (tmp_path / "broken/checkpoint.pt").exists()
    assert tune_on_rows(base_models["gpt2"], files, tmp_path / "broken", options)[0] == whole[0]
    assert not (tmp_path / "broken/checkpoint.pt").exists()


def test_a_masked_model_and_too_long_a_prompt_are_one_line(base_models, files, options, tmp_path):
    with pytest.raises(LinguistError, match="bert"):
        load_language_model(base_models["bert"], "eager")
    long = prompt_row(random.Random(1), 0, "rich") | {"input": "G!" * 200}
    write_prompt_rows(files / "train.jsonl", [long])
    with pytest.raises(LinguistError, match="128 positions"):
        tune_on_rows(base_models["gpt2"], files, tmp_path / "out", options)


def test_answers_are_written_with_their_scores(tuned, rows, options, tmp_path):
    write_prompt_rows(tmp_path / "test.jsonl", rows)
    answers = {task: about["answers"] for task, about in TASKS.items()}
    write_answers(tuned / "weights", tmp_path / "test.jsonl", answers, options, tmp_path / "p.tsv.gz", 1)
    found = read_predictions(tmp_path / "p.tsv.gz")
    assert list(found.columns[:6]) == ["test", "variant", "asked", "id", "label", "answer"]
    assert found["test"].value_counts().to_dict() == {"rich": 72, "begin": 72}
    assert found.loc[found["test"] == "rich", "score2"].isna().all()
    rich = found[found["test"] == "rich"]
    assert np.mean(rich["label"] == (rich["score1"] > rich["score0"])) > 0.9
    write_answers(tuned / "weights", tmp_path / "test.jsonl", answers, options, tmp_path / "again.tsv.gz", 1)
    assert (tmp_path / "p.tsv.gz").read_bytes() == (tmp_path / "again.tsv.gz").read_bytes()


def test_predictions_survive_text_that_looks_like_another_column(tuned, tmp_path, rows, options, monkeypatch):
    """A reply may hold tabs and line breaks."""
    from linguist.tasks import instruction_tuning

    def odd(model, tokenizer, prompts, answers, accelerator):
        return ["a\tb\nc"] * len(prompts), np.zeros((len(prompts), len(answers)), np.float32)

    monkeypatch.setattr(instruction_tuning, "answer_prompts", odd)
    write_prompt_rows(tmp_path / "test.jsonl", rows[:4])
    answers = {task: about["answers"] for task, about in TASKS.items()}
    write_answers(tuned / "weights", tmp_path / "test.jsonl", answers, options, tmp_path / "p.tsv.gz", 1)
    with open_text(tmp_path / "p.tsv.gz") as handle:
        assert len(handle.read().splitlines()) == 5
    assert set(read_predictions(tmp_path / "p.tsv.gz")["answer"]) == {"a b c"}


def test_a_random_model_has_the_shape_and_the_tokens_but_not_the_weights(base_models, tmp_path):
    for architecture in base_models:
        randomize_model(base_models[architecture], 3, tmp_path / architecture)
        config, other = (
            json.loads((f / "config.json").read_text()) for f in (base_models[architecture], tmp_path / architecture)
        )
        assert config == other
        assert (
            load_tokenizer(tmp_path / architecture).get_vocab() == load_tokenizer(base_models[architecture]).get_vocab()
        )
        weights = [(f / "model.safetensors").read_bytes() for f in (base_models[architecture], tmp_path / architecture)]
        assert weights[0] != weights[1] and len(weights[0]) == len(weights[1])
