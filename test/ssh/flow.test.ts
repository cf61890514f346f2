import { describe, expect, test } from "vitest";
import type { ChannelNews } from "../../src/ssh/channel.ts";
import { ChannelStreams } from "../../src/ssh/channel-streams.ts";
import type { ByteSource } from "../../src/ssh/connection.ts";
import { DisconnectError } from "../../src/ssh/errors.ts";
import { Flow, flowing } from "../../src/ssh/flow.ts";
import { seededBytes } from "../support/peer-crypto.ts";

/** Something to read from that a test fills. */
interface Filled {
  readonly source: ByteSource;
  /** Bytes that the source has counted as read. */
  readonly consumed: () => number;
  push(text: string | Uint8Array): void;
  end(error?: Error): void;
}

/** A channel's source, which flows; all that was pushed in one turn is given at once. */
function channel(news: "data" | "stderr" = "data"): Filled {
  let consumed = 0;
  const nothing = (): void => undefined;
  const streams = new ChannelStreams({
    write: (bytes) => bytes.length,
    consumed: (length) => {
      consumed += length;
      streams.deliver(); // as every step of a connection does
    },
    sendEof: nothing,
    signal: nothing,
    close: nothing,
  });
  const tell = (told: ChannelNews): void => {
    streams.tell(told);
    streams.deliver();
  };
  return {
    source: news === "data" ? streams.direct.source : streams.directStderr,
    consumed: () => consumed,
    push: (text) => tell({ news, data: Buffer.from(text) }),
    end: (error) => (error === undefined ? tell({ news: "eof" }) : streams.end(error as DisconnectError)),
  };
}

/** A source that can only be read. */
function plain(): Filled {
  const chunks: Uint8Array[] = [];
  let end: { readonly error: Error | undefined } | undefined;
  let wake: () => void = () => undefined;
  let consumed = 0;
  return {
    source: {
      read: async () => {
        while (chunks.length === 0 && end === undefined) await new Promise<void>((resolve) => (wake = resolve));
        const chunk = chunks.shift();
        consumed += chunk?.length ?? 0;
        if (chunk === undefined && end?.error !== undefined) throw end.error;
        return chunk;
      },
      cancel: async () => undefined,
    },
    consumed: () => consumed,
    push: (text) => {
      chunks.push(Buffer.from(text));
      wake();
    },
    end: (error) => {
      end = { error };
      wake();
    },
  };
}

/** Lets everything happen that needs no time. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A taker that needs time while a test says so. */
class Taker {
  text = "";
  isSlow = false;
  #go: (() => void)[] = [];

  readonly take = (chunk: Uint8Array): Promise<void> | undefined => {
    if (!this.isSlow) {
      this.text += Buffer.from(chunk).toString();
      return undefined;
    }
    return new Promise<void>((resolve) => this.#go.push(resolve)).then(() => {
      this.text += Buffer.from(chunk).toString(); // it is lent until now
    });
  };

  get waiting(): number {
    return this.#go.length;
  }

  go(): void {
    for (const each of this.#go.splice(0)) each();
  }
}

