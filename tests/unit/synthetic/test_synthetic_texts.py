"""Complaint texts: too hard for looking up words, not too hard to learn, and free of real people."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

from pipelines.synthetic import people
from pipelines.synthetic.labels import issue_names
from pipelines.synthetic.places import SAMPLE_CITY, read_rows
from pipelines.synthetic.profiles import PROFILES
from pipelines.synthetic.texts import LONGEST, SHORTEST, Spot, Text, Writer, load_phrases

SERVICE_NUMBERS = {"13800138000", "13010112345", "13010111234", "18610010010", "13800000000", "13900000000"}
Labelled = list[tuple[str, str]]


@pytest.fixture(scope="module")
def texts() -> list[tuple[Text, str]]:
    """Six thousand complaints with their issues, at the frequencies of an ordinary city."""
    writer = Writer(1)
    spots = [
        Spot("新华社区", "康宁花园", "柳堤路", "永福街", "新华商业广场", "新华初级中学"),
        Spot("老街社区", "听雨里", "迎宾街", "松柏大道", "老街早市", "老街幼儿园"),
    ]
    codes = [code for code, profile in PROFILES.items() for _ in range(round(profile.weight * 4))]
    return [
        (writer.complain(codes[n * 7919 % len(codes)], spots[n % 2], datetime(2026, 9, 1 + n % 28, n % 24), n), code)
        for n in range(6_000)
        for code in [codes[n * 7919 % len(codes)]]
    ]


def split(texts: list[tuple[Text, str]]) -> tuple[Labelled, Labelled]:
    """Title and content with the issue, for learning and for judging."""
    pairs = [(f"{text.title}。{text.content}", issue) for text, issue in texts]
    return pairs[:4000], pairs[4000:]


def keyword_matchers(train: Labelled) -> dict[str, Callable[[str], str]]:
    """The best that looking up words can do: names, aliases and phrases, with priorities learnt from texts.

    Each word stands for the issue it most often goes with; a text gets the longest, the most reliable, the first or the
    last of its words, or the issue its words vote for.
    """
    words = {word for book in load_phrases().values() for word in (*book["words"], *book["short"])}
    words |= set(issue_names(SAMPLE_CITY).values())
    words |= {r["value"].split("-")[-1] for r in read_rows(SAMPLE_CITY / "issue_map.csv") if r["system"] != "grid"}
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for text, issue in train:
        for word in words:
            if word in text:
                seen[word][issue] += 1
    meaning = {word: counts.most_common(1)[0][0] for word, counts in seen.items()}
    trust = {word: counts[meaning[word]] / counts.total() for word, counts in seen.items()}
    usual = Counter(issue for _, issue in train).most_common(1)[0][0]

    def found(text: str) -> list[str]:
        return [word for word in meaning if word in text]

    def by(rank: Callable[[str, str], tuple[float, ...]]) -> Callable[[str], str]:
        return lambda text: meaning[max(w, key=lambda word: rank(text, word))] if (w := found(text)) else usual

    def vote(text: str) -> str:
        votes: Counter[str] = Counter()
        for word in found(text):
            for issue, count in seen[word].items():
                votes[issue] += count / seen[word].total()  # type: ignore[assignment]
        return votes.most_common(1)[0][0] if votes else usual

    return {
        "longest": by(lambda text, word: (len(word), trust[word])),
        "most reliable": by(lambda text, word: (trust[word], len(word))),
        "first": by(lambda text, word: (-text.find(word), len(word))),
        "last": by(lambda text, word: (text.rfind(word), len(word))),
        "vote": vote,
    }


def accuracy(guess: Callable[[str], str], test: Labelled) -> float:
    """Share of texts whose issue is guessed."""
    return sum(guess(text) == issue for text, issue in test) / len(test)


def test_texts_keep_to_their_length_and_differ(texts: list[tuple[Text, str]]) -> None:
    contents = [text.content for text, _ in texts]
    assert all(SHORTEST <= len(content) <= LONGEST for content in contents)
    assert len(set(contents)) > 0.99 * len(contents)


def test_many_texts_are_ambiguous_by_design(texts: list[tuple[Text, str]]) -> None:
    assert sum(text.is_ambiguous for text, _ in texts) >= 0.15 * len(texts)


def test_oblique_phrases_use_none_of_their_issue_s_words() -> None:
    for book in load_phrases().values():
        assert not [word for word in book["words"] for phrase in book["oblique"] if word in phrase]
        assert all(any(word in phrase for word in book["words"]) for phrase in book["clear"])


def test_keywords_fail_and_learning_helps_but_is_not_perfect(texts: list[tuple[Text, str]]) -> None:
    train, test = split(texts)
    best = max(accuracy(guess, test) for guess in keyword_matchers(train).values())
    assert best < 0.85
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = LinearSVC(C=0.5).fit(vectors.fit_transform([text for text, _ in train]), [issue for _, issue in train])
    learnt = model.score(vectors.transform([text for text, _ in test]), [issue for _, issue in test])
    assert best + 0.05 < learnt < 0.99


def test_personal_data_appears_in_a_share_of_texts(texts: list[tuple[Text, str]]) -> None:
    joined = "\n".join(text.content for text, _ in texts)
    for pattern in (
        r"1[3-9]\d{9}",
        r"9901\d{13}[\dX]",
        r"[京津冀晋豫皖苏]Z·?00",
        r"0390-\d{7}",
        r"单元\d+室",
        "女士|先生",
    ):
        assert len(re.findall(pattern, joined)) > 20, pattern
    # numbers of work orders must survive masking, so some texts quote one
    assert re.search(r"(?<!\d)2509\d{14}(?!\d)", joined)


def test_phone_numbers_belong_to_nobody_and_differ_between_people() -> None:
    phones = {people.phone(person) for person in range(150_000)}
    assert len(phones) == 150_000 and not phones & SERVICE_NUMBERS
    assert all(len(phone) == 11 and phone[0] == "1" and phone[3:7] == "0000" for phone in phones)


def test_identity_cards_have_a_valid_birth_date_and_checksum() -> None:
    rng = random.Random(1)
    for _ in range(200):
        card = people.identity_card(rng)
        assert len(card) == 18 and card[-1] == people.card_check(card[:17]) and card.startswith("99010")
        date(int(card[6:10]), int(card[10:12]), int(card[12:14]))
    assert people.card_check("11010519491231002") == "X"  # the example of GB 11643
