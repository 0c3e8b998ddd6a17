"""What the report says of itself: its bounds, its method, its words. Nothing here speaks of a case."""

PAGE = {
    "report": "Report on the evidence",
    "absence": "† rests on all of the evidence",
    "asked": "‡ from the roster or the question",
    "uncited": "§ no bytes cited",
    "bytes": ", bytes ",
    "hash": ", SHA-256 ",
    "also": "; ",
    "adoption": "Adoption",
    "unsigned": "To be completed by the examiner who adopts this report. Without a signature it is a working paper.",
}
"""What stands on the pages beside the text."""

ADOPTED = (
    "Name and office",
    "What is adopted, what is not",
    "Interests in the matter, if any",
    "Date and signature",
)
"""What the examiner writes at the end."""

QUESTION = ("These are the questions given to the program, and the evidence it read to answer them.",)

NOBODY = ("Nobody is listed, since no roster is given.",)

BOUNDARY = (
    (
        "This report is made by a program from the evidence files listed in Annex A, and from nothing else.",
        "The same files give the same report, byte for byte; for that reason the date inside the PDF is a fixed one and means nothing.",
    ),
    (
        "It is not an expert opinion and not a finding of any court.",
        "An examiner who has read it, and has checked the bytes that it cites, may adopt it, in whole or in part, over a signature.",
        "What an examiner adds is the examiner's own and is to be marked as such.",
    ),
    (
        "It speaks of accounts first, and of persons only in sentences of their own.",
        "It does not ask what anybody meant to do, and does not say what follows in law.",
        "“Inconclusive” is an answer, and names what is missing.",
    ),
    (
        "Text in `this typeface` is evidence or input and is quoted as it stands; characters that cannot be shown are written as codes.",
        "Every sentence about a fact has a footnote with a file, a range of bytes and the start of the file's SHA-256.",
        "A sentence that says that something is not in the evidence is marked †; it rests on all of the files in Annex A.",
        "One that repeats the roster or the question is marked ‡.",
        "One for which the findings cite no bytes is marked §, and is not to be relied on.",
        "A sentence without any mark speaks of the method, not of this case.",
    ),
)

FOR = (
    "The program looks for what speaks for every person listed, in the same way and before anything else.",
    "Persons stand in alphabetical order.",
)

AGAINST = (
    "Only links of account, key, device and session count here.",
    "A name in a commit, a shell history and the ownership of a job do not.",
)

TIMELINE = (
    "Each mark is an act and each bar a job or a session; the shape of a mark gives its kind.",
    "A line through a mark is the stretch in which the act can have taken place.",
    "Hatched stretches are gaps in the evidence.",
)

ACTS = (
    "An act is something that an account does to a job, to a file or to a record.",
    "The account that owns a job is not thereby the account that acts on it.",
    "A footnote shows the first few places; Annex B lists all.",
)

CLAIMS = (
    "A denial is a statement to test.",
    "That it is made weighs nothing, either way.",
    "A denial can hold in what it says and still leave the act open; the answer is then mixed.",
)

HYPOTHESES = (
    "How much better the records are foretold if the person above acts than if somebody else does, the strongest rival first.",
    "Every rival is given every way that they have, and the worst numbers within the bounds of the table in the section on method.",
)

NUMBERS = (
    "Every number that a ratio comes from; nothing else in the program holds one.",
    "A placeholder is elicited and not measured, and another value within reason can be put in its place and the report made anew.",
)

CERTAINTY = (
    "How far the records of a source can be relied on by themselves: who could have written them, whether a source in other hands bears them out, what is missing.",
    "The level is of the data. It is no part of any ratio, and no ratio is part of it.",
)

CONTRADICTIONS = (
    "Where sources do not agree, both are printed, and the report does not choose between them.",
)
NO_CONTRADICTIONS = ("No contradiction between sources is found in the evidence read.",)

OVERLAPS = (
    "Two sessions are told here where both are sure to be open at one moment, whatever the clocks, and where one person at one desk would hardly have both.",
    "A shared account, a second desk or a tunnel explains most of them. Where one session is led to from the other, the two are not listed.",
)

