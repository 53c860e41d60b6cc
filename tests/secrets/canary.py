"""Secrets that are easy to find again, in each of the forms that a careless program would write them in."""

import base64
import urllib.parse


def forms(secret):
    """The secret itself, and as base64 at each alignment, percent-encoded and as hexadecimal digits."""
    raw = secret.encode()
    found = {raw, urllib.parse.quote(secret, safe="").encode(), raw.hex().encode(), raw.hex().upper().encode(),
             "".join(f"%{byte:02x}" for byte in raw).encode(), "".join(f"%{byte:02X}" for byte in raw).encode()}
    for shift in range(3):
        # The first and the last characters depend on what stands around.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"\0" * shift + raw)[4 if shift else 0:].rstrip(b"=")[:-2])
    return found


class Canaries:
    def __init__(self, **secrets):
        self.secrets = dict(secrets)

    def find(self, content):
        """The names of the secrets that stand in some bytes."""
        if isinstance(content, str):
            content = content.encode()
        return sorted(name for name, secret in self.secrets.items() if any(form in content for form in forms(secret)))
