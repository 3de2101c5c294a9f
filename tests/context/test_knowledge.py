"""Indexing a folder step by step, and searching what a persona may use."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from greenroom.context import EdgeStore, Indexed, Knowledge, Point, VectorStore
from greenroom.context.base import VECTOR_SIZE, Vector, point_id
from greenroom.context.knowledge import MAX_SENTENCES, searchable
from greenroom.context.markdown import Chunk
from greenroom.errors import ConfigError, GiveUp
from tests.context.vectors import bag_of_words

RULES = "# Rules\n## Links\nShort links are removed.\n## Tone\nBe kind to beginners here."
FAQ = (
    "# FAQ\n## How do I get verified?\n<!-- also asked:\nwhere is my badge\n-->\nPress the button."
)


class Embedding:
    """Embeds by words and counts what it was asked to embed."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def __call__(self, text: str) -> Vector:
        self.asked[text] += 1
        return await bag_of_words(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "knowledge"
    (folder / "faq" / "start").mkdir(parents=True)
    (folder / "rules.md").write_text(RULES, "utf-8")
    (folder / "faq" / "start" / "role.md").write_text(FAQ, "utf-8")
    return folder


async def answers(knowledge: Knowledge, question: str, *sources: str) -> list[str]:
    vector = await bag_of_words(question)
    return [passage.text for passage in await knowledge.search(vector, sources=sources or (".",))]


async def test_search_gives_passages_with_source_and_heading(
    store: VectorStore, folder: Path
) -> None:
    knowledge = Knowledge(store)
    await knowledge.index(folder, Embedding())
    vector = await bag_of_words("how do i get verified")
    best, *_ = await knowledge.search(vector, sources=["."])
    assert (best.source, best.heading) == ("faq/start/role.md", "FAQ › How do I get verified?")
    assert best.text == "Press the button."
    assert 0.5 < best.score <= 1


async def test_search_finds_by_what_is_also_asked(store: VectorStore, folder: Path) -> None:
    knowledge = Knowledge(store)
    await knowledge.index(folder, Embedding())
    assert (await answers(knowledge, "where is my badge"))[0] == "Press the button."


async def test_search_scores_by_the_two_nearest_texts(store: VectorStore, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# alpha beta\ngamma delta", "utf-8")
    knowledge = Knowledge(store)
    await knowledge.index(tmp_path, bag_of_words)
    [passage] = await knowledge.search(await bag_of_words("alpha beta"), sources=["a.md"])
    # The heading is the question (1), the whole has two more words (1/√2).
    assert passage.score == pytest.approx(0.42 + 0.48 * (1 + 0.5**0.5) / 2, abs=1e-3)


async def test_search_counts_the_words_in_common(store: VectorStore, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# alpha beta\ngamma delta", "utf-8")
    (tmp_path / "b.md").write_text("# epsilon\nzeta", "utf-8")
    knowledge = Knowledge(store)
    await knowledge.index(tmp_path, bag_of_words)
    vector = await bag_of_words("alpha beta")
    with_words, other = await knowledge.look(vector, sources=["."], text="Alphas? Beta!")
    [without, _] = await knowledge.look(vector, sources=["."])
    assert 0 < with_words.words < 1
    assert other.words == without.words == 0
    gained = with_words.passage.score - without.passage.score
    assert gained == pytest.approx(0.1 * with_words.words, abs=1e-6)


async def test_search_finds_by_words_what_is_far_by_meaning(
    store: VectorStore, tmp_path: Path
) -> None:
    for number in range(80):
        (tmp_path / f"{number}.md").write_text(f"# The question {number}\nSaid here.", "utf-8")
    (tmp_path / "rare.md").write_text("# Elsewhere\nAbout the xylophone alone.", "utf-8")
    knowledge = Knowledge(store)
    await knowledge.index(tmp_path, bag_of_words)
    vector = await bag_of_words("the question said here")
    by_meaning = await knowledge.search(vector, sources=["."], limit=81)
    assert by_meaning[0].source != "rare.md"
    found = await knowledge.search(vector, sources=["."], text="a xylophone?", limit=50)
    assert "rare.md" in {passage.source for passage in found}


async def test_search_gives_the_address_of_the_file(store: VectorStore, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nurl: https://acme.example/a\n---\n# A\nText.", "utf-8")
    knowledge = Knowledge(store)
    await knowledge.index(tmp_path, bag_of_words)
    [passage] = await knowledge.search(await bag_of_words("a"), sources=["."])
    assert passage.url == "https://acme.example/a"


async def test_search_gives_each_passage_once_and_as_many_as_asked(
    store: VectorStore, tmp_path: Path
) -> None:
    asked = "\n".join(f"badge number {number}" for number in range(12))
    crowd = f"# badge\n<!-- also asked:\n{asked}\n-->\nThe badge. " + "A badge is a badge. " * 12
    (tmp_path / "crowd.md").write_text(crowd, "utf-8")
    for number in range(9):
        (tmp_path / f"{number}.md").write_text(f"# Other {number}\nNothing of it.", "utf-8")
    knowledge = Knowledge(store)
    await knowledge.index(tmp_path, bag_of_words)
    vector = await bag_of_words("badge")
    passages = await knowledge.search(vector, sources=["."], limit=8)
    assert passages[0].heading == "badge"
    assert len({passage.source for passage in passages}) == len(passages) == 8
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("sources", "files"),
    [
        (["rules.md"], {"rules.md"}),
        (["./rules.md"], {"rules.md"}),
        (["faq/"], {"faq/start/role.md"}),
        (["faq"], {"faq/start/role.md"}),
        (["faq/start/role.md"], {"faq/start/role.md"}),
        (["rules.md", "faq/start/"], {"rules.md", "faq/start/role.md"}),
        (["."], {"rules.md", "faq/start/role.md"}),
        (["fa"], set()),
        ([], set()),
    ],
)
async def test_search_stays_in_the_sources(
    store: VectorStore, folder: Path, sources: list[str], files: set[str]
) -> None:
    knowledge = Knowledge(store)
    await knowledge.index(folder, bag_of_words)
    found = await knowledge.search(await bag_of_words("links"), sources=sources, limit=50)
    assert {passage.source for passage in found} == files


async def test_search_before_indexing_finds_nothing(store: VectorStore) -> None:
    assert await answers(Knowledge(store), "anything") == []


async def test_index_again_embeds_nothing(store: VectorStore, folder: Path) -> None:
    knowledge, embed = Knowledge(store), Embedding()
    first = await knowledge.index(folder, embed)
    embed.asked.clear()
    again = await knowledge.index(folder, embed)
    assert not embed.asked
    assert first == Indexed(chunks=3, embedded=first.embedded, kept=0, deleted=0)
    assert again == Indexed(chunks=3, embedded=0, kept=first.embedded, deleted=0)


async def test_index_embeds_only_what_changed(store: VectorStore, folder: Path) -> None:
    knowledge, embed = Knowledge(store), Embedding()
    await knowledge.index(folder, embed)
    embed.asked.clear()
    changed = RULES.replace("Short links are removed.", "Short links are held back.")
    (folder / "rules.md").write_text(changed, "utf-8")
    indexed = await knowledge.index(folder, embed)
    assert set(embed.asked) == {
        "Rules › Links\nShort links are held back.",
        "Links",
        "Links Short links are held back.",
    }
    assert indexed.deleted == indexed.embedded == 3
    texts = await answers(knowledge, "short links")
    assert texts[0] == "Short links are held back."
    assert "Short links are removed." not in texts


async def test_index_deletes_what_vanished(store: VectorStore, folder: Path) -> None:
    knowledge = Knowledge(store)
    await knowledge.index(folder, bag_of_words)
    (folder / "rules.md").unlink()
    await knowledge.index(folder, bag_of_words)
    assert await answers(knowledge, "links") == ["Press the button."]


async def test_index_embeds_all_for_another_model(store: VectorStore, folder: Path) -> None:
    before = await Knowledge(store, model="one@1").index(folder, bag_of_words)
    after = await Knowledge(store, model="two@2").index(folder, bag_of_words)
    assert after.embedded == after.deleted == before.embedded


async def test_index_of_a_bad_file_changes_nothing(store: VectorStore, folder: Path) -> None:
    knowledge = Knowledge(store)
    await knowledge.index(folder, bag_of_words)
    (folder / "rules.md").unlink()
    (folder / "bad.md").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"bad\.md:1:1: is not UTF-8"):
        await knowledge.index(folder, bag_of_words)
    assert len(await answers(knowledge, "links")) == 3


async def test_index_tells_why_embedding_failed(store: VectorStore, folder: Path) -> None:
    async def closed(text: str) -> Vector:
        raise GiveUp("triage is closed")

    with pytest.raises(GiveUp, match="triage is closed"):
        await Knowledge(store).index(folder, closed)


async def test_index_goes_on_after_a_crash(tmp_path: Path, folder: Path) -> None:
    for number in range(60):
        (folder / f"{number}.md").write_text(f"# Number {number}\nOf many.", "utf-8")
    embed = Embedding()

    async def failing(text: str) -> Vector:
        if text.startswith("Number 50"):
            raise GiveUp("power cut")
        return await embed(text)

    store = EdgeStore(tmp_path / "qdrant")
    with pytest.raises(GiveUp):
        await Knowledge(store).index(folder, failing)
    await store.close()
    store = EdgeStore(tmp_path / "qdrant")
    indexed = await Knowledge(store).index(folder, embed)
    await store.close()
    assert indexed.kept >= 64  # at least the first batch


async def test_index_leaves_sentences_out_of_a_large_folder(
    store: VectorStore, folder: Path
) -> None:
    small = await Knowledge(store).index(folder, bag_of_words)
    large = await Knowledge(store, sentences_up_to=2).index(folder, bag_of_words)
    assert (large.embedded, large.deleted, large.kept) == (0, 2, small.embedded - 2)
    assert len(await answers(Knowledge(store), "links")) == 3


async def test_index_upgrades_a_folder_that_was_made_without_words(
    store: VectorStore, folder: Path
) -> None:
    await store.ensure("knowledge", size=VECTOR_SIZE, keys=("within",))
    old = Point(point_id("old"), await bag_of_words("links"), {"text": "old", "within": (".",)})
    await store.upsert("knowledge", [old])
    knowledge = Knowledge(store)
    await knowledge.index(folder, bag_of_words)
    assert "old" not in await answers(knowledge, "links")
    [best, *_] = await knowledge.look(await bag_of_words("x"), sources=["."], text="short links")
    assert best.words > 0


def test_searchable_texts_of_a_chunk_are_bounded_and_leave_code_out() -> None:
    text = "```\nrm -rf is code here now\n```\n" + "One sentence of five words. " * 100
    chunk = Chunk("a.md", ("FAQ", "What?"), text, tuple("abc"))
    whole, title, *rest = searchable(chunk)
    assert whole == f"FAQ › What?\n{text}"
    assert title == "What?"
    assert rest[:3] == ["a", "b", "c"]
    assert rest[3:] == ["What? One sentence of five words."] * MAX_SENTENCES
