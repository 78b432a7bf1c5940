"""Specs as they come in and as they are refused, and the answer when a plan has changed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers
from rest_framework.response import Response

from enclaves.api.serializers.deployments import PlanField
from enclaves.services.deployments import PlanChanged
from enclaves.services.spec import Fault, InvalidSpec
from tenants.api.problems import MEDIA_TYPE, Problem, problem
from tenants.api.schema import FaultSerializer, ProblemSerializer

_SPEC = {"$ref": "#/components/schemas/DeploymentSpec"}
_TEXT = {
    "type": "object",
    "description": "The spec as a text, in YAML or JSON.",
    "required": ["spec"],
    "additionalProperties": False,
    "properties": {"spec": {"type": "string"}},
}
SPEC_BODY = {"application/json": {"oneOf": [_SPEC, _TEXT]}, "application/yaml": _SPEC}


class SpecFaultSerializer(FaultSerializer):
    line = serializers.IntegerField(
        allow_null=True,
        help_text="From 1; null if it is nowhere in particular, or the spec came as an object.",
    )


class SpecProblemSerializer(ProblemSerializer):
    """What is wrong with a spec."""

    errors = SpecFaultSerializer(many=True, required=False)


class PlanChangedSerializer(ProblemSerializer):
    """The state forbids it; or the world moved on, and this is the plan as it would be now."""

    revision = serializers.IntegerField(required=False)
    plan = PlanField(required=False)
    plan_hash = serializers.CharField(required=False, help_text="Apply this one, once you have read it.")


@contextmanager
def refused(body: Any) -> Iterator[None]:
    """Answer for a spec that can't be taken; lines are told of the text that the caller wrote."""
    try:
        yield
    except InvalidSpec as error:
        errors = [_told(fault, lines=_is_text(body)) for fault in error.faults]
        raise Problem(400, str(error), errors) from error


def submitted_spec(body: Any) -> str:
    """The source of the spec in a body: the text itself, or the object written out."""
    source = body["spec"] if _is_text(body) else json.dumps(body, indent=2, ensure_ascii=False)
    try:
        source.encode()
    except UnicodeEncodeError as error:
        raise Problem(400, "A spec is text in UTF-8; half of a character is none.") from error
    return str(source)


def plan_changed(changed: PlanChanged) -> Response:
    """The problem that carries the plan as it would be now."""
    now = changed.revision
    body = problem(409, str(changed))
    body |= {"revision": now.number, "plan": now.plan, "plan_hash": now.plan_hash}
    return Response(body, status=409, content_type=MEDIA_TYPE)


def _is_text(body: Any) -> bool:
    return isinstance(body, dict) and list(body) == ["spec"] and isinstance(body["spec"], str)


def _told(fault: Fault, *, lines: bool) -> dict[str, Any]:
    line = fault.line if lines and fault.line else None
    return {"field": fault.field, "message": fault.message, "line": line}
