# The bundle and Node.js on a small base, for linux/amd64 and linux/arm64:
#   docker build --build-arg REVISION=$(git rev-parse --short HEAD) -t clusterdns:0.1.0 .
# `npm run image` builds it with buildah, also where there is no registry to pull from. All commands run on the builder's own
# platform, so the other one needs no emulation.

ARG NODE_VERSION=26.10.0
# Debian with apt and npm.
ARG BUILD_IMAGE=node:${NODE_VERSION}-bookworm-slim
# Needs the C and C++ libraries of a Debian no older than the build image's, and nothing else.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12

FROM --platform=${BUILDPLATFORM} ${BUILD_IMAGE} AS build
ARG TARGETARCH
# Node.js needs libatomic, which small bases don't have.
RUN dpkg --add-architecture ${TARGETARCH} && apt-get update \
 && apt-get install --yes --no-install-recommends elfutils libcap2-bin \
 && cd /tmp && apt-get download libatomic1:${TARGETARCH} && dpkg-deb --extract libatomic1_*.deb /root-fs \
 && rm -rf libatomic1_*.deb /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
# What is of machine code comes for the target.
ARG NODE_VERSION
RUN cpu=$(echo ${TARGETARCH} | sed s/amd64/x64/) && koffi=$(node -p 'require("./node_modules/koffi/package.json").version') \
 && npm install --force --prefix /target --os=linux --cpu=${cpu} --ignore-scripts --no-save \
    node-linux-${cpu}@${NODE_VERSION} @koromix/koffi-linux-${cpu}@${koffi} \
 && mv /target/node_modules/node-linux-${cpu} /target/node && rm -r /target/node_modules/@koromix/*/musl_*
COPY . .
ARG REVISION=
RUN REVISION=${REVISION} npm run bundle -- /root-fs/clusterdns /target/node_modules
# The capability is for port 53 without being root; docs/installing.md says what it takes.
RUN eu-strip -o /root-fs/node /target/node/bin/node && cp /target/node/LICENSE /root-fs/clusterdns/node-license.txt \
 && chmod -R a=rX /root-fs/clusterdns && chmod 555 /root-fs/node && setcap cap_net_bind_service=+ep /root-fs/node

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="clusterdns" \
      org.opencontainers.image.description="Cluster DNS server for Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /root-fs/ /
ENV MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072
USER 65532:65532
WORKDIR /
EXPOSE 53/udp 53/tcp 9153/tcp 8080/tcp 8181/tcp
# Node itself: a program that starts it, be it a shell, would lose the capability on the way.
ENTRYPOINT ["/node", "--max-semi-space-size=1", "/clusterdns/main.js"]
