"""What a person is told when an organisation stops, and where to look on."""

from __future__ import annotations

from worker.session.interruption import pause_for, without_words
from worker.xero.replies.reply import Reply, ReplyKind

SAID = (
    "AuthenticationUnsuccessful; "
    "the consent was withdrawn, or tenant_id is not set, or no organisation of this connection"
)
WHERE = ": xerelay check says which"


def test_a_pause_sends_a_person_to_the_check_and_its_reply_does_not() -> None:
    reply = Reply(ReplyKind.CONSENT, 403, detail=SAID)

    pause = pause_for(reply)

    assert pause is not None
    assert (pause.reason, pause.detail) == ("consent_revoked", SAID + WHERE)


def test_a_log_has_our_words_and_not_xeros() -> None:
    told = without_words(Reply(ReplyKind.CONSENT, 403, detail=SAID))

    assert told.startswith("xero answered 403: the consent was withdrawn, or")
    assert WHERE in told
    assert "AuthenticationUnsuccessful" not in told


def test_another_lost_consent_has_nothing_to_check() -> None:
    pause = pause_for(Reply(ReplyKind.CONSENT, 401, detail="AuthorizationUnsuccessful"))

    assert pause is not None
    assert pause.detail == "AuthorizationUnsuccessful"
