"""What a person may ask about tenants, members and tokens: one function for each intent.

They raise Forbidden (403), ValidationError with the names of fields (400) and Refused (409); then
nothing has changed.
"""
