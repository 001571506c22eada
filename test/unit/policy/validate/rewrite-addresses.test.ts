import { describe, expect, it } from 'vitest';
import { validatePolicy } from '../../../../src/policy/validate/index.js';
import { expectErrors } from '../../../support/findings.js';
import { addRecord, blueAndRed, ENVIRONMENT, record } from '../../../support/policy-builder.js';

const NAT = { rule: 'nat', pa: '10.1.1.77' } as const;

describe('a PA that stands for a customer address (rule nat)', () => {
  it('may be one of the gateway’s, and one that NVGRE goes to', () => {
    const { policy, blue } = blueAndRed();
    addRecord(blue, record(5001, '192.168.1.7', NAT));
    addRecord(blue, record(5001, '192.168.1.8', { pa: '10.1.1.77' }));
    addRecord(blue, record(5001, '192.168.1.250', { rule: 'nat', pa: '10.1.1.40' }));
    expectErrors(policy, []);
  });

  it('stands for one only, within a routing domain', () => {
    const { policy, blue } = blueAndRed();
    addRecord(blue, record(5001, '192.168.1.7', NAT));
    const second = addRecord(blue, record(5001, '192.168.1.8', NAT));
    expectErrors(policy, [[second, 'providerAddress', 'duplicate']]);
  });

  it('stands for one only, in all routing domains, and the error names both', () => {
    const { policy, blue, red } = blueAndRed();
    addRecord(blue, record(5001, '192.168.1.7', NAT));
    const second = addRecord(red, record(6001, '192.168.1.7', NAT));
    expectErrors(policy, [[second, 'providerAddress', 'duplicate']]);
    const [error] = validatePolicy(policy, ENVIRONMENT).errors;
    expect(error?.message).toBe(
      `Record 192.168.1.7 of VSID 6001 and record 192.168.1.7 of VSID 5001 of routing domain ${blue.head.id} have rule nat and one PA, 10.1.1.77, which can stand for one of them only; give each a PA of its own or the rule encap.`,
    );
  });
});
