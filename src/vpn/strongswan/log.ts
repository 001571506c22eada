/** What the VPN needs of a logger (pino has it). */
export interface VpnLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** A log whose entries all carry these details. */
export function withDetails(log: VpnLog, details: object): VpnLog {
  return {
    info: (more, message) => log.info({ ...details, ...more }, message),
    warn: (more, message) => log.warn({ ...details, ...more }, message),
    error: (more, message) => log.error({ ...details, ...more }, message),
  };
}
