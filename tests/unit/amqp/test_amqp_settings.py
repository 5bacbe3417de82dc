"""What the broker's settings accept, and that the password stays inside."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from producers.amqp import AmqpError, BadBrokerSettings, BrokerSettings

SECRET = "hunter2"


def test_password_is_in_no_representation() -> None:
    assert SECRET not in repr(BrokerSettings(f"amqp://me:{SECRET}@host/"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host:5672",
        f"http://me:{SECRET}@host/",
        f"amqp://me:{SECRET}@host:no-port/",
        f"amqp://me:{SECRET}@/",
        f"amqp://me:{SECRET}@host/?heartbeat=often",
    ],
)
def test_url_that_cannot_work_is_refused_without_the_password(url: str) -> None:
    with pytest.raises(BadBrokerSettings, match="expected amqp://user:password@host:port/vhost") as refused:
        BrokerSettings(url)

    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_certificates_without_tls_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBrokerSettings, match="not amqps"):
        BrokerSettings("amqp://host/", ca_file=tmp_path / "ca.pem")


def test_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBrokerSettings, match="go together"):
        BrokerSettings("amqps://host/", cert_file=tmp_path / "cert.pem")


@pytest.mark.parametrize("text", [None, "not a certificate"])
def test_unusable_certificate_file_is_named(tmp_path: Path, text: str | None) -> None:
    ca = tmp_path / "ca.pem"
    if text is not None:
        ca.write_text(text)
    settings = BrokerSettings("amqps://host/", ca_file=ca)

    with pytest.raises(AmqpError, match=r"ca\.pem"):
        settings.parameters()


def test_host_name_is_verified_and_time_outs_are_set() -> None:
    parameters = BrokerSettings("amqps://broker.example/", heartbeat_s=17).parameters()

    assert parameters.ssl_options.server_hostname == "broker.example"
    assert parameters.ssl_options.context.check_hostname
    assert parameters.heartbeat == 17
    assert parameters.stack_timeout
