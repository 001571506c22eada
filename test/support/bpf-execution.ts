import { counterCodec } from '../../src/dataplane/bpf/codecs.js';
import { readCounters } from '../../src/dataplane/bpf/counters.js';
import { libbpf } from '../../src/dataplane/bpf/libbpf.js';
import { typedMap } from '../../src/dataplane/bpf/map.js';
import type { LoadedObject } from '../../src/dataplane/bpf/object.js';
import { createUnderlayMaps, peerProblemCodec } from '../../src/dataplane/bpf/underlay-maps.js';
import type { CounterReading } from '../../src/dataplane/port.js';
import type { PathMtuReading, PeerProblemReading } from '../../src/dataplane/port.js';
import type { MacAddress } from '../../src/net/mac.js';
import type { GatewayRouteRow } from '../fuzz/sanitizer/gateway-routes.js';
import { testRunner, type TestRunner } from './bpf-test-run.js';

/** What a kernel knows of the namespace that it runs the programs in. */
export interface Surroundings {
  readonly routes: readonly GatewayRouteRow[];
  /** By ifindex, of devices whose frames may be for others. */
  readonly macAddresses: ReadonlyMap<number, MacAddress>;
}

/** What runs the programs on the tables of a lab, and keeps what they find out. */
export interface Execution {
  readonly decap: TestRunner;
  readonly encap: TestRunner;
  readonly inbound: TestRunner;
  readonly outbound: TestRunner;
  /** The kernel's tables are other ones from now on. */
  tablesChanged(): void;
  /** Of each, what there is since the last call. */
  takePathMtus(): PathMtuReading[];
  takePeerProblems(): PeerProblemReading[];
  takeCounters(): CounterReading[];
  close(): void;
}

/** The programs that the kernel has loaded, by BPF_PROG_TEST_RUN. */
export function inKernel({ maps, programs }: LoadedObject): Execution {
  const underlayMaps = createUnderlayMaps(maps);
  const peerProblems = typedMap(maps.peer_problems, peerProblemCodec);
  return {
    decap: testRunner(programs.decap),
    encap: testRunner(programs.encap),
    inbound: testRunner(programs.inbound),
    outbound: testRunner(programs.outbound),
    tablesChanged: () => undefined,
    takePathMtus: () => {
      const readings = underlayMaps.pathMtus();
      for (const { providerAddress } of readings) underlayMaps.forgetPathMtu(providerAddress);
      return readings;
    },
    takePeerProblems: () => {
      const readings = underlayMaps.peerProblems();
      for (const reading of readings) peerProblems.delete(reading);
      return readings;
    },
    takeCounters: () => {
      const cpus = libbpf().possibleCpus();
      const readings = readCounters(maps.counters);
      const typed = typedMap(maps.counters, counterCodec(cpus), cpus);
      for (const { vsid, verdict } of readings) typed.delete({ vsid, verdict });
      return readings;
    },
    close: () => undefined,
  };
}
