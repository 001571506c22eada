import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MAP_NAMES, type MapName } from './map-names.js';

/*
 * Each map is pinned under its name and the version of its layout, so that maps of two layouts stand
 * side by side while one build takes over from another. Builds that agree on a map share it.
 */

/** The file system itself keeps names with a dot. */
export function pinPath(directory: string, map: MapName, version: string): string {
  return join(directory, `${map}-${version}`);
}

export interface Pin {
  readonly map: MapName;
  readonly path: string;
}

/** Pins of maps of ours, of any layout. The first builds pinned a map by its name alone. */
export function listPins(directory: string): Pin[] {
  return readdirSync(directory).flatMap((file) => {
    const name = /^([a-z_]+)(?:-[0-9a-f]{20})?$/.exec(file)?.[1];
    const map = MAP_NAMES.find((each) => each === name);
    return map === undefined ? [] : [{ map, path: join(directory, file) }];
  });
}
