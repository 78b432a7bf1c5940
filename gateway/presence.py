"""Which gateway has which host: in Redis, for as long as the gateway says so."""

import logging
from collections.abc import Iterable

from redis.asyncio import Redis
from redis.exceptions import RedisError

SECONDS = 30
REFRESH_SECONDS = 10.0
_KEY = "agent:{}"
# Only its own mark is removed: a host may have gone to another gateway meanwhile.
_REMOVE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"
_log = logging.getLogger(__name__)


class Presence:
    """What this gateway tells the others, and hears of them. Without Redis it knows its own hosts alone."""

    def __init__(self, redis: "Redis", own_url: str) -> None:
        self._redis = redis
        self._own_url = own_url

    async def here(self, hosts: Iterable[str]) -> None:
        """Say that these hosts are connected here."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for host in hosts:
                    pipe.set(_KEY.format(host), self._own_url, ex=SECONDS)
                await pipe.execute()
        except (RedisError, OSError) as error:
            _log.warning("Other gateways cannot be told of hosts: %s", error)

    async def gone(self, host: str) -> None:
        try:
            await self._redis.eval(_REMOVE, 1, _KEY.format(host), self._own_url)
        except (RedisError, OSError) as error:
            _log.warning("Other gateways cannot be told that a host left: %s", error)

    async def elsewhere(self, host: str) -> str | None:
        """The address of another gateway that has the host; None if none has."""
        try:
            found = await self._redis.get(_KEY.format(host))
        except (RedisError, OSError) as error:
            _log.warning("Other gateways cannot be asked for: %s", error)
            return None
        url = found.decode() if isinstance(found, bytes) else found
        return url if url and url != self._own_url else None
