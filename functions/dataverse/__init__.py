"""Dataverse's Web API: rows read again, customers looked up, tables reconciled, conversations written back.

Follows https://learn.microsoft.com/power-apps/developer/data-platform/webapi/overview. What changes there is
usually told by webhooks (`functions.channels.records`); this is for what they leave out, or never told.
"""
