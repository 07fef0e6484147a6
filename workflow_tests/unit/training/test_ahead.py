"""Inputs made ahead: in order, each once, and an error where its result is asked for."""

import threading
import time

import numpy as np
import pytest
import torch

from linguist.training.ahead import Ahead


@pytest.fixture
def made():
    """(what `make` was asked for, as lists; in which threads)."""
    return [], set()


def maker(made, fail_at=None):
    asked, threads = made

    def make(rows):
        asked.append(list(rows))
        threads.add(threading.current_thread())
        if fail_at in rows:
            raise ValueError(f"row {fail_at}")
        return {"x": torch.from_numpy(np.asarray(rows) * 10), "y": torch.from_numpy(np.stack([rows, rows], 1))}

    return make


def batches(n, size=4):
    return list(np.random.default_rng(1).permutation(n * size).reshape(n, size))


def check(found, rows):
    assert found["x"].tolist() == [10 * row for row in rows]
    assert found["y"].tolist() == [[row, row] for row in rows]


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_part_is_that_of_its_rows(steps, size, made):
    ahead, expected = Ahead(maker(made), steps), batches(6)
    for _epoch in range(2):
        ahead.expect(expected)
        for batch in expected:
            for part in np.split(batch, range(size, 4, size)):
                check(ahead(part), part)
    asked, threads = made
    if steps:
        assert asked == 2 * [batch.tolist() for batch in expected], "each batch once, in order"
        assert threads and threading.main_thread() not in threads
    else:
        assert threads == {threading.main_thread()}


def test_the_next_batch_is_made_before_it_is_asked_for(made):
    ahead, expected = Ahead(maker(made), 2), batches(6)
    ahead.expect(expected)
    until = time.monotonic() + 10
    while len(made[0]) < 2 and time.monotonic() < until:
        time.sleep(0.001)
    assert made[0] == [batch.tolist() for batch in expected[:2]], "and no more than two"
    check(ahead(expected[0]), expected[0])


def test_an_error_reaches_the_caller_at_its_batch(made):
    expected = batches(6)
    ahead = Ahead(maker(made, fail_at=expected[3][2]), 2)
    ahead.expect(expected)
    for batch in expected[:3]:
        check(ahead(batch), batch)
    with pytest.raises(ValueError, match=f"row {expected[3][2]}"):
        ahead(expected[3])


def test_rows_that_nobody_expected_are_made_at_once(made):
    """Also smaller parts than before, as after an error of memory in the middle of a batch."""
    ahead, expected = Ahead(maker(made), 2), batches(3)
    ahead.expect(expected)
    check(ahead(expected[0][:2]), expected[0][:2])
    for part in np.split(expected[0], 4):  # from the beginning
        check(ahead(part), part)
    check(ahead(np.array([1000])), [1000])
    ahead.expect(expected[2:])  # as after resuming
    check(ahead(expected[2]), expected[2])
