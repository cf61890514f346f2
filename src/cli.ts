/**
 * The command: the one place where Node, MCP and SSH meet. Its stdout carries MCP and nothing else; its exit code is the
 * proxy's, 1 for a fault of ours, 2 for wrong usage.
 */
import { userInfo } from "node:os";
import { isatty } from "node:tty";
import { describeInternal } from "./cli/failure.ts";
import { usage } from "./cli/flags.ts";
import { nodeTooOld } from "./cli/node-version.ts";
import { dialRemote } from "./cli/remote.ts";
import { type Listing, parseFlags, type Settings } from "./cli/settings.ts";
import { endProcess, stopSignal } from "./cli/signals.ts";
import { runSubcommand, subcommandOf } from "./cli/subcommands.ts";
import type { Terminal } from "./cli/terminal.ts";
import { UsageError } from "./cli/values.ts";
import { runProxy } from "./mcp/proxy.ts";
import { steadyNow } from "./node/clock.ts";
import { createLog } from "./node/log.ts";
import { createStderr, type Stderr, stdinBytes, stdoutBytes } from "./node/stdio.ts";
import { underway } from "./node/tcp.ts";
import { compileSooner } from "./node/tier-up.ts";

/** Put in by the build. */
declare const __VERSION__: string | undefined;

const program = "mcp-ssh-client";

/** What a host that does not read our stderr may cost us at the end, in milliseconds; less where it has sent a signal. */
const stderrPatience = 500;
const stoppedPatience = 100;

let ownStderr: Stderr | undefined;

/** Made with the first line: Node takes a millisecond for it, and most starts say nothing. */
function stderr(): Stderr {
  ownStderr ??= createStderr();
  return ownStderr;
}

async function main(argv: readonly string[]): Promise<void> {
  const subcommand = subcommandOf(argv);
  const tooOld = nodeTooOld(program, process.versions.node);
  if (tooOld !== undefined) {
    stderr().write(`${tooOld}\n`);
    if (subcommand === undefined) await tellHost(tooOld).catch(() => undefined); // it may lack what that needs, too
    await exit(1);
  }
  if (subcommand !== undefined) await exit(await runSubcommand(subcommand, argv.slice(1), terminal()));
  const asked = readFlags(argv);
  if (asked === "help") return (await import("./cli/help.ts")).printHelp(program);
  if (asked === "version") return printVersion();
  if ("lists" in asked) return printAlgorithms(asked);
  await exit(await (asked instanceof UsageError ? refuse(asked) : run(asked)));
}

function readFlags(argv: readonly string[]): ReturnType<typeof parseFlags> | UsageError {
  try {
    return parseFlags(argv, localUser);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/** Wrong usage is told to a host as well. Resolves to the exit code. */
async function refuse({ message }: UsageError): Promise<number> {
  const code = await tellHost(tellUsage(message));
  return code > 128 ? code : 2; // a signal's stays
}

/** Answers a host, which shows nobody our stderr. Resolves to the exit code of a connection that failed. */
async function tellHost(text: string): Promise<number> {
  if (isatty(0)) return 1;
  const stopped = stopSignal();
  const silent = (): void => undefined; // stderr has it already
  return runProxy({
    open: () => Promise.reject(new Error(text)),
    input: stdinBytes(),
    output: stdoutBytes(),
    log: { debug: silent, info: silent, warning: silent, error: silent, remote: silent },
    stopped,
  });
}

/** Gives the line that says what is wrong. */
function tellUsage(message: string): string {
  const text = `${program}: error: ${message}`;
  stderr().write(`${usage(program)}\n${text}\n`);
  return text;
}

/** Resolves to the exit code. */
async function run(settings: Settings): Promise<number> {
  const stopped = stopSignal();
  const log = createLog({
    name: "mcp_ssh_client.transport",
    level: settings.logLevel,
    write: (line) => stderr().write(line),
  });
  for (const warning of settings.warnings) log.warning(warning);
  const { open, redial } = dialRemote(settings, log);
  await underway();
  let isTold = false;
  const tell = (text: string): void => (isTold ? log.debug(text) : log.error(text));
  return runProxy({
    open: async (signal) => {
      try {
        const remote = await open(signal);
        void compileSooner(); // what a session runs, not what a start does
        return remote;
      } catch (error) {
        isTold = true; // by whoever opens; the proxy would say it again
        throw error;
      }
    },
    redial: settings.isReconnecting ? redial : undefined,
    input: stdinBytes(),
    output: stdoutBytes(),
    log: { ...log, error: tell, remote: (line) => stderr().taken(`${line}\n`) },
    referenceServer: settings.referenceServer,
    now: steadyNow,
    limits: {
      lineBytes: settings.maxLine,
      drainTimeout: settings.drainTimeout,
      firstReplyTimeout: settings.firstReplyTimeout,
      probeTimeout: settings.probeTimeout,
      reconnectWait: settings.reconnectWait,
      reconnectQueue: settings.reconnectQueue,
      stopTimeout: 800, // with what comes before and after it, still within a second of a signal
    },
    stopped,
  });
}

function terminal(): Terminal {
  process.stdout.on("error", () => {}); // nobody is left to read
  return {
    program,
    localUser,
    out: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
    err: (line) => stderr().write(`${line}\n`),
  };
}

async function printAlgorithms(listing: Listing): Promise<void> {
  const { listAlgorithms } = await import("./cli/algorithm-list.ts");
  process.stdout.write(await listAlgorithms(listing));
}

function printVersion(): void {
  process.stdout.write(`${program} ${typeof __VERSION__ === "string" ? __VERSION__ : "unbuilt"}\n`);
}

function localUser(): string {
  try {
    return userInfo().username;
  } catch {
    throw new UsageError("argument --username: needed, because the local user has no name");
  }
}

/** stdin may still be open, and a look-up in the resolver still run: nothing but this ends us. */
async function exit(code: number): Promise<never> {
  const late = new Promise((resolve) => setTimeout(resolve, code > 128 ? stoppedPatience : stderrPatience));
  await Promise.race([ownStderr?.drained(), late]);
  return endProcess(code);
}

function fail(error: unknown): Promise<never> {
  if (error instanceof UsageError) {
    tellUsage(error.message);
    return exit(2);
  }
  createLog({ name: "mcp_ssh_client", level: "ERROR", write: stderr().write }).critical(describeInternal(error));
  return exit(1);
}

process.on("uncaughtException", fail);
main(process.argv.slice(2)).catch(fail);
