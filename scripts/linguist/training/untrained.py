"""Classifiers of one model that differ only in what is drawn from their seed: what they have in common is computed once.

Their inputs pass through the same pretrained layers, and only the head is another. Ten of them then take hardly longer than one.
"""

import logging
from functools import partial

import torch

from linguist.training.models import load_classifier

logger = logging.getLogger("linguist")


def draw_classifiers(folder, classes, seeds, attention):
    """The model in `folder` as a classifier (as `models.load_classifier` gives it), and for each seed a function that gives the
    logits of its inputs. For a batch they are to be called in their order."""
    model = load_classifier(folder, classes, seeds[0], attention)
    if len(seeds) == 1:
        return model, [lambda inputs: model(**inputs).logits]
    states = [model.state_dict()]
    for seed in seeds[1:]:
        other = load_classifier(folder, classes, seed, attention).state_dict()
        states.append({name: tensor for name, tensor in other.items() if not torch.equal(tensor, states[0][name])})
    names = sorted(set().union(*states[1:]))
    # Copies, since the first seed's tensors are overwritten; a tensor that a seed shares with the first is among them as well.
    drawn = [{name: state.get(name, states[0][name]).clone() for name in names} for state in states]
    shared = SharedLayers(model, names)
    return model, [partial(shared.classify, state, first=number == 0) for number, state in enumerate(drawn)]


class SharedLayers:
    """A model whose largest parts without any of the parameters `names` compute a batch once for several sets of these.

    Whether that is the same is seen on the first batch: a model with another order of its parts is computed whole each time.
    """

    def __init__(self, model, names):
        self.model, self.outputs = model, {}
        self.parts = list(parts_without(model, names))
        self.checked = False
        for part in self.parts:
            part.forward = partial(self.once, part, part.forward)

    def once(self, part, forward, *args, **kwargs):
        if part not in self.outputs:
            self.outputs[part] = forward(*args, **kwargs)
        return self.outputs[part]

    def classify(self, state, inputs, first):
        """Logits of a batch's inputs with the parameters of `state`, {name: tensor}; `first` says that the batch is new."""
        parameters = self.model.state_dict()
        for name, tensor in state.items():
            parameters[name].copy_(tensor)
        if first:
            self.outputs.clear()
        logits = self.model(**inputs).logits
        if not first and not self.checked:
            self.outputs.clear()
            whole, self.checked = self.model(**inputs).logits, True
            if not torch.equal(logits, whole):
                logger.info("the layers that seeds share cannot be computed once for all of them")
                for part in self.parts:
                    del part.forward
                return whole
        return logits


def parts_without(model, names, place=""):
    """The largest modules inside a model that have parameters, but none of these names."""
    for name, child in model.named_children():
        inside = f"{place}{name}."
        if any(drawn.startswith(inside) for drawn in names):
            yield from parts_without(child, names, inside)
        elif next(child.parameters(), None) is not None:
            yield child
