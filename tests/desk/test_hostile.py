"""Nothing that a member, a platform or a rule supplies becomes markup, script or a trap."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from greenroom.ledger import CaseDraft, Planned, order_key
from greenroom.message import (
    Action,
    ActionKind,
    Attachment,
    Author,
    Channel,
    Community,
    Decision,
    Fired,
    Hit,
    Message,
    Passage,
    Precedent,
    Severity,
    Signals,
)
from tests.desk.house import House, blame_it_all
from tests.samples import a_message

CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</textarea></title></style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "&lt;script&gt;&#60;b&#62;",
    "\u202etxt.exe\u2066\u2069",
    "\x00\x1b[31m\x07\u200b\ufeff\U000e0041",
    "<!-- --><plaintext>",
    "`${alert(1)}`",
    "a\u0300" * 3000,
    "👩‍👩‍👧 " * 500,
    "x" * 200_000,
]
_TAGS = """
html head meta title link script body a header img nav form input span button section ul li b p
main div h1 h2 h3 ol i bdi time details summary kbd label textarea code svg rect line blockquote
cite mark article
"""
_ALLOWED = frozenset(_TAGS.split()) | {"table", "thead", "tbody", "tr", "th", "td"}
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\u200b\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)


class _Reader(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.scripts: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ALLOWED:
            self.faults.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.faults.append(f"{tag} {name}")
            if name in ("href", "src", "action") and not _is_ours(value or ""):
                self.faults.append(f"{tag} {name}={value}")
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")


def _is_ours(address: str) -> bool:
    return address.startswith(("/", "#", "https://")) and not address.startswith("//")


def check(page: str) -> None:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.faults == []
    assert reader.scripts == ["/static/desk.js"] * page.count("<html")
    assert not _UNSEEN.search(page)


def everywhere(evil: str) -> Message:
    short = evil[:500]
    return a_message(
        evil,
        id=f"id {short}",
        title=evil,
        community=Community(f"c {short}", evil),
        channel=Channel(f"ch {short}", evil),
        author=Author(f"u {short}", evil),
        platform=short,
        permalink=evil,
        revision=short,
        attachments=(Attachment(evil, evil, evil), Attachment(evil, f"https://x/{evil}")),
    )


@pytest.mark.parametrize("evil", CORPUS, ids=range(len(CORPUS)))
async def test_hostile_text_stays_text_on_every_page(house: House, evil: str) -> None:
    await house.sign_in()
    message = everywhere(evil)
    action = Action(ActionKind.LABEL, text=evil, reason=evil, rule=evil, value=evil)
    decision = Decision(
        evil,
        (action, Action(ActionKind.ESCALATE, reason=evil)),
        Severity.HIGH,
        evil,
        (
            Fired(
                evil, 0, evil, 1, (Hit(evil, "body", evil, 0, 3), Hit(evil, evil, evil, -9, 9**9))
            ),
        ),
        (Passage(evil, evil, evil, 0.5),),
        (evil,),
    )
    house.precedents = [Precedent("k", evil, evil, 0.9, evil)]
    order = Planned(action, "b", f"persona:{evil}", order_key("b", message, action, by="x"))
    case = await house.arrive(
        message,
        order,
        decisions=(decision,),
        signals=Signals(scores={evil[:300]: 0.5}, model=evil),
        case=CaseDraft(evil, Severity.HIGH, evil, "live"),
    )
    for claimed in await house.ledger.outbox.claim(now_s=9e9, limit=9, bots=("b",)):
        draft = CaseDraft(evil, Severity.HIGH, evil, "live")
        await house.ledger.record.effect_failed(claimed, evil, draft, house.clock())
    house.explain = blame_it_all
    for path in ("/", f"/cases/{case}", f"/cases/{case}/words", f"/cases/{case}/row", "/ledger"):
        check(await house.get(path))


@pytest.mark.parametrize("evil", [text for text in CORPUS if len(text) < 5_000])
async def test_hostile_moderators_and_bots_stay_text(house: House, evil: str) -> None:
    await house.sign_in(evil)
    house.bots["b"] = replace(house.bots["b"], name=evil, platform=evil)
    case = await house.arrive()
    await house.judge(case, "dismiss", note=evil)
    for path in (f"/?judged={case}", "/?state=closed", f"/cases/{case}", "/ledger"):
        check(await house.get(path))


@pytest.mark.parametrize("path", ["/ledger?about=", "/?judged=", "/?page=", "/ledger?before="])
@pytest.mark.parametrize(
    "evil", ["%22%3E%3Cscript%3E", "%00", "%ff%fe", "%ed%a0%80", "{{1234567*7}}"]
)
async def test_a_hostile_address_is_harmless(house: House, path: str, evil: str) -> None:
    await house.sign_in()
    page = await house.get(path + evil)
    assert "<script>" not in page
    assert "8641969" not in page


@pytest.mark.parametrize("text", ["", "x" * 1_000_000, "<b>" * 300_000, "a\u202e" * 500_000])
async def test_every_size_of_text_has_its_pages(house: House, text: str) -> None:
    await house.sign_in()
    case = await house.arrive(a_message(text))
    assert len(await house.get("/")) < 100_000
    assert len(await house.get(f"/cases/{case}")) < 10_000_000


async def test_ten_thousand_mentions_have_their_page(house: House) -> None:
    await house.sign_in()
    mentions = tuple(f"u{number}" for number in range(10_000))
    case = await house.arrive(
        a_message(" ".join(f"<@{name}>" for name in mentions), mentions=mentions)
    )
    assert "&lt;@u1&gt;" in await house.get(f"/cases/{case}")
