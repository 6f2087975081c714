"""Changing the user's file by command: what it becomes, what is refused, and the way back."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from router.config.editor import Editor
from router.config.loader import load
from router.config.paths import sample_config
from router.core.settings.config import RouterConfig
from router.core.settings.edits import ConfigEdit, Drop, Restore, SetCooldown, SetLimit
from router.engine.clock import ManualClock
from router.errors import ConfigError, RouterError, UnknownName

SAMPLE = sample_config().read_text()
DROP = Drop("llama-free", "4 of 6 timed out")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(SAMPLE.replace("display:\n", "display:\n  timezone: Asia/Tokyo\n"))
    return path


def editor(path: Path) -> Editor:
    return Editor(lambda: path, path, ManualClock(1_764_172_800_000))  # 2025-11-26 16:00 UTC


def made(path: Path, *edits: ConfigEdit) -> RouterConfig:
    """Apply edits and return what the file is then."""
    editor(path).apply(editor(path).propose(edits))
    return load(path, {})


def test_a_dropped_deployment_is_in_no_route_and_the_file_says_why_and_since_when(path: Path) -> None:
    before = path.read_text()
    config = made(path, DROP)
    why = "2025-11-27: 4 of 6 timed out"  # the day in the zone of the configuration
    assert config.deployments["llama-free"].dropped == why
    naming = {name for name, route in config.routes.items() if "llama-free" in route.deployments}
    assert naming == {name for name, route in config.routes.items() if route.without} >= {"auto"}
    assert {config.routes[name].without["llama-free"] for name in naming} == {why}
    added = [line for line in path.read_text().splitlines() if line not in before.splitlines()]
    assert added == [f'    dropped: "{why}"']


def test_a_deployment_can_leave_one_route_alone(path: Path) -> None:
    config = made(path, Drop("llama-free", "too slow to review", "skill/review"))
    assert config.routes["skill/review"].without == {"llama-free": "2025-11-27: too slow to review"}
    assert config.routes["auto"].without == {}
    assert config.deployments["llama-free"].dropped is None


@pytest.mark.parametrize("back", [Restore("llama-free"), Restore("llama-free", "skill/review")])
def test_putting_back_leaves_the_file_as_it_was_before(path: Path, back: Restore) -> None:
    before = path.read_bytes()
    made(path, Drop("llama-free", "slow", back.route))
    assert path.read_bytes() != before
    made(path, back)
    assert path.read_bytes() == before


def test_putting_back_everywhere_ends_every_drop(path: Path) -> None:
    made(path, DROP, Drop("llama-free", "slow", "skill/review"))
    config = made(path, Restore("llama-free"))
    assert not any(route.without for route in config.routes.values())


def test_limits_and_a_cooldown_are_set_beside_what_stands_there(path: Path) -> None:
    edits = SetLimit("gemini-flash", "rpm", 9), SetLimit("opus", "parallel", 2), SetCooldown("opus", 300)
    config = made(path, *edits)
    assert config.deployments["gemini-flash"].limits.rpm == 9
    assert config.deployments["gemini-flash"].limits.rpd == 250
    assert config.deployments["opus"].limits.parallel == 2
    assert config.deployments["opus"].cooldown_s == 300
    config = made(path, SetLimit("gemini-flash", "rpm", None), SetCooldown("opus", None))
    assert config.deployments["gemini-flash"].limits.rpm is None
    assert config.deployments["opus"].cooldown_s is None


def test_changes_are_undone_one_after_the_other_newest_first(path: Path) -> None:
    texts = []
    for edit in (DROP, SetLimit("opus", "rpm", 9), SetLimit("opus", "rpm", 7)):
        texts.append(path.read_text())
        made(path, edit)
    for text in reversed(texts):
        editor(path).apply(editor(path).propose_undo())
        assert path.read_text() == text
    with pytest.raises(RouterError, match="nothing to undo"):
        editor(path).propose_undo()


def test_undoing_leaves_what_was_changed_elsewhere_and_refuses_what_was_changed_there(path: Path) -> None:
    made(path, SetLimit("gemini-flash", "rpm", 9))
    path.write_text(path.read_text().replace("rpd: 250", "rpd: 100"))
    editor(path).apply(editor(path).propose_undo())
    limits = load(path, {}).deployments["gemini-flash"].limits
    assert (limits.rpm, limits.rpd) == (10, 100)
    made(path, SetLimit("gemini-flash", "rpm", 9))
    path.write_text(path.read_text().replace("rpm: 9", "rpm: 8"))
    with pytest.raises(RouterError, match=r"deployments\.gemini-flash\.limits\.rpm was changed by hand"):
        editor(path).propose_undo()


def test_a_file_that_changed_since_it_was_looked_at_is_not_written_over(path: Path) -> None:
    proposal = editor(path).propose([DROP])
    path.write_text(path.read_text() + "# a thought\n")
    with pytest.raises(ConfigError, match="changed meanwhile"):
        editor(path).apply(proposal)
    assert path.read_text().endswith("# a thought\n")
    assert "    dropped: " not in path.read_text()


def test_a_proposal_writes_nothing_and_one_without_a_difference_neither(path: Path) -> None:
    before = _written(path)
    assert editor(path).propose([DROP]).diff
    nothing = editor(path).propose([Restore("opus"), SetLimit("gemini-flash", "rpm", 10)])
    assert nothing.diff == ""
    editor(path).apply(nothing)
    assert _written(path) == before
    assert not path.with_name("config.yaml.undo").exists()


@pytest.mark.parametrize(
    ("edit", "error", "words"),
    [
        (Drop("lama-free", "x"), UnknownName, "Did you mean llama-free"),
        (Drop("llama-free", "x", "skill/reviews"), UnknownName, "Did you mean skill/review"),
        (
            Drop("opus", "x", "skill/scaffold"),
            RouterError,
            "opus is none of the deployments of skill/scaffold",
        ),
        (Restore("opus", "skill/scaffold"), RouterError, "opus is none of the deployments"),
        (SetLimit("opus", "rpm", 0), ConfigError, "must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_the_file_alone(
    path: Path, edit: ConfigEdit, error: type[RouterError], words: str
) -> None:
    before = path.read_text()
    with pytest.raises(error, match=words):
        editor(path).propose([edit])
    assert path.read_text() == before


def test_one_dropped_everywhere_is_not_put_back_into_one_route(path: Path) -> None:
    made(path, DROP)
    with pytest.raises(RouterError, match="`cockpit restore llama-free` puts it back into all"):
        editor(path).propose([Restore("llama-free", "auto")])


def test_a_file_that_is_wrong_already_is_not_edited(path: Path) -> None:
    path.write_text(path.read_text().replace("tier: T5", "tier: T9"))
    with pytest.raises(ConfigError, match="no tier is called `T9`"):
        editor(path).propose([DROP])


def test_a_litellm_file_is_not_edited_and_the_way_out_is_told(path: Path) -> None:
    path.write_text("model_list: []\n")
    with pytest.raises(ConfigError, match=r"`cockpit config import .*config.yaml --write NEW`"):
        editor(path).propose([DROP])


def test_the_built_in_default_is_not_edited_and_a_copy_of_it_is(tmp_path: Path) -> None:
    own = tmp_path / "deep" / "config.yaml"
    built_in = Editor(lambda: own if own.exists() else None, own, ManualClock())
    with pytest.raises(ConfigError, match="cockpit config init"):
        built_in.propose([DROP])
    assert built_in.make_own() == own
    assert own.read_text() == SAMPLE
    assert built_in.propose([DROP]).diff
    with pytest.raises(ConfigError, match="file exists"):
        built_in.make_own()


def test_a_key_written_in_the_file_is_in_no_difference(path: Path) -> None:
    path.write_text("""\
