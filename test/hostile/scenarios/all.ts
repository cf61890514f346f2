/** All scenarios, in the order of a connection. */
import type { Scenario } from "../scenario.ts";
import { authScenarios } from "./auth.ts";
import { connectionScenarios } from "./connection.ts";
import { endScenarios } from "./ends.ts";
import { floodScenarios } from "./floods.ts";
import { kexScenarios } from "./kex.ts";
import { packetScenarios } from "./packets.ts";
import { stallScenarios } from "./stalls.ts";
import { terrapinScenarios } from "./terrapin.ts";
import { versionScenarios } from "./version.ts";

export const scenarios: readonly Scenario[] = [
  ...versionScenarios,
  ...packetScenarios,
  ...kexScenarios,
  ...terrapinScenarios,
  ...authScenarios,
  ...connectionScenarios,
  ...endScenarios,
  ...floodScenarios,
  ...stallScenarios,
];
