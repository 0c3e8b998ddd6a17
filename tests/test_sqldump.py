"""Dumps of databases: a string ends where its own dialect says, so nothing that somebody typed becomes a statement or a row."""

from pathlib import Path

import pytest
from collected import rows, told, whys

from forensics.core import sqldump, sqlvalues
from forensics.core.model import Why
from forensics.core.sqlvalues import Dialect
from forensics.formats import registry

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "gitea_database"
NAME = "gitea_database"
MYSQL, BARE_MYSQL = Dialect(mysql=True, escapes=True), Dialect(mysql=True, escapes=False)
STANDARD, OLD_POSTGRES = Dialect(mysql=False, escapes=False), Dialect(mysql=False, escapes=True)
MYSQL_HEAD = b"-- MySQL dump 10.13  Distrib 8.0.36\n"
POSTGRES_HEAD = b"--\n-- PostgreSQL database dump\n--\n"
USER = (
    b"`id` bigint, `lower_name` varchar(255) DEFAULT 'a\\'b,`c`,(', `name` text, `is_admin` tinyint(1), "
    b"PRIMARY KEY (`id`), KEY `k` (`name`,`is_admin`)"
)
DECLARED = MYSQL_HEAD + b"CREATE TABLE `user` (" + USER + b") ENGINE=InnoDB;\n"
ASKED = b'COPY public."user" (id, lower_name, name, is_admin) FROM stdin;\n'


@pytest.mark.parametrize(
    ("written", "dialect", "value"),
    [
        (rb"'it''s \' x'", MYSQL, b"it's ' x"),
        (rb"'a\\'", MYSQL, b"a\\"),
        (rb"'\0\b\n\r\t\Z\%\_\q\''", MYSQL, b"\0\b\n\r\t\x1a\\%\\_q'"),
        (rb"'a\'", BARE_MYSQL, b"a\\"),
        (rb"'a\'", STANDARD, b"a\\"),
        (rb"'it''s'", STANDARD, b"it's"),
        (rb"'a\'", MYSQL, None),
        (rb"'a", STANDARD, None),
        (rb"E'a\'\n\x41\x4\101\u00e9\U0001F600\q'''", STANDARD, "a'\nA\x04Aé😀q'".encode()),
        (rb"E'\UFFFFFFFF'", STANDARD, rb"\UFFFFFFFF"),
        (rb"E'\U0010FFFF\U00110000'", STANDARD, "\U0010ffff".encode() + rb"\U00110000"),
        (rb"E'\777'", STANDARD, b"\xff"),
        (rb"'a\n\v'", OLD_POSTGRES, b"a\n\v"),
        (rb"E'a'", MYSQL, None),
        (rb"_binary 'a\0'", MYSQL, b"a\0"),
        (rb"_utf8mb4'a'", MYSQL, b"a"),
        (rb"N'a'", STANDARD, b"a"),
        (rb"0x6B6169", MYSQL, b"kai"),
        (rb"0x1", MYSQL, b"\x01"),
        (rb"0x6B", STANDARD, None),
        (rb"X'6b61'", STANDARD, b"ka"),
        (rb"x''", MYSQL, b""),
        (rb"X'6b6'", STANDARD, None),
        (rb"''", MYSQL, b""),
        (rb"-12", MYSQL, b"-12"),
        (rb"1.5e-3", STANDARD, b"1.5e-3"),
        (rb"true", STANDARD, b"true"),
        (rb"nullable", STANDARD, None),
        (rb"12abc", STANDARD, None),
        (rb"now()", MYSQL, None),
        (rb"'a' || e'\x0a' || 'b'", STANDARD, b"a\nb"),
        (rb"'a'||X'0a'", STANDARD, b"a\n"),
        (rb"'a' || NULL", STANDARD, None),
        (rb"NULL || 'a'", STANDARD, None),
        (rb"CONCAT('a', CHAR(10), CHAR(39),'b')", BARE_MYSQL, b"a\n'b"),
        (rb"replace('it''s\012a \n','\012',char(10))", STANDARD, b"it's\na \\n"),
        (rb"replace(replace('cr\r\nx','\r',char(13)),'\n',char(10))", STANDARD, b"cr\r\nx"),
        (rb"replace(replace(replace('a','a',char(1)),'b',char(2)),'c',char(3))", STANDARD, None),
        (rb"replace(unistr('a'),'b',char(2))", STANDARD, None),
        (rb"replace(CONCAT('a','b',char(2)),'c',char(3))", STANDARD, None),
        (rb"replace('a\e','\e',char(27))", STANDARD, b"a\x1b"),
        (rb"replace('a','',char(1))", STANDARD, None),
        (rb"replace('a','b',NULL)", STANDARD, None),
        (rb"replace(NULL,'b',char(1))", STANDARD, None),
        (rb"unistr('a\u000ab\\u\U0001F600\0041')", STANDARD, "a\nb\\u😀A".encode()),
        (rb"unistr(NULL)", STANDARD, None),
        (rb"unistr('a';", STANDARD, None),
        (rb"CONCAT('a';", BARE_MYSQL, None),
        (rb"CONCAT('a', NULL)", BARE_MYSQL, None),
    ],
)
def test_a_value_is_what_its_dialect_says(written, dialect, value):
    got = sqlvalues.literal(b"(" + written + b")", 1, dialect)
    assert got == (None if value is None else (value, 1 + len(written)))


