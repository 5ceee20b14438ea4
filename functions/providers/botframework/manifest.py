"""The app manifest that Teams' Developer Portal wants for a bot.

Follows https://learn.microsoft.com/microsoft-365/extensibility/schema/?view=m365-app-1.19. Its words are a
start: the portal lets the administrator change name, description and icons.
"""

from urllib.parse import urlsplit

from pydantic import JsonValue

from functions.errors import Conflict

VERSION = "1.19"
# Without it Teams does not tell the bot that its messages were read.
_READ_RECEIPTS: JsonValue = {"name": "ChatMessageReadReceipt.Read.Chat", "type": "Application"}


def manifest(app_id: str, base: str) -> dict[str, JsonValue]:
    """Give the manifest of a bot behind `base`; raises Conflict when that is not https."""
    parts = urlsplit(base)
    if parts.scheme != "https" or not parts.hostname:
        raise Conflict("Teams takes only apps behind https: set PUBLIC_BASE_URL to the public address")
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json",
        "manifestVersion": VERSION,
        "version": "1.0.0",
        "id": app_id,
        "developer": {
            "name": "Monikanava",
            "websiteUrl": base,
            "privacyUrl": f"{base}/privacy",
            "termsOfUseUrl": f"{base}/terms",
        },
        "name": {"short": "Customer service", "full": "Customer service by Monikanava"},
        "description": {
            "short": "Ask our customer service.",
            "full": "Write to our customer service, and have the agents' answers here in Teams.",
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": "#0F6CBD",
        "bots": [
            {
                "botId": app_id,
                "scopes": ["personal", "team", "groupChat"],
                "supportsFiles": True,
                "isNotificationOnly": False,
            }
        ],
        "defaultInstallScope": "personal",
        "validDomains": [parts.hostname],
        "webApplicationInfo": {"id": app_id, "resource": "https://RscBasedStoreApp"},
        "authorization": {"permissions": {"resourceSpecific": [_READ_RECEIPTS]}},
    }
