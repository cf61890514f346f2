/** The command line laid over ssh's configuration: the servers on the way, and what holds for each. */
import { userInfo } from "node:os";
import { afterEach, describe, expect, test, vi } from "vitest";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import { configuredRoute } from "../../src/cli/ssh-settings.ts";
import type { Route } from "../../src/cli/way.ts";

const told: string[] = [];
const log = {
  debug: (text: string) => void told.push(`DEBUG ${text}`),
  info: (text: string) => void told.push(`INFO ${text}`),
  warning: (text: string) => void told.push(`WARNING ${text}`),
  error: (text: string) => void told.push(`ERROR ${text}`),
  critical: (text: string) => void told.push(`CRITICAL ${text}`),
};

afterEach(() => {
  told.length = 0;
  vi.unstubAllEnvs();
});

const pin = `SHA256:${"A".repeat(43)}`;

function route(config: string, flags: readonly string[] = ["--command", "x"], isUsers = true): Route {
  const asked = parseFlags(["--host", "t", ...flags], () => "me") as Settings;
  return configuredRoute([{ path: "config", text: config, isUsers }], asked, log);
}

function target(config: string, flags?: readonly string[]): Settings {
  return route(config, flags).at(-1) as Settings;
}

/** As in `user@host:port`, in the order of the way. */
function places(config: string, flags?: readonly string[]): readonly string[] {
  return route(config, flags).map(({ username, host, port }) => `${username}@${host}:${port}`);
}

const all = "HostName h\nPort 1\nUser u\nConnectTimeout 2\nServerAliveInterval 3\nServerAliveCountMax 4\n";

describe("the server that is meant", () => {
  test("with a command: what the configuration says", () => {
    expect(target(all)).toMatchObject({
      ...{ host: "h", port: 1, username: "u", connectTimeout: 2000, keepaliveInterval: 3000, keepaliveCount: 4 },
      ...{ isJump: false, isSshLike: true, request: { exec: "x" } },
    });
  });

  test("with a command: what was typed comes first", () => {
    const flags = "--command x --port 9 --username v --connect-timeout 7 --keepalive-interval 8 --keepalive-count 5";
    expect(target(all, flags.split(" "))).toMatchObject({
      ...{ host: "h", port: 9, username: "v", connectTimeout: 7000, keepaliveInterval: 8000, keepaliveCount: 5 },
    });
  });

  test("with a command: ssh's defaults where nobody says anything", () => {
    expect(target("Host other\n Port 1")).toMatchObject({
      host: "t",
      port: 22,
      username: "me",
      connectTimeout: 15_000,
    });
  });

  test("with the login shell: the replaced tool's port and user come first", () => {
    expect(target(all, [])).toMatchObject({ host: "h", port: 8022, username: "mcp", connectTimeout: 2000 });
    expect(target("Match user mcp\n HostName seen", [])).toMatchObject({ host: "seen" });
  });

  test.each([
    ["a silent ssh is no silent link", "ServerAliveInterval 0\nServerAliveCountMax 0"],
    ["no timeout is none of ours", "ConnectTimeout none\nConnectTimeout 0"],
  ])("%s", (_name, config) => {
    expect(target(config)).toMatchObject({ connectTimeout: 15_000, keepaliveInterval: 15_000, keepaliveCount: 3 });
  });

  test("with the login shell: a port of the configuration's that does not count is known", () => {
    expect(target(all, []).passedOverPort).toBe(1);
    expect(target(all, ["--port", "9"]).passedOverPort).toBeUndefined();
    expect(target(all).passedOverPort).toBeUndefined();
    expect(target("Host other\n Port 1", []).passedOverPort).toBeUndefined();
  });

  test("variables: the configuration's, quietly, before what was typed; none with the login shell", () => {
    vi.stubEnv("LC_TEST_A", "a");
    const config = "SendEnv LC_TEST_*\nSetEnv B=1 =nameless";
    const flags = ["--env", "B=2"];
    expect(target(config, ["--command", "x", ...flags]).env).toEqual([
      { name: "LC_TEST_A", value: "a", isQuiet: true },
      { name: "B", value: "1", isQuiet: true },
      { name: "B", value: "2" },
    ]);
    expect(target(config, flags).env).toEqual([{ name: "B", value: "2" }]);
  });

  test.each([
    ["accept-new", true],
    ["ask", false],
    ["yes", false],
    ["no", false],
  ])("StrictHostKeyChecking %s", (word, acceptNew) => {
    const { isHostKeyChecked, acceptNew: isAccepted } = target(`StrictHostKeyChecking ${word}`);
    expect({ isHostKeyChecked, isAccepted }).toEqual({ isHostKeyChecked: true, isAccepted: acceptNew });
    const warning = "WARNING StrictHostKeyChecking no is not followed: the host key is checked all the same";
    expect(told).toEqual(word === "no" ? [warning] : []);
  });

  test.each([
    ["a host name with a slash", "HostName a/b", "HostName: invalid host: 'a/b'"],
    ["a user name with an escape", "User a\u001bb", "User: invalid user name: 'a\\x1bb'"],
    ["a jump host with a slash", "ProxyJump a/b", "ProxyJump: invalid host: 'a/b'"],
    ["a jump host with a space", "ProxyJump 'a b'", "ProxyJump: invalid host: "],
  ])("%s is refused", (_name, config, message) => {
    expect(() => route(config)).toThrow(message);
  });

  test("an address that is none to bind is told", () => {
    route("BindAddress eth0");
    expect(told).toEqual(["WARNING BindAddress eth0 is not an IP address: the system chooses one"]);
  });

  test("a warning is given once, and that of the system's file is no warning", () => {
    route("CASignatureAlgorithms x\nHost t\n ProxyJump b\n");
    expect(told).toEqual(["WARNING config line 1: casignaturealgorithms is not supported: the built-in list counts"]);
    told.length = 0;
    route("CASignatureAlgorithms x\n", ["--command", "x"], false);
    expect(told).toEqual(["INFO config line 1: casignaturealgorithms is not supported: the built-in list counts"]);
  });
});

