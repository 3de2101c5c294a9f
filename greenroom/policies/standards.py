"""The named conditions of ``standard:``; a rule's own keys override theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FACEBOOK = r"(?:^|[/.@\s(])(?:facebook\.com|fb\.com|fb\.me|fb\.watch)(?:[/:?#\s)]|$)"
_AMAZON = (
    r"amazon\.(?:[a-z]{2,3}|co\.[a-z]{2}|com\.[a-z]{2})/\S*?[?&]tag=[\w-]+"
    r"|(?:^|[/\s(])(?:amzn\.to|amzn\.com|a\.co)/\S+"
)

STANDARDS: Final[Mapping[str, Mapping[str, object]]] = {
    "image hosting sites": {
        "type": "submission",
        "domain": [
            "imgur.com", "flickr.com", "flic.kr", "photobucket.com", "minus.com", "postimg.cc",
            "postimg.org", "imageshack.com", "imageshack.us", "tinypic.com", "500px.com",
            "ibb.co", "imgbb.com", "giphy.com", "gyazo.com", "prnt.sc", "i.redd.it",
            "i.reddituploads.com",
        ],
    },
    "direct image links": {
        "type": "submission",
        "url (regex)": [r"\.(?:jpe?g|png|gifv?|bmp|tiff?|webp|avif)(?:[?#]|$)"],
    },
    "video hosting sites": {
        "type": "submission",
        "domain": [
            "youtube.com", "youtu.be", "youtube-nocookie.com", "vimeo.com", "dailymotion.com",
            "dai.ly", "streamable.com", "liveleak.com", "vine.co", "veoh.com", "metacafe.com",
            "rumble.com", "odysee.com", "bitchute.com", "v.redd.it",
        ],
    },
    "streaming sites": {
        "type": "submission",
        "domain": [
            "twitch.tv", "kick.com", "hitbox.tv", "smashcast.tv", "ustream.tv", "livestream.com",
            "justin.tv", "mixer.com", "dlive.tv", "trovo.live", "azubu.tv", "own3d.tv",
        ],
    },
    "crowdfunding sites": {
        "type": "submission",
        "domain": [
            "kickstarter.com", "kck.st", "indiegogo.com", "igg.me", "gofundme.com", "gofund.me",
            "patreon.com", "crowdrise.com", "fundly.com", "youcaring.com", "rockethub.com",
            "giveforward.com", "prefundia.com", "teespring.com", "ko-fi.com",
        ],
    },
    "meme generator sites": {
        "type": "submission",
        "domain": [
            "memegenerator.net", "quickmeme.com", "qkme.me", "livememe.com", "makeameme.org",
            "memecrunch.com", "imgflip.com", "memedad.com", "troll.me", "onsizzle.com",
            "ragestache.com", "weknowmemes.com",
        ],
    },
    "facebook links": {"url+body (regex, includes)": [_FACEBOOK]},
    "amazon affiliate links": {"url+body (regex, includes)": [_AMAZON]},
}  # fmt: skip
"""Lists of our own making: Reddit has not published its lists."""
