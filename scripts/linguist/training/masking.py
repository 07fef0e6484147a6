"""Which tokens a BERT must predict in pretraining, and what it sees instead of them (Devlin et al. 2019)."""

from dataclasses import dataclass

import numpy as np

MASKED, KEPT, SWAPPED = 0.15, 0.1, 0.1  # BERT's shares: of all tokens, and of those that are predicted


@dataclass(frozen=True)
class Masking:
    """Masked tokens of blocks. The same `seed` and number of a block mask the same tokens, whatever else is in the batch.

    `special` is an array of the ids of special tokens. Tokens are masked in runs of `run_length`: overlapping k-mers in runs of
    k, as in DNABERT, because the neighbours of a single k-mer reveal it.
    """

    seed: int
    mask_id: int | None
    vocab_size: int
    special: np.ndarray
    run_length: int = 1

    def choose(self, row, number):
        """The places of a block's tokens (`row`, their ids) that are predicted, sorted. Every block has as many."""
        draw = np.random.default_rng([self.seed, number])
        runs = self.runs(np.arange(len(row)), number)
        last = np.zeros(runs[-1] + 1, bool)
        last[runs[np.isin(row, self.special)]] = True
        # Special tokens come last, but the number of predictions stays the same, so that all blocks weigh the same.
        rank = np.argsort(np.argsort(draw.random(len(last)) + last))
        return np.sort(np.argsort(rank[runs], kind="stable")[: max(1, round(MASKED * len(row)))])

    def runs(self, places, number):
        """For places of a block, the number of the run of tokens that are masked together."""
        return (places + np.random.default_rng([self.seed, number, 2]).integers(self.run_length)) // self.run_length

    def replace(self, targets, chosen, number):
        """What the model sees instead of the tokens `targets` at the places `chosen`: the mask token, a random token, or the
        token itself."""
        draw = np.random.default_rng([self.seed, number, 1])
        runs = self.runs(chosen, number)
        fate = draw.random(runs.max() + 1)[runs]
        swapped = draw.integers(self.vocab_size, size=len(targets))
        return np.where(fate < SWAPPED, swapped, np.where(fate < SWAPPED + KEPT, targets, self.mask_id))
