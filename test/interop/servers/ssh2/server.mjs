// An SSH server by npm ssh2. What it has to do: ../README.md.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import ssh2 from "ssh2";

const REKEY_BYTES = 16 * 2 ** 20;
const SUBSYSTEMS = { echo: "cat", mcp: "node /interop/mcp-server.mjs" };

const read = (name) => readFileSync(`/interop/${name}`, "utf8");
const hostKeys = readdirSync("/interop")
  .filter((name) => /^host_.*_key$/.test(name))
  .map(read);
const authorized = read("authorized_keys")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => ssh2.utils.parseKey(line))
  .filter((key) => !(key instanceof Error)); // a kind that ssh2 does not know

function authenticate(context) {
  if (context.method !== "publickey" || context.username !== "tester") return context.reject(["publickey"]);
  const { data } = context.key;
  const key = authorized.find((one) => one.getPublicSSH().equals(data));
  if (key === undefined) return context.reject(["publickey"]);
  const { signature, blob, hashAlgo } = context;
  if (signature === undefined || key.verify(blob, signature, hashAlgo) === true) return context.accept();
  return context.reject(["publickey"]);
}

function serve(connection) {
  let sinceRekey = 0; // ssh2 has rekey(), but nothing that calls it
  const count = (chunk) => {
    sinceRekey += chunk.length;
    if (sinceRekey < REKEY_BYTES) return;
    sinceRekey = 0;
    connection.rekey();
  };

  connection.on("error", (error) => console.error(error.message));
  connection.on("authentication", authenticate);
  connection.on("session", (acceptSession) => {
    const session = acceptSession();
    const env = { ...process.env };
    let child;
    const run = (channel, args) => {
      child = spawn("sh", args, { env });
      child.stdin.on("error", () => {}); // EPIPE: the exit says the rest
      channel.on("data", count).pipe(child.stdin);
      child.stdout.on("data", count).pipe(channel, { end: false });
      child.stderr.on("data", count).pipe(channel.stderr, { end: false });
      child.once("close", (status, signal) => {
        if (signal === null) channel.exit(status);
        else channel.exit(signal.slice(3), false, "");
        channel.end();
      });
      channel.once("close", () => child.kill("SIGHUP"));
    };
    session.on("env", (accept, reject, { key, val }) => {
      if (key !== "INTEROP") return reject?.();
      env.INTEROP = val;
      accept?.();
    });
    session.on("exec", (accept, _reject, { command }) => run(accept(), ["-c", command]));
    session.on("shell", (accept) => run(accept(), []));
    session.on("subsystem", (accept, reject, { name }) => {
      if (name === "disconnect") return connection.end();
      if (!Object.hasOwn(SUBSYSTEMS, name)) return reject();
      run(accept(), ["-c", SUBSYSTEMS[name]]);
    });
    session.on("signal", (accept, _reject, { name }) => {
      child?.kill(`SIG${name}`);
      accept?.();
    });
  });
}

new ssh2.Server({ hostKeys, banner: read("banner.txt") }, serve).listen(2222, "0.0.0.0");