def test_null_is_no_text_and_a_joint_of_mysqls_is_none():
    assert sqlvalues.literal(b"NULL,", 0, MYSQL) == (None, 4)
    assert sqlvalues.literal(b"'NULL',", 0, MYSQL) == (b"NULL", 6)
    assert sqlvalues.literal(b"'a' || 'b'", 0, MYSQL) == (b"a", 3)


def test_a_string_goes_on_however_many_quotes_are_in_it():
    for dialect, quote in ((STANDARD, b"''"), (MYSQL, b"''"), (MYSQL, rb"\'")):
        written = b"'" + quote * 10_000 + b"'"
        assert sqlvalues.literal(written + b",", 0, dialect) == (b"'" * 10_000, len(written))
        assert sqlvalues.literal(written[:-1], 0, dialect) is None
    assert sqlvalues.literal(b"'a\\", 0, MYSQL) is None


def test_fields_of_copy():
    assert sqlvalues.copied(b"1\ta b\t") == [b"1", b"a b", b""]
    line = rb"\N" + b"\t" + rb"\\N" + b"\t" + rb"a\tb\\.\n\x41\101\v\q\xg" + b"\t" + rb"\\."
    assert sqlvalues.copied(line) == [None, rb"\N", b"a\tb\\.\nAA\vqxg", rb"\."]


def test_every_dump_of_one_database_tells_the_same():
    """By MariaDB and by PostgreSQL, as COPY and as INSERT: one server, and what was typed there is in no row."""
    held = []
    for sample in (
        "planted_statements.mysql.sql",
        "planted_copy_end.postgres.sql",
        "planted_raw_newlines.postgres.sql",
    ):
        data = (SAMPLES / sample).read_bytes()
        assert not whys(NAME, data)
        held.append(
            [{k: v for k, v in row.items() if k not in {"start", "stop"}} for row in rows(NAME, data)]
        )
    assert held[0] == held[1] == held[2]
    assert not {98, 99, 9} & {row["id"] for row in held[0]}


def test_pushes_of_a_dump_are_the_accounts_that_the_server_knew():
    data = (SAMPLES / "planted_statements.mysql.sql").read_bytes()
    found = [(e["verb"], e["account"], e["repository"], e["object"]) for e in told(NAME, data, "git/x.sql") if e["verb"].startswith("push")]  # fmt: skip
    assert found == [("push", "lin", "mlteam/llm", "refs/heads/main"), ("push_request", "lin", "mlteam/llm", "refs/heads/x\\")]  # fmt: skip
    assert "not-a-hash" not in str(told(NAME, data, "git/x.sql"))


