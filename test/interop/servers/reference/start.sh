# Arguments go to the server. Its key server keeps a database below HOME.
set -eu
exec /venv/bin/m2m-mcp-server-ssh-server --host 0.0.0.0 --port 2222 --server-key /interop/host_ed25519_key \
  --servers-config /server/servers.json "$@"
