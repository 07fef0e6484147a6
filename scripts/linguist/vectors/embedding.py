"""Vectors of tokens: which tokens of a vocabulary are compared, and their vectors in each hidden layer of a model.

The text of a token is fed alone, as its tokenizer reads it; its vector is the mean over the tokens that it becomes.
"""

import numpy as np
import torch

from linguist.tokenizers.encoding import encode_texts, pack
from linguist.tokenizers.vocabulary import classify_token
from linguist.training.batches import Collator, batches_by_length
from linguist.training.memory import Portion

COMPARED = ("dna", "protein", "english")  # classes of tokens; distances are to the last one


def choose_tokens(words, tokenizer):
    """The texts of the tokens that are compared, {class: list in the order of ids, each text once}, and how many are left
    out, {cause: number}: "other" (of no compared class), "repeated" (the text of another token) or "unread" (the tokenizer
    reads the text as nothing or as [UNK]).

    Args: `words` is {id: text of the token} from `vocabulary.read_vocabulary`; `tokenizer` as from `load_tokenizer`.
    """
    ordered = [words[i] for i in sorted(words)]
    known = [word for word in ordered if classify_token(word) in COMPARED]
    texts = list(dict.fromkeys(known))
    tokens, real = encode_alone(texts, tokenizer)
    owner = np.repeat(np.arange(len(texts)), tokens.lengths)
    unknown = -1 if tokenizer.unk_token_id is None else tokenizer.unk_token_id
    read = np.bincount(owner[real], minlength=len(texts)) > 0
    read &= np.bincount(owner[real & (tokens.ids == unknown)], minlength=len(texts)) == 0
    chosen = {name: [] for name in COMPARED}
    for text, readable in zip(texts, read, strict=True):
        if readable:
            chosen[classify_token(text)].append(text)
    kept = sum(map(len, chosen.values()))
    left = {"other": len(ordered) - len(known), "repeated": len(known) - len(texts), "unread": len(texts) - kept}
    return chosen, left


def encode_alone(texts, tokenizer):
    """Texts, each encoded alone: (PairTokens, bool array beside its ids: True for tokens that are not special)."""
    encodings = encode_texts(tokenizer, texts)
    tokens, special = pack(encodings, np.zeros(len(texts), np.int8), np.array(texts, str))
    return tokens, ~special


def fill_vectors(model, tokens, real, batch_size, target):
    """Fill `target` (layers + 1, texts, width; float32) with the vectors of texts in each hidden layer: the mean over a text's
    tokens without special ones. Layer 0 holds the embeddings. Args: `tokens` and `real` as from `encode_alone`."""
    to_inputs = Collator(model, tokens, model.device)
    model.eval()

    def fill(rows):
        inputs = to_inputs(rows)
        mask = np.zeros(inputs["input_ids"].shape, np.float32)
        for at, row in enumerate(rows):
            mask[at, : tokens.lengths[row]] = real[tokens.offsets[row] : tokens.offsets[row + 1]]
        weight = torch.from_numpy(mask / mask.sum(axis=1, keepdims=True)).to(model.device)[:, None]
        for layer, states in enumerate(model(**inputs, output_hidden_states=True).hidden_states):
            target[layer, rows] = (weight @ states.float())[:, 0].cpu().numpy()

    with torch.inference_mode():
        Portion(batch_size, "vector.batch_size").apply(fill, batches_by_length(tokens.lengths, batch_size))
