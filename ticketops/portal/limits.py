"""How often somebody may ask: token buckets in memory, of which there are only so many."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock

from msgspec import Struct

MOST_KEPT = 10_000
"""Buckets that are kept of one kind; those that were not asked for longest go first."""


class Rate(Struct, frozen=True):
    """So many at once, and then so many a second."""

    burst: float
    each_second: float


OPENING, ENTERING = Rate(10, 0.1), Rate(30, 0.1)
ASKING, READING, SAVING = Rate(400, 40), Rate(120, 12), Rate(30, 2)


class Buckets:
    """One bucket for each who asks."""

    def __init__(
        self, rate: Rate, *, clock: Callable[[], float] = time.monotonic, most: int = MOST_KEPT
    ) -> None:
        self.rate, self._clock, self._most = rate, clock, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, who: str, cost: float = 1.0) -> float:
        """Seconds until `who` may ask; 0 where that is now, and then it counts."""
        now = self._clock()
        with self._lock:
            left, then = self._left.pop(who, (self.rate.burst, now))
            left = min(self.rate.burst, left + (now - then) * self.rate.each_second)
            allowed = left >= cost
            self._left[who] = (left - cost if allowed else left, now)
            while len(self._left) > self._most:
                self._left.popitem(last=False)
        return 0.0 if allowed else (cost - left) / self.rate.each_second

    def __len__(self) -> int:
        return len(self._left)


def counted(address: str) -> str:
    """What is counted of an address: of IPv6 the network of 64 bits, of which one household has 2**64
    addresses; of an IPv4 address within IPv6 that one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Address(int(found) >> 64 << 64))


class Limits:
    """Whoever asks the portal. opening: tries of a link by one address;
    entering: openings of one link, each of which is written into the workbook; asking: requests of one
    address; reading, saving: those of one link."""

    def __init__(
        self,
        *,
        opening: Rate = OPENING,
        entering: Rate = ENTERING,
        asking: Rate = ASKING,
        reading: Rate = READING,
        saving: Rate = SAVING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.opening = Buckets(opening, clock=clock)
        self.entering = Buckets(entering, clock=clock)
        self.asking = Buckets(asking, clock=clock)
        self.reading = Buckets(reading, clock=clock)
        self.saving = Buckets(saving, clock=clock)
