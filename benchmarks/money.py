"""Money on a workbook of a whole event: a payment recorded, what clients owe, what every match earned,
beside `status`, which reads the same ledgers."""

from __future__ import annotations

from harness import HERE, Measured, alternate, fresh, once, own_section, row, tool

_PEER = "status"
_COMMANDS = {
    "payment": "`payment add` for a sale",
    "balance": "`balance clients --aging`",
    "margin": "`margin` by match",
}
_MOST = {"payment": 1, "balance": 1, "margin": 1}
"""How many times the time of `status` each may take."""


def bench_money(book: str, runs: int) -> dict[str, Measured]:
    """The commands on one workbook, alternately; each payment is for another sale."""
    results = {name: Measured(name) for name in (*_COMMANDS, _PEER)}
    live = fresh(book, f"live-money-{book}")

    def payment(number: int) -> None:
        words = ("payment", "add", "--for", f"S{number + 1}", "--amount", "1")
        once(results["payment"], tool(*words, "-w", live, "-q", "-y"))

    def reading(name: str, *words: str) -> None:
        once(results[name], tool(*words, "-w", live, "--json"))

    def balance(_n: int) -> None:
        reading("balance", "balance", "clients", "--aging")

    def margin(_n: int) -> None:
        reading("margin", "margin")

    def status(_n: int) -> None:
        reading(_PEER, "status")

    steps = (payment, balance, margin, status)
    alternate(1, *steps)
    for measured in results.values():
        measured.seconds.clear()
        measured.megabytes.clear()
    alternate(runs, *(lambda n, step=step: step(n + 1) for step in steps))  # type: ignore[misc]
    return results


def money_report(results: dict[str, Measured]) -> str:
    """The section of the page."""
    peer = results[_PEER]
    lines = [
        "",
        "## Money",
        "",
        "| what | seconds | range | peak MB | against its peer |",
        "| --- | --- | --- | --- | --- |",
        row("`status`", peer),
    ]
    for name, title in _COMMANDS.items():
        ratio = results[name].median / peer.median
        note = f"{ratio:.2f} × `status` (at most {_MOST[name]})"
        lines.append(row(title, results[name], note))
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    own_section(HERE / "RESULTS.md", lambda book: money_report(bench_money(book, 5)))
