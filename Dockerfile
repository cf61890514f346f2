# The command in a container: npm run build && docker build -t mcp-ssh-client .
# Debian's own Node and our one file, which imports nothing else. How a host starts it: docs/install.md.
FROM debian:trixie-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends nodejs \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --no-create-home --home-dir /home/mcp mcp \
 && install -d -o mcp -g mcp -m 755 /home/mcp

COPY dist/mcp-ssh-client.js /usr/local/lib/mcp-ssh-client.mjs
COPY LICENSE /usr/share/doc/mcp-ssh-client/copyright

USER mcp
ENV HOME=/home/mcp
WORKDIR /home/mcp
ENTRYPOINT ["node", "/usr/local/lib/mcp-ssh-client.mjs"]
