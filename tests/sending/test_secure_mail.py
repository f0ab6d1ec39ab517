"""Mail is encrypted, its server verified, and no password goes out in clear (D30)."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from pathlib import Path

import pytest

from tests.sending.certificates import server_context
from tests.sending.post import Post
from ticketops.channels.letter import Letter, Outcome
from ticketops.channels.mail import Account, Mail
from ticketops.config import FILE_NAME, Settings, load
from ticketops.domain.messages.sending import Became
from ticketops.errors import UsageError
from ticketops.model.secrets import Secret
from ticketops.services.channels import Channels

SENDER = Address("", "office", "mm-tickets.com")
LETTER = Letter("key1", "ana@mm-tickets.com", "Ana", "Hi", "Text", "")
PASSWORD = Secret("s3cr3t pass")


@contextmanager
def served(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    *,
    host: str = "127.0.0.1",
    trusted: bool = True,
    login: str = "",
) -> Iterator[Post]:
    context, file = server_context(folder, host)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with Post(**{how: context}, login=login) as post:  # type: ignore[arg-type]
        yield post


def deliver(post: Post, security: str, user: str = "", password: Secret = PASSWORD) -> Outcome:
    handed: list[None] = []
    mail = Mail(Account("127.0.0.1", post.port, security, SENDER, user, password))
    try:
        outcome = mail.deliver(LETTER, lambda: handed.append(None), 10.0)
    finally:
        mail.close()
    assert (outcome.became in (Became.SENT, Became.UNKNOWN)) == bool(handed)
    return outcome


@pytest.mark.parametrize("how", ["tls", "starttls"])
def test_mail_goes_out_encrypted_and_with_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with served(tmp_path, monkeypatch, how, login=f"office:{PASSWORD}") as post:
        outcome = deliver(post, how, "office")
        assert outcome.became is Became.SENT
        assert post.message_ids == [outcome.sent_as] == ["<ticketops.key1@mm-tickets.com>"]


@pytest.mark.parametrize("how", ["tls", "starttls"])
@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("mail.mm-tickets.com", True)])
def test_a_server_that_is_not_who_it_should_be_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, host: str, trusted: bool
) -> None:
    with served(tmp_path, monkeypatch, how, host=host, trusted=trusted) as post:
        outcome = deliver(post, how, "office")
        assert "certificate" in outcome.down
        assert str(PASSWORD) not in outcome.error
        assert post.taken == []


def test_where_starttls_is_not_offered_nothing_is_sent_in_clear() -> None:
    with Post() as post:
        assert "STARTTLS" in deliver(post, "starttls").down
        assert post.taken == []


def test_a_wrong_password_closes_the_channel_and_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path, monkeypatch, "starttls", login="office:other") as post:
        outcome = deliver(post, "starttls", "office")
        assert "refuses the login of office" in outcome.down
        assert str(PASSWORD) not in f"{outcome}"


def account(**more: object) -> Account:
    given = {
        "host": "mail.mm-tickets.com",
        "port": 0,
        "security": "starttls",
        "sender": "",
        "user": "",
        "password": Secret(""),
        "name": "",
    }
    return Account.of(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"security": "none"}, "can't be none for mail.mm-tickets.com"),
        ({"security": "none", "host": "192.168.0.9"}, "can't be none"),
        ({"security": "none", "host": "localhost", "user": "x", "password": PASSWORD}, "needs"),
        ({"user": "x"}, "no password"),
        ({"sender": "no address"}, "smtp_from"),
        ({"sender": "a@b.com\r\nBcc: c@d.com"}, "smtp_from"),
    ],
)
def test_what_would_be_sent_in_clear_or_by_nobody_is_refused(
    given: dict[str, object], why: str
) -> None:
    with pytest.raises(UsageError, match=why) as error:
        account(**given)
    assert str(PASSWORD) not in f"{error.value.message}{error.value.hint}"


def test_usual_ports_and_the_usual_sender() -> None:
    assert [account(security=how).port for how in ("starttls", "tls")] == [587, 465]
    assert account(security="none", host="::1").port == 25
    assert account().sender.addr_spec.startswith("ticketops@")


def test_secrets_are_in_no_repr_and_no_error(tmp_path: Path) -> None:
    said = load({}, {"TICKETOPS_SMTP_PASSWORD": str(PASSWORD), "HOME": str(tmp_path)}, tmp_path)
    assert said.smtp_password == PASSWORD
    assert str(PASSWORD) not in repr(said)
    with pytest.raises(UsageError) as error:
        load({}, {"TICKETOPS_SLACK_URL": "slack://a\nb", "HOME": str(tmp_path)}, tmp_path)
    assert "slack://a" not in error.value.message


def test_a_file_with_a_secret_that_others_can_read_closes_all_channels(tmp_path: Path) -> None:
    own = tmp_path / "ticketops"
    own.mkdir()
    file = own / FILE_NAME
    file.write_text('smtp_host = "mail.mm-tickets.com"\nsmtp_password = "x"\n')
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    file.chmod(0o600)
    assert load({}, environment, tmp_path).readable == ""
    assert "email" not in Channels.of(load({}, environment, tmp_path)).closed
    file.chmod(0o640)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    closed = Channels.of(load({}, environment, tmp_path)).closed
    assert "chmod 600" in closed["email"]


def test_what_is_set_wrongly_closes_its_channel_and_no_other() -> None:
    settings = Settings(
        smtp_host="mail.mm-tickets.com",
        smtp_security="none",
        slack_url=Secret("slack://TokenA/TokenB/TokenC"),
        whatsapp_url=Secret("whatsapp://token@1234/15550001"),
    )
    closed = Channels.of(settings).closed
    assert sorted(closed) == ["email", "whatsapp"]
    assert "{to}" in closed["whatsapp"]
    assert "token@" not in closed["whatsapp"]