version: 1
tiers: {T0: {label: free}}
routes: {auto: {ladder: [T0]}}
deployments:
  one: {tier: T0, provider: far, model: m} # not api_key: "${KEPT}"
providers:
  far: {wire: openai, base_url: "https://a.example", billing: free, "api_key": "sk-secret"} # api_key: sk-old
""")
    proposal = editor(path).propose([SetCooldown("one", 60)])
    assert "sk-" not in proposal.diff + repr(proposal)
    assert proposal.diff.count("(hidden)") == 2
    assert "${KEPT}" in proposal.diff


def test_a_file_that_cannot_be_written_leaves_no_change_to_undo(path: Path) -> None:
    """The file's own name leaves no room for a draft's beside it; the list of changes has room."""
    made(path, DROP)
    real = path.rename(path.with_name("r" * 245 + ".yaml"))
    path.symlink_to(real)
    before = path.read_text()
    with pytest.raises(ConfigError, match="Nothing was changed"):
        made(path, SetCooldown("llama-free", 60))
    assert path.read_text() == before
    assert editor(path).propose_undo().title == "undo: llama-free dropped from every route"


def test_links_and_rights_stay_as_they_were(path: Path) -> None:
    folder = path.parent / "repository"
    folder.mkdir()
    real = path.rename(folder / "real.yaml")
    real.chmod(0o640)
    path.symlink_to(real)
    made(path, DROP)
    assert path.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.with_name("config.yaml.undo").stat().st_mode) == 0o600
    assert [one.name for one in folder.iterdir()] == ["real.yaml"]


def test_a_list_of_changes_that_is_damaged_is_told_and_nothing_is_written(path: Path) -> None:
    path.with_name("config.yaml.undo").write_text("[{")
    before = path.read_text()
    for attempt in (editor(path).propose_undo, lambda: made(path, DROP)):
        with pytest.raises(ConfigError, match=r"config\.yaml\.undo: the list of changes to undo"):
            attempt()
    assert path.read_text() == before


def test_the_reason_is_one_line_and_reads_no_variable(path: Path) -> None:
    config = made(path, Drop("llama-free", 'it said "${HOME}"\n\x1b[31mno'))
    assert config.deployments["llama-free"].dropped == '2025-11-27: it said "$ {HOME}"  [31mno'


def _written(path: Path) -> tuple[int, int, bytes]:
    """Return what a write would change; that a file was read is no matter."""
    found = path.stat()
    return found.st_mtime_ns, found.st_ino, path.read_bytes()
