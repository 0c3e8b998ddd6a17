"""`python -m forensics` is `forensics`."""

import sys

# `python -m` looks for modules in the working directory first, which can be a folder of evidence: nothing there is to be run. Nothing
# is imported before, as that could lie there too.
_OWN = __file__.replace("\\", "/").rsplit("/", 2)[0]
if not sys.flags.safe_path and sys.path and sys.path[0].replace("\\", "/") not in {_OWN, ""}:
    del sys.path[0]

from forensics.cli.start import main  # noqa: E402 - behind the above

if __name__ == "__main__":
    main()
