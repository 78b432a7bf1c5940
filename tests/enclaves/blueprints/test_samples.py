from enclaves.blueprints.__main__ import write


def test_samples_are_written_for_the_tools_that_check_them(tmp_path):
    write(tmp_path / "templates")

    assert sorted(path.name for path in (tmp_path / "templates").iterdir()) == [
        "enclave-account.json",
        "enclave-account.yaml",
        "enclave-prod-azure-eastus-az1.json",
        "enclave-zone-prod-aws-us-east-1.yaml",
        "enclave-zone-prod-aws-us-east-1c.yaml",
    ]
