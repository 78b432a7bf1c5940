import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from enclaves.providers.aws.errors import TROUBLES, translated
from enclaves.providers.base import ProviderError, Trouble

CODES = [(code, trouble) for trouble, codes in TROUBLES.items() for code in sorted(codes)]


def answer(code, message="No.", status=400):
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "RunInstances")


def trouble_of(error):
    with pytest.raises(ProviderError) as told, translated("ec2:RunInstances"):
        raise error
    return told.value


@pytest.mark.parametrize(("code", "trouble"), CODES)
def test_a_known_code_is_its_trouble(code, trouble):
    told = trouble_of(answer(code))

    assert (told.trouble, told.code, told.action) == (trouble, code, "ec2:RunInstances")


def test_no_code_is_two_troubles():
    assert len({code for code, _ in CODES}) == len(CODES)


@pytest.mark.parametrize(
    ("status", "trouble"), [(400, Trouble.INVALID), (429, Trouble.THROTTLED), (503, Trouble.UNAVAILABLE)]
)
def test_an_unknown_code_goes_by_its_status(status, trouble):
    assert trouble_of(answer("SomethingNew", status=status)).trouble == trouble


def test_no_connection_is_no_answer():
    error = EndpointConnectionError(endpoint_url="https://ec2.example")

    assert trouble_of(error).trouble == Trouble.UNAVAILABLE


def test_a_request_that_makes_no_sense_is_not_tried_again():
    assert trouble_of(ParamValidationError(report="no")).permanent is True


def test_the_text_is_for_the_person_who_reads_it():
    message = "You are not authorized. Encoded authorization failure message: aHR0cHM6Ly9leGFtcGxl"

    assert str(trouble_of(answer("UnauthorizedOperation", message))) == (
        "AWS refused ec2:RunInstances: You are not authorized."
    )
