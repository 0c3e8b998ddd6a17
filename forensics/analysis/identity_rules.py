"""The rules by which names, numbers, keys and accounts are tied, or their time is bounded: the table `identity` says which of its rows."""

from forensics.analysis.rulebook import Rule

BOUNDED_NAME = "named_within_bounds"
DATED_COPIES = "named_between_dated_copies"
OTHER_HOSTS = "named_on_other_hosts"
BOUNDED_KEY = "opened_within_bounds"
KEY_DIRECTORY = "account_of_key_directory"
RULES = {
    BOUNDED_NAME: Rule(
        (),
        "a name and a number belong together from the record that added the account, and until the one that ended or renamed it",
        "a change that was not recorded; a second account of the same number; of the system log, a line that any account can send it",
    ),
    DATED_COPIES: Rule(
        (),
        "copies of a host's list of accounts that were collected at different times: a name that the copy before lacks was given since, and one that the copy behind lacks was taken before that",
        "a collector whose clock was off; an account that was removed and added again between two copies",
    ),
    OTHER_HOSTS: Rule(
        (),
        "a host whose own sources do not name a number has the name that all other hosts, and the register, give it",
        "a host with accounts of its own",
    ),
    BOUNDED_KEY: Rule(
        (),
        "copies of the key file, its recorded changes, commands that wrote the key and uses of it say from when and until when it can have been in force",
        "a key that was in the file already when a command wrote it; an earlier file that was removed while nothing was recorded",
    ),
    KEY_DIRECTORY: Rule(
        (),
        "a git server's key directory files a key under an account, and the roster gives that account one person",
        "a key that whoever keeps the directory filed under another's account",
    ),
}
"""Every such rule, by id."""
