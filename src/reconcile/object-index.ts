import { objectKey, objectValue, type KernelObject } from '../dataplane/kernel-object.js';
import type { CustomerAddress } from '../model/addresses.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';

/** Kernel objects by their `objectKey`. Lookup records, of which there may be a million, without the text. */
export interface ObjectIndex {
  /** False, and nothing else, where an object with that key is there already. */
  add(object: KernelObject): boolean;
  /** Takes out the object with the same key. */
  take(object: KernelObject): KernelObject | undefined;
  /** Those that have not been taken, in the order in which they came, lookup records last. */
  rest(): KernelObject[];
}

export function createObjectIndex(): ObjectIndex {
  const byKey = new Map<string, KernelObject>();
  const records = new Map<RoutingDomainId, Map<CustomerAddress, KernelObject>>();

  function recordsOf(domain: RoutingDomainId): Map<CustomerAddress, KernelObject> {
    let ofDomain = records.get(domain);
    if (ofDomain === undefined) {
      ofDomain = new Map();
      records.set(domain, ofDomain);
    }
    return ofDomain;
  }

  return {
    add(object) {
      if (object.kind === 'lookupRecord') {
        const { routingDomain, customerAddress } = object.entry;
        return put(recordsOf(routingDomain), customerAddress, object);
      }
      return put(byKey, objectKey(object), object);
    },
    take(object) {
      if (object.kind === 'lookupRecord') {
        const { routingDomain, customerAddress } = object.entry;
        return take(recordsOf(routingDomain), customerAddress);
      }
      return take(byKey, objectKey(object));
    },
    rest: () => [
      ...byKey.values(),
      ...[...records.values()].flatMap((ofDomain) => [...ofDomain.values()]),
    ],
  };
}

/** Whether two objects of one key are alike (`objectValue`). */
export function sameValue(a: KernelObject, b: KernelObject): boolean {
  if (a.kind === 'lookupRecord' && b.kind === 'lookupRecord')
    return (
      a.entry.vsid === b.entry.vsid &&
      a.entry.macAddress === b.entry.macAddress &&
      a.entry.providerAddress === b.entry.providerAddress &&
      a.entry.local === b.entry.local &&
      a.entry.nat === b.entry.nat &&
      a.entry.onLink === b.entry.onLink &&
      a.entry.maxLength === b.entry.maxLength
    );
  return objectValue(a) === objectValue(b);
}

function put<Key>(map: Map<Key, KernelObject>, key: Key, object: KernelObject): boolean {
  if (map.has(key)) return false;
  map.set(key, object);
  return true;
}

function take<Key>(map: Map<Key, KernelObject>, key: Key): KernelObject | undefined {
  const object = map.get(key);
  if (object !== undefined) map.delete(key);
  return object;
}
