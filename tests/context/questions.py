"""Questions as members ask them, to measure retrieval over the starter knowledge.

What is embedded, and the default `min_evidence`, were chosen on `TUNING` and `SECOND`.
`HELD_OUT` was written before its first measurement and nothing was changed to please it: the
figures in docs/context.md that count are those on it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Questions:
    """Answerable: question → headings of the sections that answer it. The rest has no answer."""

    answerable: dict[str, tuple[str, ...]]
    unanswerable: tuple[str, ...]


TUNING = Questions(
    answerable={
        "how can i become verified?": ("How do I get the verified role?",),
        "I pressed the button but still can't get into #swap": ("How do I get the verified role?",),
        "am I allowed to share a url to my favourite shop": (
            "Posting links",
            "Self-promotion and selling",
        ),
        "the mods deleted what I wrote, that's unfair, what can I do": (
            "My message was removed. How do I appeal?",
        ),
        "someone is insulting me, who do I tell?": ("How do I report a message or a member?",),
        "what time is the thursday thing": ("When is the next build night, and how do I join?",),
        "I want to talk to a real human please": (
            "How can I talk to a person instead of the bot?",
        ),
        "can I promote my youtube channel here?": ("Self-promotion and selling",),
        "what data are you keeping on me": (
            "What do you store about me, and how do I have it deleted?",
        ),
        "puis-je écrire en français? can I write in french": (
            "Can I write in a language other than English?",
        ),
        "is it ok to use my own discord bot in here": ("Can I add my own bot to the server?",),
        "I'd like to join the mod team": ("How can I become a moderator?",),
        "can I get unbanned": ("I was banned. Can I come back?",),
        "a guy DMed me that he is support staff and needs my login": (
            "Somebody asked me for money or my password. What now?",
            "No spam or scams",
        ),
        "is swearing allowed": ("Adult content",),
        "can we discuss politics": ("Stay on topic",),
        "may I post answers from chatgpt?": ("Generated text and pictures",),
        "why does it say I have to wait 30 seconds between messages": (
            "What is slow mode, and why can't I post right now?",
        ),
        "what do I have to do for the verified badge": ("How do I get the verified role?",),
        "I'm new, what should I tell about myself?": ("What should I write in my introduction?",),
        "why was my link held back": ("Posting links",),
        "are affiliate links okay": ("Posting links",),
        "where can I sell my old oscilloscope": (
            "Self-promotion and selling",
            "Which channels are there?",
        ),
        "how do I contest a removal": ("My message was removed. How do I appeal?",),
        "I want to flag a nasty comment": ("How do I report a message or a member?",),
        "will they know it was me who reported them?": ("How do I report a message or a member?",),
        "when do you guys meet online to build stuff": (
            "When is the next build night, and how do I join?",
        ),
        "could I host a class on leather work?": ("Can I run a workshop or propose an event?",),
        "do you ever meet offline, in real life?": ("Is there a yearly meetup in person?",),
        "am I talking to a machine?": ("Is Guide a bot or a person?",),
        "stop replying to me, bot": ("How do I stop the bot from answering me?",),
        "delete everything you know about me": (
            "What do you store about me, and how do I have it deleted?",
        ),
        "is there a channel for spanish speakers": (
            "Can I write in a language other than English?",
        ),
        "how many warnings until I get kicked out?": ("Warnings, timeouts and bans",),
        "can I post photos of a stranger's workshop with their face": ("Privacy of others",),
        "is sharing cracked software fine": ("Copyright and piracy",),
        "can I ask how to rewire a 230 volt socket": ("Safety with mains, batteries and blades",),
        "what is the right place for a picture of my finished lamp?": (
            "Which channels are there?",
            "Self-promotion and selling",
        ),
        "nobody answers my question, how should I ask": ("How do I ask a good question in #help?",),
        "I think I found a security hole in the bot": (
            "Where do I report a problem with the server, the bot or the website?",
        ),
        "I don't want to live anymore": ("I feel really bad. Who can I talk to?",),
        "how to pick roles for the hobbies I like": (
            "How do I change my nickname or choose roles for my interests?",
        ),
        "need to speak with a moderator, not a robot": (
            "How can I talk to a person instead of the bot?",
        ),
    },
    unanswerable=(
        "which soldering iron should I buy for 50 euros?",
        "what's the capital of Australia?",
        "my 3d printer leaves strings everywhere, how do I fix it",
        "how much is a premium membership?",
        "lol nice one",
        "who won the match last night?",
        "anyone up for a game of chess",
        "what's the resistance of a red-red-brown resistor?",
        "good morning everyone",
        "can you write my homework essay about Napoleon",
        "what's the wifi password at the makerspace?",
        "is it going to rain tomorrow",
        "what glue holds acrylic to wood best?",
        "how do I center a div in css",
        "does anyone have a spare stepper motor driver lying around that works with 24V?",
        "who was the first person on the moon?",
        "what do you think about the new phone",
        "haha that's exactly what happened to my cat",
        "what's a good recipe for pancakes",
        "how long does epoxy need to cure at ten degrees?",
        "when does the next season of that show start",
        "can you recommend a dentist in Lisbon",
        "just finished painting my bike, so happy",
        "how do I convert inches to millimetres?",
    ),
)

SECOND = Questions(
    answerable={
        "where do I click to become a verified member": ("How do I get the verified role?",),
        "do I need to give my real name when I say hello": (
            "What should I write in my introduction?",
        ),
        "what information should I include when my circuit doesn't work": (
            "How do I ask a good question in #help?",
        ),
        "which room is for finished projects?": (
            "Which channels are there?",
            "Self-promotion and selling",
            "Stay on topic",
        ),
        "hablo español, is that a problem?": ("Can I write in a language other than English?",),
        "how can I set a different display name": (
            "How do I change my nickname or choose roles for my interests?",
        ),
        "how do I join thursday's voice session": (
            "When is the next build night, and how do I join?",
        ),
        "I would like to organise a soldering course for the others": (
            "Can I run a workshop or propose an event?",
        ),
        "tickets for the september gathering": ("Is there a yearly meetup in person?",),
        "this user keeps harassing me, how do I make a report": (
            "How do I report a message or a member?",
            "No harassment, hate or threats",
        ),
        "you took down my comment by mistake, I want it reviewed": (
            "My message was removed. How do I appeal?",
        ),
        "my ban was months ago, may I return": ("I was banned. Can I come back?",),
        "give me a human": ("How can I talk to a person instead of the bot?",),
        "are you looking for new moderators": ("How can I become a moderator?",),
        "I can't send messages, what's going on": (
            "What is slow mode, and why can't I post right now?",
        ),
        "are you an AI?": ("Is Guide a bot or a person?",),
        "I wrote a bot for this server, can you add it": ("Can I add my own bot to the server?",),
        "I want my personal data erased": (
            "What do you store about me, and how do I have it deleted?",
        ),
        "how do I opt out of the assistant": ("How do I stop the bot from answering me?",),
        "I clicked a link and typed in my password, was that a scam": (
            "Somebody asked me for money or my password. What now?",
            "No spam or scams",
        ),
        "I'm feeling suicidal": ("I feel really bad. Who can I talk to?",),
        "the website shows an error, where can I report bugs": (
            "Where do I report a problem with the server, the bot or the website?",
        ),
        "what are the rules about being nice to beginners": ("Be kind",),
        "are slurs against gay people punished": ("No harassment, hate or threats",),
        "can I use bit.ly short links": ("Posting links",),
        "how often can I advertise my own shop": ("Self-promotion and selling",),
        "is crypto giveaway stuff allowed": ("No spam or scams",),
        "may I talk about the election": ("Stay on topic",),
        "is it ok to give advice on working with live mains wires": (
            "Safety with mains, batteries and blades",
        ),
        "are nsfw pictures allowed": ("Adult content",),
        "someone posted my home address": ("Privacy of others",),
        "can I upload a pdf of a book I scanned": ("Copyright and piracy",),
        "do I have to label AI generated images": ("Generated text and pictures",),
        "what happens after my third warning": ("Warnings, timeouts and bans",),
    },
    unanswerable=(
        "what's the best microcontroller for beginners?",
        "how do I sharpen a chisel",
        "why won't my motor spin when I connect the battery",
        "does anyone know a good hardware store in Berlin",
        "what year did the first transistor come out",
        "which laptop should I get for CAD",
        "tell me a joke",
        "who wrote Don Quixote?",
        "how many grams are in an ounce",
        "nice weather today",
        "I just got a new puppy!",
        "does this resistor look burnt to you?",
        "how tall is the Eiffel tower",
        "what is your favourite film",
        "how much does shipping to Canada cost",
        "my sewing machine skips stitches",
        "any tips for learning the guitar",
        "translate 'good evening' to Japanese",
        "what's the plot of the new episode",
        "is the library open on Sundays?",
    ),
)

HELD_OUT = Questions(
    answerable={
        "my verified status still isn't there": ("How do I get the verified role?",),
        "should I tell people my age in my first post": (
            "What should I write in my introduction?",
        ),
        "tips for getting a quick answer from the helpers": (
            "How do I ask a good question in #help?",
        ),
        "is there a channel to trade tools": (
            "Which channels are there?",
            "Self-promotion and selling",
        ),
        "can we chat in german": ("Can I write in a language other than English?",),
        "I want a woodworking role on my profile": (
            "How do I change my nickname or choose roles for my interests?",
        ),
        "at what hour does build night start?": (
            "When is the next build night, and how do I join?",
        ),
        "who do I ask about hosting a live session": ("Can I run a workshop or propose an event?",),
        "is there a convention where everybody meets": ("Is there a yearly meetup in person?",),
        "how do I tell the mods about a rude post": ("How do I report a message or a member?",),
        "I'd like a second opinion on the removal of my thread": (
            "My message was removed. How do I appeal?",
        ),
        "how long until a banned user can ask to return": ("I was banned. Can I come back?",),
        "is there anyone real I can speak with": (
            "How can I talk to a person instead of the bot?",
        ),
        "requirements for being a mod": ("How can I become a moderator?",),
        "why does it not let me write anything": (
            "What is slow mode, and why can't I post right now?",
        ),
        "who made this answer, a computer?": ("Is Guide a bot or a person?",),
        "may I invite a music bot": ("Can I add my own bot to the server?",),
        "do you sell my messages to anybody": (
            "What do you store about me, and how do I have it deleted?",
        ),
        "please no more automatic answers": ("How do I stop the bot from answering me?",),
        "a stranger offers me free nitro if I log in": (
            "Somebody asked me for money or my password. What now?",
            "No spam or scams",
        ),
        "everything is hopeless and I feel alone": ("I feel really bad. Who can I talk to?",),
        "the /appeal command crashes, where do I tell you": (
            "Where do I report a problem with the server, the bot or the website?",
        ),
        "can I call someone an idiot": ("Be kind",),
        "what if someone makes a racist joke": ("No harassment, hate or threats",),
        "new member can't share a youtube link": ("Posting links",),
        "am I allowed to post about my etsy store": ("Self-promotion and selling",),
        "can I ping the whole server": ("No spam or scams",),
        "is it okay to argue about religion here": ("Stay on topic",),
        "how do I open up a microwave safely, can I ask that": (
            "Safety with mains, batteries and blades",
        ),
        "may I post naked photos": ("Adult content",),
        "can I publish someone's phone number": ("Privacy of others",),
        "is torrenting paid plans a problem": ("Copyright and piracy",),
        "are midjourney images ok in showcase": ("Generated text and pictures",),
        "do old warnings expire": ("Warnings, timeouts and bans",),
    },
    unanswerable=(
        "which wood is best for a cutting board",
        "what time is it in Tokyo",
        "how do I reset my router",
        "my printer won't connect to the computer",
        "why is the sky blue",
        "what's a fair price for a used lathe",
        "good night all, see you",
        "does anybody like jazz",
        "how do I remove rust from an old plane iron",
        "what is the boiling point of ethanol",
        "who is the president of France",
        "I finally finished my keyboard build!",
        "can someone explain ohm's law to me",
        "recommend me a book about gardening",
        "when was the Roman empire founded",
        "is this bearing the right size for my skateboard",
        "ok thanks",
        "how do I install Linux on a laptop",
        "what did you have for lunch",
        "my cat knocked over the paint",
    ),
)

FRESH = Questions(
    answerable={
        "the badge did not appear although I pressed the button": (
            "How do I get the verified role?",
        ),
        "what do I put into my hello post": ("What should I write in my introduction?",),
        "my question in help got ignored for two days": ("How do I ask a good question in #help?",),
        "where does a photo of my bookshelf belong": (
            "Which channels are there?",
            "Self-promotion and selling",
        ),
        "are posts in Polish okay": ("Can I write in a language other than English?",),
        "I picked the wrong interest role, how do I swap it": (
            "How do I change my nickname or choose roles for my interests?",
        ),
        "which evening do people build together in voice": (
            "When is the next build night, and how do I join?",
        ),
        "can I give a talk about 3d printing": ("Can I run a workshop or propose an event?",),
        "do you have a get-together once a year": ("Is there a yearly meetup in person?",),
        "I saw a nasty comment, how can I let the team know": (
            "How do I report a message or a member?",
        ),
        "why was my post taken down and can that be undone": (
            "My message was removed. How do I appeal?",
        ),
        "is a ban for life": ("I was banned. Can I come back?",),
        "can a human take over please": ("How can I talk to a person instead of the bot?",),
        "how do you choose your moderators": ("How can I become a moderator?",),
        "it says I need to wait before I send the next message": (
            "What is slow mode, and why can't I post right now?",
        ),
        "is this answer written by software": ("Is Guide a bot or a person?",),
        "can I install a bot that plays music": ("Can I add my own bot to the server?",),
        "for how long do you keep what I write": (
            "What do you store about me, and how do I have it deleted?",
        ),
        "make guide leave me alone": ("How do I stop the bot from answering me?",),
        "someone says he is an admin and wants my password": (
            "Somebody asked me for money or my password. What now?",
            "No spam or scams",
        ),
        "I can't go on any more": ("I feel really bad. Who can I talk to?",),
        "the bot gives an error, who fixes that": (
            "Where do I report a problem with the server, the bot or the website?",
        ),
        "is it fine to laugh at beginners' mistakes": ("Be kind",),
        "my neighbour's photo was posted without asking him": ("Privacy of others",),
        "is it allowed to share a paid pattern as a free download": ("Copyright and piracy",),
        "may I show pictures that an AI made": ("Generated text and pictures",),
        "how many strikes do I have before a timeout": ("Warnings, timeouts and bans",),
        "can I advertise my kickstarter": ("Self-promotion and selling",),
        "may I post lithium battery repairs": ("Safety with mains, batteries and blades",),
        "are shortened urls removed": ("Posting links",),
    },
    unanswerable=(
        "which drill bit do I need for ceramic tiles",
        "who painted the night watch",
        "my laptop fan is loud, what can I do",
        "what is a good beginner synthesizer",
        "how do I get coffee stains out of a shirt",
        "see you tomorrow folks",
        "how many litres are in a gallon",
        "is pluto a planet",
        "my tomatoes have brown spots",
        "what's the difference between PLA and PETG",
        "can you solve this equation for me",
        "who is the fastest runner in the world",
        "just ordered pizza, so hungry",
        "how do I train for a marathon",
        "what's the best way to learn Spanish",
        "the bus was late again today",
        "how do I tie a bowline knot",
        "which camera lens is good for portraits",
        "when is the next solar eclipse",
        "congrats on the new job!",
    ),
)
"""Written after the weights of reranking, before the first measurement with them."""
