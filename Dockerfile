# syntax=docker/dockerfile:1

# The Kafka client brings its own librdkafka, linked statically and built for
# glibc. So both stages are the same Debian, and the second needs no library.
FROM golang:1.26.5-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
# The commit that .git names becomes the version.
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=1 go build -trimpath -ldflags='-s -w' -o /out/telltale ./cmd/telltale

FROM debian:12.12-slim
# Certificates to verify brokers, MySQL and mail servers by.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/telltale /usr/local/bin/telltale
COPY --chmod=0755 deploy/ready.sh /usr/local/bin/ready
COPY config/rules /etc/telltale/rules
# Where telltale.yaml is looked for.
WORKDIR /etc/telltale
# Nobody: no stage writes a file.
USER 65534:65534
ENTRYPOINT ["telltale"]
CMD ["help"]
