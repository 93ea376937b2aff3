# Three images: `app` is api, worker, scheduler and the one-shot jobs; `minio` and `proxy` are built from source.

FROM golang:1.26-alpine AS minio-build
ARG MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
RUN go install github.com/minio/minio@${MINIO_VERSION}

FROM alpine:3 AS minio
COPY --from=minio-build /go/bin/minio /usr/local/bin/minio
RUN adduser -D -u 10001 minio && mkdir /data && chown minio /data
USER minio
VOLUME /data
EXPOSE 9000
ENTRYPOINT ["minio"]

FROM golang:1.26-alpine AS proxy-build
ARG CADDY_VERSION=v2.11.9
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
RUN go install github.com/caddyserver/caddy/v2/cmd/caddy@${CADDY_VERSION}

FROM alpine:3 AS proxy
COPY --from=proxy-build /go/bin/caddy /usr/local/bin/caddy
ENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/data
VOLUME /data
EXPOSE 80 443

# The libraries come out of a stage of their own: no layer of the image holds the two GPL encoders of a wheel, which are
# replaced by empty ones here, and what is not in the list of licences ends the build (NOTICE).
FROM python:3.11-slim AS libraries
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
COPY requirements.lock ./
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY image ./image
RUN python -m image.stand_ins /opt/venv/lib/python3.11/site-packages && \
    python -m image.licences /opt/venv/lib/python3.11/site-packages

FROM python:3.11-slim AS app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app QUANCHENG_HOME=/home/quancheng/.quancheng
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY --from=libraries /opt/venv /opt/venv
COPY schemas ./schemas
COPY storage ./storage
COPY workers ./workers
COPY api ./api
COPY mobile_contract ./mobile_contract
COPY quancheng.py quancheng_demo.py quancheng_demo_case.py quancheng_demo_run.py quancheng_parts.py quancheng_serve.py quancheng_stop.py quancheng_tell.py quancheng_tls.py pyproject.toml LICENSE NOTICE ./
RUN useradd --uid 10001 --create-home quancheng && install -d -o quancheng -g quancheng -m 700 \
    /home/quancheng/.quancheng /home/quancheng/.quancheng/signer /home/quancheng/.quancheng/public
USER quancheng
EXPOSE 8080
