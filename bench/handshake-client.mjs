/**
 * A process that logs in on request: for each JSON-RPC line one login, from dialling to USERAUTH_SUCCESS, and the
 * milliseconds it took. Arguments: `mcp-ssh-client` (the built library) or `ssh2`; the folder of ssh2, host, port, user, key file,
 * known_hosts file.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [name, ssh2Folder, host, portText, user, keyFile, knownHostsFile] = process.argv.slice(2);
const port = Number(portText);
const knownHosts = readFileSync(knownHostsFile, "utf8");

const clients = {
  "mcp-ssh-client": async () => {
    const { connectTcp, knownHostsTrust, loadPrivateKey } = await import("../dist/node/index.js");
    return async () => {
      const keys = [await loadPrivateKey(keyFile)];
      const trust = await knownHostsTrust({ host, port, files: [knownHostsFile] });
      const connection = await connectTcp({ host, port, user, keys, ...trust });
      return () => connection.close();
    };
  },
  ssh2: async () => {
    const { default: ssh2 } = await import(pathToFileURL(join(ssh2Folder, "lib/index.js")).href);
    const known = knownHosts.trim().split(/\s+/)[2];
    return () =>
      new Promise((resolve, reject) => {
        const client = new ssh2.Client();
        client.on("error", reject);
        client.on("ready", () => resolve(() => client.end()));
        const hostVerifier = (key) => key.toString("base64") === known;
        client.connect({ host, port, username: user, privateKey: readFileSync(keyFile), hostVerifier });
        client.setNoDelay(true); // as in ssh2-pipe.mjs
      });
  },
};

const beforeImports = process.cpuUsage();
const logIn = await clients[name]();
const imports = milliseconds(process.cpuUsage(beforeImports));

process.stdin.on("data", async (line) => {
  const { id } = JSON.parse(line);
  const begun = performance.now();
  const usage = process.cpuUsage();
  const logOut = await logIn();
  const cpu = milliseconds(process.cpuUsage(usage));
  const elapsed = performance.now() - begun;
  await logOut();
  const result = { imports, cpu, elapsed, process: milliseconds(process.cpuUsage()) };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
});

function milliseconds({ user, system }) {
  return (user + system) / 1000;
}
