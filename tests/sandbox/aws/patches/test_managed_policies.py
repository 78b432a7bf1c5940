READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"


def test_every_account_has_the_policies_of_aws_and_counts_them_for_itself(
    root, new_account, new_role, portal
):
    role = new_role(portal.arn).rsplit("/", 1)[1]

    root("iam").attach_role_policy(RoleName=role, PolicyArn=READ_ONLY)

    counts = [
        iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"]
        for iam in (root("iam"), root("iam", new_account()))
    ]
    assert counts == [1, 0]
