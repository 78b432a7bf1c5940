"""How pages answer: whole or as the part that lives, with a question first, or with a refusal in words."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.errors import Refused
from tenants.gate import TenantRequest
from tenants.staff_gate import StaffRequest

type Admitted = TenantRequest | StaffRequest


@dataclass(frozen=True)
class Question:
    """What is asked before something is done: the consequence, and the two answers."""

    title: str
    lead: str
    back: str
    act: str
    keep: str = "Not now"
    consequences: Sequence[str] = ()
    ends: bool = True  # something stops or goes; a mere change is asked without alarm


def answer(request: Admitted, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """Render a page, or for a script that asks only its partial ``live``: all the parts that change."""
    return _partly(request, template, "live", context)


def ask(request: Admitted, question: Question, form: Form) -> HttpResponse:
    """Ask, on a page of its own or, where there is script, in a dialog over the page."""
    return _partly(
        request, "confirm.html", "question", {"question": question, "form": form, "action": request.path}
    )


@contextmanager
def refusals(request: Admitted) -> Iterator[None]:
    """Tell a refusal to the person; it is an answer, not a failure."""
    try:
        yield
    except Refused as refusal:
        messages.error(request, str(refusal))


def add_errors(form: Form, error: ValidationError) -> None:
    """Put what a service found wrong beside the fields of a form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, found in error.error_dict.items():
        form.add_error(field if field in form.fields else None, found)


def back_to(request: TenantRequest, default: str) -> str:
    """The page of ours that a form names as the one to return to, or a default."""
    page = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if own else default


def _partly(request: Admitted, template: str, partial: str, context: Mapping[str, Any]) -> HttpResponse:
    name = f"{template}#{partial}" if request.htmx else template
    response = render(request, name, dict(context))
    # The same address answers in two shapes; no cache may mistake one for the other.
    patch_vary_headers(response, ["HX-Request"])
    return response
