"""Microsoft.Storage: accounts, their containers, and how long what lies in them is kept."""