describe("what is offered", () => {
  const lists = "Ciphers a,b\nMACs +c\nKexAlgorithms -d*\nHostKeyAlgorithms ^e\n";

  test("as the configuration says", () => {
    expect(target(lists).configuredOffer).toEqual({ ciphers: "a,b", macs: "+c", kex: "-d*", hostKeys: "^e" });
    expect(target("").configuredOffer).toEqual({});
  });

  test("by a flag, each list by itself", () => {
    const flags = ["--ciphers", "aes256-ctr", "--host-key-algorithms", "rsa-sha2-256", "--command", "x"];
    expect(target(lists, flags)).toMatchObject({
      offer: { ciphers: "aes256-ctr", hostKeys: "rsa-sha2-256" },
      configuredOffer: { ciphers: undefined, macs: "+c", kex: "-d*", hostKeys: undefined },
    });
  });
});

describe("jump hosts", () => {
  const local = userInfo().username;

  test("in the order of the way", () => {
    expect(places("Host t\n ProxyJump a,u@b:1")).toEqual([`${local}@a:22`, "u@b:1", "me@t:22"]);
  });

  test("each by its own block", () => {
    const config = "Host t\n ProxyJump a,b\nHost a\n HostName A.example\n User ua\nHost b\n Port 2\n";
    expect(places(config)).toEqual(["ua@a.example:22", `${local}@b:2`, "me@t:22"]);
  });

  test("what stands in the spec comes before the block", () => {
    expect(places("Host t\n ProxyJump v@a:9\nHost a\n User ua\n Port 2\n")).toEqual(["v@a:9", "me@t:22"]);
  });

  test("one behind the other", () => {
    expect(places("Host t\n ProxyJump b\nHost b\n ProxyJump a\n")).toEqual([
      `${local}@a:22`,
      `${local}@b:22`,
      "me@t:22",
    ]);
  });

  test("a list is the whole way to its last one", () => {
    const config = "Host t\n ProxyJump a,b\nHost b\n ProxyJump other\nHost a\n ProxyJump first\n";
    expect(places(config)).toEqual([`${local}@first:22`, `${local}@a:22`, `${local}@b:22`, "me@t:22"]);
  });

  test("typed ones come before the configuration, and none is none", () => {
    expect(places("Host t\n ProxyJump a\n", ["--command", "x", "--proxy-jump", "u@c"])).toEqual(["u@c:22", "me@t:22"]);
    expect(places("Host t\n ProxyJump a\n", ["--command", "x", "--proxy-jump", "none"])).toEqual(["me@t:22"]);
    const { config } = target("Host t\n ProxyCommand nc\n", ["--command", "x", "--proxy-jump", "c"]);
    expect(config?.proxyCommand).toBeUndefined();
  });

  test("what is said of the server that is meant is not said of them", () => {
    const flags = ["--username", "mcp", "--port", "9", "--disable-host-key-checking", "--env", "A=1"];
    const [jump] = route("Host t\n ProxyJump a\n", flags);
    expect(jump).toMatchObject({ isJump: true, isSshLike: true, isHostKeyChecked: true, port: 22, env: [] });
    const [pinned] = route("Host t\n ProxyJump a\n", ["--host-key", pin]);
    expect(pinned.hostKeyPins).toEqual([]);
    const [introduced] = route("Host t\n ProxyJump a\n", ["--use-key-server"]);
    expect(introduced.keyServer).toBeUndefined();
  });

  test.each([
    ["itself", "Host *\n ProxyJump t\n"],
    ["another", "Host t\n ProxyJump a\nHost a\n ProxyJump t\n"],
    ["another name", "Host t\n ProxyJump a\nHost a\n HostName t\n ProxyJump b\n User me\nHost b\n ProxyJump a\n"],
  ])("a circle by %s is seen", (_name, config) => {
    expect(() => route(config)).toThrow(/^ProxyJump goes in a circle by .*: one of them .* a ProxyJump none, /);
  });

  test("a way that never ends is given up", () => {
    const config = Array.from({ length: 40 }, (_, i) => `Host ${i === 0 ? "t" : `h${i}`}\n ProxyJump h${i + 1}\n`);
    expect(() => route(config.join(""))).toThrow(/^ProxyJump goes in a circle by /);
  });

  test("ten in a row are none", () => {
    const list = Array.from({ length: 10 }, (_, i) => `h${i}`).join(",");
    expect(places(`Host t\n ProxyJump ${list}\n`)).toHaveLength(11);
  });
});