def names(data):
    return [row["name"] for row in rows(NAME, data)]


def test_rows_without_names_of_columns_need_the_tables_declaration():
    insert = b"INSERT INTO `user` VALUES (1,'kai','kai',1),(3,'lin','lin',0);\n"
    assert names(DECLARED + insert) == ["kai", "lin"]
    assert [row["admin"] for row in rows(NAME, DECLARED + insert)] == [True, False]
    assert (names(MYSQL_HEAD + insert), whys(NAME, MYSQL_HEAD + insert)) == ([], ["shape"])
    listed = b"REPLACE  INTO `g`.`user` (`name`,`id`, `is_admin`,`lower_name`) VALUES ('kai',1,1,'kai');\n"
    assert names(MYSQL_HEAD + listed) == ["kai"]
    assert names(MYSQL_HEAD + listed.replace(b"REPLACE  INTO", b"INSERT  IGNORE INTO")) == ["kai"]


def test_a_row_that_does_not_fit_is_refused_and_the_next_read():
    data = (
        DECLARED
        + b"INSERT INTO `user` VALUES (1,'kai','kai'),(2,'a','a',0,0),(3,'lin','lin',0),('x','y','y',0);\n"
    )
    assert (names(data), whys(NAME, data)) == (["lin"], ["shape", "shape", "value"])
    data = DECLARED + b"INSERT INTO `user` VALUES (1,'kai','kai',1),(now(),'; x','y',0),(3,'lin','lin',0);\nINSERT INTO `user` VALUES (5,'dao','dao',0);\n"  # fmt: skip
    assert (names(data), whys(NAME, data)) == (["kai", "dao"], ["shape"])
    for empty in (b"()", b"(1,'kai','kai',1) x", b"(1 'kai')"):
        data = (
            DECLARED
            + b"INSERT INTO `user` VALUES "
            + empty
            + b";\nINSERT INTO `user` VALUES (5,'dao','dao',0);\n"
        )
        assert (names(data), whys(NAME, data)) == (["dao"], ["shape"])


@pytest.mark.parametrize(
    ("torn", "read"),
    [
        (b"INSERT INTO `user` VALUES (1,'kai','kai',1),(3,'li", ["kai"]),
        (b"INSERT INTO `user` VALUES (1,'kai','kai',1),", ["kai"]),
        (b"INSERT INTO `notice` VALUES (1,'kai", []),
        (b"CREATE TABLE `x` (`id` int", []),
        (b"DELIMITER ;;\nINSERT INTO `user` VALUES (1,'kai','kai',1);\n", []),
    ],
)
def test_what_is_torn_is_truncated(torn, read):
    assert (names(DECLARED + torn), whys(NAME, DECLARED + torn)) == (read, ["truncated"])


def test_a_dump_that_ends_anywhere_is_accounted_for():
    """Behind `VALUES` or a comma too, where a stretch of nothing was rejected."""
    whole = b"INSERT INTO `user` VALUES (1,'kai','kai',1),(3,'lin','lin',0);\nINSERT INTO `user` VALUES "
    for cut in range(len(whole) + 1):
        data = DECLARED + whole[:cut]
        parsed = registry()[NAME].parse(data, 0)
        spans = sorted((row["start"], row["stop"]) for table in parsed for row in table.to_pylist())
        assert all(start < stop for start, stop in spans)
        assert [0, *(stop for _, stop in spans)] == [*(start for start, _ in spans), len(data)]


