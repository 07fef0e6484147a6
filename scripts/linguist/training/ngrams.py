"""Models of tokens that only count: what a language model must beat to have learned more than frequencies."""

import numpy as np

MOST = 20_000_000  # tokens counted of a source: more change little, and memory grows with them


def count_models(ids, size):
    """{"unigram": model, "bigram": model} of token ids (flat integer array) of a vocabulary of `size`; a model gives
    losses in nats (float array) for arrays of previous tokens and of those that follow.

    The unigram's probabilities are (count + 1) / (tokens + vocabulary). The bigram falls back on it as Witten and Bell
    (1991) do: p(w | v) = (c(v, w) + t(v) p(w)) / (c(v) + t(v)), with t(v) the number of different tokens seen after v. It
    runs across the ends of documents, whose start token is one of its words.
    """
    ids = np.asarray(ids[:MOST]).astype(np.int64)
    unigram = (np.bincount(ids, minlength=size) + 1) / (len(ids) + size)
    pairs, counts = np.unique(ids[:-1] * size + ids[1:], return_counts=True)
    before = np.bincount(ids[:-1], minlength=size)
    kinds = np.bincount(pairs // size, minlength=size)

    def unigram_loss(previous, following):
        return -np.log(unigram[following])

    def bigram_loss(previous, following):
        wanted = previous * size + following
        at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        seen = np.where(pairs[at] == wanted, counts[at], 0)
        weight = np.maximum(kinds[previous], 1)  # a token never seen before another falls back wholly
        return -np.log((seen + weight * unigram[following]) / (before[previous] + weight))

    # A text of one token has no pairs to look up.
    return {"unigram": unigram_loss, "bigram": bigram_loss if len(pairs) else unigram_loss}
