"""Identity: who a customer is at an account, and which business record they are."""
