import pytest

from sandbox.azure.errors import ArmError
from sandbox.azure.types.compute.galleries import IMAGES, PUBLIC_NAME, VERSIONS, image_of, read


def test_the_gallery_lists_its_images_and_their_versions():
    images = read("eastus", (PUBLIC_NAME, "images"))["value"]
    versions = read("eastus", (PUBLIC_NAME, "images", "enclave-host-arm64", "versions"))["value"]

    assert [item["name"] for item in images] == list(IMAGES)
    assert [item["name"] for item in versions] == list(VERSIONS)
    assert read("eastus", (PUBLIC_NAME,))["name"] == PUBLIC_NAME


def test_the_latest_version_is_the_newest():
    newest = read("eastus", (PUBLIC_NAME, "images", "enclave-host-arm64", "versions", "latest"))

    assert newest["name"] == VERSIONS[-1]
    assert newest["identifier"]["uniqueId"].endswith(f"/Images/enclave-host-arm64/Versions/{VERSIONS[-1]}")


def test_what_a_version_says_of_itself_can_be_launched():
    told = read("eastus", (PUBLIC_NAME, "images", "enclave-host-x86_64-cvm", "versions", VERSIONS[0]))

    assert image_of(told["identifier"]["uniqueId"]).confidential is True


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("other",),
        (PUBLIC_NAME, "images", "other"),
        (PUBLIC_NAME, "images", "enclave-host-arm64", "versions", "0.0.1"),
        (PUBLIC_NAME, "pictures"),
    ],
)
def test_nothing_else_is_there(path):
    with pytest.raises(ArmError) as missing:
        read("eastus", path)

    assert missing.value.status == 404
