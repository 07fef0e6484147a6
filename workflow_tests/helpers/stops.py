"""A training that is stopped half-way."""

from contextlib import contextmanager

import pytest

from linguist.training.checkpoints import Checkpoint


@contextmanager
def stopped_after(checkpoints):
    """What the block trains ends after so many checkpoints, as with Ctrl-C."""
    save, left = Checkpoint.save, iter(range(checkpoints - 1))

    def stop(*arguments, **state):
        save(*arguments, **state)
        if next(left, None) is None:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "save", stop)
        yield
