"""Taking evidence in: sealed under its own hash, read-only, with a ledger of who did what.

In the case folder this stage owns:

    ledger.jsonl            what was done to the case, append-only, each line holding the hash of the one before
    sealed/<aa>/<sha256>    evidence, under its own hash, mode 0444; `aa` is the first two digits of the hash
    locations.json          where evidence lies that was recorded and not copied; never part of a bundle
    .lock                   held while evidence is sealed or read
"""
