"""Templates on what came before an act, on jobs, and on what is not there; `sentences.TEMPLATES` has them with all others."""

BEFORE = {
    "planted": "Act {act} runs without a login, from what {acts} leaves behind.",
    "came_from": "The session of {entered}, on which act {act} rests, can have been opened out of {origin}, and out of no other on record: {why}.",
    "came_from_several": "The session of {entered}, on which act {act} rests, can have been opened out of any of {count}, which the records do not tell apart.",
    "came_from_origin": "One of these is {origin}: {why}.",
    "came_from_rule": "No record says so itself: the rule is that {rule}.",
    "rights": "Before act {act}, a line says that account {asked} takes the rights of account {effective} on terminal {tty} of {host}, which {entered} holds then; any account can write such a line.",
    "rights_untied": "Before act {act}, a line says that account {asked} takes the rights of account {effective} on terminal {tty} of {host}; it is tied to no session, for {why}.",
    "agent": "The key {credential} can be used on {host} while an agent is forwarded into the session of {entered}{until}: {why}. Whoever is in account {account} there, or has the rights of root there, can then enter with it; that names nobody (act {act}).",
    "left": "Act {act} runs {how}, and of all that is on record {thing} alone can have left it there: the rule is that {why}.",
    "left_several": "Act {act} runs {how}, and any of {count} can have left it there: the rule is that {why}.",
    "left_unknown": "Act {act} runs {how}, and no record read says who leaves it there; what is missing is {missing}.",
    "left_by": "{thing} is left by {account}{rights}{where}.",
    "ran_foreign": "Act {act} is done by a program that runs in the session, and of what runs there others write at least a part before, by {count}: {why}.",
    "ran_unknown": "Act {act} is done by a program that runs in the session, and no record read says who writes that program, or all of it: {why}.",
    "typed": "Act {act} is done in a terminal that others can type into: {why}.",
    "traced": "Act {act} is done in a session into which others reach: {why}.",
    "typed_by": "One of the sessions in which it can be typed is that of {entered}.",
    "traced_by": "One of the sessions out of which it can be done is that of {entered}.",
    "contained": "Act {act} is done by a process of a container, which can have been asked for in any of {count}: {why}.",
    "contained_by": "One of the sessions in which it can be asked for is that of {entered}.",
    "outlived": "Act {act} is done after the login of its session ends: {why}.",
    "candidate": "For act {act}, {person} is in the class that {cls}{speaks}{against}.",
    "capability": "What act {act} does is within the rights of {persons}: {why}.",
    "capability_none": "No record read gives {persons} that right; modes of files are not looked at, and a right can be there without a record (act {act}).",
    "candidate_rule": "A class follows by a rule from the links that are counted here, and is no probability.",
}
"""Sentences on sessions that led to a session, on what was left to run, and on who can have been in an account."""

AT_ONCE = {
    "overlap": "From {first} to {last} two sessions are open at once, and {what}, {thing}: those of {one}, and of {other}.",
    "overlap_impossible": "From {first} to {last} two sessions are on record at once, and {what}, {thing}: those of {one}, and of {other}. That cannot be, so that a record or a clock is wrong.",
    "overlaps_more": "There are {count} more, in the table of overlaps.",
}
"""Sentences on sessions that were open at once."""

GAPS = {
    "gap": "{kind} {source}{when}{count}.",
    "none_there": "The case file says that somebody looked, and found none of: {source}, of account {account}.",
    "none_there_in_vain": "This changes nothing here, because {why}.",
    "gap_reason": "The reason given is {reason}.",
    "gap_matters": "This bears on {acts}.",
}
"""Sentences on what the evidence says nothing of."""

JOBS = {
    "job_hours": "The records give {hours} GPU-hours as allocated to job {job}.",
    "jobs_more": "Of {count} other jobs the first {rows} are listed here; {file} holds them all.",
    "jobs_not_listed": "There are {count} more jobs that ended badly; no act on record is linked to one of them but in its owner's account, and none of these is shown to be by another key or from another device than are on record as the owner's: {outcomes}.",
    "acts_rows": "Of {count} acts the first {rows} are in the table; {file} holds them all.",
    "acts_parts": "{parts} acts have a part of their own below, those first that are on jobs told one by one; {file} holds the same of all.",
    "job_federation": "Job {job} is one submission to a federation of clusters, which {origin} takes; the records of it are {siblings}.",
}
"""Sentences on what a job held, and on which clusters it is on record."""

COUNTED = {
    "act": ("{count} act", "{count} acts"),
    "attempt": ("{count} attempt", "{count} attempts"),
    "cut": ("{count} cut", "{count} cuts"),
    "pair": ("{count} pair", "{count} pairs"),
    "record": ("{count} record", "{count} records"),
    "session": ("{count} session", "{count} sessions"),
    "trust domain": ("{count} trust domain", "{count} trust domains"),
}
"""One of a thing, and more of it."""

MOMENTS = {
    "at": " at {first} UTC",
    "before": " before {last} UTC",
    "after": " after {first} UTC",
    "between": " between {first} and {last} UTC",
}
"""When something can have been, behind what it was."""

BOUNDS = {
    "contradictions_more": "Of {count} contradictions {told} are told here, of each kind the first; {file} holds them all.",
    "says_more": "Of {count} statements {told} are told here, those first that differ; {file} holds them all.",
    "persons_more": "Of {count} persons {told} are told one by one, those first to whom an act is attributed, who deny something or are named in a denial, or who come into question; the same search is made for all, and {file} holds what it finds of each.",
    "rivals_more": "Of {count} others listed {told} are told here, the strongest explanations and those who come into question first; {file} holds them all.",
    "hypotheses_more": "Of {count} other explanations the {told} strongest are told here; {file} holds them all.",
    "gaps_more": "Of {count} gaps {told} are told here, of each kind and source the first; {file} holds them all.",
}
"""Sentences on how much of very many findings is told one by one."""

IN_VAIN = {
    "host_not_in_evidence": "nothing in the evidence is of a host of that name",
    "no_act_of_account_there": "no act on record is of that account on that host",
    "not_startup_files": "of startup files alone it counts that there are none",
}
"""Why what is said not to be there changes nothing."""

CANDIDATES = {
    "pointed_at": "a link of the entry points at, while none points at others only",
    "divided": "one link of the entry points at, and another away from",
    "allowed": "the account lets in, and nothing of the entry says who comes",
    "spoken_against": "the account lets in, and what is known of the entry says others only",
}
"""Classes of those who can have been in an account, the strongest first."""

CANDIDATE_LINKS = {
    "member_of_account": "a register or a host lists the person as a holder of the account",
    "own_key_opens_account": "a key of the person's opens the account at that time",
    "key_of_session": "the key that opens the session is enrolled to the person",
    "device_of_session": "the session comes from a device of the person's",
    "address_of_own_sessions": "the session comes from where the person's own account is entered from",
    "led_from_session": "the session is opened out of one that is enrolled to the person",
}
CANDIDATE_LINKS_AGAINST = {
    "key_of_session": "the key that opens the session is enrolled to others only",
    "device_of_session": "the session comes from a device of others only",
    "address_of_own_sessions": "the session comes from where others only enter their own accounts from",
    "led_from_session": "the session is opened out of one that is enrolled to others only",
}
