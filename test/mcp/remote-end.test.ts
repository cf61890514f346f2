import { describe, expect, it } from "vitest";
import { type Ending, exitCode, describe as inWords, type RemoteEnd, sessionEnd } from "../../src/mcp/remote-end.ts";

const exited = (status: number): RemoteEnd => ({ how: "exited", status });
const killed = (signal: string): RemoteEnd => ({ how: "killed", signal, message: "" });
const error = new Error("Connection reset");

/** "What we promise", 7. */
const table: readonly [string, Partial<Ending>, number][] = [
  ["the host's EOF, the remote said nothing", { isHostGone: true }, 0],
  ["the host's EOF, the remote's status", { isHostGone: true, remote: exited(3) }, 3],
  ["the host's EOF, the remote's status is 0", { isHostGone: true, remote: exited(0) }, 0],
  ["the host's EOF, no status", { isHostGone: true, remote: { how: "closed" } }, 0],
  ["the host's EOF, a request never answered", { isHostGone: true, isUnanswered: true }, 1],
  ["the host's EOF, then the link lost, nothing owed", { isHostGone: true, remote: { how: "link-lost", error } }, 0],
  [
    "the host's EOF, then the link lost, an answer owed",
    { isHostGone: true, isUnanswered: true, remote: { how: "link-lost", error } },
    1,
  ],
  ["the remote ended by itself, 0, nothing pending", { remote: exited(0) }, 0],
  ["the remote ended by itself, 0, a request pending", { remote: exited(0), isUnanswered: true }, 1],
  ["the remote ended by itself, 127", { remote: exited(127), isUnanswered: true }, 127],
  ["the remote ended by itself, a status beyond a byte", { remote: exited(256) }, 255],
  ["the remote closed without a status", { remote: { how: "closed" } }, 0],
  ["the remote closed without a status, a request pending", { remote: { how: "closed" }, isUnanswered: true }, 1],
  ["SIGTERM to us", { stopSignal: 15 }, 143],
  ["SIGINT to us, whatever the remote said", { stopSignal: 2, remote: exited(3) }, 130],
  ["SIGHUP to us", { stopSignal: 1 }, 129],
  ["the remote killed by TERM", { remote: killed("TERM") }, 143],
  ["the remote killed by KILL", { remote: killed("KILL") }, 137],
  ["the remote killed by SEGV, a request pending", { remote: killed("SEGV"), isUnanswered: true }, 139],
  ["the remote killed by a vendor's signal", { remote: killed("BUS@openssh.com") }, 135],
  ["the remote killed by a signal that we do not know", { remote: killed("WINCH") }, 1],
  ["the remote killed by a signal named as a member of every object", { remote: killed("toString") }, 1],
  ["no link", { remote: { how: "connect-failed", error } }, 1],
  ["no link, the host gone as well", { remote: { how: "connect-failed", error }, isHostGone: true }, 1],
  ["lost for good", { remote: { how: "link-lost", error } }, 1],
];

describe("exit codes", () => {
  it.each(table)("%s", (_name, ending, code) => {
    const nothing = { stopSignal: undefined, remote: undefined, isHostGone: false, isUnanswered: false };
    expect(exitCode({ ...nothing, ...ending })).toBe(code);
  });
});

describe("ends in words", () => {
  it.each<[RemoteEnd, RegExp]>([
    [{ how: "connect-failed", error: new Error("Connection refused: h:22") }, /not reached: Connection refused: h:22$/],
    [{ how: "link-lost", error: new Error("timed\nout\u001b[0m") }, /link .* was lost: timed out\\x1b\[0m$/],
    [{ how: "link-lost", error: undefined }, /lost: the connection was closed$/],
    [exited(3), /exited with status 3$/],
    [exited(127), /status 127 \(command not found.*PATH.*\)$/],
    [exited(126), /status 126 \(found, but not executable.*\)$/],
    [killed("KILL"), /killed by signal KILL$/],
    [{ how: "killed", signal: "SE\nGV", message: "core\u0007" }, /signal SE\\nGV: core\\x07$/],
    [{ how: "closed" }, /closed the session without an exit status$/],
  ])("%j", (end, words) => {
    expect(inWords(end)).toMatch(words);
    expect(inWords(end)).not.toContain("\n");
  });
});

it("an exit of RFC 4254 §6.10 is an end", () => {
  expect(sessionEnd({ status: 2 })).toEqual({ how: "exited", status: 2 });
  const signal = { signal: "TERM", coreDumped: false, message: "bye" };
  expect(sessionEnd(signal)).toEqual({ how: "killed", signal: "TERM", message: "bye" });
});
