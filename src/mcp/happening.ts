/** Happening: what ends a phase of the proxy. Types only. */
import type { RemoteSession } from "./link.ts";
import type { RemoteEnd } from "./remote-end.ts";

/** How a link was lost. */
export type Loss = Extract<RemoteEnd, { how: "link-lost" }>;

export type Happening =
  | { readonly what: "connected"; readonly remote: RemoteSession }
  | { readonly what: "remote-gone"; readonly end: RemoteEnd }
  /** The link is lost, and another one may be had. `lived`: milliseconds. */
  | { readonly what: "link-lost"; readonly end: Loss; readonly lived: number }
  /** The remote has not answered the host's probe for 2026-07-28 in time. */
  | { readonly what: "probe-late" }
  /** The host has said something for another session than the one that the probe cost. */
  | { readonly what: "host-went-on" }
  /** The host's EOF came, and what it said is on its way. */
  | { readonly what: "host-ended" }
  /** The host's EOF came, and nothing is left to do for it. */
  | { readonly what: "host-left" }
  /** The host does not read any more. */
  | { readonly what: "host-deaf" }
  | { readonly what: "stopped" };
