"""The providers' media: one picture under every name, guarded and reached as each provider has it.

GET /telegram/bot‹token›/getFile → /telegram/file/bot‹token›/…   https://core.telegram.org/bots/api#getfile
GET /twilio/2010-04-01/…/Media/… → redirect to /twilio/cdn/…     https://www.twilio.com/docs/messaging/api/media-resource
GET /meta/‹version›/‹id›         → /meta/cdn/… with the token     https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
GET /line/v2/bot/message/‹id›/content, /acs/messages/streams/‹id›, /‹provider›/cdn/…
"""

import struct
import zlib

from aiohttp import web

SIDE = 64  # pixels


def routes() -> list[web.RouteDef]:
    """Give what the server adds to its own."""
    return [
        web.get("/telegram/bot{token}/getFile", _telegram_file),
        web.get("/telegram/file/bot{token}/{path:.+}", _picture),
        web.get("/twilio/2010-04-01/Accounts/{account}/Messages/{message}/Media/{id}", _twilio_media),
        web.get(r"/meta/{version:v\d+\.\d+}/{id:\d+}", _meta_media),
        web.get(r"/line/v2/bot/message/{id:\d+}/content", _bearers_picture),
        web.get("/acs/messages/streams/{id}", _signed_picture),
        web.get("/meta/cdn/whatsapp/{id}", _bearers_picture),
        web.get("/{provider:twilio|meta|google}/cdn/{name}", _picture),
    ]


async def _telegram_file(request: web.Request) -> web.Response:
    name = request.query.get("file_id", "")
    if not name.replace("-", "").replace("_", "").isalnum():
        fault = {"ok": False, "error_code": 400, "description": "Bad Request: invalid file_id"}
        return web.json_response(fault, status=400)
    path = f"photos/{name}.png"
    result = {"file_id": name, "file_unique_id": name, "file_size": len(PICTURE), "file_path": path}
    return web.json_response({"ok": True, "result": result})


async def _twilio_media(request: web.Request) -> web.Response:
    if not request.headers.get("Authorization", "").startswith("Basic "):
        return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
    raise web.HTTPTemporaryRedirect(f"/twilio/cdn/{request.match_info['id']}")


async def _meta_media(request: web.Request) -> web.Response:
    _needs(request, "Bearer ")
    name = request.match_info["id"]
    url = f"{request.url.origin()}/meta/cdn/whatsapp/{name}"
    facts = {"url": url, "mime_type": "image/png", "file_size": len(PICTURE), "id": name}
    return web.json_response({"messaging_product": "whatsapp", **facts})


async def _bearers_picture(request: web.Request) -> web.Response:
    _needs(request, "Bearer ")
    return await _picture(request)


async def _signed_picture(request: web.Request) -> web.Response:
    _needs(request, "HMAC-SHA256 ")
    return await _picture(request)


async def _picture(request: web.Request) -> web.Response:
    return web.Response(body=PICTURE, content_type="image/png")


def _needs(request: web.Request, scheme: str) -> None:
    if not request.headers.get("Authorization", "").startswith(scheme):
        raise web.HTTPUnauthorized


def _chunk(kind: bytes, content: bytes) -> bytes:
    whole = kind + content
    return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))


def _png() -> bytes:
    """Draw a square that goes from dark to light."""
    rows = b"".join(b"\x00" + bytes((x + y) * 2 % 256 for x in range(SIDE)) for y in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


PICTURE = _png()
