"""The processes around the portal on one machine: embedded servers, and the supervisor that keeps them.

Nothing here knows Django, so that servers are up before settings are read.
"""
