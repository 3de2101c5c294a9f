"""Facts, messages that one of them fits, and messages that none fits: for measuring recall."""

from __future__ import annotations

FACTS: list[str] = [
    "I live in Bergen",
    "I love sailing on cold lakes",
    "I have a dog called Biscuit",
    "I work as a nurse",
    "I can't stand cilantro",
    "I'm learning Icelandic",
    "I'm running a marathon on 3 May",
    "I play the cello",
    "My favourite film is Stalker",
    "I'm vegetarian",
    "I collect old maps",
    "I'm moving to Oslo next month",
]

FITS: list[tuple[str, int]] = [
    ("it is pouring in Bergen again", 0),
    ("took the boat out on the lake today", 1),
    ("my puppy chewed my shoes", 2),
    ("long shift at the hospital ward", 3),
    ("this soup has coriander in it, yuck", 4),
    ("any tips for learning a new language?", 5),
    ("my knees hurt after the long run", 6),
    ("what strings should I buy for my instrument?", 7),
    ("any good movies lately?", 8),
    ("what can I cook without meat?", 9),
    ("found an atlas from 1890 at a flea market", 10),
    ("packing boxes all weekend for the move", 11),
    ("does anyone know a good vet?", 2),
    ("training for the race is hard", 6),
    ("I practised Bach on the cello", 7),
    ("sailing season starts soon", 1),
]

FITS_NOTHING: list[str] = [
    "how do I get the verified role?",
    "the bot is slow today",
    "lol",
    "good morning",
    "what time is the event?",
    "my graphics card died",
    "who won the match?",
    "thanks for the help",
    "can somebody pin this message",
    "I disagree with that rule",
    "nice picture",
    "what is the link for the stream?",
    "my internet is slow",
    "happy new year",
    "the update broke my game",
]
