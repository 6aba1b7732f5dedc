"""The one way to make requests with the library of that name, which by itself sends passwords of ~/.netrc."""

from __future__ import annotations

import requests


class Session(requests.Session):  # noqa: TID251 (the one place)
    """A session that sends no password of ~/.netrc, which requests adds by itself, also to where redirects lead."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = _unchanged  # with an own way to authenticate, requests looks for no other

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Pass no token on to another host that a redirect leads to."""
        if self.should_strip_auth(response.request.url, prepared_request.url):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
