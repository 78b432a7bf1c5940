import pytest

from enclaves.providers.azure.errors import TROUBLES, from_answer, from_operation
from enclaves.providers.base import Trouble

CODES = [(code, trouble) for trouble, codes in TROUBLES.items() for code in sorted(codes)]
LAUNCH = "Microsoft.Compute/virtualMachines/write"


def answer(code, message="No.", status=409, retry_after=None):
    return from_answer(LAUNCH, status, {"error": {"code": code, "message": message}}, retry_after)


@pytest.mark.parametrize(("code", "trouble"), CODES)
def test_a_known_code_is_its_trouble(code, trouble):
    told = answer(code)

    assert (told.trouble, told.code, told.action) == (trouble, code, LAUNCH)


def test_no_code_is_two_troubles():
    assert len({code for code, _ in CODES}) == len(CODES)


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (400, Trouble.INVALID),
        (401, Trouble.REFUSED),
        (403, Trouble.REFUSED),
        (404, Trouble.INVALID),
        (408, Trouble.UNAVAILABLE),
        (429, Trouble.THROTTLED),
        (500, Trouble.UNAVAILABLE),
        (503, Trouble.UNAVAILABLE),
    ],
)
def test_an_unknown_code_goes_by_its_status(status, trouble):
    assert answer("SomethingNew", status=status).trouble == trouble


def test_slow_down_is_no_answer_whatever_it_calls_itself():
    told = answer("AuthorizationFailed", status=429, retry_after=17.0)

    assert (told.trouble, told.retry_after) == (Trouble.THROTTLED, 17.0)


@pytest.mark.parametrize(
    ("message", "trouble"),
    [
        ("This would exceed the approved Total Regional Cores quota.", Trouble.QUOTA),
        ("The machine is being deleted.", Trouble.INVALID),
    ],
)
def test_what_is_not_allowed_is_a_quota_only_where_it_says_so(message, trouble):
    assert answer("OperationNotAllowed", message).trouble == trouble


def test_an_operation_that_failed_late_is_told_like_one_refused_at_once():
    told = from_operation(LAUNCH, {"code": "ZonalAllocationFailed", "message": "Zone 1 is full."})

    assert (told.trouble, told.code) == (Trouble.NO_CAPACITY, "ZonalAllocationFailed")
    assert str(told) == f"Azure has no capacity for {LAUNCH}: Zone 1 is full."


def test_an_answer_without_an_error_is_told_by_its_status():
    assert str(from_answer(LAUNCH, 400, {})) == f"Azure cannot do {LAUNCH}: HTTP 400"


def test_the_text_is_for_the_person_who_reads_it_and_holds_no_token():
    message = "No access for eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln. Trace ID: 7f Correlation ID: 9a"

    assert str(answer("AuthorizationFailed", message)) == f"Azure refused {LAUNCH}: No access for …"
