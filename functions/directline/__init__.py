"""Direct Line 3.0, with us as the server: what chat clients call, and what they are given to read."""
