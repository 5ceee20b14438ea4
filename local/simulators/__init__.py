"""Stand-ins for the providers: they sign webhooks as the provider signs, and take what we send.

A simulator signs with code of its own, so that a mistake in ours cannot hide in it; the tests hold both
against the providers' SDKs.
"""
