"""Where work runs changes no result."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from forensics import engine


def squared(n):
    if n == 13:
        raise ValueError("thirteen")
    return n * n


def test_this_process_does_the_work_by_default():
    assert list(engine.run(squared, range(5))) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("in_flight", [1, 2, 100])
def test_order_is_that_of_the_tasks(in_flight):
    """The first task is made to finish last."""
    done = Event()

    def slow_first(n):
        if n == 0 and in_flight > 1:
            done.wait(10)
        done.set()
        return n

    with ThreadPoolExecutor(3) as pool:
        assert list(engine.run(slow_first, range(20), pool, in_flight=in_flight)) == list(range(20))


def test_local_processes_give_the_same():
    with engine.processes(2) as pool:
        assert list(engine.run(squared, range(9), pool)) == [n * n for n in range(9)]


def test_one_worker_is_this_process():
    with engine.processes(1) as pool:
        assert pool is None


def test_tasks_are_taken_as_results_are():
    taken = []

    def tasks():
        for n in count():
            taken.append(n)
            yield n

    with ThreadPoolExecutor(2) as pool:
        results = engine.run(str, tasks(), pool, in_flight=4)
        assert list(islice(results, 3)) == ["0", "1", "2"]
        results.close()
    assert len(taken) <= 7


@pytest.mark.parametrize("pooled", [False, True])
def test_a_failure_ends_the_run(pooled):
    with ThreadPoolExecutor(2) as pool, pytest.raises(ValueError, match="thirteen"):
        list(engine.run(squared, count(), pool if pooled else None))


@pytest.mark.parametrize(
    ("held", "most_bytes", "given_back"),
    [
        ("/proc/self/statm", 0, 1),
        ("/proc/self/statm", 1 << 50, 0),
        ("/proc/self/statm", None, 1),
        ("/none", 1 << 50, 1),
    ],
)
def test_memory_is_given_back_where_more_is_held_than_may_be(held, most_bytes, given_back, monkeypatch):
    """And where nobody says how much that is."""
    asked = []
    pool = SimpleNamespace(release_unused=lambda: asked.append(1))
    monkeypatch.setattr(engine, "pa", SimpleNamespace(default_memory_pool=lambda: pool))
    monkeypatch.setattr(engine, "MOST_KEPT_BYTES", 1 << 20)
    monkeypatch.setattr(engine, "_HELD", Path(held))
    engine.give_back(most_bytes)
    assert len(asked) == given_back
