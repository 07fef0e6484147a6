"""Fine-tuning with the embeddings of some tokens only: most of the parameters of a small multilingual model belong to tokens that
never occur. These get no gradient, so that without weight decay they stay as they are."""

import numpy as np
import torch


class PrunedEmbeddings:
    """The input embeddings of a model while only the tokens that occur have one. Ids of inputs stay as they are.

    model: a Hugging Face model, which is changed
    kept: the ids that occur (int64), each once
    """

    def __init__(self, model, kept):
        self.module, self.kept = model.get_input_embeddings(), torch.from_numpy(kept)
        self.whole, self.padding = self.module.weight.detach(), self.module.padding_idx
        places = torch.zeros(len(self.whole), dtype=torch.int64)
        places[self.kept] = torch.arange(len(kept))
        self.module.register_buffer("places", places, persistent=False)  # it goes with the model to its device
        self.hook = self.module.register_forward_pre_hook(lambda module, given: (module.places[given[0]], *given[1:]))
        self._replace(self.whole[self.kept], None if self.padding is None else int(places[self.padding]))

    def restore(self):
        """Put the embeddings of all tokens back. Those that were kept have what they learned."""
        learned = self.module.weight.detach().cpu()
        self.hook.remove()
        del self.module.places
        self._replace(self.whole.index_copy(0, self.kept, learned), self.padding)

    def _replace(self, weights, padding):
        self.module.weight = torch.nn.Parameter(weights)
        self.module.num_embeddings, self.module.padding_idx = len(weights), padding


def prune_embeddings(model, *token_ids):
    """Keep in a model only the embeddings of its padding token and of tokens that occur in these arrays. Returns
    PrunedEmbeddings."""
    kept = np.unique(np.concatenate([*token_ids, [model.config.pad_token_id]]))
    return PrunedEmbeddings(model, kept.astype(np.int64))
