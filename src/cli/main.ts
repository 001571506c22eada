#!/usr/bin/env node
import { buffer } from 'node:stream/consumers';
import { createClient } from '../../provider/client/client.js';
import type { CliIo } from './io.js';
import { runCli } from './program.js';

const io: CliIo = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  readStdin: () => buffer(process.stdin),
  createClient,
  interruption,
};

/** The first signal asks for an orderly end; a second one ends the process by its default. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => controller.abort());
  return controller.signal;
}

// `nvgate get … | head`: who reads has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runCli(process.argv.slice(2), io);
