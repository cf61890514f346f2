/** The judge of kills: that it lets pass what is right, and sees each thing that is wrong. */
import { describe, expect, test } from "vitest";
import { type Evidence, judge, tally } from "./judge.ts";

const asked = [{ id: "0" }, { id: "1", call: "a" }, { id: '"1"', call: "b" }, { id: "3", call: "c" }];
const initialized = '{"jsonrpc":"2.0","id":0,"result":{}}';
const done = (id: string, call: string): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{"structuredContent":{"call":"${call}"}}}`;
const gone = (id: string, mayHaveRun = true): string =>
  `{"jsonrpc":"2.0","id":${id},"error":{"code":-31001,"data":{"source":"mcp-ssh-client","mayHaveRun":${mayHaveRun}}}}`;
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join("");

/** A call answered, one that was done and is not known to be, one that never came there. */
const good: Evidence = {
  asked,
  due: 3,
  stdout: lines(initialized, gone('"1"'), done("1", "a"), gone("3", false)),
  ledger: lines("a", "b"),
  isKilled: false,
};

describe("the judge", () => {
  test.each<[string, Partial<Evidence>]>([
    ["each state that a call may be in", {}],
    ["what came after the kill, and we never read", { stdout: lines(initialized, done("1", "a"), gone('"1"')) }],
    ["half a line, the last one of a process that was killed", { stdout: `${initialized}\n{"js`, isKilled: true }],
    ["silence of a process that was killed", { stdout: lines(done('"1"', "b")), isKilled: true }],
  ])("lets pass %s", (_name, change) => {
    expect(judge({ ...good, ...change })).toEqual([]);
  });

  test.each<[string, Partial<Evidence>, readonly string[]]>([
    ["a call that was done twice", { ledger: lines("a", "a", "b") }, ["a was done 2 times"]],
    ["an unanswered call that was done twice", { ledger: lines("a", "b", "b") }, ["b was done 2 times"]],
    ["an answered call that was lost", { ledger: lines("b") }, ["a was answered and never done"]],
    ["what nobody asked", { ledger: lines("a", "b", "d") }, ['"d" was done, which nobody asked']],
    ["another order", { ledger: lines("b", "a") }, ["a was done after what was asked later"]],
    ["half an entry", { ledger: `${lines("a", "b")}c` }, ['half a line in the book: "c"']],
    [
      "a call that was done although we said that it was not",
      { ledger: lines("a", "b", "c") },
      ["c was done, and the host was told that it was not"],
    ],
    [
      "a call of which the host was told nothing",
      { stdout: lines(initialized, done("1", "a")) },
      ["b was done, and the host was told nothing"],
    ],
    ["a second reply", { stdout: lines(good.stdout.trimEnd(), gone("1")) }, ["a second reply for 1"]],
    [
      "a second reply, although we were killed",
      { stdout: lines(good.stdout.trimEnd(), gone("1")), isKilled: true },
      ["a second reply for 1"],
    ],
    ["a reply that was never asked", { stdout: lines(good.stdout.trimEnd(), gone('"3"')) }, ['a reply for "3", which']],
    [
      "the answer of another call",
      { stdout: lines(initialized, done("1", "b"), gone('"1"'), gone("3", false)) },
      ["1 got the answer of b"],
    ],
    [
      "an answer that is missing among others",
      { stdout: lines(gone('"1"'), done("1", "a"), gone("3", false)) },
      ["no reply for 0"],
    ],
    [
      "an answer that is missing although its request had come before the kill",
      { stdout: lines(initialized, done("1", "a"), gone('"1"')), due: 4 },
      ["no reply for 3"],
    ],
    ["half a line", { stdout: `${good.stdout}{"js` }, ['half a line on stdout: "{\\"js"']],
    ["what is no JSON", { stdout: lines(good.stdout.trimEnd(), "motd") }, ['no JSON on stdout: "motd"']],
    ["what is no reply", { stdout: lines(good.stdout.trimEnd(), '{"jsonrpc":"2.0","id":9}') }, ["no reply on stdout"]],
    [
      "an error of somebody else",
      { stdout: good.stdout.replace("mcp-ssh-client", "server") },
      ["an error that is not ours"],
    ],
  ])("sees %s", (_name, change, faults) => {
    const found = judge({ ...good, ...change });
    expect(found[0]).toContain(faults[0]);
  });

  test("counts", () => {
    expect(tally({ ...good, stdout: lines(initialized, done("1", "a"), gone("3")) })).toEqual({
      results: 2,
      errors: 1,
      silence: 1,
      uncertain: 1,
    });
  });
});
