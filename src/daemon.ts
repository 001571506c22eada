import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino, type Logger } from 'pino';
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
import { pathMtuEvent, peerProblemEvent, underlaySource } from './daemon/underlay.js';
import { mapSizes } from './daemon/map-sizes.js';
import { watchReceiveSteering } from './daemon/receive-steering.js';
import { tunnelEvent, tunnelSource, upTunnels } from './daemon/tunnels.js';
import { loadObject, programTags } from './dataplane/bpf/object.js';
import {
  environmentDevices,
  smallestMtu,
  type Environment,
} from './dataplane/compile/environment.js';
import { tunnelDevice } from './dataplane/compile/tunnel-device.js';
import { createKernelDataPlane } from './dataplane/kernel.js';
import { externalGroup, namespaceName } from './dataplane/linux/names.js';
import { createLinuxNetwork } from './dataplane/linux/network.js';
import { limitTunnelDevice } from './dataplane/linux/user-space-ipsec.js';
import type { DataPlane, FeatureProbe } from './dataplane/port.js';
import type { ProviderAddress } from './model/addresses.js';
import type { RoutingDomainId } from './model/routing-domain-id.js';
import type { VpnSupport } from './model/vpn-support.js';
import { lostReason } from './policy/lost-policy.js';
import { createPolicyService } from './policy/policy-service.js';
import { recoverPolicy } from './policy/recover-policy.js';
import type { PolicyEnvironment } from './policy/environment.js';
import type { PolicyService } from './policy/service.js';
import { createReconciler, type Reconciler } from './reconcile/loop.js';
import type { PathMtu } from './underlay/path-mtu.js';
import { watchPathMtus } from './underlay/watch.js';
import type { TunnelStates, Vpn } from './vpn/port.js';
import { createPppLinks } from './vpn/ppp/ppp-links.js';
import type { VpnLog } from './vpn/strongswan/log.js';
import { createStrongswanVpn } from './vpn/strongswan/vpn.js';
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
  const recovered = await recoverPolicy(config.stateDirectory);
  const { store } = recovered;
  const dataPlane = openDataPlane(config, log);
  const vpn = await openVpn(config, dataPlane, log);
  const vpnSupport = await vpn.support();
  const policyEnvironment = policyEnvironmentOf(config, vpnSupport);
  const policy = await createPolicyService(store, policyEnvironment, recovered);

  const pathMtus = watchPathMtus({
    source: dataPlane,
    policy: () => policy.current().policy,
    maxAgeSeconds: config.pathMtuSeconds,
    onChange: (address, pathMtu, domains) => {
      const event = pathMtuEvent(address, pathMtu);
      events.emit(event);
      log.info(event, 'The way to a peer carries another size of packets');
      reconciler.environmentChanged(domains);
    },
    onError: (err) => log.error({ err }, 'Path MTUs could not be read; the next event or look may'),
  });
  const environment = (): Promise<Environment> =>
    environmentOf(config, dataPlane, vpn.states(), pathMtus.current(), vpnSupport);

  const reconciler = createReconciler({
    policy,
    dataPlane,
    vpn,
    environment,
    intervalSeconds: config.reconcileIntervalSeconds,
    log,
    onEvent: (event) => events.emit(gatewayEvent(event)),
  });
  policy.onPush(({ revision }) => events.emit({ type: 'revision', revision }));
  // Known before the first comparison: the routes of a tunnel that is up are to stay.
  await vpn.adopt();
  const unsubscribe = vpn.onChange((change) => {
    const event = tunnelEvent(change);
    if (event !== undefined) events.emit(event);
    reconciler.environmentChanged([change.domain]);
  });
  // What routers have said while nobody listened counts as well, and its routes are to stay.
  await pathMtus.refresh();
  const stopUnderlayEvents = dataPlane.onEvent((event) => {
    if (event.kind === 'pathMtu') void pathMtus.refresh();
    else {
      const told = peerProblemEvent(event);
      if (told === undefined) return;
      events.emit(told);
      log.warn(told, 'A peer sends what is not NVGRE as it should be');
    }
  });
  startReconciling(reconciler, policy, log);
  const steering = watchReceiveSteering({
    mode: config.receiveSteering,
    devices: [...config.underlay, ...config.external],
    intervalSeconds: config.reconcileIntervalSeconds,
    log,
  });

  const context: ProviderContext = {
    gateway: { name: config.instance, version: VERSION, startedAt },
    policy,
    status: reconciler,
    tunnels: tunnelSource(vpn),
    underlay: underlaySource(pathMtus, dataPlane),
    environment: policyEnvironment,
    capabilities: async () =>
      capabilitiesOf(await dataPlane.probe(), await environment(), config.limits, vpnSupport),
    trace: async (query) => {
      const now = await environment();
      return traceByPolicy(query, policy.current().policy, now);
    },
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
      steering.close();
      stopUnderlayEvents();
      pathMtus.close();
      await reconciler.stop();
      unsubscribe();
      await vpn.close();
      await dataPlane.close();
      await store.close();
      log.info('nvgate has stopped; the kernel goes on forwarding');
    },
  };
}

