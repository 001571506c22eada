import { fstatSync, readSync } from 'node:fs';

/*
 * The layout of an LMDB file as the `lmdb` package writes it (mdb.c: MDB_page_header, MDB_meta,
 * MDB_db, MDB_node, MDB_ovpage), data version 2 with 64-bit page numbers, in little-endian order.
 *
 *   page  +0 number  +8 transaction  +18 flags  +20 lower, +22 upper (or +20 count of pages), +24 body
 *   body  of a tree page: offsets of nodes, 2 bytes each, relative to the body, in the order of keys
 *   node  +0 data size (or page number, 48 bits)  +4 flags  +6 key size  +8 key, then data
 */

export const PAGE_HEADER = 24;
export const NODE_HEADER = 8;
const META_LENGTH = 168;
const TREE_LENGTH = 48;

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;

/** More than anybody stores; what cannot be mapped would end the process. */
const LARGEST_MAP = 2 ** 40;

/** Those of the environment: integer keys, and a file instead of a directory. */
const FREE_TREE_FLAGS = [0x0008, 0x4008];

export const PAGE_FLAGS = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const;

/** Says what is wrong with the pages, and where. */
export class PageError extends Error {
  override readonly name = 'PageError';
}

/** One of the two trees of a file: that of its rows, or that of its free pages. */
export interface Tree {
  readonly flags: number;
  /** Levels, the leaves included; 0 when it is empty. */
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  readonly root: number;
}

/** What the newest commit has left: where the trees are. */
export interface Meta {
  readonly transaction: number;
  readonly pageSize: number;
  readonly mapSize: number;
  readonly lastPage: number;
  readonly free: Tree;
  readonly rows: Tree;
}

/** 64 bits; inexact above 2^53, where no page number or size is right anyway. */
export function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000;
}

export interface PageFile {
  readonly meta: Meta;
  /** `count` pages that follow each other. @throws PageError when the file ends before */
  read(page: number, count?: number): Buffer;
}

/**
 * Reads both metas of a file and takes the newer one, as LMDB does.
 * @throws PageError when they are none
 */
export function openPageFile(descriptor: number): PageFile {
  const size = fstatSync(descriptor).size;
  const first = readMeta(readBytes(descriptor, 0, META_LENGTH, 'page 0'), 0);
  const { pageSize } = first;
  const second = readMeta(readBytes(descriptor, pageSize, META_LENGTH, 'page 1'), 1);
  if (second.pageSize !== pageSize) throw new PageError('its two headers differ in page size');
  const meta = newer(first, second);
  if (meta.mapSize < (meta.lastPage + 1) * pageSize)
    throw new PageError(`page ${meta.transaction & 1}: a map of ${meta.mapSize} bytes`);

  return {
    meta,
    read(page, count = 1) {
      if ((page + count) * pageSize > size)
        throw new PageError(`the file ends before page ${page + count - 1}`);
      return readBytes(descriptor, page * pageSize, count * pageSize, `page ${page}`);
    },
  };
}

/** Commits take turns, the odd ones in page 1; a new file and a copy have only one of them. */
function newer(first: Meta, second: Meta): Meta {
  const [meta, other] = first.transaction >= second.transaction ? [first, second] : [second, first];
  const turn = meta.transaction & 1;
  if (meta.transaction > 0 && meta !== [first, second][turn])
    throw new PageError(`page ${1 - turn}: transaction ${meta.transaction} has no place there`);
  if (other.transaction !== 0 && other.transaction !== meta.transaction - 1)
    throw new PageError(
      `pages 0 and 1: transactions ${first.transaction} and ${second.transaction} do not follow each other`,
    );
  return meta;
}

function readMeta(bytes: Buffer, number: number): Meta {
  const where = `page ${number}`;
  const at = PAGE_HEADER;
  if (bytes.readUInt32LE(at) !== MAGIC) throw new PageError(`${where}: it is no LMDB file`);
  const version = bytes.readUInt32LE(at + 4);
  if (version !== DATA_VERSION) throw new PageError(`${where}: LMDB version ${version}`);
  if (
    readNumber(bytes, 0) !== number ||
    bytes.readUInt16LE(18) !== PAGE_FLAGS.meta ||
    readNumber(bytes, at + 8) !== 0
  )
    throw new PageError(`${where}: a bad header`);
  const pageSize = bytes.readUInt32LE(at + 24);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
    throw new PageError(`${where}: pages of ${pageSize} bytes`);
  const mapSize = readNumber(bytes, at + 16);
  if (mapSize > LARGEST_MAP) throw new PageError(`${where}: a map of ${mapSize} bytes`);
  const free = readTree(bytes, at + 24);
  const rows = readTree(bytes, at + 24 + TREE_LENGTH);
  if (!FREE_TREE_FLAGS.includes(free.flags) || rows.flags !== 0)
    throw new PageError(`${where}: it has trees of another kind`);
  return {
    ...{ pageSize, mapSize, free, rows },
    lastPage: readNumber(bytes, at + 24 + 2 * TREE_LENGTH),
    transaction: readNumber(bytes, at + 32 + 2 * TREE_LENGTH),
  };
}

function readTree(bytes: Buffer, at: number): Tree {
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: readNumber(bytes, at + 8),
    leafPages: readNumber(bytes, at + 16),
    overflowPages: readNumber(bytes, at + 24),
    entries: readNumber(bytes, at + 32),
    root: readNumber(bytes, at + 40),
  };
}

function readBytes(descriptor: number, position: number, length: number, what: string): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const count = readSync(descriptor, bytes, done, length - done, position + done);
    if (count === 0) throw new PageError(`the file ends in ${what}`);
    done += count;
  }
  return bytes;
}
