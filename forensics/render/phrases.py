"""Codes of the findings in words. Closed tables: a code that is not here is printed as the code itself."""

from collections.abc import Mapping

from forensics.render.parts import Part, figure, put

ACTS = {
    "submit": "asks the scheduler to run",
    "cancel": "asks the scheduler to end",
    "hold": "asks the scheduler to hold, suspend or release",
    "requeue": "asks the scheduler to run again",
    "enter_job": "asks the scheduler to run a program inside",
    "edit_scheduler": "asks the scheduler to change its",
    "run_beside": "runs programs, before memory runs out, on a node of",
    "signal": "sends a signal to a process of",
    "modify_job": "asks the scheduler to change",
    "modify_file": "changes in place the file",
    "replace_file": "puts another file in the place of",
    "delete_file": "removes the file",
    "plant": "leaves something that runs later, in",
    "push": "changes on the git server the ref",
    "move_ref": "moves on the git server, by no push, the ref",
    "commit": "makes the commit",
    "grant": "gives a key or a right by",
    "escalate": "uses the rights of account",
    "wipe_log": "removes or empties a log or a history by",
    "timestomp": "sets the times of a file by",
    "change_clock": "sets a clock by",
    "change_logging": "changes what is logged by",
}
"""What the account does, in the present tense, before the object."""

NAMES = {
    "submit": "submits a job",
    "cancel": "asks to end a job",
    "hold": "holds or releases a job",
    "requeue": "requeues a job",
    "enter_job": "runs a program in a job",
    "edit_scheduler": "changes the scheduler",
    "run_beside": "runs programs beside a job",
    "signal": "signals a job's process",
    "modify_job": "changes a job",
    "modify_file": "changes a file",
    "replace_file": "replaces a file",
    "delete_file": "removes a file",
    "plant": "leaves a deferred command",
    "push": "pushes to git",
    "move_ref": "moves a ref, no push told",
    "commit": "makes a commit",
    "grant": "gives a right",
    "escalate": "uses another's rights",
    "wipe_log": "removes a log",
    "timestomp": "sets file times",
    "change_clock": "sets a clock",
    "change_logging": "changes logging",
}
"""The kind of an act in two or three words, for tables and figures."""

LINK_NAMES = {"observed": "observed", "derived": "derived"}

LINKS = {
    "observed": "a record itself names the job",
    "derived": "a rule connects the records, as named",
    "not_established": "no record connects the act to the job",
}

WHY_LINK = {
    "scheduler_names_job": "the scheduler's own record names the job",
    "checked_out_for_job": "git wrote the file from this commit where the job read it",
    "command_names_job": "the command line names the job",
    "ended_with_node": "the controller records that it ends the job on the node, just after the node is taken down",
    "node_of_job": "the job runs on the node, or on one of the reservation's, at that time",
    "limits_of_owner": "it changes limits or rights of the job's owner, between submission and end",
    "pod_named_after_job": "the pod that was deleted is named as the job's pods are",
    "pid_of_job_process": "the process signalled belongs to the job",
    "command_names_process_of_job": "the command line names a process of the job",
    "process_of_job": "a process of the job itself does it",
    "on_node_when_memory_ran_out": "they run on the job's node then, and no record read says how much memory they take",
    "opened_by_job": "a process of the job opens the file",
    "refused_to_job": "a process of the job asks for the file after that, and is refused",
    "argument_of_job_process": "the file is an argument of a process of the job",
    "named_in_script": "the script of the job names the file",
    "imported_by_script": "a script of the job imports the file",
    "payload_executed": "a process of the job executes what the file holds",
    "carried_act": "it carries an act on the job",
    "named_in_line_of_account": "a line of the acting account's own startup files or history, which its owner can write, has a shell take in what it changes",
    "prepared_act": "it prepares an act on the job",
}

