/** The clients that are compared: how each is started to run a command on a server. */
import { join } from "node:path";
import { builtCommand } from "../test/support/command.ts";
import type { SshServer } from "../test/support/ssh-server.ts";
import type { Launch } from "./line-process.ts";
import type { ClientName } from "./results.ts";
import { ssh2Package } from "./ssh2-package.ts";

/** A server, by whatever port it is reached. */
export type Target = Pick<SshServer, "host" | "port" | "user" | "clientKey" | "knownHosts">;

const ssh2Pipe = join(import.meta.dirname, "ssh2-pipe.mjs");

export const clients: Readonly<Record<ClientName, (target: Target, command: string) => Launch>> = {
  "mcp-ssh-client": ({ host, port, user, clientKey, knownHosts }, command) => {
    const where = ["--host", host, "--port", String(port), "--username", user];
    const trust = ["--client-key", clientKey, "--known-hosts", knownHosts];
    return { command: process.execPath, args: [builtCommand, ...where, ...trust, "--command", command] };
  },
  ssh: ({ host, port, user, clientKey, knownHosts }, command) => {
    const settings = [
      "BatchMode=yes",
      "IdentitiesOnly=yes",
      "GlobalKnownHostsFile=none",
      `UserKnownHostsFile=${knownHosts}`,
    ];
    const options = settings.flatMap((setting) => ["-o", setting]);
    const where = ["-p", String(port), "-i", clientKey, `${user}@${host}`];
    return { command: "ssh", args: ["-T", "-F", "none", ...options, ...where, command] };
  },
  ssh2: ({ host, port, user, clientKey, knownHosts }, command) => ({
    command: process.execPath,
    args: [ssh2Pipe, ssh2Package().folder, host, String(port), user, clientKey, knownHosts, command],
  }),
};
