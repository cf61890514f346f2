import { createHash } from "node:crypto";
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { KexMethod, Signer } from "../../src/ssh/algorithms/interfaces.ts";
import { connect } from "../../src/ssh/connect.ts";
import type {
  ConnectOptions,
  Limits,
  Notice,
  SessionChannel,
  SessionRequest,
  SshConnection,
} from "../../src/ssh/connection.ts";
import * as e from "../../src/ssh/errors.ts";
import * as m from "../../src/ssh/messages.ts";
import { table } from "../../src/ssh/table.ts";
import { decode, encode } from "../../src/ssh/wire.ts";
import { MemoryLink } from "../support/memory-link.ts";
import { PeerKey, seededBytes, sshString } from "../support/peer-crypto.ts";
import { type Script, ScriptedPeer } from "../support/scripted-peer.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const noBytes: Uint8Array = new Uint8Array(0);
const ignore = encode(m.IGNORE, { data: noBytes });

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

/** What a promise has come to by now. */
class Watched<T> {
  state: "pending" | "resolved" | "rejected" = "pending";
  value: T | undefined;
  error: unknown;

  constructor(promise: Promise<T>) {
    promise.then(
      (value) => {
        this.state = "resolved";
        this.value = value;
      },
      (error: unknown) => {
        this.state = "rejected";
        this.error = error;
      },
    );
  }
}

interface RigOptions extends Script {
  readonly connect?: Partial<ConnectOptions>;
  /** What the peer does not do on its own. */
  readonly silentAt?: readonly number[];
  /** Nothing comes of itself, not even the version line. */
  readonly isMute?: boolean;
}

class Rig {
  readonly peer: ScriptedPeer;
  readonly link: MemoryLink;
  readonly key: PeerKey = new PeerKey("the user");
  readonly notices: Notice[] = [];
  readonly attempt: Watched<SshConnection>;
  closed: Watched<e.SshError | undefined> | undefined;

  constructor(options: RigOptions = {}) {
    this.peer = new ScriptedPeer(options);
    for (const number of options.silentAt ?? []) this.peer.answers.delete(number);
    this.link = new MemoryLink(this.peer);
    if (!options.isMute) this.greet();
    const connecting = connect(this.link.socket, {
      user: "mcp",
      keys: [this.key],
      verifyHostKey: () => undefined,
      onNotice: (notice) => void this.notices.push(notice),
      randomBytes: seededBytes("client"),
      table,
      ...options.connect,
    });
    this.attempt = new Watched(connecting);
    connecting.then(
      ({ closed }) => {
        this.closed = new Watched(closed);
      },
      () => undefined,
    );
  }

  greet(): void {
    this.peer.greet();
    this.link.flush();
  }

  get connection(): SshConnection {
    if (this.attempt.value === undefined) throw new Error(`not connected: ${this.attempt.error}`);
    return this.attempt.value;
  }

  /** Sends a payload to the client. */
  async send(...payloads: readonly Uint8Array[]): Promise<void> {
    for (const payload of payloads) this.peer.send(payload);
    this.link.flush();
    await settle();
  }

  async data(id: number, data: Uint8Array | string): Promise<void> {
    await this.send(encode(m.CHANNEL_DATA, { recipientChannel: id, data: Buffer.from(data) }));
  }

  get numbers(): number[] {
    return this.peer.received.map((packet) => packet.number);
  }

  get disconnectReason(): number | undefined {
    return this.peer.disconnect?.reasonCode;
  }
}

async function connected(options: RigOptions = {}): Promise<Rig> {
  const rig = new Rig(options);
  await settle();
  expect(rig.attempt.error).toBeUndefined();
  expect(rig.attempt.state).toBe("resolved");
  return rig;
}

async function withSession(options: RigOptions = {}, request: SessionRequest = { shell: true }) {
  const rig = await connected(options);
  const opening = new Watched(rig.connection.session(request));
  await settle();
  return { rig, session: opening.value as SessionChannel, opening };
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

/** The end is here: nothing is left of the connection. */
function expectOver(rig: Rig): void {
  expect(vi.getTimerCount()).toBe(0);
  expect(rig.link.isCancelled || rig.link.isClosed || rig.link.isAborted).toBe(true);
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  const timers = vi.getTimerCount();
  vi.useRealTimers();
  expect(timers).toBe(0); // every test ends its connection, and an end leaves no timer
});

describe("after a fault of the server's", () => {
  const unasked = encode(m.CHANNEL_DATA, { recipientChannel: 9, data: noBytes });

  async function broken(): Promise<Rig> {
    const rig = await connected();
    rig.link.staysOpen = true;
    await rig.send(unasked);
    expect([rig.disconnectReason, rig.link.isClosed, rig.link.isCancelled]).toEqual([2, true, false]);
    return rig;
  }

  test("what still comes is read and dropped for 200 ms: a reset would cost the server our DISCONNECT", async () => {
    const rig = await broken();
    await pass(199);
    await rig.send(unasked);
    expect([rig.link.desiredSize, rig.link.isCancelled, rig.closed?.state]).toEqual([1, false, "pending"]);
    await pass(1);
    expect([rig.link.isCancelled, rig.closed?.state]).toEqual([true, "resolved"]);
    expectOver(rig);
  });

  test("or until the server hangs up", async () => {
    const rig = await broken();
    rig.link.end();
    await settle();
    expect(rig.closed?.state).toBe("resolved");
    expectOver(rig);
  });

  test("or as far as 4 MiB", async () => {
    const rig = await broken();
    rig.link.push(new Uint8Array(4 * 1024 * 1024 - 1));
    await settle();
    expect(rig.closed?.state).toBe("pending");
    rig.link.push(Uint8Array.of(0));
    await settle();
    expect(rig.closed?.state).toBe("resolved");
    expectOver(rig);
  });
});

