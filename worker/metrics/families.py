"""Every metric there is. A test holds docs/metrics.md against this table."""

from __future__ import annotations

from worker.metrics.family import By, Family, Type

_C, _G, _H = Type.COUNTER, Type.GAUGE, Type.HISTOGRAM
_ORG, _STORE = "organisation", "store"

BUILD = Family("xerelay_build_info", _G, ("version", "role"), By.EVERY, "1, with the version that runs")
BROKER_CONNECTED = Family(
    "xerelay_broker_connected", _G, ("link",), By.EVERY, "Whether the connection to RabbitMQ stands"
)
BROKER_RECONNECTS = Family(
    "xerelay_broker_reconnects_total",
    _C,
    ("link",),
    By.EVERY,
    "Times the connection to RabbitMQ was made again; tries that failed do not count",
)
BROKER_BLOCKED = Family(
    "xerelay_broker_blocked",
    _G,
    ("link",),
    By.EVERY,
    "Whether RabbitMQ takes no messages for now, as during an alarm of its memory or disk; it tells whoever publishes",
)
BROKER_REFUSED = Family(
    "xerelay_broker_refused_declarations",
    _G,
    ("link",),
    By.EVERY,
    "Queues and exchanges that RabbitMQ has with other arguments than ours, or does not let the user use",
)
LEDGER_UP = Family(
    "xerelay_ledger_up",
    _G,
    (),
    By.EVERY,
    "Whether the ledger's database answered when last asked, also for the shared figures (within 8 seconds), and took "
    "what this process renews there every 5 seconds within the last 15",
)

EVENTS = Family(
    "xerelay_events_total",
    _C,
    (_ORG, "entity", "lane", "outcome"),
    By.WORKER,
    "Events that came to an outcome; a held one comes to another later",
)
EVENT_DELAY = Family(
    "xerelay_event_delay_seconds",
    _H,
    (_ORG, "lane"),
    By.WORKER,
    "From an event's occurrence in the store to its document in Xero",
)
CALLS = Family(
    "xerelay_calls_total",
    _C,
    (_ORG, "endpoint", "purpose", "status"),
    By.WORKER,
    "Requests to Xero by HTTP status; without one they are lost (no answer) or unsent",
)
CALL_DURATION = Family(
    "xerelay_call_duration_seconds", _H, (_ORG, "endpoint"), By.WORKER, "From a request to Xero to its answer"
)
CALL_DOCUMENTS = Family(
    "xerelay_call_documents", _H, (_ORG, "kind"), By.WORKER, "Documents that a writing call carried, of 50 at most"
)
RATE_LIMITED = Family(
    "xerelay_rate_limited_total", _C, (_ORG, "limit"), By.WORKER, "Requests that Xero refused with 429, by its limit"
)
FAILED_SESSIONS = Family(
    "xerelay_sessions_failed_total",
    _C,
    (_ORG,),
    By.WORKER,
    "Sessions of serving the organisation that a failure of ours ended; another follows each",
)
NOTICES = Family(
    "xerelay_notices_total", _C, ("channel", "outcome"), By.WORKER, "Notices to people by what came of them"
)
SERVED = Family(
    "xerelay_organisation_served",
    _G,
    (_ORG,),
    By.WORKER,
    "1 where this worker has the organisation's lease, 0 elsewhere and once it has run out; the sum over workers is 1",
)

