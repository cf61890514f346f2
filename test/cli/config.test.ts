/** What `config` prints for each MCP host, and that a host which starts what is printed reaches a real server. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/config.ts";
import { hosts } from "../../src/cli/hosts.ts";
import { subcommandRows } from "../../src/cli/subcommands.ts";
import { builtCommand, hostEnvironment, startHost } from "../support/command.ts";
import { everythingCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

interface Printed {
  readonly text: string;
  readonly notes: string;
}

async function config(...argv: string[]): Promise<Printed> {
  let text = "";
  const notes: string[] = [];
  const out = async (more: string): Promise<void> => {
    text += more;
  };
  const err = (line: string): void => void notes.push(line);
  const code = await run(argv, { program: "mcp-ssh-client", localUser: () => "local-user", out, err });
  expect(code).toBe(0);
  expect(notes.every((note) => note.startsWith("# "))).toBe(true);
  return { text, notes: notes.join("\n") };
}

interface Entry {
  readonly command: string;
  readonly args: string[];
  readonly env?: Record<string, string>;
}

/** The one entry that `config json` prints. */
async function entry(...argv: string[]): Promise<Entry & { name: string; notes: string }> {
  const { text, notes } = await config("json", ...argv);
  const [[name, value] = ["", {}]] = Object.entries(JSON.parse(text).mcpServers);
  return { name, notes, ...(value as Entry) };
}

const flags = ["--host", "h.example", "--env", "TOKEN=s3cret", "--command", "a b"];
const args = ["-y", "mcp-ssh-client", "--host", "h.example", "--env", "TOKEN", "--command", "a b"];
const plain = { command: "npx", args, env: { TOKEN: "s3cret" } };
const typed = { type: "stdio", ...plain };

describe("each host's shape", () => {
  /** `source`: where the shape was read in November 2026: the host's own documentation but for Cursor's, which was not at hand. */
  const json: [host: keyof typeof hosts, source: string, expected: unknown, where: string][] = [
    [
      "claude",
      "modelcontextprotocol.io/docs/develop/connect-local-servers",
      { mcpServers: { "h-example": plain } },
      "~/Library/Application Support/Claude/claude_desktop_config.json",
    ],
    ["claude-code", "code.claude.com/docs/en/mcp", { mcpServers: { "h-example": typed } }, ".mcp.json"],
    [
      "cursor",
      "docs/configuring-cursor.md of confluentinc/mcp-confluent",
      { mcpServers: { "h-example": plain } },
      "~/.cursor/mcp.json",
    ],
    [
      "vscode",
      "code.visualstudio.com/docs/copilot/reference/mcp-configuration",
      { servers: { "h-example": typed } },
      ".vscode/mcp.json",
    ],
    [
      "windsurf",
      "docs.windsurf.com/windsurf/cascade/mcp",
      { mcpServers: { "h-example": plain } },
      "~/.codeium/windsurf/mcp_config.json",
    ],
    ["zed", "zed.dev/docs/ai/mcp", { context_servers: { "h-example": plain } }, "settings.json"],
    [
      "cline",
      "docs.cline.bot/mcp/configuring-mcp-servers",
      { mcpServers: { "h-example": plain } },
      "cline_mcp_settings.json",
    ],
    [
      "gemini",
      "github.com/google-gemini/gemini-cli/blob/main/docs/tools/mcp-server.md",
      { mcpServers: { "h-example": plain } },
      "~/.gemini/settings.json",
    ],
    ["json", "the shape that most hosts share", { mcpServers: { "h-example": plain } }, "its documentation"],
  ];

  it.each(json)("%s, after %s", async (host, _, expected, where) => {
    const { text, notes } = await config(host, ...flags);
    expect(JSON.parse(text)).toEqual(expected);
    expect(notes).toContain(where);
  });

  it("codex, after developers.openai.com/codex/mcp", async () => {
    const { text, notes } = await config("codex", ...flags);
    expect(text).toBe(
      [
        "[mcp_servers.h-example]",
        'command = "npx"',
        'args = ["-y", "mcp-ssh-client", "--host", "h.example", "--env", "TOKEN", "--command", "a b"]',
        "startup_timeout_sec = 60",
        "",
        "[mcp_servers.h-example.env]",
        'TOKEN = "s3cret"',
        "",
      ].join("\n"),
    );
    expect(notes).toContain("~/.codex/config.toml");
  });

  it("goose, after github.com/block/goose/blob/main/documentation/docs/guides/config-files.md", async () => {
    const { text, notes } = await config("goose", ...flags);
    expect(text).toBe(
      [
        "extensions:",
        '  "h-example":',
        '    name: "h-example"',
        '    description: "MCP over SSH"',
        "    type: stdio",
        "    enabled: true",
        '    cmd: "npx"',
        '    args: ["-y", "mcp-ssh-client", "--host", "h.example", "--env", "TOKEN", "--command", "a b"]',
        '    envs: {"TOKEN": "s3cret"}',
        "    timeout: 300",
        "",
      ].join("\n"),
    );
    expect(notes).toContain("~/.config/goose/config.yaml");
  });

  it("has a test for every host", () => {
    expect([...json.map(([host]) => host), "codex", "goose"].sort()).toEqual(Object.keys(hosts).sort());
  });

  it("controls that JSON lets stand are escaped where TOML and YAML do not", async () => {
    for (const host of ["codex", "goose"]) {
      const { text } = await config(host, "--command", 'a"\\\u007f\u0085\u2028é\n');
      expect(text).toContain('"a\\"\\\\\\u007f\\u0085\\u2028é\\n"');
    }
  });

  it("Claude Code gets a command as well, quoted for a shell", async () => {
    const { notes } = await config("claude-code", "--command", "it's");
    const line = "claude mcp add-json --scope user localhost ";
    expect(notes).toContain(`${line}'{"type":"stdio","command":"npx","args":["-y","mcp-ssh-client",`);
    expect(notes).toContain(`"--command","it'\\''s"]}'`);
    expect((await config("claude-code", "--windows")).notes).not.toContain(line);
  });

  it("no secret stands in that command", async () => {
    for (const given of [
      ["--env", "K=s3cret"],
      ["--passphrase", "s3cret"],
    ]) {
      const { text, notes } = await config("claude-code", "--command", "x", ...given);
      expect(text).toContain("s3cret");
      expect(notes).not.toContain("s3cret");
    }
    const { notes } = await config("claude-code", "--command", "x", "--env", "K=s3cret");
    expect(notes).toMatch(
      /then put K into ~\/\.claude\.json .*: claude mcp add-json .*"env":\{"K":"PUT IT HERE"\}\}'$/m,
    );
  });

  it("says where a host may replace a part of the command", async () => {
    const text = ["--command", "cd $" + "{HOME}; x"];
    expect((await config("claude-code", ...text)).notes).toContain("in the place of what follows ${");
    expect((await config("zed", ...text)).notes).not.toContain("in the place");
    expect((await config("claude-code", "--command", "cd; x")).notes).not.toContain("in the place");
  });
});

