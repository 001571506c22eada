/** What the control plane took, by what was asked of it. Absent: not measured. */
export interface ControlPlane {
  /** Initial push as NDJSON over 1,000 routing domains, by the number of lookup records. */
  records: Record<string, RecordsFigures>;
  /** One record changes its host, at the largest number of records. */
  oneRecordChange?: ChangeFigures;
  restart?: RestartFigures;
  natNetworks?: NetworksFigures;
  virtualSubnets?: SubnetsFigures;
}

export interface RecordsFigures {
  readonly records: number;
  readonly routingDomains: number;
  /** From the first byte of the push to the answer that it is stored. */
  readonly storedSeconds?: number;
  /** From the first byte of the push until the kernel has all of it. */
  readonly synchronizedSeconds: number;
  /** Whether `synchronizedSeconds` is when the measurement gave up. */
  readonly gaveUp: boolean;
  /** Resident memory of the daemon when all is done, and its highest. */
  readonly residentMegabytes: number;
  readonly residentPeakMegabytes: number;
  /** Longest time that the daemon's event loop was held up; see docs of `eventLoopStall`. */
  readonly eventLoopStallMilliseconds?: number;
  /** The same policy pushed whole once more (PUT): a full comparison that finds nothing. */
  readonly fullDiffSeconds?: number;
}

export interface ChangeFigures {
  readonly records: number;
  /** From the request to the first packet at the new host. */
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly changes: number;
  /** Changes per second, 32 requests at a time, until the kernel has the last. */
  readonly pipelinedPerSecond: number;
  readonly eventLoopStallMilliseconds: number;
}

export interface RestartFigures {
  readonly records: number;
  /** From the start of the process until it is ready (GET /readyz). */
  readonly readySeconds: number;
  readonly gaveUp: boolean;
  readonly packetsSent: number;
  readonly packetsLost: number;
}

export interface NetworksFigures {
  readonly networks: number;
  /** From the push until a packet of every VM network came out translated. */
  readonly allCarrySeconds: number;
  /** VM networks whose packets came through by then. */
  readonly carrying: number;
  readonly gaveUp: boolean;
  readonly residentPeakMegabytes: number;
}

export interface SubnetsFigures {
  readonly virtualSubnets: number;
  readonly routingDomains: number;
  readonly synchronizedSeconds: number;
  readonly gaveUp: boolean;
  readonly residentPeakMegabytes: number;
}
