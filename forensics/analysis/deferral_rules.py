"""The rules by which an act that ran by itself leads to whoever left it to run, or can have asked for it."""

from typing import NamedTuple

from forensics.analysis import containers


class Rule(NamedTuple):
    """A rule: why it holds, what it takes, and where it errs. `unknown` is what is missing where nothing fits."""

    rationale: str
    takes: str
    errs: str
    unknown: str
    version: int = 1


DECISION = "decision_of_what_ran"
"""What is missing where a program ran that another than whoever ran it had written."""
WRITER = "writer_of_what_ran"
"""What is missing where a program ran of which no record tells who wrote it, and which need not be of whoever ran it."""
STARTUP_FILES, HISTORY = "startup_files_of_account", "history_of_session"
"""What is missing where it alone would tell whether a session took in what another had changed before."""
EARLIER_FILES = "startup_files_of_time"
"""What is missing where startup files were collected, and what was done is in none of them: they need not be as they were then."""
UNSEEN = frozenset({STARTUP_FILES, EARLIER_FILES, HISTORY})
OF_OTHERS = UNSEEN | {DECISION, WRITER}
"""What is missing where others decided what ran, or can have."""
_AT, _CRON, _UNIT = "writer_of_at_job", "writer_of_cron_entry", "writer_of_unit"
RULES = {
    "cron_entry_of_account": Rule(
        "cron runs the entries of an account's crontab, and of the system's, as that account",
        "crontabs changed on the host before the run: the account's own, and the system's",
        "a crontab changed while nothing was recorded; an entry that a later version no longer holds",
        _CRON,
    ),
    "at_file_taken_by_run": Rule(
        "atd removes the file of the job that it runs, in the process that becomes the run",
        "the file that the run's own first process removed or copied, by its name, and who made a file of that name",
        "a name used again: at gives each job another number until they wrap at 1,048,576",
        _AT,
    ),
    "at_file_due_then": Rule(
        "the name of a job's file is the minute in which it is due, and atd runs it in that minute",
        "files of jobs of the account whose minute is that of the run",
        "a job due earlier that atd was too late for and that ran in the same minute",
        _AT,
    ),
    "at_job_of_account": Rule(
        "at runs a job as the account that asked for it",
        "all jobs of the account that were asked for before the run and not due after it",
        "a job that had run already counts as well",
        _AT,
    ),
    "unit_of_account": Rule(
        "the manager of an account's units runs what its unit files and `systemd-run --user` ask for",
        "unit files of the account, or of all accounts, changed before the run; commands `systemd-run` with the same words",
        "a unit asked for over the bus by another program, which no record tells",
        _UNIT,
    ),
    "unit_names_command": Rule(
        "a process without a login whose parent is the first one is a service, and its words are the unit's",
        "unit files whose command has the words of the process, and who changed them; commands `systemd-run` with these words",
        "two units with the same words; a unit that was another when it ran",
        _UNIT,
    ),
    containers.RULE: Rule(
        "a process without a login below the shim of a container daemon was asked for over the daemon's socket",
        "clients that start containers, and connections to the socket, in sessions of the host in the ten minutes before the container's process began",
        "a request that no rule of the trail records; a container that the daemon starts again by itself",
        "client_of_container",
    ),
    "outlived_login": Rule(
        "a process keeps the kernel's session number when its login ends",
        "an act in a session after its end; the programs above the process that let it live on",
        "a login whose end was recorded too early",
        "",
    ),
    "typed_through_multiplexer": Rule(
        "what is typed into tmux or screen is done by its server, in the session that began it, whoever typed it",
        "sessions on the host in which a client of the same program ran before the act, for the same account, as root, or by a socket"
        " (`-S`) or a name (`screen -x account/…`) that leads to the server of that session",
        "a client that only looked on; a program of that name that is another; a socket that its words do not name",
        "",
        version=2,
    ),
    "ran_what_another_wrote": Rule(
        "a program does what is written in it, with the account of whoever runs it",
        "executions of the act's process and of those above it in its session, and what their interpreters read; who changed these files since"
        " they were last replaced, or the startup files of the account or the host; where their first content is on no record, their owner and their place;"
        " what the session took in before: modules that it loaded, files that it sourced or unpacked, what such a file takes in itself, folders that"
        " an interpreter is told to search, libraries and files that words, startup files or lines of a history name for programs to load, packages of"
        " the environment that ran, and settings of git with those that they include",
        "a file that was changed without a record, where it lies in a folder of whoever ran it; a change that has no part in the act;"
        " a file that whoever ran it knows; settings that were taken in where no record tells of it",
        WRITER,
        version=5,
    ),
    "reached_by_tracer": Rule(
        "a process that attaches to another, or writes to its memory, can make it do what it likes, in the session of that one",
        "other sessions on the host in which a process attached to a program of the act's session before the act, by the kernel's word or by"
        " those of a debugger's command",
        "a debugger that only looked on",
        "",
        version=2,
    ),
}
"""Every rule by which this module leads from an act to whoever left it, by id."""