JOB_WHY = {
    "act_on_job": "a request or a signal to the job itself is recorded",
    "job_read_changed_file": "the job reads or runs a file that an act changes before",
    "job_ended_with_node": "the controller ends it with its node, which somebody asks it to take down",
    "scheduler_changed_while_job_was_there": "the scheduler's nodes or limits that it depends on are changed before it ends, and what that does to it is not recorded",
    "job_was_refused_file": "a process of the job asks for a file that an act removes or closes before, and is refused",
    "cancelled_by_owner": "the account that owns the job asks for its end",
    "copy_taken_back": "its copy on this cluster of a federation was taken back and never ran there",
    "canceller_not_recorded": "no record read says which account asks for its end",
    "fault_recorded_for_job": "a fault of a node or a device is recorded for it",
    "own_exit_code_and_no_audit_trail": "it ends with an exit code of its own, and no audit trail is whole enough to show whether its files were changed",
    "own_exit_code_and_no_act": "it ends with an exit code of its own, and no act on it is found",
    "git_wrote_file_that_job_read_and_no_log_of_head": "it ends with an exit code or a limit of its own after git writes a file that it reads, and no log of that working tree's HEAD says from which commits",
    "git_wrote_file_that_job_read_from_all_that_was_ever_pushed": "it ends with an exit code or a limit of its own after git clones a file that it reads, with all that was ever changed in it, and no record says what of that was new to the job",
    "git_wrote_file_that_job_read_from_commits_not_collected": "it ends with an exit code or a limit of its own after git writes a file that it reads, and not all commits from which git can have written it are in the evidence",
    "cancelled_by_owner_and_no_audit_trail": "the account that owns the job asks for its end, and no audit trail is whole enough to show why",
    "change_of_owner_s_files_that_job_can_have_met": "somebody else changes a file of its owner's before it ends, and whether the job reads it is not on record",
    "owner_s_files_changed_from_unlisted_key_or_device": "a file that it reads is changed in its owner's account, entered with a key or from a device that is enrolled to nobody",
    "job_changed_from_unlisted_key_or_device": "it is changed in its owner's account, in a session entered with a key or from a device that is enrolled to nobody",
    "times_of_a_file_set_before_job_s_end": "somebody sets the times of a file before it ends, which can hide when the file was changed",
    "sources_disagree_on_owner_s_session": "the account that owns the job asks for its end, and the sources do not agree on who is in that session",
    "changed_file_and_no_record_of_end": "the job reads or runs a file that an act changes before, and no record read says how it ends",
    "changed_file_and_one_row_of_end": "the job reads or runs a file that an act changes before, and how it ends is told by rows alone of listings in which what users type stands unquoted",
    "request_told_by_one_row": "who asks for its end is told by rows alone of a listing in which what users type stands unquoted",
    "sources_disagree_on_outcome": "the sources do not agree on how it ends",
    "changed_file_and_own_exit_code": "it ends with an exit code of its own after a file that it reads is edited, and no record of what the edit changed shows it to be the reason",
    "line_borne_out_by_nothing": "it ends with an exit code or a limit of its own, and a line of the scheduler's own logs that nothing bears out tells of a request or of trouble",
    "no_sender_of_signal": "a signal ends it, and no record read says who sends the signal",
    "no_record_of_cause": "no record read speaks of a cause",
    "not_examined": "it is not examined",
    "scheduler_says_node_fail": "the scheduler records the failure of a node",
    "scheduler_says_preempted": "the scheduler records that it makes room for another job",
    "scheduler_says_completed": "the scheduler records that it completes",
    "scheduler_says_running": "the scheduler records it as running",
    "scheduler_says_pending": "the scheduler records it as waiting",
    "scheduler_says_out_of_memory": "the scheduler records that it runs out of memory",
    "scheduler_says_timeout": "the scheduler records that it reaches its time limit",
    "scheduler_says_out_of_memory_and_no_audit_trail": "the scheduler records that it runs out of memory, and no audit trail is whole enough to show whether its files were changed",
    "scheduler_says_timeout_and_no_audit_trail": "the scheduler records that it reaches its time limit, and no audit trail is whole enough to show whether its files were changed",
    "memory_of_whole_node_ran_out": "the kernel records that the whole node runs out of memory, and not what the job may have of it",
    "program_of_another_on_node_when_memory_ran_out": "it runs out of memory while a program of another account's runs on its node, and no record read says whose memory that is",
    "cancelled_from_unlisted_key_or_device": "the account that owns the job asks for its end, in a session entered with a key or from a device that is enrolled to nobody",
    "order_of_change_and_reading_not_known": "somebody else changes a file that it reads, and no record read shows whether that is before it reads the file",
    "differs_at_clock_bounds": "by one reading of the clocks it has a cause, and by another it does not",
    "differs_where_clocks_are_not_tied": "what it rests on is dated by clocks of machines that no record ties together",
    "change_of_packages_that_job_can_have_met": "installed packages are changed, by no installer, before it ends, and no record read shows whether it loads them",
}

