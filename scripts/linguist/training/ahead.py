"""Inputs of batches made ahead: a thread makes those of the next steps while the device is busy with this one."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

STEPS = {"cuda": 2}  # made ahead, by type of device; the threads of a CPU are busy with the training itself


class Ahead:
    """Gives `make(rows)`, tensors with a row for each of `rows`, and makes those that `expect` names ahead, in their order.

    `make` must depend on its argument only. An exception in it is raised where its result is asked for.
    """

    def __init__(self, make, steps):
        self.make, self.steps = make, steps
        self.thread = ThreadPoolExecutor(1)
        self.coming, self.started = iter(()), deque()
        self.rows, self.made = np.empty(0, int), {}

    def expect(self, batches):
        """Make the rows of some batches ahead, in place of those that were expected before."""
        for _, future in self.started:
            future.cancel()
        self.coming, self.started = iter(batches), deque()
        self._start()

    def __call__(self, rows):
        """The tensors of some rows of the current batch or of the next one. Any others are made at once."""
        if (found := self._find(rows)) is None and self.started:
            self.rows, future = self.started.popleft()
            self._start()
            self.made = future.result()
            found = self._find(rows)
        return self.make(rows) if found is None else {name: tensor[found] for name, tensor in self.made.items()}

    def _start(self):
        for rows in islice(self.coming, self.steps - len(self.started)):
            self.started.append((rows, self.thread.submit(self.make, rows)))

    def _find(self, rows):
        """Where the rows lie in the current batch, as a slice; None if they do not."""
        for low in np.flatnonzero(self.rows == rows[0]):
            if np.array_equal(self.rows[low : low + len(rows)], rows):
                return slice(low, low + len(rows))
        return None
