"""How well a language model predicts the dev split of a corpus, source by source, beside models that only count tokens."""

import numpy as np
import torch

from linguist.errors import LinguistError
from linguist.training.memory import Portion

PROMPT_TOKENS, SAMPLE_TOKENS = 16, 32  # of a sample: what is given, and what is generated at most
BLOCKS_AT_ONCE = 8
MAX_TOKENS = 20_000_000  # counted per source: more tokens change little, and memory grows with them


class SourceEvaluation:
    """Losses on the dev split by source, over at most `dev_blocks` blocks that are evenly spread over it.

    Args: `examples` of the dev split's blocks; its `tokens` (a packed.Tokens); the number of each document's source; the names
    of the sources; accelerate's Accelerator. `fixed_size` is the number of blocks at once for a model that is compiled for it;
    None: BLOCKS_AT_ONCE, and at the end those that are left.
    """

    def __init__(self, examples, tokens, document_sources, sources, dev_blocks, accelerator, fixed_size=None):
        if len(document_sources) != len(tokens.starts):
            raise LinguistError(
                f"{len(document_sources)} sources for {len(tokens.starts)} dev documents; encode the corpus again"
            )
        self.examples, self.sources, self.accelerator = examples, sources, accelerator
        self.tokens, self.document_sources, self.fixed_size = tokens, document_sources, fixed_size
        blocks = len(examples.blocks)
        self.chosen = np.unique(np.linspace(0, blocks - 1, min(dev_blocks, blocks)).astype(int))
        self.evaluated = len(self.chosen) * examples.blocks.context  # tokens
        self.characters_per_token = {}  # of the whole dev split
        for number, source in enumerate(sources):
            counts = tokens.info["sources"].get(str(number), {})
            predicted = counts.get("tokens", 0) + counts.get("documents", 0)  # start tokens are predicted too
            self.characters_per_token[source] = counts.get("characters", 0) / max(1, predicted)

    def losses(self, objective):
        """Mean losses (nats per target) over all targets and by source. If the model predicts every token, also bits per
        character (base, residue) by source; the ends of documents count as predictions."""

        portion = Portion(self.fixed_size or BLOCKS_AT_ONCE)

        def compute(numbers):
            size = portion.most if self.fixed_size else len(numbers)  # blocks that are missing are filled with copies
            with torch.no_grad(), self.accelerator.autocast():
                losses = objective(**self.examples(np.resize(numbers, size)))
            return losses.view(size, -1)[: len(numbers)].flatten().cpu().numpy()

        def losses_of(numbers):
            return np.concatenate(portion.apply(compute, [numbers])).astype(np.float64)

        return self._mean_by_source(losses_of)

    def baselines(self, tokens, document_sources):
        """The same losses and bits of models that count tokens of the train split (a packed.Tokens and its documents' sources):
        unigrams, and bigrams if the model predicts every token. Each source has models of its own."""
        models = [
            count_models(self._ids_of(tokens, document_sources == number), tokens.info["vocab_size"])
            for number in range(len(self.sources))
        ]
        found = {}
        for baseline in ("unigram", "bigram") if self.examples.causal else ("unigram",):

            def losses_of(numbers, baseline=baseline):
                tokens = self.examples.read(numbers)
                _, targets, places = self.examples.make_targets(tokens, numbers)
                previous, source = tokens[:, :-1].ravel()[places], self._source_of(numbers, places)
                losses = np.empty(len(targets))
                for number in np.unique(source):
                    mine = source == number
                    losses[mine] = models[number][baseline](previous[mine], targets[mine])
                return losses

            found |= {f"{baseline}_{name}": loss for name, loss in self._mean_by_source(losses_of).items()}
        return found

    def samples(self, model, tokenizer):
        """Yield (source, text): the model's continuation of the first dev document of each source. Only for a causal model.

        It has a random generator of its own, so that the training does not depend on it.
        """
        if not self.examples.causal:
            return
        draw, context = torch.Generator().manual_seed(0), self.examples.blocks.context
        for number, source in enumerate(self.sources):
            if not (self.document_sources == number).any():
                continue
            start = int(self.tokens.starts[np.argmax(self.document_sources == number)])
            prompt = self.tokens.ids[start : start + min(PROMPT_TOKENS, context // 2)].astype(np.int64)
            ids = torch.from_numpy(prompt)[None].to(self.accelerator.device)
            # A compiled model would be compiled again for each length.
            stance = torch.compiler.set_stance("force_eager")
            with stance, torch.inference_mode(), self.accelerator.autocast():
                for _ in range(min(SAMPLE_TOKENS, context - ids.shape[1])):
                    scores = model(input_ids=ids, use_cache=False).logits[0, -1, : len(tokenizer)].float().cpu()
                    following = torch.multinomial(scores.softmax(0), 1, generator=draw)
                    if following == self.examples.blocks.start:
                        break
                    ids = torch.cat([ids, following[None].to(ids.device)], 1)
            yield source, tokenizer.decode(ids[0, 1:].tolist())

    def _source_of(self, numbers, places):
        """For each target at the flat `places` of some blocks, the number of its document's source."""
        context = self.examples.blocks.context
        at = (np.asarray(numbers)[:, None] * context + np.arange(context)).ravel()[places]
        return self.document_sources[np.searchsorted(self.tokens.starts, at, "right") - 1]

    def _mean_by_source(self, losses_of):
        """Mean of `losses_of(numbers)` (nats, a float array with one per target) over all targets and over those of each source,
        and bits per character if the model predicts every token. Each process takes its share of the blocks."""
        sums = np.zeros((2, len(self.sources)))
        mine = self.chosen[self.accelerator.process_index :: self.accelerator.num_processes]
        size = self.fixed_size or BLOCKS_AT_ONCE
        for part in np.split(mine, range(size, len(mine), size)):
            if len(part):
                _, _, places = self.examples.make_targets(self.examples.read(part), part)
                source = self._source_of(part, places)
                sums[0] += np.bincount(source, losses_of(part), len(self.sources))
                sums[1] += np.bincount(source, minlength=len(self.sources))
        # NCCL can only sum tensors on the GPU. With one process the sums stay on the CPU: not every device has float64.
        where = self.accelerator.device if self.accelerator.num_processes > 1 else "cpu"
        sums = self.accelerator.reduce(torch.from_numpy(sums).to(where), "sum").cpu().numpy()
        means = {source: float(sums[0, i] / sums[1, i]) for i, source in enumerate(self.sources) if sums[1, i]}
        found = {"loss": float(sums[0].sum() / sums[1].sum())}
        found |= {f"loss_{source}": mean for source, mean in means.items()}
        if self.examples.causal:
            for source, mean in means.items():
                found[f"bits_{source}"] = float(mean / np.log(2) / self.characters_per_token[source])
        return found

    def _ids_of(self, tokens, chosen):
        """The token ids of documents (a boolean array chooses them), at most about MAX_TOKENS."""
        lengths = np.diff(tokens.starts, append=len(tokens))
        mine = np.flatnonzero(chosen)
        mine = mine[: np.searchsorted(np.cumsum(lengths[mine]), MAX_TOKENS) + 1]
        documents = zip(tokens.starts[mine], lengths[mine], strict=True)
        return np.concatenate([*(tokens.ids[start : start + length] for start, length in documents), tokens.ids[:0]])


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
