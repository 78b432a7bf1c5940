"""The blueprint of AWS: what a tenant applies in its account, as CloudFormation."""

from enclaves.blueprints.aws import manifest
from enclaves.blueprints.aws.account import account_template
from enclaves.blueprints.aws.names import stack_name, values
from enclaves.blueprints.aws.zone import zone_template
from enclaves.blueprints.base import Application, Binding, CloudWords, Permission, Sketch, Spot, UnknownFormat

CLOUDFORMATION = "cloudformation"

# IAM is the same in all regions, but a stack has to live in one.
ACCOUNT_REGION = "us-east-1"

WORDS = CloudWords(
    title="AWS",
    account="account",
    network="VPC",
    group="VPC",
    number_pattern=r"[0-9]{12}",
    number_example="111122223333",
    number_hint="12 digits, from the top right of the AWS console",
    cli="AWS CLI",
    console="AWS console",
    leftover="stack",
    sketch=Sketch(
        actor="role",
        network_fact="vpc_id",
        archive_fact="archive_bucket",
        group_fact="",
        shelf=("Subnet lb", "no load balancer"),
        exit=("egress", "only"),
        exit_said="an egress-only gateway",
        keys=("2 KMS keys", "alias/enclave-*", "rotate yearly"),
    ),
    binding="External id",
    confidential={
        "vm": "",
        "enclave": "",
        "containers": "Confidential containers are not offered on hosts. Choose vm or enclave.",
    },
)


class AwsBlueprint:
    formats = (CLOUDFORMATION,)
    words = WORDS

    def account_template(self, binding: Binding, *, format: str = "") -> str:
        self._check(format)
        return account_template(binding)

    def zone_template(self, binding: Binding, place: Spot, *, format: str = "") -> str:
        self._check(format)
        return zone_template(binding, place)

    def commands(self, place: Spot | None = None, *, account: str = "", format: str = "") -> Application:
        self._check(format)
        stack = stack_name(place.zone if place else "")
        region = place.region if place else ACCOUNT_REGION
        file_name = f"{stack}.yaml"
        return Application(
            format=CLOUDFORMATION,
            file_name=file_name,
            command=_command(stack, file_name, region),
            steps=_steps(stack, region),
            name=stack,
            region=region,
            media_type="text/yaml",
        )

    def permissions(self, binding: Binding | None = None) -> tuple[Permission, ...]:
        if binding is None:
            return manifest.PERMISSIONS
        names = values(
            account=binding.account, registration=binding.registration, image_owner=binding.image_owner
        )
        return tuple(manifest.filled(permission, names) for permission in manifest.PERMISSIONS)

    def _check(self, format: str) -> None:
        if format and format not in self.formats:
            raise UnknownFormat(f"The templates for AWS come as {', '.join(self.formats)}, not as {format}.")


def _command(stack: str, file_name: str, region: str) -> str:
    return (
        f"aws cloudformation deploy --region {region} --stack-name {stack} \\\n"
        f"  --template-file {file_name} --capabilities CAPABILITY_NAMED_IAM"
    )


# A link that opens the console with everything filled in needs the template in an S3 bucket; what is
# made for one registration lies in none.
def _steps(stack: str, region: str) -> tuple[str, ...]:
    return (
        f"Open CloudFormation in the AWS console, in region {region}.",
        f"Create a stack with new resources, upload {stack}.yaml, and name the stack {stack}.",
        "Leave the parameters as they are: they are filled in for you.",
        "Acknowledge that CloudFormation might create IAM resources with custom names, and submit.",
    )
