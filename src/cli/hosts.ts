/**
 * Hosts: how each MCP host wants an entry for a stdio server written, and where. Where each shape was
 * read is named in test/cli/config.test.ts; a host whose shape we could not confirm is not here. Pure.
 */

/** How a host is to start us. */
export interface HostEntry {
  readonly command: string;
  readonly args: readonly string[];
  /** Empty where there is nothing to set. */
  readonly env: Readonly<Record<string, string>>;
}

/** An MCP host. */
export interface HostShape {
  /** As people call it. */
  readonly title: string;
  /** Where the snippet goes, a line each. */
  readonly where: readonly string[];
  /** The text to paste. */
  readonly write: (name: string, entry: HostEntry) => string;
  /** The file that such a command writes. */
  readonly keeps?: string;
  /** A command that does it too, for an entry without secrets. */
  readonly shell?: (name: string, entry: HostEntry) => string;
  /** What the host replaces in texts before it starts us, as in `${`; undefined where it takes them as they stand. */
  readonly replaces?: string;
}

/** By the name that `config` takes. */
export const hosts = {
  claude: {
    title: "Claude Desktop",
    where: [
      "macOS: ~/Library/Application Support/Claude/claude_desktop_config.json",
      "Windows: %APPDATA%\\Claude\\claude_desktop_config.json",
      "(Settings > Developer > Edit Config opens it); then quit Claude Desktop and start it again",
    ],
    write: json("mcpServers", plain),
  },
  "claude-code": {
    title: "Claude Code",
    where: [".mcp.json in the project's folder, for all who work there"],
    write: json("mcpServers", typed),
    keeps: "~/.claude.json",
    shell: (name, entry) => `claude mcp add-json --scope user ${name} ${quoted(JSON.stringify(typed(entry)))}`,
    replaces: "${",
  },
  cursor: {
    title: "Cursor",
    where: ["~/.cursor/mcp.json, or .cursor/mcp.json in a project's folder"],
    write: json("mcpServers", plain),
    replaces: "${",
  },
  vscode: {
    title: "VS Code",
    where: [".vscode/mcp.json in the workspace, or the user's (command palette: MCP: Open User Configuration)"],
    write: json("servers", typed),
    replaces: "${",
  },
  windsurf: {
    title: "Windsurf",
    where: ["~/.codeium/windsurf/mcp_config.json (Windows: %USERPROFILE%\\.codeium\\windsurf\\mcp_config.json)"],
    write: json("mcpServers", plain),
    replaces: "${",
  },
  zed: {
    title: "Zed",
    where: ["its settings.json (command palette: zed: open settings file)"],
    write: json("context_servers", plain),
  },
  cline: {
    title: "Cline",
    where: ["cline_mcp_settings.json (MCP Servers > Configure > Configure MCP Servers)"],
    write: json("mcpServers", plain),
  },
  gemini: {
    title: "Gemini CLI",
    where: ["~/.gemini/settings.json, or .gemini/settings.json in a project's folder"],
    write: json("mcpServers", plain),
    replaces: "$",
  },
  codex: {
    title: "Codex",
    where: ["~/.codex/config.toml (Windows: %USERPROFILE%\\.codex\\config.toml)"],
    write: toml,
  },
  goose: {
    title: "goose",
    where: ["~/.config/goose/config.yaml (Windows: %APPDATA%\\Block\\goose\\config\\config.yaml)"],
    write: yaml,
  },
  json: {
    title: "a host that takes mcpServers",
    where: ["the file that its documentation names"],
    write: json("mcpServers", plain),
  },
} as const satisfies Readonly<Record<string, HostShape>>;

/** A text in single quotes, as a POSIX shell takes it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

type Members = Readonly<Record<string, unknown>>;

/** The entry alone under `top`: in a file that has the key already, it goes in beside the others. */
function json(top: string, members: (entry: HostEntry) => Members): HostShape["write"] {
  return (name, entry) => JSON.stringify({ [top]: { [name]: members(entry) } }, undefined, 2);
}

function plain({ command, args, env }: HostEntry): Members {
  return Object.keys(env).length === 0 ? { command, args } : { command, args, env };
}

function typed(entry: HostEntry): Members {
  return { type: "stdio", ...plain(entry) };
}

/** Codex gives a server 10 s to start unless told otherwise: npx may have to download us first. */
function toml(name: string, { command, args, env }: HostEntry): string {
  const variables = Object.entries(env).map(([variable, value]) => `${variable} = ${basic(value)}`);
  return [
    `[mcp_servers.${name}]`,
    `command = ${basic(command)}`,
    `args = [${args.map(basic).join(", ")}]`,
    "startup_timeout_sec = 60",
    ...(variables.length === 0 ? [] : ["", `[mcp_servers.${name}.env]`, ...variables]),
  ].join("\n");
}

/** JSON's strings are YAML's and TOML's too, once the controls are escaped that JSON lets stand. */
function basic(text: string): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, escaped);
}

function yaml(name: string, { command, args, env }: HostEntry): string {
  const variables = Object.entries(env).map(([variable, value]) => `${basic(variable)}: ${basic(value)}`);
  return [
    "extensions:",
    `  ${basic(name)}:`,
    `    name: ${basic(name)}`,
    '    description: "MCP over SSH"',
    "    type: stdio",
    "    enabled: true",
    `    cmd: ${basic(command)}`,
    `    args: [${args.map(basic).join(", ")}]`,
    `    envs: {${variables.join(", ")}}`,
    "    timeout: 300",
  ].join("\n");
}
