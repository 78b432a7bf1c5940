"""Good bodies of every type; a test spoils one of them in one place."""

import copy

DIRECTORY = "dddd1111-0000-4000-8000-000000000002"
SUBSCRIPTION = "aaaabbbb-0000-4000-8000-ccccdddd0001"
SCOPE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{SCOPE}/resourceGroups/g"
CRYPTO_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"

NSG = "Microsoft.Network/networkSecurityGroups"
ADDRESS = "Microsoft.Network/publicIPAddresses"
GATEWAY = "Microsoft.Network/natGateways"
NETWORK = "Microsoft.Network/virtualNetworks"
INTERFACE = "Microsoft.Network/networkInterfaces"
MACHINE = "Microsoft.Compute/virtualMachines"
DISK = "Microsoft.Compute/disks"
DISK_SET = "Microsoft.Compute/diskEncryptionSets"
VAULT = "Microsoft.KeyVault/vaults"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
ACCOUNT = "Microsoft.Storage/storageAccounts"
ROLE = "Microsoft.Authorization/roleDefinitions"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
GALLERY = "/communityGalleries/enclave-3c6f2f64-8a0e-4d0c-9a53-5a0b7c1d2e3f/images"
SUBNET = f"{GROUP}/providers/{NETWORK}/net/subnets/hosts"


def id_of(name):
    return f"{GROUP}/providers/{name}"


def ref(name):
    return {"id": id_of(name)}


def spoiled(body, path, value=None):
    """The body with another value at a dotted path; without a value, with nothing there."""
    body = copy.deepcopy(body)
    *way, last = path.split(".")
    inner = body
    for step in way:
        inner = inner[int(step)] if isinstance(inner, list) else inner.setdefault(step, {})
    if isinstance(inner, list):
        inner[int(last)] = value
    elif value is None:
        inner.pop(last)
    else:
        inner[last] = value
    return body


def rule(name="in", priority=100, **facts):
    return {
        "name": name,
        "properties": {
            "priority": priority,
            "direction": "Inbound",
            "access": "Deny",
            "protocol": "*",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*",
            **facts,
        },
    }


def security_group(*rules):
    return {"location": "eastus", "properties": {"securityRules": list(rules or [rule()])}}


def public_address(version="IPv4", zones=("1",)):
    return {
        "location": "eastus",
        "sku": {"name": "Standard"},
        "zones": list(zones),
        "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": version},
    }


def nat_gateway(*addresses, zones=("1",)):
    return {
        "location": "eastus",
        "sku": {"name": "Standard"},
        "zones": list(zones),
        "properties": {"publicIpAddresses": [ref(f"{ADDRESS}/{name}") for name in addresses]},
    }


def subnet(name="hosts", *prefixes, **facts):
    ranges = list(prefixes or ("10.1.0.0/24", "fd00:1::/64"))
    return {"name": name, "properties": {"addressPrefixes": ranges, **facts}}


def network(*subnets):
    space = {"addressPrefixes": ["10.1.0.0/16", "fd00:1::/56"]}
    return {
        "location": "eastus",
        "properties": {"addressSpace": space, "subnets": list(subnets or [subnet()])},
    }


def configuration(name="v4", *, primary=True, version="IPv4", **facts):
    return {
        "name": name,
        "properties": {
            "primary": primary,
            "privateIPAddressVersion": version,
            "subnet": {"id": SUBNET},
            **facts,
        },
    }


def interface(*configurations):
    return {
        "location": "eastus",
        "properties": {"ipConfigurations": list(configurations or [configuration()])},
    }


def public_wish(name):
    return {
        "name": name,
        "sku": {"name": "Standard"},
        "properties": {
            "publicIPAddressVersion": "IPv6",
            "publicIPAllocationMethod": "Static",
            "deleteOption": "Delete",
        },
    }


def machine(name="m", size="Standard_D2ps_v6", image="enclave-host-arm64"):
    """A host as the portal orders one: private IPv4, a public IPv6, everything deleted with it."""
    wish = configuration(
        "v6", primary=False, version="IPv6", publicIPAddressConfiguration=public_wish(f"{name}-ip")
    )
    inline = {
        "name": f"{name}-nic",
        "properties": {
            "primary": True,
            "deleteOption": "Delete",
            "ipConfigurations": [configuration(), wish],
        },
    }
    keys = [{"path": "/home/host/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA"}]
    return {
        "location": "eastus",
        "zones": ["1"],
        "tags": {"enclave:host": name},
        "properties": {
            "hardwareProfile": {"vmSize": size},
            "storageProfile": {
                "imageReference": {"communityGalleryImageId": f"{GALLERY}/{image}/versions/2026.11.0"},
                "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
            },
            "osProfile": {
                "computerName": name,
                "adminUsername": "host",
                "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": keys}},
            },
            "networkProfile": {
                "networkApiVersion": "2022-11-01",
                "networkInterfaceConfigurations": [inline],
            },
        },
    }


def confidential_machine(name="m", size="Standard_DC2as_v5"):
    body = machine(name, size, "enclave-host-x86_64-cvm")
    body["properties"]["securityProfile"] = {
        "securityType": "ConfidentialVM",
        "uefiSettings": {"vTpmEnabled": True, "secureBootEnabled": True},
    }
    sealed = {"securityProfile": {"securityEncryptionType": "DiskWithVMGuestState"}}
    body["properties"]["storageProfile"]["osDisk"]["managedDisk"] = sealed
    return body


def vault(**facts):
    return {
        "location": "eastus",
        "properties": {
            "tenantId": DIRECTORY,
            "sku": {"family": "A", "name": "premium"},
            "enableRbacAuthorization": True,
            "enablePurgeProtection": True,
            **facts,
        },
    }


def key(**facts):
    return {"properties": {"kty": "RSA-HSM", "keySize": 3072, **facts}}


def disk_set(key_url, vault_name="vault-g"):
    active = {"sourceVault": ref(f"{VAULT}/{vault_name}"), "keyUrl": key_url}
    return {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": active, "rotationToLatestKeyVersionEnabled": True},
    }


def credential(subject="role:observer", issuer="https://portal.example"):
    return {
        "properties": {
            "issuer": issuer,
            "subject": subject,
            "audiences": ["api://AzureADTokenExchange"],
        }
    }


def role(name="Reader of nets", *actions):
    permission = {"actions": list(actions or ("Microsoft.Network/virtualNetworks/read",))}
    return {"properties": {"roleName": name, "permissions": [permission], "assignableScopes": [SCOPE]}}


def assignment(principal, guid=CRYPTO_USER, **facts):
    wanted = f"{SCOPE}/providers/{ROLE}/{guid}"
    return {"properties": {"principalId": principal, "roleDefinitionId": wanted, **facts}}


def account(**facts):
    return {
        "location": "eastus",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"minimumTlsVersion": "TLS1_2", "allowSharedKeyAccess": False, **facts},
    }
