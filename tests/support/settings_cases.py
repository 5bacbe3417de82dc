"""A small configuration that is right, and ways to spoil it."""

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

MINIMAL = f"""
[broker]
url = "amqp://user:hidden-2@127.0.0.1/"

[ledger]
encryption_key = "{KEY}"

[connections.xero]
flow = "web"
client_id = "id"
client_secret = "hidden-1"

[organisations.main]
connection = "xero"
start_date = 2026-01-01

[organisations.main.accounts]
sales = "200"
shipping = "425"
discount = "260"
fee = "270"
rounding = "860"

[organisations.main.tax]
"20" = "OUTPUT2"
"none" = "NONE"

[stores.shop]
kind = "magento"
url = "https://shop.example.com"
organisation = "main"

[stores.shop.auth]
access_token = "hidden-3"
"""

WRONG_FILES = [
    ('"amqp://user:hidden-2@', '"redis://user:hidden-2@', "broker.url", "amqps://user:password@host"),
    ('url = "amqp://user:hidden-2@127.0.0.1/"', "", "broker.url", "url_file, or XERELAY_BROKER__URL"),
    ("[broker]", '[broker]\nca_file = "/no/such.pem"', "broker.ca_file", "exists and can be read"),
    ("[broker]", '[broker]\nurl_file = "/no/such"', "broker.url_file", "url is set too"),
    ("[broker]", "[broker]\nheartbeat = 3", "broker.heartbeat", "known here: url, ca_file"),
    ("hidden-2@", "hidden/2@", "broker.url", "in user and password write %2F for /"),
    ("hidden-2@", "hid@hidden#2@", "broker.url", "in user and password write %2F for /"),
    ("[broker]", "[brocker]", "broker", "[broker] with url"),
    ('encryption_key = "', 'encryption_key = "hidden', "ledger.encryption_key", "32 bytes in urlsafe base64"),
    ("[ledger]", '[ledger]\nurl = "mysql://u:hidden@h/x"', "ledger.url", "postgresql://user@host"),
    ("[ledger]", '[ledger]\nurl = "sqlite://x.db"', "ledger.url", "names a database"),
    ("[ledger]", '[ledger]\nurl = "postgresql://u:hid@hidden@h/x"', "ledger.url", "user or password is written %40"),
    (
        "[ledger]",
        '[ledger]\nurl = "postgresql://u:hidden@h/x"\npassword = "hidden"',
        "ledger.password",
        "one of the two",
    ),
    ("[ledger]", '[ledger]\nurl = "postgresql://h/x"\npassword = "hidden"', "ledger.url", "names no user"),
    ("[ledger]", '[ledger]\npassword = "hidden"', "ledger.password", "only a postgresql:// url"),
    ("[ledger]", "[ledger]\nretention_days = 0", "ledger.retention_days", "at least 1, got 0"),
    ("[ledger]", "[ledger]\nretention_days = true", "ledger.retention_days", "a whole number, got true"),
    ("[ledger]", "[console]\nport = true\n[ledger]", "console.port", "a whole number, got true"),
    ("[ledger]", '[http]\nport = "9110-9100"\n[ledger]', "http.port", '"9100-9110", got "9110-9100"'),
    ("[ledger]", '[console]\nadmin_token = "hidden-4"\n[ledger]', "console.admin_token", "at least 16 characters"),
    ("[ledger]", '[console]\nhost = "0.0.0.0"\n[ledger]', "console.admin_token", "listens beyond this machine"),
    ("[ledger]", '[console]\nurl = "https://x.example/a"\n[ledger]', "console.url", "a URL without a path"),
    ("[ledger]", "[console]\nport = 0\n[ledger]", "console.port", "at least 1"),
    (
        "[stores.shop]",
        '[organisations.main.cut_over]\npolicy = "adopt"\n[stores.shop]',
        "organisations.main.cut_over",
        "before = ",
    ),
    ("[ledger]", '[xero]\napi_url = "api.xero.com"\n[ledger]', "xero.api_url", "https://example.com"),
    ("[ledger]", '[xero]\napi_url = "https://h/api.xro/2.0"\n[ledger]', "xero.api_url", "a URL without a path"),
    ("[ledger]", '[xero]\nidentity_url = "https://h?a=b"\n[ledger]', "xero.identity_url", "a URL without a path"),
    ("[ledger]", '[xero]\nlogin_url = "https://u:hidden@h"\n[ledger]', "xero.login_url", "without a path, user"),
    ("[ledger]", '[xero]\napi_url = "https://api.xe ro.com"\n[ledger]', "xero.api_url", "a URL with a host"),
    ("[ledger]", '[notify]\nconsole_url = "https://h/a"\n[ledger]', "notify.console_url", "a URL without a path"),
    ("[ledger]", '[console]\nurl = "https://h/#a"\n[ledger]', "console.url", "a URL without a path"),
    ('flow = "web"', 'flow = "oauth1"', "connections.xero.flow", "'custom', 'web' or 'pkce', got \"oauth1\""),
    ('client_secret = "hidden-1"', "", "connections.xero.client_secret", 'flow "web" needs it'),
    ('"hidden-1"', '"  "', "connections.xero.client_secret", "a secret, got nothing"),
    ('"hidden-3"', '"hidden\\n"', "stores.shop.auth.access_token", "no line's end"),
    ("[ledger]", f'[console]\nadmin_token = "{" " * 20}"\n[ledger]', "console.admin_token", "16 characters"),
    ('client_secret = "hidden-1"', 'client_secret = ""', "connections.xero.client_secret", "a secret, got nothing"),
    (
        'client_secret = "hidden-1"',
        'client_secret_file = "/dev/null"',
        "connections.xero.client_secret_file",
        'expected a secret in "/dev/null", which is empty',
    ),
    (
        f'encryption_key = "{KEY}"',
        'encryption_key_file = "/dev/null"',
        "ledger.encryption_key_file",
        'expected a secret in "/dev/null", which is empty',
    ),
    ('client_secret = "h', 'client_secert = "h', "connections.xero.client_secert", 'mean "client_secret"?'),
    ('flow = "web"', 'flow = "pkce"', "connections.xero.client_secret", "has no secret"),
    ('"web"', '"web"\nredirect_port = 99999', "connections.xero.redirect_port", "at most 65535"),
    ('connection = "xero"', 'connection = "xeros"', "organisations.main.connection", "there is: xero"),
    ('connection = "xero"', "", "organisations.main.connection", "missing; add connection to [organisations.main]"),
    ("start_date = 2026-01-01", "", "organisations.main.start_date", "missing"),
    ("2026-01-01", '"01.01.2026"', "organisations.main.start_date", "a date such as 2026-01-31"),
    ("2026-01-01", "1767225600", "organisations.main.start_date", "a date such as 2026-01-31, got 1767225600"),
    ("2026-01-01", '"1767225600"', "organisations.main.start_date", 'a date such as 2026-01-31, got "1767225600"'),
    ("2026-01-01", "true", "organisations.main.start_date", "a date such as 2026-01-31, got true"),
    ("2026-01-01", "0001-01-01", "organisations.main.start_date", "at least 1900-01-01, got 0001-01-01"),
    ("2026-01-01", "9999-12-31", "organisations.main.start_date", "at most 2999-12-31, got 9999-12-31"),
    ("2026-01-01", "2026-01-01\ncut_over.before = 0001-01-01", "organisations.main.cut_over.before", "at least 1900"),
    ("2026-01-01", '2026-01-01\nwindow = "half an hour"', "organisations.main.window", "a duration such as"),
    ("2026-01-01", "2026-01-01\nwindow = 30", "organisations.main.window", 'a duration such as "30m"'),
    ("2026-01-01", '2026-01-01\nwindow = "99999999999d"', "organisations.main.window", "a duration such as"),
    ("2026-01-01", f'2026-01-01\nwindow = "{"9" * 5000}s"', "organisations.main.window", "a duration such as"),
    ("2026-01-01", '2026-01-01\nwindow = "25h"', "organisations.main.window", "between 1s and 24h"),
    ("2026-01-01", '2026-01-01\noffset = "30m"', "organisations.main.offset", "less than the window"),
    ("2026-01-01", "2026-01-01\nrounding_limit = 1.5", "organisations.main.rounding_limit", "at most 1"),
    ("2026-01-01", "2026-01-01\nrounding_limit = true", "organisations.main.rounding_limit", '"0.05", got true'),
    ("2026-01-01", "2026-01-01\nrounding_limit = nan", "organisations.main.rounding_limit", "that is finite, got nan"),
    ("2026-01-01", '2026-01-01\nsales_document = "quote"', "organisations.main.sales_document", "'invoice'"),
    ("2026-01-01", '2026-01-01\ndocument_status = "paid"', "organisations.main.document_status", "'draft'"),
    ("2026-01-01", '2026-01-01\ntenant_id = "main"', "organisations.main.tenant_id", "an id such as"),
    ("2026-01-01", '2026-01-01\nnumber_prefix = "a b"', "organisations.main.number_prefix", "form"),
    ("2026-01-01", "2026-01-01\nlimits.minute = 61", "organisations.main.limits.minute", "Xero's limit"),
    ("2026-01-01", "2026-01-01\nlimits.minute = 10001", "organisations.main.limits.minute", "at most 10000"),
    ("2026-01-01", "2026-01-01\nlimits.reserve = 25", "organisations.main.limits.reserve", "less than 1"),
    ("2026-01-01", "2026-01-01\nlimits.burst = true", "organisations.main.limits.burst", "such as 0.25, got true"),
    ("2026-01-01", "2026-01-01\nlimits.reserve = false", "organisations.main.limits.reserve", "0.25, got false"),
    ("2026-01-01", "2026-01-01\nlimits.burst = 0", "organisations.main.limits.burst", "more than 0"),
    (
        "2026-01-01",
        "2026-01-01\ncut_over.before = 2026-02-01",
        "organisations.main.cut_over.policy",
        'no effect without "adopt"',
    ),
    (
        "2026-01-01",
        '2026-01-01\ncut_over = { policy = "leave", before = 2026-01-01 }',
        "organisations.main.cut_over.before",
        "a day after start_date, 2026-01-01, got 2026-01-01; remove cut_over if",
    ),
    (
        "2026-01-01",
        '2026-01-01\nlanes.order = "backfill"',
        "organisations.main.lanes.order",
        '"immediate", "batch"',
    ),
    ("2026-01-01", "2026-01-01\nlanes.order = { a = 1 }", "organisations.main.lanes.order", '"immediate", "batch"'),
    ("2026-01-01", '2026-01-01\nlanes.orders = "off"', "organisations.main.lanes.orders", 'mean "order"?'),
    ("2026-01-01", '2026-01-01\nguests = "none"', "organisations.main.guests", "'email'"),
    ("2026-01-01", '2026-01-01\narchived_contact = "ask"', "organisations.main.archived_contact", "'park'"),
    ("2026-01-01", '2026-01-01\nlocked_period = "move"', "organisations.main.locked_period", "'next_day'"),
    ("2026-01-01", '2026-01-01\nedited_paid = "void"', "organisations.main.edited_paid", "'reissue'"),
    (
        "2026-01-01",
        '2026-01-01\nedited_paid = "reissue"\ndocument_status = "draft"',
        "organisations.main",
        "drafts carry no credit",
    ),
    ("2026-01-01", '2026-01-01\nbranding_themes.Shop = "x"', "organisations.main.branding_themes", "webshop/outlet"),
    ('rounding = "860"', 'rounding = "860"\ninventory = "630"', "organisations.main.accounts.inventory", "both"),
    ('rounding = "860"', "", "organisations.main.accounts.rounding", "missing"),
    ('sales = "200"', "sales = 200", "organisations.main.accounts.sales", "text in quotes"),
    ('sales = "200"', 'sales = "2000000000000"', "organisations.main.accounts.sales", "at most 10"),
    ('"20" = "OUTPUT2"', '8.875 = "TAX002"', "organisations.main.tax.8", 'in quotes: "8.875" ='),
    ('"20" = "OUTPUT2"', '"" = "OUTPUT2"', "organisations.main.tax:", "a key with text in it, got an empty one"),
    ('"20" = "OUTPUT2"', '" " = "OUTPUT2"', "organisations.main.tax:", "a key with text in it, got an empty one"),
    (
        "[stores.shop]",
        '[organisations.main.payments]\n"" = "090"\n[stores.shop]',
        "organisations.main.payments:",
        "a key with text in it, got an empty one",
    ),
    ('organisation = "main"', 'websites = { "" = "main" }', "stores.shop.websites:", "got an empty one"),
    ('"20" = "OUTPUT2"', '"20" = ""', "organisations.main.tax.20", "at least 1 character"),
    ('"20" = "OUTPUT2"', '"20" = "A"\n"20%" = "B"', "organisations.main.tax", 'one tax type for "20"'),
    (
        "[stores.shop]",
        '[organisations.main.payments]\nx = "12345678901"\n[stores.shop]',
        "organisations.main.p",
        "id",
    ),
    ("[stores.shop]", "[stores]", "stores.kind", "such as [stores.NAME] with key = value"),
    ("[connections.xero]", "[connections]", "connections.flow", "such as [connections.NAME] with key = value"),
    ("[stores.shop", "[stores.main", "stores.main", "both would own xerelay.main.commands"),
    ("[stores.shop]", "[stores.Shop]", "stores.Shop.name", "out of a-z"),
    ("[stores.shop]", '[stores.shop]\nname = "x"', "stores", "the name is that of the table"),
    ('organisation = "main"', 'organisation = "mian"', "stores.shop.organisation", "there is: main"),
    ('organisation = "main"', "", "stores.shop.organisation", "either organisation or websites"),
    ('organisation = "main"', 'views = { en = "x" }', "stores.shop.views.en", "there is: main"),
    ('organisation = "main"', 'organisation = "main"\nlag = "1h"', "stores.shop.lag", "between 0s and 900s"),
    ('organisation = "main"', 'organisation = "main"\nremoval_limit = 10', "stores.shop.removal_limit", "1"),
    ('organisation = "main"', 'organisation = "main"\nremoval_limit = true', "stores.shop.removal_limit", "got true"),
    (
        'organisation = "main"',
        'organisation = "main"\noffline_methods = true',
        "stores.shop.offline_methods",
        'a list, such as ["banktransfer"], got true',
    ),
    ('"https://shop.example.com"', '"file:///srv/export"', "stores.shop.url", "a URL with a host"),
    ('"https://shop.example.com"', '"https://shop.example.com/rest/"', "stores.shop.url", "base URL without"),
    ('"https://shop.example.com"', '"https://shop.example.com/?a=b"', "stores.shop.url", "base URL without"),
    ('"https://shop.example.com"', '"https://u:hidden@shop.example.com"', "stores.shop.url", "base URL without user"),
    ('[stores.shop.auth]\naccess_token = "hidden-3"', "", "stores.shop.auth", "add a table [stores.shop.auth]"),
    ('organisation = "main"', 'websites = { base = "x" }', "stores.shop.websites.base", "there is: main"),
    ('kind = "magento"', 'kind = "shopify"', "stores.shop.kind", "'magento'"),
    ("access_token =", 'consumer_key = "hidden"\naccess_token =', "stores.shop.auth.consumer_secret", "all four"),
    ("[ledger]", '[notify]\nto = ["a@b.example"]\n[ledger]', "notify.smtp_url", "nobody can write to the addresses"),
    ("[ledger]", '[notify]\nsmtp_url = "smtp://h"\n[ledger]', "notify.to", "at least one address"),
    ("[ledger]", '[notify]\nsmtp_url = "smtp://u:hidden%C3%BC@h"\n[ledger]', "notify.smtp_url", "ASCII characters"),
    ("[ledger]", '[notify]\nsmtp_url = "smtp://u%0a:hidden@h"\n[ledger]', "notify.smtp_url", "ASCII characters"),
    ('"hidden-1"', '"hidden-1\u200b"', "connections.xero.client_secret", "printable ASCII"),
    ('"hidden-1"', '"hidden-1\\n2"', "connections.xero.client_secret", "no line's end"),
    ('client_id = "id"', 'client_id = "id…"', "connections.xero.client_id", "printable ASCII"),
    ("[ledger]", "[ledger", "", "not a TOML file"),
]
"""What to replace in MINIMAL and by what; where the first line has to start, and what is said."""

