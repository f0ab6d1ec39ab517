"""The words of messages as they are sent, shown and drafted: one way for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketops.domain.messages.digests import Text
from ticketops.domain.messages.message import Message
from ticketops.domain.messages.previews import template_named
from ticketops.domain.messages.rendering import payload_from, rendered
from ticketops.domain.messages.templates import templates_of
from ticketops.schema.layouts.event import NOTIFICATION_TEMPLATES
from ticketops.schema.tables import Snapshot
from ticketops.services.invitations import filled
from ticketops.services.messages import our_templates

SHEETS_OF_TEXTS = (NOTIFICATION_TEMPLATES,)
"""What words are made of, besides the message."""


class Renderer:
    """Makes the words of messages."""

    def text(
        self,
        snapshot: Snapshot,
        message: Message,
        late: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Text:
        """The words of a message. snapshot: holds SHEETS_OF_TEXTS. late: {group: {variable: value}} that
        is known only when it is sent. Raises RuleError and NotFoundError
        where the template is gone, or speaks of what the message lacks."""
        templates = templates_of(
            snapshot[NOTIFICATION_TEMPLATES], our_templates(snapshot.layout.kind)
        )
        template = template_named(templates, message.template)
        return rendered(
            template, filled(payload_from(message.payload), late or {}), message.audience
        )
