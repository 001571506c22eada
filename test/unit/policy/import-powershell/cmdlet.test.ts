import { expect, test } from 'vitest';
import { cmdletNamed, parameterNamed } from '../../../../src/policy/import-powershell/cmdlet.js';

test('cmdletNamed reads any case, and no other cmdlet', () => {
  expect(cmdletNamed('new-netvirtualizationLOOKUPrecord')).toBe(
    'New-NetVirtualizationLookupRecord',
  );
  expect(cmdletNamed('Set-NetVirtualizationLookupRecord')).toBeUndefined();
});

test('parameterNamed reads names that are shortened without ambiguity', () => {
  const record = 'New-NetVirtualizationLookupRecord';
  expect(parameterNamed(record, 'virtualsubnetid')).toBe('VirtualSubnetID');
  expect(parameterNamed(record, 'Virt')).toBe('VirtualSubnetID');
  expect(parameterNamed(record, 'VM')).toBe('VMName');
  expect(parameterNamed(record, 'V')).toBeUndefined();
  expect(parameterNamed(record, 'Customer')).toBeUndefined();
  expect(parameterNamed(record, 'PrefixLength')).toBeUndefined();
  expect(parameterNamed('New-NetVirtualizationProviderAddress', 'Pre')).toBe('PrefixLength');
});
