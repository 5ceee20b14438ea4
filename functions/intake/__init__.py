"""Intake: from a provider's webhook to Service Bus, written once for all channels."""
