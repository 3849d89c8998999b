"""What the browser is told, and what it is never asked to fetch."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient
from web_sample import ADDRESSES, CELL, INCIDENT, INCIDENTS, QUALITY, SCRIPT

from pipelines.web import charts

STATIC = ("/static/page.css", "/static/page.js", "/static/chart.js", "/static/icon.svg")
# Names of XML namespaces and of schemas, and texts of messages and of a menu that is switched off: never fetched.
NEVER_FETCHED = {
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xlink",
    "http://www.w3.org/2000/xmlns/",
    "https://vega.github.io/schema/vega/v6.json",
    "https://vega.github.io/editor/",
    "https://github.com/vega/vega-lite/issues/2415",
}


class Tags(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember one tag."""
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", [*ADDRESSES, *STATIC, "/nothing", "/?page=x"])
def test_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    if path not in STATIC:
        assert headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/", CELL, QUALITY, INCIDENTS, INCIDENT, *STATIC, "/nothing"])
def test_no_outside_address(client: TestClient, path: str) -> None:
    found = set(re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[^\s\"'<>)]*", client.get(path).text))
    assert found <= {"//www.w3.org/2000/svg", "http://www.w3.org/2000/svg"}


def test_the_chart_script_is_our_own_and_stays_with_the_browser(client: TestClient) -> None:
    answer = client.get(f"/vega/{charts.vega_version()}.js")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"] and "private" in answer.headers["cache-control"]
    assert "vegaEmbed" in answer.text
    assert set(re.findall(r"https?://[\w./_#-]+", answer.text)) <= NEVER_FETCHED


def test_static_files_are_kept_only_under_an_address_with_their_hash(client: TestClient) -> None:
    styled = re.search(r'href="(/static/page.css\?v=\w+)"', client.get("/").text)
    assert styled and "immutable" in client.get(styled[1]).headers["cache-control"]
    assert "immutable" not in client.get("/static/page.css").headers["cache-control"]


@pytest.mark.parametrize("path", ["/", CELL, INCIDENTS, INCIDENT])
def test_hostile_names_stay_text(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert SCRIPT not in page and "&lt;script&gt;" in page
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", page)
    for tag, attributes in Tags(page).found:
        assert "style" not in attributes and not [name for name in attributes if name.startswith("on")], tag
        if tag == "script":
            assert attributes.get("src") or attributes.get("type") == "application/json"
        for address in (attributes.get("href"), attributes.get("src"), attributes.get("action")):
            assert address is None or address[0] in "/#"


@pytest.mark.parametrize("path", ["/", CELL, QUALITY, INCIDENTS, INCIDENT])
def test_a_keyboard_and_a_reader_find_their_way(client: TestClient, path: str) -> None:
    page = client.get(path).text
    found = Tags(page).found
    labelled = {attributes["for"] for tag, attributes in found if tag == "label"}
    fields = {
        attributes["id"]
        for tag, attributes in found
        if tag in ("select", "input") and attributes.get("type") != "hidden"
    }
    assert labelled == fields
    assert all(attributes.get("scope") for tag, attributes in found if tag == "th")
    assert [tag for tag, _ in found].count("h1") == 1
    assert '<html lang="zh-CN">' in page
    identities = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("echoed", ['"><script>alert(1)</script>', "javascript:alert(1)", "' onfocus=alert(1) '"])
def test_what_was_typed_comes_back_as_text(client: TestClient, echoed: str) -> None:
    for field in ("keyword", "district", "street", "community", "issue"):
        for page in ("/", INCIDENTS):
            answer = client.get(page, params={field: echoed})
            assert answer.status_code == 200 and "<script>alert" not in answer.text
            assert not [1 for _, attributes in Tags(answer.text).found if "onfocus" in attributes]


def test_mounted_under_a_path_all_links_stay_under_it(client: TestClient) -> None:
    from fastapi import FastAPI

    outer = FastAPI()
    outer.mount("/xianban", client.app)
    mounted = TestClient(outer, headers={"who": "analyst"})
    for path in ("/xianban/", f"/xianban{CELL}", f"/xianban{QUALITY}", f"/xianban{INCIDENTS}", f"/xianban{INCIDENT}"):
        page = mounted.get(path).text
        for tag, attributes in Tags(page).found:
            for address in (attributes.get("href"), attributes.get("src"), attributes.get("action")):
                assert address is None or address.startswith(("/xianban/", "#")), (tag, address)
    assert mounted.get("/xianban/api/forecast?page=x").json()["detail"].startswith("地址中的")
