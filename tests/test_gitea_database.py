"""Of Gitea's database, whatever wrote it: an action is whose the server says, and a row without what names it is none."""

import json

import pytest
from collected import rows, told, whys
from test_sqldump import MYSQL_HEAD, NAME, SAMPLES


def test_what_a_push_moved_is_read_in_any_encoding_up_to_a_bound():
    data = (SAMPLES / "planted_statements.mysql.sql").read_bytes()
    latin = data.replace("é".encode(), b"\xe9")
    assert latin != data
    told_new = [[row["new"] for row in rows(NAME, raw)] for raw in (data, latin)]
    assert told_new[0] == told_new[1]
    head = b"INSERT INTO `action` (`id`,`op_type`,`act_user_id`,`repo_id`,`ref_name`,`created_unix`,`content`) VALUES (1,5,3,7,'x',1,"
    content = b'{"HeadCommit":{"Sha1":"' + b"a" * 40 + b'"},"x":"'
    for size, new in ((1 << 20, "a" * 40), ((1 << 20) + 1, None)):
        whole = content + b"x" * (size - len(content) - 2) + b'"}'
        (row,) = rows(NAME, MYSQL_HEAD + head + b"'" + whole.replace(b'"', b'\\"') + b"');\n")
        assert (len(whole), row["new"]) == (size, new)
    for sha1 in ("a" * 41, "a" * 39, "A" * 40, ""):
        whole = json.dumps({"HeadCommit": {"Sha1": sha1}, "Len": 2}).replace('"', '\\"').encode()
        got = [
            (row["new"], row["commits"]) for row in rows(NAME, MYSQL_HEAD + head + b"'" + whole + b"');\n")
        ]
        assert got == [(None, 2)]


TABLES = {
    "user": "id lower_name name is_admin", "repository": "id owner_id owner_name lower_name name", "deploy_key": "id key_id repo_id name mode",
    "public_key": "id owner_id name fingerprint type", "action": "id user_id op_type act_user_id repo_id ref_name content created_unix",
}  # fmt: skip
MOVED = json.dumps({"CompareURL": f"a/b/compare/{'a' * 40}...{'b' * 40}", "HeadCommit": {"Sha1": "b" * 40}})
MADE = json.dumps({"HeadCommit": {"Sha1": "b" * 40}})


def server(*more):
    """Events of a server of lin and kai, whose repository `kai/llm` names its owner, and one that a deploy key may write to."""
    held = [
        ("user", "3,'lin','lin',0"), ("user", "5,'kai','kai',1"), ("repository", "7,5,'kai','llm','llm'"), ("repository", "8,3,'','own','own'"),
        ("repository", "9,44,NULL,'x','x'"), *more,
    ]  # fmt: skip
    said = "".join(
        f"INSERT INTO `{t}` ({','.join(TABLES[t].split())}) VALUES ({values});\n" for t, values in held
    )
    return told(NAME, MYSQL_HEAD + said.encode(), "git/x.sql")[5:]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("7", 5, MOVED), ("push", "lin", "kai/llm", "success")), (("7", 9, MOVED), ("push", "lin", "kai/llm", "success")),
        (("7", 11, MOVED), ("push_request", "lin", "kai/llm", "success")), (("7", 5, MADE), ("push_request", "lin", "kai/llm", "success")),
        (("7", 10, ""), ("other", "lin", "kai/llm", None)), (("9", 5, MOVED), ("push", "lin", "x", "success")),
        (("8", 5, MOVED), ("push", None, "lin/own", "success")), (("8", 10, ""), ("other", "lin", "lin/own", None)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["2", "NULL"])
def test_an_action_is_whose_the_server_says_unless_a_deploy_key_could_stand_for_it(values, expected, mode):
    repository, what, content = values
    action = f"1,3,{what},3,{repository},'refs/heads/x','" + content.replace('"', '\\"') + "',1"
    (*_, told_) = server(("deploy_key", f"1,21,8,'ci',{mode}"), ("action", action))
    assert (told_["verb"], told_["account"], told_["repository"], told_["outcome"]) == expected
    # A key that may only read stands for nobody.
    (*_, told_) = server(("deploy_key", "1,21,8,'ci',1"), ("action", action))
    assert told_["account"] == "lin"


def test_who_an_action_is_of_where_a_key_a_feed_or_a_second_row_could_say_otherwise():
    pushed = [("action", f"{n},{n},5,{n},8,'refs/heads/x','',1") for n in (3, 5)]
    *_, own, others = server(("deploy_key", "1,21,8,'ci',2"), *pushed)
    assert (own["account"], others["account"]) == (None, "kai")
    *_, shown = server(("action", "1,5,5,3,7,'refs/heads/x','',1"))
    assert (shown["verb"], shown["account"], shown["outcome"], shown["text"]) == (
        "other",
        "lin",
        None,
        "action=push feed=5",
    )
    *_, own, others = server(("user", "3,'x','x',0"), ("repository", "8,5,'x','x','x'"), *pushed)
    assert (own["account"], own["repository"]) == ("lin", "lin/own")


@pytest.mark.parametrize(
    ("values", "opens"),
    [
        ("20,3,'x','SHA256:k',1", True),
        ("20,3,'x','SHA256:k',2", False),
        ("20,3,'x','',1", False),
        ("20,44,'x','SHA256:k',1", False),
    ],
)
def test_a_key_opens_an_account_where_it_is_one_s_and_has_a_fingerprint(values, opens):
    (key,) = server(("public_key", values))
    assert (key["verb"], key["account"]) == (("enrol_key", "lin") if opens else ("other", None))
    assert key["credential"] == (None if "''" in values else "SHA256:k")


@pytest.mark.parametrize(
    ("values", "got"),
    [
        ("1,5,3,0,'x'", [(1, 5, 3, False, "x")]), ("1,5,3,1,''", [(1, 5, 3, True, None)]), ("1,5,3,NULL,NULL", [(1, 5, 3, False, None)]),
        ("1,5,3,2,'x'", [(1, 5, 3, False, "x")]), ("NULL,5,3,0,'x'", []), ("1,NULL,3,0,'x'", []), ("1,5,NULL,0,'x'", []),
        ("1,5,'3 ',0,'x'", []), ("1,5,99999999999999999999,0,'x'", []), ("1,5,9223372036854775808,0,'x'", []),
    ],
)  # fmt: skip
def test_an_action_without_its_numbers_is_none(values, got):
    raw = "INSERT INTO `action` (`id`,`op_type`,`act_user_id`,`is_deleted`,`ref_name`,`repo_id`,`created_unix`) VALUES "
    raw = MYSQL_HEAD + f"{raw}({values},7,1);\n".encode()
    assert [(r["id"], r["what"], r["actor"], r["deleted"], r["ref"]) for r in rows(NAME, raw)] == got
    assert whys(NAME, raw) == ([] if got else ["value"])


@pytest.mark.parametrize(("values", "kept"), [("7,'llm'", True), ("NULL,'llm'", False), ("7,NULL", False)])
def test_a_repository_without_number_or_name_is_none(values, kept):
    raw = (
        f"INSERT INTO `repository` (`id`,`name`,`lower_name`,`owner_id`) VALUES ({values},'x',5);\n".encode()
    )
    assert (len(rows(NAME, raw)), whys(NAME, raw)) == ((1, []) if kept else (0, ["value"]))
