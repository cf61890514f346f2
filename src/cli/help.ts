/**
 * Help: cac prints it from the rows of the flags. Loaded only when somebody asks.
 */
import { cac } from "cac";
import { flagRows } from "./flags.ts";
import { subcommandRows } from "./subcommands.ts";

const examples: readonly string[] = [
  "# an MCP server that any SSH server's account can start",
  "mcp-ssh-client --host example.com --client-key ~/.ssh/id_ed25519 --command 'npx -y @modelcontextprotocol/server-everything'",
  "# a variable for it, taken from here so that its value is on no command line",
  "mcp-ssh-client --host example.com --client-key ~/.ssh/id_ed25519 --env API_KEY --command my-mcp-server",
  "# a name of ~/.ssh/config, with its user, key and jump hosts",
  "mcp-ssh-client --host work --command my-mcp-server",
  "# an m2m-mcp-server-ssh-server, which gives its MCP servers to whoever opens a shell",
  "mcp-ssh-client --host localhost --port 8022 --username mcp --client-key ~/.ssh/m2m_mcp_server_ssh_client",
];

/** Prints the help to stdout, which carries no MCP then. */
export function printHelp(program: string): void {
  const cli = cac(program).usage("[flags]");
  for (const { flag, value, about, initial } of flagRows) {
    const names = flag === "--help" ? "-h, --help" : flag;
    const config = initial === undefined ? {} : { default: initial };
    cli.option(value === undefined ? names : `${names} <${value}>`, about, config);
  }
  for (const example of examples) cli.example(`  ${example}`);
  const subcommands = subcommandRows.map(({ name, about }) => `  ${program} ${name.padEnd(7)} ${about}`);
  const besides = { title: `Besides (each has a --help of its own)`, body: subcommands.join("\n") };
  // cac gives a flag that begins with --no- a default of true, and pads lines.
  const tidied = (body: string): string => body.replace(/( \(default: true\))? *$/gm, "");
  cli.globalCommand.helpCallback = (sections) =>
    [...sections, besides].map(({ title, body }) => ({ ...(title ? { title } : {}), body: tidied(body) }));
  cli.outputHelp();
}
