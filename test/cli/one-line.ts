/** A host that says one thing: what comes back, and what a person is told. */
import { expect } from "vitest";
import type { Host } from "../support/command.ts";

export const line = '{"jsonrpc":"2.0","method":"notifications/x"}';

/** Sends one line to a remote that echoes, and reads it back; what was said on stderr. */
export async function echoed(host: Host): Promise<string> {
  host.send(line);
  expect(await host.line()).toBe(line);
  host.end();
  expect(await host.exit).toEqual({ code: 0, signal: null });
  return host.stderr();
}

/** The one line that says why not, the same for the host. */
export async function refused(host: Host): Promise<string> {
  host.send('{"jsonrpc":"2.0","id":1,"method":"initialize"}');
  const answer = JSON.parse(await host.line());
  expect((await host.exit).code).toBe(1);
  const [, reason = ""] = /Error running MCP SSH client: (.*)\n/.exec(host.stderr()) ?? [];
  expect(answer).toMatchObject({ id: 1, error: { code: -31001 } });
  expect(answer.error.message).toContain(reason);
  return reason;
}
