"""Pairs of statements, to measure what is reported as a contradiction.

`CLASHING` cannot both be true of one community; `AGREEING` can, though they speak of nearly the
same. Written for this measurement; the line of likeness was chosen on them too.
"""

from __future__ import annotations

from typing import Final

CLASHING: Final = (
    ("Build night starts at 19:00 UTC.", "Build night begins at 20:00 UTC."),
    (
        "You can appeal within 14 days of the removal.",
        "Appeals are possible for 30 days after a removal.",
    ),
    ("The meetup takes place in September.", "The yearly meetup is held in October."),
    ("Build night is every Thursday.", "Build night takes place on Fridays."),
    (
        "Affiliate links are allowed in the market channel.",
        "Affiliate links are forbidden in the market channel.",
    ),
    ("New members may post links after 3 days.", "New members may post links after seven days."),
    ("Three warnings lead to a ban.", "Five warnings lead to a ban."),
    ("A workshop may have up to 20 people.", "A workshop may have up to 35 people."),
    ("The membership costs 5 euros a month.", "The membership costs €8 a month."),
    ("You may bring your own bot to the server.", "You may not bring your own bot to the server."),
    ("Slow mode lasts 30 seconds.", "Slow mode is set to 60 seconds."),
    ("Posting memes is welcome in general.", "Posting memes is prohibited in general."),
    ("Moderators can read deleted messages.", "Moderators cannot read deleted messages."),
    ("Your data is kept for 90 days.", "We keep your data for 30 days."),
    ("Entry to the workshop is free.", "Entry to the workshop costs a fee."),
    ("Introductions are required for new members.", "Introductions are optional for new members."),
    ("Bans end automatically after a year.", "Bans do not end automatically after a year."),
    ("You must be 16 years old to join.", "You must be 18 years old to join."),
    ("Self-promotion is allowed once a week.", "Self-promotion is allowed twice a week."),
    (
        "The server is open to everyone on weekends.",
        "The server is closed to everyone on weekends.",
    ),
    ("Attachments may be up to 8 MB.", "Attachments may be up to 25 MB."),
    ("The team answers reports within two hours.", "The team answers reports within 24 hours."),
    ("Generated pictures must be labelled.", "Generated pictures need not be labelled."),
    ("The office hour is on the first Monday.", "The office hour is on the first Wednesday."),
)

AGREEING: Final = (
    ("Build night starts at 19:00 UTC.", "Build night ends at about 21:00, when people leave."),
    ("You can appeal within 14 days.", "An appeal is decided by another moderator within 14 days."),
    ("Affiliate links are not allowed.", "Affiliate links are forbidden here."),
    ("Build night is every Thursday.", "We meet for build night on Thursday evenings."),
    ("Three warnings lead to a timeout.", "A timeout follows the third warning."),
    ("Do not post short links.", "Short links are removed."),
    ("Never share your password.", "Do not tell anybody your password."),
    ("The first warning is only a note.", "The second warning comes with a timeout of one day."),
    ("A timeout lasts one day.", "A ban lasts six months."),
    ("You must be kind to beginners.", "Be kind to people who have just begun."),
    ("Members may post in #showcase.", "Members may post photos of finished work in #showcase."),
    ("Slow mode lasts 30 seconds.", "In slow mode you wait 30 seconds between messages."),
    ("Reports are read by moderators only.", "Nobody but moderators reads reports."),
    (
        "Links from new members are held back.",
        "Links from members older than a week are not held back.",
    ),
    ("The bot cannot ban anybody.", "Only people can ban a member."),
    ("We keep your data for 30 days.", "Your data is deleted after 30 days."),
    ("You can leave at any time.", "You can come back at any time."),
    ("The workshop takes two hours.", "Doors open half an hour before the workshop."),
    ("Sell used tools in #market.", "Do not sell tools outside of #market."),
    ("Ask in #help with a photo.", "Ask about the rules in #meta."),
    ("Adult content is not allowed.", "Adult content leads to a ban."),
    ("Moderators never ask for your password.", "The team will not ask you for money."),
    ("The meetup is in September.", "Tickets for the meetup are sold in June."),
    ("A thread is closed after 7 days of silence.", "Moderators can open a closed thread again."),
)
