"""Examples in the OpenAPI document: one walk, from an account to a deployment, in each cloud."""

from drf_spectacular.utils import OpenApiExample

SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"
IMAGE = f"registry.example.com/recommender@sha256:{'9f86d081' * 8}"
SPEC_TEXT = f"""\
application: recommender
enclave: aws:111122223333/prod.aws-us-east-1c
image: {IMAGE}
clusters:
  - name: query
    hosts: 3
    machine: {{vcpu: 8, memory_gib: 32, disk_gib: 300, architecture: arm64}}
"""
SPEC = {
    "application": "recommender",
    "enclave": "aws:111122223333/prod.aws-us-east-1c",
    "image": IMAGE,
    "clusters": [
        {
            "name": "query",
            "hosts": 3,
            "machine": {"vcpu": 8, "memory_gib": 32, "disk_gib": 300, "architecture": "arm64"},
        }
    ],
}

ACCOUNTS = [
    OpenApiExample(
        "An AWS account", {"account": "aws:111122223333", "title": "production"}, request_only=True
    ),
    OpenApiExample(
        "An Azure subscription",
        {
            "account": f"azure:{SUBSCRIPTION}",
            "azure_tenant_id": "dddd1111-0000-4000-8000-000000000002",
            "title": "production",
        },
        request_only=True,
    ),
]
CLIENT_ID = OpenApiExample(
    "An output of the template",
    {"azure_client_id": "eeee2222-0000-4000-8000-000000000001"},
    request_only=True,
)
ENCLAVES = [
    OpenApiExample(
        "A zone of AWS", {"account": "aws:111122223333", "zone": "prod.aws-us-east-1c"}, request_only=True
    ),
    OpenApiExample(
        "A zone of Azure",
        {"account": f"azure:{SUBSCRIPTION}", "zone": "prod.azure-eastus-az1"},
        request_only=True,
    ),
]
SPECS = [
    OpenApiExample("As an object", SPEC, request_only=True, media_type="application/json"),
    OpenApiExample(
        "In Azure",
        {**SPEC, "enclave": f"azure:{SUBSCRIPTION}/prod.azure-eastus-az1"},
        request_only=True,
        media_type="application/json",
    ),
    OpenApiExample("As a text", {"spec": SPEC_TEXT}, request_only=True, media_type="application/json"),
    OpenApiExample("As it is", SPEC_TEXT, request_only=True, media_type="application/yaml"),
]
APPLY = OpenApiExample(
    "By its hash",
    {"plan_hash": "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"},
    request_only=True,
)
ACCESS = OpenApiExample(
    "Onto one host, for half an hour",
    {
        "hosts": ["3f0c8a52-5d2e-4f6b-9a51-7c1f0e2d4b68"],
        "reason": "A core dump of query-1.",
        "ticket": "CASE-20817",
        "minutes": 30,
    },
    request_only=True,
)
PUBLIC_KEY = OpenApiExample(
    "The line of a .pub file",
    {"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ada"},
    request_only=True,
)
