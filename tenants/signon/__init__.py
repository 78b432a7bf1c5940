"""Single sign-on: a tenant's people come in by the word of the tenant's own identity provider.

That word is good for the tenant alone: it opens no other tenant, and changes nobody's own credentials.
"""
