"""Every rule by which an act is made of events, or tied to a job: why it holds, and where it errs.

A rule that fired nowhere is told too. Rules by which an act leads to whoever left it to run are in `deferral_rules.RULES`, those
of sessions in `hops` and `raised`, those of names and keys in `identity_rules`: the findings list them with these.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from forensics.analysis import file_acts, planted
from forensics.analysis.acts import ACTS, Act
from forensics.analysis.rulebook import Rule

Json = dict[str, Any]

_ON_FILES = ("modify_file", "plant", "grant", "wipe_log")
_OPENED = "an opening to write that wrote nothing; a write through a handle that was opened before is dated by the opening"
_HIDES = {
    "wipe_log": "its words name a log or a history, and it removes, empties or rewrites what it is given",
    "timestomp": "its words set the times of a file to some that are chosen",
    "change_clock": "its words set a clock",
    "change_logging": "its words stop or alter what is logged",
    "grant": "its words give an account, a group or a key a right",
    "plant": "its words name a file that another account's shells do as they start, or those of all",
}
_COMMAND_ERRS = "a program of that name that is another; words that were not carried out; ordinary upkeep, which looks the same"

_ASKS_FOR = Rule(("plant",), "its words ask for something to be run later", "words that were not carried out")


def _of_commands() -> dict[str, Rule]:
    """The rules of `file_acts.COMMANDS`: one for each program, whatever its words make of it."""
    kinds: dict[str, dict[str, None]] = {}
    for row in file_acts.COMMANDS:
        kinds.setdefault(row.program, {})[row.act] = None
    return {
        f"command_{program}": Rule(
            tuple(made),
            "; or ".join(_HIDES[kind] for kind in made),
            _COMMAND_ERRS,
            version=2 if "plant" in made else 1,
        )
        for program, made in sorted(kinds.items())
    }


ACT_RULES = {
    "file_create": Rule(
        _ON_FILES,
        "the kernel's record says that a process of the account brought the file into being",
        "a file that was there already under another name; a copy of one's own file",
        version=2,
    ),
    "file_edit": Rule(
        _ON_FILES,
        "the kernel's record says that a process opened the file to write, or cut it",
        _OPENED,
        version=2,
    ),
    "file_replace": Rule(
        ("replace_file", "plant", "grant", "wipe_log"),
        "a program that puts a whole other content in place wrote the file, or one was renamed over it",
        "an editor that is not known as one; a copy of the very same bytes",
        version=2,
    ),
    "file_delete": Rule(
        ("delete_file",),
        "the kernel's record says that the name was removed, or renamed away",
        "a file that lives on under another name",
        version=2,
    ),
    "file_attributes": Rule(
        ("modify_file",),
        "the kernel's record says that mode, owner or attributes of the file were changed",
        "a change that closed nothing to anybody",
    ),
    "crontab_log": Rule(
        ("plant",),
        "cron's own log says that a crontab was installed or edited",
        "a line that any account can send to the system log; a crontab saved without a change",
    ),
    "sudo_before_act": Rule(
        ("escalate",),
        "the act used other rights than its account's, and sudo ran in its session in the ten minutes before",
        "an earlier use of sudo in the same session, for something else",
    ),
    "submit_command": Rule(
        ("submit",),
        "one session alone ran a command that asks for jobs, with the owner's uid, in the three seconds before",
        "two jobs of one owner in the same seconds",
    ),
    "submit_record": Rule(
        ("submit",),
        "the scheduler's log says that the job came in",
        "an account that the scheduler was told, where it takes one",
    ),
    "kill_request": Rule(
        ("cancel", "signal"),
        "the controller wrote down the request with the uid that it authenticated; the command is the one that names the job in those seconds",
        "a controller that does not authenticate; two commands of one uid in the same seconds",
    ),
    "kill_request_refused": Rule(
        ("cancel", "signal"),
        "the controller wrote down a request that it refused",
        "a refusal of a second request, where the first was carried out",
    ),
    "cancel_command": Rule(
        ("cancel", "signal"),
        "a command that ends jobs named the job while it ran, and the scheduler's record of the request is missing; it is tied to the job where it had rights that allow it and the job ended soon after",
        "a command that failed; a pattern that meant other jobs",
        2,
    ),
    "update_request": Rule(
        ("modify_job",),
        "the controller wrote down a change of the job with the uid that it authenticated",
        "a change that altered nothing",
    ),
    "update_request_refused": Rule(
        ("hold", "modify_job"), "the controller wrote down a change that it refused", "none known", 2
    ),
    "scontrol_command": Rule(
        ("hold", "requeue", "modify_job"),
        "a command of the scheduler named the job and what to do with it; it is tied to the job where it had rights that allow it",
        "a command that the controller refused for another reason",
        2,
    ),
    "enter_request": Rule(
        ("enter_job",),
        "the scheduler wrote down that somebody asked to run a program inside the job",
        "what the program did there is not told",
    ),
    "edit_request": Rule(
        ("edit_scheduler",),
        "the scheduler wrote down a change of itself with the account or uid that it authenticated, in that line or in the receipt before it",
        "upkeep, which looks the same; two requests of one second whose lines lie in between one another",
    ),
    "edit_request_refused": Rule(
        ("edit_scheduler",),
        "the scheduler wrote down a change of itself that it refused",
        "a change of several things that was refused for one",
    ),
    "edit_record": Rule(
        ("edit_scheduler",),
        "the scheduler wrote down a change of itself and not who asked; where one session alone ran a command that names the thing in those seconds, its account is taken",
        "another request of the same seconds; what a daemon or a plugin changed by itself",
    ),
    "edit_command": Rule(
        ("edit_scheduler",),
        "a command asked for a change of the scheduler, and the scheduler's record of it is missing",
        "a command that the scheduler refused",
    ),
    "signal_to_job_process": Rule(
        ("signal",),
        "the kernel's record names the process that got the signal (OBJ_PID), and it is one of the job's at that moment",
        "a number that was given again within the job's own time, to another process of the same account without a login",
        2,
    ),
    "kill_command": Rule(
        ("signal",),
        "a command that sends the very signal that ended the job ran in those seconds on its host, with rights that allow it, and its words fit a process of the job",
        "a signal that something else sent in the same seconds; words of a process that had ended",
        2,
    ),
    "program_beside_job_out_of_memory": Rule(
        ("run_beside",),
        "programs of another account ran on the node while the job's memory ran out",
        "how much they took is not told, so that nothing links them to its end",
    ),
    "object_written": Rule(
        ("commit",),
        "the kernel's record says which process put the commit's object in place, and git was not asked to fetch; of another program than git it is no more than a place",
        "a use of git that writes objects which were made elsewhere",
        2,
    ),
    "commit_command": Rule(
        ("commit",),
        "one session alone ran `git commit` within two seconds of the time that the commit names",
        "a time that was typed; a commit made with another tool",
        2,
    ),
    "commit_object": Rule(
        ("commit",), "a commit object exists", "who and when are typed by whoever committed"
    ),
    "git_server_log": Rule(
        ("push",),
        "the git server wrote down the change of the ref and the account that it authenticated",
        "a key that somebody else used; a client that ran in another session of the same seconds",
        2,
    ),
    "ref_move_command": Rule(
        ("move_ref",),
        "the server's reflog moves the ref, or it stands elsewhere than the last push put it, no push tells that, and one session alone ran a command that names that ref of that repository",
        "a command that failed while something else moved the ref; a push by a way that was not collected",
    ),
    "ref_file_written": Rule(
        ("move_ref",),
        "the kernel's record says that a process which served no push changed the file of the ref in the server's repository",
        "a file that was written anew with what it held",
    ),
    "ref_move_record": Rule(
        ("move_ref",),
        "the server's reflog moves the ref, and no push, and no one session's command, is told of it",
        "a push by a way that was not collected",
    ),
    "ref_move_asked": Rule(
        ("move_ref",),
        "a command with rights over the repository names the ref and asks for it to be moved, and no record tells that it moved",
        "a command that failed, or that moved nothing",
    ),
    **{f"command_{program}": _ASKS_FOR for program in sorted(planted.LEAVING)},
    **_of_commands(),
}
"""Every rule that makes an act, by id."""

LINK_RULES = {
    "scheduler_names_job": Rule((), "the scheduler's own record names the job", "an id that was given again"),
    "pid_of_job_process": Rule(
        (),
        "the process that got the signal descends from one that the node says it started for the job, in its time",
        "a parent whose number was given again",
    ),
    "process_of_job": Rule((), "a process of the job did it, under its owner's name", "whose code that was"),
    "opened_by_job": Rule(
        (),
        "a process of the job opened or executed the path",
        "an opening that read nothing; a path that led to another file then",
    ),
    "refused_to_job": Rule(
        (),
        "a process of the job asked for the path and was refused, and the last before was its removal or a change of its mode or owner",
        "a program that tries many paths and goes on; a refusal for another reason",
    ),
    "payload_executed": Rule(
        (),
        "a copy of the file holds a command that a process of the job executed",
        "a command that is usual, and has another origin",
    ),
    "argument_of_job_process": Rule(
        (), "the path is an argument of a process of the job", "a program that did not open it"
    ),
    "submitted_script": Rule(
        (),
        "the path is an argument of the command that submitted the job",
        "an argument that is no script; a script that was copied before",
    ),
    "imported_by_script": Rule(
        (),
        "the text of a script that the job ran imports the module",
        "another module of that name that is found first; a branch that was not taken",
    ),
    "package_imported_by_script": Rule(
        (), "the text of a script that the job ran imports the package", "a module that is never loaded"
    ),
    "named_in_script": Rule(
        (), "the text of a script that the job ran names the file", "a mention that is no opening"
    ),
    "checked_out_for_job": Rule(
        (),
        "git wrote the file from commits that HEAD came to in those seconds, and the job read it; of a clone, from those that were pushed in the time asked about",
        "a file that was changed between the checkout and the reading",
        3,
    ),
    "command_before_start": Rule(
        (), "the command ran in the seconds before, with the owner's uid", "another job of the same seconds"
    ),
    "command_names_job": Rule((), "the command line names the job", "a command that failed"),
    "command_names_process_of_job": Rule(
        (), "the command line names a process of the job, or all of its owner", "a process that had ended", 2
    ),
    "ended_with_node": Rule(
        (),
        "the controller says that it ended the job on the node, in the seconds after the node was taken down",
        "a node that failed by itself in the same seconds",
    ),
    "node_of_job": Rule(
        (),
        "the job ran on the node, or on one of the reservation's, at the time of the change",
        "most changes of a node leave the jobs on it alone",
    ),
    "limits_of_owner": Rule(
        (),
        "the limits or rights of the job's owner were changed between its submission and its end",
        "a change that concerns other jobs of the owner's, or gives more",
    ),
    "pod_named_after_job": Rule(
        (), "the pod is named as the controllers name pods of the job", "a pod that somebody named so"
    ),
    "on_node_when_memory_ran_out": Rule(
        (), "it ran on the node then", "it is tied to nothing: how much memory it took is not told"
    ),
    "named_in_line_of_account": Rule(
        (),
        "a line of the startup files or the history of the account that did an act on the job has a shell take in what it changed",
        "a line that the account's owner wrote for that very purpose, before or since",
    ),
    "carried_act": Rule(
        (),
        "it carried an act that is tied to the job",
        "as far as that act's own tie",
        version=2,
    ),
}
"""Every rule that ties an act to a job, by id."""


class Group(NamedTuple):
    """The rules of one kind of thing that is derived, by id, and how often each fired."""

    of: str
    known: Mapping[str, Any]
    fired: Mapping[str, int]


def told(
    acts: Iterable[Act],
    apart: Counter[str],
    evaluated: int,
    others: Iterable[Group] = (),
    tied: Mapping[str, int] | None = None,
) -> list[Json]:
    """Every rule with how often it fired, and how many events it looked at: those that fired nowhere too.

    Args:
        acts: all acts of the case.
        apart: by rule, acts that were counted and are not among them.
        evaluated: events that every rule was put to.
        others: rules of what is neither an act nor its tie to a job; each of theirs has a rationale, `errs` and a version.
        tied: by rule, ties to jobs of acts that were counted.
    """
    every = list(acts)
    fired = Counter(a.rule for a in every) + apart
    linked = Counter(a.why_link for a in every if a.why_link is not None) + Counter(tied or {})
    groups = (Group("act", ACT_RULES, fired), Group("link", LINK_RULES, linked), *others)
    return [
        {
            "id": name,
            "of": of,
            "version": rule.version,
            "acts": list(getattr(rule, "acts", ())),
            "rationale": rule.rationale,
            "errs": rule.errs,
            "fired": counted.get(name, 0),
            "evaluated": evaluated,
        }
        for of, known, counted in groups
        for name, rule in sorted(known.items())
    ]


def unknown(acts: Iterable[Act]) -> set[str]:
    """Rules that acts name and no list has, and kinds that their rule does not make: none, unless a rule is not written down."""
    found = set()
    for act in acts:
        rule = ACT_RULES.get(act.rule)
        if rule is None or act.act not in rule.acts or act.act not in ACTS:
            found.add(f"{act.rule}: {act.act}")
        if act.why_link is not None and act.why_link not in LINK_RULES:
            found.add(act.why_link)
    return found
