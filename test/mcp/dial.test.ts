import { expect, it } from "vitest";
import { dial } from "../../src/mcp/dial.ts";
import type { Happening } from "../../src/mcp/happening.ts";
import { Occurrence } from "../../src/mcp/waiting.ts";

it.each([
  { about: "rejects", open: () => Promise.reject(new Error("no key")) },
  {
    about: "throws at once",
    open: () => {
      throw new Error("no key");
    },
  },
])("an open that $about has failed, and that is no error of ours", async ({ open }) => {
  const never = new Occurrence<Happening>(new Promise(() => undefined));
  expect(await dial(open, never)).toEqual({
    what: "remote-gone",
    end: { how: "connect-failed", error: new Error("no key") },
  });
});
