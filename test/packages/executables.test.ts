/** The single executables: the command with Node, or with Bun, in one file. */
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch } from "../support/command.ts";
import { everythingCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { run } from "./run.ts";
import { proveSession, type Start } from "./session.ts";

const executables = [
  { script: "sea", path: resolve("out/mcp-ssh-client-node") },
  { script: "compile:bun", path: resolve("out/mcp-ssh-client-bun") },
];

describeNeeding(missingSshd(), "single executables", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  describe.each(executables)("by npm run $script", ({ script, path }) => {
    beforeAll(() => run("npm", ["run", script]));

    test("says its version", async () => {
      expect(await run(path, ["--version"])).toMatch(/^mcp-ssh-client \d+\.\d+\.\d+\n$/);
    });

    test("carries a session, and finds neither Node nor npm on its way", async () => {
      const [, ...flags] = launch(server, { exec: everythingCommand }).args;
      await proveSession({ command: path, args: flags, env: { HOME: server.folder, PATH: "/nowhere" } });
    });

    test("names itself in the entry that it writes for a host", async () => {
      const flags = ["--installed", "--host", server.host, "--command", "my-mcp-server"];
      const { mcpServers } = JSON.parse(await run(path, ["config", "json", ...flags]));
      const [{ command, args }] = Object.values<Start>(mcpServers) as [Start];
      expect(command).toBe(path);
      expect(args.slice(0, 2)).toEqual(["--host", server.host]);
    });
  });
});
