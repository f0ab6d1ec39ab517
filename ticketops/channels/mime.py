"""A letter as an e-mail: plain text and HTML, files, headers that nothing in a name can break out of."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from ticketops.channels.letter import Attachment, Letter
from ticketops.errors import UsageError

POLICY = SMTP.clone(cte_type="7bit", raise_on_defect=False)
_LONGEST_NAME = 100


def mail_of(letter: Letter, sender: Address, to: Address, now: datetime) -> EmailMessage:
    """The e-mail of a letter. Its Message-ID is the same whenever it is made. now: of this machine's
    clock."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = sender
    mail["To"] = to
    mail["Message-ID"] = message_id(letter.key, sender)
    mail["Auto-Submitted"] = "auto-generated"
    _fill(mail, letter, now)
    return mail


def draft_of(letter: Letter, sender: Address | None, now: datetime) -> EmailMessage:
    """The same for a person who sends it: their mail program opens it for editing. Raises UsageError
    for a recipient that is no address; blank: nobody yet."""
    mail = EmailMessage(policy=POLICY)
    mail["X-Unsent"] = "1"
    if sender is not None:
        mail["From"] = sender
    if letter.recipient:
        mail["To"] = address_of(letter.recipient, letter.recipient_name)
    _fill(mail, letter, now)
    return mail


def _fill(mail: EmailMessage, letter: Letter, now: datetime) -> None:
    mail["Subject"] = one_line(letter.subject)
    mail["Date"] = format_datetime(now.astimezone())
    mail.set_content(letter.text)
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
    for one in letter.attachments:
        _attach(mail, one)


def _attach(mail: EmailMessage, one: Attachment) -> None:
    main, _slash, sub = one.kind.partition("/")
    mail.add_attachment(one.content, maintype=main, subtype=sub, filename=one_line(one.name))


def message_id(key: str, sender: Address) -> str:
    """`<KEY@DOMAIN>`: a letter that is sent again has the same one."""
    return f"<ticketops.{key}@{sender.domain}>"


def one_line(text: str) -> str:
    """Text for a header: no line breaks, no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def address_of(text: str, name: str = "") -> Address:
    """An e-mail address with the name of its owner. Raises UsageError for what is none; no server is
    asked."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text.strip(), check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise UsageError(f"{one_line(text)!r} is not an e-mail address: {error}") from None
    domain = found.ascii_domain
    shown = one_line(name)[:_LONGEST_NAME]
    return Address(shown, found.local_part, domain)
