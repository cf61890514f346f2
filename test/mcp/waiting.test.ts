/** Waiting for what may never happen leaves nothing behind. */
import { expect, it } from "vitest";
import { Occurrence } from "../../src/mcp/waiting.ts";
import { deferred } from "../../src/ssh/deferred.ts";

it("an occurrence is what comes first, however often it is waited for", async () => {
  const { promise, resolve } = deferred<string>();
  const occurrence = new Occurrence(promise);
  for (let i = 0; i < 3; i++) expect(await occurrence.or(Promise.resolve(i))).toBe(i);
  await expect(occurrence.or(Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(occurrence.waiting).toBe(0);
  const both = [occurrence.or(new Promise(() => undefined)), occurrence.or(new Promise(() => undefined))];
  expect(occurrence.waiting).toBe(2);
  resolve("now");
  expect(await Promise.all(both)).toEqual(["now", "now"]);
  expect(occurrence.waiting).toBe(0);
  expect(await occurrence.or(new Promise(() => undefined))).toBe("now");
});
