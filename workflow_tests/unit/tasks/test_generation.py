"""Replies to many prompts at once equal those to one by one."""

import numpy as np
import pytest
import torch

from helpers.instructions import TASKS
from linguist.tasks.generation import EXTRA_TOKENS, answer_prompts, encode_answer
from linguist.tasks.instruction_tuning import answer_metrics, encode_answered_prompts, encode_prompts
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.devices import prepare_environment
from linguist.training.models import load_language_model


@pytest.mark.parametrize("attention", ["eager", "sdpa", "eager_fast_dropout"])
def test_replies_at_once_equal_generate_one_by_one(attention, tuned, rows):
    accelerator, _ = prepare_environment("fp32")
    model, tokenizer = load_language_model(tuned / "weights", attention).eval(), load_tokenizer(tuned / "weights")
    prompts, answers = encode_prompts(rows[:30], tokenizer), TASKS["begin"]["answers"]
    texts, scores = answer_prompts(model, tokenizer, prompts, answers, accelerator, batch_size=7)
    assert len(set(texts)) > 1
    most = max(len(encode_answer(tokenizer, answer)) for answer in answers) + EXTRA_TOKENS
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
    accelerator, _ = prepare_environment("fp32")
    model, tokenizer = load_language_model(tuned / "weights", "eager").eval(), load_tokenizer(tuned / "weights")
    prompts = [[5, 6, 7, 8], [9], [5, 6, 7, 9, 10, 11]]
    together = answer_prompts(model, tokenizer, prompts, ["low"], accelerator)
    alone = [answer_prompts(model, tokenizer, [prompt], ["low"], accelerator) for prompt in prompts]
    assert together[0] == [texts[0] for texts, _ in alone]
    np.testing.assert_allclose(together[1], np.concatenate([scores for _, scores in alone]), rtol=1e-4)


def test_dev_accuracy_is_that_of_greedy_replies(tuned, rows):
    accelerator, _ = prepare_environment("fp32")
    model, tokenizer = load_language_model(tuned / "weights", "eager").eval(), load_tokenizer(tuned / "weights")
    metrics = answer_metrics(model, encode_answered_prompts(rows, tokenizer), accelerator)
    texts, _ = answer_prompts(model, tokenizer, encode_prompts(rows, tokenizer), ["Adenine"], accelerator)
    assert metrics["accuracy"] == np.mean([text == row["output"] for text, row in zip(texts, rows, strict=True)])
    assert metrics["accuracy"] > 0.6
