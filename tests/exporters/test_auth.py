"""Basic authentication: who comes in, at what price (RELIABILITY K2)."""

import asyncio
from base64 import b64encode
from time import perf_counter

import bcrypt
import pytest

from exporters.auth import QUEUE, REMEMBERED, Passwords, TooMany


def hashed(password: bytes, cost: int = 4) -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode()


def basic(user: str | bytes, password: str | bytes) -> str:
    given = [part if isinstance(part, bytes) else part.encode() for part in (user, password)]
    return "Basic " + b64encode(b":".join(given)).decode()


USERS = {"alice": hashed(b"secret"), "htpasswd": hashed(b"pass").replace("$2b$", "$2y$"), "empty": hashed(b"")}


@pytest.mark.parametrize(
    ("header", "right"),
    [
        (basic("alice", "secret"), True),
        (basic("alice", "secret").replace("Basic", "bAsIc"), True),
        (basic("htpasswd", "pass"), True),
        (basic("empty", ""), True),
        (basic("alice", "Secret"), False),
        (basic("alice", ""), False),
        (basic("alice", "secret\x00"), False),
        (basic("alice", b"\xff\xfe"), False),
        (basic(b"\xff", "secret"), False),
        (basic("bob", "secret"), False),
        (basic("bob", "fakepassword"), False),
        (basic("", ""), False),
        ("Basic " + b64encode(b"alice").decode(), False),
        ("Basic !!!", False),
        ("Basic ä", False),
        ("Bearer " + b64encode(b"alice:secret").decode(), False),
        ("Basic", False),
        ("", False),
    ],
)
async def test_who_comes_in(header: str, right: bool) -> None:
    passwords = Passwords()
    try:
        for _ in range(2):  # the second time from memory
            assert await passwords.right(USERS, header) is right
    finally:
        passwords.close()


async def test_a_long_password_is_cut_where_bcrypt_cuts() -> None:
    passwords = Passwords()
    users = {"alice": hashed(b"x" * 72)}
    assert await passwords.right(users, basic("alice", "x" * 80))
    assert not await passwords.right(users, basic("alice", "x" * 71))
    passwords.close()


async def test_no_two_logins_look_the_same_to_the_memory() -> None:
    """CVE-2022-46146: what one triple of user, hash and password earned, no other may use."""
    passwords = Passwords()
    known = hashed(b"secret")
    assert await passwords.right({"alice": known}, basic("alice", "secret"))
    for user, stored, password in (
        ("alice" + known[:9], known[9:], "secret"),
        ("alice", known + "sec", "ret"),
        ("alice", known, "secretx"),
        ("alic", known, "esecret"),
        ("alice", hashed(b"other"), "secret"),
    ):
        assert not await passwords.right({user: stored}, basic(user, password))
    assert not await passwords.right({}, basic("alice", "secret"))
    passwords.close()


async def test_a_changed_password_counts_at_once() -> None:
    passwords = Passwords()
    assert await passwords.right({"alice": hashed(b"old")}, basic("alice", "old"))
    renewed = {"alice": hashed(b"new")}
    assert not await passwords.right(renewed, basic("alice", "old"))
    assert await passwords.right(renewed, basic("alice", "new"))
    passwords.close()


async def test_guessing_neither_pushes_out_who_knows_nor_grows_memory() -> None:
    passwords = Passwords()
    users = {"alice": hashed(b"secret", 10)}
    assert await passwords.right(users, basic("alice", "secret"))
    cheap = {"alice": hashed(b"x")}
    for i in range(3 * REMEMBERED):
        assert not await passwords.right(cheap, basic("alice", f"guess {i}"))
    began = perf_counter()
    assert await passwords.right(users, basic("alice", "secret"))
    assert perf_counter() - began < 0.01
    assert len(passwords._bad) <= REMEMBERED
    passwords.close()


@pytest.mark.slow
async def test_the_loop_goes_on_and_the_queue_is_bounded() -> None:
    passwords = Passwords()
    users = {"alice": hashed(b"secret", 9)}
    guesses = [asyncio.create_task(passwords.right(users, basic("alice", str(i)))) for i in range(QUEUE)]
    began = perf_counter()
    await asyncio.sleep(0.01)
    assert perf_counter() - began < 0.2
    with pytest.raises(TooMany):
        await passwords.right(users, basic("alice", "one more"))
    assert set(await asyncio.gather(*guesses)) == {False}
    passwords.close()


async def difference(passwords: Passwords, users: dict[str, str], turn: int) -> float:
    """How much longer a wrong guess takes for the one than for the other, of the quickest of twenty each."""
    times: dict[str, list[float]] = {"alice": [], "mallory": []}
    for i in range(20):
        for user, taken in times.items():
            began = perf_counter()
            assert not await passwords.right(users, basic(user, f"guess {turn} {i}"))
            taken.append(perf_counter() - began)
    known, unknown = (min(taken) for taken in times.values())
    return abs(known - unknown) / known


async def test_time_does_not_tell_who_exists() -> None:
    """At most a tenth. Measured up to four times: a busy machine may differ once, a leak always does."""
    passwords = Passwords()
    users = {"alice": hashed(b"secret", 8)}
    for turn in range(4):
        if await difference(passwords, users, turn) <= 0.1:
            break
    else:
        pytest.fail("known and unknown users take different time")
    passwords.close()
