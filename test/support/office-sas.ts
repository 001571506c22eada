/** An IKE SA as a peer's `swanctl --list-sas` shows it. */
export interface PeerIkeSa {
  /** Name of the connection in swanctl.conf. */
  readonly connection: string;
  readonly uniqueId: number;
  readonly state: string;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly children: readonly PeerChildSa[];
}

export interface PeerChildSa {
  /** Name of the child in swanctl.conf. */
  readonly name: string;
  readonly uniqueId: number;
  readonly state: string;
  readonly spiIn: string;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly localSelectors: readonly string[];
  readonly remoteSelectors: readonly string[];
}

/** Sections and values; the order is the output's. */
interface Block {
  readonly values: Map<string, string>;
  readonly lists: Map<string, string[]>;
  readonly sections: [name: string, block: Block][];
}

/** Reads what `swanctl --list-sas --raw --pretty` prints: an event per IKE SA. */
export function parseSas(output: string): PeerIkeSa[] {
  return parseBlocks(output).sections.flatMap(([event, { sections }]) =>
    event === 'list-sa event' ? sections.map(([name, block]) => ikeSa(name, block)) : [],
  );
}

function ikeSa(connection: string, block: Block): PeerIkeSa {
  const children = block.sections.find(([name]) => name === 'child-sas')?.[1].sections ?? [];
  return {
    connection,
    uniqueId: Number(block.values.get('uniqueid')),
    state: text(block, 'state'),
    localAddress: text(block, 'local-host'),
    remoteAddress: text(block, 'remote-host'),
    remotePort: Number(block.values.get('remote-port')),
    children: children.map(([, child]) => childSa(child)),
  };
}

function childSa(block: Block): PeerChildSa {
  return {
    name: text(block, 'name'),
    uniqueId: Number(block.values.get('uniqueid')),
    state: text(block, 'state'),
    spiIn: text(block, 'spi-in'),
    packetsIn: Number(block.values.get('packets-in')),
    packetsOut: Number(block.values.get('packets-out')),
    localSelectors: block.lists.get('local-ts') ?? [],
    remoteSelectors: block.lists.get('remote-ts') ?? [],
  };
}

function text(block: Block, key: string): string {
  return block.values.get(key) ?? '';
}

function parseBlocks(output: string): Block {
  const root = emptyBlock();
  const open: Block[] = [root];
  let list: string[] | undefined;
  for (const line of output.split('\n').map((each) => each.trim())) {
    const block = open.at(-1) ?? root;
    if (list !== undefined) {
      if (line === ']') list = undefined;
      else list.push(line);
    } else if (line === '}') open.pop();
    else if (line.endsWith(' {')) {
      const section = emptyBlock();
      block.sections.push([line.slice(0, -2), section]);
      open.push(section);
    } else if (line.endsWith(' = [')) {
      list = [];
      block.lists.set(line.slice(0, -4), list);
    } else {
      const [key = '', value = ''] = line.split(' = ');
      block.values.set(key, value);
    }
  }
  return root;
}

function emptyBlock(): Block {
  return { values: new Map(), lists: new Map(), sections: [] };
}
