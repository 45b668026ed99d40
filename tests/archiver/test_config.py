"""Configuration: what is read, what is refused, and how the refusal is worded."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from archiver.config import (
    ConfigFile,
    GitHubConfig,
    LicenseConfig,
    StoreConfig,
    SweepConfig,
    WatchConfig,
    check_http_url,
    parse_duration,
    read_config,
    token_from_environment,
)
from archiver.errors import ConfigError
from archiver.references import RepositoryRef, ThreadKind, ThreadRef

KNOWN = {"store": StoreConfig, "github": GitHubConfig, "license": LicenseConfig, "watch": WatchConfig}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the configuration of a test stands."""
    return tmp_path / "config.toml"


def config(path: Path, text: str) -> ConfigFile:
    """Write a configuration file and read it."""
    path.write_text(text, encoding="utf-8")
    return read_config(path)


def test_defaults_hold_where_nothing_is_said(path: Path) -> None:
    """An empty file gives every table its defaults."""
    file = config(path, "")
    assert file.bind("store", StoreConfig) == StoreConfig()
    assert file.bind("github", GitHubConfig).api_url == "https://api.github.com"
    assert file.bind_list("watch", WatchConfig) == ()


def test_no_file_stands_for_the_defaults_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file, relative paths are relative to the current folder."""
    monkeypatch.chdir(tmp_path)
    file = read_config(None)
    assert file.label == "the built-in configuration"
    assert file.resolve_url("sqlite:///a.db") == f"sqlite:///{tmp_path}/a.db"


def test_settings_are_bound_to_their_types(path: Path) -> None:
    """Texts, numbers, durations and lists arrive as the dataclass declares them."""
    file = config(
        path,
        """
        [github]
        timeout = "2m"
        max_response_mb = 8
        [license]
        terms = ["frobnication terms"]
        [[watch]]
        repo = "pytorch/pytorch"
        every = "12h"
        scope = "all"
        sweep = "7d"
        [[watch]]
        thread = "https://github.com/pytorch/pytorch/issues/5270"
        """,
    )
    assert file.bind("github", GitHubConfig) == GitHubConfig(timeout=timedelta(minutes=2), max_response_mb=8)
    assert file.bind("license", LicenseConfig).terms == ("frobnication terms",)
    first, second = file.bind_list("watch", WatchConfig)
    assert (first.target, first.every, first.scope) == (RepositoryRef("pytorch", "pytorch"), timedelta(hours=12), "all")
    assert first.sweep == timedelta(days=7)
    assert second.target == ThreadRef("pytorch", "pytorch", 5270, ThreadKind.ISSUE)
    assert second.every == timedelta(hours=6)


def test_unknown_table_names_the_nearest(path: Path) -> None:
    """A misspelt table is an error that names it, the file and the table that was meant."""
    with pytest.raises(ConfigError, match=r"unknown table \[stor\]; did you mean 'store'\?") as caught:
        config(path, "[stor]").expect_tables(KNOWN)
    assert (caught.value.key, caught.value.exit_code) == ("stor", 2)
    assert str(path) in str(caught.value)


def test_unknown_table_like_none_lists_the_known(path: Path) -> None:
    """Where nothing is near, all that is known is named."""
    with pytest.raises(ConfigError, match="known are store, github, license, watch"):
        config(path, "[xyzzy]").expect_tables(KNOWN)


def test_known_tables_pass(path: Path) -> None:
    """A file that holds known tables alone is accepted."""
    file = config(path, '[store]\n[[watch]]\nrepo = "a/b"')
    file.expect_tables(KNOWN)
    assert set(file.tables) == {"store", "watch"}


def test_unknown_setting_names_the_nearest(path: Path) -> None:
    """A misspelt setting is an error that names it and the nearest known one."""
    with pytest.raises(ConfigError, match=r"\[github\]: unknown setting 'api_ur'; did you mean 'api_url'\?") as caught:
        config(path, '[github]\napi_ur = "x"').bind("github", GitHubConfig)
    assert caught.value.key == "github.api_ur"


def test_a_token_in_the_file_is_unknown_and_not_printed(path: Path) -> None:
    """The token has no place in the file, and is not printed when somebody puts it there."""
    with pytest.raises(ConfigError, match="unknown setting 'token'") as caught:
        config(path, '[github]\ntoken = "ghp_secret"').bind("github", GitHubConfig)
    assert "ghp_secret" not in str(caught.value)


def test_unknown_setting_of_a_watch_says_which_watch(path: Path) -> None:
    """Among several watches the faulty one is told by its number."""
    file = config(path, '[[watch]]\nrepo = "a/b"\n[[watch]]\nrepoo = "a/b"')
    with pytest.raises(ConfigError, match=r"\[\[watch\]\] number 2: unknown setting 'repoo'; did you mean 'repo'\?"):
        file.bind_list("watch", WatchConfig)


@pytest.mark.parametrize(
    ("table", "setting", "said"),
    [
        ("store", "url = 5", "5 is not a text in quotation marks"),
        ("github", 'max_response_mb = "8"', "'8' is not a whole number"),
        ("github", "max_response_mb = true", "True is not a whole number"),
        ("github", "max_response_mb = 1.5", "1.5 is not a whole number"),
        ("github", "max_response_mb = 0", "0 is not 1 or more"),
        ("github", "timeout = 30", "30 is no duration"),
        ("github", 'timeout = "30"', "'30' is no duration"),
        ("github", 'timeout = "0s"', "'0s' is no duration"),
        ("license", 'terms = "one"', "a list of texts is wanted"),
        ("license", "terms = [1]", "a list of texts is wanted"),
    ],
)
def test_wrong_types_are_refused(path: Path, table: str, setting: str, said: str) -> None:
    """A value of another type, or out of range, is refused with what is wanted and the setting's name."""
    name = setting.split()[0]
    with pytest.raises(ConfigError) as caught:
        config(path, f"[{table}]\n{setting}").bind(table, KNOWN[table])
    assert said in str(caught.value)
    assert f"[{table}] {name}" in str(caught.value)
    assert caught.value.key == f"{table}.{name}"


