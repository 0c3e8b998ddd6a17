"""Codes of the findings in words. Closed tables: a code that is not here is printed as the code itself."""

from collections.abc import Mapping

ACTS = {
    "submit": "asks the scheduler to run",
    "cancel": "asks the scheduler to end",
    "hold": "asks the scheduler to hold, suspend or release",
    "requeue": "asks the scheduler to run again",
    "signal": "sends a signal to a process of",
    "modify_job": "asks the scheduler to change",
    "modify_file": "changes in place the file",
    "replace_file": "puts another file in the place of",
    "delete_file": "removes the file",
    "plant": "leaves something that runs later, in",
    "push": "changes on the git server the ref",
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
    "signal": "signals a job's process",
    "modify_job": "changes a job",
    "modify_file": "changes a file",
    "replace_file": "replaces a file",
    "delete_file": "removes a file",
    "plant": "leaves a deferred command",
    "push": "pushes to git",
    "commit": "makes a commit",
    "grant": "gives a right",
    "escalate": "uses another's rights",
    "wipe_log": "removes a log",
    "timestomp": "sets file times",
    "change_clock": "sets a clock",
    "change_logging": "changes logging",
}
"""The kind of an act in two or three words, for tables and figures."""

LINKS = {
    "observed": "a record itself names the job",
    "derived": "a rule connects the records, as named",
    "not_established": "no record connects the act to the job",
}

WHY_LINK = {
    "scheduler_names_job": "the scheduler's own record names the job",
    "checked_out_for_job": "git wrote the file from this commit where the job read it",
    "command_names_job": "the command line names the job",
    "pid_of_job_process": "the process signalled belongs to the job",
    "command_names_process_of_job": "the command line names a process of the job",
    "process_of_job": "a process of the job itself does it",
    "opened_by_job": "a process of the job opens the file",
    "argument_of_job_process": "the file is an argument of a process of the job",
    "named_in_script": "the script of the job names the file",
    "imported_by_script": "a script of the job imports the file",
    "payload_executed": "a process of the job executes what the file holds",
    "carried_act": "it carries an act on the job",
    "prepared_act": "it prepares an act on the job",
}

JOB_WHY = {
    "act_on_job": "a request or a signal to the job itself is recorded",
    "job_read_changed_file": "the job reads or runs a file that an act changes before",
    "cancelled_by_owner": "the account that owns the job asks for its end",
    "canceller_not_recorded": "no record read says which account asks for its end",
    "fault_recorded_for_job": "a fault of a node or a device is recorded for it",
    "own_exit_code_and_no_audit_trail": "it ends with an exit code of its own, and no audit trail is there to show whether its files were changed",
    "own_exit_code_and_no_act": "it ends with an exit code of its own, and no act on it is found",
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
}

