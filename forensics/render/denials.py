"""The denials in words: what each says, what it predicts, where a test can mislead, and how one came out."""

from typing import NamedTuple


class Denial(NamedTuple):
    """A denial: what it says, what one expects if it holds and if it does not, and the trap of its test."""

    says: str
    holds: str
    fails: str
    trap: str


DENIALS = {
    "D01": Denial(
        "another person acted",
        "the acts lie in sessions of the other person",
        "the acts lie in sessions of the person who denies",
        "every way to write must be covered, and everybody must be looked at in the same way",
    ),
    "D02": Denial(
        "somebody else used the account",
        "the account is entered with another key or from another device, or twice at once",
        "the account is entered with the person's own key from the person's own device",
        "style of typing and hours of work tell no person",
    ),
    "D03": Denial(
        "the account is shared",
        "two or more keys or devices enter the account",
        "one key and one device only ever enter it",
        "that an account is shared does not say that nobody can be told apart in it",
    ),
    "D04": Denial(
        "the key or password was stolen",
        "the key is used from a device of somebody else",
        "the key is used from the person's own device only",
        "a key that is forwarded to a shared host can be used there by whoever holds that host",
    ),
    "D05": Denial(
        "the git author is forged",
        "another account writes or pushes the commit",
        "the commit is written in a session of the person whom it names",
        "every way to push must be known before the absence of a push says anything",
    ),
    "D06": Denial(
        "a script, cron or CI acted",
        "the act has no login session and runs on a timer",
        "the act lies in a login session",
        "what runs by itself was set up by somebody, and the question goes to its author",
    ),
    "D07": Denial(
        "a clock was wrong",
        "an offset within its bounds moves the act out of the session",
        "numbers that no clock changes tie the act to the session",
        "one offset says little; its bounds decide",
    ),
    "D08": Denial(
        "a log was edited",
        "copies differ, numbers are missing, or somebody handled the log",
        "records out of one another's reach tell the same",
        "that nothing shows does not mean that nothing was edited",
    ),
    "D09": Denial(
        "the job failed by itself",
        "a fault or an own failure is recorded, and no act is linked to the job",
        "an act is linked to the job",
        "both can be so at once",
    ),
    "D10": Denial(
        "the act was authorised, or debugging",
        "a ticket or a message from before the act covers it",
        "the act goes beyond what was agreed",
        "what somebody meant is not in the logs",
    ),
    "D11": Denial(
        "the person was not logged in, was away or had left",
        "no session of the person is open, in logs that cover the time",
        "a session, a timer, an agent or a screen left open is the person's",
        "being away does not end what was left running",
    ),
    "D12": Denial(
        "it ran only in the person's own jobs or copy",
        "no job of others reads what was written",
        "a job of somebody else reads it",
        "without records of reads, that no read is found says nothing",
    ),
    "D13": Denial(
        "the version written was harmless and updated later",
        "somebody else changes the file between that version and the job's reading",
        "the job reads that very version",
        "which change did the harm is a question to who reads the difference",
    ),
    "D14": Denial(
        "it was a mistake in code",
        "the change has a plausible use and was tested",
        "the change acts on the jobs of others, at random, or hides itself",
        "the program lists what the code does, and no more",
    ),
    "D15": Denial(
        "an administrator fabricated the records",
        "only records that the administrator can write point to the person",
        "records out of the administrator's reach point to the person too",
        "that no trace of an administrator is found can itself be their work",
    ),
    "D16": Denial(
        "others had the same access",
        "others are in the account or on the host at the time",
        "nobody else is there, in logs that cover the time",
        "rights are those of that day, not of today",
    ),
    "D17": Denial(
        "the investigators planted or altered it",
        "the evidence changes after it was taken",
        "hashes from before the investigators' access agree",
        "the hashes of this program begin when it was given the files",
    ),
    "D18": Denial(
        "a statement was coerced or misquoted",
        "the record of the interview says otherwise",
        "the record of the interview agrees",
        "no statement weighs anything here",
    ),
}

CLAIMS = {code: denial.says for code, denial in DENIALS.items()}

