# One image for every role: `worker`, `store` (the agent), `console`, `sandbox …`, and every other command of xerelay.
# It runs as a user without rights, and needs no file system that it can write to but what is mounted.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
# where packages come from is the builder's affair: `docker build --build-arg PIP_INDEX_URL=…`
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ARG PIP_NO_INDEX
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements-build.lock requirements.lock ./
RUN python3 -m venv backend && backend/bin/pip install --require-hashes --only-binary=:all: -r requirements-build.lock
RUN python3 -m venv /app && /app/bin/pip install --require-hashes --only-binary=:all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY producers producers
COPY worker worker
COPY deploy deploy
RUN backend/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /app/bin/pip install --no-deps --no-index dist/*.whl \
    && /app/bin/pip uninstall --yes pip

FROM python:${PYTHON}-slim
RUN groupadd --system --gid 10001 xerelay \
    && useradd --system --uid 10001 --gid xerelay --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin xerelay \
    && for place in broker postgres grafana worker agent store admin; do \
        install --directory --owner=xerelay --group=xerelay "/secrets/$place"; \
    done \
    && install --directory --owner=xerelay --group=xerelay /var/lib/xerelay
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    XERELAY_CONFIG=/etc/xerelay/xerelay.toml \
    XERELAY_HTTP__HOST=0.0.0.0 \
    XERELAY_HTTP__PORT=9100
USER 10001:10001
WORKDIR /var/lib/xerelay
# health and metrics, and the console's pages; published to nobody unless asked for
EXPOSE 9100 8765
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as http; http.urlopen('http://127.0.0.1:9100/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["xerelay"]
CMD ["--help"]
