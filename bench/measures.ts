/** Measures: what of the command's results is shown, in tables and in the chart, in people's units. */
import type { ClientName, ClientRow, Figures, LinkResults } from "./results.ts";

/** One line of a table, one panel of the chart. */
export interface Measure {
  readonly title: string;
  readonly unit: string;
  readonly isLowerBetter: boolean;
  /** A value for each of `clientsOf`. */
  readonly values: readonly number[];
  /** That of a pipe in Node without SSH; undefined where it was not measured. */
  readonly bare: number | undefined;
}

/** Ours first. */
const order: readonly ClientName[] = ["mcp-ssh-client", "ssh2", "ssh"];

/** The clients there are results of, ours first. */
export function clientsOf(link: LinkResults): readonly ClientName[] {
  return order.filter((name) => link.clients.some(({ client }) => client === name));
}

export function measuresOf(link: LinkResults): readonly Measure[] {
  const rows = clientsOf(link).map((name) => link.clients.find(({ client }) => client === name) as ClientRow);
  const measure = (title: string, unit: string, isLowerBetter: boolean, value: (row: Figures) => number): Measure => {
    return {
      title,
      unit,
      isLowerBetter,
      values: rows.map(value),
      bare: link.bare === null ? undefined : value(link.bare),
    };
  };
  const lower = (title: string, unit: string, value: (row: Figures) => number): Measure =>
    measure(title, unit, true, value);
  const higher = (title: string, unit: string, value: (row: Figures) => number): Measure =>
    measure(title, unit, false, value);
  // round trips are shown in the unit that suits the link
  const [scale, unit] = link.delay > 0 ? [1000, "ms"] : [1, "us"];
  const all = [
    lower("First reply", "ms", (row) => row.firstReply),
    lower("Round trip, p50", unit, (row) => row.roundTripP50 / scale),
    lower("Round trip, p99", unit, (row) => row.roundTripP99 / scale),
    lower("Round trip late in a session, p50", unit, (row) => row.lateRoundTripP50 / scale),
    higher("Calls a second", "1/s", (row) => row.callsPerSecond),
    higher("Download", "MB/s", (row) => row.download),
    higher("Upload", "MB/s", (row) => row.upload),
    lower("CPU until the first reply", "ms", (row) => row.firstReplyCpu),
    lower("CPU", "s", (row) => row.cpu),
    lower("Peak memory, pings and calls", "MiB", (row) => row.peakRssOfCalls),
    lower("Peak memory, with transfers", "MiB", (row) => row.peakRss),
  ];
  return all.filter(({ values }) => values.every((value) => value !== null)); // CPU and memory: where there is /proc
}

/** A number with three digits that count. */
export function nearest(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
