/** A connection, or its document, without what connections of all types have. */
export type ConnectionDetails<Whole> = Whole extends unknown
  ? Omit<Whole, 'id' | 'interface' | 'routes' | 'state'>
  : never;
