/**
 * A network that breaks: the built command and a real sshd, with a scripted fault between them at every step of the
 * protocol. Each run must end by itself, with one line that says why, and every request with its answer or -31001, once.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Exit, endHosts, type Host, launch, startHost } from "../support/command.ts";
import {
  afterBytes,
  behindPacket,
  type Direction,
  type FaultKind,
  type FaultProxy,
  inPacket,
  packets,
  startFaultProxy,
  type Treatment,
} from "../support/fault-proxy.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const hosts: Host[] = [];
const proxies: FaultProxy[] = [];
let sshd: SshServer;

const initialize = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}';
const calls = [
  '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"a"}}',
  '{"jsonrpc":"2.0","id":"three","method":"tools/call","params":{"name":"b"}}',
];
const answer = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":{}}`;
/** A server of three answers. */
const remote = `read line; echo '${answer("1")}'; read line; echo '${answer("2")}'; read line; echo '${answer('"three"')}'; cat >/dev/null`;

/** Time-outs so short that a silent peer does not keep the test, and long enough for a busy machine. */
const patience = ["--connect-timeout", "4", "--auth-timeout", "4", "--channel-timeout", "4"];
/** A lost link ends the run. */
const once = ["--no-reconnect"];
const keepalive = ["--keepalive-interval", "1", "--keepalive-count", "3"];

interface Run {
  readonly host: Host;
  readonly exit: Exit;
  readonly answers: readonly Record<string, unknown>[];
  readonly hasFired: boolean;
}

/** The key is pinned: known_hosts names the server's own port, not the proxy's. */
function reachThrough(proxy: FaultProxy, command = remote, flags: readonly string[] = keepalive): Host {
  const way = launch({ ...sshd, port: proxy.port }, { exec: command }, [...patience, ...once, ...flags]);
  const host = startHost({ ...way, args: [...way.args, "--host-key", sshd.hostKey] });
  hosts.push(host);
  return host;
}

async function proxied(treat: (n: number) => Treatment): Promise<FaultProxy> {
  const proxy = await startFaultProxy(sshd.port, treat);
  proxies.push(proxy);
  return proxy;
}

/** A host that asks once, and twice more when it has its answer; it leaves only when it has all. */
async function run(treatment: Treatment): Promise<Run> {
  const proxy = await proxied(() => treatment);
  const host = reachThrough(proxy);
  host.send(initialize);
  const first = await host.line().catch(() => undefined);
  if (first !== undefined && JSON.parse(first).error === undefined) {
    for (const call of calls) host.send(call);
    for (const _ of calls) await host.line().catch(() => undefined);
  }
  if (resultsOf(host) === 3) host.end();
  const exit = await host.exit;
  const text = host.stdout().toString();
  expect(text === "" || text.endsWith("\n")).toBe(true); // no half line
  const answers = text.split("\n").filter((line) => line !== "");
  await proxy.stop();
  return { host, exit, answers: answers.map((line) => JSON.parse(line)), hasFired: proxy.fired > 0 };
}

function resultsOf(host: Host): number {
  return (
    host
      .stdout()
      .toString()
      .match(/"result"/g)?.length ?? 0
  );
}

/** What every run must have come to, whatever broke. */
function judge({ host, exit, answers, hasFired }: Run): void {
  const isAnswered = resultsOf(host) === 3;
  if (!hasFired) expect([exit.code, isAnswered]).toEqual([0, true]);
  expect(exit.signal).toBeNull();
  expect(exit.code).toBeLessThanOrEqual(1);
  if (!isAnswered) expect(exit.code).toBe(1);
  const ids = answers.map(({ id }) => id);
  expect(ids).toEqual(ids.length === 1 ? [1] : expect.arrayContaining([1, 2, "three"]));
  expect(new Set(ids).size).toBe(ids.length);
  for (const { error } of answers) {
    if (error === undefined) continue;
    expect(error).toMatchObject({ code: -31001, data: { source: "mcp-ssh-client" } });
  }
  const errors = host.stderr().match(/ERROR/g) ?? [];
  expect(errors.length, host.stderr()).toBe(exit.code);
}

const quickKinds: readonly { readonly kind: FaultKind }[] = [
  { kind: "cut" },
  { kind: "reset" },
  { kind: "half-close" },
];

interface Case {
  readonly name: string;
  readonly go: () => Promise<void>;
}

/** Runs them, `width` at a time. Rejects with all that failed. */
async function runAll(cases: readonly Case[], width: number): Promise<void> {
  const failures: string[] = [];
  const waiting = [...cases];
  const work = async (): Promise<void> => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
      const { name, go } = each;
      await go().catch((error: Error) => failures.push(`${name}: ${error.message}`));
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  expect(failures).toEqual([]);
}

const directions: readonly Direction[] = ["to server", "to client"];

