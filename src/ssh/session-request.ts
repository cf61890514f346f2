/**
 * What a session is asked for, as the requests of its channel: the variables first, which may be refused, then the
 * command, subsystem or shell.
 */
import type { ChannelRequest } from "./channel.ts";
import type { SessionRequest } from "./connection.ts";
import * as m from "./messages.ts";
import { printable } from "./printable.ts";
import { encodeFields } from "./wire.ts";

/** The requests, in order. */
export function requestsOf(request: SessionRequest): readonly ChannelRequest[] {
  const env = Object.entries(request.env ?? {}).map(([variableName, variableValue]) => ({
    requestType: "env",
    requestFields: encodeFields(m.ENV_REQUEST, { variableName, variableValue }),
    label: variableName,
  }));
  return [...env, mainRequestOf(request)];
}

function mainRequestOf(request: SessionRequest): ChannelRequest {
  if ("exec" in request) {
    return {
      requestType: "exec",
      requestFields: encodeFields(m.EXEC_REQUEST, { command: request.exec }),
      label: "exec",
    };
  }
  if ("subsystem" in request) {
    const requestFields = encodeFields(m.SUBSYSTEM_REQUEST, { subsystemName: request.subsystem });
    return { requestType: "subsystem", requestFields, label: `subsystem ${printable(request.subsystem)}` };
  }
  return { requestType: "shell", requestFields: new Uint8Array(0), label: "shell" };
}
