"""Instruction tuning: one language model for all tasks, told in natural language which one is meant (DNAHLM, section 2.3);
and its answers."""

import csv
import logging
from itertools import groupby

import numpy as np
import pandas as pd
import torch

from linguist.errors import LinguistError
from linguist.files import clean, write_table
from linguist.tasks.generation import BEYOND, encode_answer, reply
from linguist.tasks.prompts import HELD_OUT, TRAINED, prompt, read_rows
from linguist.tokenizers.encoding import PairTokens, load_tokenizer
from linguist.training.finetuning import EVALUATION_BATCH, collator, positions_of, tune
from linguist.training.loop import batches_by_length, choose_attention, make_accelerator
from linguist.training.models import load_language_model
from linguist.training.objectives import Objective

logger = logging.getLogger("linguist")
INFO = "linguist_tasks"  # where a tuned model's configuration tells the tasks it knows


def encode_prompts(rows, tokenizer):
    """Token ids of the prompts of rows (see `instructions`), as a model reads them: a list of lists.

    As a document of the corpus, a prompt begins with the start token, where the tokenizer has one.
    """
    texts = [prompt(row["instruction"], row["input"], row["examples"]) for row in rows]
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    encodings = tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)
    return [start + encoding.ids for encoding in encodings]


def encode_rows(rows, tokenizer):
    """Rows with their answers, as a PairTokens: prompt and answer are the two sides, told apart by the token type.

    Both are encoded by themselves, so that training sees just the tokens that a prompt ends with when it is asked.
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


def check_room(model, tokens):
    """Raise LinguistError unless a model has positions for `tokens`; returns how many it has (None: without end)."""
    room = positions_of(model)
    if room is not None and tokens > room:
        raise LinguistError(
            f"the input takes {tokens} tokens with its answer, but the model has {room} positions; give a shorter sequence, "
            "fewer examples, or a model with more positions"
        )
    return room


def loss_maker(answers_only):
    """The loss of instruction tuning: of the whole text, as in pretraining (the paper's way), or of the answer's tokens."""

    def make(model, tokens, device):
        inputs_of, types_of = collator(model, tokens, device), tokens.types

        def loss_of(objective, rows):
            inputs = inputs_of(rows)
            ids, real = inputs["input_ids"], inputs["attention_mask"].bool()
            wanted = real.clone()
            if answers_only:
                wanted[real] = torch.from_numpy(
                    np.concatenate([types_of[slice(*span)] for span in spans(tokens, rows)]) > 0
                ).to(device)
            places = torch.nonzero(wanted[:, 1:].flatten())[:, 0]
            width = ids.shape[1]
            before = places + places // (width - 1)  # a row has one place less that predicts than tokens
            return objective(targets=ids[:, 1:].flatten()[places], places=before, **inputs)

        return loss_of

    return make


def spans(tokens, rows):
    """Where the tokens of rows lie in a PairTokens: (start, end) of each."""
    return zip(tokens.offsets[rows], tokens.offsets[rows + 1], strict=True)


def answer_figures(model, tokens, accelerator):
    """What a model makes of the answers of a PairTokens of `encode_rows`: mean loss of their tokens (nats), and the share
    of answers of which each token is the likeliest, as greedy generation would give it."""
    to_inputs = collator(model, tokens, accelerator.device)
    total, count, right = 0.0, 0, 0
    model.eval()
    with torch.inference_mode():
        for rows in batches_by_length(tokens.lengths, EVALUATION_BATCH):
            inputs = to_inputs(rows)
            answers = [int(tokens.types[start:end].sum()) for start, end in spans(tokens, rows)]
            ends = tokens.lengths[rows]
            at = np.concatenate([np.arange(end - n, end) for end, n in zip(ends, answers, strict=True)])
            row = np.repeat(np.arange(len(rows)), answers)
            with accelerator.autocast():
                hidden = model.base_model(**inputs).last_hidden_state
                logits = model.get_output_embeddings()(hidden[row, at - 1]).float()
            targets = inputs["input_ids"][row, at]
            losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none").double()
            hit = (logits.argmax(-1) == targets).cpu().numpy()
            total, count = total + losses.sum().item(), count + len(at)
            right += int(np.logical_and.reduceat(hit, np.cumsum([0, *answers[:-1]])).sum())
    return {"loss": total / count, "accuracy": right / len(tokens)}


def instruct(model_folder, train_path, dev_path, seed, *, loss, told, answers, **run):
    """Tune a language model on the rows of an instruction set and keep the best epoch by the dev answers.

    Args: `train_path`, `dev_path` are rows as `instructions.write_rows` wrote them; `loss` is "prompt" (the whole text) or
    "answer"; `told` (as from `instructions.phrasings`) and `answers`, by task, are kept in the model's configuration, so that
    it can be asked; `run` are the others that `finetuning.tune` takes. Accuracy is the share of dev answers that are right to
    the letter.
    Raises LinguistError for a model that does not go on with a text, or has too few positions.
    """
    tokenizer = load_tokenizer(model_folder)
    if tokenizer.eos_token_id is None:
        raise LinguistError(f"{model_folder}: its tokenizer has no end token, which ends an answer; give another model")
    train_tokens, dev_tokens = (encode_rows(read_rows(path), tokenizer) for path in (train_path, dev_path))

    def load(attention):
        model = load_language_model(model_folder, attention)
        model.config.pad_token_id = tokenizer.pad_token_id
        check_room(model, max(int(tokens.lengths.max()) for tokens in (train_tokens, dev_tokens)) + BEYOND)
        known = {
            task: {"answers": answers[task], "phrasings": texts[TRAINED], "held_out": texts.get(HELD_OUT, [])}
            for task, texts in told.items()
        }
        setattr(model.config, INFO, known)
        return model

    tune(
        model_folder,
        train_tokens,
        dev_tokens,
        seed,
        **run,
        load=load,
        loss_maker=loss_maker(loss == "answer"),
        dev_figures=answer_figures,
        wrap=Objective,
        facts={"loss_over": loss},
    )


def answer_rows(weights, rows_path, tasks, options, predictions, threads):
    """Ask a tuned model all rows of a file, by greedy generation and by scoring the allowed answers.

    Args: `tasks` maps a task to its answers; `options` are a run's training options (precision, attention).
    Writes `predictions` (gzip table): test (the task), variant, asked (the task that the instruction is of), id, label,
    answer (the generated text, on one line), and score0, score1 ...: log-probabilities of the task's answers.
    """
    torch.set_num_threads(threads)
    accelerator, _ = make_accelerator(options["precision"])
    model = load_language_model(weights, choose_attention(options["attention"], accelerator.device)).to(
        accelerator.device
    )
    tokenizer, frames = load_tokenizer(weights), []
    for (task, variant), group in groupby(sort_rows(read_rows(rows_path)), task_and_variant):
        rows = list(group)
        prompts = encode_prompts(rows, tokenizer)
        endings = [len(encode_answer(tokenizer, answer)) for answer in tasks[task]]
        check_room(model, max(map(len, prompts)) + max(endings) + BEYOND)
        texts, scores = reply(model, tokenizer, prompts, tasks[task], accelerator)
        columns = {"test": task, "variant": variant} | {
            key: [row[key] for row in rows] for key in ("asked", "id", "label")
        }
        columns |= {"answer": [clean(text) for text in texts]}
        frames.append(pd.DataFrame(columns | {f"score{number}": column for number, column in enumerate(scores.T)}))
        logger.info("%s, %s: %d rows", task, variant, len(rows))
    write_table(predictions, pd.concat(frames), quoting=csv.QUOTE_NONE)


def task_and_variant(row):
    return row["task"], row["variant"]


def sort_rows(rows):
    """Rows by task and variant, each in the order of its first row."""
    first = {}
    for number, row in enumerate(rows):
        first.setdefault(task_and_variant(row), number)
    return sorted(rows, key=lambda row: first[task_and_variant(row)])
