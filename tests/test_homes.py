"""Homes that do not lie in /home: what `~` stands for in a line is found where the cluster keeps its homes."""

import pytest
from stage import HOST, Stage
from test_foreign_code import FOREIGN, OWN, day_of, runs, told
from test_surroundings import with_words

from forensics.analysis import file_acts, git_settings, homes, identity, keys, surroundings, unpacked
from forensics.analysis.acts import Scene
from forensics.core.roster import Question

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDW7hF1Vfjm2X8H0L9T0Jx4m0G4m1Wc8p2s6T8f3a9Yk"


def _listed(day, folder="/users/lin"):
    day.add("enrol_account", "passwd", f"{HOST}:root", account="lin", uid=4103, when=None, object_kind="account", object="lin", text=f"{folder}:/bin/bash")  # fmt: skip


def _in_home(day):
    """lin's home is where most are."""
    _listed(day, "/home/lin")


def _sources(day):
    """lin's startup file takes in a file of lin's home, which kai changed."""
    day.change("kai", day.kai, "/users/lin/conf/env.sh", verb="create")
    day.add("setting", "shell_startup", f"{HOST}:user", account="lin", when=None, object_kind="setting", object="shell", text="source ~/conf/env.sh")  # fmt: skip


def _includes(day):
    """lin's settings of git include a file of lin's home, which kai changed, and lin has git run."""
    day.change("kai", day.kai, "/users/lin/shared.cfg")
    day.add("setting", "git_config", f"{HOST}:files", when=None, object_kind="setting", object="include.path", text="= ~/shared.cfg (git reads what this names)")  # fmt: skip


@pytest.mark.parametrize(
    ("where", "takes_in", "found"),
    [
        (_listed, _sources, FOREIGN),
        (_in_home, _sources, OWN),  # a folder that is called so is not the home
        (_listed, _includes, FOREIGN),
    ],
)
def test_what_another_changed_in_a_home_elsewhere_need_not_be_its_owners(where, takes_in, found):
    day = day_of()
    where(day)
    takes_in(day)
    if takes_in is _includes:
        runs(day, argv=("git", "st"), program="git", thing="/usr/bin/git")
    else:
        with_words(day, ["nice", "x"], "nice")
    assert told(day) == found


def test_a_home_is_where_lists_of_accounts_and_collections_have_it():
    day = Stage()
    for folder in ("/gpfs/lin", "/cluster/home/lin/"):
        _listed(day, folder)
    for folder in ("/", "/nonexistent", "srv/lin", "/home/lin"):
        _listed(day, folder)
    day.add("enrol_account", "passwd", f"{HOST}:root", account="mei", when=None, text="no list")
    files = [
        {"sha256": "0" * 64, "origin": f"{above}/.bashrc"} for above in ("/home2/kai", "/root", "/home/mei")
    ]
    found = day.evidence(Question(), files=files)
    assert homes.of(found, "lin").of() == ("/home/lin", "/cluster/home/lin", "/gpfs/lin")
    assert homes.of(found, "mei").of("kai") == ("/home/kai", "/home2/kai")
    assert homes.of(found, "mei").of() == ("/home/mei",)
    assert homes.of(found, "root").of() == ("/root",)
    assert homes.of(found, None).of() == ()


def test_signs_of_a_home_stand_for_each_place_where_it_can_be():
    home = homes.Home("lin", {"lin": ("/users/lin",), "kai": ("/u/kai",)})

    def named(text):
        return [one.path for one in surroundings.named(text, cwd=None, home=home)]

    assert named("source ~/a.sh") == ["/home/lin/a.sh", "/users/lin/a.sh"]
    assert named('. "$HOME/a.sh"') == ["/home/lin/a.sh", "/users/lin/a.sh"]
    assert named(". ~kai/a.sh") == ["/home/kai/a.sh", "/u/kai/a.sh"]
    assert named("export PYTHONPATH=~/lib:/x") == ["/home/lin/lib", "/users/lin/lib", "/x"]
    assert surroundings.named("source ~/a.sh", cwd=None) == []
    assert git_settings.included(["git", "-c", "include.path=~kai/x", "st"], None, home) == [
        "/home/kai/x",
        "/u/kai/x",
    ]
    assert git_settings.included(["git", "-c", "include.path=/x", "st"], None, homes.Home(None)) == ["/x"]
    pip = ["pip", "install", "--user", "/srv/pkg"]
    assert unpacked.brought("/usr/bin/pip", pip, "/", home) == [
        ("/home/lin/.local", "/srv/pkg"),
        ("/users/lin/.local", "/srv/pkg"),
    ]
    assert unpacked.brought("/usr/bin/pip", pip, "/", homes.Home(None)) == []


@pytest.mark.parametrize(
    ("file", "account"),
    [
        ("/home/mei/.ssh/authorized_keys", "mei"),
        ("/users/mei/.ssh/authorized_keys", "mei"),
        ("/cluster/home/mei/.ssh/authorized_keys", "mei"),
        ("~mei/.ssh/authorized_keys", "mei"),
        ("/root/.ssh/authorized_keys", "root"),
        ("~/.ssh/authorized_keys", "kai"),
        ('"$HOME"/.ssh/authorized_keys', "kai"),
        (".ssh/authorized_keys", "kai"),
        ("/home/kai/made/home/mei/.ssh/authorized_keys", None),  # in a home anybody makes such folders
        ("/gpfs/mei/.ssh/authorized_keys", None),
    ],
)
def test_a_key_that_a_command_writes_is_of_the_account_whose_home_it_is(file, account):
    """By the text of the command; in a folder that need be nobody's home, the key is not taken for the writer's own either."""
    day = Stage()
    day.run("kai", day.login("kai"), ["sh"])
    day.rows[-1]["text"] = f"sh -c echo {KEY} >> {file}"
    files = {}
    keys._added(day.evidence(Question()), files)
    assert list(files) == ([] if account is None else [(HOST, account)])


@pytest.mark.parametrize(
    ("home", "own"), [("/home/kai", True), ("/users/kai", True), ("~", True), ("/users/mei", False)]
)
def test_whoever_writes_to_their_own_key_file_gives_nobody_else_access(home, own):
    day = Stage()
    day.run("kai", day.login("kai"), ["tee", "-a", f"{home}/.ssh/authorized_keys"])
    found = day.evidence(Question())
    scene = Scene(found, identity.directory(found), {}, {}, {})
    granted = [a for a in file_acts.commands(scene) if a.act == "grant"]
    assert bool(granted) != own