CLAIM_WHY = {
    "acts_of_both": "acts in question are attributed to both persons",
    "acts_of_other_and_act_left_open": "acts in question are attributed to the other person, and of another act it stays open whether the speaker does it",
    "acts_in_sessions_of_speaker": "the acts in question lie in sessions attributed to the person who denies",
    "acts_in_sessions_of_neither": "the acts in question are attributed to neither of the two",
    "acts_in_sessions_of_other": "the acts in question lie in sessions attributed to another person",
    "no_act_attributed": "no act in question can be attributed to a person",
    "no_act_linked_to_job": "no act in question is linked to the job asked about",
    "no_act_found": "no act in question is found",
    "account_opened_by_key_of_unknown": "the account that acts has one enrolled holder, and is opened by a key that is enrolled to nobody",
    "account_has_one_holder": "the account that acts has one enrolled holder",
    "account_is_shared_but_key_and_session_tell_who": "the account is shared, yet key and session tell its users apart",
    "acts_of_other_holder": "the acts in question are attributed to another holder of the account",
    "account_is_shared_and_nothing_tells_who": "the account is shared, and nothing tells its users apart",
    "act_linked_to_job": "an act is linked to the job",
    "cancelled_job_read_changed_file": "the job's end is asked for after it reads a file that an act changes, and no record says for which reason",
    "own_failure_and_no_act": "the job's own failure is recorded, and no act on it is found",
    "cause_not_established": "the cause of the job's end is not established",
    "act_in_open_session_of_speaker": "an act lies in an open session of the person who denies",
    "no_session_then_but_left_behind_earlier": "no session is open then, but a command left behind earlier acts",
    "sources_missing": "sources that would tell are missing",
    "session_of_speaker_is_open_and_holds_no_act": "a session of the person who denies is open then, and no act in question is attributed to that person",
    "speaker_not_on_roster": "nobody of the name of the person who denies is on the roster",
    "no_act_of_speaker": "no act in question is attributed to the person who denies",
    "no_test_in_this_version": "this version of the program has no test for it",
    "no_act_in_account_of_speaker": "no act in question is done from an account of the person who denies",
    "entered_by_key_or_device_of_another": "the account is entered with a key or from a device of somebody else",
    "another_entry_open_in_account_then": "another entry into the account, with a key or from a device of somebody else, is open at the time",
    "entered_by_key_and_device_of_speaker": "the account is entered with the key and from the device of the person who denies",
    "nothing_tells_who_entered": "nothing tells who enters the account",
    "keys_used_are_not_of_speaker": "the keys used are not those of the person who denies",
    "key_not_recorded": "no record says which key is used",
    "key_not_enrolled": "the key used is enrolled to nobody",
    "account_not_enrolled": "the account that acts is enrolled to nobody",
    "key_used_from_device_of_another": "the person's key is used from a device of somebody else",
    "key_used_from_device_of_speaker": "the key is used from the person's own device",
    "device_not_enrolled": "the device from which the key is used is enrolled to nobody",
    "nobody_else_was_there": "nobody else enters the account or is on the host at the time",
    "others_had_access_and_records_tell_who": "others have access, and the records still tell who acts",
    "others_were_there": "others are in the account or on the host at the time",
    "no_commit_names_speaker": "no commit in question names the person who denies",
    "commit_written_from_account_of_another": "the commit is written from an account of somebody else",
    "commit_written_in_session_of_speaker": "the commit is written in a session of the person whom it names",
    "writer_of_commit_not_recorded": "no record says who writes the commit",
    "acts_in_login_sessions": "the acts in question lie in login sessions",
    "origin_not_recorded": "no record says whether a login or a timer starts the act",
    "ran_by_itself_and_speaker_left_it": "it runs by itself, and the person who denies left it there",
    "ran_by_itself_and_another_left_it": "it runs by itself, and somebody else left it there",
    "ran_by_itself_and_author_not_known": "it runs by itself, and who left it there is inconclusive",
    "process_of_job_acted_on_bytes_of_somebody": "a process of a job acts, on bytes that somebody wrote",
    "no_session_to_compare": "no session is found to compare the time with",
    "kernel_numbers_tie_act_to_session": "numbers that the kernel gives, and that no clock changes, tie act and session",
    "clock_was_set_and_act_rests_on_it": "a clock is set, and the act is tied to its session by that clock",
    "act_rests_on_one_clock": "the act is tied to its session by one clock",
    "logs_handled_or_records_missing": "logs are handled, or numbered records are missing",
    "copies_of_log_differ": "copies of one log tell it differently, so that one of them was changed or is not whole",
    "several_domains_tell_the_same": "records of several trust domains tell the same",
    "no_copy_out_of_reach": "no second record is out of reach of who could edit the first",
    "no_act_of_speaker_found": "no act in question is attributed to the person who denies",
    "job_of_another_concerned": "a job of somebody else is concerned",
    "file_reads_not_recorded": "the evidence does not record which files jobs read",
    "only_own_jobs_concerned": "only jobs of that person are concerned",
    "no_reading_of_version_recorded": "no record says that a job reads that version",
    "changed_again_before_job_read_it": "the file is changed again before the job reads it",
    "version_of_speaker_is_what_job_read": "the job reads that very version",
    "holder_of_records_was_there": "somebody who can write all these records is active there at the time",
    "records_out_of_reach_of_holder": "records out of that person's reach tell the same",
    "one_holder_could_write_all": "somebody can write all these records, and nothing shows that it was done",
    "purpose_is_not_in_logs": "what an act was for is not in the logs",
    "custody_before_sealing_is_not_in_logs": "what happens to evidence before it is sealed is not in it",
    "statements_are_no_evidence_here": "statements are outside this method",
}
