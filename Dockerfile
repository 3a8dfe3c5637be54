# --build-arg NODE=22 runs it on the older line of long-term support, --build-arg BASE=... on any image with Node.
ARG NODE=24
ARG BASE=node:${NODE}-bookworm-slim

FROM node:24-bookworm-slim AS build
WORKDIR /ottla
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY protocol protocol
COPY src src
COPY scripts/run.mjs scripts/build.mjs scripts/
COPY scripts/house/bundle.ts scripts/house/broker-code.ts scripts/house/public-types.ts scripts/house/
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /ottla
# Owned by the user that runs, so that a new volume is, too. Where other images of Kafka keep their data and find their
# files, these are found as well; wait scripts put their own in place of configure and ensure.
COPY container/run container/step /tmp/
RUN mkdir -p /data /etc/kafka/docker /etc/kafka/secrets /etc/confluent/docker /var/lib/kafka /mnt/shared/config /opt/kafka/config \
  && ln -s /data /var/lib/kafka/data \
  && cp /tmp/run /etc/kafka/docker/run && cp /tmp/run /etc/confluent/docker/run && cp /tmp/run /etc/confluent/docker/launch \
  && cp /tmp/step /etc/confluent/docker/configure && cp /tmp/step /etc/confluent/docker/ensure \
  && cp /tmp/step /etc/confluent/docker/bash-config && rm /tmp/run /tmp/step \
  && printf '#!/bin/sh\nexec node /ottla/dist/src/main.js "$@"\n' > /usr/local/bin/ottla && chmod 755 /usr/local/bin/ottla \
  && chown -R node:node /data /etc/kafka /etc/confluent /mnt/shared /opt/kafka
COPY container/entrypoint /usr/local/bin/ottla-entrypoint
COPY package.json README.md LICENSE CHANGELOG.md ./
COPY --from=build /ottla/node_modules node_modules
COPY --from=build /ottla/dist/protocol dist/protocol
COPY --from=build /ottla/dist/src dist/src
ENV KAFKA_LOG_DIRS=/data
USER node
VOLUME /data
EXPOSE 9092
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1s --timeout=2s --start-period=10s --retries=3 CMD ["node", "/ottla/dist/src/cli/health.js"]
ENTRYPOINT ["ottla-entrypoint"]
CMD ["/etc/kafka/docker/run"]
