/** All cases, in the order of the report. */
import type { Case } from "./case.ts";
import { algorithmCases } from "./cases/algorithms.ts";
import { channelCases } from "./cases/channels.ts";
import { keyServerCase, mcpCases } from "./cases/mcp.ts";
import { penalties, transportCases } from "./cases/transport.ts";
import { trustCases } from "./cases/trust.ts";

export const cases: readonly Case[] = [
  ...algorithmCases,
  ...transportCases,
  ...channelCases,
  ...trustCases,
  ...mcpCases,
  keyServerCase,
  penalties,
];
