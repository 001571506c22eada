import { resolve } from 'node:path';
import { EXTERNAL, VM_NAMES } from '../support/scene-plan.js';
import { customerAddressOf } from './cast.js';
import type { Stage } from './check.js';

/** How to look around in a demo that was kept: lines for a shell with root. */
export function exploring({ scene, gateway }: Stage): string[] {
  const inside = (name: { readonly path: string }): string => `nsenter --net=${name.path}`;
  const { blue1, red1 } = scene.vms;
  const main = resolve('dist/src/cli/main.js');
  return [
    'Still running. To explore it as root:',
    '',
    '  # the CLI',
    `  nvgate() { ${inside(scene.gateway)} node ${main} --config ${gateway.configFile} "$@"; }`,
    '  nvgate status',
    '  nvgate get lookup-records',
    `  nvgate trace --vsid 5001 --from ${customerAddressOf('blue1')} --to ${EXTERNAL.physicalHost}`,
    '  nvgate counters --dropped',
    '  nvgate events --follow',
    '',
    '  # the VMs, with equal addresses',
    `  ${inside(blue1.namespace)} ping ${customerAddressOf('blue3')}`,
    `  ${inside(red1.namespace)} ping ${EXTERNAL.host}`,
    '',
    '  # the wire',
    `  ${inside(scene.gateway)} tcpdump -ni underlay ip proto 47`,
    `  ${inside(scene.externalHost)} tcpdump -ni eth0`,
    '',
    '  # the provider API',
    `  ${inside(scene.gateway)} curl -s --cacert ${gateway.stateDirectory}/tls/cert.pem -H "Authorization: Bearer $(cat ${gateway.stateDirectory}/token)" https://127.0.0.1:7637/v1/gateway`,
    '',
    '  # namespaces',
    ...VM_NAMES.map((name) => `  ${name.padEnd(14)} ${scene.vms[name].namespace.path}`),
    `  ${'external host'.padEnd(14)} ${scene.externalHost.path}`,
    `  ${'gateway'.padEnd(14)} ${scene.gateway.path}`,
    `  ${'its domains'.padEnd(14)} /run/netns/${gateway.instance}-*`,
    '',
    'To remove it:',
    '',
    '  npm run demo -- --clean',
  ];
}
