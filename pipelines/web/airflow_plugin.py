"""Put the page into Airflow's own navigation, behind Airflow's own login.

Every Airflow process imports its plugins, the parents of forked tasks included. So this module imports nothing of
the page: the app is built when the first request for it arrives, which happens in the API server only.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send


class LazyPage:
    """An ASGI app that becomes the page at its first request."""

    @cached_property
    def page(self) -> FastAPI:
        """The app behind Airflow's login, with settings from the environment."""
        from pipelines.web.app import create_app

        return create_app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        await self.page(scope, receive, send)


class XianbanPlugin(AirflowPlugin):
    """The page under ``/xianban`` and its entry in the navigation.

    Airflow mirrors the address of the frame in its own address bar (``/plugin/xianban/xianban/?…``), so a link copied
    from there opens the same view.
    """

    name = "xianban"
    fastapi_apps: list[Any] = [{"name": "xianban", "app": LazyPage(), "url_prefix": "/xianban"}]  # noqa: RUF012
    external_views: list[Any] = [  # noqa: RUF012
        {
            "name": "热点预测",
            # Without a leading slash: Airflow may be served under a path, and its pages name that path as their base.
            "href": "xianban/",
            "icon": "xianban/static/icon.svg",
            "url_route": "xianban",
            "destination": "nav",
            "nav_top_level": True,
        }
    ]