MISSING = {
    "agreement_at_clock_bounds": "clocks that are known more closely: as far off as their bounds allow, they give another answer",
    "record_that_ties_clocks": "a record of one thing by the clocks of both machines, without which no order across them is given",
    "roster": "a roster of persons",
    "session": "a login session to which the act belongs",
    "writer_of_cron_entry": "a record of who writes the cron entry",
    "writer_of_at_job": "a record of who asks at for what it runs",
    "writer_of_unit": "a record of who writes the unit, or asks for it, that systemd runs",
    "use_of_key_by_its_holder": "a record that tells the use of a forwarded agent by the key's holder from that by others on its host",
    "device_of_one_person": "a device that no other person uses: others enter accounts of their own from the same address",
    "decision_of_what_ran": "a record that tells whether whoever runs the program, or whoever writes it, decides what it does",
    "writer_of_what_ran": "a record of who writes the program that does it",
    "startup_files_of_account": "the startup files of the account on the host, which tell whether its shells take in what others write",
    "startup_files_of_time": "the startup files of the account as they are at the time of the act, as a backup or a snapshot of its home has them: those in the evidence do not tell what makes its shell do it",
    "history_of_session": "a shell history of the session, which tells whether its shell is asked to take in what others write",
    "session_of_container": "a record of whom the daemon of containers serves",
    "client_of_container": "a session in which the daemon is asked for a container",
    "session_of_plant": "the session in which it is left to run",
    "session_of_crontab_edit": "the session in which the crontab is edited",
    "enrolment_of_account": "an enrolment of the account to a person",
    "enrolment_of_speaker": "an enrolment of accounts, keys or devices to the person who denies",
    "time_and_account_of_act": "a record of when an act is done, and by which account",
    "enrolment_of_key": "an enrolment of the key to a person",
    "enrolment_of_device": "an enrolment of the device to a person",
    "second_trust_domain": "a record from a second trust domain",
    "key_of_session": "a record of the key that opens the session",
    "address_of_session": "a record of the address that the session comes from",
    "agreement_of_copies": "agreement between the files that hold the same record",
    "trail_of_one_host": "an audit trail whose numbers and times one host alone can have given",
    "agreement_of_sources_on_session": "agreement between the sources on the session",
    "record_of_host_itself": "a record of it among the host's own logs, or a folder whose logs name the host that it is called after",
    "place_of_logs": "a log from a place that users of the host cannot write",
    "source_of_session_that_accounts_cannot_write": "a source for the session that the host's accounts cannot write",
    "second_source_of_session": "a second source for the session",
    "trail_of_time_before_act": "the audit trail of the host from the beginning of the time asked about to the act",
    "logs_beyond_reach_of_who_changed_them": "logs out of reach of those who changed logs on the same host",
    "write_of_commit_object": "a record of the writing of the commit object",
    "command_of_commit": "a record of the command that makes the commit",
    "agreement_of_server_and_client": "agreement between git server and client on the account",
    "command_of_push": "a record of the command that pushes",
    "command_of_ref_move": "a record of the one command that moves the ref on the server",
    "record_of_ref_move": "a reflog of the server, or the kernel's own record, that the ref moved as the command asked",
    "path_of_repository": "a record of where on the server the repository lies that moved",
    "ref_named_by_command": "a command that names the ref which moved",
    "writer_of_fetched_ref": "a record of who puts the ref in place in the repository from which the command fetches it",
    "commit_of_earlier_run": "a record of which commit the job ran from when it last ran well",
    "objects_of_commits": "the objects of the commits from which git writes a file that the job reads",
    "log_of_head": "the log of HEAD of the working tree in which git writes a file that the job reads",
    "second_record_of_request": "a second record of who makes the request: `sacct --json`, the controller's log, or the command",
    "command_of_request": "a record of the command that makes the request",
    "who_asked": "the scheduler's own record of who asks",
    "one_command_for_request": "a single command to which the request belongs",
    "scheduler_record_of_request": "the scheduler's own record of the request",
    "record_that_request_was_done": "a record that what the command asked for was done",
    "kernel_record_of_signal": "the kernel's own record of the signal",
    "acts": "any act on a job in question",
    "cause_of_job": "a record of the cause",
    "record_of_job_s_end": "a record of how the job ends",
    "second_record_of_job_s_end": "a second record of how the job ends: `sacct --json`, or the log of the controller or of a node",
    "reason_of_cancellation": "what whoever cancelled the job says of the reason",
    "records_beyond_reach_of_best_rival": "records that the strongest rival could not have written",
    "push_log": "the git server's log of pushes",
    "second_clock": "a second clock that tells the same",
    "login_log_of_that_time": "a log of logins that is whole at that time",
    "whole_copy_of_log": "a copy of the log from which nothing was chosen",
    "copy_of_log_elsewhere": "a copy of the log out of reach of the host's administrators",
    "file_reads_of_jobs": "a record of which files the processes of jobs read",
    "record_out_of_reach_of_holder": "a record that the holder of the others cannot write",
    "tickets_and_messages": "tickets, reviews and messages from before the act",
    "review_of_the_change": "an independent reviewer's reading of the change",
    "acquisition_record": "the record of the acquisition, with hashes from before anybody worked on the evidence",
    "record_of_interview": "the record of the interview",
    **{f"test_of_D{n:02d}": "a test for it in this program" for n in range(1, 19)},
}

