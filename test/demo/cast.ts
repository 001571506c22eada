import { initialPlacement, vmPlan, type VmName } from '../support/scene-plan.js';

/* The VMs of the scene as the demo speaks of them. */

export function customerAddressOf(vm: VmName): string {
  const [first] = vmPlan(vm).addresses;
  if (first === undefined) throw new Error(`${vm} has no address`);
  return first.customerAddress;
}

export function vsidOf(vm: VmName): number {
  return vmPlan(vm).vsid;
}

/** What one sees before the first check. */
export function sceneDrawing(): string[] {
  const on = (host: string): string =>
    Object.entries(initialPlacement())
      .filter(([, where]) => where === host)
      .map(([vm]) => vm)
      .join(' ');
  return [
    `      ${on('host1').padEnd(17)}${on('host2')}`,
    '  ┌────────┴────────┐   ┌────────┴────────┐   NVGRE end points:',
    '  │ host1 10.1.1.20 │   │ host2 10.1.1.30 │   Open vSwitch in user space',
    '  └────────┬────────┘   └────────┬────────┘',
    '  ─────────┴───── underlay ──────┴─────────',
    '                      │',
    '              ┌───────┴───────┐',
    '              │    nvgate     │               PA 10.1.1.40',
    '              └───────┬───────┘',
    '                      │',
    '  ─────────────── external ────────────────',
    '                      │',
    '        203.0.113.100, 192.168.101.10         a host of the physical network',
    '',
    `  blueN and redN have the same addresses: 1 has ${customerAddressOf('blue1')}, 2 ${customerAddressOf('blue2')}, 3 ${customerAddressOf('blue3')}.`,
    '  Only the virtual subnets tell them apart: blue 5001 and 5002, red 6001 and 6002.',
  ];
}
