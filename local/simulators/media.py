"""The providers' media: one picture under every name, guarded and reached as each provider has it.

GET /telegram/bot‹token›/getFile → /telegram/file/bot‹token›/…   https://core.telegram.org/bots/api#getfile
GET /twilio/2010-04-01/…/Media/… → redirect to /twilio/cdn/…     https://www.twilio.com/docs/messaging/api/media-resource
GET /meta/‹version›/‹id›         → /meta/cdn/… with the token     https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
GET /wechat/cgi-bin/media/get    with the token in the query   https://developers.weixin.qq.com/doc/offiaccount
GET /apple/v1/preDownload        → /apple/cdn/…, encrypted       https://register.apple.com/resources/messages/msp-rest-api
GET /botframework/v3/attachments/… with the token            https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bots-filesv4
GET /line/v2/bot/message/‹id›/content, /acs/messages/streams/‹id›, /x/1.1/ton/data/dm/…, /‹provider›/cdn/…
"""

import struct
import zlib

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SIDE = 64  # pixels
APPLE_KEY = "00" + "5a" * 32  # every file's, as Apple writes one


def routes() -> list[web.RouteDef]:
    """Give what the server adds to its own."""
    return [
        web.get("/telegram/bot{token}/getFile", _telegram_file),
        web.get("/telegram/file/bot{token}/{path:.+}", _picture),
        web.get("/twilio/2010-04-01/Accounts/{account}/Messages/{message}/Media/{id}", _twilio_media),
        web.get(r"/meta/{version:v\d+\.\d+}/{id:\d+}", _meta_media),
        web.get(r"/line/v2/bot/message/{id:\d+}/content", _bearers_picture),
        web.get("/acs/messages/streams/{id}", _signed_picture),
        web.get("/x/1.1/ton/data/dm/{path:.+}", _signed_for_picture),
        web.get("/wechat/cgi-bin/media/get", _wechat_media),
        web.get("/apple/v1/preDownload", _apple_place),
        web.get("/apple/cdn/{name}", _apple_file),
        web.get("/meta/cdn/whatsapp/{id}", _bearers_picture),
        web.get("/botframework/v3/attachments/{id}/views/{view}", _bearers_picture),
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


async def _wechat_media(request: web.Request) -> web.Response:
    if not request.query.get("access_token"):
        return web.json_response({"errcode": 41001, "errmsg": "access_token missing"})
    if not request.query.get("media_id"):
        return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
    return await _picture(request)


async def _apple_place(request: web.Request) -> web.Response:
    _needs(request, "Bearer ")
    if not all(request.headers.get(name) for name in ("source-id", "owner", "signature", "url")):
        raise web.HTTPBadRequest
    name = request.headers["url"].rpartition("/")[2]
    return web.json_response({"download-url": f"{request.url.origin()}/apple/cdn/{name}"})


async def _apple_file(request: web.Request) -> web.Response:
    writer = Cipher(algorithms.AES(bytes.fromhex(APPLE_KEY[2:])), modes.CTR(bytes(16))).encryptor()
    return web.Response(body=writer.update(PICTURE), content_type="application/octet-stream")


async def _bearers_picture(request: web.Request) -> web.Response:
    _needs(request, "Bearer ")
    return await _picture(request)


async def _signed_picture(request: web.Request) -> web.Response:
    _needs(request, "HMAC-SHA256 ")
    return await _picture(request)


async def _signed_for_picture(request: web.Request) -> web.Response:
    _needs(request, "OAuth ")
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
