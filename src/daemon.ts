import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { buildApp } from '../provider/app.js';
import type { ProviderContext } from '../provider/context.js';
import { startServer } from '../provider/server.js';
import { loadCertificate, type ServerCertificate } from '../provider/tls.js';
import { loadToken } from '../provider/token.js';
import type { Config } from './config/config.js';
import { capabilitiesOf } from './daemon/capabilities.js';
import { createEventHub, gatewayEvent } from './daemon/event-hub.js';
import { requireBpfFileSystem } from './daemon/bpf-file-system.js';
import { traceByPolicy } from './daemon/trace.js';
import { loadObject, type ObjectOptions } from './dataplane/bpf/object.js';
import { environmentDevices, type Environment } from './dataplane/compile/environment.js';
import { createKernelDataPlane } from './dataplane/kernel.js';
import { externalGroup } from './dataplane/linux/names.js';
import { createLinuxNetwork } from './dataplane/linux/network.js';
import type { DataPlane } from './dataplane/port.js';
import { openLmdbStore } from './policy/lmdb-store.js';
import { createPolicyService } from './policy/policy-service.js';
import type { PolicyEnvironment } from './policy/environment.js';
import { createReconciler } from './reconcile/loop.js';
import { VERSION } from './version.js';

export interface Daemon {
  /** Ends the control plane. What is in the kernel stays and goes on forwarding. */
  stop(): Promise<void>;
}

/** The composition root: starts the gateway; resolves once the API listens. */
export async function startDaemon(config: Config): Promise<Daemon> {
  const startedAt = new Date();
  const log = pino({ level: config.logLevel, base: null }, pino.destination(2));
  const events = createEventHub();
  const policyEnvironment = policyEnvironmentOf(config);
  const store = await openLmdbStore(config.stateDirectory);
  const policy = await createPolicyService(store, policyEnvironment);
  const dataPlane = openDataPlane(config);
  const environment = (): Promise<Environment> => environmentOf(config, dataPlane);

  const reconciler = createReconciler({
    policy,
    dataPlane,
    environment,
    intervalSeconds: config.reconcileIntervalSeconds,
    log,
    onEvent: (event) => events.emit(gatewayEvent(event)),
  });
  policy.onPush(({ revision }) => events.emit({ type: 'revision', revision }));
  reconciler.start();

  const context: ProviderContext = {
    gateway: { name: config.instance, version: VERSION, startedAt },
    policy,
    status: reconciler,
    environment: policyEnvironment,
    capabilities: async () =>
      capabilitiesOf(await dataPlane.probe(), await environment(), config.limits),
    trace: async (query) => traceByPolicy(query, policy.current().policy, await environment()),
    counters: () => dataPlane.counters(),
    events,
    token: await loadToken(config.stateDirectory),
    log,
  };
  const tls = await certificateOf(config);
  const server = await startServer(buildApp(context, tls === undefined ? {} : { tls }), config.api);
  log.info({ version: VERSION, revision: policy.current().revision }, 'nvgate serves');

  return {
    stop: async () => {
      await server.close();
      await reconciler.stop();
      await dataPlane.close();
      await store.close();
      log.info('nvgate has stopped; the kernel goes on forwarding');
    },
  };
}

/** The operator's own certificate, a self-made one, or none where TLS is off. */
async function certificateOf({
  api,
  stateDirectory,
}: Config): Promise<ServerCertificate | undefined> {
  if (!api.tls) return undefined;
  if (api.certificateFile === undefined || api.keyFile === undefined)
    return loadCertificate(stateDirectory, [api.host]);
  return {
    cert: await readFile(api.certificateFile, 'utf8'),
    key: await readFile(api.keyFile, 'utf8'),
  };
}

const BPF_OBJECT = fileURLToPath(new URL('../bpf/nvgate.bpf.o', import.meta.url));

function openDataPlane(config: Config): DataPlane {
  requireBpfFileSystem(config.bpfDirectory);
  return createKernelDataPlane({
    network: createLinuxNetwork({
      instance: config.instance,
      devices: new Map(
        [...config.underlay, ...config.external].map(({ name, device }) => [name, device]),
      ),
    }),
    object: loadObject({
      path: BPF_OBJECT,
      pinDirectory: join(config.bpfDirectory, config.instance),
      maxEntries: mapSizes(config),
    }),
    underlay: config.underlay.map(({ name }) => name),
  });
}

/**
 * Every subnet also has records and routes of the gateway itself: one for each of its prefixes,
 * four of them on average.
 */
function mapSizes({ limits }: Config): ObjectOptions['maxEntries'] {
  const own = 4 * limits.virtualSubnets;
  return {
    virtual_subnets: limits.virtualSubnets,
    lookup_records: limits.lookupRecords + own,
    customer_routes: limits.customerRoutes + own,
    provider_peers: limits.providerPeers,
  };
}

function policyEnvironmentOf(config: Config): PolicyEnvironment {
  return {
    underlay: config.underlay.map(({ name }) => name),
    external: config.external.map(({ name }) => name),
    limits: config.limits,
  };
}

async function environmentOf(config: Config, dataPlane: DataPlane): Promise<Environment> {
  const mtus = await dataPlane.deviceMtu();
  return {
    underlay: environmentDevices(config.underlay, mtus),
    external: environmentDevices(config.external, mtus),
    firewallTable: config.instance,
    externalGroup: externalGroup(config.instance),
  };
}
