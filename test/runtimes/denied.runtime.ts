/** Where permissions are few, what they forbid is named, and what they do not concern works. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtCommand } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { missingSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { makeProject, type Project } from "./project.ts";
import { deno, missingRuntimes, permitted, type Runtime } from "./runtimes.ts";
import { type Outcome, run } from "./start.ts";

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n';

/** Answers like a server: whatever it is asked. */
const PONG = `read line; echo '{"jsonrpc":"2.0","id":1,"result":{}}'`;

describeNeeding(missingSshd() ?? missingRuntimes(), "the built command with few permissions", () => {
  let server: Sshd;
  let project: Project;
  beforeAll(async () => {
    server = await startSshd();
    project = makeProject(server);
    const lines = [
      "Host by-command",
      ` ProxyCommand nc ${server.host} ${server.port}`,
      "Host by-name",
      ` HostName ${server.host}`,
      ` Port ${server.port}`,
      "Host by-machine",
      " IdentityFile ~/.ssh/%L",
    ];
    writeFileSync(join(project.home, ".ssh", "config"), `${lines.join("\n")}\n`, { mode: 0o600 });
  });
  afterAll(async () => {
    project?.remove();
    await server?.stop();
  });

  const call = (runtime: Runtime, host: string, ...flags: readonly string[]): Promise<Outcome> => {
    const config = join(project.home, ".ssh", "config"); // named, since Deno cannot say whether it is ours
    const asked = ["--host", host, "--username", server.user, "--command", PONG, "--ssh-config", config];
    const args = [builtCommand, ...asked, ...flags];
    return run(runtime, args, project.home, PING);
  };
  const here = (): readonly string[] => ["--port", String(server.port)];

  describe.each([...permitted, deno])("in $name", (runtime) => {
    test("reads ssh's configuration, and tries the default keys", async () => {
      const { code, stdout, stderr } = await call(runtime, "by-name");
      expect({ code, stdout }).toEqual({ code: 0, stdout: '{"jsonrpc":"2.0","id":1,"result":{}}\n' });
      expect(stderr).not.toMatch(/WARNING|ERROR/);
    });

    test("says that a ProxyCommand may not be started", async () => {
      const { code, stdout } = await call(runtime, "by-command");
      expect(code).toBe(1);
      expect(messageOf(stdout)).toMatch(/the ProxyCommand 'nc .*' could not be started: .*--allow-(child-process|run)/);
    });

    test("lets a session go on whose new host key it may not remember", async () => {
      const file = join(project.folder, "none-yet");
      const { code, stderr } = await call(runtime, server.host, ...here(), "--accept-new", "--known-hosts", file);
      expect(code).toBe(0);
      expect(stderr).toMatch(/trusted for this time only.*--allow-(fs-)?write/);
    });
  });

  test("Deno without --allow-sys refuses a path that has the machine's name in it", async () => {
    const { stdout } = await call(deno, "by-machine");
    expect(messageOf(stdout)).toContain("%L is not told to this process (in Deno: --allow-sys)");
  });

  test("Deno without --allow-write says why the agent cannot be asked", async () => {
    const empty = join(project.folder, "empty");
    mkdirSync(empty, { recursive: true });
    const flags = ["--agent", join(empty, "agent"), "--known-hosts", server.knownHosts, ...here()];
    const { code, stdout } = await call(deno, server.host, ...flags);
    expect(code).toBe(1);
    expect(messageOf(stdout)).toMatch(/The agent at .* was asked for the list of its keys: .*--allow-write/);
  });

  test.each([
    { ...deno, flags: deno.flags.filter((flag) => flag !== "--allow-net") },
    ...permitted.slice(-1).map((node) => ({ ...node, flags: node.flags.filter((flag) => flag !== "--allow-net") })),
  ])("without the network says so", async (runtime) => {
    const { stdout } = await call(runtime, server.host, ...here());
    expect(messageOf(stdout)).toContain("Network access is not permitted to this process (--allow-net): 127.0.0.1");
    expect(messageOf(stdout)).not.toContain("firewalls");
  });
});

function messageOf(line: string): string {
  return (JSON.parse(line) as { error: { message: string } }).error.message;
}
