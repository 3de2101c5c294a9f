"""The language of a message, and no guess where a few letters do not tell."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from greenroom.triage.base import SCORES_ONLY, Wants
from greenroom.triage.encoder import Encoder
from greenroom.triage.language import UNDETERMINED, detect_language

WRITTEN = {
    "de": (
        "Ich wollte nur kurz fragen, ob heute Abend noch jemand mitspielen möchte.",
        "Das neue Update gefällt mir überhaupt nicht, früher war alles besser.",
        "Kannst du mir bitte erklären, wie man hier eine Rolle bekommt?",
    ),
    "pt": (
        "Alguém sabe como faço para recuperar a minha senha?",
        "Obrigado pela ajuda, agora está tudo funcionando muito bem.",
        "Hoje à noite vamos jogar juntos, quem quiser pode entrar.",
    ),
    "ru": (
        "Кто-нибудь знает, как получить роль на этом сервере?",
        "Спасибо большое, теперь всё работает как надо.",
        "Сегодня вечером играем вместе, присоединяйтесь.",
    ),
    "en": (
        "Does anyone know how I can get the verified role?",
        "Thanks a lot, everything works the way it should now.",
        "We are playing together tonight, whoever wants to can join.",
    ),
}


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in WRITTEN.items() for text in texts]
)
def test_a_sentence_tells_its_language(language: str, text: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text",
    ["", "lol", "ok", "gg wp", "lmao", "брб", "12345 678", "😂😂😂", "!!!", " \n", "\x00\x01"],
)
def test_what_has_no_words_to_speak_of_is_in_no_language(text: str) -> None:
    assert detect_language(text) == UNDETERMINED == "und"


@given(st.text(alphabet=st.characters(), max_size=300))
@example("\ud800" * 20)
@example("\u202e\u200b\u2066" * 50)
@example("a" * 100_000)
@example("мир" * 50_000)
@example("e\u0301" * 3_000)
@example("https://" * 500)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_has_a_code(text: str) -> None:
    found = detect_language(text)
    assert 2 <= len(found) <= 3
    assert found.isascii()
    assert found.isalpha()
    assert found.islower()


def test_a_reading_has_the_language_only_when_it_is_wanted(encoder: Encoder) -> None:
    text = WRITTEN["de"][0]
    asked = encoder.read(text, Wants(intent=False, embedding=False, language=True))
    assert asked.language == "de"
    assert encoder.read(text, SCORES_ONLY).language is None