describe("the arguments", () => {
  it("stand under whole names, their values as typed", async () => {
    const given = ["--ho=h.example", "--key", "9000", "--user", "0123", "--disable", "--command=--x"];
    expect((await entry(...given)).args.slice(2)).toEqual([
      ...["--host", "h.example", "--key-server-port", "9000", "--username", "0123"],
      ...["--disable-host-key-checking", "--command=--x"],
    ]);
  });

  it("files are named by whole paths, but ~ stays", async () => {
    const given = ["--client-key", "keys/a", "--known-hosts", "~/.ssh/kh"];
    expect((await entry(...given)).args.slice(3)).toEqual([resolve("keys/a"), "--known-hosts", "~/.ssh/kh"]);
    expect((await entry("--client-key=/k")).args.slice(3)).toEqual(["/k"]);
    expect((await entry("--client-key=~user/k")).args.slice(3)).toEqual([resolve("~user/k")]);
  });

  it("what is no path stays as it is, where it is none", async () => {
    const given = ["--agent", "none", "--ssh-config", "none", "--client-key", "none"];
    expect((await entry(...given)).args.slice(2)).toEqual([...given.slice(0, 5), resolve("none")]);
  });

  it.each([["--passphrase", "s3cret"], ["--pass", "s3cret"], ["--passphrase=s3cret"]])(
    "the passphrase goes to env: %s",
    async (...given) => {
      const made = await entry("--host", "h", ...given);
      expect([made.args.slice(2), made.env]).toEqual([["--host", "h"], { MCP_SSH_PASSPHRASE: "s3cret" }]);
      expect(made.notes).toContain("the passphrase is in env");
      expect(made.notes).not.toContain("s3cret");
    },
  );

  it("the file of a passphrase is named by its whole path", async () => {
    expect((await entry("--passphrase-file", "pass")).args.slice(2)).toEqual(["--passphrase-file", resolve("pass")]);
  });

  it("values of --env go to env, the last one of a name", async () => {
    const made = await entry("--env", "A=1=x", "--env=B=", "--env", "A=2");
    expect(made.args.slice(2)).toEqual(["--env", "A", "--env", "B", "--env", "A"]);
    expect(made.env).toEqual({ A: "2", B: "" });
    expect(made.notes).toContain("keep that file to yourself");
  });

  it.each(["PATH", "Home", "NODE_OPTIONS", "LD_PRELOAD", "SSH_AUTH_SOCK", "https_proxy", "MCP_SSH_PASSPHRASE"])(
    "%s would change us, so it stays",
    async (name) => {
      const made = await entry("--env", `${name}=x`);
      expect(made.args.slice(2)).toEqual(["--env", `${name}=x`]);
      expect(made.env).toBeUndefined();
      expect(made.notes).toContain(`the value of --env ${name} stays among the arguments`);
    },
  );

  it("says what the server must allow", async () => {
    expect((await entry("--env", "A=1", "--env", "B", "--env", "A=2")).notes).toContain(
      "(AcceptEnv A B in its sshd_config)",
    );
    expect((await entry("--command", "x")).notes).not.toContain("AcceptEnv");
  });

  it("a name without a value needs one from the host", async () => {
    const made = await entry("--env", "TOKEN");
    expect([made.args.slice(2), made.env]).toEqual([["--env", "TOKEN"], undefined]);
    expect(made.notes).toContain("add TOKEN to the entry's env");
  });

  it("the name follows from the host, or is given", async () => {
    expect((await entry()).name).toBe("localhost");
    expect((await entry("--host", "::1")).name).toBe("1");
    expect((await entry("--host", "...")).name).toBe("remote");
    expect((await entry("--name", "my_box-1")).name).toBe("my_box-1");
    expect((await entry("--name=other")).name).toBe("other");
  });

  it("Windows starts npx by cmd, and says what cmd reads", async () => {
    const made = await entry("--windows", "--command", "plain");
    expect([made.command, ...made.args.slice(0, 4)]).toEqual(["cmd", "/c", "npx", "-y", "mcp-ssh-client"]);
    expect(made.notes).not.toContain("cmd reads");
    expect((await entry("--windows", "--command", "echo %PATH%")).notes).toContain("cmd reads");
  });

  it("--installed names Node and this script", async () => {
    const made = await entry("--installed", "--windows", "--host", "h");
    expect(made.command).toBe(process.execPath);
    expect(made.args).toEqual([resolve(process.argv[1] ?? ""), "--host", "h"]);
  });

  it.each([
    ["Node", process.execPath],
    ["Bun", "/$bunfs/root/mcp-ssh-client-bun"],
  ])("--installed of a single executable with %s names that alone", async (_, script) => {
    const [, before = ""] = process.argv;
    process.argv[1] = script;
    const made = await entry("--installed", "--host", "h").finally(() => {
      process.argv[1] = before;
    });
    expect([made.command, ...made.args]).toEqual([process.execPath, "--host", "h"]);
  });
});

