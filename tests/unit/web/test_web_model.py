"""The page of the model cards."""

from __future__ import annotations

from fastapi.testclient import TestClient
from web_sample import MODEL, SCRIPT


def test_the_chosen_model_comes_first_with_its_sections_in_order(client: TestClient) -> None:
    page = client.get(MODEL).text
    assert page.index("分层滤波") < page.index("提升树")
    assert page.index("用途") < page.index("海淀区：PR-AUC 0.377") < page.index("新发热点较弱")
    assert page.count(">分组成绩<") == 1  # a section is named once
    assert 'href="/model"' in client.get("/").text


def test_names_in_a_card_stay_text(client: TestClient) -> None:
    assert SCRIPT not in client.get(MODEL).text
