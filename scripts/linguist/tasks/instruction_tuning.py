"""Instruction tuning: one language model for all tasks, with the task named in natural language (DNAHLM, section 2.3); and
its answers to the test rows."""

import csv
import logging

import numpy as np
import pandas as pd
import torch

from linguist.errors import LinguistError
from linguist.files import clean, write_table
from linguist.tasks.generation import EXTRA_TOKENS, answer_prompts, check_positions, encode_answer
from linguist.tasks.prompts import prompt_text, read_prompt_rows
from linguist.tokenizers.encoding import PairTokens
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.batches import Collator, batches_by_length, evaluation_batch
from linguist.training.devices import prepare_environment
from linguist.training.memory import Portion
from linguist.training.models import load_language_model
from linguist.training.objectives import Objective
from linguist.training.tuning import Method, tune

logger = logging.getLogger("linguist")
INFO = "linguist_tasks"  # key of a tuned model's configuration: the answers and wordings of its tasks


def encode_prompts(rows, tokenizer):
    """Token ids of the prompts of rows (see `prompts`), as a model reads them: a list of lists.

    A prompt begins with the tokenizer's start token, if it has one, as documents do in pretraining.
    """
    texts = [prompt_text(row["instruction"], row["input"], row["examples"]) for row in rows]
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    encodings = tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)
    return [start + encoding.ids for encoding in encodings]


def encode_answered_prompts(rows, tokenizer):
    """Rows with their answers, as a PairTokens: the prompt has token type 0, the answer with its end token type 1.

    Each is encoded alone, so that a prompt has the same tokens in training and when its answer is generated.
    """
    prompts = encode_prompts(rows, tokenizer)
    endings = {answer: encode_answer(tokenizer, answer) for answer in {row["output"] for row in rows}}
    sides = [side for ids, row in zip(prompts, rows, strict=True) for side in (ids, endings[row["output"]])]
    lengths = [len(ids) for ids in sides]
    return PairTokens(
        np.fromiter((token for ids in sides for token in ids), np.int32, sum(lengths)),
        np.repeat(np.arange(len(sides)) % 2, lengths).astype(np.int8),
        np.cumsum([0, *lengths], dtype=np.int64)[::2],
        np.array([row["label"] for row in rows], np.int8),
        np.array([row["id"] for row in rows], str),
    )


def make_instruction_loss(answers_only):
    """The loss of instruction tuning, as `tuning.Method` takes it: mean cross-entropy (nats) over all tokens of prompt and
    answer, as in the paper, or over the answer's tokens alone."""

    def make(inputs_of, tokens):
        types_of = tokens.types

        def loss_of(objective, rows):
            inputs = inputs_of(rows)
            ids, real = inputs["input_ids"], inputs["attention_mask"].bool()
            wanted = real.clone()
            if answers_only:
                wanted[real] = torch.from_numpy(
                    np.concatenate([types_of[slice(*span)] for span in _spans(tokens, rows)]) > 0
                ).to(inputs_of.device)
            places = torch.nonzero(wanted[:, 1:].flatten())[:, 0]
            width = ids.shape[1]
            before = places + places // (width - 1)  # the last token of a row predicts nothing
            return objective(targets=ids[:, 1:].flatten()[places], places=before, **inputs)

        return loss_of

    return make


def count_targets(answers_only):
    """The number of tokens over which `make_instruction_loss` takes the mean, as `tuning.Method` takes it."""

    def count(tokens, rows):
        if answers_only:
            return sum(int(tokens.types[start:end].sum()) for start, end in _spans(tokens, rows))
        return int(tokens.lengths[rows].sum()) - len(rows)  # the first token of a row is not predicted

    return count


def _spans(tokens, rows):
    """The places of each row's tokens in a PairTokens: (start, end)."""
    return zip(tokens.offsets[rows], tokens.offsets[rows + 1], strict=True)


