import { expect, it } from "vitest";
import { HostOutput } from "../../src/mcp/host-output.ts";
import type { ByteSink } from "../../src/ssh/connection.ts";
import { utf8 } from "./cuts.ts";

const done = async (): Promise<void> => undefined;
const never = new Promise<never>(() => undefined);
const failed = new Error("write after end");

it.each<{ about: string; write: ByteSink["write"] }>([
  { about: "rejects", write: () => Promise.reject(failed) },
  {
    about: "throws",
    write: () => {
      throw failed;
    },
  },
])("a write that $about shows that the host is gone, and is nobody else's error", async ({ write }) => {
  const output = new HostOutput({ write, close: done, abort: done, broken: never });
  output.write([utf8("{}\n"), utf8("{}\n")]);
  expect(await output.gone).toBe(failed);
  await output.flushed();
});

it("so does a sink that says that it is broken", async () => {
  const output = new HostOutput({ write: () => undefined, close: done, abort: done, broken: Promise.resolve(failed) });
  expect(await output.gone).toBe(failed);
});