GATES = {
    "G1": "all support lies where one other person could have written it, so the answer is inconclusive",
    "G2": "a strong answer needs two independent groups of records, one out of every rival's reach",
    "G3": "a record is missing or contradicted in the time that decides, so the answer stays at moderate or below",
    "G4": "the lowest answer over all readings of the uncertain inputs is the one given",
    "G5": "a person is named only when account, key, device and session, taken together, leave one person",
    "G6": "the answer is capped by the number of cases on which the method is validated",
    "G7": "the roster is somebody's list, so the answer holds among the persons listed",
}

STRENGTHS = {name: name.replace("_", " ") for name in ("weak", "moderate", "moderately_strong", "strong")}

VERDICTS = {
    "attributed": "attributed",
    "inconclusive": "inconclusive",
    "nobody": "nobody",
    "not_attempted": "not attempted",
}
"""Answers on the person, for tables."""

CERTAINTY = {
    "alone": "(alone)",
    "agreed": "(borne out)",
    "gap": "(records missing)",
    "contradicted": "(told otherwise)",
}

STATUS = {
    "supported": "supports",
    "contradicted": "contradicts",
    "mixed": "partly supports and partly contradicts",
    "untestable": "can neither support nor contradict",
}

CLASSES = {
    "account": "The account is enrolled to",
    "key": "The key used is enrolled to",
    "device": "The device that the session comes from is enrolled to",
    "session": "The session is an entry into an account of",
    "domain": "The trust domain of the record leaves",
    "coverage": "The records of the time leave",
}

OTHER_CLASS = "Another link points to"