@pytest.mark.parametrize("text", ["store = 5", "[[store]]", "store = []"])
def test_a_table_that_is_none_is_refused(path: Path, text: str) -> None:
    """A name of a table that holds something else is refused."""
    with pytest.raises(ConfigError, match=r"write \[store\] on a line of its own"):
        config(path, text).bind("store", StoreConfig)


@pytest.mark.parametrize("text", ['[watch]\nrepo = "a/b"', "watch = 5", "watch = [5]"])
def test_a_watch_in_single_brackets_is_refused(path: Path, text: str) -> None:
    """Watches are an array of tables; another form is refused with how to write it."""
    with pytest.raises(ConfigError, match=r"write \[\[watch\]\], in double brackets"):
        config(path, text).bind_list("watch", WatchConfig)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name exactly one of `repo`, `thread`, `search` and `org`"),
        ('repo = "a/b"\nthread = "a/b#1"', "name exactly one of `repo`, `thread`, `search` and `org`"),
        ('repo = "a/b#1"', "'a/b#1' does not name a repository, as owner/name"),
        ('thread = "a/b"', "'a/b' does not name a thread"),
        ('repo = "nonsense"', "'nonsense' is neither owner/repo"),
        ('repo = ""', "'' is neither owner/repo"),
        ('repo = "a/b"\nevery = "59s"', "`every` is a minute at least"),
        ('repo = "a/b"\nscope = "licence"', "'licence' is not one of 'license', 'all'; did you mean 'license'?"),
        ('repo = "a/b"\nsweep = "0d"', "'0d' is no duration"),
        ('repo = "a/b"\nsweep = "often"', "'often' is no duration"),
        ('repo = "a/b"\nsweep = "59s"', "`sweep` is a minute at least, or never"),
        ('repo = "a/b"\nevery = "never"', "'never' is no duration"),
        ('repo = "a/b"\nsearch = "license"', "name exactly one of `repo`, `thread`, `search` and `org`"),
        ('thread = "a/b#1"\ndiscover = "search"', "says how a repository's threads are found; this is a thread"),
        ('search = "license"\ndiscover = "search"', "says how a repository's threads are found; this is a search"),
        ('search = ""', "`search`: the query is empty"),
        ('search = "license updated:>2020-01-01"', "`search`: `updated:` cannot be used here"),
        ('search = "license"\nlimit = 0', "0 is not 1 or more"),
        ('org = "hashicorp/terraform"', "'hashicorp/terraform' does not name a user or an organisation"),
        ('org = "orgs"', "'orgs' does not name a user or an organisation"),
    ],
)
def test_watch_rules(path: Path, text: str, said: str) -> None:
    """A watch that names nothing, two things, the wrong thing or a query that cannot run is refused, told by number."""
    with pytest.raises(ConfigError) as caught:
        config(path, f"[[watch]]\n{text}").bind_list("watch", WatchConfig)
    assert said in str(caught.value)
    assert "[[watch]] number 1" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "keeps", "sweep"),
    [
        ('repo = "a/b"', "license", timedelta(days=7)),
        ('thread = "a/b#1"', "license", None),
        ('org = "hashicorp"', "license", timedelta(days=7)),
        ('search = "license"', "all", None),
        ('search = "license"\nscope = "license"', "license", None),
        ('search = "license"\nsweep = "30d"', "all", timedelta(days=30)),
        ('org = "hashicorp"\nscope = "all"\nsweep = "never"', "all", None),
    ],
)
def test_what_a_watch_keeps_and_sweeps(path: Path, text: str, keeps: str, sweep: timedelta | None) -> None:
    """Repositories keep license debates and are swept weekly with a token; a search keeps what it finds."""
    (watch,) = config(path, f"[[watch]]\n{text}").bind_list("watch", WatchConfig)
    assert (watch.keeps, watch.sweep_every(authenticated=True)) == (keeps, sweep)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("6h", 21_600), ("7d", 604_800), ("2w", 1_209_600), (" 1 h ", 3600)],
)
def test_durations(text: str, seconds: int) -> None:
    """A number and a unit are a duration."""
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "6x", "-6h", "1.5h", "6h30m", "1234567s", "٦h"])
def test_no_durations(text: str) -> None:
    """Anything else is a ValueError."""
    with pytest.raises(ValueError, match="a number and a unit"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("sqlite:///data/archive.db", "sqlite:///{folder}/data/archive.db"),
        ("whoosh:data/index", "whoosh:{folder}/data/index"),
        ("sqlite:////var/archive.db", "sqlite:////var/archive.db"),
        ("whoosh:/var/index", "whoosh:/var/index"),
        ("sqlite:///~/archive.db", "sqlite:///{home}/archive.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("postgresql+psycopg://host/db", "postgresql+psycopg://host/db"),
    ],
)
def test_relative_paths_are_relative_to_the_file(
    path: Path, url: str, wanted: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A relative path counts from the configuration file's folder, wherever the program is started."""
    file = config(path, "")
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert file.resolve_url(url) == wanted.format(folder=path.parent, home=tmp_path / "home")


def test_a_home_that_does_not_exist_is_a_config_error(path: Path) -> None:
    """`~nobody-of-that-name` is an error of the configuration, not a traceback."""
    with pytest.raises(ConfigError, match="no such home folder"):
        config(path, "").resolve_url("sqlite:///~nobody-of-that-name/archive.db")


@pytest.mark.parametrize("name", ["ONRECORD_GITHUB_TOKEN", "GITHUB_TOKEN"])
def test_token_from_either_variable(name: str) -> None:
    """Both variables are read, without the white space that a shell or a secret file leaves."""
    assert token_from_environment({name: " ghp_abc\n"}) == "ghp_abc"


def test_own_variable_goes_first_and_empty_is_absent() -> None:
    """The project's own variable wins over GITHUB_TOKEN; an empty one counts as absent; without both there is none."""
    assert token_from_environment({"ONRECORD_GITHUB_TOKEN": "a", "GITHUB_TOKEN": "b"}) == "a"
    assert token_from_environment({"ONRECORD_GITHUB_TOKEN": " ", "GITHUB_TOKEN": "b"}) == "b"
    assert token_from_environment({}) is None


@pytest.mark.parametrize("value", ["ghp_secret more", "ghp_secret\nX-Evil: 1", "ghp_secrét", "ghp_secret\x00"])
def test_a_broken_token_is_refused_and_never_printed(value: str) -> None:
    """A token that no header can carry is refused by the variable's name; its value is in no part of the error."""
    with pytest.raises(ConfigError, match="GITHUB_TOKEN: this is no token") as caught:
        token_from_environment({"GITHUB_TOKEN": value})
    error: BaseException | None = caught.value
    while error is not None:
        assert "ghp_" not in f"{error} {error!r} {error.__dict__}"
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "text", ["[store", "url = ", "a = 1\na = 2", "x = " + "9" * 5000, "x = " + "[" * 5000, "[store]\nurl = 'a\x00b'"]
)
def test_not_toml(path: Path, text: str) -> None:
    """A file that is no TOML, or that no reader can take, is one clear error that names the file."""
    with pytest.raises(ConfigError, match="not valid TOML") as caught:
        config(path, text)
    assert caught.value.key == str(path)


