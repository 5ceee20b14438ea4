"""Routing: which workstream and agent queue a conversation goes to, and why."""
