/**
 * What bench/command compares with: npm ssh2 as a pipe. Checks the host key, runs a command, passes bytes. TCP_NODELAY
 * is set, which ssh2 leaves to its user: without it Nagle's algorithm holds back its small writes, and a
 * round trip takes 44 ms on loopback.
 * Arguments: the folder of ssh2, host, port, user, key file, known_hosts file, command.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, host, port, username, keyFile, knownHostsFile, command] = process.argv.slice(2);
const { default: ssh2 } = await import(pathToFileURL(join(folder, "lib/index.js")).href);
const known = readFileSync(knownHostsFile, "utf8").trim().split(/\s+/)[2];

const client = new ssh2.Client();
client.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
client.on("ready", () => {
  client.exec(command, (error, channel) => {
    if (error) throw error;
    process.stdin.pipe(channel).pipe(process.stdout);
    channel.stderr.pipe(process.stderr);
    channel.on("close", () => client.end());
  });
});
client.connect({
  host,
  port: Number(port),
  username,
  privateKey: readFileSync(keyFile),
  hostVerifier: (key) => key.toString("base64") === known,
});
client.setNoDelay(true);
