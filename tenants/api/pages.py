"""Pages of lists in the API: `{"next", "previous", "results"}`, with cursors that never count."""

from collections.abc import Sequence

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from tenants.api.problems import Problem
from tenants.paging import PAGE_SIZE, BadCursor, cut

LONGEST_PAGE = 500


def cut_page[Row: Model](
    rows: QuerySet[Row], request: Request, order: Sequence[str]
) -> tuple[Sequence[Row], dict[str, str | None]]:
    """The rows of the page that was asked for, and the links to its neighbours."""
    try:
        page = cut(rows, request.query_params, order=order, size=_limit(request))
    except BadCursor as error:
        raise Problem(400, str(error)) from error
    links = {"next": page.next, "previous": page.previous}
    return page.rows, {
        name: request.build_absolute_uri(request.path + query) if query else None
        for name, query in links.items()
    }


def _limit(request: Request) -> int:
    given = request.query_params.get("limit", str(PAGE_SIZE))
    if not (given.isascii() and given.isdigit() and int(given[:9]) > 0):
        message = f"A whole number from 1 to {LONGEST_PAGE}."
        raise Problem(400, f"limit: {message}", [{"field": "limit", "message": message}])
    return min(int(given[:9]), LONGEST_PAGE)
