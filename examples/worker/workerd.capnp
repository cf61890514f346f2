# The worker in workerd itself, with its variables from the environment: workerd serve workerd.capnp
# `worker.js` is worker.ts, bundled: esbuild worker.ts --bundle --format=esm --external:cloudflare:sockets --outfile=worker.js
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8080", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "SSH_HOST", fromEnvironment = "SSH_HOST"),
    (name = "SSH_PORT", fromEnvironment = "SSH_PORT"),
    (name = "SSH_USER", fromEnvironment = "SSH_USER"),
    (name = "SSH_KEY", fromEnvironment = "SSH_KEY"),
    (name = "SSH_HOST_KEY", fromEnvironment = "SSH_HOST_KEY"),
    (name = "SSH_COMMAND", fromEnvironment = "SSH_COMMAND"),
  ],
);
