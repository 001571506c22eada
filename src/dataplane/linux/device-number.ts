import koffi from 'koffi';

type NameToIndex = (name: string) => number;

let loaded: NameToIndex | undefined;

/** ifindex of a device in the namespace of the calling thread; undefined where there is none. */
export function deviceNumber(name: string): number | undefined {
  loaded ??= koffi.load('libc.so.6').func('uint32_t if_nametoindex(const char *name)');
  const found = loaded(name);
  return found === 0 ? undefined : found;
}
