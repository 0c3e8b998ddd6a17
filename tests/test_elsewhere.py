"""A case on an object store: the same bytes as in a folder, whatever is killed, changed or done at the same time."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from drawn import EVERY
from typer.testing import CliRunner

from forensics import pipeline
from forensics.cli.app import app
from forensics.core.errors import CaseError, CustodyError, OutputError, PlaceError, UsageError
from forensics.custody import commits
from forensics.custody.place import Place, is_name
from forensics.pipeline import elsewhere

INCIDENT = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit"


@pytest.fixture(scope="module")
def store():
    """A server that speaks S3, on a port of its own, and the query that leads to it."""
    server = pytest.importorskip("moto.server", reason="moto is not installed").ThreadedMotoServer(port=0)
    server.start()
    keys = {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    before = {name: os.environ.get(name) for name in keys}
    os.environ.update(keys)
    host, port = server.get_host_and_port()
    yield f"?endpoint_override=http%3A%2F%2F{host}%3A{port}&region=us-east-1&allow_bucket_creation=true"
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def url(store, request, tmp_path, monkeypatch):
    """A place in which nothing is; what is brought lies below the test's own folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    bucket = hashlib.sha256(request.node.name.encode()).hexdigest()[:16]
    Place(f"s3://{bucket}/x{store}")._files.create_dir(bucket)
    return f"s3://{bucket}/cases/one{store}"


def run(*words, status=0):
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status, done.output
    return done.output


def investigated(case, evidence):
    words = ["--roster", INCIDENT / "roster.toml", "--about", INCIDENT / "case.toml"]
    return run("investigate", evidence, "--case", case, *words)


def content(place):
    """The files of a case in a place, by path: each one's bytes."""
    held = commits.last(place).files
    return {path: place.read(file.name, file.bytes) for path, file in held.items()}


def files(case):
    return {p.relative_to(case).as_posix(): p.read_bytes() for p in case.rglob("*") if p.is_file()}


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "evidence" / "login01" / "etc"
    folder.mkdir(parents=True)
    (folder / "passwd").write_text("kai:x:4101:4101::/home/kai:/bin/bash\n")
    return folder.parents[1]


