import { storeUnavailable, type PolicyStore } from './store.js';
import { createPolicyState, type PolicyState } from './state.js';

/** What memory stores share that stand for one place: it outlives the store, not the process. */
export interface MemoryPlace {
  revision: number;
  readonly state: PolicyState;
  /** Set to make writes fail, as a full disk does. */
  failure?: Error | undefined;
}

export function createMemoryPlace(): MemoryPlace {
  return { revision: 0, state: createPolicyState() };
}

/** Keeps the policy for as long as `place` is there: for tests, and for a gateway on trial. */
export function openMemoryStore(place: MemoryPlace = createMemoryPlace()): PolicyStore {
  let open = true;
  const check = (): void => {
    const failure = open ? place.failure : new Error('the store is closed');
    if (failure !== undefined) throw storeUnavailable('The policy could not be kept', failure);
  };
  return {
    async load() {
      check();
      const { policy } = createPolicyState(place.state.policy);
      return Promise.resolve({ revision: place.revision, policy });
    },
    async commit(revision, changes) {
      check();
      place.state.apply(changes);
      place.revision = revision;
      return Promise.resolve();
    },
    async close() {
      open = false;
      return Promise.resolve();
    },
  };
}
