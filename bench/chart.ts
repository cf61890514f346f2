/**
 * Chart: results.json -> chart.svg, panels of bars, one panel a measure, each on a linear scale of its own. It has its
 * own ground, light or dark as the reader's system is, so that it can be read on any page.
 */
import { clientsOf, type Measure, measuresOf, nearest } from "./measures.ts";
import type { ClientName, Results } from "./results.ts";

const columns = 2;
const panelWidth = 400;
const panelHeight = 118;
const margin = 20;
const headHeight = 76;
const nameWidth = 104;
const valueWidth = 62;
const barHeight = 18;
const barPitch = 25;

const style = `
  .ground { fill: #ffffff; stroke: #d0d7de; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .heading { font-size: 16px; font-weight: 600; }
  .faint { fill: #59636e; }
  .mcp-ssh-client { fill: #1f6feb; }
  .ssh2 { fill: #bc7a1c; }
  .ssh { fill: #8b949e; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d; }
    text { fill: #e6edf3; }
    .faint { fill: #9198a1; }
    .mcp-ssh-client { fill: #58a6ff; }
    .ssh2 { fill: #e0a03c; }
  }`;

/** The text of bench/chart.svg. */
export function chart({ command, date, machine, versions }: Results): string {
  const { loopback, delayed } = command;
  const far = measuresOf(delayed)
    .filter(({ title }) => title === "First reply" || title === "Download")
    .map((measure) => ({ ...measure, title: `${measure.title}, ${delayed.delay} ms away` }));
  const near = measuresOf(loopback).filter(({ title }) => !title.includes("p99") && !title.includes("until"));
  const measures = [...near, ...far];
  const rows = Math.ceil(measures.length / columns);
  const width = columns * panelWidth + 2 * margin;
  const height = headHeight + rows * panelHeight + margin / 2;
  const names = clientsOf(loopback);
  const panels = measures.map((measure, i) => {
    const x = margin + (i % columns) * panelWidth;
    const y = headHeight + Math.floor(i / columns) * panelHeight;
    return `<g transform="translate(${x} ${y})">${panel(measure, names)}</g>`;
  });
  const setting = `${date}, ${machine.cpu}, ${machine.cores} cores, Node ${versions.node}, ${versions.openssh}, ssh2 ${versions.ssh2}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>mcp-ssh-client beside npm ssh2 and OpenSSH's ssh</title>
<style>${style}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
<text class="heading" x="${margin}" y="32">An MCP server over SSH, on loopback unless said otherwise</text>
<text class="faint" x="${margin}" y="54">${escaped(setting)}</text>
${panels.join("\n")}
</svg>
`;
}

function panel({ title, unit, isLowerBetter, values }: Measure, names: readonly ClientName[]): string {
  const longest = Math.max(...values);
  const room = panelWidth - margin - nameWidth - valueWidth;
  const bars = values.map((value, i) => {
    const y = 18 + i * barPitch;
    const length = Math.max(1, (value / longest) * room).toFixed(1);
    const middle = y + barHeight / 2 + 4.5;
    const name = names[i] ?? "";
    return [
      `<text x="0" y="${middle}">${name}</text>`,
      `<rect class="${name}" x="${nameWidth}" y="${y}" width="${length}" height="${barHeight}" rx="2"/>`,
      `<text x="${nameWidth + Number(length) + 6}" y="${middle}">${nearest(value)}</text>`,
    ].join("");
  });
  const wish = isLowerBetter ? "lower is better" : "higher is better";
  const caption = `<text class="title" x="0" y="10">${title}, ${unit} <tspan class="faint" font-weight="400">(${wish})</tspan></text>`;
  return `${caption}${bars.join("")}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