describeNeeding(missingSshd(), "between the command and a real sshd", () => {
  /** How many packets each direction has in a session without a fault. */
  const counts: Record<Direction, number> = { "to server": 0, "to client": 0 };

  beforeAll(async () => {
    sshd = await startSshd({ config: ["Ciphers aes256-gcm@openssh.com"] }); // whose packets can be told apart from outside
    for (const direction of directions) {
      const never = { kind: "cut", direction, at: () => undefined } as const;
      const proxy = await proxied(() => ({ fault: never }));
      const host = reachThrough(proxy);
      for (const line of [initialize, ...calls]) host.send(line);
      for (let i = 0; i < 3; i++) await host.line();
      counts[direction] = packets(proxy.bytes(0, direction)).length;
      host.end();
      expect(await host.exit).toEqual({ code: 0, signal: null });
    }
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(10);
  });
  afterEach(async () => {
    await endHosts(hosts.splice(0));
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  });
  afterAll(() => sshd?.stop());

  describe("a fault at every packet of a session: an end in time, one line, every request answered once", () => {
    const places = { "in the middle of": inPacket, behind: behindPacket };
    const quick: readonly FaultKind[] = ["cut", "reset", "half-close"];
    const silent: readonly FaultKind[] = ["black hole", "stall"]; // these take their time, and no processor
    const rows = [
      ...[...quick, "corrupt" as const, ...silent].map((kind) => ({ kind, place: "in the middle of" as const })),
      ...["cut" as const, "reset" as const].map((kind) => ({ kind, place: "behind" as const })),
    ];
    test.each(rows.flatMap((row) => directions.map((direction) => ({ ...row, direction }))))(
      "$kind $direction, $place each",
      async ({ kind, place, direction }) => {
        let fired = 0;
        const cases = Array.from({ length: counts[direction] }, (_, n) => ({
          name: `${kind} ${place} packet ${n} ${direction}`,
          go: async () => {
            const seen = await run({ fault: { kind, direction, at: places[place](n) } });
            if (seen.hasFired) fired += 1;
            judge(seen);
          },
        }));
        await runAll(cases, silent.includes(kind) ? 20 : 4);
        expect(fired).toBeGreaterThan(counts[direction] * 0.7); // how many come may differ a little
      },
      120_000,
    );
  });

  describe("in the middle of a long line", () => {
    const length = 1_000_000;
    const middle = { at: afterBytes(400_000) };
    const long = `{"jsonrpc":"2.0","method":"tools/call","params":{"text":"${"x".repeat(length)}"},"id":2}`;

    test.each(quickKinds)("of the server's, $kind: the host sees no half of it", async ({ kind }) => {
      const filler = `head -c ${length} /dev/zero | tr '\\0' x`;
      const command = `read line; echo '${answer("1")}'; read line; printf '{"jsonrpc":"2.0","id":2,"result":"'; ${filler}; echo '"}'; cat >/dev/null`;
      const proxy = await proxied(() => ({ fault: { kind, direction: "to client", ...middle } }));
      const host = reachThrough(proxy, command);
      host.send(initialize);
      expect(JSON.parse(await host.line())).toMatchObject({ id: 1, result: {} });
      for (const call of calls) host.send(call);
      expect(await host.exit).toEqual({ code: 1, signal: null });
      const [, ...rest] = host.stdout().toString().trimEnd().split("\n");
      const lost = { code: -31001, data: { reason: "link-lost", mayHaveRun: true } };
      expect(rest.map((line) => JSON.parse(line))).toMatchObject([
        { id: 2, error: lost },
        { id: "three", error: lost },
      ]);
      expect(proxy.fired).toBe(1);
    });

    test.each(quickKinds)("of the host's, $kind: it is answered, by the id at its end", async ({ kind }) => {
      const proxy = await proxied(() => ({ fault: { kind, direction: "to server", ...middle } }));
      const host = reachThrough(proxy, `read line; echo '${answer("1")}'; cat >/dev/null`);
      host.send(initialize);
      expect(JSON.parse(await host.line())).toMatchObject({ id: 1, result: {} });
      host.send(long);
      expect(await host.exit).toEqual({ code: 1, signal: null });
      const [, ...rest] = host.stdout().toString().trimEnd().split("\n");
      expect(rest.map((line) => JSON.parse(line))).toMatchObject([{ id: 2, error: { code: -31001 } }]);
      expect(proxy.fired).toBe(1);
    });
  });

  test.each<{ how: string; treatment: Treatment }>([
    { how: "byte by byte", treatment: { isByteByByte: true } },
    { how: "200 ms late, each piece", treatment: { delay: 200 } },
  ])("a network that is only slow changes nothing: $how", async ({ treatment }) => {
    const { exit, answers } = await run(treatment);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(answers).toEqual([answer("1"), answer("2"), answer('"three"')].map((line) => JSON.parse(line)));
  });

  test("a live server is not given up when we were stopped for longer than it may be silent", async () => {
    const proxy = await proxied(() => ({}));
    const host = reachThrough(proxy);
    host.send(initialize);
    await host.line();
    host.child.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 4_000)); // 3 s is the end of a silent peer
    host.child.kill("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    for (const call of calls) host.send(call);
    for (const id of [2, "three"]) expect(JSON.parse(await host.line())).toMatchObject({ id, result: {} });
    host.end();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(host.stderr()).not.toMatch(/ERROR|WARNING/);
  });
});
