"""Options of the test run."""

import gc
import os

import pytest
from hypothesis import settings

# While modules and tests are collected nearly nothing is garbage, and all of it is looked through time and again.
gc.disable()

# On the build server the examples are the same in every run of the same code, so that red means the change;
# at a desk they are new in every run, so that more is found. No example is held to a clock: a busy machine is no fault.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None)
settings.load_profile("same" if os.environ.get("CI") else "new")


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden from what the formats read now; look at the difference before you commit it",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """What was imported and collected stays to the end: cycles are sought among what tests make, and less often.

    Python looks every 700 objects, which is more than once for each thing that these tests ask about.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    """What a module makes once for its tests is made once: those that use it run in one worker of pytest-xdist."""
    for item in items:
        used = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
        shared = any(known[-1].scope == "module" for known in used)
        if shared and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.location[0]))
