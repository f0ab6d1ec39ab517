"""The body of a message in Markdown as HTML, and as plain text for mails and chats without HTML."""

from __future__ import annotations

import re
from typing import Any

from mistune import BaseRenderer, HTMLRenderer
from mistune.core import BlockState

_AS_THEY_ARE = {
    "paragraph": "\n\n",
    "heading": "\n\n",
    "block_html": "\n\n",
    "block_text": "\n",
    "blank_line": "",
}
"""{kind of a token: what follows its words}."""


_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def _in_code(text: str) -> str:
    """Code as it is meant: a value that stands in it is escaped as everywhere, but Markdown leaves the
    signs of that in code."""
    return _ESCAPED.sub(r"\1", text)


class Html(HTMLRenderer):
    """A renderer of mistune: HTML, in which tags of the text are text."""

    def __init__(self) -> None:
        super().__init__(escape=True)

    def codespan(self, text: str) -> str:
        """Code in a line."""
        return super().codespan(_in_code(text))

    def block_code(self, code: str, info: str | None = None) -> str:
        """Code on lines of its own."""
        return super().block_code(_in_code(code), info)


class PlainText(BaseRenderer):
    """A renderer of mistune: the words of a text, its lists and its links, without signs of markup."""

    NAME = "plain"

    def render_token(self, token: dict[str, Any], state: BlockState) -> str:
        """A token of the tree, as text."""
        kind, children = token["type"], token.get("children")
        inner = self.render_tokens(children, state) if children else token.get("raw", "")
        if kind in _AS_THEY_ARE:
            return f"{inner}{_AS_THEY_ARE[kind]}"
        match kind:
            case "softbreak" | "linebreak":
                return "\n"
            case "thematic_break":
                return "--\n\n"
            case "link":
                url = str(token["attrs"]["url"])
                return inner if inner in (url, url.removeprefix("mailto:")) else f"{inner} ({url})"
            case "list":
                return self._list(token, state) + "\n"
            case "codespan":
                return _in_code(inner)
            case "block_quote" | "block_code":
                inner = _in_code(inner) if kind == "block_code" else inner
                mark = "> " if kind == "block_quote" else "    "
                return "".join(f"{mark}{line}\n" for line in inner.rstrip().splitlines()) + "\n"
        return str(inner)

    def _list(self, token: dict[str, Any], state: BlockState) -> str:
        first = token["attrs"].get("start", 1)
        lines = []
        for place, item in enumerate(token["children"]):
            mark = f"{first + place}. " if token["attrs"].get("ordered") else "- "
            text = self.render_tokens(item["children"], state).strip()
            lines += [mark + text.replace("\n", "\n" + " " * len(mark)) + "\n"]
        return "".join(lines)
