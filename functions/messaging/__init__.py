"""The server of Dynamics' Messaging API: https://learn.microsoft.com/dynamics365/contact-center/extend/."""
