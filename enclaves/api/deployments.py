from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from enclaves.api.base import EnclavesView, ListView
from enclaves.api.examples import APPLY, SPECS
from enclaves.api.filters import DeploymentFilters
from enclaves.api.parsers import YamlTextParser
from enclaves.api.serializers.deployments import (
    ApplySerializer,
    DeploymentSerializer,
    RevisionLineSerializer,
    RevisionSerializer,
    SubmittedSerializer,
)
from enclaves.api.serializers.operations import OperationSerializer
from enclaves.api.specs import (
    SPEC_BODY,
    PlanChangedSerializer,
    SpecProblemSerializer,
    plan_changed,
    refused,
    submitted_spec,
)
from enclaves.models import Deployment, Revision
from enclaves.services import deployments as services
from enclaves.services import seeing
from enclaves.services.deployments import PlanChanged
from tenants.api.problems import MEDIA_TYPE
from tenants.api.schema import page_schema
from tenants.policy import Permission

TAGS = ["deployments"]


class OfDeploymentView(EnclavesView):
    """A view of one deployment, or of what belongs to it."""

    def found(self, id: UUID) -> Deployment:
        return get_object_or_404(seeing.deployments(self.tenant), pk=id)


class DeploymentListView(ListView, EnclavesView):
    permissions = {"GET": Permission.DEPLOYMENT_VIEW, "POST": Permission.DEPLOYMENT_PLAN}
    ordering = ("-created_at", "-id")
    filters = DeploymentFilters
    parser_classes = (JSONParser, YamlTextParser)

    @extend_schema(
        parameters=[DeploymentFilters],
        responses=page_schema(DeploymentSerializer),
        summary="Deployments",
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """All deployments, the retired ones too, newest first."""
        rows = self.narrowed(seeing.deployments(self.tenant), application="application__name")
        return self.page(rows, DeploymentSerializer)

    @extend_schema(
        request=SPEC_BODY,
        responses={201: SubmittedSerializer, (400, MEDIA_TYPE): SpecProblemSerializer},
        examples=SPECS,
        summary="Submit a spec",
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Makes a new revision with its plan; nothing in the cloud changes. Read the plan, then apply it.

        The application is made if it does not exist, and so is its deployment in that enclave. The spec
        is the body itself, as JSON or as `application/yaml`, or a text: `{"spec": "…"}`. Errors name
        the field, and the line where the spec came as text.
        """
        with refused(request.data):
            revision = services.submit_spec(by=self.actor, source=submitted_spec(request.data))
        address = self.address("api-revision", revision.deployment_id, revision.number)
        return self.created(self.shown(SubmittedSerializer, revision), address)


class DeploymentView(OfDeploymentView):
    permissions = {"GET": Permission.DEPLOYMENT_VIEW}

    @extend_schema(responses=DeploymentSerializer, summary="A deployment", tags=TAGS)
    def get(self, request: Request, id: UUID) -> Response:
        return self.single(self.shown(DeploymentSerializer, self.found(id)))


class RevisionListView(ListView, OfDeploymentView):
    permissions = {"GET": Permission.DEPLOYMENT_VIEW}
    ordering = ("-number",)

    @extend_schema(responses=page_schema(RevisionLineSerializer), summary="Revisions", tags=TAGS)
    def get(self, request: Request, id: UUID) -> Response:
        """The revisions of a deployment, newest first, without their specs and plans."""
        return self.page(self.narrowed(seeing.all_revisions(self.found(id))), RevisionLineSerializer)


class RevisionView(OfDeploymentView):
    permissions = {"GET": Permission.DEPLOYMENT_VIEW}

    @extend_schema(responses=RevisionSerializer, summary="A revision with its spec and plan", tags=TAGS)
    def get(self, request: Request, id: UUID, number: int) -> Response:
        revision = get_object_or_404(self.found(id).revisions, number=number)
        return self.single(self.shown(RevisionSerializer, revision))


class DeploymentApplyView(OfDeploymentView):
    permissions = {"POST": Permission.DEPLOYMENT_APPLY}

    @extend_schema(
        request=ApplySerializer,
        responses={202: OperationSerializer, (409, MEDIA_TYPE): PlanChangedSerializer},
        examples=[APPLY],
        summary="Apply a plan",
        tags=TAGS,
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Has the worker make the plan true that you have read, and answers with the operation to watch.

        If the world moved on since, nothing is done: the problem (409) carries the plan as it would be
        now, and its hash. Read it, then apply that one.
        """
        wanted = self.checked(ApplySerializer)
        revision = self._revision(self.found(id), wanted)
        try:
            operation = services.apply_plan(revision, by=self.actor, plan_hash=wanted["plan_hash"])
        except PlanChanged as changed:
            # An answer, no exception: the plan that was made again is kept, so that it can be applied.
            return plan_changed(changed)
        return self.accepted(operation)

    def _revision(self, deployment: Deployment, wanted: Mapping[str, Any]) -> Revision:
        if "revision" in wanted:
            return get_object_or_404(deployment.revisions, number=wanted["revision"])
        return seeing.revision_of_plan(deployment, wanted["plan_hash"])


class DeploymentRetireView(OfDeploymentView):
    fresh = frozenset({"POST"})
    permissions = {"POST": Permission.DEPLOYMENT_RETIRE}

    @extend_schema(
        request=None, responses={202: OperationSerializer}, summary="Retire a deployment", tags=TAGS
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Ends the deployment for good: its hosts are given back, and their disks with them."""
        return self.accepted(services.retire_deployment(self.found(id), by=self.actor))
