import koffi from 'koffi';
import { NvgateError } from '../../errors.js';
import { expectHandle, libbpf, type Handle } from './libbpf.js';

/* What BTF (linux/btf.h) says of the types of maps, in an object file or in the kernel. */

export interface StructMember {
  readonly name: string;
  readonly type: number;
  /** Bytes from the start of the struct. */
  readonly offset: number;
}

export interface Field {
  readonly offset: number;
  readonly size: number;
}

/**
 * A type by its bytes: the fields of a struct by their names, those of a struct in it as
 * `outer.inner`. What is no struct is one field without a name.
 */
export interface Shape {
  readonly size: number;
  readonly fields: Readonly<Record<string, Field>>;
}

const KIND = { struct: 4, typedef: 8, volatile: 9, const: 10, restrict: 11, typeTag: 18 } as const;

const TRANSPARENT: readonly number[] = [
  KIND.typedef,
  KIND.volatile,
  KIND.const,
  KIND.restrict,
  KIND.typeTag,
];

/** @throws NvgateError `internal` where the object has no such struct */
export function structByName(btf: Handle, name: string): number {
  const id = libbpf().btfFind(btf, name, KIND.struct);
  if (id < 0) throw new NvgateError('internal', `The BPF object has no struct ${name}.`);
  return id;
}

/** Size and members of a struct, in their order. */
export function readStruct(
  btf: Handle,
  id: number,
): { readonly size: number; readonly members: readonly StructMember[] } {
  const type = pointerTo(btf, id);
  const [, info = 0, size = 0] = words(type, 3);
  const count = info & 0xffff;
  const data = words(type + 12n, count * 3);
  return {
    size,
    members: Array.from({ length: count }, (_, index) => {
      const [name = 0, member = 0, bits = 0] = data.slice(index * 3, index * 3 + 3);
      return { name: libbpf().btfName(btf, name) ?? '', type: member, offset: bits / 8 };
    }),
  };
}

export function shapeOf(btf: Handle, id: number): Shape {
  const size = Number(libbpf().btfSize(btf, id));
  const fields: Record<string, Field> = {};
  const collect = (type: number, name: string, offset: number): void => {
    const resolved = withoutNames(btf, type);
    if (resolved.kind !== KIND.struct) {
      fields[name] = { offset, size: Number(libbpf().btfSize(btf, type)) };
      return;
    }
    for (const member of readStruct(btf, resolved.id).members)
      collect(
        member.type,
        name === '' ? member.name : `${name}.${member.name}`,
        offset + member.offset,
      );
  };
  collect(id, '', 0);
  return { size, fields };
}

/** The type behind typedefs and qualifiers. */
function withoutNames(btf: Handle, id: number): { readonly id: number; readonly kind: number } {
  for (let type = id; ;) {
    const [, info = 0, target = 0] = words(pointerTo(btf, type), 3);
    const kind = (info >>> 24) & 0x1f;
    if (!TRANSPARENT.includes(kind)) return { id: type, kind };
    type = target;
  }
}

function pointerTo(btf: Handle, id: number): Handle {
  return expectHandle(libbpf().btfType(btf, id), `BTF type ${id}`);
}

function words(pointer: Handle, count: number): number[] {
  return [...(koffi.decode(pointer, koffi.array('uint32_t', count, 'Array')) as number[])];
}
