"""Codes of rights, and of how one comes to hold them, in words. Closed tables, as in `phrases`."""

HOLDS = {
    "role": "the role that the roster gives",
    "sudoers": "the rules of sudo",
    "sudo_used": "the use of sudo",
    "root_login": "a login as root",
    "sudo_used_line": "a line, which any account can write, on a use of sudo",
    "root_login_line": "a line, which any account can write, on a login as root",
    "container_group": "membership of a group that may ask the daemon of containers for anything, with the rights of root",
}

RIGHTS = {
    "owns_job": "an account that they are enrolled to owns the job",
    "owns_file": "an account that they are enrolled to owns the file before the act",
    "root": "they have the rights of root, by a use, a rule of sudo, a group that may ask the daemon of containers, or their role",
    "root_by_a_line": "a line that any account can write says that they used the rights of root",
    "scheduler_administrator": "the scheduler has an account of theirs as operator or administrator",
    "enters_account": "they can enter the account that acts, by an enrolment or a key",
}
"""Rights that a person has under an account of their own."""
