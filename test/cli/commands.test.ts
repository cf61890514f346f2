/** The commands that a person is told to paste: what was typed, and no more. */
import { describe, expect, test } from "vitest";
import { copyCommand, keygenCommand, sshCommand, trustCommand } from "../../src/cli/commands.ts";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import { configuredRoute } from "../../src/cli/ssh-settings.ts";
import { createLog } from "../../src/node/log.ts";

const log = createLog({ name: "test", level: "CRITICAL", write: () => undefined });
const text = `
Host far
  HostName 10.0.0.9
  Port 2222
  User deploy
  ProxyJump bastion
Host bastion
  HostName 192.0.2.1
  Port 2200
`;

/** The servers on the way, the last one first. */
function way(...flags: string[]): [Settings, ...Settings[]] {
  const settings = parseFlags(flags, () => "local-user") as Settings;
  const files = [{ path: "/c", text, isUsers: true }];
  return [...configuredRoute(files, settings, log)].reverse() as [Settings, ...Settings[]];
}

const [far, bastion] = way("--host", "far", "--command", "x");

describe("a name that ssh's configuration knows", () => {
  test("is all that ssh needs", () => {
    expect(copyCommand(far, "/k.pub")).toBe("ssh-copy-id -i /k.pub far");
    expect(sshCommand(far, "ls -l")).toBe("ssh far 'ls -l'");
    expect(trustCommand(far)).toBe("npx -y mcp-ssh-client trust far");
  });

  test("so is a jump host's", () => {
    expect(bastion?.host).toBe("192.0.2.1");
    expect(trustCommand(bastion ?? far)).toBe("npx -y mcp-ssh-client trust bastion");
    expect(copyCommand(bastion ?? far, "/k.pub")).toBe("ssh-copy-id -i /k.pub bastion");
  });

  test("what was typed beside it goes along, and a key only where a jump host wants one", () => {
    const typed = ["--port", "7", "--user", "me", "--client-key", "/k", "--known", "my hosts", "--env", "A=s3cret"];
    const [server, jump = server] = way("--host", "far", "--command", "x", ...typed);
    expect(copyCommand(server, "/k.pub")).toBe("ssh-copy-id -i /k.pub -p 7 me@far");
    const there = "npx -y mcp-ssh-client trust far --port 7 --known-hosts 'my hosts' --client-key /k";
    expect(trustCommand(server)).toBe(there);
    expect(trustCommand(jump)).toBe("npx -y mcp-ssh-client trust bastion");
    const [direct] = way("--host", "near", "--command", "x", ...typed);
    expect(trustCommand(direct)).toBe("npx -y mcp-ssh-client trust near --port 7 --known-hosts 'my hosts'");
  });
});

test("jump hosts of the command line, each with those before it", () => {
  const [server, second = server, first = server] = way(
    "--host",
    "h",
    "--command",
    "x",
    "--proxy-jump",
    "a,me@[::1]:7",
  );
  expect(sshCommand(server, "ls")).toBe("ssh -o 'ProxyJump=a,me@[::1]:7' h ls");
  expect(trustCommand(server)).toBe("npx -y mcp-ssh-client trust h --proxy-jump 'a,me@[::1]:7'");
  expect(copyCommand(second, "/k.pub")).toBe("ssh-copy-id -i /k.pub -p 7 -o ProxyJump=a me@::1");
  expect(trustCommand(first)).toBe("npx -y mcp-ssh-client trust a");
});

test("another configuration is named to ssh too", () => {
  const [server] = way("--host", "h", "--command", "x", "--ssh-config", "/c d");
  expect(sshCommand(server, "ls")).toBe("ssh -F '/c d' h ls");
  expect(trustCommand(server)).toBe("npx -y mcp-ssh-client trust h --ssh-config '/c d'");
});

test("with a login shell the port and the user are not ssh's", () => {
  const settings = parseFlags(["--host", "h"], () => "local-user") as Settings;
  expect(copyCommand(settings, "/k.pub")).toBe("ssh-copy-id -i /k.pub -p 8022 mcp@h");
  expect(trustCommand(settings)).toBe("npx -y mcp-ssh-client trust h --port 8022");
});

test("a key", () => {
  expect(keygenCommand("/a b")).toBe("npx -y mcp-ssh-client keygen --client-key '/a b'");
});
