/** From one server to the next, with connections that are none: in which order, and where it is said to have broken. */
import { describe, expect, test } from "vitest";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import { JumpError, type Stop, travel } from "../../src/cli/way.ts";
import type { ByteDuplex, SshConnection } from "../../src/ssh/connection.ts";
import {
  AuthError,
  ChannelError,
  DisconnectError,
  KeyFormatError,
  type SshError,
  TimeoutError,
} from "../../src/ssh/errors.ts";

function stop(host: string, port = 22): Stop {
  return { settings: { ...(parseFlags(["--host", host], () => "me") as Settings), port } };
}

const stops = [stop("a"), stop("b", 2), stop("t")];

/** What is done, in order. */
class Journey {
  readonly did: string[] = [];
  readonly ends = new Map<string, (error: SshError | undefined) => void>();
  readonly abort = new AbortController();
  readonly logIns = new Map<string, unknown>();
  readonly tunnels = new Map<string, unknown>();

  go(way: readonly Stop[] = stops): Promise<SshConnection> {
    return travel({
      stops: way,
      signal: this.abort.signal,
      open: async () => {
        this.did.push("dial");
        return {} as ByteDuplex;
      },
      logIn: async ({ settings: { host } }, open) => {
        await open();
        this.did.push(`log in to ${host}`);
        if (this.logIns.has(host)) throw this.logIns.get(host);
        return this.#connection(host);
      },
    });
  }

  #connection(host: string): SshConnection {
    const closed = new Promise<SshError | undefined>((resolve) => this.ends.set(host, resolve));
    return {
      closed,
      tunnel: async (to: string, port: number) => {
        this.did.push(`${host} to ${to}:${port}`);
        if (this.tunnels.has(host)) throw this.tunnels.get(host);
        return {} as ByteDuplex;
      },
      close: async () => {
        this.did.push(`leave ${host}`);
        this.ends.get(host)?.(undefined);
      },
    } as SshConnection;
  }
}

describe("a way", () => {
  test("goes from one to the next, and back in the other order", async () => {
    const journey = new Journey();
    const connection = await journey.go();
    expect(journey.did).toEqual([...["dial", "log in to a", "a to b:2", "log in to b", "b to t:22", "log in to t"]]);
    await connection.close();
    expect(journey.did.slice(6)).toEqual(["leave t", "leave b", "leave a"]);
  });

  test("of one server is that server's connection", async () => {
    const journey = new Journey();
    await (await journey.go([stop("t")])).close();
    expect(journey.did).toEqual(["dial", "log in to t", "leave t"]);
  });

  test("is left when the last connection ends by itself", async () => {
    const journey = new Journey();
    const connection = await journey.go();
    journey.ends.get("t")?.(undefined);
    expect(await connection.closed).toBeUndefined();
    await Promise.resolve();
    expect(journey.did.slice(6)).toEqual(["leave b", "leave a"]);
  });

  test("that is given up is left", async () => {
    const journey = new Journey();
    journey.logIns.set("t", new Error("given up"));
    await expect(journey.go()).rejects.toThrow("given up");
    expect(journey.did.slice(-2)).toEqual(["leave b", "leave a"]);
  });

  test("is left at once when the signal says so", async () => {
    const journey = new Journey();
    const going = journey.go();
    going.catch(() => undefined);
    while (!journey.did.includes("b to t:22")) await Promise.resolve();
    journey.abort.abort();
    expect(journey.did).toContain("leave b");
    await going.catch(() => undefined);
  });

  test("stands when the signal comes late", async () => {
    const journey = new Journey();
    await journey.go();
    journey.abort.abort();
    expect(journey.did.filter((what) => what.startsWith("leave"))).toEqual([]);
  });
});

async function failure(journey: Journey): Promise<unknown> {
  return journey.go().then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("where it failed", () => {
  const denied = new AuthError("denied", [], [], false);

  test("a login at a jump host is that jump host's", async () => {
    const journey = new Journey();
    journey.logIns.set("b", denied);
    const error = await failure(journey);
    expect(error).toBeInstanceOf(JumpError);
    expect(error).toMatchObject({ stop: stops[1]?.settings, cause: denied });
    expect(journey.did.at(-1)).toBe("leave a");
  });

  test("a login at the last is its own", async () => {
    const journey = new Journey();
    journey.logIns.set("t", denied);
    expect(await failure(journey)).toBe(denied);
  });

  test("a tunnel that is refused is the jump host's, and says where to", async () => {
    const journey = new Journey();
    journey.tunnels.set("a", new ChannelError("the server refused: no", "direct-tcpip", 1));
    const error = await failure(journey);
    expect(error).toMatchObject({ stop: stops[0]?.settings });
    expect((error as Error).cause).toMatchObject({
      ...{ name: "ChannelError", request: "direct-tcpip", reason: 1 },
      message: "it has no way to b port 2: the server refused: no",
    });
  });

  test.each([
    ["the one before", new DisconnectError("a's end"), 1],
    ["the one before that", new DisconnectError("b's end", undefined, { cause: new TimeoutError("life", 1) }), 0],
  ])("a login whose way breaks at %s is that one's", async (_name, cause, index) => {
    const journey = new Journey();
    journey.logIns.set("t", new DisconnectError("t's end", undefined, { cause }));
    const error = await failure(journey);
    expect(error).toMatchObject({ stop: stops[index]?.settings });
    expect((error as Error).cause).toMatchObject({ name: index === 0 ? "TimeoutError" : "DisconnectError" });
  });

  test.each([
    ["a key file's fault", new KeyFormatError("no key", { cause: new KeyFormatError("garbage") })],
    ["a socket's", new DisconnectError("ended", undefined, { cause: new Error("ECONNRESET") })],
    ["nobody's", new Error("bug", { cause: new DisconnectError("x") })],
  ])("%s at the last is not the way's", async (_name, fault) => {
    const journey = new Journey();
    journey.logIns.set("t", fault);
    expect(await failure(journey)).toBe(fault);
  });
});

describe("where it broke", () => {
  const loss = new DisconnectError("the link is gone");
  test.each([
    ["the last one itself", loss, "the link is gone"],
    [
      "b",
      new DisconnectError("t", undefined, { cause: loss }),
      "the way through jump host b port 2 broke: the link is gone",
    ],
    [
      "a",
      new DisconnectError("t", undefined, { cause: new DisconnectError("b", undefined, { cause: loss }) }),
      "the way through jump host a broke: the link is gone",
    ],
  ])("%s", async (_name, error, message) => {
    const journey = new Journey();
    const connection = await journey.go();
    journey.ends.get("t")?.(error);
    expect((await connection.closed)?.message).toBe(message);
  });
});
