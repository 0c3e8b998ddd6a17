"""Taking evidence in: sealed under its own hash, read-only, with a ledger of who did what."""
