"""Links of untrusted files: no private address is reached by any way of writing it, and no password goes along."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from common import links
from common.links import PrivateAddressError, is_public, open_session, public_addresses
from common.session import Session
from fake_service import Service, redirects
from fetch_model import fetch_url
from media.download import DownloadError, Limits, fetch_picture, fetch_video

PUBLIC = "93.184.215.14"


def limits(**changes) -> Limits:
    return Limits(1 << 24, timeout_s=30.0, total_s=60.0, attempts=1, **changes)


@pytest.fixture
def names(monkeypatch, service):
    """Names with made-up addresses; what goes to the public one reaches the service on this machine."""
    known: dict[str, list[list[str]]] = {}
    real_lookup, real_connection = socket.getaddrinfo, links.create_connection
    connected: list[str] = []

    def lookup(host, port, *further, **named):
        if host not in known:
            return real_lookup(host, port, *further, **named)
        answers = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers]

    def connection(address, *further, **named):
        connected.append(address[0])
        here = ("127.0.0.1", service.server.server_address[1])
        return real_connection(here if address[0] == PUBLIC else address, *further, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(links, "create_connection", connection)
    known["connected"] = connected  # type: ignore[assignment]
    return known


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (PUBLIC, True), ("2606:4700::1111", True), ("::ffff:93.184.215.14", True), ("64:ff9b::5db8:d70e", True),
        ("127.0.0.1", False), ("0.0.0.0", False), ("10.1.2.3", False), ("172.31.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("240.0.0.1", False),
        ("255.255.255.255", False), ("198.18.0.1", False), ("::1", False), ("::", False), ("fe80::1%lo", False),
        ("fc00::1", False), ("fec0::1", False), ("ff02::1", False), ("::ffff:127.0.0.1", False), ("::7f00:1", False),
        ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("2002:a01:203::1", False),
        # What Python 3.11.7 and other versions call global, or not, each in its own way.
        ("192.0.0.192", False), ("192.0.0.9", False), ("168.63.129.16", False), ("::ffff:168.63.129.16", False),
        ("100.100.100.200", False), ("192.88.99.1", False), ("3fff::1", False), ("64:ff9b:1::5db8:d70e", False),
        ("100::1", False), ("100:0:0:1::1", False), ("2001:2::1", False), ("2001:db8::1", False), ("5f00::1", False),
        ("fd00:ec2::254", False), ("2a00:1450:4001:80b::200e", True), ("192.0.1.1", True), ("168.63.129.17", True),
    ],
)  # fmt: skip
def test_public_addresses_are_told_from_all_others(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "LOCALHOST.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0",
     "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
)  # fmt: skip
def test_however_this_machine_is_written_it_is_not_reached(service: Service, tmp_path: Path, host: str) -> None:
    link = f"http://{host}:{service.server.server_address[1]}/cdn/1.mp4"
    with pytest.raises(DownloadError) as refused:
        fetch_video(link, tmp_path, limits())
    assert refused.value.reason == "private_address"
    assert "video.allow_private" in refused.value.detail
    with pytest.raises(DownloadError, match="private_address"):
        fetch_picture(link.replace("mp4", "jpg"), tmp_path / "x.jpg", 2.0, allow_private=False)
    assert service.calls == []


def test_whoever_allows_it_reaches_a_server_of_their_own(service: Service, tmp_path: Path) -> None:
    found = fetch_video(f"{service.url}/cdn/1.mp4", tmp_path, limits(allow_private=True))
    assert found.read_bytes() == service.video


def test_a_public_host_that_leads_to_a_private_one(service: Service, tmp_path: Path, names) -> None:
    names["videos.example"] = [[PUBLIC]]
    assert fetch_video("http://videos.example/cdn/1.mp4", tmp_path, limits()).read_bytes() == service.video
    for target in (f"{service.url}/cdn/2.mp4", "http://metadata.example/cdn/2.mp4", "//169.254.169.254/cdn/2.mp4"):
        names["metadata.example"] = [["169.254.169.254"]]
        service.fail("/cdn/1.mp4", redirects(target))
        with pytest.raises(DownloadError, match="private_address"):
            fetch_video("http://videos.example/cdn/1.mp4", tmp_path, limits())
    assert service.count("/cdn/2.mp4") == 0
    assert set(names["connected"]) == {PUBLIC}


def test_one_private_address_among_several_is_enough(tmp_path: Path, names) -> None:
    names["mixed.example"] = [[PUBLIC, "10.0.0.1"]]
    with pytest.raises(DownloadError, match=r"private_address: mixed\.example \(10\.0\.0\.1\)"):
        fetch_video("http://mixed.example/cdn/1.mp4", tmp_path, limits())
    assert names["connected"] == []


def test_a_name_that_means_something_else_the_next_moment(service: Service, tmp_path: Path, names) -> None:
    names["changing.example"] = [[PUBLIC], ["127.0.0.1"]]
    assert fetch_video("http://changing.example/cdn/1.mp4", tmp_path, limits()).read_bytes() == service.video
    assert names["connected"] == [PUBLIC], "the connection goes to the address that was checked"
    with pytest.raises(DownloadError, match="private_address"):
        fetch_video("http://changing.example/cdn/1.mp4", tmp_path, limits())


def test_the_next_address_of_a_host_is_tried(names, service: Service, tmp_path: Path) -> None:
    names["two.example"] = [["203.0.114.1", PUBLIC]]
    links_connection = links.create_connection

    def refuses_the_first(address, *further, **named):
        if address[0] != PUBLIC:
            raise ConnectionRefusedError
        return links_connection(address, *further, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "create_connection", refuses_the_first)
        assert fetch_video("http://two.example/cdn/1.mp4", tmp_path, limits()).read_bytes() == service.video


def test_with_a_proxy_private_hosts_are_not_asked_for_either(
    service: Service, tmp_path: Path, names, monkeypatch
) -> None:
    monkeypatch.setenv("http_proxy", service.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    names["intranet.example"] = [["10.0.0.1"]]
    for host in ("10.0.0.1", "2130706433", "intranet.example"):
        with pytest.raises(DownloadError, match="private_address"):
            fetch_video(f"http://{host}/cdn/1.mp4", tmp_path, limits())
    assert service.calls == []
    names["videos.example"] = [[PUBLIC]]
    fetch_video("http://videos.example/cdn/1.mp4", tmp_path, limits())
    assert service.calls


@pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".example"])
def test_a_host_that_cannot_be_one_is_no_private_one(tmp_path: Path, host: str) -> None:
    with pytest.raises(DownloadError) as refused:
        fetch_video(f"http://{host}/x.mp4", tmp_path, limits())
    assert refused.value.reason in ("no_link", "unavailable")
    with pytest.raises(PrivateAddressError):
        public_addresses("127.0.0.1", 80)


def test_passwords_of_netrc_go_nowhere(service: Service, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "netrc").write_text(
        "machine 127.0.0.1 login ada password canary\nmachine localhost login a password b\n"
    )
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    seen: list[str | None] = []

    def looks(handler) -> bool:
        seen.append(handler.headers.get("Authorization"))
        return False

    for session in (Session(), open_session(allow_private=True)):
        service.fail("/cdn/1.jpg", lambda handler: looks(handler) or redirects("/cdn/2.jpg")(handler))
        service.fail("/cdn/2.jpg", looks)
        assert session.get(f"{service.url}/cdn/1.jpg", timeout=5).status_code == 200
    service.fail("/cdn/3.jpg", looks)
    fetch_url(f"{service.url}/cdn/3.jpg", tmp_path / "weights")
    assert seen == [None] * 5


def test_a_token_stays_with_its_host(service: Service) -> None:
    seen: list[str | None] = []

    def looks(handler) -> bool:
        seen.append(handler.headers.get("Authorization"))
        return False

    elsewhere = service.url.replace("127.0.0.1", "localhost")
    for target in ("/cdn/2.jpg", f"{elsewhere}/cdn/2.jpg"):
        service.fail("/cdn/1.jpg", redirects(target))
        service.fail("/cdn/2.jpg", looks)
        Session().get(f"{service.url}/cdn/1.jpg", headers={"Authorization": "Bearer canary"}, timeout=5)
    assert seen == ["Bearer canary", None]