def answer_metrics(model, tokens, accelerator):
    """{"loss", "accuracy"} of the answers in a PairTokens of `encode_answered_prompts`: the mean cross-entropy of their tokens
    (nats), and the share of answers whose tokens are all the likeliest, which greedy generation would give."""
    to_inputs, size = Collator(model, tokens, accelerator.device), evaluation_batch(accelerator.device)
    model.eval()

    def measure(rows):
        """(sum of the losses of the answers' tokens, number of these tokens, number of right answers)"""
        inputs = to_inputs(rows)
        answers = [int(tokens.types[start:end].sum()) for start, end in _spans(tokens, rows)]
        ends = tokens.lengths[rows]
        at = np.concatenate([np.arange(end - n, end) for end, n in zip(ends, answers, strict=True)])
        row = np.repeat(np.arange(len(rows)), answers)
        with accelerator.autocast():
            hidden = model.base_model(**inputs).last_hidden_state
            logits = model.get_output_embeddings()(hidden[row, at - 1]).float()
        targets = inputs["input_ids"][row, at]
        losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none").cpu().double()
        hit = (logits.argmax(-1) == targets).cpu().numpy()
        return losses.sum().item(), len(at), int(np.logical_and.reduceat(hit, np.cumsum([0, *answers[:-1]])).sum())

    with torch.inference_mode():
        found = Portion(size).apply(measure, batches_by_length(tokens.lengths, size))
    total, count, correct = np.cumsum(found, axis=0)[-1]  # one after the other: the sum depends on the order
    return {"loss": float(total / count), "accuracy": float(correct / len(tokens))}


def tune_instructions(run, sets, loss, tasks, after=lambda: None):
    """Tune a language model on an instruction set and keep the epoch with the best dev answers.

    Args: `run` is a `tuning.Run`; `sets` are the paths of the train and dev rows; `loss` is "prompt" (over the whole text) or
    "answer"; `tasks` ({task: {"answers", "phrasings"}}) is kept in the model's configuration, so that it can be asked later.
    Accuracy is the share of dev answers that are exactly right. `after` as for `tuning.tune`.
    Raises LinguistError for a model that is not causal, has too few positions, or has no end token.
    """
    tokenizer = load_tokenizer(run.model)
    if tokenizer.eos_token_id is None:
        raise LinguistError(f"{run.model}: its tokenizer has no end token, which ends an answer; give another model")
    train_tokens, dev_tokens = (encode_answered_prompts(read_prompt_rows(path), tokenizer) for path in sets)

    def load(attention):
        model = load_language_model(run.model, attention)
        model.config.pad_token_id = tokenizer.pad_token_id
        longest = max(int(tokens.lengths.max()) for tokens in (train_tokens, dev_tokens))
        check_positions(model, longest + EXTRA_TOKENS)
        setattr(model.config, INFO, tasks)
        return model

    answers_only, facts = loss == "answer", {"loss_over": loss}
    make_loss, count = make_instruction_loss(answers_only), count_targets(answers_only)
    method = Method(load, make_loss, answer_metrics, Objective, count_targets=count, facts=facts)
    tune(run, train_tokens, dev_tokens, method, after)


def write_answers(weights, rows_path, tasks, options, predictions, threads):
    """Write a tuned model's answers to all rows of a file: the greedy reply, and the score of each allowed answer.

    Args: `tasks` maps a task to its answers; `options` are a run's training options (precision, attention).
    Writes `predictions` (gzip table): test (the task), variant, asked (the task that the instruction names), id, label,
    answer (the generated text on one line), and score0, score1 ...: log-probabilities (nats) of the task's answers.
    """
    accelerator, environment = prepare_environment(options["precision"], options["attention"], threads)
    model = load_language_model(weights, environment.attention).to(environment.device)
    tokenizer, frames = load_tokenizer(weights), []
    groups = {}
    for row in read_prompt_rows(rows_path):
        groups.setdefault((row["task"], row["variant"]), []).append(row)
    for (task, variant), rows in groups.items():
        prompts = encode_prompts(rows, tokenizer)
        texts, scores = answer_prompts(model, tokenizer, prompts, tasks[task], accelerator)
        columns = {"test": task, "variant": variant} | {
            key: [row[key] for row in rows] for key in ("asked", "id", "label")
        }
        columns |= {"answer": [clean(text) for text in texts]}
        frames.append(pd.DataFrame(columns | {f"score{number}": column for number, column in enumerate(scores.T)}))
        logger.info("%s, %s: %d rows", task, variant, len(rows))
    write_table(predictions, pd.concat(frames), quoting=csv.QUOTE_NONE)
