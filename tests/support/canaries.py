"""Secrets that must be found nowhere, in any writing."""

import base64


def shapes(secret: str | bytes) -> set[bytes]:
    """A secret as it may be written: plain, in hexadecimal, in base64 at every alignment, escaped in a URL."""
    raw = secret.encode() if isinstance(secret, str) else secret
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for skipped in range(3):
        whole = raw[skipped:]
        whole = whole[:len(whole) // 3 * 3]
        found |= {base64.b64encode(whole), base64.urlsafe_b64encode(whole)}
    return {shape for shape in found if len(shape) >= 12}
