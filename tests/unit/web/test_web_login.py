"""Nobody sees anything without a login, and Airflow loads the plugin without loading the page."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from fastapi.testclient import TestClient
from web_sample import ADDRESSES

from pipelines.settings import CHECKOUT


def test_a_stranger_gets_401_on_every_route(stranger: TestClient) -> None:
    paths = {route.path for route in stranger.app.routes}
    assert len(paths) == 15
    for path in paths:
        filled = path.replace("{community_code}", "110105001001").replace("{issue_code}", "06001")
        filled = filled.replace("{name}", "page.css").replace("{version}", "1").replace("{rest:path}", "anything/else")
        answer = stranger.get(filled, follow_redirects=False)
        assert answer.status_code == 401, path
        assert "社区" not in answer.text


@pytest.mark.parametrize("path", [*ADDRESSES, "/docs", "/redoc", "/openapi.json", "/nothing", "/?page=x", "/static/x"])
def test_a_stranger_gets_401_before_anything_is_looked_at(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path, follow_redirects=False)
    assert answer.status_code == 401
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_other_methods_open_nothing(stranger: TestClient, client: TestClient, method: str, path: str) -> None:
    assert stranger.request(method, path).status_code == 401
    assert client.request(method, path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/redoc",
        "/openapi.json",
        "/static/../views.py",
        "/static/views.py",
        "/vega/0.0.0.js",
        "/cell/110105001001/99999",
    ],
)
def test_what_does_not_exist_is_404_in_plain_words(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


@pytest.fixture(scope="module")
def in_airflow() -> dict[str, Any]:
    """What a fresh process sees when Airflow loads the plugin and then asks for the page."""
    code = """
import json, sys
from airflow.plugins_manager import AirflowPlugin
from pipelines.web.airflow_plugin import XianbanPlugin
loaded = sorted({name.split(".")[0] for name in sys.modules})
(app,), (view,) = XianbanPlugin.fastapi_apps, XianbanPlugin.external_views
from airflow.api_fastapi.core_api.security import get_user
routes = app["app"].page.routes
guarded = [get_user in [asked.call for asked in route.dependant.dependencies[0].dependencies] for route in routes]
print(json.dumps({"is_plugin": issubclass(XianbanPlugin, AirflowPlugin), "loaded": loaded, "guarded": guarded,
                  "url_prefix": app["url_prefix"], "view": view}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_plugin_imports_nothing_heavy(in_airflow: dict[str, Any]) -> None:
    heavy = {"polars", "sklearn", "jieba", "altair", "great_expectations", "pandas", "duckdb", "vl_convert"}
    assert in_airflow["is_plugin"]
    assert heavy & set(in_airflow["loaded"]) == set()


def test_the_default_login_is_airflows_on_every_route(in_airflow: dict[str, Any]) -> None:
    assert in_airflow["guarded"] == [True] * 15


def test_the_plugin_shows_the_page_where_it_is_mounted(in_airflow: dict[str, Any]) -> None:
    view = in_airflow["view"]
    assert f"/{view['href']}" == f"{in_airflow['url_prefix']}/"
    assert view["icon"].startswith(view["href"])
    assert view["nav_top_level"] and view["destination"] == "nav"
