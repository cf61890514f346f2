/** All scenarios, in the order of a connection. */
import type { Scenario } from "../scenario.ts";
import { packetScenarios } from "./packets.ts";
import { versionScenarios } from "./version.ts";

export const scenarios: readonly Scenario[] = [...versionScenarios, ...packetScenarios];
