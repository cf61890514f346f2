"""Sealed packets, made by an implementation that we did not write: pyca/cryptography, that is OpenSSL.

    python3 -m pip install cryptography
    python3 test/support/make-packet-vectors.py

Writes test/vectors/chacha20-poly1305@openssh.com.json (OpenSSH PROTOCOL.chacha20poly1305) and
test/vectors/aes-gcm@openssh.com.json (RFC 5647). Everything comes from SHA-256 of a label, so a second run writes the
same bytes.
"""

import hashlib
import json
import pathlib

import cryptography
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.poly1305 import Poly1305

VECTORS = pathlib.Path(__file__).parent.parent / "vectors"
SOURCE = "made by test/support/make-packet-vectors.py with pyca/cryptography " + cryptography.__version__
SEQUENCE_NUMBERS = [0, 1, 2**31, 2**32 - 1]
PAYLOAD_LENGTHS = [*range(1, 35), *range(60, 70), *range(120, 134), *range(250, 262), 299, 300]


def some_bytes(label: str, length: int) -> bytes:
    blocks = (hashlib.sha256(f"{label} {i}".encode()).digest() for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def plain_packet(payload: bytes, block_length: int) -> bytes:
    """packet_length | padding_length | payload | padding; packet_length itself is not padded (an AEAD)."""
    padding_length = block_length - (1 + len(payload)) % block_length
    if padding_length < 4:
        padding_length += block_length
    body = bytes([padding_length]) + payload + some_bytes(f"padding {len(payload)}", padding_length)
    return len(body).to_bytes(4, "big") + body


def chacha20(key: bytes, sequence_number: int, counter: int, data: bytes) -> bytes:
    """The original ChaCha20: OpenSSL takes the block counter (64 bits, little-endian) and the nonce as one IV."""
    iv = counter.to_bytes(8, "little") + sequence_number.to_bytes(8, "big")
    return Cipher(algorithms.ChaCha20(key, iv), mode=None).encryptor().update(data)


def seal_chacha(key: bytes, sequence_number: int, plain: bytes) -> bytes:
    k_2, k_1 = key[:32], key[32:]  # "The first 256 bits constitute K_2 and the second 256 bits become K_1."
    header = chacha20(k_1, sequence_number, 0, plain[:4])
    body = chacha20(k_2, sequence_number, 1, plain[4:])
    poly_key = chacha20(k_2, sequence_number, 0, bytes(32))
    return header + body + Poly1305.generate_tag(poly_key, header + body)


def chacha_cases():
    pairs = [(n, SEQUENCE_NUMBERS[i % 4]) for i, n in enumerate(PAYLOAD_LENGTHS)]
    pairs += [(n, s) for n in (11, 64, 300) for s in SEQUENCE_NUMBERS if (n, s) not in pairs]
    for length, sequence_number in pairs:
        key = some_bytes(f"chacha key {length} {sequence_number}", 64)
        plain = plain_packet(some_bytes(f"payload {length}", length), 8)
        yield {
            "name": f"a payload of {length} bytes, sequence number {sequence_number}",
            "given": {"key": key.hex(), "sequenceNumber": sequence_number, "plain": plain.hex()},
            "expect": seal_chacha(key, sequence_number, plain).hex(),
        }


def seal_gcm(key: bytes, iv: bytes, invocations: int, plain: bytes) -> bytes:
    nonce = iv[:4] + (int.from_bytes(iv[4:], "big") + invocations).to_bytes(8, "big")
    return plain[:4] + AESGCM(key).encrypt(nonce, plain[4:], plain[:4])


def gcm_cases():
    counters = {
        "a counter that starts anywhere": some_bytes("counter", 8),
        "a counter that starts at 0": bytes(8),
        "a carry over 8 bits": bytes(7) + b"\xff",
        "a carry over 32 bits": bytes(4) + b"\xff\xff\xff\xff",
        "a carry over 56 bits": b"\x00" + b"\xff" * 7,
        "a counter that ends at its last value": b"\xff" * 7 + b"\xfd",
    }
    for key_length in (16, 32):
        for at, (name, counter) in enumerate(counters.items()):
            key = some_bytes(f"gcm key {key_length} {at}", key_length)
            iv = some_bytes(f"fixed {at}", 4) + counter
            lengths = PAYLOAD_LENGTHS[at::6] if at == 0 else [1, 11 + at, 70]
            plains = [plain_packet(some_bytes(f"payload {n}", n), 16) for n in lengths]
            yield {
                "name": f"aes{8 * key_length}-gcm@openssh.com: {name}",
                "given": {"key": key.hex(), "iv": iv.hex(), "plains": [plain.hex() for plain in plains]},
                "expect": [seal_gcm(key, iv, i, plain).hex() for i, plain in enumerate(plains)],
            }


def write(name: str, about: str, cases) -> None:
    head = json.dumps({"about": about, "source": SOURCE}, indent=2)[:-2]
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    (VECTORS / name).write_text(f'{head},\n  "cases": [\n{lines}\n  ]\n}}\n')


write(
    "chacha20-poly1305@openssh.com.json",
    "One packet a case, with a key of its own: plain, and sealed with its tag. OpenSSH PROTOCOL.chacha20poly1305",
    chacha_cases(),
)
write(
    "aes-gcm@openssh.com.json",
    "Packets sealed one after the other with one key and IV: the invocation counter goes up by one each. RFC 5647",
    gcm_cases(),
)
