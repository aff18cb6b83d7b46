# The bundle and Node.js on a small base, for linux/amd64 and linux/arm64:
#   docker build --build-arg REVISION=$(git rev-parse --short HEAD) -t clusterdns:0.1.0 .
# Every stage is of the target's platform, so that npm brings the right build of koffi: the other one needs emulation.

ARG NODE_VERSION=26.10.0
ARG BUILD_IMAGE=node:${NODE_VERSION}-bookworm-slim
# Needs the C and C++ libraries of a Debian no older than the build image's, and nothing else.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12

FROM ${BUILD_IMAGE} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends libcap2-bin && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
ARG REVISION=
RUN REVISION=${REVISION} npm run bundle -- /root-fs/clusterdns
# For port 53 without being root; docs/installing.md says what it takes.
RUN cp "$(command -v node)" /root-fs/node && setcap cap_net_bind_service=+ep /root-fs/node \
 && chmod -R a=rX /root-fs/clusterdns && chmod 555 /root-fs/node

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="clusterdns" \
      org.opencontainers.image.description="Cluster DNS server for Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /root-fs/ /
ENV MALLOC_ARENA_MAX=1
USER 65532:65532
WORKDIR /
EXPOSE 53/udp 53/tcp 9153/tcp 8080/tcp 8181/tcp
# Node itself: a program that starts it, be it a shell, would lose the capability on the way.
ENTRYPOINT ["/node", "--max-semi-space-size=1", "/clusterdns/main.js"]
