"""Answers of one tuned model to one question: the answer with its probability, or free text as it is generated."""

import re
from dataclasses import dataclass
from math import exp
from pathlib import Path

import numpy as np
import torch
from transformers import TextStreamer

from linguist.errors import LinguistError
from linguist.files import read_json
from linguist.tasks.generation import answer_prompts, check_positions
from linguist.tasks.instruction_tuning import INFO, encode_prompts
from linguist.tasks.prompts import match_prefix
from linguist.tokenizers.encoding import encode_texts
from linguist.tokenizers.loading import load_tokenizer
from linguist.training.devices import prepare_environment
from linguist.training.finetuning import CLASSES
from linguist.training.models import load_classifier, load_language_model


@dataclass
class ModelAnswer:
    """A model's answer about a sequence.

    `text` is the likeliest answer of its task, `probability` its share among the task's answers, `among` the share of each
    answer. `generated` is the generated text where it does not begin with `text`. Where the question does not settle the task,
    `task` is the one chosen and `share` the probability of its answers among the answers of all tasks.
    """

    text: str
    probability: float
    among: dict[str, float]
    generated: str = ""
    task: str = ""
    share: float = 0.0


def open_model(folder):
    """The model in a folder: a TaskClassifier or an InstructedModel. Raises LinguistError for an unreadable config.json."""
    try:
        names = read_json(Path(folder, "config.json")).get("architectures") or [""]
    except (LinguistError, AttributeError):
        raise LinguistError(f"{folder}: its config.json cannot be read; give another model") from None
    return (TaskClassifier if names[0].endswith("ForSequenceClassification") else InstructedModel)(folder)


class TaskClassifier:
    """A model of classification tuning. It has one question; the text of a question is ignored."""

    tasks = {}

    def __init__(self, folder):
        _, environment = prepare_environment()
        self.model = load_classifier(folder, None, 0, environment.attention).to(environment.device).eval()
        self.tokenizer = load_tokenizer(folder)
        if tuple(self.model.config.id2label.values()) == CLASSES:
            raise LinguistError(
                f"{folder}: compares two sequences; give a classifier of a task, or an instruction-tuned model"
            )

    def ask(self, question, sequence, examples=()):
        """The class of a sequence (ModelAnswer). Raises LinguistError for examples or too long a sequence."""
        if examples:
            raise LinguistError("a classifier reads no examples; leave out --examples")
        ids = encode_texts(self.tokenizer, [sequence])[0].ids
        check_positions(self.model, len(ids))
        with torch.inference_mode():
            logits = self.model(input_ids=torch.tensor([ids], device=self.model.device)).logits[0].float()
        shares = logits.softmax(0).tolist()
        among = {self.model.config.id2label[label]: share for label, share in enumerate(shares)}
        best = max(among, key=among.get)
        return ModelAnswer(best, among[best], among)

    def talk(self, *_):
        """Raise LinguistError: a classifier generates no text."""
        raise LinguistError("a classifier generates no text; give a --sequence, or an instruction-tuned model")


