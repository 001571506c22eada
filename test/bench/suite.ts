import { messageOf } from '../../src/errors.js';
import type { ControlPlane } from './control/figures.js';
import { createMeasurements } from './measurements.js';
import { createReport, type Report } from './report.js';
import { createTopologyCache, type Extent, type RunContext } from './run-context.js';
import { SECTIONS, type SectionKey } from './sections.js';

/** Runs the sections one after another; what fails is named in the report and ends nothing. */
export async function runSuite(
  extent: Extent,
  sections: readonly SectionKey[],
  say: (line: string) => void,
): Promise<Report> {
  const began = new Date();
  const measurements = createMeasurements();
  const controlPlane: ControlPlane = { records: {} };
  const unavailable = new Map<string, string>();
  const nameUnavailable = (what: string, reason: string): void => {
    unavailable.set(what, reason);
    say(`${what} is not measured: ${reason}`);
  };
  const topologies = createTopologyCache(nameUnavailable);
  const context: RunContext = {
    ...{ extent, measurements, controlPlane, say },
    unavailable: nameUnavailable,
    topology: (key) => topologies.get(key),
    wants: (subject) => extent.only.length === 0 || extent.only.includes(subject),
  };
  try {
    for (const [index, key] of sections.entries()) {
      say(`— ${key}`);
      const section = SECTIONS[key];
      try {
        await section.measure(context);
      } catch (error) {
        nameUnavailable(key, messageOf(error));
      }
      // The daemons of these look at their kernel state every few seconds.
      if (!sections.slice(index + 1).some((next) => SECTIONS[next].topologies))
        await topologies.removeAll();
    }
  } finally {
    await topologies.removeAll();
  }
  return createReport({ extent, began, measurements, controlPlane, unavailable });
}
