/**
 * What a server takes before it has answered what stands in front of it: each trick saves a far server a round trip.
 * An experiment on top of the transport room; the client itself does none of this beyond what its own rooms say. Run it
 * with `npx tsx test/support/early.ts`: it prints the table of test/interop/README.md.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { Signer } from "../../src/ssh/algorithms/interfaces.ts";
import * as m from "../../src/ssh/messages.ts";
import { parsePrivateKey } from "../../src/ssh/private-key.ts";
import { signerOf } from "../../src/ssh/signers.ts";
import { table } from "../../src/ssh/table.ts";
import { Transport, type TransportEvent } from "../../src/ssh/transport.ts";
import { decode, encode, encodeFields, type Message, utf8 } from "../../src/ssh/wire.ts";
import { missingAsyncssh, startAsyncssh } from "./asyncssh.ts";
import { missingDropbear, startDropbear } from "./dropbear.ts";
import { seededBytes } from "./peer-crypto.ts";
import type { SshServer } from "./ssh-server.ts";
import { startSsh2Server } from "./ssh2-server.ts";
import { missingSshd, startSshd } from "./sshd.ts";
import { missingTinysshd, startTinysshd } from "./tinysshd.ts";

const tricks = {
  query: "the key query together with SERVICE_REQUEST",
  signature: "the signed request together with SERVICE_REQUEST, without a query",
  open: "CHANNEL_OPEN right behind the signed request",
  "open first": "CHANNEL_OPEN right before the signed request: what a server must not take (RFC 4252 §6)",
  data: "CHANNEL_DATA together with the request, as far as the window goes",
  overrun: "the same, whatever the window",
  guess: "env and the request together with CHANNEL_OPEN, for a guessed channel 0",
} as const;
type Trick = keyof typeof tricks;

const patience = 3_000; // milliseconds after which a server that says nothing has said no
const input = "early\n";

interface Outcome {
  /** As in `OpenSSH_9.2p1`. */
  readonly server: string;
  /** `works`, or what the server did instead. */
  readonly verdict: string;
  /** How often a send had to wait for the server before the input was on its way. */
  readonly waits: number;
  /** The key exchange method that the server names first. */
  readonly firstKex: string;
  /** What window a new channel has. */
  readonly window: number | undefined;
}

/** What is asked for, `cat` in each case. */
type Asked = readonly [requestType: "exec" | "shell" | "subsystem", requestFields: Uint8Array];
const asked: Readonly<Record<Asked[0], Asked>> = {
  exec: ["exec", encodeFields(m.EXEC_REQUEST, { command: "cat" })],
  shell: ["shell", new Uint8Array(0)],
  subsystem: ["subsystem", encodeFields(m.SUBSYSTEM_REQUEST, { subsystemName: "cat" })],
};

