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


def test_alarms_of_the_watch_stand_in_the_method_view(client: TestClient) -> None:
    page = client.get("/").text
    assert "预测自查告警1项" in page
    assert page.index("近4周各类诉求的构成变样") < page.index("诉求总量：历史不足56周")


def test_a_thin_cell_shows_no_probability(client: TestClient) -> None:
    page = client.get("/?page=2").text
    assert page.count(">样本不足</b>") == 1 and 'title="该类诉求不足10件"' in page
    row = client.get("/api/forecast?page=2").json()["rows"][-1]
    assert row["is_thin"] and row["is_treated"] is False
    cell = client.get(f"/cell/{row['community_code']}/{row['issue_code']}").text
    assert "样本不足：" in cell and "该类诉求不足10件" in cell
