"""Options of the test run."""

import os

from hypothesis import settings

# On the build server the examples are the same in every run of the same code, so that red means the change;
# at a desk they are new in every run, so that more is found.
settings.register_profile("same", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("same")


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden from what the formats read now; look at the difference before you commit it",
    )
