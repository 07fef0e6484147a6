"""Language models that only count tokens: what a trained model must beat to have learned more than frequencies."""

import numpy as np

MAX_TOKENS = 20_000_000  # counted per source: more tokens change little, and memory grows with them


def count_models(ids, size):
    """{"unigram": model, "bigram": model} of token ids (flat integer array) of a vocabulary of `size`. A model takes an array
    of previous tokens and an array of the tokens that follow, and gives their losses in nats (float array).

    Unigram probabilities are (count + 1) / (tokens + vocabulary). The bigram model falls back on them as in Witten and Bell
    (1991): p(w | v) = (c(v, w) + t(v) p(w)) / (c(v) + t(v)), where t(v) is the number of different tokens seen after v. It
    counts across the ends of documents, whose start token is a token like any other.
    """
    ids = np.asarray(ids[:MAX_TOKENS]).astype(np.int64)
    unigram = (np.bincount(ids, minlength=size) + 1) / (len(ids) + size)
    pairs, counts = np.unique(ids[:-1] * size + ids[1:], return_counts=True)
    before = np.bincount(ids[:-1], minlength=size)
    different = np.bincount(pairs // size, minlength=size)

    def unigram_loss(previous, following):
        return -np.log(unigram[following])

    def bigram_loss(previous, following):
        wanted = previous * size + following
        at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        seen = np.where(pairs[at] == wanted, counts[at], 0)
        weight = np.maximum(different[previous], 1)  # after an unseen token only the unigram counts
        return -np.log((seen + weight * unigram[following]) / (before[previous] + weight))

    # A single token has no bigrams.
    return {"unigram": unigram_loss, "bigram": bigram_loss if len(pairs) else unigram_loss}
