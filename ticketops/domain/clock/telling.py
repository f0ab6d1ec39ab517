"""What came of a night, as a fact for messages (§10): told before what waits is sent, so that it goes out the
same night."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.domain.clock.record import Night, TaskRun, worst
from ticketops.domain.messages.facts import NightFinished
from ticketops.domain.messages.happened.seen import key_of
from ticketops.domain.messages.variables import NightVars
from ticketops.domain.plan import Plan, Run
from ticketops.model.display import counted


def plan_tell(run: Run, tasks: Sequence[TaskRun]) -> Plan:
    """Say what came of the tasks, for messages: a night that ends like another one of the same day is
    the same."""
    told = [(task.name, _came_of(task)) for task in tasks]
    said = "; ".join(f"{name}: {came}" for name, came in told)
    failed = ", ".join(task.name for task in tasks if (task.exit or 0) > 1)
    found = sum(task.findings for task in tasks)
    night = NightVars(worst(tasks), found, failed or None, said or None)
    plan = Plan(facts=[NightFinished(key=key_of(f"{run.today:%Y-%m-%d}", said), night=night)])
    plan.result = Night(tuple(tasks), night.exit, f"{run.now}", f"{run.now}")
    return plan


def _came_of(task: TaskRun) -> str:
    """`3 findings`, `nothing to report`, `exit code 5, the workbook is open in Excel`."""
    if (task.exit or 0) > 1:
        return f"exit code {task.exit}, {task.said}" if task.said else f"exit code {task.exit}"
    return counted(task.findings, "finding") if task.findings else "nothing to report"
