"""The page as a FastAPI app.

Nobody is let in without a login: the question who is asking stands before every route, unknown addresses included.
In Airflow it is Airflow's own ``get_user``, which answers 401 to strangers. Everything the page shows comes from the
current published snapshot; the page writes nothing but its own copy of the chart script.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from pipelines.errors import NothingPublished, XianbanError
from pipelines.settings import Settings
from pipelines.web import incident_views
from pipelines.web.export import TooManyRows
from pipelines.web.rights import NothingGranted
from pipelines.web.view import explain
from pipelines.web.views import OpenSnapshot, render, router

log = logging.getLogger(__name__)

HEADERS = {
    # Vega runs its own expression interpreter (see static/chart.js), so no 'unsafe-eval'; no inline styles either.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_MESSAGES = {
    403: "没有查看权限。",
    404: "没有这个页面，或不在您的查看范围内。",
}


def create_app(settings: Settings | None = None, current_person: Callable[..., Any] | None = None) -> FastAPI:
    """The page.

    Args:
        settings: where the snapshots are; from the environment by default.
        current_person: a FastAPI dependency that returns an object with ``get_name()`` or raises a 401; Airflow's
            login by default.
    """
    if current_person is None:
        from airflow.api_fastapi.core_api.security import get_user

        current_person = get_user

    def know_person(request: Request, person: Any = Depends(current_person)) -> None:  # noqa: B008
        request.state.person_name = person.get_name()

    app = FastAPI(
        title="先办",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(know_person)],
    )
    app.state.settings = settings or Settings()
    app.state.opened = OpenSnapshot()
    app.middleware("http")(_add_headers)
    app.include_router(incident_views.router)  # before the other, whose last route answers everything
    app.include_router(router)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_bad_value)
    app.add_exception_handler(XianbanError, _on_known_error)
    app.add_exception_handler(Exception, _on_surprise)
    return app


async def _add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 401:
        return PlainTextResponse("请先登录。", 401, headers=error.headers)
    return _answer(request, error.status_code, _MESSAGES.get(error.status_code, "请求未能完成。"))


def _on_bad_value(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = dict.fromkeys(str(item["loc"][-1]) for item in error.errors())
    return _answer(request, 422, "".join(map(explain, fields)), "改正地址中的取值，或回到首页重新筛选。")


def _on_known_error(request: Request, error: Exception) -> Response:
    if isinstance(error, NothingPublished):
        return _answer(
            request,
            503,
            "还没有发布过预测。",
            "下一步：在服务器上运行 xianban run，或在 Airflow 中运行各流程；发布后刷新本页。",
        )
    if isinstance(error, NothingGranted):
        return _answer(
            request, 403, "您的账号还没有可查看的区域。", "请联系管理员在权限名单（grants.csv）中为您添加一行。"
        )
    if isinstance(error, TooManyRows):
        return _answer(request, 422, "行数超过一张工作表的上限。", "请缩小筛选范围，或改用 CSV 导出。")
    log.error("page refused path=%s error=%s message=%s", request.url.path, type(error).__name__, error)
    return _answer(request, 503, "系统配置有误，暂不能查看。", "请把出错时间告诉管理员，原因已记入服务器日志。")


def _on_surprise(request: Request, error: Exception) -> Response:
    log.error("page failed path=%s", request.url.path, exc_info=error)
    response = _answer(request, 500, "页面出错了。", "请把出错时间告诉管理员，原因已记入服务器日志。")
    response.headers.update(HEADERS)  # this handler runs outside the middleware that adds them
    return response


def _answer(request: Request, status: int, message: str, advice: str = "") -> Response:
    """An error in plain words, in the form that the address promises."""
    if request.scope["path"].removeprefix(request.scope.get("root_path", "")).startswith("/api/"):
        return JSONResponse({"detail": f"{message}{advice}"}, status)
    return render(request, "error.html", status, message=message, advice=advice)
