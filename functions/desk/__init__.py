"""The desk: the HTTP API that agents and administrators work through."""
