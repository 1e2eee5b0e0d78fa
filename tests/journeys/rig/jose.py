"""JSON Web Tokens taken apart and forged, with the openssl command for the signatures."""

import base64
import hashlib
import hmac
import json
import subprocess


def encode(data):
    data = json.dumps(data, separators=(",", ":")) if isinstance(data, (dict, list)) else data
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token):
    """(header, claims) of a token, unverified."""
    header, claims, _ = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims))


def _der_integer(number):
    body = number.to_bytes(32, "big").lstrip(b"\0") or b"\0"
    body = b"\0" + body if body[0] & 0x80 else body
    return b"\x02" + bytes([len(body)]) + body


def to_der(raw):
    """An ES256 signature in the form that openssl reads."""
    body = _der_integer(int.from_bytes(raw[:32], "big")) + _der_integer(int.from_bytes(raw[32:], "big"))
    return b"\x30" + bytes([len(body)]) + body


def from_der(der):
    def integer(at):
        length = der[at + 1]
        return int.from_bytes(der[at + 2:at + 2 + length], "big").to_bytes(32, "big"), at + 2 + length
    first, at = integer(2)
    return first + integer(at)[0]


def public_pem(jwk):
    """The PEM file's text of a P-256 key."""
    point = b"\x04" + decode(jwk["x"]) + decode(jwk["y"])
    der = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + point
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "-----BEGIN PUBLIC KEY-----\n" + "\n".join(lines) + "\n-----END PUBLIC KEY-----\n"


def verifies(token, jwk, folder):
    """True if openssl says that the key made the token's signature."""
    head, claims, signature = token.split(".")
    (folder / "key.pem").write_text(public_pem(jwk))
    (folder / "signature").write_bytes(to_der(decode(signature)))
    (folder / "signed").write_text(f"{head}.{claims}")
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", str(folder / "key.pem"), "-signature",
                           str(folder / "signature"), str(folder / "signed")], capture_output=True, text=True)
    return done.stdout.strip() == "Verified OK"


class Forger:
    """A P-256 key that is not the server's."""

    def __init__(self, folder):
        self.key = folder / "forger.pem"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(self.key)],
                       check=True, capture_output=True)
        der = subprocess.run(["openssl", "ec", "-in", str(self.key), "-pubout", "-outform", "DER"], check=True,
                             capture_output=True).stdout
        self.jwk = {"kty": "EC", "crv": "P-256", "x": encode(der[-64:-32]), "y": encode(der[-32:])}

    def sign(self, header, claims):
        signed = f"{encode(header)}.{encode(claims)}"
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.key)], input=signed.encode(), check=True,
                             capture_output=True).stdout
        return f"{signed}.{encode(from_der(der))}"


def sign_hs256(header, claims, secret):
    signed = f"{encode(header)}.{encode(claims)}"
    mac = hmac.new(secret.encode() if isinstance(secret, str) else secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{encode(mac.digest())}"