class InstructedModel:
    """A causal language model. An instruction-tuned one knows its tasks: their answers and wordings."""

    def __init__(self, folder):
        self.accelerator, environment = prepare_environment()
        self.model = load_language_model(folder, environment.attention).to(environment.device).eval()
        self.tokenizer = load_tokenizer(folder)
        self.tasks = known_tasks(folder, self.model.config)
        self.unseen = read_unseen(folder)

    def ask(self, question, sequence, examples=()):
        """The likeliest answer (ModelAnswer) of the question's task. A question that is none of the known wordings gets the task
        whose answers are likeliest together.

        Raises LinguistError without a question, for a model without tasks, or for too long a sequence.
        """
        if not question:
            known = "; ".join(f"{task}: {about['phrasings'][0]}" for task, about in self.tasks.items())
            raise LinguistError("no question" + (f"; ask one of its tasks' ({known})" if known else "; ask one"))
        if not self.tasks:
            raise LinguistError(
                "this model is not instruction-tuned; give one that is, as results/runs/MODEL/SET/best, or leave out the "
                "sequence for free text"
            )
        ids = encode_prompts([{"instruction": question, "input": sequence, "examples": examples}], self.tokenizer)
        answers = list(dict.fromkeys(answer for about in self.tasks.values() for answer in about["answers"]))
        (generated,), (scores,) = answer_prompts(self.model, self.tokenizer, ids, answers, self.accelerator)
        logs = dict(zip(answers, scores.astype(float), strict=True))
        meant = {task: about for task, about in self.tasks.items() if self.is_wording(question, task)}
        candidates = {}  # the tasks that may be meant, by their answers: some have the same
        for task, about in (meant or self.tasks).items():
            candidates.setdefault(tuple(about["answers"]), []).append(task)
        totals = {texts: np.logaddexp.reduce([logs[text] for text in texts]) for texts in candidates}
        chosen = max(totals, key=totals.get)
        among = {text: exp(logs[text] - totals[chosen]) for text in chosen}
        best = max(among, key=among.get)
        answer = ModelAnswer(best, among[best], among, "" if match_prefix(generated, [best]) == 0 else generated)
        if not meant or len(candidates) > 1:
            answer.task = ", ".join(candidates[chosen])
            answer.share = exp(totals[chosen] - np.logaddexp.reduce(list(logs.values())))
        return answer

    def is_wording(self, question, task):
        """Whether a question is one of a task's wordings, ignoring case and blanks around it."""
        known = [*self.tasks[task]["phrasings"], *self.unseen.get(task, [])]
        return question.strip().casefold() in (text.strip().casefold() for text in known)

    def talk(self, question, most, temperature, out):
        """Write the text that a model generates to `out` as it comes, at most `most` tokens.

        A model without tasks continues the question itself; temperature 0 takes the likeliest token.
        """
        row = {"instruction": question, "input": "", "examples": []}
        ids = (
            encode_prompts([row], self.tokenizer)[0] if self.tasks else encode_texts(self.tokenizer, [question])[0].ids
        )
        room = check_positions(self.model, len(ids) + 1)
        most = most if room is None else min(most, room - len(ids))
        inputs = torch.tensor([ids], device=self.model.device)
        draw = {"do_sample": True, "temperature": temperature} if temperature > 0 else {"do_sample": False}
        with self.accelerator.autocast():
            self.model.generate(
                input_ids=inputs,
                attention_mask=torch.ones_like(inputs),
                max_new_tokens=most,
                pad_token_id=self.tokenizer.pad_token_id,
                streamer=_FileStreamer(self.tokenizer, out),
                **draw,
            )


def known_tasks(folder, config):
    """The tasks of a model, from its configuration: {task: {"answers": texts, "phrasings": texts}}; none if it was not tuned.

    Raises LinguistError for tasks of another form.
    """
    tasks = getattr(config, INFO, {})
    try:
        lists = [about[key] for about in tasks.values() for key in ("answers", "phrasings")]
        whole = all(isinstance(texts, list) and texts and all(isinstance(t, str) for t in texts) for texts in lists)
    except (AttributeError, KeyError, TypeError):
        whole = False
    if not whole:
        raise LinguistError(f"{folder}: {INFO} in its config.json are not tasks; take the model from its run again")
    return tasks


def read_unseen(folder):
    """The unseen wordings of a model's instruction set, {task: texts}; none for a folder outside of a run's.

    They stand beside the instruction set and not in the model, which is not trained again when they change.
    """
    for run in Path(folder).resolve().parents[:2]:  # the model is RUN/best or RUN/seed-1/weights
        path = Path(*run.parts[:-3], "instructions", run.name, "unseen.json")
        if path.is_file():
            return read_json(path)
    return {}


class _FileStreamer(TextStreamer):
    """Writes generated text to a file, piece by piece."""

    def __init__(self, tokenizer, out):
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.out = out

    def on_finalized_text(self, text, stream_end=False):
        print(without_controls(text), end="\n" if stream_end else "", file=self.out, flush=True)


def without_controls(text):
    """A model's text without the characters by which a terminal is controlled, but with line breaks and tabs."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\ufffd", text)
