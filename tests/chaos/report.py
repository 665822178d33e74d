"""What a person reads of a run: faults, invariants, and what happened around whatever contradicts one."""

from collections.abc import Iterable
from datetime import UTC, datetime

from tests.chaos.history import Call, Connected, Fault, Heard, History, Listening, Published
from tests.chaos.invariants.catalogue import INVARIANTS, verdicts
from tests.chaos.invariants.finding import Finding

FINDINGS_AT_MOST = 5
LINES_AT_MOST = 60
AROUND_SECONDS = 2.0


def summary(history: History) -> tuple[str, bool]:
    """Two tables, and whether nothing is wrong: no violation, no fault that nobody felt or that never ended."""
    found = verdicts(history)
    faults = history.of(Fault)
    calls = [call for call in history.of(Call) if call.kind == "message.send"]
    sent = {call.op for call in calls if call.done}
    again = {call.op for call in calls if call.forced}
    lines = [
        f"{len(sent)} sends acknowledged, {len(again)} of them repeated on purpose "
        f"({100 * len(again) / max(1, len(sent)):.0f} %), {len(calls)} attempts",
        "",
        f"{'fault':<44}{'felt':>8}{'slowest':>10}{'well after':>12}{'bound':>8}",
    ]
    for fault in faults:
        late = " !" if fault.recovered is not None and fault.recovered > fault.bound else ""
        after = "never" if fault.recovered is None else f"{fault.recovered:.1f} s"
        slowest = f"{_slowest(history, fault):.1f} s"
        lines.append(f"{fault.name:<44}{fault.bites:>8}{slowest:>10}{after:>12}{fault.bound:>6.0f} s{late}")
    lines.append("")
    for each in INVARIANTS:
        wrong = len(found[each.name])
        verdict = "holds" if not wrong else f"BROKEN {wrong} times"
        lines.append(f"{each.name:<5}{verdict:<18}{each.sentence}")
    vacuous = [fault.name for fault in faults if not fault.bites]
    endless = [fault.name for fault in faults if fault.recovered is None]
    lines += [f"never felt: {name}" for name in vacuous] + [f"never over: {name}" for name in endless]
    return "\n".join(lines), not any(found.values()) and not vacuous and not endless


def _slowest(history: History, fault: Fault) -> float:
    """The longest that anybody waited who asked while it lasted; who got no answer gave up after five seconds."""
    waits = (
        call.until - call.at for call in history.of(Call) if call.at < fault.until and fault.at < call.until
    )
    return max(waits, default=0.0)


def details(history: History) -> str:
    """Each contradiction with what its conversation went through around it."""
    lines = []
    for each in INVARIANTS:
        findings = each.check(history)
        if findings:
            lines += ["", f"{each.name}: {each.sentence}"]
        for finding in findings[:FINDINGS_AT_MOST]:
            lines += ["", f"  {finding.text}", f"  in {finding.conversation or 'no conversation'}"]
            lines += [f"    {line}" for line in _timeline(history, finding)]
        if len(findings) > FINDINGS_AT_MOST:
            lines.append(f"  and {len(findings) - FINDINGS_AT_MOST} more")
    return "\n".join(lines)


def _timeline(history: History, finding: Finding) -> list[str]:
    happened = sorted(_around(history, finding))
    shown = [f"{_clock(at)}  {text}" for at, text in happened[:LINES_AT_MOST]]
    more = len(happened) - len(shown)
    return [*shown, f"… {more} lines more"] if more else shown


def _around(history: History, finding: Finding) -> Iterable[tuple[float, str]]:
    for record in history.records:
        match record:
            case Call() if record.conversation == finding.conversation and _concerns(record, finding):
                outcome = record.status or "no answer"
                result = "" if record.result is None else f" {record.result}"
                text = f"{record.user[-4:]} {record.kind} {record.said or ''} on server {record.server}"
                yield record.at, f"{text}: {outcome} {record.code}{result}, operation {record.op}"
            case Heard() if record.frame.get("conversation_id") == finding.conversation:
                if _within(record.frame.get("revision"), record.at, finding):
                    yield (
                        record.at,
                        f"{record.user[-4:]} hears {_told(record)} on connection {record.connection}",
                    )
            case Published() if record.conversation == finding.conversation:
                if _within(record.revision, record.at, finding):
                    yield record.at, f"published: {record.revision}"
            case Fault() if finding.at is not None and record.at - 1 <= finding.at <= record.until + 5:
                yield record.at, f"FAULT {record.name}"
                yield record.until, f"all well after {record.name}"
            case Listening() | Connected() if finding.at and abs(record.at - finding.at) < AROUND_SECONDS:
                yield record.at, _line(record)
    for event in history.database.events:
        if event.conversation == finding.conversation and _within(event.revision, event.created, finding):
            marked = "never marked" if event.processed is None else f"marked {_clock(event.processed)}"
            yield event.created, f"stored: {event.type} {event.revision}, {marked}"


def _concerns(call: Call, finding: Finding) -> bool:
    revision = call.result.get("revision") if isinstance(call.result, dict) else None
    return _within(revision, call.at, finding)


def _within(revision: int | None, at: float, finding: Finding) -> bool:
    if finding.revisions is not None and revision is not None:
        return finding.revisions[0] <= revision <= finding.revisions[1]
    return finding.at is not None and abs(at - finding.at) < AROUND_SECONDS / 4


def _told(record: Heard) -> str:
    data = record.frame.get("data")
    seq = data.get("seq_id", "") if isinstance(data, dict) else ""
    return f"{record.frame['type']} {record.frame.get('revision', '')} {seq and f'(message {seq})'}".rstrip()


def _line(record: Listening | Connected) -> str:
    if isinstance(record, Connected):
        return f"{record.user[-4:]} is connected to server {record.server} as {record.connection}"
    return "the broker is listened to" if record.up else "the broker is not listened to"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
