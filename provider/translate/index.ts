/* Documents of the provider API and the policy file, and the model that they stand for. */
export { changesReader, translateChanges, type TranslatedChanges } from './changes.js';
export { formatConnection } from './connection.js';
export { formatCustomerRoute } from './customer-route.js';
export { judgePolicy, placeFinding, type Judgement } from './judge.js';
export { formatLookupRecord } from './lookup-record.js';
export { formatPolicy, translatePolicy, type TranslatedPolicy } from './policy.js';
export { formatProviderAddress } from './provider-address.js';
export { formatProviderRoute } from './provider-route.js';
export type { Devices } from './reading.js';
export { formatRoutingDomain, formatRoutingDomainHead } from './routing-domain.js';
export { formatVirtualSubnet } from './virtual-subnet.js';