describe.each<[string, () => Filled]>([
  ["a channel's source", channel],
  ["a source that can only be read", plain],
])("%s", (_, make) => {
  test("gives all that comes, in order, and then the end", async () => {
    const { source, push, end } = make();
    const taker = new Taker();
    push("before ");
    const over = flowing(source, taker.take);
    for (const text of ["one ", "two ", "three"]) {
      push(text);
      await settled();
    }
    end();
    expect([await over, taker.text]).toEqual([undefined, "before one two three"]);
  });

  test("gives nothing before it has returned", async () => {
    const { source, push } = make();
    push("waits");
    let isReturned = false;
    const given: boolean[] = [];
    void flowing(source, () => {
      given.push(isReturned);
      return undefined;
    });
    isReturned = true;
    await settled();
    expect(given).toEqual([true]);
  });

  test("waits for a taker that needs time, and his chunk stays as it is", async () => {
    const { source, consumed, push, end } = make();
    const taker = new Taker();
    taker.isSlow = true;
    const over = flowing(source, taker.take);
    await settled();
    push("first ");
    await settled();
    for (const text of ["second ", "third "]) {
      push(text);
      await settled();
    }
    expect([taker.waiting, taker.text, consumed()]).toEqual([1, "", 6]);
    end();
    for (let turn = 0; turn < 5; turn++) {
      taker.go();
      await settled();
    }
    expect([await over, taker.text]).toEqual([undefined, "first second third "]);
  });

  test("tells the end only when the last chunk is taken", async () => {
    const { source, push, end } = make();
    const taker = new Taker();
    taker.isSlow = true;
    let isOver = false;
    const over = flowing(source, taker.take).then(() => {
      isOver = true;
    });
    await settled();
    push("last");
    await settled();
    end();
    await source.cancel();
    await settled();
    expect([isOver, taker.waiting]).toEqual([false, 1]);
    taker.go();
    await over;
    expect(taker.text).toBe("last");
  });

  test("resolves to what broke the source, behind all that came before", async () => {
    const { source, push, end } = make();
    const taker = new Taker();
    const over = flowing(source, taker.take);
    push("before");
    end(new DisconnectError("gone"));
    expect(await over).toMatchObject({ error: { message: "gone" } });
    expect(taker.text).toBe("before");
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("a fault of ours");
      },
    ],
    ["rejects", () => Promise.reject(new Error("a fault of ours"))],
  ])("rejects where the taker %s, who is given no more", async (__, fail) => {
    const { source, push, end } = make();
    let given = 0;
    const over = flowing(source, () => {
      given++;
      return fail();
    });
    const failed = expect(over).rejects.toThrow("a fault of ours");
    await settled();
    expect(() => push("one")).not.toThrow();
    await failed;
    push("two");
    end();
    await settled();
    expect(given).toBe(1);
  });

  test("loses nothing with a taker that is slow now and then", async () => {
    const { source, push, end } = make();
    const random = seededBytes("now and then");
    const sent = random(200_000);
    const taken: Uint8Array[] = [];
    const over = flowing(source, (chunk) => {
      if ((random(1)[0] as number) > 100) {
        taken.push(chunk.slice());
        return undefined;
      }
      return settled().then(() => {
        taken.push(chunk.slice());
      });
    });
    for (let at = 0; at < sent.length; at += 997) {
      push(sent.subarray(at, at + 997));
      if ((random(1)[0] as number) > 200) await settled();
    }
    end();
    await over;
    expect(Buffer.concat(taken).equals(sent)).toBe(true);
  });
});

test("a flow takes no other chunk while it takes one", async () => {
  const ready: boolean[] = [];
  const flow: Flow = new Flow(
    () => {
      ready.push(flow.isReady);
      return undefined;
    },
    () => undefined,
  );
  await settled();
  ready.push(flow.isReady, flow.give(new Uint8Array(1)), flow.isReady);
  expect(ready).toEqual([false, true, true, true]);
});

describe("a channel's source", () => {
  test("gives a chunk in the moment in which it comes", async () => {
    const { source, consumed, push } = channel();
    const taker = new Taker();
    void flowing(source, taker.take);
    await settled();
    push("now");
    expect([taker.text, consumed()]).toEqual(["now", 3]);
  });

  test("gives what stands on stderr in the same moment, whether stdout says anything or not", async () => {
    const { source, push } = channel("stderr");
    const taker = new Taker();
    void flowing(source, taker.take);
    await settled();
    push("now");
    expect(taker.text).toBe("now");
  });

  test("what comes while a chunk is being taken is given behind it", async () => {
    const { source, push } = channel();
    let text = "";
    void flowing(source, (chunk) => {
      if (text === "") push("second ");
      text += Buffer.from(chunk).toString();
      return undefined;
    });
    await settled();
    push("first ");
    expect(text).toBe("first second ");
  });

  test("gives no credit for what waits behind a taker that needs time", async () => {
    const { source, consumed, push } = channel();
    const taker = new Taker();
    taker.isSlow = true;
    void flowing(source, taker.take);
    await settled();
    push(new Uint8Array(10));
    for (let i = 0; i < 100; i++) push(new Uint8Array(30_000));
    await settled();
    expect(consumed()).toBe(10);
  });

  test("stays in one block where all is taken as it comes", async () => {
    const { source, push } = channel();
    const buffers = new Set<ArrayBufferLike>();
    void flowing(source, (chunk) => {
      buffers.add(chunk.buffer);
      return undefined;
    });
    await settled();
    for (let i = 0; i < 1000; i++) push(new Uint8Array(30_000));
    expect(buffers.size).toBe(1);
  });
});
