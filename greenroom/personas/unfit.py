"""What is never remembered, however it is said: secrets, places to find somebody, health,
beliefs, other people, and what speaks to the machine."""

from __future__ import annotations

import re
from typing import Final


def _any_of(words: str, *besides: str, before: str = "") -> re.Pattern[str]:
    """Any of some patterns with commas between them, as whole words; or one of ``besides``."""
    whole = "|".join(re.split(r",\s+", words.strip()))
    return re.compile("|".join((rf"\b{before}(?:{whole})\b", *besides)), re.IGNORECASE)


_SECRET: Final = _any_of(
    r"""
password, passwort, passphrase, pass ?code, pin, cvv, cvc, api key, token, secret, seed
phrase, private key, ssn, social security, passport, iban, account number, card, licen[cs]e
""",
    r"\d[\d\s().-]{4,99}\d",
    r"[\w.+-]{1,64}@[\w-]{1,64}\.\w",
    r"https?://",
    r"www\.",
)
_WHERE: Final = _any_of(
    r"""
street, str, straße, strasse, avenue, ave, boulevard, road, lane, apartment, apt, flat \d+,
floor, post ?code, zip code, address, phone, number is, my number, whatsapp, telegram, home
alone, next door to
""",
    r"\b\d+[a-z]? (?-i:[A-Z])[a-z]+",
)
_HEALTH: Final = _any_of(
    r"""
kill, suicid\w*, die, dying, dead, self[- ]?harm\w*, cut(?:ting)? myself, hurt(?:ing)? myself,
end it, overdos\w*, depress\w*, anxiety, anxious, panic attack\w*, bipolar, schizo\w*, adhd,
autis\w*, ptsd, ocd, therap\w*, psychiatr\w*, medicat\w*, meds, pills, diagnos\w*, disease,
disorder, ill, illness, sick, cancer, tumou?r, diabet\w*, hiv, aids, std, pregnan\w*,
abortion, miscarriage, surgery, operation, hospital, doctor's appointment, chemo\w*, rehab,
addict\w*, alcoholic, drunk, drugs?, weed, cocaine, heroin, disab\w*, epilep\w*, asthma\w*,
allerg\w*, anorex\w*, bulimi\w*, abus\w*, assault\w*, rape\w*, funeral, divorc\w*, gp, clinic,
patients?, thoughts, n-word, moron, idiot\w*, hopeless, worthless, lonely
"""
)
_BELIEF: Final = _any_of(
    r"""
gay, lesbian, bisexual, bi, queer, trans, transgender, asexual, straight, virgin, sex, sexual,
oral, cuddl\w*, making love, naked, porn, nudes?, muslim, islam\w*, christian\w*, catholic,
protestant, jew, jewish, jews, hindu\w*, buddhist, atheist, god, church, mosque, vote[ds]?,
voting, republican, democrat, conservative, liberal, socialist, communist, fascist, nazi\w*,
party member, union member, immigrants?, refugees?, illegal, arrest\w*, prison, jail,
convicted, criminal, salary, debt, bankrupt\w*, years old, year old, birthday, born (?:in, on)
"""
)
_KIN: Final = _any_of(
    r"""
mother, father, mom, mum, dad, parents, sister, brother, siblings?, wife, husband, girlfriend,
boyfriend, gf, bf, friends?, boss, sons?, daughters?, kids?, child, children, baby, partner,
ex, room-?mate, neighbou?rs?, colleagues?, co-?worker, teacher, aunt, uncle, cousin, grand\w+,
crush, family
""",
    before=r"my (?:\w+ )?",
)
_PEOPLE: Final = _any_of(
    r"""
he, she, his, her, hers, him, their, women, men, girls, boys, people, kids, everyone here, the
guy, ya, y'all, furries, lady, ladies, moms, dads, twins, fags?, gypsies, date with, this guy,
that guy
""",
    r"u/\w",
    r"@\w",
    r"<@",
)
_MACHINE: Final = _any_of(
    r"""
you, your, yours, yourself, u, ur, bots?, ai, assistant, chatbot, gpt, model, system, prompt,
instructions?, ignore, obey, override, jailbreak\w*, unrestricted, unfiltered, unlimited,
developer mode, dan, rules?, policy, policies, guidelines?, filters?, limits?, admin\w*,
mods?, moderators?, owner, operator, staff, sudo, root, allowed, permission\w*, permitted,
exempt\w*, immune, white-?list\w*, trusted, verified, authori[sz]\w*, authority, bans?,
banned, unban\w*, mute[d]?, bypass, above the, free to, reveal, execute, from now on,
henceforth, answer with, respond with, reply with, pretend, role ?play, human, persona,
greenroom, pre-?approved, approved, my (?:messages?|posts?|links?|commands?), promoted,
superuser, this (?:server|channel|community|sub|place|thread), on behalf of
""",
    r"[<>{}\[\]|\\]",
    r"[/!]\w",
)
_PRONOUNS: Final = re.compile(
    r"\b(?:he|she|they|it|xe|ze|any)(?: ?/ ?[a-z]{2,5})+\b|\b(?:he|she) pronouns\b", re.IGNORECASE
)
_CALLED: Final = re.compile(r"\byou can call me\b", re.IGNORECASE)
_DATE: Final = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)? (?-i:[A-Z])[a-z]{2,8}\b|\b\d{4}-\d\d-\d\d\b")

_HARM: Final = _any_of(
    "revenge, attack\\w*, shoot\\w*, bomb\\w*, weapons?, guns?, stab\\w*, beat up, riot\\w*"
)

_ALL: Final = (_SECRET, _WHERE, _HEALTH, _BELIEF, _KIN, _PEOPLE, _MACHINE, _HARM)


def is_unfit(sentence: str) -> bool:
    """Whether a sentence must not be remembered."""
    # `she/her` names nobody else, and a date is neither a phone number nor a house.
    plain = _CALLED.sub("call me", _DATE.sub("then", _PRONOUNS.sub("any pronouns", sentence)))
    return any(pattern.search(plain) for pattern in _ALL)
