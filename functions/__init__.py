"""Monikanava: one omnichannel conversation service, as Azure Functions."""
