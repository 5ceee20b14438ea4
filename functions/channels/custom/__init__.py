"""Custom messaging: any channel of one's own, by a signed webhook or by Dynamics' Messaging API."""