def test_what_the_dump_says_of_its_strings_counts_from_there():
    body = b"INSERT INTO `user` VALUES (1,'kai','kai\\',1);\n"
    assert names(DECLARED + b"SET sql_mode='NO_BACKSLASH_ESCAPES';\n" + body) == ["kai\\"]
    assert whys(NAME, DECLARED + b"SET sql_mode='ANSI';\n" + body) == ["truncated"]
    again = b"SET sql_mode='NO_BACKSLASH_ESCAPES';\nSET sql_mode='';\n"
    assert whys(NAME, DECLARED + again + body) == ["truncated"]
    listed = (
        b"INSERT INTO public.\"user\" (id, lower_name, name, is_admin) VALUES (1, 'kai', 'kai\\\\', true);\n"
    )
    assert names(POSTGRES_HEAD + listed) == ["kai\\\\"]
    assert names(POSTGRES_HEAD + b"SET standard_conforming_strings = off;\n" + listed) == ["kai\\"]
    assert names(POSTGRES_HEAD + b"SET standard_conforming_strings = off;\nSET standard_conforming_strings = on;\n" + listed) == ["kai\\\\"]  # fmt: skip
    # Of the other's settings neither takes notice.
    assert names(POSTGRES_HEAD + b"SET sql_mode='';\n" + listed) == ["kai\\\\"]
    assert whys(NAME, DECLARED + b"SET standard_conforming_strings = on;\n" + body) == ["truncated"]


@pytest.mark.parametrize("encoding", [b"/*!40101 SET NAMES gbk */;\n", b"SET client_encoding = 'SJIS';\n"])
def test_an_encoding_in_which_half_a_character_is_a_quote_is_not_read(encoding):
    head = POSTGRES_HEAD if b"client" in encoding else MYSQL_HEAD
    data = head + encoding + DECLARED + b"INSERT INTO `user` VALUES (1,'kai','kai',1);\n"
    assert (names(data), whys(NAME, data)) == ([], ["shape"])


def test_copy_ends_at_its_own_end_only():
    data = (
        POSTGRES_HEAD
        + ASKED
        + b"1\tkai\tkai\tt\n3\tlin\t\\\\.\t\\N\n\\.\n\n"
        + ASKED
        + b"5\tdao\tdao\tf\n\\.\n"
    )
    assert names(data) == ["kai", "\\.", "dao"]
    assert names(data.replace(b"\n", b"\r\n")) == ["kai", "\\.", "dao"]
    assert [r["admin"] for r in rows(NAME, data.replace(b"\n", b"\r\n"))] == [True, False, False]
    data = POSTGRES_HEAD + ASKED + b"1\tkai\tkai\tt\n3\tli"
    assert (names(data), whys(NAME, data)) == (["kai"], ["truncated"])
    data = POSTGRES_HEAD + ASKED + b"1\tkai\tkai\n\\."
    assert (names(data), whys(NAME, data)) == ([], ["shape"])
    other = b"COPY public.notice (id, text) FROM stdin;\n1\tit's\n" + ASKED + b"1\tkai\tkai\tt\n"
    assert (names(POSTGRES_HEAD + other), whys(NAME, POSTGRES_HEAD + other)) == ([], ["truncated"])
    whole = POSTGRES_HEAD + other + b"\\.\n" + ASKED + b"3\tlin\tlin\tf\n\\.\n"
    assert (names(whole), whys(NAME, whole)) == (["lin"], [])
    for how in (b" WITH (FORMAT csv)", b" WITH (HEADER)"):
        data = (
            POSTGRES_HEAD
            + ASKED.replace(b"stdin", b"stdin" + how)
            + b"1\tkai\tkai\tt\n\\.\n"
            + ASKED
            + b"3\tlin\tlin\tf\n\\.\n"
        )
        assert (names(data), whys(NAME, data)) == (["lin"], ["shape"])
    odd = POSTGRES_HEAD + b'COPY "a""b" (id) FROM stdin;\n' + b"1;\n\\.\n" + ASKED + b"3\tlin\tlin\tf\n\\.\n"
    assert (names(odd), whys(NAME, odd)) == ([], ["shape"])


