import type { ConnectionId } from '../../model/connection.js';
import { formatRecord, parseRecord, type Link } from './link.js';
import {
  logFile,
  optionsFile,
  readText,
  recordFile,
  removeFiles,
  replaceFile,
  type PppPlace,
} from './place.js';
import type { PlannedLink } from './plan.js';
import { SECRETS_FILES, secretsFile } from './secrets-file.js';

type Planned = ReadonlyMap<ConnectionId, PlannedLink>;

/** What an earlier process, or this one, has set up. */
export async function readRecord(
  { directory }: PppPlace,
  connection: ConnectionId,
): Promise<Link | undefined> {
  const text = await readText(directory, recordFile(connection));
  return text === undefined ? undefined : parseRecord(connection, text);
}

/** Whether something was set up for a link that no record tells of: its making was cut short. */
export async function isUnfinished({ directory }: PppPlace, link: Link): Promise<boolean> {
  if (link.device === undefined) return false;
  return (
    (await readText(directory, optionsFile(link))) !== undefined &&
    (await readText(directory, recordFile(link.connection))) === undefined
  );
}

/** Has all files but the records be those of the links that are wanted. */
export async function writeFiles({ directory }: PppPlace, links: Planned): Promise<void> {
  const lines = [...links.values()].flatMap(({ secrets }) => secrets ?? []);
  for (const name of SECRETS_FILES) await replaceIfOther(directory, name, secretsFile(lines, name));
  for (const { link, options } of links.values())
    await replaceIfOther(directory, optionsFile(link), options);
}

/** What is recorded is in use: to be called when nobody uses anything else any more. */
export async function writeRecords({ directory }: PppPlace, links: Planned): Promise<void> {
  for (const [connection, { link }] of links)
    await replaceIfOther(directory, recordFile(connection), formatRecord(link));
}

export async function removeRecord({ directory }: PppPlace, link: Link): Promise<void> {
  await removeFiles(directory, [recordFile(link.connection)]);
}

/** Takes away what a link has for itself. */
export async function removeFilesOf({ directory }: PppPlace, link: Link): Promise<void> {
  if (link.device !== undefined) await removeFiles(directory, [optionsFile(link), logFile(link)]);
}

async function replaceIfOther(directory: string, name: string, text: string): Promise<void> {
  if ((await readText(directory, name)) !== text) await replaceFile(directory, name, text);
}
