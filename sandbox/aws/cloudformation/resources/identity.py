"""IAM: roles, policies and instance profiles; all of them can be updated in place."""

import json
from collections.abc import Iterable
from typing import Any

from sandbox.aws.cloudformation.resources.base import Made, Place, Properties, ResourceType, chosen, names


def _document(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _create_role(place: Place, properties: Properties) -> Made:
    name = properties.get("RoleName", place.default_name)
    role = place.iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=_document(properties["AssumeRolePolicyDocument"]),
        Tags=properties.get("Tags", []),
        MaxSessionDuration=int(properties.get("MaxSessionDuration", 3600)),
        **chosen(properties, "Path Description PermissionsBoundary"),
    )["Role"]
    _attach(place, name, properties.get("ManagedPolicyArns", ()))
    _put_inline(place, name, properties.get("Policies", ()))
    return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def _attach(place: Place, role: str, arns: Iterable[str]) -> None:
    for arn in arns:
        place.iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _put_inline(place: Place, role: str, policies: Iterable[Properties]) -> None:
    for policy in policies:
        document = _document(policy["PolicyDocument"])
        place.iam.put_role_policy(RoleName=role, PolicyName=policy["PolicyName"], PolicyDocument=document)


def _update_role(place: Place, made: Made, old: Properties, new: Properties) -> None:
    iam, role = place.iam, made.physical_id
    _refuse_replacement(old, new, "RoleName Path PermissionsBoundary")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=_document(new["AssumeRolePolicyDocument"]))
    iam.update_role(
        RoleName=role,
        Description=new.get("Description", ""),
        MaxSessionDuration=int(new.get("MaxSessionDuration", 3600)),
    )
    for arn in set(old.get("ManagedPolicyArns", ())) - set(new.get("ManagedPolicyArns", ())):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    _attach(place, role, new.get("ManagedPolicyArns", ()))
    for name in _inline_names(old) - _inline_names(new):
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    _put_inline(place, role, new.get("Policies", ()))
    if gone := [key for key in _tag_keys(old) if key not in _tag_keys(new)]:
        iam.untag_role(RoleName=role, TagKeys=gone)
    iam.tag_role(RoleName=role, Tags=new.get("Tags", []))


def _refuse_replacement(old: Properties, new: Properties, fixed: str) -> None:
    for name in fixed.split():
        if old.get(name) != new.get(name):
            raise ValueError(f"A change of {name} replaces the resource, which the sandbox does not do.")


def _inline_names(properties: Properties) -> set[str]:
    return {policy["PolicyName"] for policy in properties.get("Policies", ())}


def _tag_keys(properties: Properties) -> list[str]:
    return [tag["Key"] for tag in properties.get("Tags", ())]


def _delete_role(place: Place, made: Made, properties: Properties) -> None:
    iam, role = place.iam, made.physical_id
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    iam.delete_role(RoleName=role)


def _create_managed_policy(place: Place, properties: Properties) -> Made:
    arn = place.iam.create_policy(
        PolicyName=properties.get("ManagedPolicyName", place.default_name),
        PolicyDocument=_document(properties["PolicyDocument"]),
        **chosen(properties, "Path Description Tags"),
    )["Policy"]["Arn"]
    _attach_everywhere(place, arn, properties)
    return Made(arn, {"PolicyArn": arn})


def _attach_everywhere(place: Place, arn: str, properties: Properties) -> None:
    for role in properties.get("Roles", ()):
        place.iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _update_managed_policy(place: Place, made: Made, old: Properties, new: Properties) -> None:
    _refuse_replacement(old, new, "ManagedPolicyName Path Description")
    iam, arn = place.iam, made.physical_id
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    document = _document(new["PolicyDocument"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    for role in set(old.get("Roles", ())) - set(new.get("Roles", ())):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    _attach_everywhere(place, arn, new)


def _delete_managed_policy(place: Place, made: Made, properties: Properties) -> None:
    iam, arn = place.iam, made.physical_id
    for role in iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)
    for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)


def _create_policy(place: Place, properties: Properties) -> Made:
    for role in properties.get("Roles", ()):
        _put_inline(place, role, [properties])
    return Made(properties["PolicyName"])


def _update_policy(place: Place, made: Made, old: Properties, new: Properties) -> None:
    _refuse_replacement(old, new, "PolicyName")
    for role in set(old.get("Roles", ())) - set(new.get("Roles", ())):
        place.iam.delete_role_policy(RoleName=role, PolicyName=made.physical_id)
    _create_policy(place, new)


def _delete_policy(place: Place, made: Made, properties: Properties) -> None:
    for role in properties.get("Roles", ()):
        place.iam.delete_role_policy(RoleName=role, PolicyName=made.physical_id)


def _create_instance_profile(place: Place, properties: Properties) -> Made:
    name = properties.get("InstanceProfileName", place.default_name)
    profile = place.iam.create_instance_profile(InstanceProfileName=name, **chosen(properties, "Path"))
    for role in properties["Roles"]:
        place.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    return Made(name, {"Arn": profile["InstanceProfile"]["Arn"]})


def _delete_instance_profile(place: Place, made: Made, properties: Properties) -> None:
    name = made.physical_id
    for role in properties["Roles"]:
        place.iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
    place.iam.delete_instance_profile(InstanceProfileName=name)


TYPES = {
    "AWS::IAM::Role": ResourceType(
        names(
            "RoleName Path Description AssumeRolePolicyDocument ManagedPolicyArns MaxSessionDuration "
            "PermissionsBoundary Policies Tags"
        ),
        _create_role,
        _delete_role,
        _update_role,
    ),
    "AWS::IAM::ManagedPolicy": ResourceType(
        names("ManagedPolicyName Path Description PolicyDocument Roles"),
        _create_managed_policy,
        _delete_managed_policy,
        _update_managed_policy,
    ),
    "AWS::IAM::Policy": ResourceType(
        names("PolicyName PolicyDocument Roles"), _create_policy, _delete_policy, _update_policy
    ),
    "AWS::IAM::InstanceProfile": ResourceType(
        names("InstanceProfileName Path Roles"), _create_instance_profile, _delete_instance_profile
    ),
}
