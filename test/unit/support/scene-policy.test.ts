import { expect, it } from 'vitest';
import { initialPlacement } from '../../support/scene-plan.js';
import { scenePolicy } from '../../support/scene-policy.js';

function recordsOf(domain: number, options?: Parameters<typeof scenePolicy>[0]) {
  return scenePolicy(options).routingDomains?.[domain]?.lookupRecords ?? [];
}

it('gives both tenants the same addresses and different virtual subnets', () => {
  const [blue, red] = [recordsOf(0), recordsOf(1)];
  const withoutVsid = (records: typeof blue) =>
    records.map(({ customerAddress, macAddress, providerAddress }) => [
      ...[customerAddress, macAddress, providerAddress],
    ]);
  expect(withoutVsid(blue)).toEqual(withoutVsid(red));
  expect(blue.map(({ vsid }) => vsid)).toEqual([5001, 5001, 5002]);
  expect(red.map(({ vsid }) => vsid)).toEqual([6001, 6001, 6002]);
});

it('changes one provider address when a VM has moved', () => {
  const placement = { ...initialPlacement(), blue2: 'host1' } as const;
  const moved = recordsOf(0, { placement }).filter(
    ({ providerAddress }, index) => providerAddress !== recordsOf(0)[index]?.providerAddress,
  );
  expect(moved).toMatchObject([{ vmName: 'blue2', providerAddress: '10.1.1.20' }]);
});
