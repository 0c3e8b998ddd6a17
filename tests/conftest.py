"""Options of the test run."""


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden from what the formats read now; look at the difference before you commit it",
    )