WRONG_ENVIRONMENTS = [
    ("XERELAY_BROKR__URL", "hidden", "brokr", 'unknown key; did you mean "broker"?'),
    ("XERELAY_LEDGER__URI", "hidden", "ledger.uri (XERELAY_LEDGER__URI)", 'did you mean "url"?'),
    ("XERELAY_LOG_LEVEL", "debug", "log_level (XERELAY_LOG_LEVEL)", "unknown key"),
    ("XERELAY_BROKER", "amqp://user:hidden@host", "broker (XERELAY_BROKER)", "expected a table"),
    ("XERELAY_ORGANISATIONS__MAIN__LIMITS__DAY", "many", "organisations.main.limits.day", 'number, got "many"'),
    ("XERELAY_", "x", "XERELAY_", "XERELAY_SECTION__KEY"),
    ("XERELAY_BROKER__URL_FILE", "/no/such/file", "broker.url_file", "no such file"),
    (
        "XERELAY_ORGANISATIONS__MAIN__CONNECTION",
        "\udce9",
        "XERELAY_ORGANISATIONS__MAIN__CONN",
        "expected text in UTF-8",
    ),
    ("XERELAY_ORGANISATIONS", "[" * 100_000, "organisations (XERELAY_ORGANISATIONS)", "expected a table"),
]
"""A variable and its value beside MINIMAL; where the first line has to start, and what is said."""
