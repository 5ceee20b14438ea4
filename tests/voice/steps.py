"""A telephone taken through its call step by step, and stopped where a test wants it."""

from local.simulators.twilio_voice import Phone


async def in_line(phone: Phone) -> None:
    """Go as far as the line."""
    phone.left.extend(phone.part.answers)
    phone.documents.append(await phone.post(phone.callback, CallStatus="ringing"))
    phone.status_url = f"{phone.callback}/status"
    while "<Pause" not in phone.documents[-1] and "<Dial" not in phone.documents[-1]:
        await go_on(phone)


async def go_on(phone: Phone) -> None:
    """Do the newest document, and keep what follows it."""
    document = await phone.step(phone.documents[-1])
    phone.documents.append(document)


async def talking(phone: Phone) -> None:
    """Go as far as the talk."""
    await in_line(phone)
    while "<Dial" not in phone.documents[-1]:
        await go_on(phone)
    await phone.answer(phone.documents[-1])