def test_of_several_databases_the_first_is_read_and_another_programs_tables_are_left():
    insert = b"INSERT INTO `user` VALUES (1,'kai','kai',1);\n"
    create = DECLARED.removeprefix(MYSQL_HEAD)
    mysqls = b"USE `mysql`;\nCREATE TABLE `user` (`Host` char(60), `User` char(80));\nINSERT INTO `user` VALUES ('%','root');\n"
    two = MYSQL_HEAD + mysqls + b"USE `gitea`;\n" + create + insert + b"USE `forgejo`;\n" + create + insert
    assert (names(two), whys(NAME, two)) == (["kai"], ["shape"])
    twice = DECLARED + insert + create + insert
    assert (names(twice), whys(NAME, twice)) == (["kai"], ["shape"])
    schemas = (
        POSTGRES_HEAD
        + ASKED
        + b"1\tkai\tkai\tt\n\\.\n"
        + ASKED.replace(b"public", b"other")
        + b"1\tlin\tlin\tt\n\\.\n"
    )
    assert (names(schemas), whys(NAME, schemas)) == (["kai"], ["shape"])
    connected = POSTGRES_HEAD + b"\\connect gitea\n" + ASKED + b"1\tkai\tkai\tt\n\\.\n\\connect other\n" + ASKED + b"3\tlin\tlin\tt\n\\.\n"  # fmt: skip
    assert (names(connected), whys(NAME, connected)) == (["kai"], ["shape"])


def test_bodies_of_routines_and_comments_are_no_statements():
    insert = b"INSERT INTO `user` VALUES (1,'kai','kai',1);\n"
    hidden = b"DELIMITER ;;\n" + insert + b"DELIMITER ;\n-- it's\n/* ' */;\n/*!50003 SET x='a;b' */;\n"
    assert names(DECLARED + hidden + insert.replace(b"kai", b"lin")) == ["lin"]
    body = (
        b"CREATE FUNCTION f() RETURNS void AS $_$\nit's $$;\n"
        + ASKED
        + b"1\tkai\tkai\tt\n\\.\n$_$ LANGUAGE sql;\n"
    )
    assert names(POSTGRES_HEAD + body + ASKED + b"3\tlin\tlin\tf\n\\.\n") == ["lin"]
    priced = b"COMMENT ON TABLE x IS E'it\\'s;\\n' || 'a\\' || $1 || \"b;'\" -- '\n /* ' */;\n"
    assert names(POSTGRES_HEAD + priced + ASKED + b"3\tlin\tlin\tf\n\\.\n") == ["lin"]
    unended = POSTGRES_HEAD + b"DO $x$ it\n;\n" + ASKED + b"3\tlin\tlin\tf\n\\.\n"
    assert (names(unended), whys(NAME, unended)) == ([], ["truncated"])
    mysqls = b"SET x = 5--1, y = 6/2, z = \"it's \\\" ;\", w = `a;'` -- '\n;\n"
    assert names(DECLARED + mysqls + insert) == ["kai"]


