"""Replies of a language model to many prompts at once: greedy text, and the probability of each allowed answer.

The beginning that all prompts share is read once, keys and values are cached, and prompts of similar length share a batch.
"""

import copy
from os.path import commonprefix

import numpy as np
import torch
from transformers import DynamicCache

from linguist.errors import LinguistError
from linguist.training.batches import batches_by_length, position_limit
from linguist.training.memory import Portion

BATCH = 64
EXTRA_TOKENS = 4  # a reply may be this much longer than the longest allowed answer


def answer_prompts(model, tokenizer, prompts, answers, accelerator, batch_size=BATCH):
    """Greedy replies to prompts, and the log-probability of each allowed answer after each prompt.

    Args: a causal language model of transformers in evaluation mode; `prompts`, lists of token ids; `answers`, the
    allowed texts.
    Returns (texts, scores): the replies up to the end token, without special tokens, and a float32 array (prompts, answers)
    of log p(answer, end | prompt) in nats. Raises LinguistError if the model has too few positions for the longest prompt
    with the longest answer and EXTRA_TOKENS.
    """
    endings = [encode_answer(tokenizer, answer) for answer in answers]
    most = max(map(len, endings)) + EXTRA_TOKENS
    check_positions(model, max(map(len, prompts)) + most)
    texts, scores = [""] * len(prompts), np.empty((len(prompts), len(answers)), np.float32)
    shared = commonprefix([prompt[:-1] for prompt in prompts])
    lengths = np.array([len(prompt) - len(shared) for prompt in prompts])
    model.eval()
    with torch.inference_mode(), accelerator.autocast():
        start = CachedTexts(model)
        if shared:
            start.read(torch.tensor([shared], device=model.device))

        def answer(rows):
            state = start.repeat(len(rows))
            state.read(*pad_rows([prompts[row][len(shared) :] for row in rows], tokenizer.pad_token_id, model.device))
            scores[rows] = torch.stack([state.score(ending) for ending in endings], 1).cpu().numpy()
            for row, ids in zip(rows, state.generate(most, tokenizer.eos_token_id).tolist(), strict=True):
                ids = ids[: ids.index(tokenizer.eos_token_id)] if tokenizer.eos_token_id in ids else ids
                texts[row] = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

        Portion(batch_size).apply(answer, batches_by_length(lengths, batch_size))
    return texts, scores


def check_positions(model, tokens):
    """How many positions a model has (None: no limit). Raises LinguistError if they are fewer than `tokens`."""
    room = position_limit(model)
    if room is not None and tokens > room:
        raise LinguistError(
            f"the input has {tokens} tokens with its answer, but the model has {room} positions; give a shorter sequence, "
            "fewer examples, or a model with more positions"
        )
    return room


def encode_answer(tokenizer, answer):
    """The token ids of an answer, with the end token."""
    return [*tokenizer.backend_tokenizer.encode(answer, add_special_tokens=False).ids, tokenizer.eos_token_id]


def pad_rows(rows, pad, device):
    """Token ids of rows, padded on the right, and their mask (1: token, 0: padding): two tensors (rows, tokens)."""
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows], device=device)
    real = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=device)
    return ids, real


class CachedTexts:
    """Some texts as far as a model has read them: cached keys and values, and log-probabilities of the next token."""

    def __init__(self, model):
        self.model, self.cache, self.real, self.following = model, DynamicCache(config=model.config), None, None

    def repeat(self, times):
        """A copy of one text's state, repeated `times`."""
        other = copy.copy(self)
        other.cache = copy.deepcopy(self.cache)
        if self.real is not None:
            other.cache.batch_repeat_interleave(times)
            other.real = self.real.repeat_interleave(times, 0)
        return other

    def read(self, ids, real=None):
        """Read token ids (texts, tokens); `real` is 1 for tokens and 0 for padding, which stands on the right.

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
        """Log-probabilities of the next token after hidden states: float32 (..., vocabulary)."""
        return self.model.get_output_embeddings()(hidden).float().log_softmax(-1)

    def score(self, ending):
        """The log-probability of the token ids `ending` after each text: float32 (texts,). The state stays as it was."""
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

    def generate(self, most, end):
        """Greedy tokens until all texts have ended (token `end`) or have `most` more: ids (texts, tokens)."""
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
