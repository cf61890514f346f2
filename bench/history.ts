/** History: history.json, a row for each release, the latest last. */
import type { ClientRow, Results } from "./results.ts";

/** What one release measured of its own command on loopback, and as a share of what ssh2 took in the same run. */
export interface Release {
  readonly version: string;
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly ours: Pick<ClientRow, Figure>;
  readonly shareOfSsh2: Pick<ClientRow, Figure>;
}

type Figure = (typeof figures)[number];

const figures = [
  "firstReply",
  "roundTripP50",
  "roundTripP99",
  "callsPerSecond",
  "download",
  "upload",
  "cpu",
  "peakRss",
] as const;

/** The history with this release: in the place of an earlier run of the same version, if there is one. */
export function withRelease(history: readonly Release[], version: string, results: Results): readonly Release[] {
  return [...history.filter((release) => release.version !== version), releaseOf(version, results)];
}

function releaseOf(version: string, { date, commit, machine, command }: Results): Release {
  const row = (name: string): ClientRow => {
    const found = command.loopback.clients.find(({ client }) => client === name);
    if (found === undefined) throw new Error(`no results of ${name}`);
    return found;
  };
  const [ours, theirs] = [row("mcp-ssh-client"), row("ssh2")];
  const pick = (of: (figure: Figure) => number): Pick<ClientRow, Figure> =>
    Object.fromEntries(figures.map((figure) => [figure, of(figure)])) as Pick<ClientRow, Figure>;
  return {
    version,
    date,
    commit,
    machine: `${machine.cpu}, ${machine.cores} cores`,
    ours: pick((figure) => ours[figure]),
    shareOfSsh2: pick((figure) => Number((ours[figure] / theirs[figure]).toFixed(2))),
  };
}
