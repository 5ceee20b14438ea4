"""Calls at Twilio: its webhooks are answered with TwiML, and its REST API begins calls and ends them."""
