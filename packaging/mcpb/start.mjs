/**
 * What stands in the host's form becomes the command's flags. A field that was left empty comes as an empty text, as its
 * own placeholder, or not at all, as the host likes: none of these makes a flag.
 */
const flags = {
  HOST: "--host",
  PORT: "--port",
  USER: "--username",
  KEY: "--client-key",
  KNOWN_HOSTS: "--known-hosts",
  HOST_KEY: "--host-key",
  COMMAND: "--command",
};
const switches = { ACCEPT_NEW: "--accept-new" };

function takeField(variable) {
  const text = (process.env[variable] ?? "").trim();
  delete process.env[variable];
  return text.startsWith("${user_config.") ? "" : text;
}

const passphrase = takeField("MCP_SSH_PASSPHRASE");
if (passphrase !== "") process.env.MCP_SSH_PASSPHRASE = passphrase;

const args = [];
for (const [name, flag] of Object.entries(flags)) {
  const value = takeField(`MCP_SSH_FORM_${name}`);
  if (value !== "") args.push(`${flag}=${value}`);
}
for (const [name, flag] of Object.entries(switches)) {
  if (takeField(`MCP_SSH_FORM_${name}`) === "true") args.push(flag);
}
process.argv.splice(2, process.argv.length, ...args);
await import("./mcp-ssh-client.mjs");
