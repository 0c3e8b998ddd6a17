"""Options of the test run."""

import gc
import os

import pytest
from drawn import examples, left_out
from hypothesis import settings

from forensics import engine

# While modules and tests are collected nearly nothing is garbage, and all of it is looked through time and again.
gc.disable()

# On the build server the examples are the same in every run of the same code, so that red means the change;
# at a desk they are new in every run, so that more is found. No example is held to a clock: a busy machine is no fault.
settings.register_profile("same", derandomize=True, deadline=None, max_examples=examples(100))
settings.register_profile("new", deadline=None)
settings.load_profile("same" if os.environ.get("CI") else "new")


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden from what the formats read now; look at the difference before you commit it",
    )


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(config, items):
    """What a module makes once for its tests is made once: those that use it run in one worker of pytest-xdist.

    Of tests each of whose cases is dear some are left out (`drawn.left_out`), but where one was asked for by its name.
    """
    if not any("::" in word for word in config.args) and (apart := left_out(items)):
        config.hook.pytest_deselected(items=apart)
        gone = set(map(id, apart))
        items[:] = [item for item in items if id(item) not in gone]
    for item in items:
        used = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
        shared = any(known[-1].scope == "module" for known in used)
        if shared and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.location[0]))


@pytest.hookimpl(tryfirst=True)  # before xdist tells the names by which it hands tests out
def pytest_collection_finish(session):
    if getattr(session.config.option, "loadgroup", False):
        for item in session.items:
            _put_group_behind_name(item)
    # A process of the tests holds all modules, and what is made once: to give back memory after each part of each small
    # case would cost more than to read it. When that is done is tested in `test_engine.py`.
    engine.MOST_KEPT_BYTES = engine.MOST_HELD_BYTES = 1 << 40
    # What was imported and collected stays to the end: cycles are sought among what tests make, and less often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def pytest_unconfigure():
    gc.unfreeze()  # so that it goes before what it rests on: duckdb counts at the end what is left of it


def _put_group_behind_name(item):
    """By what stands behind its name, after an `@`, a test is handed to the worker that has the rest of its group.

    pytest-xdist puts it there, but since pytest 9.2 where nothing looks (its issue 1386). It said nothing: groups no
    longer counted, and what is made once for a group was made once in each worker.
    """
    group = "_".join(sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")}))
    if group and not item.nodeid.endswith(f"@{group}"):
        item._id = item.id.parse(f"{item.nodeid}@{group}")
        assert item.nodeid.endswith(f"@{group}"), "groups of tests count for nothing with this pytest"
