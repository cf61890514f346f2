/**
 * A lossy network: a network namespace of its own whose loopback drops packets, by `tc netem` (which delays them too)
 * or, in kernels without that, by nftables. It has no name, so that nothing of it is left when its process ends. Needs
 * root.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { endTree } from "./processes.ts";
import { findExecutable } from "./ssh-server.ts";

export interface LossyNetwork {
  /** What drops the packets. */
  readonly by: "netem" | "nftables";
  /** Whatever is started behind these arguments is inside. */
  readonly prefix: readonly string[];
  /** Segments that TCP has sent again in there. */
  retransmissions(): number;
  stop(): Promise<void>;
}

const netem = (percent: number): string => `tc qdisc add dev lo root netem loss ${percent}% delay 10ms`;
/** `numgen random` is drawn for each packet. */
const nftables = (percent: number): string =>
  `nft -f - <<'END'\ntable inet loss {\n chain input {\n  type filter hook input priority 0\n  numgen random mod 100 < ${percent} drop\n }\n}\nEND`;

/** Why there can be none here; undefined where there can. */
export function missingLossyNetwork(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "no network namespace: run as root on Linux";
  const lacking = ["unshare", "nsenter", "ip", "tc", "nft"].find((name) => findExecutable(name) === undefined);
  if (lacking !== undefined) return `no ${lacking} here: install util-linux, iproute2 and nftables`;
  return wayToLose() === undefined ? "no namespace, or neither netem nor nftables in this kernel" : undefined;
}

function wayToLose(): "netem" | "nftables" | undefined {
  const ways = { netem, nftables };
  return (["netem", "nftables"] as const).find((way) => {
    const args = ["--net", "sh", "-c", `ip link set lo up && ${ways[way](1)}`];
    return spawnSync("unshare", args, { stdio: "ignore" }).status === 0;
  });
}

/** `percent` of the packets are lost, a whole number. */
export async function startLossyNetwork(percent: number): Promise<LossyNetwork> {
  const by = wayToLose();
  if (by === undefined) throw new Error("no lossy network");
  const script = `ip link set lo up && ${by === "netem" ? netem(percent) : nftables(percent)}\necho ready; exec sleep infinity`;
  const child = spawn("unshare", ["--net", "sh", "-ec", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const prefix = ["nsenter", `--net=/proc/${child.pid}/ns/net`];
  return {
    by,
    prefix,
    retransmissions: () => {
      const [command = "", ...args] = [...prefix, "cat", "/proc/net/snmp"];
      const lines = spawnSync(command, args, { encoding: "utf8" }).stdout.split("\n");
      const [names, values] = lines.filter((line) => line.startsWith("Tcp:")).map((line) => line.split(" "));
      return Number(values?.[names?.indexOf("RetransSegs") ?? -1]);
    },
    stop: () => endTree(child),
  };
}
