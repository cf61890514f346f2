/**
 * Records test/vectors/flows/: drives the sans-I/O client over TCP against a real sshd and writes down every byte, call
 * and event. Run it with `npx tsx test/support/record.ts [scenario...]`. Our half is seeded; the server's randomness is
 * its own, so a new recording has new bytes.
 *
 * A recording is kept only if the server gave what the scenario asked of it.
 */
import { once } from "node:events";
import { appendFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { ClientEvent, SshClient } from "../../src/ssh/client.ts";
import * as f from "./flow.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { startSshd } from "./sshd.ts";

const patience = 20_000; // milliseconds without a byte from the server after which a scenario has failed
const longestBytes = 8 * 1024; // of ours, as bytes and not as a digest

type Head = Omit<f.Flow, "steps" | "source">;

/** One session with the server, being written down. */
class Recording {
  readonly steps: f.Step[] = [];
  readonly #scenario: Scenario;
  readonly #socket: Socket;
  readonly #client: SshClient;
  readonly #driven: f.Driven;
  /** Channels that are ready, and how much of the input they were given. */
  readonly #written: Map<number, number> = new Map();
  readonly #times: Map<string, number> = new Map();
  readonly #stdout: Uint8Array[] = [];
  readonly #stderr: Uint8Array[] = [];
  readonly #calls: f.Call[] = [];
  #dataToSign: Uint8Array = new Uint8Array(0);
  #openChannels = 0;

  constructor(scenario: Scenario, socket: Socket, head: Head) {
    this.#scenario = scenario;
    this.#socket = socket;
    this.#client = f.clientOf(head);
    this.#driven = f.drivenBy(head);
  }

  get source(): string {
    const server = this.#client.serverVersion.replace("SSH-2.0-", "");
    return `${server}, recorded ${new Date().toISOString().slice(0, 10)} by test/support/record.ts`;
  }

  async run(): Promise<void> {
    this.#send();
    this.#socket.setTimeout(patience, () => this.#socket.destroy(new Error("the server is silent")));
    for await (const chunk of this.#socket as AsyncIterable<Buffer>) {
      this.steps.push({ from: "server", bytes: chunk.toString("base64") });
      this.#client.receive(chunk);
      this.#drain();
      this.#feed(); // first, so that a rekey finds data in flight
      for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) this.#perform(call);
      this.#send();
      if (this.#times.has("ended")) return;
    }
    throw new Error("the server closed the connection before the client had ended");
  }

  /** @throws Error unless the server gave what was expected. */
  check(expect: f.Expectation): void {
    const came = { stdout: f.digest(Buffer.concat(this.#stdout)), stderr: f.digest(Buffer.concat(this.#stderr)) };
    const happened = expect.happened.filter((each) => this.#times.has(each));
    if (isDeepStrictEqual({ ...came, happened }, expect)) return;
    const all = [...this.#times.keys()].join(" ");
    throw new Error(`expected ${JSON.stringify(expect)}, came ${JSON.stringify(came)} and ${all}`);
  }

  #drain(): void {
    for (let event = this.#client.nextEvent(); event !== undefined; event = this.#client.nextEvent()) {
      const what = event.type === "channel" ? event.news.news : event.type;
      const times = (this.#times.get(what) ?? 0) + 1;
      this.#times.set(what, times);
      this.steps.push({ event: f.recordable(event) });
      this.#calls.push(...(this.#scenario.on?.(what, times) ?? []));
      this.#decide(event);
    }
  }

  /** What every driver does about an event. */
  #decide(event: ClientEvent): void {
    switch (event.type) {
      case "host-key":
        this.#calls.push({ name: "acceptHostKey" });
        return;
      case "sign":
        this.#dataToSign = event.data.slice();
        this.#calls.push({ name: "provideSignature", key: event.key });
        return;
      case "authenticated":
        for (const [channelType, ...requests] of this.#scenario.open ?? []) {
          this.#calls.push({ name: "openChannel", channelType, requests });
          this.#openChannels += 1;
        }
        return;
      case "channel":
        this.#decideOnChannel(event.channel, event.news);
    }
  }

  #decideOnChannel(channel: number, news: Extract<ClientEvent, { type: "channel" }>["news"]): void {
    switch (news.news) {
      case "ready":
        this.#written.set(channel, 0);
        return;
      case "data":
        this.#stdout.push(news.data.slice());
        this.#calls.push({ name: "consumed", channel, length: news.data.length });
        return;
      case "stderr":
        this.#stderr.push(news.data.slice());
        return;
      case "refused":
      case "closed":
        this.#written.delete(channel);
        this.#openChannels -= 1;
        if (this.#openChannels === 0) this.#calls.push({ name: "disconnect" });
    }
  }

  #perform(call: f.Call): number {
    const taken = f.perform(this.#client, call, this.#driven, this.#dataToSign);
    if (call.name === "write" && taken > 0) this.steps.push({ call: { ...call, taken } });
    if (call.name !== "write") this.steps.push({ call });
    this.#drain();
    return taken;
  }

  /** Offers each ready channel one portion of the input, and EOF behind the last. */
  #feed(): void {
    const { portion = Number.POSITIVE_INFINITY, keepsOpen = false } = this.#scenario;
    const { length } = this.#driven.input;
    for (const [channel, from] of this.#written) {
      const to = Math.min(from + portion, length);
      const at = from === to ? from : from + this.#perform({ name: "write", channel, from, to, taken: 0 });
      this.#written.set(channel, at);
      if (at < length || keepsOpen) continue;
      this.#written.delete(channel);
      this.#perform({ name: "sendEof", channel });
    }
  }

  #send(): void {
    const bytes = this.#client.takeOutput();
    if (bytes.length === 0) return;
    const isShort = bytes.length <= longestBytes;
    const written = isShort ? { bytes: Buffer.from(bytes).toString("base64") } : { digest: f.digest(bytes) };
    this.steps.push({ from: "client", ...written });
    this.#socket.write(bytes);
  }
}

async function record(name: string, scenario: Scenario): Promise<void> {
  const server = await startSshd(scenario.sshd);
  try {
    const authorized = scenario.authorized ?? ["client key"];
    appendFileSync(
      join(server.folder, "authorized_keys"),
      authorized.map((seed) => `${f.authorizedKey(seed)}\n`).join(""),
    );
    const head = headOf(name, scenario, server.user);
    const socket = connect(server.port, server.host);
    await once(socket, "connect");
    const recording = new Recording(scenario, socket, head);
    await recording.run();
    socket.end();
    recording.check(head.expect);
    const { about, ...rest } = head;
    const text = toText({ about, source: recording.source, ...rest, steps: recording.steps });
    writeFileSync(new URL(`../vectors/flows/${name}.json`, import.meta.url), text);
    console.log(`${name}: ${recording.steps.length} steps, ${text.length} bytes`);
  } catch (error) {
    throw new Error(`${name}: the server's log:\n${server.log()}`, { cause: error });
  } finally {
    await server.stop();
  }
}

function headOf(name: string, scenario: Scenario, user: string): Head {
  const { about, input = "", stdout = "", echoes = false, stderr = "", happened } = scenario;
  const seed = `flow ${name}`;
  const options = { user, keys: scenario.keys ?? ["client key"], ...scenario.options };
  const expectedStdout = Buffer.concat([Buffer.from(stdout), echoes ? f.inputOf({ input, seed }) : Buffer.of()]);
  const expect = { stdout: f.digest(expectedStdout), stderr: f.digest(Buffer.from(stderr)), happened };
  return { about, seed, options, input, expect };
}

/** JSON with a line for each step: what changed can be seen. */
function toText({ steps, ...head }: f.Flow): string {
  const lines = steps.map((step) => `    ${JSON.stringify(step)}`);
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "steps": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

const wanted = process.argv.slice(2);
for (const [name, scenario] of Object.entries(scenarios)) {
  if (wanted.length === 0 || wanted.includes(name)) await record(name, scenario);
}
