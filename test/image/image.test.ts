/** The container image, built by the engine that is here and run as a host runs it. */
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../packages/run.ts";
import { proveSession } from "../packages/session.ts";
import { everythingCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { findExecutable, type SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const image = "mcp-ssh-client:test";
const missing = findExecutable("docker") === undefined ? "no docker here" : missingSshd();

describeNeeding(missing, "the container image", () => {
  let server: SshServer;
  beforeAll(async () => {
    await run("docker", ["build", "-q", "-t", image, "."]);
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  test("says its version", async () => {
    expect(await run("docker", ["run", "--rm", image, "--version"])).toMatch(/^mcp-ssh-client \d+\.\d+\.\d+\n$/);
  });

  test("runs as a user who is not root", async () => {
    expect(await run("docker", ["run", "--rm", "--entrypoint", "id", image, "-u"])).toBe("1000\n");
  });

  test("carries a session, read-only, without a capability, as whoever owns the key", async () => {
    const bounds = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
    const owner = ["--user", `${process.getuid?.()}:${process.getgid?.()}`];
    const mount = ["-v", `${resolve(server.folder)}:/home/mcp/.ssh:ro`];
    const start = ["run", "-i", "--rm", "--network", "host", ...bounds, ...owner, ...mount, image];
    const there = (path: string): string => path.replace(server.folder, "/home/mcp/.ssh");
    const flags = ["--host", server.host, "--port", String(server.port), "--username", server.user];
    const files = ["--client-key", there(server.clientKey), "--known-hosts", there(server.knownHosts)];
    const args = [...start, ...flags, ...files, "--command", everythingCommand];
    await proveSession({ command: "docker", args, env: { PATH: process.env["PATH"] ?? "", HOME: server.folder } });
  });
});
