from sandbox.azure.types.compute.sizes import FAMILIES, MISSING, SIZES


def test_a_size_is_told_as_the_list_of_skus_does():
    told = {item["name"]: item["value"] for item in SIZES["standard_dc4as_v5"].capabilities}

    assert told == {
        "vCPUs": "4",
        "MemoryGB": "16",
        "CpuArchitectureType": "x64",
        "HyperVGenerations": "V2",
        "EncryptionAtHostSupported": "True",
        "PremiumIO": "True",
        "AcceleratedNetworkingEnabled": "False",
        "ConfidentialComputingType": "SNP",
    }


def test_sgx_makes_no_machine_confidential():
    size = SIZES["standard_dc4s_v3"]

    assert (size.trusted_by, size.confidential) == ("SGX", False)
    assert "ConfidentialComputingType" not in {item["name"] for item in size.capabilities}


def test_every_family_that_is_missing_somewhere_exists():
    assert set(MISSING) <= set(FAMILIES)


def test_newer_hardware_does_not_stand_in_every_building():
    size = SIZES["standard_d2ps_v6"]

    assert (size.is_offered("westeurope-az1"), size.is_offered("westeurope-az3")) == (True, False)
