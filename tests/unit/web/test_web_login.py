"""Nobody sees anything without a login, and Airflow loads the plugin without loading the page."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fastapi.testclient import TestClient
from web_sample import ADDRESSES

from pipelines.settings import CHECKOUT


def test_a_stranger_gets_401_on_every_route(stranger: TestClient) -> None:
    paths = {route.path for route in stranger.app.routes}
    assert len(paths) == 8
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


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/static/../views.py", "/static/views.py",
                                  "/vega/0.0.0.js", "/cell/110105001001/99999"])
def test_what_does_not_exist_is_404_in_plain_words(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


def test_the_default_login_is_airflows() -> None:
    """Needs Airflow's API in the process, so it runs in one of its own."""
    code = ("from pipelines.web.app import create_app\n"
            "from airflow.api_fastapi.core_api.security import get_user\n"
            "app = create_app()\n"
            "for route in app.routes:\n"
            "    first = route.dependant.dependencies[0]\n"
            "    assert get_user in [inner.call for inner in first.dependencies], route.path\n"
            "print('guarded')")
    assert _python(code) == "guarded"


def test_the_plugin_imports_nothing_heavy() -> None:
    code = ("import sys\nfrom airflow.plugins_manager import AirflowPlugin\nbefore = set(sys.modules)\n"
            "from pipelines.web.airflow_plugin import XianbanPlugin\n"
            "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
            "heavy = {'polars', 'sklearn', 'jieba', 'altair', 'great_expectations', 'pandas', 'duckdb', 'vl_convert'}\n"
            "assert issubclass(XianbanPlugin, AirflowPlugin)\n"
            "print(sorted(new & heavy), sorted(heavy & set(sys.modules)))")
    assert _python(code) == "[] []"


def test_the_plugin_shows_the_page_where_it_is_mounted() -> None:
    from pipelines.web.airflow_plugin import XianbanPlugin

    (app,), (view,) = XianbanPlugin.fastapi_apps, XianbanPlugin.external_views
    assert f"/{view['href']}" == f"{app['url_prefix']}/"
    assert view["icon"].startswith(view["href"])
    assert view["nav_top_level"] and view["destination"] == "nav"


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]
