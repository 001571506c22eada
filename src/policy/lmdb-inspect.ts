import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import {
  NODE_HEADER,
  openPageFile,
  PAGE_FLAGS,
  PAGE_HEADER,
  PageError,
  readNumber,
  type PageFile,
  type Tree,
} from './lmdb-pages.js';

/** One row of a file as it is stored. The buffers are views that may be kept. */
export type EntryListener = (key: Buffer, value: Buffer) => void;

const BIG_DATA = 1;
/** Page number, transaction, count. */
const OVERFLOW_REFERENCE = 24;
const MOST_LEVELS = 32;
/** Another process may commit while it is looked at, twice at most of the time that takes. */
const ATTEMPTS = 5;

/**
 * Walks through all that the newest commit of an LMDB file refers to, before LMDB does: that trusts
 * what it reads, and ends the process over a page that makes no sense.
 * @returns number of the newest transaction
 * @throws PageError that says what is wrong; Error of the file system
 */
export function inspectFile(path: string, onEntry: () => EntryListener): number {
  // A pipe in the place of the file must not make it wait.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) throw new PageError('it is no file');
    for (let attempt = 1; ; attempt++) {
      const begun = newestOf(descriptor);
      try {
        const file = openPageFile(descriptor);
        inspectPages(file, onEntry());
        if (newestOf(descriptor) === file.meta.transaction) return file.meta.transaction;
      } catch (error) {
        const ended = newestOf(descriptor);
        if (!(error instanceof PageError) || ended === undefined || ended === begun) throw error;
      }
      if (attempt === ATTEMPTS) throw new Error('another process writes to it all the time');
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined when the file has no headers that can be read. */
function newestOf(descriptor: number): number | undefined {
  try {
    return openPageFile(descriptor).meta.transaction;
  } catch (error) {
    if (error instanceof PageError) return undefined;
    throw error;
  }
}

function inspectPages(file: PageFile, onEntry: EntryListener): void {
  const { meta } = file;
  const used = createPageSet(meta.lastPage);
  inspectTree(file, meta.rows, { used, compare: (a, b) => a.compare(b), onEntry });
  const lists: Buffer[] = [];
  inspectTree(file, meta.free, {
    used,
    compare: (a, b) => readNumber(a, 0) - readNumber(b, 0),
    onEntry(key, value) {
      if (key.length !== 8) throw new PageError('a list of free pages has no number');
      lists.push(value);
    },
  });
  for (const list of lists) inspectFreePages(list, used);
}

interface PageSet {
  /** @throws PageError when it is there already, or in no file of this size */
  add(page: number, count?: number): void;
}

function createPageSet(lastPage: number): PageSet {
  const seen = new Uint8Array(lastPage + 1);
  return {
    add(first, count = 1) {
      if (first < 2 || first + count - 1 > lastPage)
        throw new PageError(`page ${first}: there is none of this number`);
      for (let page = first; page < first + count; page++) {
        if (seen[page] !== 0) throw new PageError(`page ${page}: it is used twice`);
        seen[page] = 1;
      }
    },
  };
}

interface Walk {
  readonly used: PageSet;
  readonly compare: (a: Buffer, b: Buffer) => number;
  readonly onEntry: EntryListener;
}

function inspectTree(file: PageFile, tree: Tree, { used, compare, onEntry }: Walk): void {
  const found = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
  let last: Buffer | undefined;

  function visit(number: number, level: number, from: Buffer | undefined): void {
    used.add(number);
    const page = file.read(number);
    const isLeaf = level === tree.depth;
    const nodes = nodesOf(page, number, isLeaf, file.meta.transaction);
    found[isLeaf ? 'leafPages' : 'branchPages'] += 1;
    for (const [at, node] of nodes.entries()) {
      const key = page.subarray(
        node + NODE_HEADER,
        node + NODE_HEADER + page.readUInt16LE(node + 6),
      );
      if (!isLeaf) {
        // The first key of a branch page is not used: what is below belongs to the page's own.
        visit(page.readUIntLE(node, 6), level + 1, at === 0 ? from : key);
        continue;
      }
      const inOrder = last === undefined || compare(last, key) < 0;
      if (!inOrder || (from !== undefined && compare(from, key) > 0))
        throw new PageError(`page ${number}: its keys are in disorder`);
      last = key;
      found.entries += 1;
      onEntry(key, valueOf(page, number, node));
    }
  }

  function valueOf(page: Buffer, number: number, node: number): Buffer {
    const size = page.readUInt32LE(node);
    const start = node + NODE_HEADER + page.readUInt16LE(node + 6);
    if ((page.readUInt16LE(node + 4) & BIG_DATA) === 0) return page.subarray(start, start + size);
    const first = readNumber(page, start);
    const count = readNumber(page, start + 16);
    const needed = Math.ceil((PAGE_HEADER + size) / file.meta.pageSize);
    if (count < needed) throw new PageError(`page ${number}: a value of too few pages`);
    used.add(first, count);
    found.overflowPages += count;
    const pages = file.read(first, needed);
    if (
      readNumber(pages, 0) !== first ||
      readNumber(pages, 8) > file.meta.transaction ||
      pages.readUInt16LE(18) !== PAGE_FLAGS.overflow ||
      pages.readUInt32LE(20) !== count
    )
      throw new PageError(`page ${first}: it does not begin a value`);
    return pages.subarray(PAGE_HEADER, PAGE_HEADER + size);
  }

  if (tree.depth > MOST_LEVELS) throw new PageError(`a tree of ${tree.depth} levels`);
  if (tree.depth > 0) visit(tree.root, 1, undefined);
  for (const name of ['branchPages', 'leafPages', 'overflowPages', 'entries'] as const)
    if (found[name] !== tree[name])
      throw new PageError(`a tree with ${found[name]} ${name}, where ${tree[name]} should be`);
}

/** Where the nodes of a page begin. */
function nodesOf(page: Buffer, number: number, isLeaf: boolean, transaction: number): number[] {
  const wrong = (what: string): PageError => new PageError(`page ${number}: ${what}`);
  if (readNumber(page, 0) !== number || readNumber(page, 8) > transaction)
    throw wrong('another page is in its place');
  if (page.readUInt16LE(18) !== (isLeaf ? PAGE_FLAGS.leaf : PAGE_FLAGS.branch))
    throw wrong('a page of another kind is in its place');
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  const end = page.length;
  if (lower % 2 !== 0 || lower < (isLeaf ? 2 : 4) || lower > upper || PAGE_HEADER + upper > end)
    throw wrong('a bad header');
  const nodes: number[] = [];
  let total = 0;
  for (let at = PAGE_HEADER; at < PAGE_HEADER + lower; at += 2) {
    const node = PAGE_HEADER + page.readUInt16LE(at);
    if (node % 2 !== 0 || node < PAGE_HEADER + upper || node + NODE_HEADER > end)
      throw wrong('a node lies outside of it');
    const length =
      NODE_HEADER + page.readUInt16LE(node + 6) + (isLeaf ? dataLength(page, node) : 0);
    if (!(node + length <= end)) throw wrong('a node does not fit in it');
    total += length + (length % 2);
    nodes.push(node);
  }
  if (total !== end - PAGE_HEADER - upper) throw wrong('its nodes overlap');
  return nodes;
}

/** NaN for a kind of node that the store has none of. */
function dataLength(page: Buffer, node: number): number {
  const flags = page.readUInt16LE(node + 4);
  if (flags === 0) return page.readUInt32LE(node);
  return flags === BIG_DATA ? OVERFLOW_REFERENCE : Number.NaN;
}

/**
 * A count, then so many numbers of 64 bits: 0 is a gap, a page number one free page, minus n and a
 * page number n free pages.
 */
function inspectFreePages(list: Buffer, used: PageSet): void {
  const count = list.length < 8 ? Number.NaN : readNumber(list, 0);
  if (!(8 + 8 * count <= list.length)) throw new PageError('a list of free pages is too short');
  for (let at = 1; at <= count; at++) {
    const entry = list.readBigInt64LE(8 * at);
    if (entry > 0) used.add(Number(entry));
    else if (entry < 0) {
      at += 1;
      if (at > count) throw new PageError('a list of free pages ends in the middle');
      used.add(readNumber(list, 8 * at), Number(-entry));
    }
  }
}
