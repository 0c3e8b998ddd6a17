"""Damaged dumps of databases: behind a hole only that is read which the dump's own framing makes certain."""

import pytest
from collected import rows, whys
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_sqldump import ASKED, DECLARED, MYSQL_HEAD, NAME, POSTGRES_HEAD, SAMPLES, USER, names

from forensics.core import sqldump
from forensics.formats.gitea_database import _WANTED

KAI = b"INSERT INTO `user` VALUES (1,'kai','kai',1);\n"
LIN = b"INSERT INTO `user` VALUES (3,'lin','lin',0);\n"
NOTICE = b"CREATE TABLE `notice` (`id` int, `text` text);\n"
DAO = b"5\tdao\tdao\tf\n"
SECTION = b"--\n-- Data for Name: user; Type: TABLE DATA; Schema: public; Owner: gitea\n--\n\n"
SQLITE = b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS `user` (" + USER.replace(b"\\'", b"''") + b");\n"  # fmt: skip
INSERT = b"INSERT INTO public.\"user\" (id, lower_name, name, is_admin) VALUES (%d, 'kai', '%s', true);\n"


def read(data):
    return names(data), whys(NAME, data)


@pytest.mark.parametrize(
    "hole",
    [
        b"lin','x;\n",
        b"INSERT INTO `user` VALUES (7,'a','b\n",
        b"INSERT INTO `user` VALUES (7,'a\nb','c',0);\n",
        b"INSERT INTO `user` VALUES (7,`a\n",
        b"INSERT INTO `user` VALUES (7,'a','b',0),\n\0\0\0\n(9,'c','c',1);\n",
        b"INSERT INTO `user` VALU\n",
        b"INSERT INTO `user` VALUES (7,'b','b',0),\n",
        b"LOCK TABLES `a\n",
        b"\0" * 99 + b"\n",
    ],
)
def test_mysqldump_goes_on_at_the_next_line_that_is_a_statement(hole):
    got = names(DECLARED + KAI + hole + LIN)
    assert [name for name in got if name != "b"] == ["kai", "lin"]
    assert whys(NAME, DECLARED + KAI + hole + LIN) == ["shape"]


def test_a_row_before_a_hole_stays_and_those_behind_it_on_its_line_are_not_guessed():
    line = b"INSERT INTO `user` VALUES (1,'kai','kai',1),(7,'a','\0\0,0),(9,'mei','mei',1);\n"
    assert read(DECLARED + line + LIN) == (["kai", "lin"], ["shape"])


@pytest.mark.parametrize(
    "typed",
    [
        b"; INSERT INTO `user` VALUES (9,0x61,0x61,1); ",
        b";\\nINSERT INTO `user` VALUES (9,0x61,0x61,1);\\n",
        b"; CREATE TABLE `user` (`is_admin` int, `id` int, `lower_name` text, `name` text); ",
        b"; USE `other`; ",
        b"; SET sql_mode=0; DELIMITER x ",
        b"); -- ",
        b"); /* ",
    ],
)
def test_what_was_typed_begins_no_line_of_mysqldump(typed):
    """The hole took the quote before it, so that it lies outside of every string."""
    line = b"INSERT INTO `notice` VALUES (1,'a" + b"',2,'" * 2 + typed + b"');\n"
    for cut in (line.replace(b",'" + typed, typed), line.replace(b"'" + typed, typed), line):
        data = DECLARED + NOTICE + cut + b"DROP TABLE IF EXISTS `user_x`;\n" + DECLARED.removeprefix(MYSQL_HEAD).replace(b"`user`", b"`x`") + LIN  # fmt: skip
        assert "a" not in names(data)
        assert {row["id"] for row in rows(NAME, data)} <= {3}


def test_behind_a_hole_a_table_is_known_that_was_being_filled_or_is_declared_there():
    gone = b"\0\0\n"
    create = DECLARED.removeprefix(MYSQL_HEAD)
    key = b"CREATE TABLE `public_key` (`id` int, `owner_id` int, `name` text, `fingerprint` text, `type` int);\n"
    assert read(DECLARED + key + gone + LIN) == ([], ["shape", "missing"])
    assert read(DECLARED + KAI + key + gone + LIN) == (["kai"], ["shape", "missing"])
    assert read(DECLARED + gone + LIN) == (["lin"], ["shape"])
    for other in (
        b"INSERT INTO `notice` VALUES (7,'a\n",
        b"INSERT INTO `notice` VALUES (7,'a\n','b\n",
        b"CREATE TABLE `x` (`id` int, `text` varchar(9) DEFAULT 'a\n",
    ):
        assert read(DECLARED + NOTICE + KAI + other + LIN + create.replace(b"user", b"x"))[0] == ["kai"]
    assert read(MYSQL_HEAD + key + gone + create + LIN) == (["lin"], ["shape"])
    assert read(MYSQL_HEAD + key + gone + create + key + LIN) == (["lin"], ["shape"])


def test_behind_a_hole_rows_are_of_no_database_until_one_is_named():
    create, gone = DECLARED.removeprefix(MYSQL_HEAD), b"\0\0\n"
    one = MYSQL_HEAD + b"USE `gitea`;\n" + create + KAI
    assert read(one + gone + LIN) == (["kai"], ["shape", "missing"])
    assert read(one + gone + create + LIN)[0] == ["kai"]
    assert read(one + gone + b"USE `gitea`;\n" + LIN) == (["kai", "lin"], ["shape"])
    assert read(one + gone + b"USE `other`;\n" + create + LIN) == (["kai"], ["shape", "shape"])


@pytest.mark.parametrize("head", [b"INSERT INTO `x` VALUES (1);\n", b"/*!40101 SET NAMES utf8 */;\n"])
def test_a_dump_of_a_program_unknown_is_not_read_behind_a_hole(head):
    assert read(head + DECLARED.removeprefix(MYSQL_HEAD) + KAI + b"\0\n" + LIN) == (["kai"], ["shape"])
    bare = b"SET sql_mode='NO_BACKSLASH_ESCAPES';\n"
    assert read(DECLARED + bare + KAI + b"\0\n" + LIN) == (["kai"], ["shape"])


@pytest.mark.parametrize(
    ("head", "before", "behind"),
    [
        (SQLITE, b"INSERT INTO `user` VALUES(1,'kai','kai',1);\n", b"INSERT INTO `user` VALUES(3,'lin','lin',0);\n"),
        (POSTGRES_HEAD, INSERT % (1, b"kai"), INSERT % (3, b"lin")),
        (b"/*Generated by xorm 2026-11-23 15:11:42, from sqlite3 to postgres*/\n", INSERT % (1, b"kai"), INSERT % (3, b"lin")),
    ],
)  # fmt: skip
def test_where_values_hold_line_ends_nothing_behind_a_hole_is_read(head, before, behind):
    """What looks like a statement there can have been typed."""
    assert read(head + before + behind) == (["kai", "lin"], [])
    for gone in (b"\0\n", before.replace(b"'kai',", b"'a'x,", 1), before[:-9]):
        got = read(head + before + gone + behind)
        assert got[0] == ["kai"]
        assert len(got[1]) == 1
    other = (
        SECTION
        + b"COPY public.repository (id, owner_id, lower_name, name) FROM stdin;\n7\t1\tllm\tllm\n\\.\n"
    )
    mixed = head + ASKED + b"1\tkai\tkai\tt\n\\.\n" + INSERT % (5, b"dao") + b"\0\n" + other
    assert names(mixed) == ["kai", "dao"]


def test_what_mysqldump_never_writes_is_a_hole():
    """A statement behind another on its line, and a line end within a value, of tables that are left too."""
    create = b"CREATE TABLE `repository` (`id` int, `owner_id` int, `lower_name` text, `name` text);\n"
    insert = b"INSERT INTO `repository` VALUES (7,1,'llm','llm');\n"
    assert read(DECLARED + create + insert) == (["llm"], [])
    assert read(DECLARED + b"SET x=1; " + create + insert) == ([], ["shape", "shape"])
    assert read(DECLARED + b"INSERT INTO `notice` VALUES (7,'a\nb');\n" + create + insert) == (
        ["llm"],
        ["shape"],
    )
    assert read(DECLARED + b"INSERT INTO `notice` VALUES (7,'a\\nb') -- it's\n;\n" + create + insert) == (
        ["llm"],
        [],
    )


def test_behind_a_hole_the_body_of_a_routine_is_no_statement_of_the_dump():
    body = b"DELIMITER ;;\nINSERT INTO `user` VALUES (9,'a','a',1);\nEND ;;\nDELIMITER ;\n"
    assert read(DECLARED + b"\0\n" + body + LIN) == (["lin"], ["shape"])


def test_copy_goes_on_where_a_tables_data_is_announced():
    other = b"COPY public.notice (id, text) FROM stdin;\n1\tit\n"
    asked = SECTION + ASKED + DAO + b"\\.\n"
    for hole in (b"\\.\n\0\n", b"\0\n", b"2\tx"):
        assert read(POSTGRES_HEAD + other + hole + b"\n" + asked) == (["dao"], ["shape"])
    crlf = (POSTGRES_HEAD + other + b"\0\n" + asked).replace(b"\n", b"\r\n")
    assert read(crlf) == (["dao"], ["shape"])
    # Before the first COPY it is not known that values hold no line ends.
    assert read(POSTGRES_HEAD + b"\0\n" + asked) == ([], ["shape"])


def test_rows_of_the_next_table_are_not_those_of_one_whose_end_is_lost():
    """Four columns each; the hole took the end of the first and nothing else."""
    key = b"COPY public.public_key (id, owner_id, name, fingerprint, type) FROM stdin;\n"
    first = SECTION + ASKED + b"1\tkai\tkai\tt\n3\tli\0\0\n"
    notice = (
        SECTION.replace(b"user", b"notice")
        + b"COPY public.notice (id, a, b, c) FROM stdin;\n9\tx\tx\tt\n\\.\n"
    )
    data = POSTGRES_HEAD + first + notice + SECTION + key + b"4\t1\tk\tf\t1\n\\.\n"
    found = [(row["kind"], row["id"]) for row in rows(NAME, data)]
    assert found == [("user", 1), ("public_key", 4)]
    assert whys(NAME, data) == ["shape"]
    again = POSTGRES_HEAD + first + notice + SECTION + ASKED + DAO + b"\\.\n"
    assert names(again) == ["kai"]
    assert whys(NAME, again)[-1] == "missing"


@pytest.mark.parametrize(
    "typed",
    [
        ASKED,
        SECTION.replace(b"\n", b"\\n") + ASKED,
        b"-- Data for Name: user; Type: TABLE DATA; Schema: public; Owner: gitea\n" + ASKED,
        SECTION.replace(b"TABLE DATA", b"TABLE") + ASKED,
    ],
)
def test_less_than_the_whole_announcement_begins_no_table(typed):
    """One line can be what a hole left of a value; four cannot."""
    data = POSTGRES_HEAD + b"COPY public.notice (id, text) FROM stdin;\n1\tit\n" + typed + DAO + b"\\.\n"
    assert names(data) == []


def test_connected_to_nothing_known_rows_are_of_nobody():
    first = POSTGRES_HEAD + b"\\connect gitea\n" + SECTION + ASKED + b"1\tkai\tkai\tt\n"
    key = (
        SECTION
        + b"COPY public.repository (id, owner_id, lower_name, name) FROM stdin;\n7\t1\tllm\tllm\n\\.\n"
    )
    assert [row["id"] for row in rows(NAME, first + key)] == [1]
    assert whys(NAME, first + key)[-1] == "missing"
    named = first + b"\0\n" + SECTION + b"COPY public.x (id) FROM stdin;\n1\n\\.\n\\connect gitea\n" + key
    assert [row["id"] for row in rows(NAME, named)] == [1, 7]


def test_behind_too_many_holes_nothing_is_read(monkeypatch):
    monkeypatch.setattr(sqldump, "_MOST_HOLES", 2)
    data = DECLARED + KAI + (b"\0\n" + LIN) * 2
    assert read(data) == (["kai", "lin", "lin"], ["shape"] * 2)
    assert read(data + b"\0\n" + LIN) == (["kai", "lin", "lin"], ["shape"] * 3)


PLANTED = (
    "planted_statements.mysql.sql",
    "planted_copy_end.postgres.sql",
    "planted_raw_newlines.postgres.sql",
)
WHOLE = {
    sample: [set(row.items()) for row in rows(NAME, (SAMPLES / sample).read_bytes())] for sample in PLANTED
}
_APART = frozenset({"start", "stop", "deleted", "admin"})


@settings(max_examples=60, deadline=None)
@example("planted_raw_newlines.postgres.sql", 1266, 1272, b"")
@given(
    st.sampled_from(PLANTED),
    st.integers(0, 9_999),
    st.integers(0, 9_999),
    st.sampled_from([b"", b"\0" * 9, b"'", b"\n", b"';"]),
)
def test_no_hole_makes_a_row_of_what_was_typed(sample, one, other, noise):
    """Of a row that a hole lies outside of, all that is told was told before; where it took the name of a column, less is."""
    raw = (SAMPLES / sample).read_bytes()
    first, last = sorted(n % (len(raw) + 1) for n in (one, other))
    for row in rows(NAME, raw[:first] + noise + raw[last:]):
        if row["stop"] <= first or row["start"] >= first + len(noise):
            said = {(k, v) for k, v in row.items() if v is not None and k not in _APART}
            assert any(said <= whole for whole in WHOLE[sample])


@pytest.mark.parametrize("sample", PLANTED)
def test_a_dump_in_pieces_is_the_dump_wherever_they_end(sample):
    """A hole is in it too, right behind where a piece can end."""
    raw = (SAMPLES / sample).read_bytes()
    for data in (
        raw,
        raw.replace(b"),(", b"),\n\0", 1),
        DECLARED + KAI[:-2] + b",\n" + LIN,
        DECLARED + KAI.strip(),
    ):
        whole = sqldump.rows(data, 7, _WANTED.get)
        for most in (1, 2, 3):
            pieces, at = list(sqldump.pieces(data, 7, _WANTED.get, most)), 7
            for piece in pieces:
                spans = sorted(
                    [(r["start"], r["stop"]) for r in piece.rows]
                    + [r[:2] for r in piece.rejected]
                    + piece.ignored
                )
                assert [a for a, _ in spans] == [at, *(b for _, b in spans[:-1])]
                at = spans[-1][1]
                assert len(piece.rows) <= most
            assert at == 7 + len(data)
            assert [r for p in pieces for r in p.rows] == whole.rows
            assert [r for p in pieces for r in p.rejected] == whole.rejected