describe("a connection", () => {
  test("runs a command: data, stderr, EOF, exit, close", async () => {
    const { rig, session } = await withSession({}, { exec: "cat" });
    const writer = session.writable.getWriter();
    await writer.write(Buffer.from("to the server"));
    void writer.close();
    await settle();
    expect(text(decode(m.CHANNEL_DATA, rig.peer.of(m.CHANNEL_DATA)[0] as Uint8Array).data)).toBe("to the server");
    expect(rig.numbers.at(-1)).toBe(m.CHANNEL_EOF.number);
    await rig.data(0, "from the server");
    await rig.send(
      encode(m.CHANNEL_EXTENDED_DATA, { recipientChannel: 0, dataTypeCode: 1, data: Buffer.from("oops") }),
    );
    const exit = {
      recipientChannel: 0,
      requestType: "exit-status",
      wantReply: false,
      requestFields: Uint8Array.of(0, 0, 0, 7),
    };
    await rig.send(encode(m.CHANNEL_REQUEST, exit), encode(m.CHANNEL_EOF, { recipientChannel: 0 }));
    rig.peer.sendClose(100);
    await rig.send();
    const [out, err] = [session.readable.getReader(), session.stderr.getReader()];
    expect([text((await out.read()).value), (await out.read()).done]).toEqual(["from the server", true]);
    expect([text((await err.read()).value), (await err.read()).done]).toEqual(["oops", true]);
    expect(await session.exited).toEqual({ status: 7 });
    await rig.connection.close();
    expect(await rig.connection.closed).toBeUndefined();
    expect([rig.disconnectReason, rig.link.isClosed, rig.link.isCancelled]).toEqual([11, true, true]);
    expectOver(rig);
  });

  test("says why it has ended to whoever asks for a session too late", async () => {
    const rig = new Rig();
    rig.peer.answers.set(m.USERAUTH_REQUEST.number, () => {
      rig.peer.sendMessage(m.USERAUTH_SUCCESS, {});
      rig.peer.sendMessage(m.USERAUTH_SUCCESS, {});
    });
    await settle();
    await pass(5 * second);
    const why = "SSH_MSG_USERAUTH_SUCCESS came, expected was what phase connection allows";
    await expect(rig.connection.session({ shell: true })).rejects.toThrow(why);
    await expect(rig.connection.rekey()).rejects.toThrow(why);
    expect(rig.disconnectReason).toBe(2);
    expectOver(rig);
  });

  test("knows whom it talks to", async () => {
    const rig = await connected();
    const { hostKey, serverVersion, sessionId, closed } = rig.connection;
    expect(hostKey).toMatchObject({ algorithm: "ssh-ed25519", blob: rig.peer.hostKey.publicKeyBlob });
    expect(hostKey.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect([serverVersion, sessionId]).toEqual(["SSH-2.0-ScriptedPeer", rig.peer.sessionId]);
    await rig.connection.close();
    expect(await closed).toBeUndefined();
  });

  test.each<{ request: SessionRequest; expected: { requestType: string; fields: Uint8Array }[] }>([
    { request: { shell: true }, expected: [{ requestType: "shell", fields: noBytes }] },
    { request: { exec: "ls -l ü" }, expected: [{ requestType: "exec", fields: sshString("ls -l ü") }] },
    { request: { subsystem: "mcp" }, expected: [{ requestType: "subsystem", fields: sshString("mcp") }] },
    {
      request: { exec: "x", env: { LANG: "C", EMPTY: "" } },
      expected: [
        { requestType: "env", fields: Buffer.concat([sshString("LANG"), sshString("C")]) },
        { requestType: "env", fields: Buffer.concat([sshString("EMPTY"), sshString("")]) },
        { requestType: "exec", fields: sshString("x") },
      ],
    },
  ])("asks for $request as RFC 4254 §6 writes it", async ({ request, expected }) => {
    const { rig } = await withSession({}, request);
    const asked = rig.peer.of(m.CHANNEL_REQUEST).map((payload) => decode(m.CHANNEL_REQUEST, payload));
    expect(
      asked.map(({ requestType, requestFields }) => ({ requestType, fields: Buffer.from(requestFields) })),
    ).toEqual(expected.map(({ requestType, fields }) => ({ requestType, fields: Buffer.from(fields) })));
    expect(asked.every(({ wantReply }) => wantReply)).toBe(true);
    await rig.connection.close();
  });

  test("tunnels: direct-tcpip, RFC 4254 §7.2, and data both ways", async () => {
    const rig = await connected();
    const opening = new Watched(rig.connection.tunnel("inner.example", 22));
    await settle();
    const { channelType, typeFields } = decode(m.CHANNEL_OPEN, rig.peer.of(m.CHANNEL_OPEN)[0] as Uint8Array);
    const [port, origin] = [Uint8Array.of(0, 0, 0, 22), [sshString("127.0.0.1"), new Uint8Array(4)]];
    expect(channelType).toBe("direct-tcpip");
    expect(Buffer.from(typeFields)).toEqual(Buffer.concat([sshString("inner.example"), port, ...origin]));
    await opening.value?.writable.getWriter().write(Buffer.from("SSH-2.0-"));
    await rig.data(0, "SSH-2.0-");
    expect(text((await opening.value?.readable.getReader().read())?.value)).toBe("SSH-2.0-");
    await rig.connection.close();
    expectOver(rig);
  });

  test("tells what the caller may want to know, escaped", async () => {
    const rig = new Rig({ silentAt: [m.USERAUTH_REQUEST.number] });
    await settle();
    await rig.send(
      encode(m.USERAUTH_BANNER, { message: "Hello\x1b\nthere", languageTag: "" }),
      encode(m.DEBUG, { alwaysDisplay: true, message: "look\x07", languageTag: "" }),
      encode(m.USERAUTH_SUCCESS, {}),
    );
    rig.peer.answers.set(m.CHANNEL_REQUEST.number, (payload) => {
      const isEnv = decode(m.CHANNEL_REQUEST, payload).requestType === "env";
      rig.peer.send(encode(isEnv ? m.CHANNEL_FAILURE : m.CHANNEL_SUCCESS, { recipientChannel: 0 }));
    });
    const opening = new Watched(rig.connection.session({ shell: true, env: { TOKEN: "secret" } }));
    await settle();
    expect(opening.state).toBe("resolved");
    expect(rig.notices).toEqual([
      { type: "banner", lines: ["Hello\\x1b", "there"] },
      { type: "server-message", text: "look\\x07" },
      { type: "authenticated-without-proof" },
      { type: "env-refused", name: "TOKEN" },
    ]);
    await rig.connection.close();
  });

  test("traces where it is asked to, and never a secret", async () => {
    const { rig } = await withSession({ connect: { trace: true } }, { shell: true, env: { TOKEN: "secret" } });
    const traces = rig.notices.map((notice) => (notice.type === "trace" ? notice.text : ""));
    expect(traces.join("\n")).toMatch(/sent SSH_MSG_CHANNEL_REQUEST/);
    expect(traces.join("\n")).not.toMatch(/secret/);
    await rig.connection.close();
  });
});

describe("limits", () => {
  const names: (keyof Limits)[] = [
    "handshakeTimeout",
    "keepaliveInterval",
    "rekeyInterval",
    "rekeyBytes",
    "windowTotal",
  ];
  const values = [0, -1, Number.NaN, Number.POSITIVE_INFINITY];

  test.each(names.flatMap((name) => values.map((value) => ({ name, value }))))(
    "$name: $value is a RangeError",
    async ({ name, value }) => {
      const { socket } = new MemoryLink(new ScriptedPeer());
      const options = { user: "x", keys: [], verifyHostKey: () => undefined, limits: { [name]: value } };
      await expect(connect(socket, options)).rejects.toThrow(RangeError);
      expect([vi.getTimerCount(), socket.readable.locked]).toEqual([0, false]);
    },
  );

  test("a time that no timer can hold is one too: it would go off at once", async () => {
    const { socket } = new MemoryLink(new ScriptedPeer());
    const options = { user: "x", keys: [], verifyHostKey: () => undefined, limits: { rekeyInterval: 2 ** 31 } };
    await expect(connect(socket, options)).rejects.toThrow(/rekeyInterval is 2147483648/);
  });

  test.each([
    { what: "a text", chunk: "SSH-2.0-x\r\n" },
    { what: "an ArrayBuffer, as a WebSocket gives it", chunk: new ArrayBuffer(8) },
  ])("a socket that gives $what is told so at once", async ({ chunk }) => {
    const link = new MemoryLink(new ScriptedPeer());
    link.push(chunk as never);
    const attempt = connect(link.socket, { user: "x", keys: [], verifyHostKey: () => undefined, table });
    await expect(attempt).rejects.toMatchObject({ name: "DisconnectError", cause: expect.any(TypeError) });
  });

  test("a socket that is in use is the caller's mistake", async () => {
    const { socket } = new MemoryLink(new ScriptedPeer());
    socket.readable.getReader();
    await expect(connect(socket, { user: "x", keys: [], verifyHostKey: () => undefined, table })).rejects.toThrow(
      TypeError,
    );
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a key exchange method that is still to be loaded", () => {
  /** curve25519 as it is where nothing of it is loaded at first. */
  function late(load: () => Promise<void>): Partial<ConnectOptions> {
    const method = table.kex["curve25519-sha256"] as KexMethod;
    let isLoaded = false;
    const loading = async (): Promise<void> => {
      await load();
      isLoaded = true;
    };
    const row: KexMethod = {
      hash: method.hash,
      start: (randomBytes) => method.start(randomBytes),
      get load() {
        return isLoaded ? undefined : loading;
      },
    };
    return { table: { ...table, kex: { "curve25519-sha256": row } } };
  }

  test("is loaded when the server has chosen it", async () => {
    const load = vi.fn(async () => undefined);
    const rig = await connected({ connect: late(load) });
    await rig.connection.rekey();
    expect(load).toHaveBeenCalledTimes(1);
    await rig.connection.close();
  });

  test("which may fail", async () => {
    const rig = new Rig({ connect: late(() => Promise.reject(new Error("no such file"))) });
    await settle();
    expect(rig.attempt.state).toBe("rejected");
    expect(rig.attempt.error).toBeInstanceOf(e.SshError);
    expect(rig.numbers).not.toContain(m.KEX_ECDH_INIT.number);
  });

  test("or take longer than the handshake may", async () => {
    let loaded: () => void = () => undefined;
    const loading = new Promise<void>((resolve) => {
      loaded = resolve;
    });
    const rig = new Rig({ connect: late(() => loading) });
    await pass(20 * second);
    expect(rig.attempt.error).toBeInstanceOf(e.TimeoutError);
    loaded();
    await settle();
    expect(rig.numbers).not.toContain(m.KEX_ECDH_INIT.number);
  });

  test("the verdict on the host key is waited for all the same: nothing is read before it", async () => {
    let accept: () => void = () => undefined;
    const verdict = new Promise<void>((resolve) => {
      accept = resolve;
    });
    const rig = new Rig({ connect: { ...late(async () => undefined), verifyHostKey: () => verdict } });
    await settle();
    for (let i = 0; i < 50; i++) {
      rig.link.push(new Uint8Array(1000));
      await settle();
    }
    expect(rig.link.desiredSize).toBeLessThan(-40);
    accept();
    await settle();
    expect(rig.attempt.state).toBe("rejected"); // those were no packets
  });
});

describe("time-outs while connecting", () => {
  const cases: readonly {
    about: string;
    options: RigOptions;
    begin?: (rig: Rig) => void;
    limit: number;
    says: RegExp;
  }[] = [
    {
      about: "no version line",
      options: { isMute: true },
      limit: 15 * second,
      says: /the server's version line within 15 s/,
    },
    {
      about: "a version line that never ends",
      options: { isMute: true },
      begin: ({ peer, link }) => {
        peer.sendRaw("SSH-2.0-x");
        link.flush();
      },
      limit: 15 * second,
      says: /the server's version line/,
    },
    {
      about: "no KEXINIT",
      options: { isMute: true, silentAt: [m.KEXINIT.number] },
      begin: ({ peer, link }) => {
        peer.sendVersion();
        link.flush();
      },
      limit: 15 * second,
      says: /the key exchange within 15 s/,
    },
    {
      about: "no reply",
      options: { silentAt: [m.KEX_ECDH_INIT.number] },
      limit: 15 * second,
      says: /the key exchange within 15 s/,
    },
    {
      about: "no SERVICE_ACCEPT",
      options: { silentAt: [m.SERVICE_REQUEST.number, m.USERAUTH_REQUEST.number] },
      limit: 20 * second,
      says: /authentication within 20 s/,
    },
    {
      about: "no answer to the key query",
      options: { silentAt: [m.USERAUTH_REQUEST.number] },
      limit: 20 * second,
      says: /authentication within 20 s/,
    },
  ];

  test.each(cases)("$about: not a moment before, and then", async ({ options, begin, limit, says }) => {
    const rig = new Rig(options);
    begin?.(rig);
    await pass(limit - 1);
    expect(rig.attempt.state).toBe("pending");
    await pass(1);
    expect(rig.attempt.state).toBe("rejected");
    expect(rig.attempt.error).toBeInstanceOf(e.TimeoutError);
    expect((rig.attempt.error as Error).message).toMatch(says);
    expect(rig.disconnectReason).toBe(11);
    expectOver(rig);
  });

  test("no NEWKEYS after the verdict", async () => {
    const rig = new Rig({ silentAt: [m.SERVICE_REQUEST.number, m.USERAUTH_REQUEST.number] });
    rig.peer.answers.set(m.KEX_ECDH_INIT.number, () => rig.peer.sendReply());
    await pass(20 * second - 1);
    expect(rig.attempt.state).toBe("pending");
    await pass(1);
    expect(rig.attempt.error).toBeInstanceOf(e.TimeoutError);
    expectOver(rig);
  });

  test.each([
    { about: "text lines", limit: 15 * second, options: { isMute: true } as RigOptions, drip: "still here\n" },
    {
      about: "banners",
      limit: 20 * second,
      options: { silentAt: [m.USERAUTH_REQUEST.number] },
      drip: encode(m.USERAUTH_BANNER, { message: "still here", languageTag: "" }),
    },
    { about: "IGNORE", limit: 20 * second, options: { silentAt: [m.USERAUTH_REQUEST.number] }, drip: ignore },
  ])("$about every second win no time", async ({ limit, options, drip }) => {
    const rig = new Rig(options);
    await settle();
    for (let time = 0; time < limit; time += second) {
      expect(rig.attempt.state).toBe("pending");
      if (typeof drip === "string") rig.peer.sendRaw(drip);
      else rig.peer.send(drip);
      rig.link.flush();
      await pass(second);
    }
    expect(rig.attempt.error).toBeInstanceOf(e.TimeoutError);
    expectOver(rig);
  });

  test("the verdict on the host key may take as long as a person does", async () => {
    let accept: () => void = () => undefined;
    const verdict = new Promise<void>((resolve) => {
      accept = resolve;
    });
    const rig = new Rig({ connect: { verifyHostKey: () => verdict } });
    await pass(hour);
    expect([rig.attempt.state, vi.getTimerCount()]).toEqual(["pending", 0]);
    accept();
    await settle();
    expect(rig.attempt.state).toBe("resolved");
    await rig.connection.close();
    expectOver(rig);
  });

  test("limits of the caller's own hold", async () => {
    const rig = new Rig({ isMute: true, connect: { limits: { handshakeTimeout: 50 } } });
    await pass(50);
    expect((rig.attempt.error as Error).message).toContain("within 0.05 s");
  });
});

describe("the signer", () => {
  /** Authentication's 20 s are over then, the second request unanswered. */
  async function expectEndIn(milliseconds: number, rig: Rig): Promise<void> {
    expect(rig.peer.of(m.USERAUTH_REQUEST)).toHaveLength(2);
    await pass(milliseconds - 1);
    expect(rig.attempt.state).toBe("pending");
    await pass(1);
    expect((rig.attempt.error as Error).message).toMatch(/authentication within 20 s/);
    expectOver(rig);
  }

  /** A signer that takes its time. */
  function slow(rig: () => Rig, milliseconds: number): Signer {
    const { algorithms, publicKeyBlob } = new PeerKey("the user");
    const sign = (data: Uint8Array): Promise<Uint8Array> =>
      new Promise((resolve) => setTimeout(() => resolve(rig().key.sign(data)), milliseconds));
    return { algorithms, publicKeyBlob, sign };
  }

  test("may take 60 s, which do not count as authentication's", async () => {
    const rig: Rig = new Rig({ connect: { keys: [slow(() => rig, minute - 1)] } });
    await pass(minute - 1);
    expect(rig.attempt.state).toBe("resolved");
    await rig.connection.close();
    expectOver(rig);
  });

  test("may not take longer: TimeoutError, DISCONNECT 11, no signature", async () => {
    const rig: Rig = new Rig({ connect: { keys: [slow(() => rig, 2 * minute)] } });
    await pass(minute - 1);
    expect(rig.attempt.state).toBe("pending");
    await pass(1);
    expect(rig.attempt.error).toBeInstanceOf(e.TimeoutError);
    expect((rig.attempt.error as Error).message).toMatch(/a signature by the key within 60 s/);
    expect(rig.disconnectReason).toBe(11);
    await pass(2 * minute);
    expect(rig.peer.of(m.USERAUTH_REQUEST)).toHaveLength(1);
    expectOver(rig);
  });

  test("gives the server no new time: its 20 s are counted before and after, together", async () => {
    const rig: Rig = new Rig({
      silentAt: [m.USERAUTH_REQUEST.number],
      connect: { keys: [slow(() => rig, 50 * second)] },
    });
    await pass(15 * second);
    await rig.send(encode(m.USERAUTH_PK_OK, { algorithm: "ssh-ed25519", publicKeyBlob: rig.key.publicKeyBlob }));
    await pass(50 * second);
    await expectEndIn(5 * second, rig);
  });

  const broken: readonly { about: string; sign: Signer["sign"]; says: RegExp }[] = [
    {
      about: "throws",
      sign: () => {
        throw new Error("no\x1b card");
      },
      says: /^Authentication failed: the key could not sign: no\\x1b card$/,
    },
    { about: "rejects", sign: () => Promise.reject(new Error("touch me")), says: /could not sign: touch me$/ },
    { about: "rejects with nothing", sign: () => Promise.reject(undefined), says: /could not sign: $/ },
    { about: "gives what is no signature", sign: () => undefined as unknown as Uint8Array, says: /could not sign/ },
  ];

  test.each(broken)("that $about is an AuthError, DISCONNECT 14", async ({ sign, says }) => {
    const { algorithms, publicKeyBlob } = new PeerKey("the user");
    const rig = new Rig({ connect: { keys: [{ algorithms, publicKeyBlob, sign }] } });
    await settle();
    expect(rig.attempt.error).toBeInstanceOf(e.AuthError);
    expect((rig.attempt.error as Error).message).toMatch(says);
    expect(rig.disconnectReason).toBe(14);
    expectOver(rig);
  });

  test("that throws one of our errors has the last word", async () => {
    const { algorithms, publicKeyBlob } = new PeerKey("the user");
    const error = new e.KeyFormatError("encrypted");
    const rig = new Rig({ connect: { keys: [{ algorithms, publicKeyBlob, sign: () => Promise.reject(error) }] } });
    await settle();
    expect(rig.attempt.error).toBe(error);
  });

  test.each(broken)("that $about makes room for the next key", async ({ sign }) => {
    const { algorithms, publicKeyBlob } = new PeerKey("the first");
    const rig = await connected({ connect: { keys: [{ algorithms, publicKeyBlob, sign }, new PeerKey("the user")] } });
    expect(rig.notices).toEqual([{ type: "key-passed-over", text: expect.stringContaining("could not sign") }]);
    expect(rig.peer.of(m.USERAUTH_REQUEST)).toHaveLength(3);
    await rig.connection.close();
    expectOver(rig);
  });

  test("that cannot sign gives the server no new time for the next key", async () => {
    const { algorithms, publicKeyBlob } = new PeerKey("the first");
    const sign = () => Promise.reject(new Error("no"));
    const keys = [{ algorithms, publicKeyBlob, sign }, new PeerKey("the user")];
    const rig: Rig = new Rig({ silentAt: [m.USERAUTH_REQUEST.number], connect: { keys } });
    await pass(15 * second);
    await rig.send(encode(m.USERAUTH_PK_OK, { algorithm: "ssh-ed25519", publicKeyBlob }));
    await expectEndIn(5 * second, rig);
  });

  test.each<{ about: string; end: (rig: Rig) => void }>([
    { about: "the server leaves", end: ({ link }) => link.end() },
    { about: "the socket breaks", end: ({ link }) => link.break(new Error("ECONNRESET")) },
    {
      about: "the server breaks the protocol",
      end: ({ peer, link }) => {
        peer.send(encode(m.USERAUTH_SUCCESS, {}));
        link.flush();
      },
    },
  ])("is not waited for once $about", async ({ end }) => {
    const { algorithms, publicKeyBlob } = new PeerKey("the user");
    let sign: (signature: Uint8Array) => void = () => undefined;
    const pending = new Promise<Uint8Array>((resolve) => {
      sign = resolve;
    });
    const rig = new Rig({ connect: { keys: [{ algorithms, publicKeyBlob, sign: () => pending }] } });
    await settle();
    end(rig);
    await settle();
    expect(rig.attempt.state).toBe("rejected");
    expectOver(rig);
    sign(new Uint8Array(83));
    await settle();
    expect(rig.peer.of(m.USERAUTH_REQUEST)).toHaveLength(1);
    expectOver(rig);
  });
});

describe("verifyHostKey", () => {
  const rejections: readonly { about: string; verifyHostKey: () => void | Promise<void>; says: RegExp }[] = [
    {
      about: "throws an Error",
      verifyHostKey: () => {
        throw new Error("never\x1b seen");
      },
      says: /^the host key was not accepted: never\\x1b seen$/,
    },
    {
      about: "throws a string",
      verifyHostKey: () => {
        throw "no";
      },
      says: /was not accepted/,
    },
    {
      about: "throws undefined",
      verifyHostKey: () => {
        throw undefined;
      },
      says: /was not accepted/,
    },
    {
      about: "throws an object without a prototype",
      verifyHostKey: () => {
        throw Object.create(null);
      },
      says: /was not accepted/,
    },
    { about: "rejects", verifyHostKey: () => Promise.reject(new Error("asked, said no")), says: /asked, said no/ },
    { about: "rejects with null", verifyHostKey: () => Promise.reject(null), says: /was not accepted/ },
    // TypeScript lets a function that returns something stand for one that returns nothing
    { about: "returns false", verifyHostKey: (() => false) as () => void, says: /verifyHostKey returned false/ },
    {
      about: "resolves with false",
      verifyHostKey: (() => Promise.resolve(false)) as unknown as () => void,
      says: /verifyHostKey returned false/,
    },
  ];

  test.each(rejections)(
    "that $about rejects: DISCONNECT 9, nothing of the user's left",
    async ({ verifyHostKey, says }) => {
      const rig = new Rig({ connect: { verifyHostKey } });
      await settle();
      expect(rig.attempt.error).toBeInstanceOf(e.HostKeyError);
      expect(rig.attempt.error).toMatchObject({ verdict: "rejected", fingerprint: expect.stringMatching(/^SHA256:/) });
      expect((rig.attempt.error as Error).message).toMatch(says);
      expect(rig.numbers).toEqual([20, 30, 1]);
      expect(rig.disconnectReason).toBe(9);
      expectOver(rig);
    },
  );

  test("that throws is found by the cause", async () => {
    const fault = new TypeError("a bug of the caller's");
    const rig = new Rig({ connect: { verifyHostKey: () => Promise.reject(fault) } });
    await settle();
    expect(rig.attempt.error).toMatchObject({ name: "HostKeyError", cause: fault });
    const { algorithms, publicKeyBlob } = new PeerKey("the user");
    const keys = [{ algorithms, publicKeyBlob, sign: () => Promise.reject(fault) }];
    const signing = new Rig({ connect: { keys } });
    await settle();
    expect(signing.attempt.error).toMatchObject({ name: "AuthError", cause: fault });
  });

  test("is not blamed for what goes wrong behind it", async () => {
    const rig = new Rig({ connect: { keys: JSON.parse("[null]") } });
    await settle();
    expect(rig.attempt.error).toMatchObject({ name: "SshError", message: expect.stringContaining("internal error") });
    expectOver(rig);
  });

  test("that throws a HostKeyError is quoted as it is", async () => {
    const error = new e.HostKeyError("changed", "changed", "SHA256:x", "known_hosts:3");
    const rig = new Rig({ connect: { verifyHostKey: () => Promise.reject(error) } });
    await settle();
    expect(rig.attempt.error).toBe(error);
    expect(rig.disconnectReason).toBe(9);
  });

  test("sees the key before any packet behind it is read, and no byte leaves meanwhile", async () => {
    const rig = new Rig({ connect: { verifyHostKey: () => new Promise(() => undefined) } });
    await settle();
    await rig.send(encode(m.DISCONNECT, { reasonCode: 2, description: "", languageTag: "" }));
    rig.peer.sendRaw(new Uint8Array(1000).fill(0xff));
    rig.link.flush();
    await pass(hour);
    expect([rig.attempt.state, rig.numbers]).toEqual(["pending", [20, 30]]);
    expect(rig.link.desiredSize).toBe(-1); // both still wait in the socket: a host that nobody has judged fills nothing
  });

  test.each<{ about: string; end: (rig: Rig) => void }>([
    { about: "ends", end: ({ link }) => link.end() },
    { about: "breaks", end: ({ link }) => link.break(new Error("ECONNRESET")) },
  ])("a socket that $about meanwhile is noticed after it", async ({ end }) => {
    let accept: () => void = () => undefined;
    const verdict = new Promise<void>((resolve) => {
      accept = resolve;
    });
    const rig = new Rig({
      connect: { verifyHostKey: () => verdict },
      silentAt: [m.SERVICE_REQUEST.number, m.USERAUTH_REQUEST.number],
    });
    await settle();
    end(rig);
    await settle();
    accept();
    await settle();
    expect(rig.attempt.error).toBeInstanceOf(e.DisconnectError);
    expectOver(rig);
  });

  test("is asked once, whatever the server exchanges later", async () => {
    const verifyHostKey = vi.fn(() => undefined);
    const rig = await connected({ connect: { verifyHostKey } });
    await rig.connection.rekey();
    expect(verifyHostKey).toHaveBeenCalledTimes(1);
    await rig.connection.close();
  });
});

describe("the abort signal", () => {
  const reason = new Error("the user changed their mind");
  const never = (): Promise<never> => new Promise(() => undefined);
  const { algorithms, publicKeyBlob } = new PeerKey("the user");

  const steps: readonly { about: string; options: RigOptions; last: number }[] = [
    { about: "before the version line", options: { isMute: true, silentAt: [m.KEXINIT.number] }, last: 20 },
    { about: "before the reply", options: { silentAt: [m.KEX_ECDH_INIT.number] }, last: 30 },
    { about: "while the host key is judged", options: { connect: { verifyHostKey: never } }, last: 30 },
    {
      about: "before SERVICE_ACCEPT",
      options: { silentAt: [m.SERVICE_REQUEST.number, m.USERAUTH_REQUEST.number] },
      last: 50,
    },
    { about: "before PK_OK", options: { silentAt: [m.USERAUTH_REQUEST.number] }, last: 50 },
    {
      about: "while a key signs",
      options: { connect: { keys: [{ algorithms, publicKeyBlob, sign: never }] } },
      last: 50,
    },
  ];

  test.each(steps)("$about: its reason, DISCONNECT 11, and nothing left over", async ({ options, last }) => {
    const abort = new AbortController();
    const rig = new Rig({ ...options, connect: { ...options.connect, signal: abort.signal } });
    await settle();
    const sent = rig.numbers.filter((number) => number !== m.IGNORE.number);
    expect(sent.at(-1)).toBe(last);
    abort.abort(reason);
    await settle();
    expect([rig.attempt.state, rig.attempt.error]).toEqual(["rejected", reason]);
    expect(rig.disconnectReason).toBe(11);
    expect([rig.link.isClosed, rig.link.isCancelled]).toEqual([true, true]);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
    expectOver(rig);
  });

  test("that has aborted before connects to nobody", async () => {
    const rig = new Rig({ connect: { signal: AbortSignal.abort(reason) } });
    await settle();
    expect(rig.attempt.error).toBe(reason);
    expect(rig.link.isClosed).toBe(true);
    expectOver(rig);
  });

  test("has no part in the connection once there is one", async () => {
    const abort = new AbortController();
    const rig = await connected({ connect: { signal: abort.signal } });
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
    abort.abort(reason);
    await settle();
    expect(rig.closed?.state).toBe("pending");
    await rig.connection.close();
  });

  test("of a session ends its opening: its reason, CLOSE once the server has opened it, and the connection lives", async () => {
    const rig = await connected({ silentAt: [m.CHANNEL_OPEN.number] });
    const abort = new AbortController();
    const opening = new Watched(rig.connection.session({ shell: true }, { signal: abort.signal }));
    await settle();
    abort.abort(reason);
    await settle();
    expect(opening.error).toBe(reason);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
    rig.peer.confirm(0);
    await rig.send();
    expect(rig.numbers.at(-1)).toBe(m.CHANNEL_CLOSE.number);
    expect(rig.closed?.state).toBe("pending");
    await rig.connection.close();
    expectOver(rig);
  });

  test("of a session that has aborted before opens none for long", async () => {
    const rig = await connected();
    const opening = new Watched(rig.connection.session({ shell: true }, { signal: AbortSignal.abort(reason) }));
    await settle();
    expect(opening.error).toBe(reason);
    expect(rig.numbers.at(-1)).toBe(m.CHANNEL_CLOSE.number);
    await rig.connection.close();
    expectOver(rig);
  });
});

describe("the socket's end", () => {
  const error = new Error("ECONNRESET");
  const ways: readonly { about: string; act: (rig: Rig) => void; cause: Error | undefined }[] = [
    { about: "ends", act: ({ link }) => link.end(), cause: undefined },
    { about: "breaks for reading", act: ({ link }) => link.break(error), cause: error },
  ];
  const steps: readonly { about: string; options: RigOptions; says: RegExp }[] = [
    { about: "before the version line", options: { isMute: true }, says: /before its version line/ },
    { about: "before the reply", options: { silentAt: [m.KEX_ECDH_INIT.number] }, says: /the key exchange/ },
    {
      about: "before SERVICE_ACCEPT",
      options: { silentAt: [m.SERVICE_REQUEST.number, m.USERAUTH_REQUEST.number] },
      says: /authentication/,
    },
    { about: "before PK_OK", options: { silentAt: [m.USERAUTH_REQUEST.number] }, says: /authentication/ },
  ];

  test.each(ways.flatMap((way) => steps.map((step) => ({ way, step }))))(
    "$step.about, it $way.about: a DisconnectError that says what was due",
    async ({ way, step }) => {
      const rig = new Rig(step.options);
      await settle();
      way.act(rig);
      await settle();
      expect(rig.attempt.error).toBeInstanceOf(e.DisconnectError);
      expect((rig.attempt.error as Error).message).toMatch(step.says);
      expect((rig.attempt.error as Error).cause).toBe(way.cause);
      expectOver(rig);
    },
  );

  test.each(ways)("once connected, it $about: all that waits learns of it", async ({ act, cause }) => {
    const { rig, session } = await withSession();
    rig.peer.answers.delete(m.KEXINIT.number);
    rig.peer.answers.delete(m.CHANNEL_OPEN.number);
    const waiting = [
      new Watched(rig.connection.session({ shell: true })),
      new Watched(rig.connection.tunnel("x", 1)),
      new Watched(session.readable.getReader().read()),
      new Watched(session.writable.getWriter().closed),
      new Watched(rig.connection.rekey()),
    ];
    await settle();
    act(rig);
    await settle();
    for (const { error } of waiting) expect(error).toBeInstanceOf(e.DisconnectError);
    expect(await session.exited).toBeUndefined();
    expect(rig.closed?.value).toBeInstanceOf(e.DisconnectError);
    expect(rig.closed?.value?.cause).toBe(cause);
    await expect(rig.connection.session({ shell: true })).rejects.toThrow(e.SshError);
    await expect(rig.connection.rekey()).rejects.toThrow(e.SshError);
    await rig.connection.close();
    expectOver(rig);
  });

  test("a write that fails ends it", async () => {
    const { rig, session } = await withSession();
    rig.link.breakWrites(error);
    const write = new Watched(session.writable.getWriter().write(Buffer.from("x")));
    await settle();
    expect(write.state).toBe("resolved"); // the channel had taken it
    expect(rig.closed?.value).toBeInstanceOf(e.DisconnectError);
    expect(rig.closed?.value?.cause).toBe(error);
    expectOver(rig);
  });

  test("a write that fails before the version line ends the attempt", async () => {
    const peer = new ScriptedPeer();
    const link = new MemoryLink(peer);
    link.breakWrites(error);
    const attempt = new Watched(connect(link.socket, { user: "x", keys: [], verifyHostKey: () => undefined, table }));
    await settle();
    expect(attempt.error).toBeInstanceOf(e.DisconnectError);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("what came before the end is still read: the reason that a server gives when it leaves", async () => {
    const rig = new Rig({ silentAt: [m.USERAUTH_REQUEST.number] });
    await settle();
    rig.peer.sendMessage(m.DISCONNECT, {
      reasonCode: 2,
      description: "Too many authentication failures",
      languageTag: "",
    });
    rig.link.flush();
    rig.link.end();
    await settle();
    expect((rig.attempt.error as Error).message).toContain("Too many authentication failures");
    expectOver(rig);
  });

  test.each<{ about: string; payload: Uint8Array; closed: string }>([
    { about: "a message out of place", payload: Uint8Array.of(52), closed: "ProtocolError" },
    {
      about: "DISCONNECT",
      payload: encode(m.DISCONNECT, { reasonCode: 11, description: "", languageTag: "" }),
      closed: "DisconnectError",
    },
  ])("$about closes the connection with its error, told once and never as a rejection", async ({ payload, closed }) => {
    const { rig, session } = await withSession();
    await rig.send(payload);
    expect(rig.closed?.state).toBe("resolved");
    expect(rig.closed?.value?.name).toBe(closed);
    await expect(session.readable.getReader().read()).rejects.toBe(rig.closed?.value);
    expectOver(rig);
  });
});

describe("close", () => {
  test.each<{ about: string; options?: RigOptions; begin?: (rig: Rig) => unknown }>([
    { about: "at rest" },
    {
      about: "with a channel half open",
      options: { silentAt: [m.CHANNEL_OPEN.number] },
      begin: ({ connection }) => new Watched(connection.session({ shell: true })),
    },
    {
      about: "with a request unanswered",
      options: { silentAt: [m.CHANNEL_REQUEST.number] },
      begin: ({ connection }) => new Watched(connection.session({ exec: "x" })),
    },
    {
      about: "in a rekey",
      begin: ({ connection, peer }) => {
        peer.answers.delete(m.KEXINIT.number);
        return new Watched(connection.rekey());
      },
    },
    {
      about: "with a keepalive unanswered",
      options: { silentAt: [m.GLOBAL_REQUEST.number] },
      begin: () => pass(16 * second),
    },
  ])("$about: DISCONNECT 11, both streams closed, closed resolves with undefined", async ({ options, begin }) => {
    const rig = await connected(options);
    begin?.(rig);
    await settle();
    const closes = [new Watched(rig.connection.close()), new Watched(rig.connection.close())];
    await settle();
    expect(closes.map(({ state }) => state)).toEqual(["resolved", "resolved"]);
    expect([rig.closed?.state, rig.closed?.value]).toEqual(["resolved", undefined]);
    expect([rig.disconnectReason, rig.link.isClosed, rig.link.isCancelled]).toEqual([11, true, true]);
    expectOver(rig);
  });

  test("does not wait for ever for a socket that takes nothing and does not let go", async () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    const { rig, session } = await withSession();
    rig.link.stall();
    await session.writable.getWriter().write(Buffer.from("stuck"));
    vi.spyOn(rig.link.socket.readable, "cancel").mockImplementation(never);
    const closing = new Watched(rig.connection.close());
    await pass(2 * second);
    expect(closing.state).toBe("resolved");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("from within a notice", async () => {
    const rig: Rig = await connected({
      connect: { onNotice: () => void rig.connection.close() },
    });
    await rig.send(encode(m.DEBUG, { alwaysDisplay: true, message: "x", languageTag: "" }));
    expect([rig.closed?.state, rig.closed?.value]).toEqual(["resolved", undefined]);
    expectOver(rig);
  });
});

describe("a fault of our own, as where the source of randomness dries up,", () => {
  test.each<{ about: string; act: (rig: Rig) => unknown }>([
    { about: "while the server's answer is processed", act: ({ peer }) => peer.confirm(0) },
    { about: "at an opening", act: ({ connection }) => connection.session({ shell: true }).catch(() => 0) },
    { about: "at a keepalive", act: () => pass(15 * second) },
  ])("$about ends the connection, and is told as its end", async ({ act }) => {
    let isDry = false;
    const seeded = seededBytes("client");
    const randomBytes = (length: number): Uint8Array => {
      if (isDry) throw new RangeError("no more randomness");
      return seeded(length);
    };
    const limits = { channelTimeout: 60 * second };
    const rig = await connected({ silentAt: [m.CHANNEL_OPEN.number], connect: { randomBytes, limits } });
    const opening = new Watched(rig.connection.session({ exec: "x" }));
    await settle();
    isDry = true;
    await act(rig);
    await rig.send();
    for (const error of [opening.error, rig.closed?.value]) {
      expect(error).toMatchObject({ message: "internal error in the SSH client: no more randomness" });
    }
    expectOver(rig);
  });
});

describe("progress", () => {
  test("is told in order, the version and what was negotiated before the host key is judged", async () => {
    const told: unknown[] = [];
    const rig = await connected({
      connect: {
        onProgress: (progress) => void told.push(progress),
        verifyHostKey: ({ algorithm }) => void told.push(algorithm),
      },
    });
    const cipher = "aes256-gcm@openssh.com";
    const hash = createHash("sha256").update(rig.key.publicKeyBlob).digest("base64").replace(/=+$/, "");
    expect(told).toEqual([
      { type: "version", serverVersion: rig.connection.serverVersion },
      {
        type: "negotiated",
        algorithms: {
          kex: "curve25519-sha256",
          hostKey: "ssh-ed25519",
          cipherClientToServer: cipher,
          cipherServerToClient: cipher,
          strictKex: true,
        },
      },
      "ssh-ed25519",
      { type: "authenticated", by: `publickey ssh-ed25519 SHA256:${hash}` },
    ]);
    await rig.connection.close();
  });
});

describe("a caller's notice handler that throws", () => {
  const onNotice = (): void => {
    throw new Error("a bug of the caller's");
  };

  test.each<{ about: string; payload: Uint8Array; trace: boolean }>([
    {
      about: "at a message",
      payload: encode(m.DEBUG, { alwaysDisplay: true, message: "x", languageTag: "" }),
      trace: false,
    },
  ])("$about ends the connection and nothing else", async ({ payload, trace }) => {
    const rig = await connected({ connect: { onNotice, trace } });
    await rig.send(payload);
    expect(rig.closed?.value?.message).toContain("a bug of the caller's");
    expect(rig.disconnectReason).toBe(11);
    expectOver(rig);
  });

  test("at a key that is passed over fails the attempt", async () => {
    const { algorithms, publicKeyBlob } = new PeerKey("the first");
    const first = { algorithms, publicKeyBlob, sign: () => Promise.reject(new Error("no")) };
    const rig = new Rig({ connect: { onNotice, keys: [first, new PeerKey("the user")] } });
    await settle();
    expect((rig.attempt.error as Error).message).toContain("a bug of the caller's");
    expectOver(rig);
  });

  test("at a trace fails the attempt, and no timer or write throws later", async () => {
    const rig = new Rig({ connect: { onNotice, trace: true } });
    await settle();
    expect(rig.attempt.error).toBeInstanceOf(e.SshError);
    expect((rig.attempt.error as Error).message).toContain("a bug of the caller's");
    await pass(hour);
    expectOver(rig);
  });
});

describe("channels", () => {
  test.each<{ about: string; silentAt: number; limit: number }>([
    { about: "the opening", silentAt: m.CHANNEL_OPEN.number, limit: 15 * second },
    { about: "the request", silentAt: m.CHANNEL_REQUEST.number, limit: 15 * second },
  ])(
    "no answer to $about: TimeoutError after 15 s, the channel is closed, the connection lives",
    async ({ silentAt, limit }) => {
      const rig = await connected({ silentAt: [silentAt] });
      const opening = new Watched(rig.connection.session({ exec: "x" }));
      await pass(limit - 1);
      expect(opening.state).toBe("pending");
      await pass(1);
      expect(opening.error).toBeInstanceOf(e.TimeoutError);
      expect((opening.error as Error).message).toMatch(/an answer to the channel's request within 15 s/);
      if (silentAt === m.CHANNEL_OPEN.number) rig.peer.confirm(0);
      await rig.send();
      expect(rig.numbers).toContain(m.CHANNEL_CLOSE.number);
      expect(rig.closed?.state).toBe("pending");
      await rig.connection.close();
      expectOver(rig);
    },
  );

  test("a refused opening and a refused request are ChannelErrors, and the next channel opens", async () => {
    const rig = await connected();
    const confirm = rig.peer.answers.get(m.CHANNEL_OPEN.number) as (payload: Uint8Array) => void;
    rig.peer.answers.set(m.CHANNEL_OPEN.number, (payload) => {
      const { senderChannel: recipientChannel } = decode(m.CHANNEL_OPEN, payload);
      rig.peer.sendMessage(m.CHANNEL_OPEN_FAILURE, {
        recipientChannel,
        reasonCode: 1,
        description: "no",
        languageTag: "",
      });
    });
    for (let i = 0; i < 100; i++)
      await expect(rig.connection.tunnel("x", 1)).rejects.toThrow(/administratively prohibited: no/);
    rig.peer.answers.set(m.CHANNEL_OPEN.number, confirm);
    rig.peer.answers.set(m.CHANNEL_REQUEST.number, () =>
      rig.peer.sendMessage(m.CHANNEL_FAILURE, { recipientChannel: 100 }),
    );
    await expect(rig.connection.session({ subsystem: "sf\x1btp" })).rejects.toThrow(
      "refused the subsystem sf\\x1btp request",
    );
    rig.peer.answers.set(m.CHANNEL_REQUEST.number, () =>
      rig.peer.sendMessage(m.CHANNEL_SUCCESS, { recipientChannel: 101 }),
    );
    const session = await rig.connection.session({ shell: true });
    await rig.data(101, "works");
    expect(text((await session.readable.getReader().read()).value)).toBe("works");
    await rig.connection.close();
    expectOver(rig);
  });

  test("a channel that the server closes before it has answered is a ChannelError", async () => {
    const rig = await connected({ silentAt: [m.CHANNEL_REQUEST.number] });
    const opening = new Watched(rig.connection.session({ exec: "x" }));
    await settle();
    rig.peer.sendClose(100);
    await rig.send();
    expect(opening.error).toBeInstanceOf(e.ChannelError);
    await rig.connection.close();
    expectOver(rig);
  });

  test("close and signal of a session reach the server, and close waits for its CLOSE", async () => {
    const { rig, session } = await withSession({ silentAt: [m.CHANNEL_CLOSE.number] });
    await session.signal("TERM");
    const closing = new Watched(session.close());
    await settle();
    const asked = decode(m.CHANNEL_REQUEST, rig.peer.of(m.CHANNEL_REQUEST)[1] as Uint8Array);
    expect([asked.requestType, asked.wantReply, text(asked.requestFields)]).toEqual([
      "signal",
      false,
      text(sshString("TERM")),
    ]);
    expect([rig.numbers.at(-1), closing.state]).toEqual([m.CHANNEL_CLOSE.number, "pending"]);
    rig.peer.sendClose(100);
    await rig.send();
    expect(closing.state).toBe("resolved");
    await rig.connection.close();
  });
});

describe("back-pressure", () => {
  test("what nobody reads keeps the window closed; what is read opens it again", async () => {
    const { rig, session } = await withSession();
    for (let i = 0; i < 64; i++) await rig.data(0, new Uint8Array(32 * 1024));
    expect(rig.peer.of(m.CHANNEL_WINDOW_ADJUST)).toHaveLength(0);
    expect(rig.closed?.state).toBe("pending");
    const reader = session.readable.getReader();
    for (let read = 0; read < 512 * 1024; ) read += (await reader.read()).value?.length ?? 0;
    await settle();
    expect(rig.peer.of(m.CHANNEL_WINDOW_ADJUST)).toHaveLength(1);
    await rig.connection.close();
  });

  test("a server that ignores the window is cut off", async () => {
    const { rig } = await withSession();
    for (let i = 0; i < 64; i++) await rig.data(0, new Uint8Array(32 * 1024));
    await rig.data(0, "x");
    expect(rig.closed?.value).toBeInstanceOf(e.ProtocolError);
    expect(rig.disconnectReason).toBe(2);
    expectOver(rig);
  });

  test("a channel that is read as its packets come, several in one read, grows to fill the link", async () => {
    const { rig, session } = await withSession({ connect: { limits: { windowTotal: 16 * 1024 * 1024 } } });
    const reading = (async () => {
      let total = 0;
      for await (const chunk of session.readable) total += chunk.length;
      return total;
    })();
    const data = encode(m.CHANNEL_DATA, { recipientChannel: 0, data: new Uint8Array(32 * 1024) });
    for (let i = 0; i < 64; i++) await rig.send(data, data, data);
    const credited = rig.peer
      .of(m.CHANNEL_WINDOW_ADJUST)
      .map((payload) => decode(m.CHANNEL_WINDOW_ADJUST, payload).bytesToAdd);
    const window = 2 * 1024 * 1024 + credited.reduce((sum, each) => sum + each, 0) - 64 * 3 * 32 * 1024;
    expect(window).toBeGreaterThan(4 * 1024 * 1024);
    await rig.send(encode(m.CHANNEL_EOF, { recipientChannel: 0 }));
    expect(await reading).toBe(64 * 3 * 32 * 1024);
    await rig.connection.close();
  });

  test("writable waits for the server's window, byte for byte", async () => {
    const { rig, session } = await withSession({ window: 10 });
    const writer = session.writable.getWriter();
    const written = new Watched(writer.write(Buffer.from("0123456789abcdefghij")));
    await settle();
    const sent = (): string =>
      rig.peer
        .of(m.CHANNEL_DATA)
        .map((payload) => text(decode(m.CHANNEL_DATA, payload).data))
        .join("");
    expect([written.state, sent()]).toEqual(["pending", "0123456789"]);
    await rig.send(encode(m.CHANNEL_WINDOW_ADJUST, { recipientChannel: 0, bytesToAdd: 3 }));
    expect([written.state, sent()]).toEqual(["pending", "0123456789abc"]);
    await rig.send(encode(m.CHANNEL_WINDOW_ADJUST, { recipientChannel: 0, bytesToAdd: 100 }));
    expect([written.state, sent()]).toEqual(["resolved", "0123456789abcdefghij"]);
    await rig.connection.close();
  });

  test("writable waits for a rekey to end", async () => {
    const { rig, session } = await withSession();
    rig.peer.answers.delete(m.KEXINIT.number);
    const rekeyed = new Watched(rig.connection.rekey());
    await settle();
    const written = new Watched(session.writable.getWriter().write(Buffer.from("waits")));
    await settle();
    expect([written.state, rekeyed.state, rig.peer.of(m.CHANNEL_DATA).length]).toEqual(["pending", "pending", 0]);
    rig.peer.sendKexInit();
    await rig.send();
    expect([written.state, rekeyed.state, rig.peer.of(m.CHANNEL_DATA).length]).toEqual(["resolved", "resolved", 1]);
    await rig.connection.close();
  });

  test("stdout and stderr that nobody reads do not stall each other, nor another channel", async () => {
    const { rig, session } = await withSession();
    const other = new Watched(rig.connection.session({ shell: true }));
    rig.peer.answers.set(m.CHANNEL_REQUEST.number, () =>
      rig.peer.sendMessage(m.CHANNEL_SUCCESS, { recipientChannel: 1 }),
    );
    await settle();
    for (let i = 0; i < 200; i++) {
      const data = new Uint8Array(32 * 1024);
      await rig.send(encode(m.CHANNEL_EXTENDED_DATA, { recipientChannel: 0, dataTypeCode: 1, data }));
    }
    expect(session.stderrDropped).toBe(200 * 32 * 1024 - 64 * 1024);
    await rig.data(0, "out");
    await rig.data(1, "other");
    expect(text((await session.readable.getReader().read()).value)).toBe("out");
    expect(text((await other.value?.readable.getReader().read())?.value)).toBe("other");
    await rig.connection.close();
  });

  test("while the server takes nothing, little waits to be sent, however much is written", async () => {
    const { rig, session } = await withSession({ window: 2 ** 32 - 1 });
    rig.link.stall();
    const writer = session.writable.getWriter();
    const writes = Array.from({ length: 100 }, () => new Watched(writer.write(new Uint8Array(64 * 1024))));
    await settle();
    expect(rig.link.stalledBytes).toBeLessThan(600 * 1024);
    expect(writes.filter(({ state }) => state === "resolved").length).toBeLessThan(12);
    rig.link.resume();
    await settle();
    expect(writes.every(({ state }) => state === "resolved")).toBe(true);
    await rig.connection.close();
  });

  test.each<{ about: string; payload: Uint8Array }>([
    {
      about: "global requests",
      payload: encode(m.GLOBAL_REQUEST, { requestName: "x", wantReply: true, requestData: noBytes }),
    },
    { about: "pings of 32 KiB", payload: encode(m.PING, { data: new Uint8Array(32 * 1024) }) },
    { about: "unknown messages", payload: Uint8Array.of(77) },
    {
      about: "channels",
      payload: encode(m.CHANNEL_OPEN, {
        channelType: "",
        senderChannel: 0,
        initialWindowSize: 0,
        maximumPacketSize: 0,
        typeFields: noBytes,
      }),
    },
  ])(
    "a server that asks ($about) and does not read is not listened to for long, and then dead",
    async ({ payload }) => {
      const rig = await connected();
      rig.link.stall();
      // Chunk after chunk, as long as the client takes them: what it has not read yet stays in the stream.
      const chunk = 64 * 1024;
      const queued = (): number => 1 - (rig.link.desiredSize ?? 0);
      let sent = 0;
      for (; sent < 64 * 1024 * 1024 && queued() < 2; ) {
        for (let size = 0; size < chunk; size += payload.length + 32) {
          rig.peer.send(payload);
          sent += payload.length + 32;
        }
        rig.link.flush();
        await settle();
      }
      expect(sent).toBeLessThan(2 * 1024 * 1024);
      expect(rig.link.stalledBytes).toBeLessThan(2 * 1024 * 1024);
      await pass(45 * second);
      expect(rig.closed?.state).toBe("pending"); // its last words may still leave
      await pass(2 * second);
      expect(rig.closed?.value).toBeInstanceOf(e.TimeoutError);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test("a server that reads at last gets all its answers", async () => {
    const rig = await connected();
    rig.link.stall();
    const payload = encode(m.GLOBAL_REQUEST, { requestName: "x", wantReply: true, requestData: noBytes });
    for (let i = 0; i < 3000; i++) rig.peer.send(payload);
    await rig.send();
    rig.link.resume();
    await settle();
    expect(rig.peer.of(m.REQUEST_FAILURE)).toHaveLength(3000);
    await rig.connection.close();
  });
});

describe("rekeying", () => {
  test("resolves when both directions use new keys; two calls at once share one exchange", async () => {
    const rig = await connected();
    await Promise.all([rig.connection.rekey(), rig.connection.rekey()]);
    expect(rig.peer.of(m.KEXINIT)).toHaveLength(2);
    await rig.connection.close();
    expectOver(rig);
  });

  test.each<{ about: string; begin: (rig: Rig) => void }>([
    {
      about: "ours",
      begin: ({ peer, connection }) => {
        peer.answers.delete(m.KEXINIT.number);
        void new Watched(connection.rekey());
      },
    },
    {
      about: "the server's",
      begin: ({ peer, link }) => {
        peer.answers.delete(m.KEX_ECDH_INIT.number);
        peer.sendKexInit();
        link.flush();
      },
    },
  ])("$about must end within 30 s, whatever comes meanwhile", async ({ begin }) => {
    const rig = await connected();
    begin(rig);
    await pass(15 * second);
    await rig.send(ignore);
    await pass(15 * second - 1);
    expect(rig.closed?.state).toBe("pending");
    await pass(1);
    expect(rig.closed?.value).toBeInstanceOf(e.TimeoutError);
    expect(rig.closed?.value?.message).toMatch(/the end of a rekey within 30 s/);
    expectOver(rig);
  });

  test("that has ended leaves no deadline behind, and the next has its own", async () => {
    const rig = await connected({ connect: { limits: { keepaliveInterval: hour, rekeyInterval: 10 * hour } } });
    await rig.connection.rekey();
    await pass(29 * second);
    rig.peer.answers.delete(m.KEXINIT.number);
    void new Watched(rig.connection.rekey());
    await pass(29 * second);
    expect(rig.closed?.state).toBe("pending");
    await pass(second);
    expect(rig.closed?.value).toBeInstanceOf(e.TimeoutError);
  });

  test("comes of itself after an hour, counted from the last, whoever began that", async () => {
    const rig = await connected();
    const times = (): number => rig.peer.of(m.KEXINIT).length - 1;
    await pass(hour - 1);
    expect(times()).toBe(0);
    await pass(1);
    expect(times()).toBe(1);
    await pass(hour / 2);
    rig.peer.sendKexInit();
    await rig.send();
    expect(times()).toBe(2);
    await pass(hour - 1);
    expect(times()).toBe(2);
    await pass(1);
    expect(times()).toBe(3);
    await rig.connection.close();
    expectOver(rig);
  });

  test("comes of itself after so many bytes", async () => {
    const { rig, session } = await withSession({ connect: { limits: { rekeyBytes: 100_000 } } });
    const writer = session.writable.getWriter();
    for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(30_000));
    await settle();
    expect(rig.peer.of(m.KEXINIT).length).toBeGreaterThanOrEqual(3);
    const bytes = rig.peer
      .of(m.CHANNEL_DATA)
      .reduce((sum, payload) => sum + decode(m.CHANNEL_DATA, payload).data.length, 0);
    expect(bytes).toBe(300_000);
    await rig.connection.close();
  });
});

describe("the server's other host keys", () => {
  const other = new PeerKey("other");
  const string = (bytes: Uint8Array | string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.from(bytes).length);
    return Buffer.concat([length, Buffer.from(bytes)]);
  };
  const list = (rig: Rig, ...blobs: Uint8Array[]): Promise<void> => {
    const requestData = Buffer.concat(blobs.map(string));
    return rig.send(
      encode(m.GLOBAL_REQUEST, { requestName: "hostkeys-00@openssh.com", wantReply: false, requestData }),
    );
  };
  const listed = (algorithm: string, blob: Uint8Array) => ({
    algorithm,
    blob,
    fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace("=", "")}`,
  });
  const options = { connect: { readsHostKeys: true }, silentAt: [m.GLOBAL_REQUEST.number] };

  test("are a notice, and resolve once proved", async () => {
    const rig = await connected(options);
    const odd = string("odd\u001b");
    await list(rig, other.publicKeyBlob, odd);
    const keys = [
      listed("ssh-ed25519", Uint8Array.from(other.publicKeyBlob)),
      listed("odd\\x1b", Uint8Array.from(odd)),
    ];
    expect(rig.notices).toEqual([{ type: "host-keys", keys, fault: undefined }]);
    const proof = new Watched(rig.connection.proveHostKeys(keys));
    await settle();
    await expect(rig.connection.proveHostKeys(keys)).rejects.toThrow(TypeError);
    const parts = ["hostkeys-prove-00@openssh.com", rig.peer.sessionId as Uint8Array, other.publicKeyBlob];
    const signature = other.sign(Buffer.concat(parts.map(string)));
    await rig.send(encode(m.REQUEST_SUCCESS, { responseData: string(signature) }));
    expect(proof.value).toEqual(keys.slice(0, 1));
    expect(await rig.connection.proveHostKeys(keys.slice(1))).toEqual([]);
    await rig.connection.close();
    await expect(rig.connection.proveHostKeys(keys)).rejects.toThrow("the connection has been closed");
  });

  test("that are badly listed are a notice with the fault", async () => {
    const rig = await connected(options);
    await list(rig, other.publicKeyBlob, other.publicKeyBlob);
    expect(rig.notices).toMatchObject([{ type: "host-keys", keys: [], fault: expect.stringContaining("twice") }]);
    await rig.connection.close();
  });

  test.each([
    ["is refused", (rig: Rig) => rig.send(encode(m.REQUEST_FAILURE, {})), e.HostKeyError],
    ["never comes", () => pass(15 * second), e.TimeoutError],
    ["is cut off by the connection's end", (rig: Rig) => rig.connection.close(), e.SshError],
  ])("whose proof %s are rejected", async (_, happens, type) => {
    const rig = await connected({ ...options, connect: { ...options.connect, limits: { keepaliveInterval: minute } } });
    const proof = new Watched(rig.connection.proveHostKeys([listed("ssh-ed25519", other.publicKeyBlob)]));
    await happens(rig);
    await settle();
    expect(proof.error).toBeInstanceOf(type);
    await rig.connection.close();
    expectOver(rig);
  });
});

describe("keepalive", () => {
  const asked = (rig: Rig): number => rig.peer.of(m.GLOBAL_REQUEST).length;

  test("asks after 15 s of silence, and again while it is answered, for hours", async () => {
    const rig = await connected();
    await pass(15 * second - 1);
    expect(asked(rig)).toBe(0);
    await pass(1);
    expect(asked(rig)).toBe(1);
    await pass(30 * minute);
    expect(asked(rig)).toBe(1 + (30 * minute) / (15 * second));
    expect(rig.closed?.state).toBe("pending");
    await rig.connection.close();
    expectOver(rig);
  });

  test.each([0, 1, 14_999, 15_000, 15_001, 16_000, 29_999, 30_000, 44_999])(
    "the last packet after %i ms: dead 45 s after it, not a moment before and not at a fourth tick",
    async (time) => {
      const rig = await connected({ silentAt: [m.GLOBAL_REQUEST.number] });
      await pass(time);
      if (time > 0) await rig.send(ignore);
      await pass(45 * second - 1);
      expect(rig.closed?.state).toBe("pending");
      await pass(1);
      expect(rig.closed?.value).toBeInstanceOf(e.TimeoutError);
      expect(rig.closed?.value?.message).toMatch(/life on the connection within 45 s/);
      expect(rig.disconnectReason).toBe(11);
      expectOver(rig);
    },
  );

  test.each<{ about: string; payload: Uint8Array }>([
    { about: "IGNORE", payload: ignore },
    { about: "UNIMPLEMENTED, as tinysshd answered", payload: encode(m.UNIMPLEMENTED, { packetSequenceNumber: 5 }) },
    { about: "an unknown message", payload: Uint8Array.of(77) },
    {
      about: "a global request",
      payload: encode(m.GLOBAL_REQUEST, { requestName: "x", wantReply: false, requestData: noBytes }),
    },
  ])("any packet counts as life: $about", async ({ payload }) => {
    const rig = await connected({ silentAt: [m.GLOBAL_REQUEST.number] });
    for (let time = 0; time < 10 * minute; time += 44 * second) {
      await pass(44 * second);
      await rig.send(payload);
    }
    expect(rig.closed?.state).toBe("pending");
    await rig.connection.close();
  });

  test("a server that speaks is not asked", async () => {
    const rig = await connected();
    for (let i = 0; i < 100; i++) {
      await pass(14 * second);
      await rig.send(ignore);
    }
    expect(asked(rig)).toBe(0);
    await rig.connection.close();
  });

  test("goes by PING where the server announced it", async () => {
    const rig = new Rig({ silentAt: [m.PING.number] });
    rig.peer.answers.set(m.SERVICE_REQUEST.number, () => {
      const extensions = Buffer.concat([sshString("ping@openssh.com"), sshString("0")]);
      rig.peer.sendMessage(m.EXT_INFO, { extensionCount: 1, extensions });
      rig.peer.sendMessage(m.SERVICE_ACCEPT, { serviceName: "ssh-userauth" });
    });
    await pass(30 * second);
    expect([rig.peer.of(m.PING).length, asked(rig)]).toEqual([2, 0]);
    await pass(15 * second);
    expect(rig.closed?.value).toBeInstanceOf(e.TimeoutError);
    expectOver(rig);
  });

  /** The machine slept: where its steady clock stood still meanwhile (Linux), and where it ran on (macOS, Windows). */
  const sleeps: readonly { readonly where: string; readonly sleep: () => void }[] = [
    { where: "the time of day jumps", sleep: () => vi.setSystemTime(Date.now() + hour) },
    {
      where: "both clocks jump",
      sleep: () => {
        const real = performance.now.bind(performance);
        vi.spyOn(performance, "now").mockImplementation(() => real() + hour);
        vi.setSystemTime(Date.now() + hour);
      },
    },
  ];

  afterEach(() => void vi.restoreAllMocks());

  test.each(sleeps)("after a sleep the server is asked at once, and an answer is life: $where", async ({ sleep }) => {
    const rig = await connected();
    await pass(second);
    sleep();
    await pass(2 * second);
    expect([asked(rig), rig.closed?.state]).toEqual([1, "pending"]);
    await pass(hour);
    expect(rig.closed?.state).toBe("pending"); // it has answered
    await rig.connection.close();
    expectOver(rig);
  });

  test.each(sleeps)("a link that did not outlast a sleep is dead within 8 s: $where", async ({ sleep }) => {
    const rig = await connected({ silentAt: [m.GLOBAL_REQUEST.number] });
    await pass(second);
    sleep();
    await pass(7 * second - 1);
    expect([asked(rig), rig.closed?.state]).toEqual([2, "pending"]);
    await pass(second);
    expect(rig.closed?.value).toBeInstanceOf(e.TimeoutError);
    expect(rig.closed?.value?.message).toMatch(/since this machine slept or stood still for 3600 s within 6 s/);
    expectOver(rig);
  });

  test("a deadline that runs out while we stand still is given once more: the answer may be in the kernel", async () => {
    const rig = await connected();
    rig.peer.answers.delete(m.KEXINIT.number);
    void new Watched(rig.connection.rekey());
    await pass(29 * second);
    const real = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => real() + hour);
    await pass(2 * second);
    expect(rig.closed?.state).toBe("pending");
    rig.peer.sendKexInit();
    await rig.send();
    await pass(minute);
    expect(rig.closed?.state).toBe("pending");
    await rig.connection.close();
    expectOver(rig);
  });

  test("a count of 1 does not give up a server that was never asked", async () => {
    const rig = await connected({ connect: { limits: { keepaliveCount: 1 } } });
    await pass(hour);
    expect(rig.closed?.state).toBe("pending");
    await rig.connection.close();
  });

  test("interval and count are the caller's", async () => {
    const limits = { keepaliveInterval: 2 * second, keepaliveCount: 5 };
    const rig = await connected({ silentAt: [m.GLOBAL_REQUEST.number], connect: { limits } });
    await pass(10 * second - 1);
    expect([asked(rig), rig.closed?.state]).toEqual([4, "pending"]);
    await pass(1);
    expect(rig.closed?.value?.message).toMatch(/within 10 s/);
  });

  test("a socket that takes nothing any more is dead as well, and `closed` comes within two seconds", async () => {
    const rig = await connected();
    rig.link.stall();
    await pass(45 * second);
    await pass(2 * second);
    expect(rig.closed?.value).toBeInstanceOf(e.TimeoutError);
    expect(vi.getTimerCount()).toBe(0);
  });
});
