"""Why something is not signed, or not believed. The texts are for the person who reads them."""


class SigningRefused(ValueError):
    """Nothing was signed, because what was asked for must not exist."""


class NotTrusted(ValueError):
    """A token or a certificate is not believed."""


class KeyBoxError(Exception):
    """A wrapped key cannot be opened: another secret, another context, or changed bytes."""
