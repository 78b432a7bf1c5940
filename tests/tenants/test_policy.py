"""Every cell of the permission table."""

from itertools import combinations, product

import pytest

from tenants.policy import GRANTS, Permission, Role, allows, common, covers, granted

ADMIN, DEVELOPER, READER = Role.ADMIN, Role.DEVELOPER, Role.READER
ALL = {ADMIN, DEVELOPER, READER}
WORKERS = {ADMIN, DEVELOPER}

MATRIX = {
    Permission.TENANT_VIEW: ALL,
    Permission.TENANT_FREEZE: {ADMIN},
    Permission.TENANT_SECURE: {ADMIN},
    Permission.MEMBER_VIEW: ALL,
    Permission.MEMBER_INVITE: {ADMIN},
    Permission.MEMBER_MANAGE: {ADMIN},
    Permission.SIGN_ON_MANAGE: {ADMIN},
    Permission.MEMBER_LEAVE: ALL,
    Permission.TOKEN_VIEW: ALL,
    Permission.TOKEN_CREATE: WORKERS,
    Permission.TOKEN_REVOKE: ALL,
    Permission.TOKEN_MANAGE: {ADMIN},
    Permission.SERVICE_ACCOUNT_VIEW: ALL,
    Permission.SERVICE_ACCOUNT_MANAGE: {ADMIN},
    Permission.NOTIFICATION_VIEW: ALL,
    Permission.AUDIT_VIEW: ALL,
    Permission.ACCOUNT_VIEW: ALL,
    Permission.ACCOUNT_REGISTER: {ADMIN},
    Permission.ACCOUNT_VERIFY: WORKERS,
    Permission.ACCOUNT_REMOVE: {ADMIN},
    Permission.ACCOUNT_FREEZE: {ADMIN},
    Permission.ENCLAVE_VIEW: ALL,
    Permission.ENCLAVE_CREATE: {ADMIN},
    Permission.ENCLAVE_REMOVE: {ADMIN},
    Permission.APPLICATION_VIEW: ALL,
    Permission.APPLICATION_CREATE: WORKERS,
    Permission.DEPLOYMENT_VIEW: ALL,
    Permission.DEPLOYMENT_PLAN: WORKERS,
    Permission.DEPLOYMENT_APPLY: WORKERS,
    Permission.DEPLOYMENT_RETIRE: WORKERS,
    Permission.HOST_VIEW: ALL,
    Permission.OPERATION_VIEW: ALL,
    Permission.ACCESS_VIEW: ALL,
    Permission.ACCESS_ASK: WORKERS,
    Permission.ACCESS_DECIDE: {ADMIN},
    Permission.ACCESS_END: {ADMIN},
    Permission.ACCESS_RULE: {ADMIN},
    Permission.RECORDING_VIEW: {ADMIN},
}


def test_the_matrix_covers_every_permission_and_every_role():
    assert set(MATRIX) == set(Permission)
    assert set(GRANTS) == set(Role)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_a_role_grants_exactly_what_the_matrix_says(role, permission):
    assert allows([role], permission) == (role in MATRIX[permission])


def test_roles_add_up():
    assert allows([Role.READER, Role.ADMIN], Permission.MEMBER_MANAGE)


def test_an_unknown_role_grants_nothing():
    assert not any(allows(["wizard"], permission) for permission in Permission)


@pytest.mark.parametrize("permission", Permission)
def test_a_permission_is_named_after_an_object_and_an_action(permission):
    assert len(permission.split(":")) == 2


@pytest.mark.parametrize(
    ("holder", "given", "may"),
    [
        ([ADMIN], [DEVELOPER, READER], True),
        ([ADMIN], [ADMIN], True),
        ([DEVELOPER], [READER], True),
        ([DEVELOPER], [ADMIN], False),
        ([READER], [DEVELOPER], False),
        ([READER, DEVELOPER], [DEVELOPER], True),
        ([], [READER], False),
    ],
)
def test_nobody_passes_on_what_they_lack(holder, given, may):
    assert covers(holder, given) == may


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ([ADMIN], [ADMIN], (ADMIN,)),
        ([ADMIN], [READER], (READER,)),
        ([DEVELOPER], [ADMIN], (DEVELOPER,)),
        ([READER, DEVELOPER], [ADMIN], (DEVELOPER,)),
        ([ADMIN], [], ()),
        ([ADMIN], ["wizard"], ()),
    ],
)
def test_what_two_have_in_common_is_the_most_that_both_cover(one, other, both):
    assert common(one, other) == both


def test_what_is_common_never_allows_more_than_either():
    sets = [list(some) for size in range(4) for some in combinations(Role, size)]

    for one, other in product(sets, sets):
        assert granted(common(one, other)) <= granted(one) & granted(other)
