/**
 * Route: the SSH servers on the way, from the first that is reached to the one that is meant, each with the settings that
 * hold for it. Without a configuration it is the one server of the command line.
 */

import { type ConfigFiles, readConfigFiles } from "../node/config-files.ts";
import type { Log } from "../node/log.ts";
import type { ConfigFile } from "../node/ssh-config.ts";
import type { Settings } from "./settings.ts";
import type { Route } from "./way.ts";

/**
 * What the command line and ssh's configuration come to. Where there is no configuration that is known at once; what
 * reads one is loaded only then. @throws FileError, ConfigError
 */
export function findRoute(asked: Settings, log: Log): Route | Promise<Route> {
  const { files, warnings }: ConfigFiles = readConfigFiles(asked.sshConfig);
  for (const warning of warnings) log.warning(warning);
  if (files.length === 0 && asked.proxyJump === undefined) return [asked];
  return routeBy(files, asked, log);
}

async function routeBy(files: readonly ConfigFile[], asked: Settings, log: Log): Promise<Route> {
  const { configuredRoute } = await import("./ssh-settings.ts");
  return configuredRoute(files, asked, log);
}
