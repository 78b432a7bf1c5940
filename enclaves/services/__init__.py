"""What a person or a program may ask for: one function for each intent.

Each one checks the permission, changes the rows, records the audit event and asks for the work, in one
transaction; web pages and API call the same ones. They raise PermissionDenied (403), ValidationError
with the names of fields (400), InvalidSpec (400) and Refused (409), and then nothing has changed.
"""