/**
 * An empty policy that stands for one that was lost must not reach the kernel: that keeps what it
 * has until a controller has pushed a whole policy.
 */
function startReconciling(reconciler: Reconciler, policy: PolicyService, log: Logger): void {
  const lost = policy.lost();
  if (lost === undefined) {
    reconciler.start();
    return;
  }
  log.error(lost, lostReason(lost));
  const unsubscribe = policy.onPush(() => {
    unsubscribe();
    reconciler.start();
  });
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

function openDataPlane(config: Config, log: Logger): DataPlane {
  requireBpfFileSystem(config.bpfDirectory);
  const object = loadObject({
    path: BPF_OBJECT,
    pinDirectory: join(config.bpfDirectory, config.instance),
    maxEntries: mapSizes(config.limits),
  });
  log.info(
    { programs: programTags(object), otherMaps: object.earlier.isNeeded() },
    'The packet path is loaded; on devices it replaces what differs',
  );
  return createKernelDataPlane({
    network: createLinuxNetwork({
      instance: config.instance,
      devices: new Map(
        [...config.underlay, ...config.external].map(({ name, device }) => [name, device]),
      ),
    }),
    object,
    underlay: config.underlay.map(({ name }) => name),
    external: config.external.map(({ name }) => name),
  });
}

/** Where ESP is done is found by trying: by the kernel if it can, else by strongSwan itself. */
async function openVpn(config: Config, dataPlane: DataPlane, log: VpnLog): Promise<Vpn> {
  const probes = await dataPlane.probe();
  const probe = (name: string): FeatureProbe =>
    probes.find((each) => each.name === name) ?? { name, available: false };
  const tun = probe('tun');
  const dataPath = probe('kernelIpsec').available
    ? 'kernel'
    : tun.available
      ? 'userSpace'
      : { unavailable: tun.reason ?? 'The kernel has neither IPsec nor TUN devices.' };
  const namespacePath = (domain: RoutingDomainId): string =>
    join('/run/netns', namespaceName(config.instance, domain));
  return createStrongswanVpn({
    runDirectory: join(config.runDirectory, config.instance),
    namespacePath,
    prepareUserSpaceDevice: (domain, device) => limitTunnelDevice(namespacePath(domain), device),
    deviceOf: (id) => tunnelDevice('kernel', { id, type: 'ikev2' }).name,
    dataPath,
    links: createPppLinks({
      probes: { ppp: probe('ppp'), l2tp: probe('l2tp'), mppe: probe('mppe') },
      allowInsecure: config.allowInsecureVpn,
      outerMtu: async () =>
        smallestMtu(environmentDevices(config.external, await dataPlane.deviceMtu())),
      log,
    }),
    allowInsecure: config.allowInsecureVpn,
    log,
  });
}

function policyEnvironmentOf(config: Config, vpn: VpnSupport): PolicyEnvironment {
  return {
    underlay: config.underlay.map(({ name }) => name),
    external: config.external.map(({ name }) => name),
    limits: config.limits,
    vpn,
  };
}

async function environmentOf(
  config: Config,
  dataPlane: DataPlane,
  tunnels: TunnelStates,
  pathMtus: ReadonlyMap<ProviderAddress, PathMtu>,
  { dataPath }: VpnSupport,
): Promise<Environment> {
  const mtus = await dataPlane.deviceMtu();
  return {
    underlay: environmentDevices(config.underlay, mtus),
    external: environmentDevices(config.external, mtus),
    firewallTable: config.instance,
    externalGroup: externalGroup(config.instance),
    ...(dataPath === undefined ? {} : { ipsec: dataPath }),
    tunnels: upTunnels(tunnels),
    multicastPacketsPerSecond: config.multicastPacketsPerSecond,
    shortWay: config.shortWay,
    pathMtus: new Map([...pathMtus].map(([address, { mtu }]) => [address, mtu])),
  };
}
