# Both images can be replaced, for a mirror or a pinned digest.
ARG GO_IMAGE=docker.io/library/golang:1.26
ARG BASE_IMAGE=gcr.io/distroless/static-debian12:nonroot

# Built on the machine's own platform and cross-compiled: no emulation.
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG COMMIT=
ARG DATE=
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath \
      -ldflags "-s -w -X main.commit=$COMMIT -X main.date=$DATE" \
      -o /out/trackerbell ./cmd/trackerbell \
 && mkdir /out/data

FROM ${BASE_IMAGE}
ARG VERSION=dev
ARG COMMIT=
ARG DATE=
LABEL org.opencontainers.image.title="trackerbell" \
      org.opencontainers.image.description="Call recordings in, Slack alerts out: once for each tracker mention" \
      org.opencontainers.image.source="https://github.com/trackerbell/trackerbell" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.created="$DATE"
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /out/trackerbell /usr/local/bin/trackerbell
# The embedded store is ./data of this folder; the root may be read-only.
COPY --from=build --chown=65532:65532 /out/data /var/lib/trackerbell
WORKDIR /var/lib/trackerbell
VOLUME /var/lib/trackerbell
# Loopback, the default, cannot be reached from outside a container. The admin
# listener stays there until admin.addr and admin.token are set.
ENV TRACKERBELL_SERVER_ADDR=:8080
EXPOSE 8080 8081
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/trackerbell"]
CMD ["serve"]
