"""Whether what is queued can be sent: a template that somebody broke or removed in the sheet is told as
soon as something is to be said by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ticketops.domain.messages import recipients
from ticketops.domain.messages.outbox import Message
from ticketops.domain.messages.previews import problem_of
from ticketops.domain.messages.templates import templates_of
from ticketops.domain.messages.triggers import OUR_TEMPLATES, Trigger
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import NOTIFICATION_TEMPLATES
from ticketops.schema.tables import Table


class Readiness:
    """What is wrong with templates. table: `_NOTIFICATION_TEMPLATES`; what it does not name is as it
    comes with ticketops, and can be sent."""

    def __init__(self, table: Table) -> None:
        self._changed = {one.code.casefold(): one for one in templates_of(table, {}).values()}
        self._known: dict[tuple[str, str, str], str] = {}

    def in_order(self, triggers: Iterable[Trigger]) -> list[Trigger]:
        """Those that can be sent first: of two that would tell somebody the same, one that can."""
        return sorted(triggers, key=self._fails)

    def findings(self, rows: Iterable[Message]) -> Iterator[Finding]:
        """Why messages wait in vain, once for each template, fact and audience."""
        kinds = Counter((one.template, one.fact, one.audience) for one in rows)
        for (code, fact, audience), count in kinds.items():
            if why := self._problem(code, fact, audience):
                template = self._changed.get(code.casefold())
                queued = f"{counted(count, 'message')} {'is' if count == 1 else 'are'} queued"
                yield Finding(
                    "TEMPLATE_BROKEN",
                    Severity.MEDIUM,
                    f"{queued}, but can't be sent: {why}; `ticketops template set` mends it",
                    NOTIFICATION_TEMPLATES,
                    template.row if template else None,
                )

    def _fails(self, trigger: Trigger) -> bool:
        readers = map(recipients.audience_of, recipients.expressions(trigger.recipients))
        return any(self._problem(trigger.template, trigger.fact, one) for one in set(readers))

    def _problem(self, code: str, fact: str, audience: str) -> str:
        key = (code.casefold(), fact, audience)
        if key not in self._known:
            template = self._changed.get(key[0])
            if template is not None:
                self._known[key] = problem_of(template, fact, audience)
            else:
                self._known[key] = (
                    "" if key[0] in OUR_TEMPLATES else f"there is no template {code!r}"
                )
        return self._known[key]
