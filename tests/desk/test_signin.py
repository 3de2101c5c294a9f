"""Nobody works the desk who was not let in, and no other site works it for them."""

from __future__ import annotations

import aiohttp
import pytest

from greenroom.desk import sign_in_address
from greenroom.ledger import Ledger
from tests.desk.house import Clock, House


@pytest.mark.parametrize("path", ["/", "/ledger", "/cases/1", "/events", "/nothing"])
async def test_a_stranger_is_told_how_to_get_a_link(house: House, path: str) -> None:
    text = await house.get(path, status=401)
    assert "greenroom desk link --config config.yaml" in text
    assert "csrf" not in text


async def test_looking_at_a_link_does_not_use_it_up(house: House) -> None:
    link = await house.link()
    for _ in range(3):
        assert "<button" in await house.get(link)
    await house.get("/", status=401)


async def test_a_link_lets_one_in_once(house: House) -> None:
    token = await house.ledger.people.invite("kim")
    async with house.client.post("/sign-in", data={"token": token}) as answer:
        assert answer.status == 200
        assert "kim" in await answer.text()
    async with aiohttp.ClientSession(house.address) as other:
        answer = await other.post("/sign-in", data={"token": token})
        assert answer.status == 401
        assert "used up" in await answer.text()


async def test_a_link_runs_out(house: House) -> None:
    token = await house.ledger.people.invite("kim")
    house.clock.move(minutes=16)
    async with house.client.post("/sign-in", data={"token": token}) as answer:
        assert answer.status == 401


async def test_a_session_runs_out(house: House) -> None:
    await house.sign_in()
    house.clock.move(days=13)
    await house.get("/")
    house.clock.move(days=2)
    await house.get("/", status=401)


async def test_signing_out_ends_the_session_everywhere(house: House) -> None:
    await house.sign_in()
    cookies = {c.key: c.value for c in house.client.cookie_jar}
    csrf = await house.csrf()
    async with house.client.post("/sign-out", data={"csrf": csrf}) as answer:
        assert answer.status == 401
    async with aiohttp.ClientSession(house.address, cookies=cookies) as other:
        assert (await other.get("/")).status == 401


async def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    token = await house.ledger.people.invite("kim")
    async with house.client.post(
        "/sign-in", data={"token": token}, allow_redirects=False
    ) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    assert token not in cookie


async def test_behind_tls_the_cookie_is_secure(ledger: Ledger, clock: Clock) -> None:
    async with House.open(ledger, clock, public_url="https://Desk.example.org:443/") as house:
        token = await ledger.people.invite("kim")
        headers = {"Host": "desk.example.org", "Origin": "https://desk.example.org"}
        async with house.client.post(
            "/sign-in", data={"token": token}, headers=headers, allow_redirects=False
        ) as answer:
            assert answer.status == 303
            assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("csrf", [None, "", "wrong", "wröng", "\udcff"])
async def test_a_change_without_the_sessions_token_is_refused(
    house: House, csrf: str | None
) -> None:
    await house.sign_in()
    case = await house.arrive()
    fields = {"seen": await house.seen(case), "choice": "dismiss"}
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    if csrf is not None:
        body += f"&csrf={csrf}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with house.client.post(
        f"/cases/{case}/verdict", data=body.encode("utf-8", "surrogateescape"), headers=headers
    ) as answer:
        assert answer.status == 403
    assert (await house.case(case)).state == "open"


async def test_another_moderators_token_is_refused(house: House) -> None:
    await house.sign_in("kim")
    stolen = await house.csrf()
    await house.sign_in("lou")
    async with house.client.post("/sign-out", data={"csrf": stolen}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1", "", "[::1]:1"]
)
async def test_a_foreign_host_is_refused(house: House, host: str) -> None:
    await house.sign_in()
    name = host.format(port=house.address.rsplit(":", 1)[1])
    async with house.client.get("/", headers={"Host": name}) as answer:
        assert answer.status == 403
        assert "queue" not in await answer.text()


@pytest.mark.parametrize("name", ["localhost", "[::1]", "127.0.0.1", "LOCALHOST"])
async def test_every_loopback_name_is_answered(house: House, name: str) -> None:
    port = house.address.rsplit(":", 1)[1]
    async with house.client.get("/sign-in?token=x", headers={"Host": f"{name}:{port}"}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_from_another_site_is_refused(house: House, headers: dict[str, str]) -> None:
    await house.sign_in()
    case = await house.arrive()
    data = {"csrf": await house.csrf(), "seen": await house.seen(case), "choice": "dismiss"}
    async with house.client.post(f"/cases/{case}/verdict", data=data, headers=headers) as answer:
        assert answer.status == 403
    assert (await house.case(case)).state == "open"


async def test_every_answer_says_what_a_browser_may_do(house: House) -> None:
    await house.sign_in()
    for path in ("/", "/nothing", "/sign-in", "/static/desk.css", "/ledger"):
        async with house.client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            wanted = "no-cache" if path.startswith("/static") else "no-store"
            assert answer.headers["Cache-Control"] == wanted


async def test_a_huge_form_is_refused(house: House) -> None:
    await house.sign_in()
    data = {"csrf": await house.csrf(), "note": "x" * 100_000}
    async with house.client.post("/sign-out", data=data) as answer:
        assert answer.status == 413
    async with house.client.post("/sign-out", data={str(n): "" for n in range(50)}) as answer:
        assert answer.status == 400


async def test_only_forms_are_read(house: House) -> None:
    await house.sign_in()
    async with house.client.post("/sign-out", json={"csrf": await house.csrf()}) as answer:
        assert answer.status == 415


@pytest.mark.parametrize("cookie", ["\udcff\udcfe", "", "x" * 4000])
async def test_a_broken_cookie_is_no_session(house: House, cookie: str) -> None:
    port = house.address.rsplit(":", 1)[1]
    raw = f"greenroom-{port}={cookie}"
    async with house.client.get("/", headers={"Cookie": raw}) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("path", ["/static/../case.py", "/static/%2e%2e/case.py", "/static/"])
async def test_static_files_are_the_desks_own(house: House, path: str) -> None:
    async with house.client.get(path) as answer:
        assert answer.status in (401, 403, 404)


def test_the_address_of_a_link_is_whole() -> None:
    assert sign_in_address("http://127.0.0.1:1/", "a b") == "http://127.0.0.1:1/sign-in?token=a%20b"
