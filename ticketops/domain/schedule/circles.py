"""What waits for itself: the circles of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ticketops.model import ids


def circles(waits: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The circles of a graph, those that share a node as one: its strongly connected parts of more
    than one node, and the nodes that lead to themselves."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []
    for start in waits:
        if start in number:
            continue
        work = [(start, iter(waits.get(start, ())))]
        number[start] = lowest[start] = len(number)
        stack.append(start)
        while work:
            node, following = work[-1]
            following_one = next(following, None)
            if following_one is None:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == number[node]:
                    part = stack[stack.index(node) :]
                    del stack[stack.index(node) :]
                    if len(part) > 1 or node in waits.get(node, ()):
                        found.append(sorted(part, key=ids.natural_order))
            elif following_one not in number:
                number[following_one] = lowest[following_one] = len(number)
                stack.append(following_one)
                work.append((following_one, iter(waits.get(following_one, ()))))
            elif following_one in stack:
                lowest[node] = min(lowest[node], number[following_one])
    return found