/** One connection that writes a line to `cat` and wants it back. */
class Attempt {
  readonly #socket: Socket;
  readonly #user: string;
  readonly #signer: Signer;
  readonly #tricks: ReadonlySet<Trick>;
  readonly #asked: Asked;
  readonly #transport: Transport = new Transport({
    table,
    randomBytes: seededBytes("early"),
    allowChachaWithoutStrictKex: true,
    rekeyBytes: 2 ** 30,
    rekeyPackets: 2 ** 31,
    trace: true,
  });
  readonly #remarks: string[] = [];
  #answersAwaited = 2; // to env and the request
  #sends = 0;
  #waits: number | undefined;
  #recipientChannel = 0;
  #granted = 0;
  #isAccepted = false;
  #window: number | undefined;
  #output = "";
  #verdict: string | undefined;
  #firstKex = "";

  constructor(socket: Socket, user: string, signer: Signer, which: readonly Trick[], asked: Asked) {
    this.#asked = asked;
    this.#socket = socket;
    this.#user = user;
    this.#signer = signer;
    this.#tricks = new Set(which);
  }

  async run(): Promise<Outcome> {
    this.#send();
    this.#socket.setTimeout(patience, () => this.#end("is silent"));
    this.#socket.on("error", () => this.#end("breaks the connection"));
    this.#socket.on("end", () => this.#end("closes the connection"));
    this.#socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    await new Promise((resolve) => this.#socket.once("close", resolve));
    const verdict = this.#verdict ?? "closes the connection";
    const server = this.#transport.serverVersion.replace("SSH-2.0-", "");
    return { server, verdict, waits: this.#waits ?? 0, firstKex: this.#firstKex, window: this.#window };
  }

  #end(verdict: string): void {
    this.#verdict ??= [...this.#remarks, verdict].join("; ");
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#verdict !== undefined) return;
    this.#transport.receive(chunk);
    try {
      for (let event = this.#transport.next(); event !== undefined; event = this.#transport.next()) this.#handle(event);
    } catch (error) {
      this.#end((error as Error).message);
    }
    for (const trace of this.#transport.takeTraces()) this.#note(trace);
    this.#send();
  }

  #note(trace: string): void {
    this.#firstKex ||= /^server KEXINIT: kexAlgorithms=([^,\s]+)/.exec(trace)?.[1] ?? "";
    if (trace.startsWith("the server did not understand")) this.#remarks.push("UNIMPLEMENTED");
  }

  #send(): void {
    const bytes = this.#transport.takeOutput();
    if (bytes.length === 0 || this.#verdict !== undefined) return;
    this.#sends += 1;
    this.#socket.write(bytes);
  }

  #handle(event: TransportEvent): void {
    if (event.type === "host-key") this.#accept();
    if (event.type !== "message") return;
    switch (event.number) {
      case m.SERVICE_ACCEPT.number:
        this.#transport.enter("userauth");
        if (!this.#has("query") && !this.#has("signature")) this.#authenticate("query");
        return;
      case m.USERAUTH_PK_OK.number:
        this.#authenticate("signed");
        return;
      case m.USERAUTH_FAILURE.number:
        this.#end("USERAUTH_FAILURE");
        return;
      case m.USERAUTH_SUCCESS.number:
        this.#transport.enter("connection");
        if (!this.#has("open") && !this.#has("open first")) this.#open();
        return;
      default:
        this.#channel(event.number, event.payload);
    }
  }

  #channel(number: number, payload: Uint8Array): void {
    switch (number) {
      case m.CHANNEL_OPEN_CONFIRMATION.number:
        this.#confirmed(decode(m.CHANNEL_OPEN_CONFIRMATION, payload));
        return;
      case m.CHANNEL_WINDOW_ADJUST.number:
        this.#granted += decode(m.CHANNEL_WINDOW_ADJUST, payload).bytesToAdd;
        this.#writeIfDue();
        return;
      case m.CHANNEL_OPEN_FAILURE.number:
        this.#end("CHANNEL_OPEN_FAILURE");
        return;
      case m.CHANNEL_SUCCESS.number:
      case m.CHANNEL_FAILURE.number:
        this.#answered(number === m.CHANNEL_SUCCESS.number);
        return;
      case m.CHANNEL_DATA.number:
        this.#output += Buffer.from(decode(m.CHANNEL_DATA, payload).data).toString();
        return;
      case m.CHANNEL_CLOSE.number:
        this.#end(this.#output === input ? "works" : `the channel closes after ${JSON.stringify(this.#output)}`);
    }
  }

  #has(trick: Trick): boolean {
    return this.#tricks.has(trick);
  }

  #accept(): void {
    this.#transport.acceptHostKey();
    this.#transport.send(encode(m.SERVICE_REQUEST, { serviceName: "ssh-userauth" }));
    if (this.#has("signature")) this.#authenticate("signed");
    else if (this.#has("query")) this.#authenticate("query");
  }

  #authenticate(how: "query" | "signed"): void {
    const { algorithms, publicKeyBlob } = this.#signer;
    const [algorithm] = algorithms;
    const request = (methodFields: Uint8Array): Uint8Array => {
      const names = { userName: this.#user, serviceName: "ssh-connection", methodName: "publickey" };
      return encode(m.USERAUTH_REQUEST, { ...names, methodFields });
    };
    const key = { isSigned: how === "signed", algorithm, publicKeyBlob };
    const unsigned = request(encodeFields(m.PUBLICKEY_QUERY, key));
    if (how === "query") {
      this.#transport.send(unsigned);
      return;
    }
    const sessionId = this.#transport.sessionId as Uint8Array;
    const data = encodeFields({ sessionId: "string", request: "rest" }, { sessionId, request: unsigned });
    const signature = this.#signer.sign(data, algorithm) as Uint8Array;
    if (this.#has("open first")) this.#open();
    this.#transport.send(request(encodeFields(m.PUBLICKEY_SIGNED, { ...key, signature })));
    if (this.#has("open")) this.#open();
  }

  #open(): void {
    const sizes = { initialWindowSize: 2 ** 20, maximumPacketSize: 2 ** 15 };
    this.#transport.send(
      encode(m.CHANNEL_OPEN, { channelType: "session", senderChannel: 0, ...sizes, typeFields: new Uint8Array(0) }),
    );
    if (this.#has("guess")) this.#request(0);
  }

  #confirmed({ senderChannel, initialWindowSize }: Message<typeof m.CHANNEL_OPEN_CONFIRMATION>): void {
    if (senderChannel !== 0) this.#remarks.push(`its channel is number ${senderChannel}`);
    this.#recipientChannel = senderChannel;
    this.#window = this.#granted = initialWindowSize;
    if (!this.#has("guess")) this.#request(senderChannel);
    this.#writeIfDue();
  }

  #answered(isSuccess: boolean): void {
    this.#answersAwaited -= 1;
    if (this.#answersAwaited > 0) return; // env may be refused
    if (!isSuccess) this.#end("CHANNEL_FAILURE");
    this.#isAccepted = isSuccess;
    this.#writeIfDue();
  }

  #request(recipientChannel: number): void {
    const env = encodeFields(m.ENV_REQUEST, { variableName: "MCP_SSH_ACCEPTED", variableValue: "yes" });
    for (const [requestType, requestFields] of [["env", env] as const, this.#asked]) {
      this.#transport.send(
        encode(m.CHANNEL_REQUEST, { recipientChannel, requestType, wantReply: true, requestFields }),
      );
    }
  }

  #writeIfDue(): void {
    const mayWrite = this.#isAccepted || this.#has("data") || this.#has("overrun");
    const fits = this.#granted >= input.length || this.#has("overrun");
    if (this.#waits !== undefined || !mayWrite || !fits) return;
    const recipientChannel = this.#recipientChannel;
    this.#transport.send(encode(m.CHANNEL_DATA, { recipientChannel, data: utf8(input) }));
    this.#transport.send(encode(m.CHANNEL_EOF, { recipientChannel }));
    this.#waits = this.#sends;
  }
}