MISSING = {
    "roster": "a roster of persons",
    "session": "a login session to which the act belongs",
    "writer_of_cron_entry": "a record of who writes the cron entry",
    "session_of_crontab_edit": "the session in which the crontab is edited",
    "enrolment_of_account": "an enrolment of the account to a person",
    "enrolment_of_key": "an enrolment of the key to a person",
    "enrolment_of_device": "an enrolment of the device to a person",
    "second_trust_domain": "a record from a second trust domain",
    "key_of_session": "a record of the key that opens the session",
    "address_of_session": "a record of the address that the session comes from",
    "agreement_of_sources_on_session": "agreement between the sources on the session",
    "source_of_session_that_accounts_cannot_write": "a source for the session that the host's accounts cannot write",
    "second_source_of_session": "a second source for the session",
    "logs_beyond_reach_of_who_changed_them": "logs out of reach of those who changed logs on the same host",
    "write_of_commit_object": "a record of the writing of the commit object",
    "command_of_commit": "a record of the command that makes the commit",
    "agreement_of_server_and_client": "agreement between git server and client on the account",
    "command_of_push": "a record of the command that pushes",
    "command_of_request": "a record of the command that makes the request",
    "one_command_for_request": "a single command to which the request belongs",
    "scheduler_record_of_request": "the scheduler's own record of the request",
    "kernel_record_of_signal": "the kernel's own record of the signal",
    "acts": "any act on a job in question",
    "cause_of_job": "a record of the cause",
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

STRENGTHS = {
    "weak": "weak",
    "moderate": "moderate",
    "moderately_strong": "moderately strong",
    "strong": "strong",
}

CLAIMS = {
    "D01": "another person acted",
    "D02": "somebody else used the account",
    "D03": "the account is shared",
    "D04": "the key or password was stolen",
    "D05": "the git author is forged",
    "D06": "a script, cron or CI acted",
    "D07": "a clock was wrong",
    "D08": "a log was edited",
    "D09": "the job failed by itself",
    "D10": "the act was authorised, or debugging",
    "D11": "the person was not logged in, was away or had left",
    "D12": "it ran only in the person's own jobs or copy",
    "D13": "the version written was harmless and updated later",
    "D14": "it was a mistake in code",
    "D15": "an administrator fabricated the records",
    "D16": "others had the same access",
    "D17": "the investigators planted or altered it",
    "D18": "a statement was coerced or misquoted",
}

STATUS = {
    "supported": "supports",
    "contradicted": "contradicts",
    "mixed": "partly supports and partly contradicts",
    "untestable": "can neither support nor contradict",
}

CLAIM_WHY = {
    "acts_of_both": "acts in question are attributed to both persons",
    "acts_in_sessions_of_speaker": "the acts in question lie in sessions attributed to the person who denies",
    "acts_in_sessions_of_neither": "the acts in question are attributed to neither of the two",
    "acts_in_sessions_of_other": "the acts in question lie in sessions attributed to another person",
    "no_act_attributed": "no act in question can be attributed to a person",
    "no_act_found": "no act in question is found",
    "account_has_one_holder": "the account that acts has one enrolled holder",
    "account_is_shared_but_key_and_session_tell_who": "the account is shared, yet key and session tell its users apart",
    "acts_of_other_holder": "the acts in question are attributed to another holder of the account",
    "account_is_shared_and_nothing_tells_who": "the account is shared, and nothing tells its users apart",
    "act_linked_to_job": "an act is linked to the job",
    "own_failure_and_no_act": "the job's own failure is recorded, and no act on it is found",
    "cause_not_established": "the cause of the job's end is not established",
    "act_in_open_session_of_speaker": "an act lies in an open session of the person who denies",
    "no_session_then_but_left_behind_earlier": "no session is open then, but a command left behind earlier acts",
    "sources_missing": "sources that would tell are missing",
    "session_of_speaker_is_open_and_holds_no_act": "a session of the person who denies is open then, and no act in question is attributed to that person",
    "no_act_of_speaker": "no act in question is attributed to the person who denies",
    "no_test_in_this_version": "this version of the program has no test for it",
}

EXCULPATORY = {
    "act_is_in_another_session": "a login session of this person is open, and the act is in a different session",
    "no_login_session_open_then": "no login session of this person's accounts or keys is open at the time",
    "named_by_forgeable_field_only": "this person is named only in a field that anybody can write, such as a commit's author",
    "own_job_ran_bytes_of_another": "the job of this person runs or reads bytes that another account wrote",
}

CLASSES = {
    "account": "The account is enrolled to",
    "key": "The key used is enrolled to",
    "device": "The device that the session comes from is enrolled to",
    "session": "The session is an entry into an account of",
    "domain": "The trust domain of the record leaves",
    "coverage": "The records of the time leave",
}

GAPS = {
    "serial_gap": "Records that are numbered one by one are missing from",
    "silence": "No record is written by",
    "truncated": "A record is cut off at the end of",
    "clock_step": "A clock is set on",
    "missing_source": "No record at all is present of",
}

LIMITS = {
    "no_likelihood_ratio": "This version computes no likelihood ratio; the strength of an answer follows from rules, which are listed.",
    "not_validated": "The rules are tested on staged incidents only; error rates for other sites are not known.",
    "clocks_not_compared": "Clocks of different machines are taken as written; their offset from one another is not measured.",
    "no_roster": "No roster is given, so no person is named.",
    "no_file_reads_recorded": "The evidence does not record which files a process reads; links between a file and a job are derived from names and times.",
}


def words(table: Mapping[str, str], code: object) -> str:
    """The words for a code, or the code with spaces where it is not in the table."""
    return table.get(str(code), str(code).replace("_", " "))
