"""Where SSH sessions pass: people come in on one side, hosts' agents on the other. No Django here."""