def test_the_same_bytes_as_in_a_folder(url, tmp_path):
    local, evidence = tmp_path / "local", tmp_path / "evidence"
    # Of the incident what one act rests on: each file of evidence is some objects in the store, each of which is asked for time and again.
    taken = ("login01/var/log/audit/audit.log", "login01/etc/passwd", "slurm/sacct.json")
    if EVERY:
        # All but the repositories, whose objects are many small files.
        shutil.copytree(INCIDENT / "evidence", evidence, ignore=shutil.ignore_patterns("git"))
        taken = ()
    for name in taken:
        (evidence / name).parent.mkdir(parents=True)
        shutil.copy(INCIDENT / "evidence" / name, evidence / name)
    investigated(local, evidence)
    printed = investigated(url, evidence)
    assert f"case\t{url}" in printed
    there, here = content(Place(url)), files(local)
    own = {"ledger.jsonl", ".lock"}  # holds moments, and the command as typed
    assert {k: v for k, v in there.items() if k not in own} == {k: v for k, v in here.items() if k not in own}
    for asked in (
        ["who", "--job", "11"],
        ["status", "--json"],
        ["sql", "SELECT verb, count(*) FROM events GROUP BY ALL ORDER BY ALL"],
    ):
        assert run(asked[0], url, *asked[1:]) == run(asked[0], local, *asked[1:])
    event = json.loads(there["findings.json"])["acts"][0]["for"][0]
    assert run("cite", url, event) == run("cite", local, event)
    run("report", url, "-o", tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == here["report.pdf"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("forensics-")] == [
        f"forensics-{os.getuid()}-{hashlib.sha256(url.encode()).hexdigest()[:16]}"
    ]
    before = commits.last(Place(url))
    for again in ("init", "ingest", "analyse"):
        run(again, url)
    assert commits.last(Place(url)) == before, "nothing was new, so nothing is committed"


def test_a_bundle_elsewhere_is_checked_where_it_lies(url, small):
    run("init", url)
    run("seal", url, small)
    run("ingest", url)
    run("analyse", url)
    run("report", url)
    out = url.replace("cases/one", "bundles/one")
    run("bundle", url, "-o", out)
    run("verify", out)
    place = Place(out)
    sealed = next(name for name in place.names() if name.startswith("data/sealed/"))
    place.write(sealed, b"something else")
    assert sealed in run("verify", out, status=1)
    with pytest.raises(OutputError, match="already there"):
        run("bundle", url, "-o", out)


def test_evidence_that_cannot_be_read_is_committed_too(url, tmp_path):
    (tmp_path / "passwd").write_text(
        "kai:x:4101:4101::/home/kai:/bin/bash\nroot:x:0:0::/root:/bin/sh\nnoise\n"
    )
    run("init", url)
    run("seal", url, tmp_path / "passwd")
    assert "noise" not in run("ingest", url, status=3)
    assert "tables/ingest.json" in content(Place(url))


def test_what_was_changed_in_the_store_is_noticed(url, small):
    run("init", url)
    run("seal", url, small)
    place = Place(url)
    sealed = next(file for path, file in commits.last(place).files.items() if path.startswith("sealed/"))
    place.write(sealed.name, b"x" * sealed.bytes)
    with pytest.raises(CustodyError, match="no longer what was put"):
        run("ingest", url)
    place.write(sealed.name, b"x" * (sealed.bytes + 1))
    with pytest.raises(CustodyError, match="no longer what was put"):
        run("ingest", url)
    place.remove(sealed.name)
    with pytest.raises(CustodyError, match="gone"):
        run("ingest", url)


def test_a_changed_commit_is_noticed(url, small):
    run("init", url)
    run("seal", url, small)
    place = Place(url)
    first, last = sorted(place.names("commits"))
    place.write(last, place.read(last, 1 << 20).replace(b'"ledger.jsonl"', b'"ledger_jsonl"'))
    with pytest.raises(CustodyError, match="no longer what was put"):
        run("status", url)
    place.remove(first)
    with pytest.raises(CustodyError, match="commit 1 is gone"):
        run("status", url)


def test_the_later_of_two_runs_commits_nothing(url, small, monkeypatch):
    run("init", url)
    before = commits.last(Place(url))
    put = commits.put

    def meanwhile(place, base, folder, held):
        monkeypatch.setattr(commits, "put", put)
        with tempfile.TemporaryDirectory() as other:
            (Path(other) / "findings.json").write_text("{}")
            digest = hashlib.sha256(b"{}").hexdigest()
            put(place, before, Path(other), {**before.files, "findings.json": commits.Held(digest, 2)})
        return put(place, base, folder, held)

    monkeypatch.setattr(commits, "put", meanwhile)
    with pytest.raises(PlaceError, match="another run"):
        run("seal", url, small)
    assert set(content(Place(url))) == {"findings.json", "ledger.jsonl"}
    run("seal", url, small)
    assert {"findings.json", "ledger.jsonl"} < set(content(Place(url)))


def test_of_two_commits_at_once_the_later_is_taken_back(url, small, monkeypatch):
    run("init", url)
    place, write = Place(url), Place.write
    rival = "commits/00000002." + "0" * 64 + ".json"

    def both(self, name, raw):
        write(self, rival, b"{}")
        write(self, name, raw)

    monkeypatch.setattr(Place, "write", both)
    with pytest.raises(PlaceError, match="another run"):
        run("seal", url, small)
    assert [name for name in place.names("commits") if name.startswith("commits/00000002")] == [rival]
    write(place, "commits/00000002." + "1" * 64 + ".json", b"{}")
    with pytest.raises(PlaceError, match="two runs"):
        run("status", url)


def test_a_run_that_was_broken_off_goes_on(url, small, monkeypatch):
    """What was made before the end is there for the next run; the place has heard of nothing."""
    run("init", url)
    run("seal", url, small)
    before, put = commits.last(Place(url)), commits.put

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(commits, "put", killed)
    with pytest.raises((KeyboardInterrupt, AssertionError)):
        run("ingest", url)
    assert commits.last(Place(url)) == before
    monkeypatch.setattr(commits, "put", put)
    monkeypatch.setattr("forensics.pipeline.parts.parse", lambda _: pytest.fail("read again"))
    run("ingest", url)
    assert "tables/ingest.json" in commits.last(Place(url)).files


def test_what_is_put_is_what_was_hashed(url, tmp_path):
    (tmp_path / "file").write_bytes(b"one")
    with pytest.raises(CustodyError, match="changed while it was put"):
        Place(url).put("objects/aa/bb", tmp_path / "file", sha256="0" * 64)
    assert Place(url).names() == {}


def test_another_run_on_this_machine_is_waited_for(url):
    with pipeline.brought(url, (), writes=True), pytest.raises(CaseError, match="another run"):
        run("init", url)


def test_a_folder_of_somebody_else_is_not_used(url, tmp_path):
    here = tmp_path / f"forensics-{os.getuid()}-{hashlib.sha256(url.encode()).hexdigest()[:16]}"
    here.mkdir(mode=0o755)
    with pytest.raises(OutputError, match="alone"):
        run("init", url)


def test_something_else_there_is_left_alone(url):
    Place(url).write("notes.txt", b"mine")
    with pytest.raises(CaseError, match="no case"):
        run("init", url)
    assert Place(url).names() == {"notes.txt": 4}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("s3://key:secret@bucket/case", "may not hold a key"),
        ("nowhere://bucket/case", "no place"),
        ("s3://", "names no bucket"),
    ],
)
def test_what_is_no_place(asked, why):
    with pytest.raises(UsageError, match=why) as failure:
        run("status", asked)
    assert "secret" not in str(failure.value)


@pytest.mark.usefixtures("store")
def test_no_store_answers():
    with pytest.raises(PlaceError, match="cannot be listed"):
        run("status", "s3://bucket/case?endpoint_override=http%3A%2F%2F127.0.0.1%3A9&region=us-east-1")


def test_references_cannot_be_elsewhere(url, small):
    with pytest.raises(UsageError, match="--reference"):
        run("seal", url, small, "--reference")


def test_a_file_url_is_a_folder(tmp_path):
    run("init", f"file://{tmp_path}/a%20case")
    assert (tmp_path / "a case" / "ledger.jsonl").is_file()
    run("init", "file://elsewhere/case", status=2)


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../b", ".lock", "a//b", "a/", "", "a\nb", "a/.b", "x" * 1025]
)
def test_no_name_leads_out(name):
    assert not is_name(name)


def test_what_is_wanted():
    assert elsewhere._wanted("tables/event/0.parquet", ("tables/",))
    assert not elsewhere._wanted("findings.json.bak", ("findings.json",))
    assert elsewhere._wanted("sealed/aa/x", elsewhere.ALL)