describe("the agent of this terminal, which the host's is not", () => {
  const before = process.env["SSH_AUTH_SOCK"];
  beforeEach(() => {
    process.env["SSH_AUTH_SOCK"] = "/run/agent.1";
  });
  afterEach(() => {
    if (before === undefined) delete process.env["SSH_AUTH_SOCK"];
    else process.env["SSH_AUTH_SOCK"] = before;
  });

  it.each([
    ["keys that are found", ["--command", "x"], true],
    ["a public key", ["--command", "x", "--client-key", "k.pub"], true],
    ["a private key", ["--command", "x", "--client-key", "k"], false],
    ["an agent that is named", ["--command", "x", "--agent", "/run/a"], false],
    ["an agent that is forbidden", ["--command", "x", "--agent", "none"], false],
    ["the environment's, by name", ["--agent", "SSH_AUTH_SOCK"], true],
    ["a shell, where none is asked", [], false],
  ] as const)("is told of with %s", async (_, argv, isTold) => {
    const { notes } = await config("json", "--host", "h", ...argv);
    expect(notes.includes("hosts do not hand SSH_AUTH_SOCK over")).toBe(isTold);
    if (isTold) expect(notes).toContain("add --agent '/run/agent.1'");
  });
});

describe("wrong usage: exit 2, and no snippet", () => {
  const cases: [string, string[], string][] = [
    ["no host", [], "argument APP: expected one argument (choose from claude, "],
    ["an unknown host", ["emacs"], "argument APP: invalid choice: 'emacs' (choose from claude, claude-code, "],
    [
      "a server",
      ["work"],
      `argument APP: invalid choice: 'work' (choose from ${Object.keys(hosts).join(", ")}; the SSH server is given by --host)`,
    ],
    ["no host but flags", ["--host", "work"], "argument APP: expected one argument (choose from claude, "],
    ["a name that every object has", ["constructor"], "argument APP: invalid choice: 'constructor'"],
    ["a bad flag of ours", ["cursor", "--port", "x"], "argument --port: invalid port"],
    [
      "flags that exclude each other",
      ["cursor", "--command=x", "--subsystem=y"],
      "argument --subsystem: not allowed with argument --command",
    ],
    ["a name with a space", ["cursor", "--name", "a b"], "argument --name: invalid name: 'a b'"],
    ["no name", ["cursor", "--name"], "argument --name: expected one argument"],
    ["a value for --windows", ["cursor", "--windows=yes"], "argument --windows: takes no value"],
    ["--version", ["cursor", "--version"], "argument --version: no flag for a host"],
  ];
  it.each(cases)("%s", async (_, argv, message) => {
    const host = startHost({ command: process.execPath, args: [builtCommand, "config", ...argv] });
    expect(await host.exit).toEqual({ code: 2, signal: null });
    expect(host.stdout()).toHaveLength(0);
    expect(host.stderr()).toMatch(/^usage: mcp-ssh-client config APP /);
    expect(host.stderr()).toContain(`\nmcp-ssh-client config: error: ${message}`);
  });

  it("--help says what there is", async () => {
    const host = startHost({ command: process.execPath, args: [builtCommand, "config", "--help"] });
    expect(await host.exit).toEqual({ code: 0, signal: null });
    for (const name of Object.keys(hosts)) expect(host.stdout().toString()).toContain(`\n  ${name} `);
  });

  it("the command's own help names all subcommands", async () => {
    const host = startHost({ command: process.execPath, args: [builtCommand, "--help"] });
    await host.exit;
    for (const { name, about } of subcommandRows) {
      expect(host.stdout().toString()).toMatch(new RegExp(`^ +mcp-ssh-client ${name} +${about}$`, "m"));
    }
    expect(subcommandRows.map(({ name }) => name)).toEqual(["doctor", "keygen", "trust", "config"]);
  });

  it.each(subcommandRows)("$name has a help of its own", async ({ name }) => {
    for (const flag of ["--help", "-h"]) {
      const host = startHost({ command: process.execPath, args: [builtCommand, name, "--port", "x", flag] });
      expect(await host.exit).toEqual({ code: 0, signal: null });
      expect(host.stdout().toString()).toMatch(new RegExp(`^usage: mcp-ssh-client ${name} `));
      expect(host.stdout().toString()).not.toMatch(/ $/m);
      expect(host.stderr()).toBe("");
    }
  });

  it("only the first argument is a subcommand", async () => {
    const host = startHost({ command: process.execPath, args: [builtCommand, "--host", "h", "config"] });
    expect(await host.exit).toEqual({ code: 2, signal: null });
    expect(host.stderr()).toContain("mcp-ssh-client: error: unrecognized arguments: 'config'");
  });
});