def test_what_the_sqlite3_program_dumps_is_read():
    head = (
        b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS `user` ("
        + USER.replace(b"\\'", b"''")
        + b");\n"
    )
    body = b"""INSERT INTO "user" VALUES(1,'kai',replace('k\\n','\\n',char(10)),1);\nCOMMIT;\n"""
    assert (names(head + body), whys(NAME, head + body)) == (["k\n"], [])


def test_marks_that_only_the_other_dialect_has_end_nothing():
    insert = b"INSERT INTO `user` VALUES (1,'kai','kai',1);\n"
    for said in (b"SET x = $$;\n", b"SET sql_mode='NO_BACKSLASH_ESCAPES';\nSET x = e'a\\';\n"):
        assert (names(DECLARED + said + insert), whys(NAME, DECLARED + said + insert)) == (["kai"], [])
    asked = ASKED + b"3\tlin\tlin\tf\n\\.\n"
    for said in (
        b"SELECT 1 --it's\n;\n",
        b"SET standard_conforming_strings = off;\nCOMMENT ON TABLE \"a\\\" IS 'x';\n",
    ):
        assert (names(POSTGRES_HEAD + said + asked), whys(NAME, POSTGRES_HEAD + said + asked)) == (
            ["lin"],
            [],
        )
    other = POSTGRES_HEAD + b"DELIMITER ;;\nDELIMITER ;\n" + asked
    assert (names(other), whys(NAME, other)) == ([], ["shape"])


def test_columns_are_what_stands_first_between_the_outermost_commas():
    create = (
        b"CREATE TABLE public.\"user\" (\n    id bigint NOT NULL,\n    lower_name text DEFAULT 'a\\'::text,\n    name numeric(10,2),\n"
        b"    is_admin boolean DEFAULT ('x'::text = ANY (ARRAY['x', b.c])),\n    CONSTRAINT u UNIQUE (id, name)\n)\n"
        b"WITH (fillfactor=70, autovacuum_enabled=false);\n"
    )
    insert = b"INSERT INTO public.\"user\" VALUES (1, 'kai', 'kai', true);\n"
    assert (names(POSTGRES_HEAD + create + insert), whys(NAME, POSTGRES_HEAD + create + insert)) == (
        ["kai"],
        [],
    )


def test_more_rows_than_the_bound_are_refused(monkeypatch):
    monkeypatch.setattr(sqldump, "_MOST_ROWS", 1)
    data = DECLARED + b"INSERT INTO `user` VALUES (1,'kai','kai',1),(3,'lin','lin',0);\n"
    assert (names(data), whys(NAME, data)) == (["kai"], ["too_long"])
    monkeypatch.setattr(sqldump, "_MOST_ROWS", 9)
    monkeypatch.setattr(sqldump, "_LONGEST_ROW_BYTES", len("(1,'kai','kai',1)"))
    data = data.replace(b"3,'lin'", b"33,'lin'")
    assert (names(data), whys(NAME, data)) == (["kai"], ["too_long"])


def test_spans_are_told_from_where_the_file_lies():
    wanted = {
        "t": sqldump.Wanted(
            frozenset({"a"}), lambda values: Why.VALUE if values["a"] is None else {"a": values["a"]}
        )
    }
    data = MYSQL_HEAD + b"INSERT INTO `t` (`a`) VALUES (1),(NULL);\n"
    found, at = sqldump.rows(data, 1000, wanted.get), 1000 + data.index(b"(1)")
    assert found.rows == [{"a": b"1", "start": at, "stop": at + 3}]
    assert found.rejected == [(at + 4, at + 10, Why.VALUE)]
    assert found.ignored == [(1000, at), (at + 3, at + 4), (at + 10, 1000 + len(data))]


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        (DECLARED, None),
        (MYSQL_HEAD + b"CREATE TABLE `access` (`id` int, `user_id` int, `repo_id` int, `mode` int);\n", NAME),
        (MYSQL_HEAD + b"CREATE TABLE `access` (`id` int, `user_id` int, `repo_id` int);\n", None),
        (b"CREATE TABLE `action` (`op_type` int, `act_user_id` int, `repo_id` int, `ref_name` text, `created_unix` int)", None),
        (b"CREATE TABLE `action` (`op_type` int, `act_user_id` int, `repo_id` int, `ref_name` text, `created_unix` int);", NAME),
        (POSTGRES_HEAD + b"COPY public.action (id, op_type, act_user_id, repo_id, ref_name, created_unix) FROM stdin;\n1", NAME),
        (b"COPY public.action (id, op_type, act_user_id, repo_id, ref_name, created_unix) FROM stdin;\n1", None),
        (b"'; " + POSTGRES_HEAD + b"COPY public.action (op_type, act_user_id, repo_id, ref_name, created_unix) FROM stdin;\n", None),
    ],
)  # fmt: skip
def test_a_dump_is_known_by_the_servers_own_tables(head, sure):
    assert (registry()[NAME].recognise(head, "git/x.sql") > 0) is (sure == NAME)
