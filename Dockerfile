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
COPY scripts/bundle.ts scripts/
COPY scripts/bin/bundle.ts scripts/bin/
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /ottla
# Owned by the user that runs, so that a new volume is, too.
RUN mkdir /data && chown node:node /data
COPY package.json README.md LICENSE CHANGELOG.md ./
COPY --from=build /ottla/node_modules node_modules
COPY --from=build /ottla/dist/protocol dist/protocol
COPY --from=build /ottla/dist/src dist/src
ENV KAFKA_LOG_DIRS=/data
USER node
VOLUME /data
EXPOSE 9092
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1s --timeout=2s --start-period=10s --retries=3 CMD ["node", "dist/src/cli/health.js"]
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["serve"]
