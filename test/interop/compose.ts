/** Docker compose, v2's plugin or v1's own program: servers that are built, started, asked and ended. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const file = join(import.meta.dirname, "compose.yaml");
const buffer = { maxBuffer: 64 * 2 ** 20 };

/** A name of this clone's own, so that two of them do not end each other's containers. */
const project = `mcp-ssh-interop-${createHash("sha256")
  .update(import.meta.dirname)
  .digest("hex")
  .slice(0, 8)}`;

export interface Engine {
  /** As in `Docker 28.2, docker-compose 1.29`. */
  readonly name: string;
  /** @throws Error with the end of what the build said */
  build(service: string): Promise<void>;
  /** Resolves when the server says who it is. @throws Error with its log where it does not within a minute */
  start(service: string): Promise<Container>;
  /** Ends and removes all that was started. */
  down(): Promise<void>;
}

export interface Container {
  /** The port of 127.0.0.1 that a port of the container is published at; undefined where it is not. */
  readonly port: (inside: number) => number | undefined;
  /** What a shell command in it prints. */
  exec(command: string): string;
  log(): string;
  stop(): Promise<void>;
}

/**
 * The engine and a compose that work here, or why there is none. `folder`: what the servers mount at /interop.
 * `interrupted` ends a build or a start.
 */
export function findEngine(folder: string, interrupted: AbortSignal): Engine | string {
  try {
    execFileSync("docker", ["info"], { stdio: "ignore", timeout: 30_000 });
  } catch {
    return "no Docker engine answers here (`docker info`)";
  }
  const words = [["docker", "compose"], ["docker-compose"]].find((candidate) => versionOf(candidate) !== undefined);
  if (words === undefined) return "there is neither `docker compose` nor `docker-compose` here";
  const engine = versionOf(["docker"]) ?? "";
  return engineBy(words, `${engine}, ${versionOf(words)}`, folder, interrupted);
}

function versionOf([program = "", ...args]: readonly string[]): string | undefined {
  try {
    const text = execFileSync(program, [...args, program === "docker" && args.length === 0 ? "--version" : "version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text.split("\n")[0]?.replace(/, build.*/, "");
  } catch {
    return undefined;
  }
}

function engineBy(
  [program = "", ...words]: readonly string[],
  name: string,
  folder: string,
  signal: AbortSignal,
): Engine {
  const env = { ...process.env, INTEROP_FOLDER: folder };
  const begin = (args: readonly string[], options: { readonly signal?: AbortSignal }) =>
    run(program, [...words, "-p", project, "-f", file, ...args], { env, ...buffer, ...options });
  const compose = async (...args: readonly string[]) => {
    const running = begin(args, { signal });
    const ended = new Promise((resolve) => running.child.once("close", resolve));
    try {
      return await running;
    } finally {
      if (signal.aborted) await ended; // so that it makes nothing behind what is removed next
    }
  };
  return {
    name,
    build: async (service) => {
      await compose("build", service).catch(failedTo(`build the image of ${service}`));
    },
    start: async (service) => {
      await compose("up", "-d", "--no-deps", "--force-recreate", service).catch(failedTo(`start ${service}`));
      const id = (await compose("ps", "-q", service)).stdout.trim();
      const container = containerOf(id, async () => void (await begin(["stop", "-t", "1", service], {})));
      await greeted(container, service, signal);
      return container;
    },
    down: async () => void (await begin(["down", "-t", "1", "--volumes"], {})),
  };
}

const failedTo = (what: string) => (error: { stdout?: string; stderr?: string; message: string }) => {
  const said = `${error.stdout ?? ""}${error.stderr ?? ""}` || error.message;
  throw new Error(`cannot ${what}:\n${said.trim().split("\n").slice(-20).join("\n")}`);
};

function containerOf(id: string, stop: () => Promise<void>): Container {
  const docker = (...args: readonly string[]) =>
    execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...buffer });
  return {
    port: (inside) => {
      try {
        return Number(/:(\d+)$/m.exec(docker("port", id, `${inside}/tcp`))?.[1]);
      } catch {
        return undefined;
      }
    },
    exec: (command) => docker("exec", id, "sh", "-c", command).trim(),
    log: () => {
      const { stdout, stderr } = spawnSync("docker", ["logs", "--tail", "40", id], { encoding: "utf8" });
      return `${stdout}${stderr}`.trim();
    },
    stop,
  };
}

/** The port accepts before the server in the container does, so the server itself has to speak. RFC 4253 §4.2. */
async function greeted(container: Container, service: string, interrupted: AbortSignal): Promise<void> {
  const until = Date.now() + 60_000;
  const port = container.port(2222);
  while (port === undefined || !(await greets(port))) {
    interrupted.throwIfAborted();
    if (Date.now() > until) throw new Error(`${service} does not speak SSH. It said:\n${container.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const end = (verdict: boolean) => {
      socket.destroy();
      resolve(verdict);
    };
    socket.setTimeout(5_000, () => end(false));
    socket.on("error", () => end(false)).on("close", () => end(false));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (/^SSH-/m.test(text)) end(true);
    });
  });
}
