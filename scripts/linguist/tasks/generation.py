"""Answers of a language model to many prompts at once: greedy text, and the probability of each allowed answer.

What prompts begin with in common is read once, keys and values are kept, and prompts of like length go together.
"""

import copy
from os.path import commonprefix

import numpy as np
import torch
from transformers import DynamicCache

from linguist.training.loop import batches_by_length

BATCH = 64
BEYOND = 4  # tokens that a reply may go on after the longest allowed answer


def reply(model, tokenizer, prompts, answers, accelerator, batch_size=BATCH):
    """Greedy replies to prompts, and the log-probability of each allowed answer after each prompt.

    Args: a causal language model of transformers in evaluation mode; `prompts`, lists of token ids, each shorter than the
    model's positions by the longest answer and BEYOND; `answers`, the texts that are allowed.
    Returns (texts, scores): the replies up to the end token, specials left out, and a float32 array (prompts, answers) of
    log p(answer, end | prompt).
    """
    endings = [encode_answer(tokenizer, answer) for answer in answers]
    most = max(map(len, endings)) + BEYOND
    texts, scores = [""] * len(prompts), np.empty((len(prompts), len(answers)), np.float32)
    shared = commonprefix([prompt[:-1] for prompt in prompts])
    lengths = np.array([len(prompt) - len(shared) for prompt in prompts])
    model.eval()
    with torch.inference_mode(), accelerator.autocast():
        start = Reading(model)
        if shared:
            start.read(torch.tensor([shared], device=model.device))
        for rows in batches_by_length(lengths, batch_size):
            reading = start.repeat(len(rows))
            reading.read(*padded([prompts[row][len(shared) :] for row in rows], tokenizer.pad_token_id, model.device))
            scores[rows] = torch.stack([reading.score(ending) for ending in endings], 1).cpu().numpy()
            for row, ids in zip(rows, reading.go_on(most, tokenizer.eos_token_id).tolist(), strict=True):
                ids = ids[: ids.index(tokenizer.eos_token_id)] if tokenizer.eos_token_id in ids else ids
                texts[row] = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return texts, scores


def encode_answer(tokenizer, answer):
    """The token ids of an answer, with the end token."""
    return [*tokenizer.backend_tokenizer.encode(answer, add_special_tokens=False).ids, tokenizer.eos_token_id]


def padded(rows, pad, device):
    """Token ids of rows, padded on the right, and which of them are real: two tensors (rows, tokens)."""
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows], device=device)
    real = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=device)
    return ids, real


class Reading:
    """What a model has read so far of some texts, all at once: keys and values, and the scores of the next token."""

    def __init__(self, model):
        self.model, self.cache, self.real, self.following = model, DynamicCache(config=model.config), None, None

    def repeat(self, times):
        """The same reading of one text, `times` side by side."""
        other = copy.copy(self)
        other.cache = copy.deepcopy(self.cache)
        if self.real is not None:
            other.cache.batch_repeat_interleave(times)
            other.real = self.real.repeat_interleave(times, 0)
        return other

    def read(self, ids, real=None):
        """Read token ids (texts, tokens), of which those that are `real` count; padding stands on the right.

        Returns the hidden states (texts, tokens, features).
        """
        real = torch.ones_like(ids) if real is None else real
        before = 0 if self.real is None else self.real.sum(1, keepdim=True)
        self.real = real if self.real is None else torch.cat([self.real, real], 1)
        hidden = self.model.base_model(
            input_ids=ids,
            attention_mask=self.real,
            position_ids=before + (real.cumsum(1) - 1).clamp(min=0),
            past_key_values=self.cache,
            use_cache=True,
        ).last_hidden_state
        last = real.sum(1) - 1
        self.following = self.log_probabilities(hidden[torch.arange(len(ids), device=ids.device), last])
        return hidden

    def log_probabilities(self, hidden):
        return self.model.get_output_embeddings()(hidden).float().log_softmax(-1)

    def score(self, ending):
        """The log-probability that each text goes on with the token ids `ending`: float32 (texts,). Nothing stays read."""
        real, following = self.real, self.following
        total = following[:, ending[0]]
        if len(ending) > 1:
            ids = torch.tensor([ending[:-1]], device=real.device).expand(len(real), -1)
            hidden = self.read(ids)
            wanted = torch.tensor(ending[1:], device=real.device).expand(len(real), -1)
            total = total + self.log_probabilities(hidden).gather(2, wanted[:, :, None])[:, :, 0].sum(1)
            self.cache.crop(-ids.shape[1])
        self.real, self.following = real, following
        return total

    def go_on(self, most, end):
        """The likeliest tokens, one by one, until all texts have ended or have `most` more: ids (texts, tokens)."""
        chosen = []
        ended = torch.zeros(len(self.real), dtype=torch.bool, device=self.real.device)
        for _ in range(most):
            following = self.following.argmax(-1).masked_fill(ended, end)
            chosen.append(following)
            ended |= following == end
            if ended.all() or len(chosen) == most:
                break
            self.read(following[:, None])
        return torch.stack(chosen, 1)
