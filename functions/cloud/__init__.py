"""The only place that imports the Azure SDKs: everything else speaks the protocols of `functions.ports`."""
