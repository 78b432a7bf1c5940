"""One port: event streams natively in asyncio, everything else through Django's WSGI handler in threads.

Django's own ASGI path hops between threads for every synchronous middleware; this split costs a third
less CPU a request, and keeps thousands of idle streams cheap.
"""

import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from a2wsgi import WSGIMiddleware
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from portal import limits
from portal.process_checks import refuse_unsafe_process

THREADS = int(os.environ.get("PORTAL_WEB_THREADS", "8"))

wsgi = get_wsgi_application()
refuse_unsafe_process()
_pages = WSGIMiddleware(cast(Any, wsgi), workers=THREADS)  # the two write down WSGI's types differently
_streams = get_asgi_application()


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif status := limits.excess(scope):
        await limits.refuse(status, send)
    elif scope["path"].startswith("/events/"):
        await _streams(scope, limits.without_body(receive), send)
    else:
        await _pages(scope, _as_coroutine(receive), _as_coroutine(send))


def _as_coroutine(call: Any) -> Any:
    # a2wsgi hands these to another thread's loop, which takes coroutines; granian's are mere awaitables.
    async def called(*args: Any) -> Any:
        return await call(*args)

    return called


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
