/** When something that must not grow beyond a limit is replaced; all in the limit's unit. */
export interface LifeTime {
  /** The replacement is made here at the latest... */
  readonly renew: number;
  /** ...and at most this much earlier, at random: the SAs of many tunnels shall not be renewed at once. */
  readonly spread: number;
  /** The old one ends here. */
  readonly end: number;
}

/** What is left for the replacement when messages get lost: half of charon's retransmissions. */
const LEAST_MARGIN_SECONDS = 10;

/** No SA older than the limit, and a new one in time. A tenth is kept, at least 10 s where there is room. */
export function safeLifeTime(seconds: number): LifeTime {
  return divide(seconds, Math.min(Math.max(seconds / 10, LEAST_MARGIN_SECONDS), seconds / 3));
}

/** As `safeLifeTime`, for an amount of traffic. */
export function safeVolume(bytes: number): LifeTime {
  return divide(bytes, bytes / 10);
}

function divide(end: number, margin: number): LifeTime {
  const renew = Math.floor(end - margin);
  return { renew, spread: Math.floor(renew / 10), end };
}