describeNeeding(missingSshd(), "what is printed, started as a host starts it", () => {
  let server: SshServer;
  let path = "";

  beforeAll(async () => {
    server = await startSshd({ config: ["AcceptEnv API_TOKEN"] });
    // npx as this machine has it would ask a registry: this one starts the build, whatever the package's name
    writeFileSync(
      join(server.folder, "npx"),
      `#!/bin/sh\nshift 2\nexec '${process.execPath}' '${builtCommand}' "$@"\n`,
      {
        mode: 0o755,
      },
    );
    path = `${server.folder}:${process.env["PATH"]}`;
  });
  afterAll(() => server?.stop());

  it.each([[[]], [["--installed"]]])("it reaches the server %j", async (own: string[]) => {
    const given = ["--host", server.host, "--port", String(server.port), "--user", server.user];
    given.push("--client-key", server.clientKey, "--known", server.knownHosts, "--env", "API_TOKEN=s3cret");
    const printed = startHost(
      {
        command: process.execPath,
        args: [builtCommand, "config", "cursor", ...own, ...given, "--command", everythingCommand],
      },
      { ...hostEnvironment(), PATH: path },
    );
    expect(await printed.exit).toEqual({ code: 0, signal: null });
    const [{ command, args, env }] = Object.values(JSON.parse(printed.stdout().toString()).mcpServers) as [Entry];
    expect(args.join(" ")).not.toContain("s3cret");
    const client = new Client({ name: "a-host", version: "1.0.0" });
    await client.connect(
      new StdioClientTransport({
        command,
        args,
        env: { ...(hostEnvironment() as Record<string, string>), PATH: path, ...env },
        cwd: "/",
        stderr: "ignore",
      }),
    );
    const { content } = await client.callTool({ name: "get-env", arguments: {} });
    expect(JSON.stringify(content)).toContain('\\"API_TOKEN\\": \\"s3cret\\"');
    await client.close();
  });
});
