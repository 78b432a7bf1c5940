"""Write sample templates, for the tools that check them: ``python -m enclaves.blueprints write DIR``."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from enclaves.blueprints import Binding, blueprint


@dataclass(frozen=True)
class _Place:
    zone: str
    region: str
    availability_zone_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Sample:
    """A registration, and zones that are different enough to check each."""

    cloud: str
    binding: Binding
    places: tuple[_Place, ...]


SAMPLES = (
    _Sample(
        "aws",
        Binding(
            account="111122223333",
            registration="sample",
            external_id="sample-external-id",
            portal_principal="arn:aws:iam::999900001111:role/enclave-portal",
            image_owner="999900001111",
        ),
        (
            _Place("prod.aws-us-east-1c", "us-east-1", ("use1-az6",)),
            _Place("prod.aws-us-east-1", "us-east-1", ("use1-az2", "use1-az4", "use1-az6")),
        ),
    ),
    _Sample(
        "azure",
        Binding(
            account="aaaabbbb-0000-4000-8000-ccccdddd0001",
            registration="sample",
            external_id="",
            portal_principal="",
            image_owner="",
            tenant="0a7f8d52-3c1e-4f0b-9a52-6f1f3a7d2c11",
            directory="dddd1111-0000-4000-8000-000000000002",
            facts={"logical_zones": {"eastus": {"eastus-az1": "1"}}},
            issuer="https://portal.example.com",
        ),
        (_Place("prod.azure-eastus-az1", "eastus", ("eastus-az1",)),),
    ),
)


def write(directory: Path) -> None:
    """Write each cloud's account template, and zone templates with one and with several zones."""
    directory.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        plan = blueprint(sample.cloud)
        (directory / plan.commands().file_name).write_text(plan.account_template(sample.binding))
        for place in sample.places:
            text = plan.zone_template(sample.binding, place)
            (directory / plan.commands(place).file_name).write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m enclaves.blueprints", description=__doc__)
    parser.add_argument("command", choices=["write"])
    parser.add_argument("directory", type=Path)
    write(parser.parse_args().directory)


if __name__ == "__main__":
    main()