GAPS = (
    "What the evidence does not hold bounds every answer above.",
    "That no record is found means little where records are missing.",
)
NO_GAPS = (
    "The program finds no gap that the evidence itself shows.",
    "Sources that nobody collected, and that leave no trace elsewhere, stay unseen.",
)

METHOD = (
    (
        "The bytes of each file are sealed under their SHA-256 and read by one reader for each format.",
        "Each reader yields records, places it cannot read, and places that hold nothing; together they cover the file.",
        "Records become events, events become sessions and acts, each by a rule with a name.",
    ),
    (
        "A time is an interval: the stretch in which the event can have taken place, given how coarsely its clock writes.",
        "“Before” is said only where two intervals do not meet.",
        "All times are in UTC.",
    ),
    (
        "“Bytes 120–180” is the range from byte 120 up to and without byte 180, counted from 0, of the file as sealed.",  # noqa: RUF001 - a range, in print
    ),
    (
        "A trust domain is the group of records that one holder of rights could have written or altered.",
        "Records of one domain count as one voice.",
        "What it takes to fabricate the records is given with each answer, as the domains somebody needs to control.",
    ),
    (
        "A person is named only where account, key, device and session, taken together, leave one person, more than one trust domain says so, and the ratio against the strongest rival is at least moderate after every gate.",
        "Otherwise the answer is inconclusive.",
        "The analysis works on pseudonyms; names are put back when its result is hashed.",
        "Style, habits and hours of work play no part.",
    ),
)

SCALE_INTRODUCED = (
    "Published scales differ, so the words used here are fixed by this table.",
    "A ratio compares how well two accounts of what took place explain the observations.",
    "It does not say how far either of them is true; that needs all the evidence in the case and is for the court.",
)

SCALE = (
    ("below 1/2", "support for the rival, in the same words", "支持对立假设（同级措辞）"),  # noqa: RUF001 - Chinese punctuation
    ("1/2 to 2", "inconclusive: the observations do not discriminate", "不能区分，无法判断"),  # noqa: RUF001 - the same
    ("2 to 10", "weak support", None),
    ("10 to 100", "moderate support", None),
    ("100 to 1,000", "moderately strong support", None),
    ("1,000 to 10,000", "strong support, only with validation on 3,000 cases or more", None),
    ("above 10,000", "not issued", "不出具"),
)
"""In English and in Chinese; the Chinese words of the steps between stand where the steps do, in the model's file."""

LIMITS = (
    "Records that somebody with enough rights removed or altered without a trace are not found.",
    "A person's own account, key and device can be used by somebody else.",
)

RULES = (
    "The rules that were tried, how many times each gave an act in all of the evidence, and how many events each looked at.",
    "A rule that gave nothing is listed too.",
)

ACT_RULES = (
    "By which rules events are taken for acts and tied to jobs, names and keys are bounded, and sessions and runs are led back: each with its version, why it holds, with what it errs, and how often it fired.",
)

EVIDENCE = (
    "Each file as collected, with its size and the full SHA-256 under which it is sealed.",
    "The numbers are used in the footnotes.",
)

SUMMED = (
    "Of the {files} files {listed} are listed: all that this report cites, and of the others that a reader of this program understood the first, in order of path.",
    "The others are counted by folder below the list, and keep their numbers. Each stands with its path, size and hash in the findings, which the bundle holds.",
    "The list of all of them, a line for each of its hash, two blanks and its path, in order of path, has the SHA-256 {sha256}.",
)

PACKED = (
    "A compressed file is sealed as it was collected, and read through to its content.",
    "Its row says how it is compressed, and the size of its content.",
    "Places in it, and the accounting, count in the decompressed bytes.",
)

CITATIONS = ("All places that the sentences of this report cite, by what they speak of.",)

FLAGS = (
    "The following rules were given with the case. Each is put to every event that was read, and flags those it asks for.",
    "A flag is a hint of whoever wrote the rule. It is no finding, attributes nothing, and no other part of this report rests on it.",
)
