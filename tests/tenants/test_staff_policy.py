"""Every cell of the permission table of staff."""

import pytest

from tenants.policy import STAFF_GRANTS, Permission, Role, StaffPermission, StaffRole, allows, staff_allows

SUPPORT, APPROVER, OPERATOR = StaffRole.SUPPORT, StaffRole.APPROVER, StaffRole.OPERATOR
STAFF = {SUPPORT, APPROVER, OPERATOR}

STAFF_MATRIX = {
    StaffPermission.FLEET_VIEW: STAFF,
    StaffPermission.TENANT_LIST: STAFF,
    StaffPermission.TENANT_LOOK: STAFF,
    StaffPermission.ACCOUNT_LOOK: STAFF,
    StaffPermission.ENCLAVE_LOOK: STAFF,
    StaffPermission.HOST_LOOK: STAFF,
    StaffPermission.OPERATION_LOOK: STAFF,
    StaffPermission.ACCESS_LOOK: STAFF,
    StaffPermission.ACCESS_ASK: {SUPPORT},
    StaffPermission.ACCESS_DECIDE: {APPROVER},
    StaffPermission.ZONE_VIEW: STAFF,
    StaffPermission.ZONE_MANAGE: {OPERATOR},
    StaffPermission.STAFF_VIEW: {OPERATOR},
    StaffPermission.STAFF_MANAGE: {OPERATOR},
}


def test_the_matrix_of_staff_covers_every_permission_and_every_role():
    assert set(STAFF_MATRIX) == set(StaffPermission)
    assert set(STAFF_GRANTS) == set(StaffRole)


@pytest.mark.parametrize("permission", StaffPermission)
@pytest.mark.parametrize("role", StaffRole)
def test_a_staff_role_grants_exactly_what_its_matrix_says(role, permission):
    assert staff_allows([role], permission) == (role in STAFF_MATRIX[permission])


@pytest.mark.parametrize("permission", StaffPermission)
def test_no_role_of_a_tenant_grants_anything_of_staff(permission):
    assert not staff_allows(list(Role), permission)


@pytest.mark.parametrize("permission", Permission)
def test_no_staff_role_grants_anything_of_a_tenant(permission):
    assert not allows(list(StaffRole), permission)


@pytest.mark.parametrize("permission", StaffPermission)
def test_a_permission_of_staff_is_named_after_an_object_and_an_action(permission):
    assert len(permission.split(":")) == 2
