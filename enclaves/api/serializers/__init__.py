"""What the API takes and gives, one module for each noun. The published schema is made from these."""