SIGNATURES = {
    "good": "the signature holds for these bytes, and the key is listed by",
    "bad": "the signature does not hold for these bytes",
    "key_unknown": "no list in the evidence or the roster has the key",
    "key_not_valid": "the signature holds, and the key did not count at that time",
    "unsupported_algorithm": "it rests on an algorithm that is not accepted, and is not checked",
    "malformed": "it cannot be read as a signature",
    "unsigned": "it is not signed",
}
GAPS = {
    "serial_gap": "Records that are numbered one by one are missing from",
    "silence": "No record is written by",
    "truncated": "A record is cut off at the end of",
    "clock_step": "A clock is set, or is off by a zone:",
    "daemon_stop": "The daemon that writes it stops:",
    "rotation_hole": "Of a log that is rotated there is no",
    "source_refused": "Asked for and refused is",
    "source_not_kept": "Asked for and no longer kept is",
    "source_pending": "Asked for and not answered is",
    "missing_source": "No record at all is present of",
}

RIVALS = {
    "somebody_not_listed": "somebody who is not listed",
    "holder_of_all": "whoever holds every trust domain that tells of it",
}
"""Rivals that are not persons of the roster; of those that hold one domain, its name is printed."""

WAYS = {
    "own": "under an own account and with own keys",
    "credential": "with the other's account and key",
    "framed": "by fabricating the records",
}

PRESENCE = {
    "active": "the rights of root are used, or records are missing there, at the time",
    "present": "a session is open there at the time, and uses no rights of root",
    "absent": "nothing there shows it at the time",
}

LINKED_BY = {"account": "the account", "key": "the key", "device": "the device"}

LED = {
    "client_led_to_entry": "a client runs in the one session at the moment at which the other is entered",
    "forwarding_led_to_entry": "sshd connects, within the one session, to the address and port at which the other is entered, as for ssh -J",
}
"""Rules by which one session leads to another."""

FORWARDED = {
    "client_option": "the client that leads into it is told so",
    "client_setting": "a setting of the client that leads into it says so",
    "sshd_line": "sshd writes of the request",
    "socket": "the kernel sees a connection to such a socket in it",
}
"""By what it is known that an agent was forwarded into a session."""

OVERLAPS = {
    "account_from_two_addresses": "one account is entered from two addresses",
    "key_from_two_addresses": "one key opens sessions from two addresses",
    "account_by_two_keys": "one account is entered with two keys",
    "terminal_twice": "one terminal is held by both",
    "connection_twice": "one address and port has both connections",
    "process_twice": "one process number holds both",
}
"""What two sessions have that were open at once."""

UNTIED = {
    "terminal_in_line": "the line names no terminal",
    "session_of_terminal": "no session on record can have held that terminal then",
    "one_session_of_terminal": "several sessions can have held that terminal then",
    "account_of_session": "the sources differ on the account of the session that held that terminal",
    "same_account": "the session that held that terminal is of another account",
    "own_rights": "the account that asks was itself reached there by rights that were asked for before",
}
"""Why a line of sudo or su is tied to no session."""

BORNE_OUT = {
    "time": "a client runs there, or sshd connects on from there, at the moment of the entry",
    "address": "the host there has the address that the entry comes from",
    "host_named": "the client's words name the host that is entered",
    "destination": "the kernel sees it connect to the address and port that are entered",
    "port": "a line of the firewall there tells of the port that the entry comes from",
}
"""What bears out that one session was opened out of another."""

RUNS = {
    "cron": "from cron",
    "at": "from at",
    "timer": "from a unit of systemd",
    "login": "in a session that outlives its login",
    "container": "in a container",
}

LEFT = {
    "cron_entry_of_account": "cron runs the account's crontab, and the system's, as that account, and this is changed before",
    "at_file_taken_by_run": "the process that becomes the run removes the file of that very job",
    "at_file_due_then": "the name of the job's file holds the minute in which it is due, and the run is in that minute",
    "at_job_of_account": "at runs a job as the account that asks for it, and this is asked for before",
    "unit_of_account": "the manager of the account's units runs its unit files, and what is asked of it in the same words",
    "unit_names_command": "a process without a login has the words of the unit's command",
    "client_of_container_daemon": "a process without a login comes from the shim of a daemon, which runs what is asked for over its socket",
    "outlived_login": "a process keeps the kernel's session number when its login ends",
    "typed_through_multiplexer": "what is typed into a multiplexer such as tmux is done by its server, in the session that begins it",
    "ran_what_another_wrote": "a program does what is written in it, with the account of whoever runs it",
    "reached_by_tracer": "a process that attaches to another can make it do what it likes, in the session of that one",
}
"""Rules by which an act that ran by itself leads to whoever left it."""

