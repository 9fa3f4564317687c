"""How a mail is spoken, against a real socket: command by command, and several in one breath."""

import socket
from collections.abc import Callable, Iterator

import pytest

from practice.config.sink import Sink
from practice.smtp import Outcome, PhaseSMTP, Result, clock
from tests.faults.sink import RawSink
from tests.practice.mail_server import BREATH, CUT, HANG, TURNS, Cutting, Server

SENDER, TO = "us@home.example", "ana@mail.example"
BODY = b"Subject: one\r\n\r\n.One\r\n"
KEPT = b"Subject: one\r\n\r\n..One\r\n"
OK = Result(Outcome.SENT, 250, "dot")


@pytest.fixture(params=[BREATH, TURNS])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("practice.smtp.BEFORE_DOT_SECONDS", 0.4)


@pytest.fixture
def line() -> Iterator[Callable[[Server], PhaseSMTP]]:
    opened: list[PhaseSMTP] = []

    def open_line(server: Server) -> PhaseSMTP:
        opened.append(PhaseSMTP(server.url))
        return opened[-1]

    yield open_line
    for each in opened:
        each.close()


Line = Callable[[Server], PhaseSMTP]
ENVELOPE = f"mail FROM:<{SENDER}>\r\nrcpt TO:<{TO}>\r\ndata\r\n".encode()


def test_the_three_commands_travel_as_the_server_likes(line: Line, way: str) -> None:
    with Server(way) as server:
        assert line(server).send(SENDER, TO, BODY) == OK
    spoken = [packet for packet in server.packets[1:] if packet not in {KEPT, b".\r\n"}]
    if way == BREATH:
        assert spoken[0] == ENVELOPE
    else:
        assert spoken[:3] == ENVELOPE.splitlines(keepends=True)
    assert server.mails == [(TO, KEPT)]


def test_a_server_that_knows_no_ehlo_is_spoken_to_in_turns(line: Line) -> None:
    with Server(greets=b"HELO") as server:
        assert line(server).send(SENDER, TO, BODY) == OK
    assert ENVELOPE not in server.packets
    assert ENVELOPE.splitlines(keepends=True)[0] in server.packets


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", b""),
        (b"one", b"one\r\n"),
        (b"one\n\n", b"one\r\n\r\n"),
        (b".\r\n.\n..two\n.", b"..\r\n..\r\n...two\r\n..\r\n"),
        (b"a.b\n .c\n", b"a.b\r\n .c\r\n"),
    ],
)
def test_lines_end_as_they_must_and_no_dot_ends_the_text_early(
    body: bytes, text: bytes, line: Line, way: str
) -> None:
    with Server(way) as server:
        assert line(server).send(SENDER, TO, body) == OK
    assert server.mails == [(TO, text)]