BUFFERED = Family(
    "xerelay_buffer_events", _G, (_ORG, "lane"), By.HOLDER, "Events in the worker's memory, not acknowledged yet"
)
OLDEST = Family(
    "xerelay_oldest_event_age_seconds",
    _G,
    (_ORG, "lane"),
    By.HOLDER,
    "Since the oldest event in the worker's memory occurred; 0 without any",
)
QUEUED = Family(
    "xerelay_queue_messages",
    _G,
    (_ORG, "queue"),
    By.HOLDER,
    "Messages that wait in the organisation's queue, those in a worker's memory not counted",
)
STANDS = Family(
    "xerelay_backlog_stands_seconds",
    _G,
    (_ORG, "lane"),
    By.HOLDER,
    "Since when events wait in the lane and none came to an outcome; 0 otherwise, and while all is paused",
)
BATCH_WINDOW = Family(
    "xerelay_batch_window_seconds", _G, (_ORG,), By.HOLDER, "How long the batch lane's window is, as configured"
)
HELD = Family(
    "xerelay_held_events",
    _G,
    (_ORG, "state", "reason"),
    By.HOLDER,
    "Events that wait in the ledger until a time or for a parent document",
)
HELD_OLDEST = Family(
    "xerelay_held_oldest_age_seconds", _G, (_ORG,), By.HOLDER, "How long the oldest of them has waited; 0 without any"
)
PARKED = Family("xerelay_parked_events", _G, (_ORG, "reason"), By.HOLDER, "Events that wait for a person")
PARKED_OLDEST = Family(
    "xerelay_parked_oldest_age_seconds", _G, (_ORG,), By.HOLDER, "How long the oldest of them has waited; 0 without any"
)
UNCERTAIN = Family(
    "xerelay_uncertain_calls", _G, (_ORG,), By.HOLDER, "Calls of which nobody knows yet whether Xero carried them out"
)
PAUSED = Family("xerelay_organisation_paused", _G, (_ORG,), By.HOLDER, "Whether the whole organisation is paused")
PAUSES = Family(
    "xerelay_pause_info",
    _G,
    (_ORG, "kind", "reason"),
    By.HOLDER,
    "1 for each pause, of a kind of document or of all",
)
BUDGET_LIMIT = Family(
    "xerelay_budget_limit_calls",
    _G,
    (_ORG, "window"),
    By.HOLDER,
    "Calls that the window allows: minute (those at once: a twelfth of `limits.minute`), day (rolling 24 hours), saved "
    "(at once after a quiet time)",
)
BUDGET_REMAINING = Family(
    "xerelay_budget_remaining_calls", _G, (_ORG, "window"), By.HOLDER, "Calls that are left of the window"
)
BUDGET_RESET = Family(
    "xerelay_budget_reset_timestamp_seconds",
    _G,
    (_ORG, "window"),
    By.HOLDER,
    "When the window is full again; the day's: when its oldest calls count no longer",
)
LANE_DONE = Family(
    "xerelay_lane_done_timestamp_seconds",
    _G,
    (_ORG, "lane"),
    By.HOLDER,
    "Forecast: when the budget will have carried what waits in the lane, behind those before it, a batch from its "
    "opening; now where nothing waits",
)
TOKEN_EXPIRY = Family(
    "xerelay_token_expiry_timestamp_seconds",
    _G,
    (_ORG, "token"),
    By.HOLDER,
    "When the organisation's token expires: access (renewed by itself), refresh (60 days after its last use)",
)

IN_CHARGE = Family(
    "xerelay_store_in_charge",
    _G,
    (_STORE,),
    By.AGENT,
    "1 where this agent serves the store, 0 where it stands by and once its charge has run out",
)
PUBLISHED = Family(
    "xerelay_published_events_total",
    _C,
    (_STORE, _ORG, "entity", "lane"),
    By.AGENT,
    "Events that RabbitMQ has confirmed",
)
UNROUTED = Family(
    "xerelay_unrouted_events_total",
    _C,
    (_STORE, _ORG, "entity", "lane"),
    By.AGENT,
    "Tries to publish an event whose queue is missing, wrong or full, or its exchange forbidden",
)
POLLER_LAG = Family(
    "xerelay_poller_lag_seconds",
    _G,
    (_STORE, "stream"),
    By.IN_CHARGE,
    "How late the store's list is read, beyond what the configured lag and poll allow; 0 while it is on time",
)
WITHHELD = Family(
    "xerelay_withheld_removals",
    _G,
    (_STORE, "stream"),
    By.IN_CHARGE,
    "Published rows that the store's list lacks, too many to be believed and published as removed; 0 otherwise",
)
RESYNC_RUNNING = Family(
    "xerelay_resync_running", _G, (_STORE, "command"), By.IN_CHARGE, "Whether a run of the command is under way"
)
RESYNC_ROWS = Family(
    "xerelay_resync_rows",
    _G,
    (_STORE, "command", "state"),
    By.IN_CHARGE,
    "Rows of the run that is under way, or of the last: read, and in total as far as the store says",
)
RESYNC_EVENTS = Family(
    "xerelay_resync_events",
    _G,
    (_STORE, "command", "state"),
    By.IN_CHARGE,
    "Events of that run: published by the agent; written, unchanged, parked by workers",
)

PROCESS = (BUILD, BROKER_CONNECTED, BROKER_RECONNECTS, BROKER_BLOCKED, BROKER_REFUSED, LEDGER_UP)
WORKERS = (EVENTS, EVENT_DELAY, CALLS, CALL_DURATION, CALL_DOCUMENTS, RATE_LIMITED, FAILED_SESSIONS, NOTICES, SERVED)
HOLDERS = (
    *(
        BUFFERED,
        OLDEST,
        QUEUED,
        STANDS,
        BATCH_WINDOW,
        HELD,
        HELD_OLDEST,
        PARKED,
        PARKED_OLDEST,
        UNCERTAIN,
        PAUSED,
        PAUSES,
    ),
    *(BUDGET_LIMIT, BUDGET_REMAINING, BUDGET_RESET, LANE_DONE, TOKEN_EXPIRY),
)
AGENTS = (IN_CHARGE, PUBLISHED, UNROUTED, POLLER_LAG, WITHHELD, RESYNC_RUNNING, RESYNC_ROWS, RESYNC_EVENTS)
ALL = (*PROCESS, *WORKERS, *HOLDERS, *AGENTS)
