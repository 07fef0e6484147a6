"""Control conditions: runs that should perform at chance if a hypothesis is true. A new control is one record here;
how it changes the rows that it is trained on is a function in `changes`.

A control is a run as others are, named after what differs from the run that it controls: "untrained" in the place of a
training set, "en.shuffled" for changed rows of en, "bert-random" for a model like bert with random weights.
"""

from dataclasses import dataclass

from linguist.training.changes import GIVEN, row_change

UNTRAINED = "untrained"  # stands in the place of a training set
RANDOM_ENDING = "-random"  # of the name of a model with random weights


@dataclass(frozen=True)
class Control:
    """A control condition, and how it differs from the run that it controls.

    Attributes:
        name: as the config and the tables name it.
        phrase: what it is, as it stands after "better than".
        about: what it is, in a sentence for the documentation.
        is_trained: whether it is fine-tuned at all.
        change: how the rows that it is trained on are changed, one of `changes.CHANGES`.
        random_weights: whether its model has random weights.
        can_refute: whether a hypothesis is not supported if the model is no better than this control.
        for_tasks: whether studies of tasks can have it too; all studies of pair sets can.
    """

    name: str
    phrase: str
    about: str
    is_trained: bool = True
    change: str = GIVEN
    random_weights: bool = False
    can_refute: bool = True
    for_tasks: bool = False

    def arm(self, model, trainset):
        """The (model, training set) that controls another one."""
        if not self.is_trained:
            return model, self.name
        return model + RANDOM_ENDING * self.random_weights, trainset + f".{self.change}" * (self.change != GIVEN)


CONTROLS = {
    control.name: control
    for control in (
        Control(
            UNTRAINED,
            phrase="the untrained classifier",
            about="the same model with a new classification head and no training",
            is_trained=False,
        ),
        Control(
            "shuffled",
            phrase="fine-tuning on shuffled labels",
            about="the same model, trained on the labels in random order",
            change="shuffled",
        ),
        Control(
            "flipped",
            phrase="fine-tuning on flipped labels",
            about="the same model, trained on opposite labels; it falls below chance wherever labels matter, so that it "
            "cannot refute a hypothesis alone",
            change="flipped",
            can_refute=False,
        ),
        Control(
            "random-weights",
            phrase="the same architecture with random weights",
            about="a model of the same shape with random weights, trained in the same way",
            random_weights=True,
            for_tasks=True,
        ),
    )
}


def is_control(model, trainset):
    """Whether a (model, training set) controls another one."""
    return model.endswith(RANDOM_ENDING) or trainset == UNTRAINED or row_change(trainset) != GIVEN
