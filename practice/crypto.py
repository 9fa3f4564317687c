"""Words at rest: AES-256-GCM (NIST SP 800-38D), bound to the place they belong to.

A sealed text is `version (1 byte) | key number (4 bytes, big-endian) | nonce (12) | ciphertext`.
Practice, table, row and field are its associated data: a ciphertext copied to another row, field
or practice does not open. Each practice has its own data keys; they are wrapped by a master key
that lives outside the database (environment or file; a KMS is one class, see `KeyWrapper`).
"""

import base64
import hashlib
import hmac
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string

from practice.errors import KeyTrouble
from practice.models import PracticeKey

VERSION = 1
NONCE = 12
HEADER = struct.Struct(">BI")
# How long a process may go on sealing with a key that was replaced; rotation waits twice this.
ACTIVE_KEY_SECONDS = 30.0
# What the seed of a second factor begins with once it is sealed; all before it were not.
FACTOR = "hw1."
_reader: ContextVar[str] = ContextVar("reader", default="")


class KeyWrapper(Protocol):
    """Wrap and unwrap 32-byte data keys; implement this for a KMS."""

    def wrap(self, key: bytes, context: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes: ...


class MasterKeyWrapper:
    """Wrap with master keys from `HOMEWARD_MASTER_KEY` or the file it names in `…_FILE`.

    The value is one or more base64 keys of 32 bytes, separated by commas: the first wraps, all
    unwrap, so that a master key is replaced by putting the new one in front.
    """

    def __init__(self) -> None:
        try:
            text = _master_key()
            self.keys = [base64.b64decode(part, validate=True) for part in text.split(",")]
        except OSError as error:
            # Said to the operator alone, and without the path: a log may quote it.
            raise KeyTrouble(
                f"The file of HOMEWARD_MASTER_KEY_FILE cannot be read: {error.strerror}."
            ) from error
        except ValueError as error:
            raise KeyTrouble("The master key is not base64.") from error
        if any(len(key) != 32 for key in self.keys):
            raise KeyTrouble("A master key is 32 bytes, base64-encoded.")

    def wrap(self, key: bytes, context: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self.keys[0]).encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        for key in self.keys:
            try:
                return AESGCM(key).decrypt(wrapped[:NONCE], wrapped[NONCE:], context)
            except InvalidTag:
                continue
        raise KeyTrouble("No master key here opens this data key.")


def _master_key() -> str:
    text: str = settings.HOMEWARD_MASTER_KEY
    if settings.HOMEWARD_MASTER_KEY_FILE:
        text = Path(settings.HOMEWARD_MASTER_KEY_FILE).read_text(encoding="ascii")
    if not text.strip():
        raise KeyTrouble(
            "There is no master key: set HOMEWARD_MASTER_KEY or HOMEWARD_MASTER_KEY_FILE."
        )
    return text.strip()


class Keyring:
    """This process's unwrapped data keys."""

    def __init__(self) -> None:
        self._keys: dict[tuple[UUID, int], bytes] = {}
        self._active: dict[UUID, tuple[int, float]] = {}
        self._wrapper: KeyWrapper | None = None

    @property
    def wrapper(self) -> KeyWrapper:
        if self._wrapper is None:
            self._wrapper = import_string(settings.HOMEWARD_KEY_WRAPPER)()
        return self._wrapper

    def forget(self) -> None:
        """Drop every cached key (after a rotation, and between tests)."""
        self.__init__()  # type: ignore[misc]  # a fresh ring is exactly what is meant

    def active(self, practice: UUID) -> tuple[int, bytes]:
        """Return number and key to seal with. Raises KeyTrouble when the practice has none."""
        number, since = self._active.get(practice, (0, 0.0))
        if not number or time.monotonic() - since > ACTIVE_KEY_SECONDS:
            newest = (
                PracticeKey.objects.filter(practice_id=practice, retired_at=None)
                .order_by("-number")
                .first()
            )
            if newest is None:
                raise KeyTrouble("This practice has no data key.")
            number = newest.number
            self._keys.setdefault((practice, number), self._unwrapped(newest))
            self._active[practice] = (number, time.monotonic())
        return number, self._keys[practice, number]

    def numbered(self, practice: UUID, number: int) -> bytes:
        """Return the key with `number`. Raises KeyTrouble when it is gone or does not open."""
        if (practice, number) not in self._keys:
            row = PracticeKey.objects.filter(practice_id=practice, number=number).first()
            if row is None:
                raise KeyTrouble("The data key that sealed this is missing.")
            self._keys[practice, number] = self._unwrapped(row)
        return self._keys[practice, number]

    def _unwrapped(self, row: PracticeKey) -> bytes:
        return self.wrapper.unwrap(bytes(row.wrapped), key_context(row.practice_id, row.number))


keyring = Keyring()


def key_context(practice: UUID, number: int) -> bytes:
    """Bind a wrapped data key to its practice and number."""
    return f"homeward-key|{practice}|{number}".encode()


def new_wrapped_key(practice: UUID, number: int) -> bytes:
    """Make a data key and return it wrapped, ready to be stored."""
    return keyring.wrapper.wrap(AESGCM.generate_key(256), key_context(practice, number))


def seal(text: str, *, practice: UUID, table: str, row: object, field: str) -> bytes:
    """Encrypt `text` for exactly one field of one row. Raises KeyTrouble."""
    number, key = keyring.active(practice)
    nonce = os.urandom(NONCE)
    box = AESGCM(key).encrypt(nonce, text.encode(), _place(practice, table, row, field))
    return HEADER.pack(VERSION, number) + nonce + box


def unseal(box: bytes | memoryview, *, practice: UUID, table: str, row: object, field: str) -> str:
    """Decrypt what `seal` made for this very place. Raises KeyTrouble; never returns garbage."""
    box = bytes(box)
    version, number = HEADER.unpack_from(box)
    if version != VERSION:
        raise KeyTrouble("Sealed by a newer version of Homeward.")
    body = box[HEADER.size :]
    try:
        plain = AESGCM(keyring.numbered(practice, number)).decrypt(
            body[:NONCE], body[NONCE:], _place(practice, table, row, field)
        )
    except InvalidTag as error:
        raise KeyTrouble("This text does not open in this place.") from error
    return plain.decode()


def place_of(row: Any, field: str) -> dict[str, Any]:
    """Return the place one field of a row is, as `seal` and `unseal` take it."""
    return {
        "practice": row.practice_id,
        "table": row._meta.db_table,
        "row": row.pk,
        "field": field,
    }


def key_number(box: bytes | memoryview) -> int:
    """Return which data key sealed this."""
    number: int = HEADER.unpack_from(bytes(box))[1]
    return number


def hash_of(secret: str) -> str:
    """Return what is kept of a link's or key's secret: a copy of the database lets nobody in.

    SHA-256 alone, without salt or rounds: these secrets are random, 192 bits and more.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def seal_system(text: str, *, row: object) -> bytes:
    """Seal account mail, which belongs to no practice, under the master key itself."""
    return keyring.wrapper.wrap(text.encode(), f"homeward-mail|{row}".encode())


def unseal_system(box: bytes | memoryview, *, row: object) -> str:
    """Open what `seal_system` made for this row. Raises KeyTrouble."""
    return keyring.wrapper.unwrap(bytes(box), f"homeward-mail|{row}".encode()).decode()


def seal_factor(text: str, *, user: int) -> str:
    """Seal the seed of somebody's second factor, which belongs to no practice: text that says whose."""
    box = keyring.wrapper.wrap(text.encode(), f"homeward-factor|{user}".encode())
    return f"{FACTOR}{user}.{base64.urlsafe_b64encode(box).decode()}"


def unseal_factor(sealed: str) -> tuple[int, str]:
    """Open what `seal_factor` made; return whose it is, and the seed. Raises KeyTrouble."""
    user, _dot, box = sealed.removeprefix(FACTOR).partition(".")
    try:
        wrapped = base64.urlsafe_b64decode(box)
        return int(user), keyring.wrapper.unwrap(
            wrapped, f"homeward-factor|{int(user)}".encode()
        ).decode()
    except ValueError as error:
        raise KeyTrouble("This second factor is damaged.") from error


def _place(practice: UUID, table: str, row: object, field: str) -> bytes:
    return f"{practice}|{table}|{row}|{field}".encode()


@contextmanager
def reading() -> Iterator[None]:
    """Begin a request of nobody; `reads` says whose it is. What it hides opens for them alone."""
    before = _reader.set("")
    try:
        yield
    finally:
        _reader.reset(before)


def reads(seat: str) -> None:
    """Say who asks, from which seat: that names the practice and the person."""
    _reader.set(seat)


def encrypt_for_url(text: str, *, place: str) -> str:
    """Return `text` so that an address can carry it and say nothing (a name, what is looked for).

    It opens in this place alone, and for whoever it was hidden for: a colleague who finds the
    address in a history, or at another practice, reads nothing with it.
    """
    return _addresses(place).encrypt(text.encode()).decode().rstrip("=")


def decrypt_from_url(token: str, *, place: str) -> str:
    """Return what `encrypt_for_url` hid here. Raises ValueError for anything else."""
    try:
        return _addresses(place).decrypt(token + "=" * (-len(token) % 4)).decode()
    except (InvalidToken, UnicodeError) as error:
        raise ValueError("nothing we hid") from error


def _addresses(place: str) -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    context = f"homeward.addresses|{_reader.get()}|{place}".encode()
    digests = (hmac.digest(one.encode(), context, "sha256") for one in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
