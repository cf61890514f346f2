/** What is typed at a prompt, key by key. What the terminal makes of it: ../cli/client-key.test.ts. */
import { describe, expect, test } from "vitest";
import { TypedLine } from "../../src/node/passphrase-prompt.ts";

/** What came of typing, and at which byte of which chunk it was over. */
function typed(...chunks: readonly string[]): { event: string | undefined; text: string } {
  const line = new TypedLine();
  let event: string | undefined;
  for (const chunk of chunks) event ??= line.type(Buffer.from(chunk));
  return { event, text: Buffer.from(line.taken()).toString() };
}

describe("a line", () => {
  test.each([
    ["ends with Enter", ["secret\r"], "done", "secret"],
    ["ends with a newline that was pasted", ["secret\nmore"], "done", "secret"],
    ["comes in pieces", ["se", "cr", "et", "\r"], "done", "secret"],
    ["is not over yet", ["secret"], undefined, "secret"],
    ["may be empty", ["\r"], "done", ""],
    ["is erased by DEL and by ^H", ["sex\u007fcrey\u0008t\r"], "done", "secret"],
    ["is erased by whole characters", ["\u00fc\u{1f511}\u20ac\u007f\u007f\r"], "done", "\u00fc"],
    ["is not erased beyond its beginning", ["a\u007f\u007f\u007fb\r"], "done", "b"],
    ["is cleared by ^U", ["wrong\u0015secret\r"], "done", "secret"],
    ["keeps spaces", ["  two words \r"], "done", "  two words "],
    ["takes no other control characters", ["a\u001b\u0000\u0007b\r"], "done", "ab"],
    ["is called off by ^D where it is empty", ["\u0004"], "cancel", ""],
    ["ends with ^D where it is not", ["secret\u0004"], "done", "secret"],
    ["is called off by ^C", ["sec\u0003ret\r"], "interrupt", "sec"],
    ["of 1,024 bytes", [`${"x".repeat(1024)}\r`], "done", "x".repeat(1024)],
    ["that never ends is bounded", ["x".repeat(5000), "\r"], "done", "x".repeat(1024)],
  ])("%s", (_, chunks, event, text) => {
    expect(typed(...chunks)).toEqual({ event, text });
  });

  test("is gone once it is wiped; what was taken is a copy", () => {
    const line = new TypedLine();
    line.type(Buffer.from("secret\r"));
    const taken = line.taken();
    line.wipe();
    expect(line.taken()).toHaveLength(0);
    expect(Buffer.from(taken).toString()).toBe("secret");
  });
});
