/** The suite on a server of somebody's own, which has ssh's settings and not the suite's. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeNeeding } from "../support/needs.ts";
import { missingSshd, type Sshd, startSshd } from "../support/sshd.ts";

let server: Sshd;

/** Runs `npm run test:interop` on it; resolves to its exit code and stdout. */
function suite(knownHosts: string, ...more: string[]): Promise<{ code: unknown; stdout: string }> {
  const { port, user, clientKey } = server;
  const target = ["--target", `127.0.0.1:${port}`, "--username", user, "--client-key", clientKey];
  const trust = ["--known-hosts", knownHosts];
  const args = ["--import", "tsx", join(import.meta.dirname, "run.ts"), ...target, ...trust, ...more];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout) => resolve({ code: error?.code ?? 0, stdout }));
  });
}

describeNeeding(missingSshd(), "a server of somebody's own", () => {
  beforeAll(async () => {
    server = await startSshd({ config: ["MaxSessions 10"] });
  });
  afterAll(() => server.stop());

  test("that takes ten sessions a connection, as sshd does by default, fails no case by that", async () => {
    const { code, stdout } = await suite(server.knownHosts, "--case", "twenty");
    expect(stdout).toMatch(/^0 passed, 0 failed, 1 skipped$/m);
    expect(stdout).toContain("10 sessions on one connection");
    expect(code).toBe(0);
  }, 60_000);

  test("that does not let us in is asked once, and not by every case", async () => {
    const { code, stdout } = await suite("/dev/null");
    expect(stdout).toMatch(/ failed {2}start .*: Host key verification failed: no key of/);
    expect(stdout).toMatch(/^0 passed, 1 failed, 0 skipped$/m);
    expect(code).toBe(1);
  }, 60_000);
});
