"""The blueprint of AWS: what a tenant applies in its account, as CloudFormation."""

from enclaves.blueprints.aws import manifest
from enclaves.blueprints.aws.account import account_template
from enclaves.blueprints.aws.names import stack_name, values
from enclaves.blueprints.aws.zone import zone_template
from enclaves.blueprints.base import Application, Binding, Permission, Spot, UnknownFormat

CLOUDFORMATION = "cloudformation"

# IAM is the same in all regions, but a stack has to live in one.
ACCOUNT_REGION = "us-east-1"


class AwsBlueprint:
    formats = (CLOUDFORMATION,)

    def account_template(self, binding: Binding, *, format: str = "") -> str:
        self._check(format)
        return account_template(binding)

    def zone_template(self, binding: Binding, place: Spot, *, format: str = "") -> str:
        self._check(format)
        return zone_template(binding, place)

    def commands(self, place: Spot | None = None, *, format: str = "") -> Application:
        self._check(format)
        stack = stack_name(place.zone if place else "")
        region = place.region if place else ACCOUNT_REGION
        file_name = f"{stack}.yaml"
        return Application(
            CLOUDFORMATION, file_name, _command(stack, file_name, region), _steps(stack, region)
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