LIMITS = {
    "numbers_are_placeholders": "The numbers of the scoring model are elicited, not measured at this site; they are listed, and a ratio is no better than they are.",
    "not_validated": "The rules are tested on staged incidents only; error rates for other sites are not known.",
    "clocks_not_compared": "Clocks of different machines are taken as written; their offset from one another is not measured.",
    "some_clocks_not_compared": "Some clocks saw nothing that another clock saw too; what they wrote is taken as written.",
    "zone_told_once": "One record alone says that a log is written in another zone than is taken for it, by whole hours. Its times are taken as written; what would be otherwise with them moved is not concluded.",
    "clocks_not_tied": "No record ties the clocks of some machines together. What rests on an order across them is given only where it holds with these clocks up to 300 seconds apart within one Slurm cluster (600 between two of its hosts), and up to 26 hours otherwise.",
    "clocks_not_looked_at": "More than 24 groups of machines have clocks that no record ties to the others. Those in which most of what is asked about lies were looked at one by one; by the clocks of the others nobody is named, no act is linked to a job and no cause is established.",
    "clock_told_by_one_account": "Commands of one account alone say that a clock was off, or was set for a while. One person can have typed them to make it seem so: what was written there is read both ways.",
    "folders_in_doubt": "Some logs lie in folders of the evidence of which none can be told from the others: users can have filled one of them. They are heard, and nobody is named by them. Folders that were filled from hosts' and services' own places can be said in the case file (`places`).",
    "folders_left_out": "What looks like a host lies in folders of the evidence deeper than the hosts' own, or outside those that the case file names (`places`). Users can have filled them, and they are not heard.",
    "logs_of_no_known_place": "Some logs of hosts lie where no path says on which host they lay, or deeper than the folder of their host. A folder that users shared can hold what looks like one. They are left out for the time of which a log of the same kind and host was collected from its own place.",
    "logs_where_users_write": "Some logs lie where users of the host can write (those of a domain that ends in `:user` in the list of sources). They name nobody. Trails, logs of logins, other logs of a host, and those of controllers and git servers are left out; accounting where some was collected from its own place.",
    "nonces_not_checked": "Push certificates are in the evidence, and what the server found of their nonces (`GIT_PUSH_CERT_NONCE_STATUS`) is in no file; no seed, or not the one they were made with, is there to check them. A certificate is taken for a move by its repository, ref, objects and time alone.",
    "mounts_recorded": "File systems are mounted or taken away in the time asked about, so that a path can lead to another file before than after. Device and inode tell files apart where they are recorded; where a record has the path alone, it can speak of either.",
    "paths_taken_for_one": "A file that is changed on one host and read on another is taken for one by its path alone: no record read shows one network file system mounted there on both. Paths below folders that each host has of its own, such as /tmp and /etc, are never joined so.",
    "clocks_differ": "Some clocks differ, and no audit trail tells which of them is right; they are taken as written.",
    "commits_not_listed": "What some commits change is too much to be listed, as of a tree that lists itself many times over: more than 100,000 files and folders, a path of more than 4,096 characters, or more than 32 folders in one another. Beyond that such a commit is taken to change nothing.",
    "startup_files_said_to_be_none": "The case file says of accounts that on a host they have no startup files. Nothing in the evidence shows it; who is named for what such an account did there is named on that word.",
    "no_roster": "No roster is given, so no person is named.",
    "no_file_reads_recorded": "The evidence does not record which files a process reads; links between a file and a job are derived from names and times.",
}


NO_RULE = put("the findings name no rule")


def words(table: Mapping[str, str], code: object) -> Part:
    """The words for a code, or the code with spaces where it is not in the table: no language says another thing for that."""
    said = table.get(str(code))
    return figure(str(code).replace("_", " ")) if said is None else put(said)