async function attempt(server: SshServer, request: Asked[0], ...which: readonly Trick[]): Promise<Outcome> {
  const signer = signerOf(parsePrivateKey(readFileSync(server.clientKey, "utf8")));
  const socket = connect(server.port, server.host);
  await once(socket, "connect");
  return new Attempt(socket, server.user, signer, which, asked[request]).run();
}

interface Peer {
  readonly missing: string | undefined;
  readonly start: () => Promise<SshServer>;
  readonly requests: readonly Asked[0][];
}

const peers: readonly Peer[] = [
  { missing: missingSshd(), start: () => startSshd({ subsystems: { cat: "cat" } }), requests: ["exec", "subsystem"] },
  { missing: missingTinysshd(), start: startTinysshd, requests: ["exec"] },
  { missing: missingDropbear(), start: startDropbear, requests: ["exec"] },
  {
    missing: undefined,
    start: () => startSsh2Server({ shell: "cat", subsystems: { cat: "cat" } }),
    requests: ["exec", "shell", "subsystem"],
  },
  { missing: missingAsyncssh(), start: () => startAsyncssh({ shell: "cat" }), requests: ["exec", "shell"] },
];

const columns: readonly (readonly Trick[])[] = [
  [],
  ...(Object.keys(tricks) as Trick[]).map((trick) => [trick]),
  ["query", "data"],
  ["signature", "data"],
];

console.log(
  `| Server | asked | window | first kex | ${columns.map((which) => which.join(" + ") || "none").join(" | ")} |`,
);
console.log(`|---|---|---|---|${"---|".repeat(columns.length)}`);
for (const { missing, start, requests } of peers) {
  if (missing !== undefined) {
    console.log(missing);
    continue;
  }
  const server = await start();
  for (const request of requests) {
    const outcomes: Outcome[] = [];
    for (const which of columns) outcomes.push(await attempt(server, request, ...which));
    const { server: version, window, firstKex } = outcomes[0] as Outcome;
    const cells = outcomes.map(({ verdict, waits }) => (verdict === "works" ? `${waits}` : verdict));
    console.log(`| ${[version, request, window, firstKex, ...cells].join(" | ")} |`);
  }
  await server.stop();
}
