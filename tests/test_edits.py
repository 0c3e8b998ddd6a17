"""What two texts of one file do, by their syntax: a comment is nothing, a number is something."""

import pytest

from forensics.analysis.edits import same_doing


@pytest.mark.parametrize(
    ("path", "before", "after", "same"),
    [
        ("train.py", "x = 1\n", "x = 1  # tuned\n", True),
        ("train.py", "x = 1\n", "\n\n# note\nx  =  1\n", True),
        ("train.py", "x = 1\n", "x = 2\n", False),
        ("train.py", "def f():\n    return 1\n", "def f():\n    time.sleep(9)\n    return 1\n", False),
        ("train.py", "s = '# a'\n", "s = '# b'\n", False),
        ("train.py", "if x:\n", "if x:\n# cut\n", True),
        ("train.py", "if x:\n", "if y:\n", False),
        ("train.sh", "srun python3 train.py\n", "# on two nodes\nsrun python3 train.py\n", True),
        ("train.sh", "srun python3 train.py\n", "srun python3 -O train.py\n", False),
        ("conf.yaml", "lr: 1\n", "lr: 1\n\n", True),
        ("deep.py", "(" * 5000 + ")" * 5000, "(" * 5000 + ")" * 5000 + "\n", True),
    ],
)
def test_whether_two_texts_do_the_same(path, before, after, same):
    assert same_doing(path, before, after) is same