def test_missing_file_says_how_to_write_one(path: Path) -> None:
    """A missing file is named, with the command that writes one."""
    with pytest.raises(ConfigError, match=r"no such configuration file \(onrecord init writes one\)") as caught:
        read_config(path)
    assert caught.value.key == str(path)


def test_folder_and_foreign_encoding_cannot_be_read(path: Path, tmp_path: Path) -> None:
    """A folder, or a file that is not UTF-8, is one clear error."""
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_config(tmp_path)
    path.write_bytes('title = "licen\xe7a"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="it is not UTF-8 text"):
        read_config(path)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://api.github.com", "https://api.github.com"),
        ("https://api.github.com/", "https://api.github.com"),
        ("http://127.0.0.1:8123/api/v3/", "http://127.0.0.1:8123/api/v3"),
        ("http://[::1]:8123", "http://[::1]:8123"),
    ],
)
def test_http_urls(url: str, wanted: str) -> None:
    """An http or https URL is taken without its trailing slashes."""
    assert check_http_url(url, "[github] api_url") == wanted


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.github.com",
        "ftp://api.github.com",
        "https://",
        "https://api github.com",
        "https://api.github.com/a b",
        "https://api.github.com:port",
        "https://api.github.com:0",
        "https://api.github.com:99999",
        "https://[api",
        "https://api.github.com?a=b",
        "https://api.github.com/?",
        "https://api.github.com/#a",
        "https://api.githüb.com",
        "https://api.github.com\n",
    ],
)
def test_no_http_urls(url: str) -> None:
    """What no request could be sent to is refused when the configuration is read."""
    with pytest.raises(ConfigError, match=r"\[github\] api_url: .* is no http or https URL"):
        check_http_url(url, "[github] api_url")