# What a server says, what that means, and whether the line can be used again.
SAID: dict[str, tuple[dict[bytes, list[bytes]], Result, bool]] = {
    "taken": ({}, OK, True),
    "taken, at length": (
        {
            b"MAIL": [b"250-well\r\n250-of course\r\n250 fine"],
            b"RCPT": [b"251-soon\r\n251 elsewhere"],
            b"DATA": [b"354-go\r\n354 on"],
            b".": [b"250-kept\r\n250 for good"],
        },
        OK,
        True,
    ),
    "mail 451": ({b"MAIL": [b"451 later"]}, Result(Outcome.REFUSED_NOW, 451, "mail"), True),
    "mail 550": ({b"MAIL": [b"550-no\r\n550 no"]}, Result(Outcome.REFUSED, 550, "mail"), True),
    "rcpt 450": ({b"RCPT": [b"450 grey"]}, Result(Outcome.REFUSED_NOW, 450, "rcpt"), True),
    "rcpt 550": (
        {b"RCPT": [b"550-no\r\n550 such box"]},
        Result(Outcome.NO_SUCH_ADDRESS, 550, "rcpt"),
        True,
    ),
    "data 451": ({b"DATA": [b"451 later"]}, Result(Outcome.REFUSED_NOW, 451, "data"), True),
    "data 554": ({b"DATA": [b"554 never"]}, Result(Outcome.REFUSED, 554, "data"), True),
    "dot 451": ({b".": [b"451 busy"]}, Result(Outcome.REFUSED_NOW, 451, "dot"), True),
    "dot 554": ({b".": [b"554 not this"]}, Result(Outcome.REFUSED, 554, "dot"), True),
    "mail 421": ({b"MAIL": [b"421 bye"]}, Result(Outcome.REFUSED_NOW, 421, "mail"), False),
    "rcpt 421": ({b"RCPT": [b"421 bye"]}, Result(Outcome.REFUSED_NOW, 421, "rcpt"), False),
    "data 421": ({b"DATA": [b"421 bye"]}, Result(Outcome.REFUSED_NOW, 421, "data"), False),
    "mail cut": ({b"MAIL": [CUT]}, Result(Outcome.NOT_ACCEPTED, 0, "mail"), False),
    "rcpt cut": ({b"RCPT": [CUT]}, Result(Outcome.NOT_ACCEPTED, 0, "rcpt"), False),
    "data cut": ({b"DATA": [CUT]}, Result(Outcome.NOT_ACCEPTED, 0, "data"), False),
    "dot cut": ({b".": [CUT]}, Result(Outcome.AMBIGUOUS, 0, "dot"), False),
    "mail hangs": ({b"MAIL": [HANG]}, Result(Outcome.NOT_ACCEPTED, 0, "mail"), False),
    "rcpt hangs": ({b"RCPT": [HANG]}, Result(Outcome.NOT_ACCEPTED, 0, "rcpt"), False),
    "data hangs": ({b"DATA": [HANG]}, Result(Outcome.NOT_ACCEPTED, 0, "data"), False),
    "mail garbled": ({b"MAIL": [b"what?"]}, Result(Outcome.NOT_ACCEPTED, 0, "mail"), False),
    "rcpt garbled": ({b"RCPT": [b"what?"]}, Result(Outcome.NOT_ACCEPTED, 0, "rcpt"), False),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("split", ["one packet", "each its own", "letters"])
@pytest.mark.parametrize("said", SAID)
def test_what_a_server_says_means_the_same_in_both_ways(
    said: str, split: str, line: Line, way: str
) -> None:
    script, result, goes_on = SAID[said]
    script = {word: list(replies) for word, replies in script.items()}
    server = Server(way, split, script=script)
    _spoken(line, server, result, goes_on=goes_on)
    if way == TURNS and result.outcome is not Outcome.SENT and result.phase in {"mail", "rcpt"}:
        before = b"".join(server.packets).partition(b"<ben@mail.example>")[0]
        assert before.count(b"data") == 0, "it went on after a refusal"


def _spoken(line: Line, server: Server, result: Result, *, goes_on: bool) -> None:
    """Send one mail with this result; then another, which goes, over the same line or a new one."""
    with server:
        speaker = line(server)
        assert speaker.send(SENDER, TO, BODY) == result
        assert (speaker.line is not None) == goes_on
        assert speaker.send(SENDER, "ben@mail.example", BODY) == OK
    assert len(server.lines) == (1 if goes_on else 2)
    first = [(TO, KEPT)] if result.outcome is Outcome.SENT else []
    assert [mail for mail in server.mails if mail[0]] == [*first, ("ben@mail.example", KEPT)]


# --- refused, and yet there was more to read ---------------------------------------------------
NO_BOX = Result(Outcome.NO_SUCH_ADDRESS, 550, "rcpt")
NO_SENDER = Result(Outcome.REFUSED, 550, "mail")
UNHEARD: dict[str, tuple[dict[bytes, list[bytes]], Result, bool]] = {
    # RFC 2920 3.1: DATA is answered 354 although no recipient was taken.
    "a lone dot, refused": ({b"RCPT": [b"550 no"]}, NO_BOX, True),
    "a lone dot, taken": ({b"RCPT": [b"550 no"], b".": [b"250 whatever"]}, NO_BOX, True),
    "a lone dot, at length": ({b"RCPT": [b"550 no"], b".": [b"554-no\r\n554 way"]}, NO_BOX, True),
    "a lone dot, bye": ({b"RCPT": [b"550 no"], b".": [b"421 bye"]}, NO_BOX, False),
    "a lone dot, cut": ({b"RCPT": [b"550 no"], b".": [CUT]}, NO_BOX, False),
    "a lone dot, silence": ({b"RCPT": [b"550 no"], b".": [HANG]}, NO_BOX, False),
    "a lone dot, for now": (
        {b"RCPT": [b"450 grey"]},
        Result(Outcome.REFUSED_NOW, 450, "rcpt"),
        True,
    ),
    "no sender, a lone dot": ({b"MAIL": [b"550 no"]}, NO_SENDER, True),
    # With a recipient, that dot would be an empty mail: no dot, no line.
    "no sender, but a recipient": (
        {b"MAIL": [b"550 no"], b"RCPT": [b"250 yes"]},
        NO_SENDER,
        False,
    ),
    "no sender, then bye": ({b"MAIL": [b"550 no"], b"RCPT": [b"421 bye"]}, NO_SENDER, False),
    "no sender, then cut": ({b"MAIL": [b"550 no"], b"RCPT": [CUT]}, NO_SENDER, False),
    "no sender, then silence": ({b"MAIL": [b"550 no"], b"RCPT": [HANG]}, NO_SENDER, False),
    "no sender, then garbled": ({b"MAIL": [b"550 no"], b"RCPT": [b"what?"]}, NO_SENDER, False),
    "no box, then bye": ({b"RCPT": [b"550 no"], b"DATA": [b"421 bye"]}, NO_BOX, False),
    "no box, then cut": ({b"RCPT": [b"550 no"], b"DATA": [CUT]}, NO_BOX, False),
    "no box, then silence": ({b"RCPT": [b"550 no"], b"DATA": [HANG]}, NO_BOX, False),
    "no box, then garbled": ({b"RCPT": [b"550 no"], b"DATA": [b"what?"]}, NO_BOX, False),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("split", ["one packet", "letters"])
@pytest.mark.parametrize("said", UNHEARD)
def test_a_refusal_stands_whatever_comes_after_it_in_the_same_breath(
    said: str, split: str, line: Line
) -> None:
    script, result, goes_on = UNHEARD[said]
    script = {word: list(replies) for word, replies in script.items()}
    server = Server(split=split, careless=True, script=script)
    _spoken(line, server, result, goes_on=goes_on)
    for to, text in server.mails:
        assert to or not text, "words went out to nobody"
    before = b"".join(server.packets).partition(b"ben@mail.example")[0]
    assert b"Subject" not in before, "the text was sent although the mail was refused"
    assert (b"\r\n.\r\n" in before) == ("lone dot" in said)


# --- idle lines, stale mails, addresses that are none ------------------------------------------
@pytest.mark.parametrize("last_words", [b"", b"421 idle too long\r\n"])
def test_a_line_closed_while_idle_is_opened_again(last_words: bytes, line: Line, way: str) -> None:
    with Server(way) as server:
        speaker = line(server)
        assert speaker.send(SENDER, TO, BODY) == OK
        server.hang_up(last_words)
        assert speaker.send(SENDER, TO, BODY) == OK
    assert len(server.lines) == 2
    assert server.mails == [(TO, KEPT)] * 2


@pytest.mark.parametrize("word", [b"RCPT", b"DATA"])
def test_a_line_cut_later_is_not_tried_at_once(word: bytes, line: Line, way: str) -> None:
    with Server(way) as server:
        speaker = line(server)
        assert speaker.send(SENDER, TO, BODY) == OK
        server.script[word] = [CUT]
        result = speaker.send(SENDER, TO, BODY)
        assert result == Result(Outcome.NOT_ACCEPTED, 0, word.decode().lower())
    assert len(server.lines) == 1
    assert len(server.mails) == 1


def test_a_stale_mail_is_not_sent(line: Line, way: str) -> None:
    with Server(way) as server:
        speaker = line(server)
        stale = speaker.send(SENDER, TO, BODY, armed=clock() - 60)
        assert stale == Result(Outcome.STALE, 0, "body")
        assert b"Subject" not in b"".join(server.packets), "its text was sent"
        assert speaker.send(SENDER, TO, BODY, armed=clock()) == OK
    assert server.mails == [(TO, KEPT)]


def test_a_text_cut_off_on_its_way_out_was_not_taken(line: Line, way: str) -> None:
    """Its dot would have been the last of one write: what failed did not get that far."""
    with Cutting(way) as server:
        # More than all buffers on the way hold.
        result = line(server).send(SENDER, TO, BODY + b"long\n" * 10_000_000)
    assert result == Result(Outcome.NOT_ACCEPTED, 0, "body")
    assert not server.mails


def test_an_address_that_cannot_be_said_leaves_the_line_as_it_was(line: Line, way: str) -> None:
    """It would be a command of its own; half a dialogue would cost the next mail its turn."""
    with Server(way) as server:
        speaker = line(server)
        assert speaker.send(SENDER, TO, BODY) == OK
        said = len(server.packets)
        with pytest.raises(ValueError, match="line end"):
            speaker.send(SENDER, ",\r\nRSET", BODY)
        nobody = speaker.send(SENDER, "ana@büro.example", BODY)
        assert nobody == Result(Outcome.NO_SUCH_ADDRESS, 553, "rcpt")
        assert len(server.packets) == said
        assert speaker.send(SENDER, TO, BODY) == OK
    assert len(server.lines) == 1


# --- the sinks --------------------------------------------------------------------------------
@pytest.fixture(params=["raw", "demo"])
def sink_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "demo":
        yield request.getfixturevalue("sink").url
        return
    raw = RawSink()
    raw.start()
    yield raw.url
    raw.stop()


def test_our_sinks_answer_what_comes_in_one_packet_in_order(sink_url: str) -> None:
    port = int(sink_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as talk, talk.makefile("rb") as replies:

        def ask(commands: bytes, count: int) -> list[int]:
            talk.sendall(commands)
            found = []
            while len(found) < count:
                reply = replies.readline()
                if reply[3:4] == b" ":
                    found.append(int(reply[:3]))
                else:
                    said.append(reply[4:].strip())
            return found

        said: list[bytes] = []
        assert ask(b"EHLO us\r\n", 2) == [220, 250]
        envelope = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
        for _mail in range(2):
            assert ask(envelope, 3) == [250, 250, 354]
            assert ask(b"Subject: one\r\n\r\nOne\r\n.\r\n", 1) == [250]
        assert ask(b"MAIL FROM:<a@b.example>\r\nDATA\r\nRSET\r\n", 3) == [250, 503, 250]
        assert ask(envelope, 3) == [250, 250, 354]
        assert ask(b".\r\nQUIT\r\n", 2) == [250, 221]


def test_our_sinks_name_pipelining_when_they_are_told_to(way: str, sink: Sink) -> None:
    sink.pipelining = way == BREATH
    raw = RawSink(pipelining=way == BREATH)
    raw.start()
    for url in (raw.url, sink.url):
        speaker = PhaseSMTP(url)
        assert speaker.send(SENDER, TO, BODY).outcome is Outcome.SENT
        assert speaker.line is not None
        assert speaker.line.has_extn("pipelining") == (way == BREATH)
        speaker.close()
    raw.stop()
