"""Commands as somebody types them, each in a process of its own, forked from one that has imported everything.

Starting an interpreter and importing tables and figures takes ten times as long as most commands take. Arguments,
standard streams, exit status and what is done at the exit are those of `python -m forensics`; but the interpreter is
not taken apart afterwards, which would touch, and so copy, every page that is shared with the process forked from.
"""

import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import forensics

_MAIN = str(Path(forensics.__file__).with_name("__main__.py"))
_SERVER = """
import atexit, gc, json, os, pkgutil, sys, threading
import duckdb, dulwich.repo, matplotlib.backends.backend_agg, matplotlib.backends.backend_pdf, matplotlib.backends.backend_svg
import matplotlib.figure, networkx, numpy, pandas, pyarrow.compute, pyarrow.parquet, rich.progress, typst
import forensics
for module in pkgutil.walk_packages(forensics.__path__, "forensics."):
    if not module.name.endswith("__main__"):
        __import__(module.name)
from forensics.cli.app import main

gc.collect()
gc.freeze()  # what is imported is not looked through again: to look at an object is to write to its page
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        for stream, path in enumerate((os.devnull, asked["out"], asked["err"])):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), stream)
        sys.argv = asked["argv"]
        os.chdir(asked["cwd"])
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    os._exit(0)
status = 0
try:
    main()
except SystemExit as left:
    status = 0 if left.code is None else left.code
threading._shutdown()
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
"""


@cache
def _server():
    return subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def run(*words, cwd="."):
    """A command that was run to its end, in a working directory: its status, and the bytes that it wrote."""
    server = _server()
    with tempfile.TemporaryDirectory() as folder:
        out, err = (Path(folder) / name for name in ("out", "err"))
        asked = {
            "argv": [_MAIN, *map(str, words)],
            "cwd": str(Path(cwd).absolute()),
            "out": str(out),
            "err": str(err),
        }
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        return subprocess.CompletedProcess(asked["argv"], status, out.read_bytes(), err.read_bytes())
