"""The evidence bundle: a BagIt folder with report, findings, tables, sealed evidence, ledger and its own verifier.

    bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt  verify.py
    data/findings.json  data/report.pdf  data/ledger.jsonl
    data/sealed/<aa>/<sha256>  data/tables/<table>/<part>.parquet  data/inputs/{roster,case}.toml

It holds no time of its making: the same case is the same bundle, byte for byte.
"""
