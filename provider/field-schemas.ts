import { Type } from 'typebox';

/* Fields that several nouns have. What an address or a prefix may be is checked by `translate`. */

export const closed = { additionalProperties: false } as const;

export const Address = Type.String({
  description: 'IPv4 or IPv6 address',
  examples: ['192.168.1.101'],
});
export const Ipv4Address = Type.String({ description: 'IPv4 address', examples: ['10.1.1.20'] });
export const PrefixText = Type.String({
  description: 'IP prefix, host bits zero',
  examples: ['192.168.1.0/24'],
});
export const Metric = Type.Integer({
  description: 'The lower one wins',
  minimum: 0,
  maximum: 65535,
});
export const Name = Type.String({ minLength: 1, maxLength: 255 });

/** Whether the kernel has an object: the fields of every state. */
export const ObjectStateFields = {
  configuration: Type.Enum(['synchronized', 'pending', 'failed']),
  reason: Type.Optional(Type.String({ description: 'Why it failed' })),
} as const;