@pytest.mark.parametrize(
    "url", ["https://me:hunter2@api.github.com", "https://hunter2@api.github.com", "https://:hunter2@["]
)
def test_credentials_in_a_url_are_refused_and_not_printed(url: str) -> None:
    """A URL that carries a name or password is refused without showing it."""
    with pytest.raises(ConfigError, match="the URL holds a name or password") as caught:
        check_http_url(url, "[github] api_url")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "with_token", "without"),
    [
        ('repo = "a/b"', timedelta(days=7), None),
        ('repo = "a/b"\nsweep = "2w"', timedelta(weeks=2), timedelta(weeks=2)),
        ('repo = "a/b"\nsweep = "never"', None, None),
        ('thread = "a/b#1"', None, None),
        ('thread = "a/b#1"\nsweep = "1d"', timedelta(days=1), timedelta(days=1)),
    ],
)
def test_how_often_a_watch_is_swept(
    path: Path, text: str, with_token: timedelta | None, without: timedelta | None
) -> None:
    """Weekly with a token, else only where it is set; `never` is never."""
    (watch,) = config(path, f"[[watch]]\n{text}").bind_list("watch", WatchConfig)
    assert watch.sweep_every(authenticated=True) == with_token
    assert watch.sweep_every(authenticated=False) == without


@pytest.mark.parametrize("share", ["0", "-0.1", "1.01", "nan", "2"])
def test_a_share_is_between_nothing_and_all(path: Path, share: str) -> None:
    """A share of posts that is none is refused."""
    with pytest.raises(ConfigError, match="`max_gone_share` is above 0 and at most 1"):
        config(path, f"[sweep]\nmax_gone_share = {share}").bind("sweep", SweepConfig)


def test_a_share_is_a_number(path: Path) -> None:
    """Whole numbers are numbers, truths and texts are none."""
    assert config(path, "[sweep]\nmax_gone_share = 1").bind("sweep", SweepConfig) == SweepConfig(1.0)
    for wrong in ("true", '"0.2"'):
        with pytest.raises(ConfigError, match="is not a number"):
            config(path, f"[sweep]\nmax_gone_share = {wrong}").bind("sweep", SweepConfig)
